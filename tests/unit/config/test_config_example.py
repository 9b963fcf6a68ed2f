"""The example file is what `config init` writes, names every key and works once filled in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from amzsync.config import Config, load_config
from amzsync.config.example import example
from amzsync.config.known import fields, settings, table_of
from amzsync.config.toml_text import toml
from tests.unit.config.config_files import ENVIRON, FLAGS, write

ROOT = Path(__file__).parents[3]

MANUAL = [
    "channel_name",
    "catalog_name",
    "channel_type",
    "status",
    "schema_type",
    "base_url",
    "client_id",
    "client_secret",
    "access_key",
    "secret_key",
    "market_place_id",
    "refresh_token",
    "seller_id",
    "region",
    "category_ids",
    "feature_flags",
    "send_shipping_info",
    "cargo_company_id",
    "use_neighborhood",
    "order_number_format",
    "order_start_date",
    "use_channel_id_in_address_mapping",
    "exclude_cargo_company_ids",
    "default_reason_id",
    "refund_reason_mapping",
    "refund_start_date",
    "order_refundable_days",
    "failed_integration",
    "erp_code",
    "cancellation_reason_id",
    "attribute_set_strategy",
    "shipping_company_mapping",
    "buffer_stock",
    "has_barcode_exemption",
    "is_fba_channel",
]


def filled(text: str) -> str:
    """Every blank filled with the example beside it."""
    return re.sub(r'= ""  # for example (.*)', r"= \1", text)


def test_the_example_file_is_what_config_init_writes() -> None:
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == example()


def test_every_setting_of_the_manual_is_a_key_at_the_top() -> None:
    assert set(MANUAL) <= set(Config.model_fields)
    assert {path[-1] for path in settings() if path[0] == "feature_flags"} == set(FLAGS)


def test_the_example_names_and_explains_every_key() -> None:
    text = example()
    for path, field in fields().items():
        assert field.description, path
        if table_of(field) is not None:
            assert f"\n[{'.'.join(path)}]\n" in text
        else:
            line = rf"(?m)^#.*\n(?:# )?{re.escape(path[-1])} = |^\[{re.escape(path[-1])}\]$"
            assert re.search(line, text), path


def test_the_example_has_no_long_lines() -> None:
    assert max(map(len, example().splitlines())) <= 100


def test_the_example_loads_once_its_blanks_are_filled(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, filled(example())), ENVIRON)
    assert not any(config.flag(flag) for flag in FLAGS)
    assert config.notices() == ()


def test_what_the_example_writes_out_are_the_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, filled(example())), ENVIRON)
    values = tomllib.loads(filled(example()))
    required = {key for key, field in Config.model_fields.items() if field.is_required()}
    text = "\n".join(f"{key} = {toml(values[key])}" for key in required)
    assert load_config(write(tmp_path, text), ENVIRON).model_dump() == config.model_dump()


def test_every_line_that_is_commented_out_works_too(tmp_path: Path) -> None:
    text = filled(example())
    text = re.sub(r"(?m)^# ([\w-]+ = .*)$", r"\1", text)
    text = text.replace("[schema_type]\n", "erp_branch = 34\n[schema_type]\n", 1)
    alarms = ("ALARM_WEBHOOK_URL", "ALARM_PING_URL")
    environ = {**ENVIRON, **dict.fromkeys(alarms, "https://alarms.example/hook")}
    config = load_config(write(tmp_path, text), environ)
    assert config.order_number_format == "AMZ-{n1}{n3}{n2}"
    assert config.refund_reason_mapping["CR-DEFECTIVE"] == 4
    assert config.shipping_company_mapping["ups"].code == "UPS"
    assert config.extra == {"erp_branch": 34}


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_as_toml_is_read_back_the_same(value: object) -> None:
    assert tomllib.loads(f"value = {toml(value)}")["value"] == value
