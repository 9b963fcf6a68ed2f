"""Laws of the token bucket."""

from __future__ import annotations

from bisect import bisect_left
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.http.pacing import Bucket, book, due_in, emptied, plausible, refill, steady_cost

EPSILON = 1e-6

RATES = st.sampled_from([0.0056, 0.0083, 0.5, 2.0, 5.0])
BURSTS = st.integers(1, 30)
SECONDS = st.floats(0, 2000)


def departures(
    bucket: Bucket,
    asked: list[tuple[float, int]],
    max_wait: float = float("inf"),
    cost: float = 1,
) -> list[float]:
    """When the requests of a schedule of (seconds since the last, reserve) leave, sorted."""
    now = bucket.updated_at
    left = []
    for gap, reserve in asked:
        now += gap
        bucket = refill(bucket, now)
        wait = due_in(bucket, reserve)
        if wait <= max_wait:
            bucket = book(bucket, cost)
            left.append(now + wait)
    return sorted(left)


@given(
    RATES,
    BURSTS,
    st.lists(st.tuples(SECONDS, st.integers(0, 40)), max_size=40),
    st.sampled_from([0.0, 10.0, float("inf")]),
)
def test_no_window_sees_more_than_burst_and_rate_allow(
    rate: float, burst: int, asked: list[tuple[float, int]], max_wait: float
) -> None:
    left = departures(Bucket(float(burst), rate, burst, 0.0), asked, max_wait)
    for first, start in enumerate(left):
        for last in range(first, len(left)):
            assert last - first + 1 <= burst + rate * (left[last] - start) + EPSILON


@given(
    st.sampled_from([1.0, 5.0, 40.0]),
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.1, 3.0, 70.0]), st.just(0)), min_size=300),
    st.randoms(use_true_random=False),
)
def test_no_minute_sees_more_than_60_times_the_rate_of_steady_requests_even_if_some_leave_late(
    rate: float, asked: list[tuple[float, int]], random: Random
) -> None:
    left = departures(Bucket(2.0, rate, 2, 0.0), asked, cost=steady_cost(rate))
    late = sorted(moment + random.choice([0.0, 0.19]) for moment in left)
    ends = (bisect_left(late, start + 60) for start in late)
    assert max(end - first for first, end in enumerate(ends)) <= 60 * rate


def test_steady_requests_lose_next_to_nothing_of_the_rate() -> None:
    left = departures(Bucket(2.0, 5.0, 2, 0.0), [(0.0, 0)] * 3_001, cost=steady_cost(5.0))
    assert 3_000 / left[-1] > 4.96


def test_a_short_pause_costs_steady_requests_nothing() -> None:
    asked = [(0.0, 0)] * 100 + [(20.5, 0)] + [(0.0, 0)] * 99
    left = departures(Bucket(2.0, 5.0, 2, 0.0), asked, cost=steady_cost(5.0))
    assert 200 / left[-1] > 4.96


@given(RATES, BURSTS, st.integers(1, 60))
def test_requests_asked_at_once_leave_in_burst_and_then_at_the_rate(
    rate: float, burst: int, count: int
) -> None:
    left = departures(Bucket(float(burst), rate, burst, 0.0), [(0.0, 0)] * count)
    expected = [max(0, number - burst + 1) / rate for number in range(count)]
    assert left == pytest.approx(expected)


@given(RATES, BURSTS, SECONDS, st.lists(SECONDS, max_size=10))
def test_looking_often_earns_no_more_than_looking_once(
    rate: float, burst: int, total: float, looks: list[float]
) -> None:
    bucket = Bucket(0.0, rate, burst, 0.0)
    seen = bucket
    for moment in sorted(look for look in looks if look < total):
        seen = refill(seen, moment)
    assert refill(seen, total).tokens == pytest.approx(refill(bucket, total).tokens, abs=EPSILON)


@given(RATES, BURSTS, SECONDS, SECONDS, st.floats(-5, 5))
def test_a_clock_set_back_neither_makes_nor_takes_tokens(
    rate: float, burst: int, back: float, later: float, tokens: float
) -> None:
    before = Bucket(min(tokens, float(burst)), rate, burst, 10_000.0)
    after = refill(before, 10_000.0 - back)
    assert after.tokens == before.tokens
    earned = refill(after, after.updated_at + later).tokens
    assert earned == pytest.approx(min(burst, before.tokens + rate * later), abs=EPSILON)


def test_a_reserve_is_left_in_the_bucket() -> None:
    bucket = Bucket(5.0, 0.5, 20, 0.0)
    assert due_in(bucket, reserve=4) == 0
    assert due_in(bucket, reserve=5) == 2.0


def test_a_reserve_beyond_the_burst_waits_for_a_full_bucket_and_no_longer() -> None:
    assert due_in(Bucket(3.0, 1.0, 5, 0.0), reserve=50) == 2.0


def test_an_emptied_bucket_has_its_next_token_after_the_reciprocal_of_its_rate() -> None:
    assert due_in(emptied(Bucket(7.0, 0.5, 20, 0.0))) == 2.0


def test_emptying_forgives_no_debt() -> None:
    assert emptied(Bucket(-3.0, 0.5, 20, 0.0)).tokens == -3.0


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e-9, float("nan"), float("inf")])
def test_a_rate_that_would_stop_an_operation_for_good_is_not_believed(rate: float) -> None:
    assert not plausible(rate)


@pytest.mark.parametrize("rate", [0.0056, 0.001, 40.0])
def test_rates_above_and_below_the_published_ones_are_believed(rate: float) -> None:
    assert plausible(rate)
