"""Penalties: when a record is tried again, when it is stopped, and how it is cleared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync import redaction
from amzsync.clock import Clock
from amzsync.state.penalties import Penalties, Penalty, PenaltySettings, sentence
from amzsync.state.store import Store

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ORDERS = PenaltySettings(retry_interval=28800, expiration_date=57601, max_retry_count=3)
PRODUCTS = PenaltySettings(retry_interval=28800, expiration_date=57601, max_retry_count=2)


@pytest.fixture
def penalties(tmp_path: Path) -> Iterator[Penalties]:
    with Store.open(tmp_path / "state.sqlite3", Clock()) as store:
        yield Penalties(store)


def fail(
    penalties: Penalties,
    key: str = "SKU-1",
    *,
    at: float = 0,
    settings: PenaltySettings = PRODUCTS,
    channel: str = "tr",
    flow: str = "products.push",
    reason: str = "Price data not found",
    object_id: str | None = None,
) -> Penalty:
    return penalties.fail(
        channel,
        flow,
        key,
        settings=settings,
        now=START + timedelta(seconds=at),
        content_type="product",
        code="price",
        reason=reason,
        object_id=object_id,
    )


def tries(penalties: Penalties, settings: PenaltySettings, late: float) -> list[float]:
    """Seconds at which a record that always fails is tried, by runs that come `late` each time."""
    moments = [0.0]
    penalty = fail(penalties, settings=settings)
    while not penalty.stopped:
        moments.append((penalty.next_try_at - START).total_seconds() + late)
        penalty = fail(penalties, settings=settings, at=moments[-1])
    return moments


@pytest.mark.parametrize("settings", [ORDERS, PRODUCTS])
def test_with_the_manuals_numbers_tries_fall_at_0_28800_and_57600_seconds(
    penalties: Penalties, settings: PenaltySettings
) -> None:
    assert tries(penalties, settings, late=0) == [0, 28_800, 57_600]


def test_runs_that_come_some_minutes_late_cost_no_try(penalties: Penalties) -> None:
    assert tries(penalties, ORDERS, late=240) == [0, 29_040, 58_080]


def test_a_failure_after_the_time_is_up_stops_the_record(penalties: Penalties) -> None:
    fail(penalties, settings=ORDERS)
    assert fail(penalties, settings=ORDERS, at=57_602).stopped


def test_a_record_is_held_until_its_interval_is_over_and_then_due(penalties: Penalties) -> None:
    fail(penalties)
    early = START + timedelta(seconds=28_799)
    ready = START + timedelta(seconds=28_800)
    assert penalties.held("tr", "products.push", early) == {"SKU-1"}
    assert penalties.due("tr", "products.push", early) == []
    assert penalties.held("tr", "products.push", ready) == frozenset()
    assert [row.key for row in penalties.due("tr", "products.push", ready)] == ["SKU-1"]


def test_a_stopped_record_is_held_for_good_and_never_due(penalties: Penalties) -> None:
    fail(penalties, settings=PenaltySettings(60, 3600, 0))
    later = START + timedelta(days=400)
    assert penalties.held("tr", "products.push", later) == {"SKU-1"}
    assert penalties.due("tr", "products.push", later) == []


def test_a_stopped_record_that_fails_again_stays_stopped_under_wider_settings(
    penalties: Penalties,
) -> None:
    fail(penalties, settings=PenaltySettings(60, 3600, 0))
    assert fail(penalties, settings=PenaltySettings(60, 3600, 9), at=90).stopped


def test_changed_settings_apply_from_the_next_failure_on(penalties: Penalties) -> None:
    three_hours = PenaltySettings(10_800, 57_601, 3)
    two_hours = PenaltySettings(7_200, 57_601, 3)
    first = fail(penalties, settings=three_hours)
    held_at = START + timedelta(seconds=7_300)
    assert penalties.held("tr", "products.push", held_at) == {"SKU-1"}
    second = fail(penalties, settings=two_hours, at=10_800)
    assert first.next_try_at == START + timedelta(hours=3)
    assert second.next_try_at == START + timedelta(hours=5)


def test_what_is_read_back_is_what_was_set(penalties: Penalties) -> None:
    set_ = fail(penalties, at=0.123456, object_id="91")
    assert penalties.get("tr", "products.push", "SKU-1") == set_
    assert penalties.list() == [set_]


def test_the_object_id_of_an_earlier_failure_is_kept(penalties: Penalties) -> None:
    fail(penalties, object_id="91")
    assert fail(penalties, at=28_800).object_id == "91"


def test_a_record_that_goes_through_starts_afresh(penalties: Penalties) -> None:
    fail(penalties)
    penalties.forgive("tr", "products.push", ["SKU-1", "SKU-never-failed"])
    again = fail(penalties, at=40_000)
    assert (again.failures, again.first_failed_at) == (1, START + timedelta(seconds=40_000))


def test_a_penalty_holds_back_no_other_flow_and_no_other_channel(penalties: Penalties) -> None:
    fail(penalties)
    assert penalties.held("tr", "stock.push", START) == frozenset()
    assert penalties.held("tr-fba", "products.push", START) == frozenset()


def test_clearing_by_key_reaches_all_flows_of_the_channel_and_tells_what_went(
    penalties: Penalties,
) -> None:
    fail(penalties, "SKU-1")
    fail(penalties, "SKU-1", flow="stock.push")
    fail(penalties, "SKU-2")
    fail(penalties, "SKU-1", channel="de")
    removed = penalties.clear("tr", keys=["SKU-1"])
    assert [(row.flow, row.key) for row in removed] == [
        ("products.push", "SKU-1"),
        ("stock.push", "SKU-1"),
    ]
    assert [(row.channel, row.key) for row in penalties.list()] == [
        ("de", "SKU-1"),
        ("tr", "SKU-2"),
    ]


def test_clearing_a_flow_leaves_the_others(penalties: Penalties) -> None:
    fail(penalties)
    fail(penalties, flow="stock.push")
    penalties.clear("tr", "stock.push")
    assert [row.flow for row in penalties.list("tr")] == ["products.push"]


def test_clearing_no_keys_clears_nothing(penalties: Penalties) -> None:
    fail(penalties)
    assert penalties.clear("tr", keys=[]) == []
    assert len(penalties.list()) == 1


def test_keys_may_hold_any_characters_and_be_many(penalties: Penalties) -> None:
    odd = ["A/B", "a b", "çğış", "x'; DROP TABLE penalties; --", '"', "%_"]
    for key in odd:
        fail(penalties, key)
    many = [f"SKU-{number}" for number in range(50_000)]
    penalties.forgive("tr", "products.push", many)
    assert {row.key for row in penalties.list(keys=[*many, *odd])} == set(odd)
    penalties.forgive("tr", "products.push", odd)
    assert penalties.list() == []


def test_a_reason_is_masked_and_cut(penalties: Penalties) -> None:
    redaction.hide(["Zümrüt Anka"])
    reason = "Address of Zümrüt Anka <zumrut@example.com> is not valid. " + "x" * 600
    kept = fail(penalties, reason=reason).reason
    redaction.forget()
    assert kept.startswith("Address of *** <***> is not valid. x")
    assert len(kept) == 500


@given(
    interval=st.integers(0, 100_000),
    expiration=st.integers(0, 500_000),
    count=st.integers(0, 12),
    lateness=st.lists(st.integers(0, 50_000), min_size=1, max_size=20),
)
def test_every_record_is_stopped_in_time_and_never_tried_too_early(
    interval: int, expiration: int, count: int, lateness: list[int]
) -> None:
    settings = PenaltySettings(interval, expiration, count)
    now = due = START
    for failures in range(1, count + 2):
        verdict = sentence(settings, failures=failures, first_failed_at=START, due_at=due, now=now)
        assert verdict.next_try_at == now + timedelta(seconds=interval)
        if verdict.stopped:
            break
        late = timedelta(seconds=lateness[failures % len(lateness)])
        due, now = verdict.next_try_at, verdict.next_try_at + late
    else:
        pytest.fail(f"not stopped after {count} retries")
    if failures <= count:  # stopped for want of time, not of retries
        end = START + timedelta(seconds=expiration)
        assert due + timedelta(seconds=interval) > end or now > end


@given(st.integers(1, 100_000), st.integers(0, 500_000), st.integers(0, 12))
def test_punctual_tries_are_as_many_as_count_and_time_allow(
    interval: int, expiration: int, count: int
) -> None:
    settings = PenaltySettings(interval, expiration, count)
    now, failures, stopped = START, 0, False
    while not stopped:
        failures += 1
        verdict = sentence(settings, failures=failures, first_failed_at=START, due_at=now, now=now)
        now, stopped = verdict.next_try_at, verdict.stopped
    assert failures == 1 + min(count, expiration // interval)
