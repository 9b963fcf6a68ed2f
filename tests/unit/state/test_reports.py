"""Reports in the state: which differences still stand, the trend, and the journal by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.listings import PRICE, QUANTITY, Value
from amzsync.state.reports import FIGURES, Found, Told
from amzsync.state.state import State

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(tmp_path / "state.db", Clock())
    yield opened
    opened.close()


def tell(state: State, at: datetime, *found: Found, channel: str = "1", keep: int = 30) -> None:
    state.reports.find(channel, found, at)
    figures = dict.fromkeys(FIGURES, 0) | state.reports.counted(channel, at)
    told = Told(at, at - HOUR, 0, figures)
    state.reports.tell(channel, told, at - timedelta(days=keep))


def difference(sku: str, kind: str, stock: int = 0) -> Found:
    return Found(sku, kind, "1", "2", "", "", 7, stock, fixable=True)


def send(state: State, sku: str, attribute: str, at: datetime) -> None:
    state.listings.accepted("1", [(sku, Value(attribute, "1"))], at, at + HOUR)


def standing(state: State) -> set[tuple[str, str]]:
    return {(row.sku, row.kind) for row in state.reports.standing("1")}


def test_a_difference_stands_until_its_own_value_is_sent(state: State) -> None:
    send(state, "A", QUANTITY, NOW - HOUR)
    tell(state, NOW, difference("A", "stock"), difference("A", "price"), difference("B", "stock"))
    assert standing(state) == {("A", "stock"), ("A", "price"), ("B", "stock")}
    send(state, "A", QUANTITY, NOW + HOUR)
    assert standing(state) == {("A", "price"), ("B", "stock")}
    assert state.reports.sent_since("1") == 1


def test_either_value_may_bring_a_product_back_on_sale(state: State) -> None:
    tell(state, NOW, difference("A", "not on sale"), difference("B", "not on sale"))
    send(state, "A", PRICE, NOW + HOUR)
    assert standing(state) == {("B", "not on sale")}


def test_what_somebody_is_at_work_on_does_not_stand(state: State) -> None:
    tell(state, NOW, difference("A", "stock"))
    state.fences.claim("1", ["A"], "a feed")
    assert standing(state) == set()
    state.fences.release("1", "a feed")
    assert standing(state) == {("A", "stock")}


def test_a_report_that_was_never_told_leaves_the_last_one_as_it_is(state: State) -> None:
    tell(state, NOW, difference("A", "stock"))
    state.reports.find("1", [difference("B", "stock")], NOW + HOUR)  # and then it is killed
    assert standing(state) == {("A", "stock")}
    tell(state, NOW + 2 * HOUR, difference("C", "stock"))
    assert standing(state) == {("C", "stock")}


def test_differences_are_counted_into_the_figures(state: State) -> None:
    tell(
        state,
        NOW,
        *(difference(sku, "not on sale", stock=5) for sku in "AB"),
        *(difference(sku, "price") for sku in "ABC"),
        difference("D", "stock"),
    )
    (told,) = state.reports.history("1")
    assert told.figures["total_sku_difference"] == 2
    assert told.figures["total_stock_difference"] == 10
    assert told.figures["skus_with_price_difference"] == 3
    assert told.figures["skus_with_stock_difference"] == 1


def test_channels_know_nothing_of_each_other(state: State) -> None:
    tell(state, NOW, difference("A", "stock"))
    tell(state, NOW, channel="2")
    assert standing(state) == {("A", "stock")}
    assert [len(state.reports.history(channel)) for channel in "123"] == [1, 1, 0]


def test_old_figures_go(state: State) -> None:
    for days in range(5):
        tell(state, NOW + timedelta(days=days), keep=2)
    assert len(state.reports.history("1")) == 3


def test_the_journal_is_told_by_day(state: State) -> None:
    runs = state.runs
    for hours, code, counts, calls, dry in (
        (0, 0, {"sent": 3, "failed": 1}, {"searchOrders": 9, "searchOrders:429": 2}, False),
        (1, 5, {"submitted": 4}, {}, False),
        (2, 9, {}, {}, False),
        (3, 0, {"sent": 100}, {}, True),
        (24, 1, {"failed": 2}, {}, False),
    ):
        number = runs.begin("1", "stock.push", NOW + timedelta(hours=hours), dry)
        runs.end(number, NOW, code, counts, calls, None)
    runs.begin("2", "stock.push", NOW, False)
    first, second = runs.days("1", NOW)
    assert (first.day.isoformat(), first.runs, first.failed_runs) == ("2026-11-23", 3, 1)
    assert (first.sent, first.failed, first.throttled) == (7, 1, 2)
    assert (second.runs, second.failed_runs, second.failed) == (1, 0, 2)
    assert runs.days("1", NOW + timedelta(days=2)) == []
