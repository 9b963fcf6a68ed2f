"""`amzsync doctor` and `amzsync cron`: whether a channel can run, and the lines it runs by."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from amzsync.cli.app import run
from tests.shop import Ran, Shop


@pytest.fixture
def sound(shop: Shop) -> Shop:
    """A channel with nothing wrong."""
    shop.sandbox.reset(orders=1, skus=12, plain=True)
    shop.configure(cancellation_reason_id=10, default_reason_id=20)
    return shop


def levels(ran: Ran) -> dict[str, str]:
    """The worst level by subject."""
    found: dict[str, str] = {}
    for row in ran.json["findings"]:
        if found.get(row["subject"], "ok") == "ok":
            found[row["subject"]] = row["level"]
    return found


def test_a_sound_channel_is_all_ok(sound: Shop) -> None:
    ran = sound.run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert all(line.startswith("ok       ") for line in ran.out.splitlines())
    assert levels(sound.run("doctor", "--json")) == dict.fromkeys(
        [
            "config",
            "state file",
            "Login with Amazon",
            "marketplace",
            "Omnitron login",
            "channel",
            "catalog",
            "cargo company",
            "cancel reasons",
            "refund reasons",
        ],
        "ok",
    )


def test_the_doctor_changes_nothing(sound: Shop) -> None:
    sound.run("doctor")
    methods = {row.method for row in sound.sandbox.exchanges if row.operation != "auth.login"}
    assert methods - {"GET"} == {"POST"}  # the token
    assert [row.operation for row in sound.sandbox.exchanges if row.method == "POST"] == [
        "getAccessToken",
        "getAccessToken",
        "auth.login",
    ]
    assert sound.rows("SELECT * FROM channels") == []


@pytest.mark.parametrize(
    ("settings", "subject", "says"),
    [
        ({"client_secret": "not-it"}, "Login with Amazon", "invalid_client"),
        ({"amazon": {"lwa_url": "http://127.0.0.1:1/t"}}, "Login with Amazon", "127.0.0.1:1/t"),
        ({"base_url": "http://127.0.0.1:1"}, "marketplace", "http://127.0.0.1:1: "),
        ({"market_place_id": "A1F83G8C2ARO7P"}, "marketplace", "does not sell in A1F83G8C2ARO7P"),
        ({"omnitron": {"password": "not-it"}}, "Omnitron login", "refuses the login"),
        ({"omnitron": {"url": "http://127.0.0.1:1"}}, "Omnitron login", "http://127.0.0.1:1: "),
        ({"omnitron": {"catalog_id": 999}}, "channel", "HTTP 404"),
        ({"cargo_company_id": 99}, "cargo company", "Omnitron has: 1 MNG Kargo"),
        ({"cancellation_reason_id": 77}, "cancel reasons", "cancellation_reason_id = 77"),
        ({"default_reason_id": 10}, "refund reasons", "default_reason_id = 10"),
        (
            {"refund_reason_mapping": {"CR-DEFECTIVE": 66}},
            "refund reasons",
            "refund_reason_mapping.CR-DEFECTIVE = 66",
        ),
    ],
)
def test_each_problem_is_found_with_its_cure_and_exit_1(
    sound: Shop, settings: dict[str, Any], subject: str, says: str
) -> None:
    reasons: dict[str, Any] = {"cancellation_reason_id": 10, "default_reason_id": 20}
    sound.configure(**{**reasons, "http": {"attempts": 1}, **settings})
    ran = sound.run("doctor", "--json")
    assert ran.code == ran.json["exit_code"] == 1
    problems = [row for row in ran.json["findings"] if row["level"] == "problem"]
    assert [row["subject"] for row in problems] == [subject]
    assert says in problems[0]["message"]
    told = sound.run("doctor")
    assert told.code == 1
    assert "not-it" not in told.out + told.err
    (line,) = [text for text in told.out.splitlines() if text.startswith("problem  ")]
    assert line.startswith(f"problem  {subject}: ")


def test_an_inactive_channel_and_obsolete_settings_are_warnings(sound: Shop) -> None:
    sound.sandbox.world.omnitron.channels[1].row["is_active"] = False
    sound.configure(cancellation_reason_id=10, default_reason_id=20, region="eu-west-1")
    ran = sound.run("doctor", "--json")
    found = levels(ran)
    assert (ran.code, found["channel"], found["config"]) == (0, "warning", "warning")


def test_a_wrong_secret_is_found_although_a_token_is_at_hand(sound: Shop) -> None:
    assert sound.run("orders", "pull").code == 0
    sound.configure(cancellation_reason_id=10, default_reason_id=20, client_secret="not-it")
    assert levels(sound.run("doctor", "--json"))["Login with Amazon"] == "problem"


def test_a_state_file_that_cannot_be_used_is_a_finding(sound: Shop) -> None:
    sound.state.write_bytes(b"no database at all, and longer than its header is" * 40)
    ran = sound.run("doctor", "--json")
    assert (ran.code, levels(ran)) == (1, {"config": "ok", "state file": "problem"})


def lines(ran: Ran) -> list[str]:
    return [line for line in ran.out.splitlines() if not line.startswith("#")]


def test_cron_print_gives_a_line_for_every_flow_that_is_on(shop: Shop) -> None:
    shop.configure(flags={"send_updated_product_stock": False}, category_ids="")
    ran = shop.run("cron", "print")
    assert (ran.code, ran.err) == (0, "")
    (line,) = lines(ran)
    minute, *_, command = line.split(None, 5)
    program, *words = shlex.split(command)
    assert minute == "*/5"
    assert Path(program).is_absolute()
    assert words[-6:-4] == ["orders", "pull"]
    assert words[-4:] == ["--config", str(shop.config), "--max-runtime", "900"]
    assert len(lines(_with_flags(shop, True))) == 2
    none = _with_flags(shop, False)
    assert (none.code, lines(none)) == (0, [])
    assert "nothing to run" in none.err


def _with_flags(shop: Shop, on: bool) -> Ran:
    flags = {"get_orders": on, "send_updated_product_stock": on}
    shop.configure(flags=flags, category_ids="")
    return shop.run("cron", "print")


def test_cron_print_gives_absolute_paths_for_a_relative_config(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop.folder)
    assert run(["cron", "print", "--config", shop.config.name]) == 0
    assert f"--config {shop.config} " in capsys.readouterr().out


def test_cron_print_names_the_variables_cron_does_not_have(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "canary-of-the-environment")
    monkeypatch.setenv("AMZSYNC_BUFFER_STOCK", "3")
    shop.configure(client_secret="env:SHOP_SECRET")
    ran = shop.run("cron", "print")
    assert ran.code == 0
    assert "the config reads AMZSYNC_BUFFER_STOCK, SHOP_SECRET from the environment" in ran.err
    assert "canary" not in ran.out + ran.err
