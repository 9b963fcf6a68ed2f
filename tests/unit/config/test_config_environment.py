"""Environment variables go before the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from amzsync.config.environment import RESERVED
from tests.unit.config.config_files import config_text, loaded, problems


def test_a_variable_goes_before_the_file(tmp_path: Path) -> None:
    environ = {
        "AMZSYNC_BUFFER_STOCK": "5",
        "AMZSYNC_OMNITRON__URL": "https://other.omnitron.example/",
        "AMZSYNC_FEATURE_FLAGS__SEND_UPDATED_PRODUCT_STOCK": "true",
        "AMZSYNC_HTTP__BACKOFF": "1.5",
        "AMZSYNC_SELLER_ID": "12345678901234",
        "AMZSYNC_CATEGORY_IDS": "123, 456",
        "AMZSYNC_EXCLUDE_CARGO_COMPANY_IDS": "[1, 2]",
        "AMZSYNC_REFUND_REASON_MAPPING": '{ "CR-DEFECTIVE" = 4 }',
        "AMZSYNC_FAILED_INTEGRATION__DEFAULT__RETRY_INTERVAL": "60",
        "AMZSYNC_ORDER_START_DATE": "2024-08-29T14:30:00Z",
        "AMZSYNC_CARGO_COMPANY_ID": "4",
        "AMZSYNC_ERP_CODE": " AMZ ",
    }
    config = loaded(tmp_path, config_text("buffer_stock = 3\n"), environ)
    assert config.buffer_stock == 5
    assert config.omnitron.url == "https://other.omnitron.example"
    assert config.flag("send_updated_product_stock") is True
    assert config.http.backoff == 1.5
    assert config.seller_id == "12345678901234"
    assert config.category_ids == ("123", "456")
    assert config.exclude_cargo_company_ids == (1, 2)
    assert config.refund_reason_mapping == {"CR-DEFECTIVE": 4}
    assert config.failed_integration.settings_for("order").retry_interval == 60
    assert config.order_start_date is not None
    assert config.cargo_company_id == 4
    assert config.erp_code == "AMZ"


def test_a_list_of_one_needs_no_brackets(tmp_path: Path) -> None:
    environ = {"AMZSYNC_CATEGORY_IDS": "123", "AMZSYNC_EXCLUDE_CARGO_COMPANY_IDS": "132"}
    config = loaded(tmp_path, config_text(), environ)
    assert config.category_ids == ("123",)
    assert config.exclude_cargo_company_ids == (132,)


def test_a_blank_variable_takes_the_default_back(tmp_path: Path) -> None:
    text = config_text("buffer_stock = 3\n")
    assert loaded(tmp_path, text, {"AMZSYNC_BUFFER_STOCK": ""}).buffer_stock == 0


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("AMZSYNC_BUFFER_STOCK", "three", "buffer_stock"),
        ("AMZSYNC_SEND_SHIPPING_INFO", "maybe", "send_shipping_info"),
        ("AMZSYNC_HTTP__BACKOFF", "soon", "http.backoff"),
        ("AMZSYNC_REFUND_REASON_MAPPING", "{", "refund_reason_mapping"),
        ("AMZSYNC_REFUND_REASON_MAPPING", "{ CR-X = 'x' }", "refund_reason_mapping.CR-X"),
    ],
)
def test_a_wrong_value_names_its_variable(tmp_path: Path, name: str, value: str, key: str) -> None:
    found = problems(tmp_path, config_text("buffer_stock = 3\n"), {name: value})
    assert set(found) == {key}
    assert name in found[key].message
    assert found[key].line is None


def test_an_unknown_variable_is_refused_and_the_one_meant_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, config_text(), {"AMZSYNC_BUFER_STOCK": "1", "AMZSYNC_ZZZZ": "1"})
    assert set(found) == {"AMZSYNC_BUFER_STOCK", "AMZSYNC_ZZZZ"}
    assert "AMZSYNC_BUFFER_STOCK" in found["AMZSYNC_BUFER_STOCK"].cure


def test_variables_of_the_command_line_and_of_references_are_no_settings(tmp_path: Path) -> None:
    environ = {f"AMZSYNC_{name}": "1" for name in RESERVED}
    environ |= {"AMZSYNC_MY_SECRET": "canary", "AMZSYNC_CLIENT_SECRET": "env:AMZSYNC_MY_OTHER"}
    environ |= {"AMZSYNC_MY_OTHER": "canary-other"}
    text = config_text().replace("env:OMNITRON_PASSWORD", "env:AMZSYNC_MY_SECRET")
    config = loaded(tmp_path, text, environ)
    assert config.omnitron.password.get_secret_value() == "canary"
    assert config.client_secret.get_secret_value() == "canary-other"


def test_brand_keys_can_come_from_the_environment(tmp_path: Path) -> None:
    schema = '[schema_type]\nerp_branch = { key = "erp_branch", data_type = "integer" }\n'
    config = loaded(tmp_path, config_text(tables=schema), {"AMZSYNC_ERP_BRANCH": "34"})
    assert config.extra == {"erp_branch": 34}
    assert config.origins["erp_branch"] == "environment AMZSYNC_ERP_BRANCH"


def test_a_value_where_a_table_should_be_is_reported_not_crossed(tmp_path: Path) -> None:
    found = problems(tmp_path, config_text("http = 3\n"), {"AMZSYNC_HTTP__ATTEMPTS": "2"})
    assert set(found) == {"http"}
