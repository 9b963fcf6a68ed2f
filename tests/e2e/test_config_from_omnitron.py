"""`amzsync config init --from-omnitron`: nobody types the channel's settings twice."""

from __future__ import annotations

import io
import json
import stat
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from amzsync.cli.app import run
from amzsync.config import Config, load_config
from tests.shop import FLAGS, Ran, Shop

PASSWORD = "OMNITRON_PASSWORD"
CURLY = "{“mng”: “MNG Kargo”, “yurtici”:”Yurtiçi Kargo”}"


def form(shop: Shop) -> dict[str, Any]:
    """The form of the manual, filled in as people fill in forms."""
    known = shop.sandbox.credentials
    return {
        "base_url": shop.sandbox.amazon_url,
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "access_key": "default",
        "secret_key": "default",
        "market_place_id": known.marketplace_id,
        "refresh_token": known.refresh_token,
        "seller_id": known.seller_id,
        "region": "eu-west-1",
        "category_ids": "21324944031,21324945031\n12466781031,12466782031",
        "feature_flags": {flag: flag in ("get_orders", "send_products") for flag in FLAGS},
        "send_shipping_info": "Inactive",
        "cargo_company_id": "4",
        "use_neighborhood": True,
        "order_number_format": "AMZ-{n1}{n3}{n2}",
        "order_start_date": "2024-08-29T14:30:00Z",
        "use_channel_id_in_address_mapping": "",
        "exclude_cargo_company_ids": "1\n2",
        "default_reason_id": 20,
        "refund_reason_mapping": '{"CR-UNWANTED_ITEM": "20", "AMZ-PG-BAD-DESC": 21}',
        "refund_start_date": None,
        "order_refundable_days": "",
        "FAILED_INTEGRATION": {
            "order": {"RETRY_INTERVAL": "3600", "EXPIRATION_DATE": 57601, "MAX_RETRY_COUNT": 4},
            "DEFAULT": {"RETRY_INTERVAL": 28800, "EXPIRATION_DATE": 57601, "MAX_RETRY_COUNT": 2},
            "sent_to_remote": {"EXPIRATION_HOUR": 8},
        },
        "erp_code": 34,
        "cancellation_reason_id": 10.0,
        "ATTRIBUTE_SET_STRATEGY": "CategoryNode",
        "shipping_company_mapping": CURLY,
        "buffer_stock": "3",
        "has_barcode_exemption": "Active",
        "is_fba_channel": "false",
    }


class Init:
    """One call of the command, and the file it is to write."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.path = shop.folder / "new.toml"
        self.channel = shop.sandbox.world.omnitron.channels[1]
        self.channel.fill_in(**form(shop))

    def __call__(self, *words: str, url: str = "", channel: int = 1, user: str = "") -> Ran:
        known = self.shop.sandbox.credentials
        place = ["--from-omnitron", url or self.shop.sandbox.omnitron_url]
        place += ["--username", user or known.omnitron_username, "--channel", str(channel)]
        return self.plain(*place, "--password", f"env:{PASSWORD}", *words)

    def plain(self, *words: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["config", "init", str(self.path), *words], self.shop.clock)
        return Ran(code, out.getvalue(), err.getvalue())

    def config(self) -> Config:
        return load_config(self.path)

    def values(self) -> dict[str, Any]:
        return tomllib.loads(self.path.read_text(encoding="utf-8"))


@pytest.fixture
def init(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Init:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    monkeypatch.setenv(PASSWORD, shop.sandbox.credentials.omnitron_password)
    return Init(shop)


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "new.toml" in path.name]


def test_the_file_is_filled_in_private_and_passes_config_check(init: Init) -> None:
    ran = init()
    assert (ran.code, ran.out) == (0, "")
    assert stat.S_IMODE(init.path.stat().st_mode) == 0o600
    assert left_behind(init.shop.folder) == ["new.toml"]
    assert run(["config", "check", "--config", str(init.path)]) == 0
    config, known = init.config(), init.shop.sandbox.credentials
    assert config.notices() == ()
    assert (config.channel_name, config.catalog_name) == ("Amazon:1_Channel", "Amazon:1_Catalog")
    assert config.status == "Active"
    assert config.client_secret.get_secret_value() == known.client_secret
    assert config.refresh_token.get_secret_value() == known.refresh_token
    assert config.category_ids == ("21324944031", "21324945031", "12466781031", "12466782031")
    assert [flag for flag in FLAGS if config.flag(flag)] == ["get_orders", "send_products"]
    assert (config.send_shipping_info, config.use_neighborhood) == (False, True)
    assert (config.has_barcode_exemption, config.is_fba_channel) == (True, False)
    assert (config.cargo_company_id, config.exclude_cargo_company_ids) == (4, (1, 2))
    assert (config.order_number_format, config.erp_code) == ("AMZ-{n1}{n3}{n2}", "34")
    assert f"{config.order_start_date:%Y-%m-%d %H:%M}" == "2024-08-29 14:30"
    assert (config.default_reason_id, config.cancellation_reason_id) == (20, 10)
    assert config.refund_reason_mapping == {"CR-UNWANTED_ITEM": 20, "AMZ-PG-BAD-DESC": 21}
    assert (config.refund_start_date, config.order_refundable_days) == (None, 7)
    assert config.shipping_company_mapping["yurtici"].name == "Yurtiçi Kargo"
    penalties = config.failed_integration
    assert penalties.settings_for("order").retry_interval == 3600
    assert penalties.settings_for("order").max_retry_count == 4
    assert penalties.sent_to_remote.expiration_hour == 8
    assert config.buffer_stock == 3
    assert config.omnitron.url == init.shop.sandbox.omnitron_url
    assert init.values()["omnitron"]["password"] == f"env:{PASSWORD}"


def test_the_doctor_finds_no_difference_and_the_flows_run(
    init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert init().code == 0
    monkeypatch.setenv("AMZSYNC_AMAZON__LWA_URL", init.shop.sandbox.lwa_url)
    monkeypatch.setenv("AMZSYNC_STATE__PATH", str(init.shop.state))
    init.shop.config = init.path
    ran = init.shop.run("doctor", "--json")
    rows = {row["subject"]: row for row in ran.json["findings"]}
    assert not [subject for subject in rows if "differs" in subject or "in Omnitron" in subject]
    assert rows["settings"]["level"] == "ok"
    assert ran.code == 0
    pulled = init.shop.run("orders", "pull", "--json")
    assert (pulled.code, pulled.json["counts"]["sent"]) == (0, 3)


def test_nothing_is_changed_in_omnitron(init: Init) -> None:
    before = json.dumps(init.channel.row)
    assert init().code == 0
    assert json.dumps(init.channel.row) == before
    changing = [row.operation for row in init.shop.sandbox.exchanges if row.method != "GET"]
    assert changing == ["auth.login"]
    assert init.shop.calls("amazon") == {}


def test_what_is_said_names_what_was_not_taken_and_no_secret(init: Init) -> None:
    ran = init()
    for key in ("access_key", "secret_key", "region"):
        assert f"not taken: {key} is obsolete" in ran.err
    known = init.shop.sandbox.credentials
    for secret in (known.client_secret, known.refresh_token, known.omnitron_password):
        assert secret not in ran.err
    assert "access_key = " not in [line[:13] for line in init.path.read_text().splitlines()]


def test_json_lists_what_was_taken_and_what_was_not(init: Init) -> None:
    init.channel.fill_in(seller_id="", WAREHOUSE_CODES={"1": "A"})
    ran = init("--json")
    assert (ran.code, ran.json["file"], ran.json["channel"]) == (0, str(init.path), 1)
    assert ran.json["missing"] == ["seller_id"]
    assert {"buffer_stock", "client_secret"} <= set(ran.json["settings"])
    assert ran.json["not_taken"]["WAREHOUSE_CODES"] == "is no setting of amzsync"


@pytest.mark.parametrize(
    ("key", "typed", "expected"),
    [
        *(
            ("send_shipping_info", word, True)
            for word in ("Active", "true", "1", 1, "YES", "Aktif")
        ),
        *(("use_neighborhood", word, False) for word in ("Inactive", "0", 0, "no", None, "Pasif")),
        ("buffer_stock", " 12 ", 12),
        ("Buffer Stock", "9", 3),
        ("ORDER REFUNDABLE DAYS", "14", 14),
        ("category_ids", ["21324944031", 12466781031], ("21324944031", "12466781031")),
        ("category_ids", '["21324944031", "12466781031"]', ("21324944031", "12466781031")),
        ("category_ids", "21324944031; 12466781031", ("21324944031", "12466781031")),
        ("exclude_cargo_company_ids", 132, (132,)),
        ("refund_reason_mapping", "", {}),
        ("refund_reason_mapping", '{"CR-A": "7 ", "CR-B": ""}', {"CR-A": 7}),
        ("erp_code", "Ş-“1”\\\n\t#", "Ş-“1”\\\n\t#"),
    ],
    ids=str,
)
def test_odd_spellings_are_read_as_they_were_meant(
    init: Init, key: str, typed: Any, expected: Any
) -> None:
    if key == "ORDER REFUNDABLE DAYS":
        del init.channel.row["conf"]["order_refundable_days"]
    init.channel.fill_in(**{key: typed})
    assert init().code == 0
    name = "_".join(key.split()).lower()
    assert getattr(init.config(), name) == expected


def test_a_date_with_another_offset_is_written_in_utc(init: Init) -> None:
    init.channel.fill_in(order_start_date="2024-08-29 17:30:00+03:00")
    assert init().code == 0
    assert init.values()["order_start_date"] == "2024-08-29T14:30:00Z"


@pytest.mark.parametrize(
    ("key", "typed", "why"),
    [
        ("send_shipping_info", "canary", "must be true or false"),
        ("cargo_company_id", "the canary", "must be a whole number"),
        ("buffer_stock", -3, "must be 0 or more"),
        ("order_start_date", "29.08.2024 canary", "must look like 2024-08-29T14:30:00Z"),
        ("order_start_date", "2024-08-29T14:30:00", "lacks its time zone"),
        ("order_number_format", "AMZ-{n1}", "must hold all of {n1}, {n2} and {n3}"),
        ("category_ids", "canary, 12", "a browse node id has digits only"),
        ("feature_flags", '{"get_orders": true,', "must be JSON"),
        ("refund_reason_mapping", [1, 2], "must be a table"),
        ("base_url", "http://canary.example", "must start with https://"),
        ("erp_code", {"a": 1}, "must be text"),
        ("ATTRIBUTE_SET_STRATEGY", "Canary", "must be 'CategoryNode' or 'None'"),
    ],
)
def test_a_value_nobody_can_read_is_named_and_left_out_and_the_others_are_taken(
    init: Init, key: str, typed: Any, why: str
) -> None:
    init.channel.fill_in(**{key: typed})
    ran = init()
    assert ran.code == 0
    assert f"not taken: {key.lower()}" in ran.err.lower()
    assert why in ran.err
    assert "canary" not in ran.err.lower() + init.path.read_text(encoding="utf-8").lower()
    assert init.values()["seller_id"] == init.shop.sandbox.credentials.seller_id
    assert isinstance(tomllib.loads(init.path.read_text(encoding="utf-8")), dict)


def test_what_a_flag_needs_and_omnitron_lacks_is_marked_required(init: Init) -> None:
    init.channel.fill_in(order_start_date="29.08.2024", cargo_company_id="")
    ran = init()
    text = init.path.read_text(encoding="utf-8")
    for key in ("order_start_date", "cargo_company_id"):
        assert f"missing: Omnitron has no {key}; it is REQUIRED" in ran.err
        assert f'\n{key} = ""  # for example' in text
    assert text.count("# REQUIRED. ") == 2


def test_one_bad_row_of_a_mapping_costs_the_others_nothing(init: Init) -> None:
    init.channel.fill_in(refund_reason_mapping={"CR-A": "seven", "CR-B": "8"})
    ran = init()
    assert "not taken: refund_reason_mapping.CR-A must be a whole number" in ran.err
    assert init.config().refund_reason_mapping == {"CR-B": 8}


def test_a_channel_nobody_has_set_up_leaves_required_what_it_lacks(init: Init) -> None:
    """As it is created: the manual's placeholders, blanks, and no flags at all."""
    init.channel.row["conf"] = {
        **dict.fromkeys(("client_id", "client_secret", "market_place_id", "seller_id"), "default"),
        **dict.fromkeys(("category_ids", "cargo_company_id", "feature_flags"), ""),
        "base_url": "https://sellingpartnerapi-eu.amazon.com",
    }
    ran = init()
    assert ran.code == 0
    lacking = ("client_id", "client_secret", "market_place_id", "refresh_token", "seller_id")
    for key in lacking:
        assert f"missing: Omnitron has no {key}; it is REQUIRED" in ran.err
    assert f"not taken: {', '.join(FLAGS)} of feature_flags: not set in Omnitron" in ran.err
    assert init.path.read_text(encoding="utf-8").count("# REQUIRED. ") == len(lacking)
    assert not any(init.values()["feature_flags"].values())
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        assert run(["config", "check", "--config", str(init.path), "--json"]) == 3
    problems = {row["key"] for row in json.loads(out.getvalue().splitlines()[0])["problems"]}
    assert problems == set(lacking)


def test_keys_the_brand_added_come_with_their_types(init: Init) -> None:
    init.channel.row["schema"] = {
        **init.channel.row["schema"],
        "erp_branch": {"key": "erp_branch", "label": "Branch", "data_type": "integer"},
        "erp_mail": {"key": "erp_mail", "label": "Mail", "data_type": "email", "required": True},
        "stores": {"key": "stores", "label": "Stores", "data_type": "list"},
        "stock": {"key": "stock", "label": "Stock", "data_type": "text"},
        "unset": {"key": "unset", "label": "Unset", "data_type": "text"},
        "odd": {"key": "odd", "label": "Odd", "data_type": "colour"},
    }
    init.channel.fill_in(erp_branch="34", erp_mail="erp@brand.example", stores="1, 2", stock="x")
    ran = init()
    config = init.config()
    assert config.extra == {
        "erp_branch": 34,
        "erp_mail": "erp@brand.example",
        "stores": ["1", "2"],
    }
    assert config.schema_type["erp_mail"].required
    assert config.schema_type["erp_branch"].label == "Branch"
    assert "not taken: stock " in ran.err
    assert "not taken: odd its data_type is none of" in ran.err


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ({"user": "nobody"}, 4, "Omnitron refuses the login"),
        ({"channel": 99}, 2, "has no channel 99"),
        ({"url": "http://127.0.0.1:1"}, 5, "the connection was refused"),
        ({"url": "http://omnitron.example"}, 2, "must start with https://"),
        ({"url": "not a url"}, 2, "--from-omnitron must be a URL"),
    ],
)
def test_what_goes_wrong_leaves_no_file(
    init: Init, how: dict[str, Any], code: int, says: str
) -> None:
    ran = init(**how)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert left_behind(init.shop.folder) == []


@pytest.mark.parametrize("kind", ["html", "truncated"])
def test_half_an_answer_leaves_no_file(init: Init, kind: str) -> None:
    init.shop.sandbox.faults.add(kind, "catalogs.get", "omnitron", times=9)
    ran = init()
    assert ran.code == 5
    assert left_behind(init.shop.folder) == []


def test_a_file_that_is_there_is_never_overwritten(init: Init) -> None:
    init.path.write_text("mine", encoding="utf-8")
    for words in ((), ("--force",)):
        ran = init(*words)
        assert ran.code == 2
        assert init.path.read_text(encoding="utf-8") == "mine"
    assert init.shop.calls() == {}


def test_a_folder_that_is_not_there_is_said_to_be(init: Init) -> None:
    init.path = init.shop.folder / "no-such-folder" / "new.toml"
    ran = init()
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_the_password_is_named_and_never_typed_on_the_command_line(
    init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = init.shop.sandbox.omnitron_url
    place = ("--from-omnitron", url, "--username", "amzsync", "--channel", "1")
    typed = init.plain(*place, "--password", "sandbox-password")
    assert (typed.code, "others can see" in typed.err) == (2, True)
    assert "sandbox-password" not in typed.err
    assert init.plain(*place).code == 2  # nobody to ask: stdin is no terminal
    monkeypatch.delenv(PASSWORD)
    assert "environment variable OMNITRON_PASSWORD is not set" in init().err
    (init.shop.folder / "secret").write_text("sandbox-password\n", encoding="utf-8")
    ran = init.plain(*place, "--password", "file:secret")
    assert ran.code == 0
    assert init.config().omnitron.password.get_secret_value() == "sandbox-password"


@pytest.mark.parametrize(
    "words", [("--username", "a"), ("--channel", "1"), ("--password", "env:A")]
)
def test_options_of_omnitron_without_its_address_are_a_mistake(
    init: Init, words: tuple[str, str]
) -> None:
    ran = init.plain(*words)
    assert (ran.code, left_behind(init.shop.folder)) == (2, [])
    assert "go with --from-omnitron" in ran.err
    assert init.plain("--from-omnitron", "https://a.example", *words).code == 2


def test_an_address_copied_with_its_path_will_do(init: Init) -> None:
    assert init(url=f"{init.shop.sandbox.omnitron_url}/api/v1/").code == 0
    assert init.config().omnitron.url == init.shop.sandbox.omnitron_url
