"""Channels, cursors and waiting records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.channels import Channel, Channels
from amzsync.state.cursors import Cursors
from amzsync.state.store import Store, to_moment, to_text
from amzsync.state.waiting import Waitings

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
TR = Channel("tr", "Amazon TR", "A33AVAJ2PDY3EV", "MERCHANT", NOW - timedelta(days=30))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.sqlite3", Clock()) as opened:
        yield opened


def changes(store: Store) -> int:
    """Rows changed on this connection so far."""
    return store.db.conn.total_changes


def test_channels_come_back_as_registered_by_key(store: Store) -> None:
    channels = Channels(store)
    fba = Channel("fba", "Amazon FBA", "A33AVAJ2PDY3EV", "AMAZON", None)
    channels.register(TR, NOW)
    channels.register(fba, NOW)
    assert channels.all() == [fba, TR]


def test_a_changed_channel_is_written_at_once(store: Store) -> None:
    channels = Channels(store)
    channels.register(TR, NOW)
    renamed = replace(TR, name="Amazon Türkiye", order_start_date=None)
    channels.register(renamed, NOW)
    assert channels.all() == [renamed]


def test_an_unchanged_channel_is_written_once_an_hour(store: Store) -> None:
    channels = Channels(store)
    channels.register(TR, NOW)
    before = changes(store)
    channels.register(TR, NOW + timedelta(minutes=59))
    assert changes(store) == before
    channels.register(TR, NOW + timedelta(minutes=60))
    assert changes(store) == before + 1


def test_a_cursor_is_what_was_put_last_until_it_is_dropped(store: Store) -> None:
    cursors = Cursors(store)
    assert cursors.get("intake") is None
    cursors.put("intake", "one", NOW)
    cursors.put("intake", "two", NOW)
    cursors.put("other", "three", NOW)
    assert cursors.get("intake") == "two"
    cursors.drop("intake")
    assert (cursors.get("intake"), cursors.get("other")) == (None, "three")


def hold(waitings: Waitings, key: str, code: str = "not_listed", minutes: int = 0) -> None:
    waitings.hold(
        "tr",
        "stock.push",
        key,
        code=code,
        reason=f"{key} waits",
        now=NOW + timedelta(minutes=minutes),
    )


def test_a_waiting_record_keeps_the_moment_it_began_to_wait(store: Store) -> None:
    waitings = Waitings(store)
    hold(waitings, "SKU-1")
    hold(waitings, "SKU-1", code="outcome_unknown", minutes=30)
    (row,) = waitings.list()
    assert (row.since, row.code, row.reason) == (NOW, "outcome_unknown", "SKU-1 waits")


def test_a_released_record_waits_anew_when_it_is_held_again(store: Store) -> None:
    waitings = Waitings(store)
    hold(waitings, "SKU-1")
    waitings.release("tr", "stock.push", ["SKU-1", "SKU-2"])
    assert waitings.list() == []
    hold(waitings, "SKU-1", minutes=30)
    assert waitings.list()[0].since == NOW + timedelta(minutes=30)


def test_waiting_keys_are_told_by_what_they_wait_for(store: Store) -> None:
    waitings = Waitings(store)
    hold(waitings, "SKU-1")
    hold(waitings, "SKU-2", code="outcome_unknown")
    assert waitings.keys("tr", "stock.push") == {"SKU-1", "SKU-2"}
    assert waitings.keys("tr", "stock.push", "not_listed") == {"SKU-1"}
    assert waitings.keys("de", "stock.push") == frozenset()


def test_the_longest_waiting_comes_first(store: Store) -> None:
    waitings = Waitings(store)
    hold(waitings, "A", minutes=5)
    hold(waitings, "B")
    assert [row.key for row in waitings.list("tr", "stock.push")] == ["B", "A"]
    assert waitings.list("tr", "prices.push") == []


def test_a_waiting_reason_is_masked(store: Store) -> None:
    waitings = Waitings(store)
    waitings.hold("tr", "orders.push", "1", code="c", reason="ask demo@example.com", now=NOW)
    assert waitings.list()[0].reason == "ask ***"


def test_times_keep_their_microseconds_and_come_back_in_utc() -> None:
    local = datetime(2026, 3, 1, 11, 0, 0, 7, tzinfo=timezone(timedelta(hours=3)))
    assert to_text(local) == "2026-03-01T08:00:00.000007+00:00"
    assert to_moment(to_text(local)) == local


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        to_text(datetime(2026, 3, 1))  # noqa: DTZ001 - the fault under test
