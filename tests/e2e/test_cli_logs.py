"""`amzsync logs`: the journal's runs and records, and those that come."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.state.runs import OutcomeRow
from amzsync.state.state import State
from tests.amazon_orders import order, place
from tests.odd_replies import OddReplies, reply
from tests.shop import FakeClock, Ran, Shop

SKU = "SKU-000001"


class ScriptedClock(FakeClock):
    """Moves the tests' clock; with every second somebody waits, the next step is taken.

    After the last step Ctrl-C is pressed.
    """

    def __init__(self, clock: FakeClock, *steps: Callable[[], object]) -> None:
        super().__init__(clock.at)
        self._clock = clock
        self._steps = list(steps)
        self._slept = 0.0

    def now(self) -> datetime:
        """The tests' moment."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Move the clock on, and the script."""
        self._clock.sleep(seconds)
        self._slept += seconds
        if self._slept > 0.99:
            self._slept = 0.0
            if self._steps:
                self._steps.pop(0)()
            else:
                signal.raise_signal(signal.SIGINT)


def follow(shop: Shop, *steps: Callable[[], object], options: tuple[str, ...] = ()) -> Ran:
    """`logs --follow` while the steps are taken, a second apart, until Ctrl-C."""
    clock, shop.clock = shop.clock, ScriptedClock(shop.clock, *steps)
    try:
        return shop.run("logs", "--follow", *options)
    finally:
        shop.clock = clock


def note(shop: Shop, *keys: str, channel: str = "1", exit_code: int = 0) -> int:
    """A run of stock push that sent these, as a run of another process would note it; its number.

    A shop that follows has its clock in hand, so nothing of amzsync may run beside it.
    """
    state = State.open(shop.state, shop.clock)
    try:
        now = shop.clock.now()
        run_id = state.runs.begin(channel, "stock.push", now, dry_run=False)
        rows = [OutcomeRow(key, "sent", "", "5", f"req-{key}") for key in keys]
        state.runs.record(run_id, channel, "stock.push", rows, now)
        state.runs.end(run_id, now, exit_code, {"sent": len(keys)}, {}, None)
    finally:
        state.close()
    return run_id


def keys_of(shop: Shop, *argv: str) -> list[str]:
    """The keys of the records that are shown."""
    return [row["key"] for row in shop.run("logs", "--json", *argv).json["records"]]


def runs_of(shop: Shop, *argv: str) -> list[int]:
    """The numbers of the runs that are shown."""
    return [row["run"] for row in shop.run("logs", "--json", *argv).json["runs"]]


@pytest.fixture
def busy(shop: Shop, clock: FakeClock) -> Shop:
    """Run 1 pulls orders, one fails; run 2 pushes a stock; run 3, two hours on, cannot log in."""
    shop.sandbox.reset(orders=20, skus=20)
    shop.run("orders", "pull")
    clock.advance(minutes=10)
    shop.sandbox.world.omnitron.set_stock(SKU, 77)
    assert shop.run("stock", "push").code == 0
    clock.advance(hours=2)
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=9)
    assert shop.run("stock", "push").code == 5
    clock.advance(minutes=1)
    shop.forget_calls()
    return shop


def test_before_the_first_run_there_is_nothing_and_nothing_is_created(shop: Shop) -> None:
    assert shop.run("logs") == Ran(0, "", "nothing of that is in the journal\n")
    assert shop.run("logs", "--json").json == {"channel": "1", "runs": [], "more": False}
    assert not shop.state.exists()


def test_runs_are_told_newest_first_with_times_counts_and_errors(busy: Shop) -> None:
    ran = busy.run("logs")
    assert (ran.code, ran.err) == (0, "")
    title, head, *rows = ran.out.splitlines()
    assert title == "Runs, newest first"
    assert re.split("  +", head.strip()) == [
        *("run", "flow", "started", "took", "exit", "counts, error"),
    ]
    cells = [re.split("  +", row.strip()) for row in rows]
    assert cells[2] == ["1", "orders.pull", "2026-11-23 09:00:00Z", "0 s", "1", "1 failed, 17 sent"]
    assert cells[1] == ["2", "stock.push", "2026-11-23 09:10:00Z", "0 s", "0", "1 sent"]
    assert cells[0][:2] == ["3", "stock.push"]
    assert cells[0][4] == "5"
    assert "HTTP 50" in cells[0][5]
    newest, *_, oldest = busy.run("logs", "--json").json["runs"]
    assert (newest["result"], newest["exit_code"], newest["counts"]) == ("failed", 5, {})
    assert (oldest["flow"], oldest["counts"]) == ("orders.pull", {"sent": 17, "failed": 1})
    assert oldest["calls"]["searchOrders"] == 1
    assert not busy.calls()


def test_one_run_is_told_with_its_calls_and_records(busy: Shop) -> None:
    ran = busy.run("logs", "--run", "2")
    told = re.sub(" +", " ", ran.out)
    assert "Run 2 of stock.push on channel 1\n started 2026-11-23 09:10:00Z\n" in told
    assert " ended 2026-11-23 09:10:00Z with exit 0, 0 s later\n records 1 sent\n" in told
    assert "\n patchListingsItem 1\n" in told
    (request,) = (row["request_id"] for row in busy.rows("SELECT * FROM outcomes WHERE run_id = 2"))
    assert f"Records, newest first\n sent {SKU}: 77 (request {request})\n" in told
    found = busy.run("logs", "--run", "2", "--json").json["run"]
    assert (found["run"], found["exit_code"], found["counts"]) == (2, 0, {"sent": 1})
    assert [row["key"] for row in found["records"]] == [SKU]


def test_a_run_the_journal_does_not_know_is_exit_1(busy: Shop) -> None:
    ran = busy.run("logs", "--run", "99")
    assert (ran.code, ran.out) == (1, "")
    assert "there is no run 99 of channel 1 in the journal, which goes back 30 days" in ran.err
    ran = busy.run("logs", "--run", "99", "--json")
    assert (ran.code, ran.json["run"], ran.json["exit_code"]) == (1, None, 1)


def test_failed_records_have_the_request_ids_of_the_side_that_refused_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sandbox.reset(skus=12)
    odd = OddReplies(shop.sandbox, monkeypatch)
    refusal = {"status": "INVALID", "sku": SKU, "submissionId": "s"}
    issue = {"code": "90220", "message": "not so", "severity": "ERROR", "categories": []}
    body = json.dumps({**refusal, "issues": [issue]})
    odd.on("PATCH", "/listings/", reply(body, x_amzn_requestid="amzn-77"))
    odd.on(
        "POST", r"/create_orders/", reply('{"currency": ["not so"]}', 400, x_request_id="omni-88")
    )
    place(shop.sandbox, order(1))
    shop.sandbox.world.omnitron.set_stock(SKU, 77)
    assert (shop.run("stock", "push").code, shop.run("orders", "pull").code) == (1, 1)
    rows = shop.run("logs", "--failed", "--records", "--json").json["records"]
    assert [(row["flow"], row["result"], row["request_id"]) for row in rows] == [
        ("orders.pull", "failed", "omni-88"),
        ("stock.push", "failed", "amzn-77"),
    ]
    shown = shop.run("logs", "--failed", "--records").out
    assert re.findall(r"^2026\S+ \S+ run \d (\S+) failed .* \(request (\S+)\)$", shown, re.M) == [
        ("orders.pull", "omni-88"),
        ("stock.push", "amzn-77"),
    ]


def test_runs_are_narrowed_by_flow_result_and_exit_code(busy: Shop) -> None:
    assert runs_of(busy) == [3, 2, 1]
    assert runs_of(busy, "--flow", "stock push") == [3, 2]
    assert runs_of(busy, "--flow", "stock.push", "--flow", "orders pull") == [3, 2, 1]
    assert runs_of(busy, "--failed") == [3, 1]
    assert runs_of(busy, "--result", "ok") == [2]
    assert runs_of(busy, "--exit-code", "5") == [3]
    assert runs_of(busy, "--exit-code", "5", "--exit-code", "1") == [3, 1]
    assert runs_of(busy, "--result", "open") == []


def test_a_run_that_was_killed_is_open(busy: Shop) -> None:
    state = State.open(busy.state, busy.clock)
    state.runs.begin("1", "stock.push", busy.clock.now(), dry_run=False)
    state.close()
    assert runs_of(busy, "--result", "open") == [4]
    newest = busy.run("logs").out.splitlines()[2]
    assert re.split("  +", newest.strip())[3:] == ["-", "-"]
    assert "not ended: it still goes on, or was killed" in busy.run("logs", "--run", "4").out


@pytest.mark.parametrize(
    ("option", "when", "runs"),
    [
        ("--since", "1h", [3]),
        ("--since", "1d12h", [3, 2, 1]),
        ("--since", "2026-11-23T09:10:00Z", [3, 2]),
        ("--since", "2026-11-23T09:10", [3, 2]),
        ("--since", "2026-11-23T14:10:00+03:00", [3]),
        ("--until", "2026-11-23T09:10:00Z", [1]),
        ("--until", "1h", [2, 1]),
        ("--until", "2026-11-23", []),
    ],
)
def test_a_time_is_a_duration_back_or_a_moment(
    busy: Shop, option: str, when: str, runs: list[int]
) -> None:
    assert runs_of(busy, option, when) == runs


def test_records_are_narrowed_by_key_result_run_and_time(busy: Shop) -> None:
    everything = keys_of(busy, "--records")
    assert everything[0] == SKU and len(everything) == 19
    assert keys_of(busy, "--sku", SKU) == [SKU]
    (failed,) = keys_of(busy, "--records", "--failed")
    assert keys_of(busy, "--order", failed) == [failed]
    assert keys_of(busy, "--order", failed, "--sku", SKU) == [SKU, failed]
    assert keys_of(busy, "--result", "sent", "--exit-code", "1") == [
        key for key in everything[1:] if key != failed
    ]
    assert keys_of(busy, "--records", "--since", "2h5min") == [SKU]
    assert keys_of(busy, "--sku", "SKU-UNKNOWN") == []


def test_an_order_is_found_by_its_number_in_omnitron(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(order_number_format="TR{n1}{n2}{n3}")
    place(shop.sandbox, order(1))
    shop.run("orders", "pull")
    assert keys_of(shop, "--order", "TR40300000011234567") == ["403-0000001-1234567"]


def test_the_limit_is_told_when_there_is_more(busy: Shop) -> None:
    assert runs_of(busy, "--limit", "2") == [3, 2]
    assert busy.run("logs", "--limit", "2", "--json").json["more"] is True
    assert busy.run("logs", "--limit", "2").err == "these are the newest 2; --limit N shows more\n"
    assert busy.run("logs", "--limit", "3").err == ""


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--since", "tomorrow"), "'tomorrow' is no time; write how long ago (2h, 3d)"),
        (("--since", "999999w"), "'999999w' is no time"),
        (("--result", "fine"), "there is no result 'fine'; there are: ok, failed, open, sent"),
        (("--records", "--result", "ok"), "ok is a result of runs, and records were asked for"),
        (("--flow", "stock pull"), "there is no flow 'stock pull'"),
        (("--follow", "--run", "1"), "--follow goes on for ever"),
        (("--follow", "--until", "1h"), "--follow goes on for ever"),
    ],
)
def test_wrong_usage_says_what_is_right(shop: Shop, argv: tuple[str, ...], message: str) -> None:
    ran = shop.run("logs", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_other_channels_of_the_account_have_their_own_logs(shop: Shop) -> None:
    first, second = note(shop, "SKU-A"), note(shop, "SKU-B", channel="2")
    assert (runs_of(shop), keys_of(shop, "--records")) == ([first], ["SKU-A"])
    assert shop.run("logs", "--run", str(second)).code == 1


def test_following_shows_what_comes_until_ctrl_c_and_says_nothing_about_it(shop: Shop) -> None:
    note(shop, "SKU-0")
    ran = follow(
        shop,
        lambda: note(shop, "SKU-1", "SKU-2"),
        lambda: note(shop, "SKU-X", channel="2"),
        lambda: note(shop, "SKU-3", exit_code=1),
    )
    assert (ran.code, ran.err) == (130, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        "2026-11-23 09:00:00Z run 1 stock.push sent SKU-0: 5 (request req-SKU-0)",
        "2026-11-23 09:00:00Z run 1 stock.push ended with exit 0 after 0 s: 1 sent",
    ]
    assert lines[2:] == [
        "2026-11-23 09:00:01Z run 2 stock.push sent SKU-1: 5 (request req-SKU-1)",
        "2026-11-23 09:00:01Z run 2 stock.push sent SKU-2: 5 (request req-SKU-2)",
        "2026-11-23 09:00:01Z run 2 stock.push ended with exit 0 after 0 s: 2 sent",
        "2026-11-23 09:00:03Z run 4 stock.push sent SKU-3: 5 (request req-SKU-3)",
        "2026-11-23 09:00:03Z run 4 stock.push ended with exit 1 after 0 s: 1 sent",
    ]


def test_a_followed_run_is_told_when_it_has_ended(shop: Shop) -> None:
    state = State.open(shop.state, shop.clock)
    begun = state.runs.begin("1", "stock.push", shop.clock.now(), dry_run=False)
    later: list[int] = []

    def begin() -> None:
        later.append(state.runs.begin("1", "orders.pull", shop.clock.now(), dry_run=False))

    def end() -> None:
        for run_id in (begun, *later):
            state.runs.end(run_id, shop.clock.now(), 0, {}, {}, None)

    ran = follow(shop, begin, end)
    state.close()
    assert [line.split(" ended ")[0] for line in ran.out.splitlines()] == [
        "2026-11-23 09:00:02Z run 1 stock.push",
        "2026-11-23 09:00:02Z run 2 orders.pull",
    ]


def test_following_is_narrowed_like_the_list(shop: Shop) -> None:
    def steps() -> list[Callable[[], object]]:
        return [lambda: note(shop, "SKU-1"), lambda: note(shop, "SKU-2", exit_code=1)]

    assert "SKU-1" not in follow(shop, *steps(), options=("--sku", "SKU-2", "--limit", "1")).out
    only_failed = follow(shop, *steps(), options=("--exit-code", "1")).out
    assert all(" ended with exit 1 " in line for line in only_failed.splitlines())
    assert len(only_failed.splitlines()) == 2  # one of them from before
    assert follow(shop, *steps(), options=("--flow", "orders pull")).out == ""


def test_following_with_json_is_an_object_a_line(shop: Shop) -> None:
    ran = follow(shop, lambda: note(shop, "SKU-1"), options=("--json",))
    record, run = map(json.loads, ran.out.splitlines())
    assert (record["type"], record["key"], record["request_id"]) == (
        *("record", "SKU-1", "req-SKU-1"),
    )
    assert (run["type"], run["run"], run["exit_code"]) == ("run", 1, 0)
    assert record["run"] == run["run"]


def test_following_survives_pruning_down_to_nothing(shop: Shop) -> None:
    for number in range(3):
        note(shop, f"SKU-{number}")

    def prune() -> None:
        state = State.open(shop.state, shop.clock)
        state.store.execute("DELETE FROM outcomes")
        state.store.execute("DELETE FROM runs")
        state.close()

    ran = follow(shop, prune, lambda: note(shop, "SKU-NEW"), options=("--limit", "1"))
    assert ran.out.count("sent SKU-NEW") == 1
    assert len(ran.out.splitlines()) == 3  # the last of before, then the new run and its record


def test_following_goes_on_in_the_file_that_takes_the_state_files_place(
    shop: Shop, tmp_path: Path
) -> None:
    note(shop, "SKU-OLD")
    backup = tmp_path / "backup.db"
    backup.write_bytes(shop.state.read_bytes())

    def restore() -> None:
        for file in tmp_path.glob("state.db*"):
            file.unlink()
        backup.rename(shop.state)

    ran = follow(
        shop,
        lambda: note(shop, "SKU-LOST"),
        restore,
        lambda: note(shop, "SKU-NEW"),
    )
    assert (ran.code, ran.err) == (130, "")
    keys = re.findall(r" sent (\S+):", ran.out)
    assert keys == ["SKU-OLD", "SKU-LOST", "SKU-NEW"]


def test_following_waits_for_a_state_file_and_creates_none(shop: Shop) -> None:
    seen: list[bool] = []
    ran = follow(
        shop,
        lambda: seen.append(shop.state.exists()),
        lambda: note(shop, "SKU-1"),
    )
    assert seen == [False]
    assert re.findall(r" sent (\S+):", ran.out) == ["SKU-1"]


def test_following_flushes_into_a_pipe_and_ends_when_its_reader_does(shop: Shop) -> None:
    note(shop, "SKU-1")
    argv = [sys.executable, "-m", "amzsync", "logs", "-f", "--config", str(shop.config)]
    following = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert following.stdout is not None and following.stderr is not None
    assert "sent SKU-1" in following.stdout.readline()  # it goes on, so nothing but a flush did it
    following.stdout.close()
    assert following.wait(timeout=30) == 0
    assert following.stderr.read() == ""
    following.stderr.close()


def test_two_thousand_records_at_once_are_all_shown(shop: Shop) -> None:
    keys = [f"SKU-{number}" for number in range(2_000)]
    ran = follow(shop, lambda: note(shop, *keys), options=("--records",))
    assert re.findall(r" sent (\S+):", ran.out) == keys


def test_buyer_data_in_a_reason_is_masked_in_every_form(shop: Shop) -> None:
    state = State.open(shop.state, shop.clock)
    run_id = state.runs.begin("1", "orders.pull", shop.clock.now(), dry_run=False)
    state.store.execute(
        "INSERT INTO outcomes (run_id, channel, flow, key, status, code, reason, at)"
        " VALUES (?, '1', 'orders.pull', 'K', 'failed', 'x', 'write to a.b@example.com', ?)",
        [run_id, (shop.clock.now() - timedelta(seconds=1)).isoformat(timespec="microseconds")],
    )
    state.close()
    forms: list[tuple[str, ...]] = [("--records",), ("--run", "1"), ("--records", "--json")]
    told: list[Any] = [shop.run("logs", *form).out for form in forms] + [follow(shop).out]
    assert all("example.com" not in text and "***" in text for text in told)
