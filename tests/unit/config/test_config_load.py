"""A config file becomes a Config, or an error that names everything wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from amzsync.config import load_config
from amzsync.config.document import key_lines
from amzsync.errors import ConfigError
from tests.unit.config.config_files import (
    ENVIRON,
    FLAGS,
    SECRETS,
    TOP,
    config_text,
    loaded,
    problems,
    write,
)


def test_a_small_file_gets_the_manuals_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, config_text())
    assert config.buffer_stock == 0
    assert config.order_refundable_days == 7
    assert config.attribute_set_strategy == "CategoryNode"
    assert config.order_number_format == ""
    assert config.send_shipping_info is False
    assert not any(config.flag(flag) for flag in FLAGS)
    order = config.failed_integration.settings_for("order")
    assert (order.retry_interval, order.expiration_date, order.max_retry_count) == (28800, 57601, 3)
    for content_type in ("product", "productprice", "productstock", "categorynode"):
        other = config.failed_integration.settings_for(content_type)
        assert (other.retry_interval, other.expiration_date) == (28800, 57601)
        assert other.max_retry_count == 2
    assert config.failed_integration.sent_to_remote.expiration_hour == 6


def test_a_content_type_without_a_table_uses_default(tmp_path: Path) -> None:
    tables = "[failed_integration.DEFAULT]\nRETRY_INTERVAL = 60\n"
    tables += "[failed_integration.product]\nMAX_RETRY_COUNT = 9\n"
    penalties = loaded(tmp_path, config_text(tables=tables)).failed_integration
    assert penalties.settings_for("order").retry_interval == 60
    assert penalties.settings_for("product").retry_interval == 28800
    assert penalties.settings_for("product").max_retry_count == 9


def test_the_formats_of_the_manual_are_read(tmp_path: Path) -> None:
    top = """\
category_ids = '''
21324944031,21324945031
12466781031 12466781031'''
exclude_cargo_company_ids = "132 159"
order_start_date = "2024-08-29T14:30:00Z"
refund_start_date = 2024-08-20T17:30:00+03:00
order_number_format = "AMZ-{n1}{n3}{n2}"
cargo_company_id = "4"
"""
    tables = """\
[refund_reason_mapping]
CR-UNWANTED_ITEM = "7"
CR-DEFECTIVE = 4
[shipping_company_mapping]
yurtici = "Yurtiçi Kargo"
ups = { code = "UPS", method = "Standard" }
"""
    config = loaded(tmp_path, config_text(top, tables))
    assert config.category_ids == ("21324944031", "21324945031", "12466781031")
    assert config.exclude_cargo_company_ids == (132, 159)
    assert config.order_start_date == datetime(2024, 8, 29, 14, 30, tzinfo=UTC)
    assert config.refund_start_date == datetime(2024, 8, 20, 14, 30, tzinfo=UTC)
    assert config.refund_start_date.tzinfo is UTC
    assert config.cargo_company_id == 4
    assert config.refund_reason_mapping == {"CR-UNWANTED_ITEM": 7, "CR-DEFECTIVE": 4}
    yurtici, ups = (config.shipping_company_mapping[slug] for slug in ("yurtici", "ups"))
    assert (yurtici.code, yurtici.name, yurtici.method) == ("Other", "Yurtiçi Kargo", None)
    assert (ups.code, ups.name, ups.method) == ("UPS", None, "Standard")


def test_ids_may_also_be_lists(tmp_path: Path) -> None:
    top = 'category_ids = [12466781031, "12466782031"]\nexclude_cargo_company_ids = [132, "159"]\n'
    config = loaded(tmp_path, config_text(top))
    assert config.category_ids == ("12466781031", "12466782031")
    assert config.exclude_cargo_company_ids == (132, 159)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('order_number_format = "AMZ-{n1}{n2}"', "{n3}"),
        ('order_number_format = "{n1}{n2}{n3}{n4}"', "braces"),
        ('order_number_format = "{n1}{n2}{n3"', "braces"),
        ("buffer_stock = -1", "0 or more"),
        ("buffer_stock = true", "whole number"),
        ("buffer_stock = 1.5", "whole number"),
        ('send_shipping_info = "yes"', "true or false"),
        ("cargo_company_id = 0", "more than 0"),
        ('order_start_date = "2024-08-29"', "2024-08-29T14:30:00Z"),
        ('order_start_date = "2024-02-30T00:00:00Z"', "calendar"),
        ("order_start_date = 2024-08-29T14:30:00", "time zone"),
        ("order_start_date = 2024-08-29", "2024-08-29T14:30:00Z"),
        ('attribute_set_strategy = "Product"', "CategoryNode"),
        ('status = "on"', "Active"),
        ("refund_reason_mapping = { CR-DEFECTIVE = 'four' }", "whole number"),
        ("shipping_company_mapping = { ups = 3 }", "carrier's name"),
        ("shipping_company_mapping = { ups = { code = 'Other' } }", "needs a name"),
        ("category_ids = '123,12x'", "digits"),
        ("channel_type = 3", "text in quotes"),
        ("failed_integration = 3", "table"),
        ("http = { attempts = 0 }", "1 or more"),
        ("orders = { intake_overlap = 1200 }", "900 or less"),
        ("orders = { placeholder_email = '{order}@placeholder.invalid' }", "{order_id}"),
        ("orders = { placeholder_email = 'nobody' }", "e-mail"),
        ("amazon = { lwa_url = 'http://api.amazon.com/auth/o2/token' }", "https"),
    ],
)
def test_a_wrong_value_is_reported_with_its_line(tmp_path: Path, line: str, word: str) -> None:
    found = problems(tmp_path, config_text(line + "\n"))
    [problem] = found.values()
    assert problem.key.split(".")[0] == line.split(" ")[0]
    assert word in problem.message
    assert problem.line == TOP.count("\n") + 1


def test_all_problems_come_at_once_in_the_files_order(tmp_path: Path) -> None:
    text = config_text(
        'buffer_stock = -1\nbufer_stock = 3\nmarket_place_id = "nowhere"\n',
        "[guards]\nzeroing_percent = 101\n",
        on=("get_orders",),
    ).replace('market_place_id = "A33AVAJ2PDY3EV"\n', "")
    text = text.replace("schema_update = false\n", "")
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, {**ENVIRON, "AMZSYNC_HTTP__ATTEMPTS": "99", "OMNITRON_PASSWORD": ""})
    assert [problem.key for problem in caught.value.problems] == [
        "buffer_stock",
        "bufer_stock",
        "market_place_id",
        "feature_flags.schema_update",
        "omnitron.password",
        "guards.zeroing_percent",
        *sorted(["cargo_company_id", "order_start_date"]),
        "http.attempts",
    ]
    assert all(problem.cure for problem in caught.value.problems)


@pytest.mark.parametrize(
    "key", ["channel_name", "base_url", "client_id", "client_secret", "refresh_token", "seller_id"]
)
@pytest.mark.parametrize("blank", [True, False])
def test_a_required_setting_may_be_neither_absent_nor_blank(
    tmp_path: Path, key: str, blank: bool
) -> None:
    lines = [line for line in config_text().splitlines() if not line.startswith(f"{key} =")]
    text = "\n".join([f'{key} = ""', *lines] if blank else lines)
    assert set(problems(tmp_path, text)) == {key}


def test_every_flag_has_to_be_there(tmp_path: Path) -> None:
    text = config_text()
    for flag in FLAGS:
        text = text.replace(f"{flag} = false\n", "")
    found = problems(tmp_path, text)
    assert set(found) == {f"feature_flags.{flag}" for flag in FLAGS}


def test_missing_tables_are_told_key_by_key(tmp_path: Path) -> None:
    found = problems(tmp_path, TOP)
    connection = {f"omnitron.{key}" for key in ("url", "username", "password", "channel_id")}
    assert set(found) == connection | {f"feature_flags.{flag}" for flag in FLAGS}


@pytest.mark.parametrize(
    ("flag", "needed"),
    [
        ("get_orders", ["cargo_company_id", "order_start_date"]),
        ("get_cancel_orders", ["cancellation_reason_id"]),
        ("get_refund_orders", ["default_reason_id"]),
        ("send_products", ["category_ids"]),
    ],
)
def test_a_flag_makes_what_it_uses_required(tmp_path: Path, flag: str, needed: list[str]) -> None:
    found = problems(tmp_path, config_text(on=(flag,)))
    assert sorted(found) == needed
    for name in needed:
        assert f"feature_flags.{flag}" in found[name].message
        assert name in found[name].cure
    filled = """\
cargo_company_id = 4
order_start_date = "2024-08-29T14:30:00Z"
cancellation_reason_id = 4
default_reason_id = 5
category_ids = "12466781031"
"""
    assert loaded(tmp_path, config_text(filled, on=(flag,))).flag(flag) is True


def test_an_unknown_flag_has_no_value(tmp_path: Path) -> None:
    config = loaded(tmp_path, config_text())
    with pytest.raises(KeyError):
        config.flag("send_everything")


@pytest.mark.parametrize(
    ("top", "tables", "key", "cure"),
    [
        ("bufer_stock = 3", "", "bufer_stock", "did you mean buffer_stock?"),
        ("", "[stock]\npatch_limt = 3", "stock.patch_limt", "did you mean patch_limit?"),
        ("", "[stok]\npatch_limit = 3", "stok", "did you mean stock?"),
        ("", "[http]\nbuffer_stock = 3", "http.buffer_stock", "above the first [table]"),
        ("webhook_url = 'x'", "", "webhook_url", "under [monitoring]"),
        (
            "",
            "[failed_integration.order]\nretry_interval = 3",
            "failed_integration.order.retry_interval",
            "did you mean RETRY_INTERVAL?",
        ),
        (
            "",
            "[shipping_company_mapping]\nups = { code = 'UPS', nam = 'x' }",
            "shipping_company_mapping.ups.nam",
            "did you mean name?",
        ),
        ("qqqqqq = 1", "", "qqqqqq", "remove it"),
    ],
)
def test_an_unknown_key_is_refused_and_the_one_meant_is_named(
    tmp_path: Path, top: str, tables: str, key: str, cure: str
) -> None:
    found = problems(tmp_path, config_text(f"{top}\n", tables))
    assert set(found) == {key}
    assert cure in found[key].cure
    assert found[key].line is not None


def test_a_file_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config init"):
        load_config(tmp_path / "none.toml", ENVIRON)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, ENVIRON)


def test_broken_toml_is_reported_with_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, 'channel_name = "x"\nbuffer_stock = \n')
    assert found["file"].line == 2
    assert "TOML" in found["file"].message


def test_text_that_is_not_utf8_is_a_config_error(tmp_path: Path) -> None:
    path = tmp_path / "amzsync.toml"
    path.write_bytes(b'channel_name = "\xff"')
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(path, ENVIRON)


@pytest.mark.parametrize("name", ["buffer_stock", "omnitron"])
def test_a_config_cannot_be_changed(tmp_path: Path, name: str) -> None:
    config = loaded(tmp_path, config_text())
    with pytest.raises(ValidationError):
        setattr(config, name, 3)


def test_brand_keys_are_checked_by_their_data_type(tmp_path: Path) -> None:
    schema = """\
[schema_type]
erp_branch = { key = "erp_branch", label = "ERP branch", required = true, data_type = "integer" }
erp_note = { key = "erp_note", data_type = "text" }
erp_rules = { key = "erp_rules", data_type = "json" }
erp_list = { key = "erp_list", data_type = "list" }
erp_on = { key = "erp_on", data_type = "bool" }
erp_table = { key = "erp_table", data_type = "json" }
region = { key = "region", label = "Region", required = true, data_type = "text" }
"""
    good = """\
erp_branch = 34
erp_rules = '{"a": [1]}'
erp_list = ["a"]
erp_on = true
erp_table = { b = 2 }
"""
    config = loaded(tmp_path, config_text(good, schema))
    assert config.extra == {
        "erp_branch": 34,
        "erp_rules": {"a": [1]},
        "erp_list": ["a"],
        "erp_on": True,
        "erp_table": {"b": 2},
    }
    assert config.schema_type["erp_branch"].label == "ERP branch"
    bad = "erp_note = 3\nerp_rules = '{'\nerp_list = 'a'\nerp_on = 1\n"
    found = problems(tmp_path, config_text(bad, schema))
    assert set(found) == {"erp_note", "erp_rules", "erp_list", "erp_on", "erp_branch"}
    assert "required" in found["erp_branch"].message


def test_a_malformed_brand_key_is_reported(tmp_path: Path) -> None:
    schema = """\
[schema_type]
erp_a = { key = "erp_b", data_type = "text" }
erp_c = { key = "erp_c", data_type = "date" }
erp_d = { label = "no key" }
"""
    found = problems(tmp_path, config_text(tables=schema))
    assert set(found) == {
        "schema_type.erp_a.key",
        "schema_type.erp_c.data_type",
        "schema_type.erp_d.key",
    }


def test_origins_say_where_each_value_comes_from(tmp_path: Path) -> None:
    text = config_text('buffer_stock = 3\nerp_code = ""\n')
    config = loaded(tmp_path, text, {"AMZSYNC_HTTP__ATTEMPTS": "2"})
    assert config.origins["buffer_stock"] == f"file line {TOP.count(chr(10)) + 1}"
    assert config.origins["channel_name"] == "file line 1"
    assert config.origins["http.attempts"] == "environment AMZSYNC_HTTP__ATTEMPTS"
    assert config.origins["http.backoff"] == "default"
    assert config.origins["erp_code"] == "default"


def test_key_lines_see_tables_dotted_keys_and_texts_of_many_lines() -> None:
    text = 'a = 1\nb = """\nc = 2\n"""\n[t."u v"] # note\nd.e = 3\n[[x]]\nf = { g = 1 }\n'
    assert key_lines(text) == {
        ("a",): 1,
        ("b",): 2,
        ("t", "u v"): 5,
        ("t", "u v", "d", "e"): 6,
        ("x",): 7,
        ("x", "f"): 8,
    }


ODD = [
    "true",
    "-1",
    "1.5",
    "''",
    "'x'",
    "[]",
    "[[1]]",
    "{}",
    "{ a = {} }",
    "2024-08-29",
    "12:00:00",
]


@given(st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_file_holds_only_a_config_error_comes_out(
    tmp_path: Path, data: st.DataObject
) -> None:
    lines = config_text().splitlines()
    places = [n for n, line in enumerate(lines) if "=" in line]
    for place in data.draw(st.lists(st.sampled_from(places), max_size=4)):
        key = lines[place].split("=")[0]
        lines[place] = f"{key} = {data.draw(st.sampled_from(ODD))}"
    extra = data.draw(
        st.sampled_from(["schema_type", "stock", "failed_integration", "category_ids", "state"])
    )
    text = f"{extra} = {data.draw(st.sampled_from(ODD))}\n" + "\n".join(lines)
    try:
        config = loaded(tmp_path, text)
    except ConfigError as error:
        assert error.problems
        assert not any(secret in str(error) for secret in SECRETS)
    else:
        assert not any(secret in repr(config) for secret in SECRETS)
