"""`amzsync alarms list|create|change|remove`: rules made, changed and viewed by hand."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from amzsync.cli.app import run
from amzsync.ops.alarm_rules import DEFAULTS, KINDS
from tests.e2e.alarm_receiver import Receiver, configure, create, look
from tests.shop import FakeClock, Ran, Shop


def rules(shop: Shop) -> dict[str, dict[str, Any]]:
    """The alarms by name, as the list has them."""
    return {row["name"]: row for row in shop.run("alarms", "list", "--json").json["alarms"]}


def test_sensible_alarms_are_there_from_the_start_and_looking_creates_nothing(shop: Shop) -> None:
    found = rules(shop)
    assert sorted(found) == sorted(rule.name for rule in DEFAULTS)
    assert {row["rule"] for row in found.values()} == set(KINDS)
    assert not shop.state.exists()
    told = shop.run("alarms", "list").out
    assert "never looked at; cron is to call it: */5 * * * * amzsync alarms --config PATH" in told
    assert "3 runs in a row fail" in told


def test_an_alarm_is_created_viewed_changed_and_removed(shop: Shop) -> None:
    ran = create(
        shop, "stock-late", "--rule", "no-success", "--flow", "stock push", "--minutes", "10"
    )
    assert ran.out == "stock-late: raised when no run succeeds for 10 min (stock push)\n"
    assert rules(shop)["stock-late"] == {
        "name": "stock-late",
        "rule": "no-success",
        "when": "no run succeeds for 10 min",
        "flow": "stock push",
        "threshold": None,
        "minutes": 10,
        "raised": False,
        "since": None,
        "until": None,
        "times": 0,
        "findings": [],
        "told": [],
    }
    ran = shop.run("alarms", "change", "stock-late", "--minutes", "20", "--flow", "all", "--json")
    assert ran.json == {
        "channel": "1",
        "alarm": {
            "name": "stock-late",
            "rule": "no-success",
            "when": "no run succeeds for 20 min",
            "flow": "all",
            "threshold": None,
            "minutes": 20,
        },
        "removed": False,
        "exit_code": 0,
        "error": None,
    }
    assert rules(shop)["stock-late"]["minutes"] == 20
    assert shop.run("alarms", "remove", "stock-late") == Ran(0, "stock-late: removed\n", "")
    assert "stock-late" not in rules(shop)


def test_a_changed_alarm_is_judged_by_its_new_numbers(shop: Shop, receiver: Receiver) -> None:
    made = {"client_secret_created_on": "2026-06-27"}
    configure(shop, receiver, amazon=made)
    assert look(shop) == []
    shop.run("alarms", "change", "credentials", "--threshold", "31")
    assert look(shop) == ["credentials"]
    shop.run("alarms", "change", "credentials", "--threshold", "30")
    look(shop)
    assert look(shop) == []
    assert receiver.told() == [("credentials", "raised"), ("credentials", "ended")]


def test_a_default_that_was_removed_stays_so_and_can_be_created_anew(shop: Shop) -> None:
    shop.run("alarms", "remove", "failures")
    look(shop)
    assert "failures" not in rules(shop)
    create(shop, "failures", "--rule", "failures", "--threshold", "7")
    assert rules(shop)["failures"]["threshold"] == 7


def test_a_daily_flow_is_not_expected_twice_an_hour(shop: Shop) -> None:
    create(shop, "refresh", "--rule", "no-success", "--flow", "orders refresh")
    assert rules(shop)["refresh"]["minutes"] == 36 * 60


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("create x", "Missing option '--rule'"),
        (
            "create x --rule failure",
            "there is no rule 'failure' (did you mean failures?); the rules",
        ),
        ("create x --rule failures --flow 'stock pull'", "there is no flow"),
        ("create x --rule failures --minutes 3", "the rule failures takes no --minutes; it takes"),
        ("create x --rule no-success --threshold 3", "takes no --threshold; it takes --minutes"),
        ("create x --rule credentials --flow orders.pull", "is not about flows; leave --flow out"),
        ("create x --rule failures --threshold 0", "is at least 1, at most 1000000"),
        ("create x --rule penalties --threshold -1", "is at least 0, at most 1000000"),
        ("create x --rule waiting --minutes 0", "is at least 1, at most 1000000"),
        ("create x --rule failures --threshold many", "Invalid value for '--threshold'"),
        ("create a/b --rule failures", "'a/b' is no name for an alarm: letters, digits, points"),
        ("create failures --rule failures", "there is an alarm failures already; amzsync alarms"),
        ("change nobody --threshold 3", "there is no alarm 'nobody'; the alarms are: credentials,"),
        ("change failures", "say what to change: --flow, --threshold or --minutes"),
        ("change failures --minutes 3", "the rule failures takes no --minutes"),
        ("remove nobody", "there is no alarm 'nobody'"),
        ("lst", "No such command 'lst'"),
    ],
)
def test_wrong_usage_says_what_would_be_right_and_changes_nothing(
    shop: Shop, words: str, says: str
) -> None:
    before = rules(shop)
    ran = shop.run("alarms", *shlex.split(words))
    assert ran.code == 2
    assert says in ran.err
    assert ran.out == ""
    assert rules(shop) == before


def test_errors_are_json_too(shop: Shop) -> None:
    ran = shop.run("alarms", "remove", "nobody", "--json")
    assert (ran.code, ran.json["exit_code"]) == (2, 2)
    assert "there is no alarm 'nobody'" in ran.json["error"]["message"]


def test_options_before_the_subcommand_are_refused_rather_than_lost(
    shop: Shop, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["alarms", "--config", str(shop.config), "list"], clock) == 2
    assert "write --config behind alarms list" in capsys.readouterr().err


def test_the_list_tells_what_stands_since_when_and_who_was_told(
    shop: Shop, receiver: Receiver
) -> None:
    configure(shop, receiver, amazon={"client_secret_created_on": "2026-01-01"})
    look(shop)
    shop.clock.advance(minutes=7)
    ran = shop.run("alarms", "list")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("  credentials ")]
    assert "RAISED since 2026-11-23 09:00:00Z (7 min ago)" in line
    assert line.endswith("  2026-11-23 09:00:00Z (7 min ago)")
    assert "credentials: the client secret has been over for 146 days" in ran.out
    assert "last looked at: 2026-11-23 09:00:00Z (7 min ago)" in ran.out
    (told,) = rules(shop)["credentials"]["told"]
    assert told == {
        "target": "webhook",
        "at": "2026-11-23T09:00:00+00:00",
        "pending": False,
        "failures": 0,
        "fault": "",
        "next_try_at": None,
    }

    configure(shop, receiver)
    look(shop)
    assert "; nothing found at the last look" in shop.run("alarms", "list").out
    look(shop)
    assert "quiet since 2026-11-23 09:07:00Z (0 s ago)" in shop.run("alarms", "list").out


def test_each_channel_of_an_account_has_alarms_of_its_own(shop: Shop, receiver: Receiver) -> None:
    other = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    create(shop, "mine", "--rule", "failures")
    configure(shop, receiver, amazon={"client_secret_created_on": "2026-01-01"})
    configure(other, receiver)
    assert look(shop) == ["credentials"]
    assert look(other) == []
    assert "mine" not in rules(other)
    assert receiver.told() == [("credentials", "raised")]


def test_a_state_file_of_the_last_version_gets_its_alarms(shop: Shop) -> None:
    look(shop)
    with closing(sqlite3.connect(shop.state)) as connection:
        for table in ("alarms", "alarm_told", "alarm_flows"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm012_alarms'")
        connection.commit()
    assert look(shop) == []
    assert sorted(rules(shop)) == sorted(rule.name for rule in DEFAULTS)


def test_a_wrong_day_of_the_secret_is_told_with_its_cure(shop: Shop) -> None:
    shop.configure(amazon={"client_secret_created_on": "31.01.2026"})
    ran = shop.run("alarms")
    assert ran.code == 3
    assert "amazon.client_secret_created_on" in ran.err
    assert "must look like 2026-01-31" in ran.err
