"""The flow commands as an operator meets them: options, words, JSON and exit codes."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.clock import Deadline
from amzsync.state.lock import locked
from tests.shop import FakeClock, Ran, Shop

KEYS = {
    "flow",
    "channel",
    "run",
    "dry_run",
    "exit_code",
    "counts",
    "failures",
    "waiting",
    "planned",
    "notes",
    "calls",
    "pending",
    "error",
}
FLOWS = [("orders", "pull"), ("stock", "push")]


def change_stocks(shop: Shop, count: int, quantity: int = 77) -> list[str]:
    skus = [row["sku"] for row in shop.sandbox.world.omnitron.snapshot("stocks")][:count]
    for sku in skus:
        shop.sandbox.world.omnitron.set_stock(sku, quantity)
    return skus


def body(ran: Ran) -> dict[str, object]:
    """The one JSON object on stdout."""
    assert ran.out.count("\n") == 1
    found = ran.json
    assert found.keys() >= KEYS
    assert found["exit_code"] == ran.code
    return found


@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_that_went_well_is_silent_and_ends_0(shop: Shop, flow: tuple[str, str]) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    change_stocks(shop, 2)
    for _ in range(2):
        assert shop.run(*flow) == Ran(0, "", "")


def test_json_tells_what_a_run_did(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    ran = shop.run("orders", "pull", "--json")
    found = body(ran)
    assert (found["flow"], found["channel"], found["dry_run"]) == ("orders.pull", "1", False)
    assert found["counts"] == {"sent": 92, "failed": 2}
    assert [sorted(row) for row in ran.json["failures"]] == [
        ["code", "key", "reason", "request_id"]
    ] * 2
    assert ran.json["calls"]["searchOrders"] == 1
    assert found["error"] is None


def test_failed_records_are_exit_1_and_each_is_told_with_its_reason(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert lines[0] == "orders pull: 92 sent, 2 failed"
    assert len(lines) == 3
    assert "Address is not valid. channel: 1 code: Merkez" in ran.err
    shop.clock.advance(minutes=10)
    assert shop.run("orders", "pull") == Ran(0, "", "")  # in penalty now, and no news


def test_quiet_still_tells_what_went_wrong(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    assert "2 failed" in shop.run("orders", "pull", "--quiet").err


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flag_that_is_false_runs_nothing_until_forced(shop: Shop, flow: tuple[str, str]) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.configure(flags={"get_orders": False, "send_updated_product_stock": False})
    assert shop.run(*flow) == Ran(0, "", "")
    told = shop.run(*flow, "-v")
    assert (told.code, told.out) == (0, "")
    assert "is false: nothing done (--force runs it)" in told.err
    assert "is false" in str(body(shop.run(*flow, "--json"))["notes"])
    assert not shop.calls()
    assert not shop.state.exists()
    assert shop.run(*flow, "--force").code == 0
    assert shop.calls("omnitron")


@pytest.mark.parametrize("flow", FLOWS)
def test_an_inactive_channel_does_not_run(shop: Shop, flow: tuple[str, str]) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.sandbox.world.omnitron.channels[1].row["is_active"] = False
    assert shop.run(*flow) == Ran(0, "", "")
    assert "the channel is inactive in Omnitron" in shop.run(*flow, "-v").err
    assert not shop.calls("amazon")


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    skus = change_stocks(shop, 3)
    ran = shop.run("stock", "push", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(ran.out.splitlines()) == sorted(f"{sku}: unknown -> 77" for sku in skus)
    assert "patchListingsItem" not in shop.calls()
    found = body(shop.run("stock", "push", "--dry-run", "--json"))
    assert found["dry_run"] is True
    assert found["counts"] == {"planned": 3}


def test_limit_stops_after_so_many_records(shop: Shop) -> None:
    shop.sandbox.reset(orders=10, skus=12, plain=True)
    assert body(shop.run("orders", "pull", "--limit", "4", "--json"))["counts"] == {"sent": 4}
    assert body(shop.run("orders", "pull", "--json"))["counts"] == {"sent": 6}


def test_only_takes_the_named_records_and_says_which_it_never_met(shop: Shop) -> None:
    shop.sandbox.reset(orders=10, skus=12, plain=True)
    order_id = shop.sandbox.world.amazon.snapshot("orders")[4]["orderId"]
    found = body(shop.run("orders", "pull", "--only", order_id, "--only", "403-typo", "--json"))
    assert found["counts"] == {"sent": 1}
    assert found["notes"] == [
        "403-typo is not among the records this flow found: done already, unknown, or spelt"
        " differently; amzsync why 403-typo tells more"
    ]
    again = shop.run("orders", "pull", "--only", order_id, "-v")
    assert f"{order_id} is not among the records this flow found" in again.err


def test_only_in_a_dry_run_knows_what_it_met(shop: Shop) -> None:
    shop.sandbox.reset(orders=10, skus=12, plain=True)
    order_id = shop.sandbox.world.amazon.snapshot("orders")[4]["orderId"]
    shop.run("orders", "pull", "--dry-run", "--only", order_id)
    found = body(shop.run("orders", "pull", "--dry-run", "--only", order_id, "--json"))
    assert (found["counts"], found["notes"]) == ({"planned": 1}, [])


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AMZSYNC_LIMIT", "4", {"sent": 4}),
        ("AMZSYNC_DRY_RUN", "true", {"planned": 10}),
        ("AMZSYNC_MAX_RUNTIME", "600", {"sent": 10}),
        ("AMZSYNC_LOCK_WAIT", "5", {"sent": 10}),
        ("AMZSYNC_ONLY", "no-such-order", {}),
    ],
)
def test_an_option_may_come_from_the_environment(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    expected: dict[str, int],
) -> None:
    shop.sandbox.reset(orders=10, skus=12, plain=True)
    monkeypatch.setenv("AMZSYNC_JSON", "1")
    monkeypatch.setenv(variable, value)
    assert body(shop.run("orders", "pull"))["counts"] == expected


def test_a_flag_goes_before_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sandbox.reset(orders=10, skus=12, plain=True)
    monkeypatch.setenv("AMZSYNC_LIMIT", "4")
    found = body(shop.run("orders", "pull", "--limit", "7", "--json"))
    assert found["counts"] == {"sent": 7}


def test_a_config_that_is_not_there_is_exit_3_and_says_how_to_get_one(shop: Shop) -> None:
    shop.config.unlink()
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (3, "")
    assert "is not there -> name it with --config or AMZSYNC_CONFIG" in ran.err
    assert body(shop.run("orders", "pull", "--json"))["error"]


def test_a_wrong_config_is_exit_3_with_all_its_problems(shop: Shop) -> None:
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(f'buffer_stok = 3\nbuffer_stock = "many"\n{text}', encoding="utf-8")
    for words in (("orders", "pull"), ("config", "check"), ("status",)):
        ran = shop.run(*words)
        assert (ran.code, ran.out) == (3, "")
        assert "2 problems" in ran.err
        assert "buffer_stok (line 1)" in ran.err
        assert "did you mean buffer_stock?" in ran.err
        assert "buffer_stock (line 2)" in ran.err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"client_secret": "not-the-secret"}, "Login with Amazon refuses (invalid_client)"),
        ({"refresh_token": "Atzr|not-it"}, "Login with Amazon refuses (invalid_grant)"),
        ({"omnitron": {"password": "not-it"}}, "Omnitron refuses the login"),
    ],
)
def test_wrong_credentials_are_exit_4_and_penalise_nobody(
    shop: Shop, settings: dict[str, Any], says: str
) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    shop.configure(**settings)
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (4, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert "not-it" not in ran.err
    assert "not-the-secret" not in ran.err
    assert shop.rows("SELECT * FROM penalties") == []


@pytest.mark.parametrize(
    ("flow", "settings", "says"),
    [
        (("orders", "pull"), {"base_url": "http://127.0.0.1:1"}, "Amazon (http://127.0.0.1:1)"),
        (
            ("orders", "pull"),
            {"amazon": {"lwa_url": "http://127.0.0.1:1/token"}},
            "Login with Amazon (http://127.0.0.1:1/token)",
        ),
        (
            ("orders", "pull"),
            {"omnitron": {"url": "http://127.0.0.1:1"}},
            "Omnitron (http://127.0.0.1:1)",
        ),
        (
            ("stock", "push"),
            {"omnitron": {"url": "http://127.0.0.1:1"}},
            "Omnitron (http://127.0.0.1:1)",
        ),
    ],
)
def test_a_dead_far_side_is_exit_5_in_a_line_that_names_it(
    shop: Shop, flow: tuple[str, str], settings: dict[str, Any], says: str
) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    shop.configure(**settings)
    ran = shop.run(*flow)
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.startswith(f"amzsync: {says} could not be used: ")
    assert ran.err.endswith("nothing is lost, rerunning is safe\n")
    assert ran.err.count("\n") == 1
    error = body(shop.run(*flow, "--json"))["error"]
    assert isinstance(error, dict)
    assert f"amzsync: {error['message']}\n" == ran.err
    assert shop.rows("SELECT * FROM penalties") == []


def test_the_json_of_an_error_holds_what_was_done_before_it(shop: Shop) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    shop.sandbox.faults.add("server_error_before", "orders.list", "omnitron", times=99)
    found = body(shop.run("orders", "pull", "--json"))
    assert (found["channel"], found["exit_code"]) == ("1", 5)
    assert isinstance(found["calls"], dict)
    assert found["calls"]["searchOrders"] == 1


def test_a_guard_is_exit_6_and_its_message_is_the_way_through(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    change_stocks(shop, 30, quantity=0)
    ran = shop.run("stock", "push")
    assert (ran.code, ran.out) == (6, "")
    assert f"amzsync stock push --override-guard --config {shop.config}" in ran.err
    assert "patchListingsItem" not in shop.calls()
    assert shop.run("stock", "push", "--override-guard").code == 0


def test_a_second_run_of_the_same_flow_is_exit_7_and_silent(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("orders", "pull")
    held = shop.state.with_name("state.db.1.orders.pull.lock")
    assert held.exists()
    with locked(held, wait=0, deadline=Deadline(clock)):
        assert shop.run("orders", "pull") == Ran(7, "", "")
        told = shop.run("orders", "pull", "-v")
        assert (told.code, told.out, told.err.count("\n")) == (7, "", 1)
        assert "--lock-wait" in told.err
        assert body(shop.run("orders", "pull", "--json"))["exit_code"] == 7
        waited_from = clock.now()
        assert shop.run("orders", "pull", "--lock-wait", "20").code == 7
        assert (clock.now() - waited_from).total_seconds() >= 20
        assert shop.run("stock", "push").code == 0  # another flow is nobody's business
    assert shop.run("orders", "pull").code == 0


def test_a_corrupt_state_file_is_exit_8_and_says_what_to_do(shop: Shop) -> None:
    shop.state.write_bytes(b"this is no database, and long enough to be seen as none" * 40)
    for words in (("orders", "pull"), ("status",), ("why", "A-1")):
        ran = shop.run(*words)
        assert (ran.code, ran.out) == (8, "")
        assert ran.err.startswith(f"amzsync: state file {shop.state} is corrupt")
        assert "restore a backup" in ran.err


def test_a_newer_state_file_is_exit_8(shop: Shop) -> None:
    shop.sandbox.reset(orders=1, skus=12, plain=True)
    shop.run("orders", "pull")
    with closing(sqlite3.connect(shop.state)) as db:
        (table,) = db.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE '%migrations%' AND type = 'table'"
        ).fetchone()
        row = dict(
            zip(
                [column[1] for column in db.execute(f"PRAGMA table_info({table})")],
                db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone(),  # noqa: S608 - its own name
                strict=True,
            )
        )
        row = {**row, "name": "m999_from_the_future"} | ({"id": 999} if "id" in row else {})
        marks = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO {table} VALUES ({marks})", list(row.values()))  # noqa: S608 - the same
        db.commit()
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (8, "")
    assert "newer amzsync (m999_from_the_future); upgrade amzsync" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_exit_5(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    shop.configure(state={"path": str(folder / "state.db")})
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (5, "")
    assert "cannot be created: Permission denied" in ran.err


def test_a_state_file_that_cannot_be_created_is_exit_5(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    shop.configure(state={"path": str(tmp_path / "file" / "state.db")})
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out) == (5, "")
    assert "set state.path elsewhere or let this user write there" in ran.err


class SlowClock(FakeClock):
    """A clock on which everything takes its time: each look at it costs 10 ms."""

    def now(self) -> datetime:
        """The moment, a little later each time."""
        self.at += timedelta(milliseconds=10)
        return self.at


def test_max_runtime_is_exit_10_and_the_next_run_goes_on(shop: Shop, tmp_path: Path) -> None:
    shop.sandbox.reset(orders=40, skus=12, plain=True)
    slow = Shop(shop.sandbox, SlowClock(), tmp_path)
    ran = slow.run("orders", "pull", "--max-runtime", "5", "--json")
    found = body(ran)
    assert (ran.code, found["channel"]) == (10, "1")
    assert ran.err == "amzsync: --max-runtime is over; the next run goes on from here\n"
    done = len(shop.sandbox.world.omnitron.snapshot("orders"))
    assert 0 < done < 40
    assert shop.rows("SELECT exit_code FROM runs") == [{"exit_code": 10}]
    shop.clock.advance(minutes=10)  # long enough to be sure of what was being asked for
    assert shop.run("orders", "pull").code == 0
    numbers = [order["number"] for order in shop.sandbox.world.omnitron.snapshot("orders")]
    assert len(set(numbers)) == len(numbers) == 40


def test_the_journal_keeps_every_exit_code(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    change_stocks(shop, 30, quantity=0)
    shop.run("stock", "push")
    shop.run("stock", "push", "--override-guard")
    rows = shop.rows("SELECT exit_code, error FROM runs ORDER BY id")
    assert [row["exit_code"] for row in rows] == [6, 0]
    assert "would go to zero" in rows[0]["error"]
    assert json.loads(shop.rows("SELECT counts FROM runs ORDER BY id DESC")[0]["counts"])


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    shop.sandbox.reset(skus=3)
    assert shop.run("stock", "push").code == 0
    assert shop.run("orders", "pull").code == 0
