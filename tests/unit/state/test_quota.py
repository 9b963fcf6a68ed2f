"""The quota ledger: tokens shared by processes, kept over runs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.errors import AmzsyncError, StateUnavailableError, ThrottledError
from amzsync.http.operation import Operation
from amzsync.state.quota import Ledger
from amzsync.state.store import Store

SEARCH = Operation("searchOrders", "GET", "/orders", rate=0.0056, burst=20)
PATCH = Operation("patchListingsItem", "PATCH", "/items", mutates=True, rate=5.0, burst=5)
STEADY = Operation("steady", "PATCH", "/items", mutates=True, rate=5.0, burst=5, steady=True)


class SetClock(Clock):
    """A clock the test sets."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment the test set."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    with Store.open(tmp_path / "state.sqlite3", clock) as opened:
        yield opened


def spend(ledger: Ledger, operation: Operation) -> int:
    """Take tokens until none is to be had at once; how many there were."""
    count = 0
    while True:
        try:
            ledger.take(operation, reserve=0, max_wait=0)
        except ThrottledError:
            return count
        count += 1


def test_a_new_bucket_holds_its_burst(store: Store, clock: SetClock) -> None:
    assert spend(Ledger(store, clock), SEARCH) == 20


def test_a_refused_take_names_the_wait_and_books_nothing(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    spend(ledger, SEARCH)
    for _ in range(3):
        with pytest.raises(ThrottledError) as refused:
            ledger.take(SEARCH, reserve=0, max_wait=10)
        assert refused.value.wait == pytest.approx(1 / 0.0056)
        assert refused.value.operation == "searchOrders"


def test_an_allowed_wait_goes_into_debt_and_the_next_one_waits_longer(
    store: Store, clock: SetClock
) -> None:
    ledger = Ledger(store, clock)
    waits = [ledger.take(PATCH, reserve=0, max_wait=10) for _ in range(8)]
    assert waits == pytest.approx([0, 0, 0, 0, 0, 0.2, 0.4, 0.6])


def test_steady_requests_leave_two_at_once_however_long_nobody_asked(
    store: Store, clock: SetClock
) -> None:
    ledger = Ledger(store, clock)
    for _ in range(2):
        waits = [ledger.take(STEADY, reserve=0, max_wait=10) for _ in range(5)]
        assert waits == pytest.approx([0, 0, 0.2, 0.4, 0.6], abs=0.01)
        clock.sleep(3_600)
    assert [row.tokens for row in ledger.rows()] == [2.0]


def test_steady_requests_of_two_processes_are_300_a_minute_together(
    tmp_path: Path, clock: SetClock
) -> None:
    path, left = tmp_path / "state.sqlite3", []
    with Store.open(path, clock) as one, Store.open(path, clock) as two:
        for _ in range(400):
            for store in (one, two):
                wait = Ledger(store, clock).take(STEADY, reserve=0, max_wait=10)
                left.append(clock.now() + timedelta(seconds=wait))
            clock.sleep(0.4)
    ends = (bisect_left(left, start + timedelta(minutes=1)) for start in left)
    assert max(end - first for first, end in enumerate(ends)) in (299, 300)


def test_a_higher_rate_that_was_granted_is_used_steadily(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    ledger.learn(STEADY, 50.0)
    waits = [ledger.take(STEADY, reserve=0, max_wait=10) for _ in range(4)]
    assert waits == pytest.approx([0, 0, 0.02, 0.04], abs=0.001)


def test_a_rate_that_is_stated_again_costs_no_write(store: Store, clock: SetClock) -> None:
    Ledger(store, clock).learn(SEARCH, 0.5)
    again = Ledger(store, clock)
    again.take(SEARCH, reserve=0, max_wait=0)
    before = store.db.conn.total_changes
    again.learn(SEARCH, 0.5)
    assert store.db.conn.total_changes == before
    again.learn(SEARCH, 0.25)
    assert [row.rate for row in again.rows()] == [0.25]


def test_tokens_outlast_the_process_that_left_them(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "state.sqlite3"
    with Store.open(path, clock) as store:
        spend(Ledger(store, clock), SEARCH)
    clock.sleep(3 / 0.0056 + 1)
    with Store.open(path, clock) as store:
        assert spend(Ledger(store, clock), SEARCH) == 3


def test_the_last_tokens_can_be_left_for_others(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    for _ in range(15):
        ledger.take(SEARCH, reserve=5, max_wait=0)
    with pytest.raises(ThrottledError):
        ledger.take(SEARCH, reserve=5, max_wait=0)
    assert spend(ledger, SEARCH) == 5


def test_a_429_empties_the_bucket(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    ledger.empty(PATCH)
    assert ledger.take(PATCH, reserve=0, max_wait=1) == pytest.approx(0.2)


def test_a_stated_rate_counts_from_then_on(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    spend(ledger, SEARCH)
    clock.sleep(1 / 0.0056 + 0.01)  # one token, earned at the published rate
    ledger.learn(SEARCH, 0.5)
    clock.sleep(4.01)  # two more at the stated one
    assert spend(ledger, SEARCH) == 3
    assert [(row.rate, row.stated) for row in ledger.rows()] == [(0.5, True)]


@pytest.mark.parametrize("rate", [0.0, -2.0, float("nan")])
def test_an_absurd_stated_rate_is_ignored(store: Store, clock: SetClock, rate: float) -> None:
    ledger = Ledger(store, clock)
    ledger.take(SEARCH, reserve=0, max_wait=0)
    ledger.learn(SEARCH, rate)
    assert [(row.rate, row.stated) for row in ledger.rows()] == [(0.0056, False)]


def test_a_newly_published_rate_counts_unless_the_far_side_stated_one(
    store: Store, clock: SetClock
) -> None:
    ledger = Ledger(store, clock)
    spend(ledger, SEARCH)
    faster = Operation("searchOrders", "GET", "/orders", rate=1.0, burst=20)
    with pytest.raises(ThrottledError) as refused:
        ledger.take(faster, reserve=0, max_wait=0)
    assert refused.value.wait == pytest.approx(1.0)


def test_operations_of_one_bucket_share_its_tokens(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    twin = Operation("otherName", "GET", "/x", rate=0.0056, burst=20, bucket="searchOrders")
    ledger.take(twin, reserve=0, max_wait=0)
    assert spend(ledger, SEARCH) == 19


def test_the_list_shows_buckets_as_they_stand_now(store: Store, clock: SetClock) -> None:
    ledger = Ledger(store, clock)
    spend(ledger, PATCH)
    ledger.take(SEARCH, reserve=0, max_wait=0)
    clock.sleep(0.4)
    rows = {row.bucket: row.tokens for row in ledger.rows()}
    assert rows == {
        "patchListingsItem": pytest.approx(2.0),
        "searchOrders": pytest.approx(19 + 0.4 * 0.0056),
    }


def test_two_connections_never_hand_out_one_token_twice(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "state.sqlite3"
    many = Operation("many", "GET", "/x", rate=0.001, burst=1_000)
    with Store.open(path, clock) as one, Store.open(path, clock) as two:
        ledgers = [Ledger(one, clock), Ledger(two, clock)]
        with ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(lambda ledger: spend(ledger, many), ledgers))
    assert sum(taken) == 1_000


def test_a_take_under_way_keeps_the_other_processes_out(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "state.sqlite3"
    with Store.open(path, clock) as one, Store.open(path, clock) as two:
        two.db.conn.execute("PRAGMA busy_timeout = 0")
        refused: list[AmzsyncError] = []

        class Meddling(SetClock):
            def now(self) -> datetime:
                """Amid the first take, try another."""
                try:
                    Ledger(two, clock).take(SEARCH, reserve=0, max_wait=0)
                except StateUnavailableError as error:
                    refused.append(error)
                return super().now()

        Ledger(one, Meddling()).take(SEARCH, reserve=0, max_wait=0)
        assert len(refused) == 1
        assert spend(Ledger(two, clock), SEARCH) == 19
