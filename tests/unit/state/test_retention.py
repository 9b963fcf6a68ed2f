"""What is dropped in time, what is not, and that the state file stays bounded."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.state import retention
from amzsync.state.inbox import InboxRow
from amzsync.state.packages import Package
from amzsync.state.penalties import PenaltySettings
from amzsync.state.returns import Return
from amzsync.state.runs import OutcomeRow
from amzsync.state.state import State
from tests.shop import FakeClock

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=800)
BEFORE = NOW - timedelta(days=760)
ID = "403-0000001-1234567"
NO_RETRY = PenaltySettings(3600, 3600, 0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(tmp_path / "state.db", FakeClock(NOW))
    yield opened
    opened.close()


def row(order_id: str = ID, at: datetime = LONG_AGO, **values: Any) -> InboxRow:
    """A shipped order as it was taken in at that moment."""
    facts = {"items": [{"order_item_id": "1", "sku": "SKU-1", "quantity": 1}], "packages": []}
    made = InboxRow(
        order_id=order_id,
        channel="1",
        status="SHIPPED",
        created_time=at,
        last_updated_time=at,
        state="new",
        payload='{"name": "x"}',
        facts=json.dumps(facts),
        digest="d" * 64,
        seen_at=at,
        parcels="1:TR1",
        lines="1=1",
    )
    return replace(made, **values)


def take_in(state: State, order: InboxRow) -> None:
    """The order is taken in and imported, with what is told of it afterwards."""
    at, order_id = order.last_updated_time, order.order_id
    state.inbox.put([order])
    state.inbox.attempt(order_id, order_id, at)
    state.inbox.created(order_id, 7, order_id, order.parcels, order.lines)
    state.inbox.imported([order_id], at)
    state.packages.want("1", Package(order_id, 1, "TR1", "mng", {1: "1"}, "{}"))
    state.packages.confirmed("1", order_id, 1, at)
    back = Return(order_id, "RMA-1", "SKU-1", 1, "CR-1", "Approved", at)
    state.returns.take("1", [back], at)
    state.returns.made("1", back, 1, 70, (int(order_id[4:11]), "v1"))
    state.returns.linked("1", state.returns.unlinked("1", 10))
    state.returns.decide("1", back, "requested")
    state.store.execute(
        """INSERT INTO invoices (channel, order_id, number, order_pk, state, submitted_at, told)
        VALUES ('1', ?, 'N1', 7, 'accepted', ?, 2)""",
        [order_id, at.isoformat(timespec="microseconds")],
    )


def size(state: State, table: str) -> int:
    """How many rows a table has."""
    (found,) = state.store.rows(f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - our own names
    return int(found["n"])


OF_ORDERS = ("inbox", "order_payloads", "packages", "invoices", "returns", "return_requests")


def test_an_order_done_long_ago_goes_with_all_that_was_told_of_it(state: State) -> None:
    take_in(state, row())
    take_in(state, row("403-0000002-1234567", NOW - timedelta(days=759)))
    assert state.retention.drop_orders(BEFORE) == 1
    assert {table: size(state, table) for table in OF_ORDERS} == {
        **dict.fromkeys(OF_ORDERS, 1),
        "order_payloads": 0,
    }
    assert state.inbox.get(ID) is None


def test_a_backlog_of_old_orders_goes_in_one_night(state: State) -> None:
    orders = [row(f"403-{n:07d}-1234567", payload=None, state="ignored") for n in range(2_300)]
    state.inbox.put(orders)
    assert state.retention.drop_orders(BEFORE) == 2_300


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inbox SET state = 'new'",
        "UPDATE inbox SET state = 'created'",
        "UPDATE inbox SET lines = '1=0'",
        "UPDATE inbox SET state = 'ignored', code = 'cancelled', lines = ''",
        "UPDATE inbox SET last_updated_time = :lately",
        "UPDATE inbox SET seen_at = :lately",
        "UPDATE returns SET state = 'open'",
        "UPDATE return_requests SET state = 'asked'",
        "UPDATE return_requests SET state = 'made'",
        "UPDATE invoices SET state = 'submitting'",
        "UPDATE invoices SET state = 'submitted'",
        "INSERT INTO cursors SELECT 'cancel_asked:' || order_id, '', :lately FROM inbox",
    ],
)
def test_an_order_somebody_has_still_to_do_with_is_kept(state: State, change: str) -> None:
    take_in(state, row())
    state.store.execute(change, {"lately": (BEFORE + timedelta(days=1)).isoformat()})
    assert state.retention.drop_orders(BEFORE) == 0
    for table in ("inbox", "packages", "invoices", "returns", "return_requests"):
        assert size(state, table) == 1, table


def test_an_order_in_penalty_is_kept_as_long_as_its_penalty(state: State) -> None:
    take_in(state, row())
    fail(state, "orders.push", ID, NOW)
    assert state.retention.drop_orders(BEFORE) == 0
    state.penalties.clear("1")
    assert state.retention.drop_orders(BEFORE) == 1


def test_what_was_told_of_orders_of_an_earlier_state_file_goes_too(state: State) -> None:
    take_in(state, row())
    take_in(state, row("403-0000002-1234567", NOW - timedelta(days=10)))
    state.store.execute("DELETE FROM inbox")
    state.retention.drop_orders(BEFORE)
    for table in ("packages", "invoices", "returns", "return_requests"):
        assert size(state, table) == 1, table


def fail(state: State, flow: str, key: str, at: datetime, settings: Any = NO_RETRY) -> None:
    """A penalty, stopped at once unless the settings say otherwise."""
    state.penalties.fail(
        *("1", flow, key), settings=settings, now=at, content_type="x", code="c", reason="r"
    )


def test_penalties_stopped_long_ago_go_and_those_that_are_tried_stay(state: State) -> None:
    fail(state, "stock.push", "STOPPED", LONG_AGO)
    fail(state, "stock.push", "STOPPED-LATELY", NOW - timedelta(days=700))
    fail(state, "stock.push", "TRIED", LONG_AGO, PenaltySettings(3600, 99_999, 3))
    state.retention.drop_records(BEFORE, ["stock.push"])
    assert [each.key for each in state.penalties.list()] == ["STOPPED-LATELY", "TRIED"]


def test_goods_that_waited_for_years_go_and_orders_that_wait_stay(state: State) -> None:
    for flow, key, at in (
        ("stock.push", "GONE", LONG_AGO),
        ("stock.push", "LATELY", NOW),
        ("orders.push", ID, LONG_AGO),
    ):
        state.waiting.hold("1", flow, key, code="c", reason="r", now=at)
    state.store.execute(
        "INSERT INTO cursors VALUES ('cancel_asked:1', '', ?), ('cancelXasked:2', '', ?)",
        [LONG_AGO.isoformat(), LONG_AGO.isoformat()],
    )
    state.retention.drop_records(BEFORE, ["stock.push"])
    assert {each.key for each in state.waiting.list()} == {"LATELY", ID}
    names = [each["name"] for each in state.store.rows("SELECT name FROM cursors")]
    assert names == ["cancelXasked:2"]


def withdrawn(state: State, sku: str, at: datetime = LONG_AGO) -> None:
    """A SKU whose product left the catalog then, its stock confirmed to be zero."""
    state.listings.know("1", [(sku, 1)])
    state.listings.withdraw("1", [sku], at)
    state.listings.unlinked("1", [sku])
    state.store.execute(
        """INSERT INTO listing_values (channel, sku, attribute, confirmed)
        VALUES ('1', ?, 'quantity', '0')""",
        [sku],
    )


def test_skus_taken_off_sale_long_ago_go(state: State) -> None:
    withdrawn(state, "GONE")
    withdrawn(state, "LATELY", NOW - timedelta(days=30))
    state.listings.know("1", [("ON-SALE", 2)])
    state.retention.drop_withdrawn(BEFORE)
    assert set(state.listings.by_skus("1", ["GONE", "LATELY", "ON-SALE"])) == {"LATELY", "ON-SALE"}
    assert [each["sku"] for each in state.store.rows("SELECT sku FROM listing_values")] == [
        "LATELY"
    ]


@pytest.mark.parametrize(
    "reason",
    [
        "UPDATE listings SET unlinked = 0",
        "UPDATE listing_values SET check_at = '2026-01-01'",
        "UPDATE listing_values SET resend = 1",
        "INSERT INTO fences VALUES ('1', 'GONE', 'somebody')",
        "INSERT INTO snapshot_rows (channel, sku, status, by_amazon) VALUES ('1', 'GONE', 'x', 0)",
    ],
)
def test_a_sku_off_sale_with_something_left_to_do_is_kept(state: State, reason: str) -> None:
    withdrawn(state, "GONE")
    state.store.execute(reason)
    state.retention.drop_withdrawn(BEFORE)
    assert set(state.listings.by_skus("1", ["GONE"])) == {"GONE"}


def fill(state: State, rows: int, at: datetime = NOW) -> None:
    """So many records in the journal, of about 200 bytes each."""
    run_id = state.runs.begin("1", "stock.push", at, dry_run=False)
    reason = "quantity 5, of which 3 wait for their listing; " * 2
    outcomes = (OutcomeRow(f"SKU-{n:07d}", "sent", "", reason, "req") for n in range(rows))
    state.runs.record(run_id, "1", "stock.push", outcomes, at)


def megabytes(state: State) -> float:
    """What the state file takes on the disk, its WAL included."""
    folder = state.store.path.parent
    return sum(file.stat().st_size for file in folder.glob("state.db*")) / 1e6


def test_the_file_shrinks_when_much_of_it_is_empty(state: State) -> None:
    fill(state, 25_000)
    full = megabytes(state)
    state.runs.prune(NOW + timedelta(days=1), 1_000)
    assert state.retention.give_back() > 0
    assert full > 5
    assert megabytes(state) < full / 3
    assert state.store.rows("PRAGMA quick_check") == [{"quick_check": "ok"}]


def test_a_little_room_is_kept_for_what_comes(state: State) -> None:
    fill(state, 3_000)
    state.runs.prune(NOW + timedelta(days=1), 1_000)
    assert state.retention.give_back() == 0


def test_others_write_while_the_file_shrinks(state: State) -> None:
    fill(state, 25_000)
    state.runs.prune(NOW + timedelta(days=1), 1_000)
    other = State.open(state.store.path, FakeClock(NOW))
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not stop.is_set():
            other.cursors.put("place", str(len(written)), NOW)
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert state.retention.give_back() > 0
    finally:
        stop.set()
        writer.join()
        other.close()
    assert written
    assert state.cursors.get("place") == str(len(written) - 1)


def test_every_table_has_its_bound_told(state: State) -> None:
    tables = state.store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    told = (retention.__doc__ or "").split("Orders are remembered")[0]
    names = {each["name"] for each in tables} - {"_sqlite_migrations", "sqlite_sequence"}
    assert names - set(re.findall("[a-z_]+", told)) == set()


def live_a_day(state: State, day: int) -> None:
    """A day of a small shop, in little: runs, records, orders, look-ups, a product come and gone.

    And the night after it, with the settings' own numbers.
    """
    at = NOW + timedelta(days=day)
    for _ in range(20):
        run_id = state.runs.begin("1", "stock.push", at, dry_run=False)
        state.runs.end(run_id, at, 0, {}, {"list_product_stock_updates": 1}, None)
    fill(state, 50, at)
    for number in range(4):
        take_in(state, row(f"{day:03d}-{day * 4 + number:07d}-1234567", at))
    state.lookups.put("1", "township", f"day-{day}", {"pk": day}, timedelta(days=1))
    fail(state, "stock.push", f"SKU-{day}", at)
    state.waiting.hold("1", "stock.push", f"SKU-{day}", code="c", reason="r", now=at)
    withdrawn(state, f"SKU-{day}", at)
    state.runs.prune(at - timedelta(days=30), 200_000)
    state.retention.drop_records(at - timedelta(days=180), ["stock.push"])
    state.retention.drop_orders(at - timedelta(days=180))
    state.retention.drop_withdrawn(at - timedelta(days=180))
    state.retention.give_back()


def test_four_hundred_days_keep_the_file_as_small_as_its_windows(state: State) -> None:
    clock = state.store.clock
    assert isinstance(clock, FakeClock)
    sizes = {}
    for day in range(400):
        clock.at = NOW + timedelta(days=day)
        state.lookups.prune()
        live_a_day(state, day)
        if day in (200, 399):
            state.store.truncate_wal()
            counts = {table: size(state, table) for table in (*OF_ORDERS, "runs", "outcomes")}
            counts |= {name: size(state, name) for name in ("penalties", "waiting", "listings")}
            counts |= {name: size(state, name) for name in ("lookups", "listing_values")}
            sizes[day] = (counts, megabytes(state))
    full, last = sizes[200], sizes[399]
    assert last[0] == full[0], "once every window is full nothing grows"
    assert last[1] <= full[1] * 1.05
    assert last[1] < 3, "megabytes, for 720 orders, 630 runs and 1,500 records"
