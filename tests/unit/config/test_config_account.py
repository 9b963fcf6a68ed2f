"""Marketplace, host and account: what one setting says about another."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest

from amzsync.config import HOSTS, MARKETPLACES, Marketplace, load_config
from tests.unit.config.config_files import ENVIRON, config_text, loaded, problems, write


def with_host(url: str, marketplace: str = "A33AVAJ2PDY3EV") -> str:
    text = config_text().replace("https://sellingpartnerapi-eu.amazon.com", url)
    return text.replace("A33AVAJ2PDY3EV", marketplace)


def test_the_table_holds_amazons_23_marketplaces() -> None:
    assert len(MARKETPLACES) == 23
    assert len({row.country_code for row in MARKETPLACES.values()}) == 23
    by_region = dict.fromkeys(HOSTS, 0)
    for key, row in MARKETPLACES.items():
        assert key == row.id
        assert re.fullmatch(r"[A-Z]{3}", row.currency)
        assert row.language is None or row.language.endswith(f"_{row.country_code}")
        by_region[row.region] += 1
    assert by_region == {"na": 4, "eu": 16, "fe": 3}
    turkiye = MARKETPLACES["A33AVAJ2PDY3EV"]
    assert (turkiye.country_code, turkiye.currency, turkiye.language) == ("TR", "TRY", "tr_TR")


@pytest.mark.parametrize("marketplace", MARKETPLACES.values(), ids=lambda row: row.country_code)
def test_every_marketplace_goes_with_its_own_host_only(
    tmp_path: Path, marketplace: Marketplace
) -> None:
    for region, host in HOSTS.items():
        for prefix in ("", "sandbox."):
            text = with_host(f"https://{prefix}{host}", marketplace.id)
            if region == marketplace.region:
                assert loaded(tmp_path, text).marketplace is marketplace
            else:
                found = problems(tmp_path, text)
                assert set(found) == {"base_url"}
                assert f"https://{prefix}{HOSTS[marketplace.region]}" in found["base_url"].cure


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "http://localhost:1/amazon", "http://[::1]:99/", "https://[::1]"],
)
def test_this_machine_may_be_called_in_plain_http(tmp_path: Path, url: str) -> None:
    text = with_host(url).replace("https://brand.omnitron.example", url)
    config = loaded(tmp_path, text)
    assert config.base_url == config.omnitron.url == url.rstrip("/")
    assert config.endpoint == "loopback"


@pytest.mark.parametrize(
    "url",
    [
        "http://sellingpartnerapi-eu.amazon.com",
        "https://sellingpartnerapi-eu.amazon.com.evil.example",
        "https://sellingpartnerapi-eu.amazon.com/orders",
        "https://sellingpartnerapi-eu.amazon.com?x=1",
        "https://sellingpartnerapi-eu.amazon.com:99999",
        "https://user:canary@sellingpartnerapi-eu.amazon.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "sellingpartnerapi-eu.amazon.com",
        "ftp://127.0.0.1",
        "https://[",
        "https://amazon.com",
    ],
)
def test_any_other_address_is_refused(tmp_path: Path, url: str) -> None:
    found = problems(tmp_path, with_host(url))
    assert set(found) == {"base_url"}
    assert "canary" not in str(found["base_url"])


def test_omnitrons_address_is_https_and_without_the_api_path(tmp_path: Path) -> None:
    for url in ("http://brand.omnitron.example", "https://brand.omnitron.example/api/v1/"):
        text = config_text().replace("https://brand.omnitron.example", url)
        assert set(problems(tmp_path, text)) == {"omnitron.url"}


@pytest.mark.parametrize("given", ["A33AVAJ2PDY3EX", "a33avaj2pdy3ev", "TR", "türkiye"])
def test_an_unknown_marketplace_names_the_nearest(tmp_path: Path, given: str) -> None:
    found = problems(tmp_path, config_text().replace("A33AVAJ2PDY3EV", given))
    assert set(found) == {"market_place_id"}
    assert "A33AVAJ2PDY3EV (Türkiye)" in found["market_place_id"].cure


def test_the_account_follows_application_seller_and_region_only(tmp_path: Path) -> None:
    account = loaded(tmp_path, config_text()).account
    assert re.fullmatch(r"A2EXAMPLESELLER-eu-[0-9a-f]{8}", account)
    same = config_text("buffer_stock = 3\n").replace("Amazon:1_Channel", "Amazon:2_Channel")
    same = same.replace("A33AVAJ2PDY3EV", "A1PA6795UKMFR9").replace(
        "channel_id = 42", "channel_id = 43"
    )
    assert loaded(tmp_path, same).account == account
    others = [
        config_text().replace("oa2-client.0123", "oa2-client.0124"),
        config_text().replace("A2EXAMPLESELLER", "A2EXAMPLE/SELLER"),
        with_host("https://sellingpartnerapi-na.amazon.com", "ATVPDKIKX0DER"),
        with_host("https://sandbox.sellingpartnerapi-eu.amazon.com"),
        with_host("http://127.0.0.1:8080"),
    ]
    accounts = {loaded(tmp_path, text).account for text in others}
    assert len(accounts | {account}) == len(others) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", one) for one in accounts)


def test_the_state_file_is_named_after_the_account(tmp_path: Path) -> None:
    config = loaded(tmp_path, config_text())
    assert config.state_path() == Path(f"/home/nobody/.local/state/amzsync/{config.account}.db")
    moved = loaded(tmp_path, config_text(), {"XDG_STATE_HOME": "/var/lib/state"})
    assert moved.state_path() == Path(f"/var/lib/state/amzsync/{config.account}.db")
    ignored = loaded(tmp_path, config_text(), {"XDG_STATE_HOME": "relative"})
    assert ignored.state_path() == config.state_path()


def test_a_state_path_starts_at_the_config_file(tmp_path: Path) -> None:
    relative = loaded(tmp_path, config_text(tables='[state]\npath = "data/state.db"\n'))
    assert relative.state_path() == tmp_path / "data" / "state.db"
    absolute = loaded(tmp_path, config_text(tables='[state]\npath = "/srv/state.db"\n'))
    assert absolute.state_path() == Path("/srv/state.db")


def test_the_state_file_is_found_without_any_environment(tmp_path: Path) -> None:
    secret = {key: value for key, value in ENVIRON.items() if key != "HOME"}
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    config = load_config(write(tmp_path, config_text()), secret)
    assert home in config.state_path().parents
    text = config_text().replace("env:", "literal-")
    script = (
        "import sys; from pathlib import Path; from amzsync.config import load_config;"
        "print(load_config(Path(sys.argv[1])).state_path())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(write(tmp_path, text))],
        env={},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == str(config.state_path())
    assert done.stderr == ""


def test_a_user_without_a_home_has_to_name_the_state_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert set(problems(tmp_path, config_text(), {"HOME": ""})) == {"state.path"}
    named = config_text(tables='[state]\npath = "state.db"\n')
    assert loaded(tmp_path, named, {"HOME": ""}).state_path() == tmp_path / "state.db"


def test_shipping_without_a_carrier_table_is_pointed_out(tmp_path: Path) -> None:
    top = "send_shipping_info = true\n"
    config = loaded(tmp_path, config_text(top, on=("send_update_orders",)))
    assert any("shipping_company_mapping" in notice for notice in config.notices())
    table = '[shipping_company_mapping]\nmng = "MNG Kargo"\n'
    assert loaded(tmp_path, config_text(top, table, on=("send_update_orders",))).notices() == ()
