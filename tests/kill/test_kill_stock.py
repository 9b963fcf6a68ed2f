"""`stock push`, killed anywhere: Amazon ends with the right values, and no feed is made twice."""

from __future__ import annotations

import random

import pytest

from tests.kill.processes import KILLED, start
from tests.kill.stock_world import change_stocks, problems
from tests.kill.walk import begin, walk
from tests.kill.wrapper import Kind, Point, When
from tests.shop import Shop

PUSH = ["stock", "push"]
FEW, MANY, TWO_BATCHES = 3, 5, 105

anywhere = pytest.mark.parametrize(
    ("kind", "when"),
    [("call", "before"), ("call", "after"), ("commit", "before"), ("commit", "after")],
)


@anywhere
def test_killed_at_any_point_of_three_patches_the_values_arrive(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(http={"in_flight": 1})

    points = walk(shop, PUSH, kind, when, _few, lambda shop: _judge(shop, FEW, feeds=0))

    assert points > 10


@anywhere
def test_killed_at_any_point_of_a_submission_one_feed_is_made(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(http={"in_flight": 1}, stock={"patch_limit": 2})

    points = walk(shop, PUSH, kind, when, _many, lambda shop: _judge(shop, MANY, feeds=1))

    assert points > 10


@anywhere
def test_killed_at_any_point_of_collecting_a_feed_its_results_are_written_back(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(http={"in_flight": 1}, stock={"patch_limit": 2})

    points = walk(shop, PUSH, kind, when, _submitted, lambda shop: _judge(shop, MANY, feeds=1))

    assert points > 5


@pytest.mark.parametrize("seed", range(10))
def test_killed_while_staging_two_batches_one_feed_is_made_and_the_rest_is_patched(
    shop: Shop, seed: int
) -> None:
    shop.configure(stock={"patch_limit": 50})
    draw = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    begin(shop, _two_batches)
    kind: Kind = draw.choice(["call", "commit"])
    first, last = {"call": (11, 20), "commit": (10, 25)}[kind]  # from the first batch to the feed

    point = Point(kind, draw.randint(first, last), draw.choice(["before", "after"]))
    assert start(shop, *PUSH, point=point).end().code == KILLED

    assert _judge(shop, TWO_BATCHES, feeds=1) == []


def _two_batches(shop: Shop) -> None:
    change_stocks(shop, TWO_BATCHES)


def _few(shop: Shop) -> None:
    change_stocks(shop, FEW)


def _many(shop: Shop) -> None:
    change_stocks(shop, MANY)


def _submitted(shop: Shop) -> None:
    """A feed is in flight, and Amazon has been through with it since."""
    _many(shop)
    assert shop.run(*PUSH).code == 0
    shop.clock.advance(minutes=10)


def _judge(shop: Shop, count: int, feeds: int) -> list[str]:
    """The next runs send, collect and read back; then all is as it must be."""
    codes = []
    for minutes in (1, 4, 10, 30):
        shop.clock.advance(minutes=minutes)
        codes.append(shop.run(*PUSH).code)
    found = problems(shop, count)
    if any(codes):
        found.append(f"the next runs ended {codes}")
    if (made := shop.sandbox.count("createFeed")) != feeds:
        found.append(f"{made} feeds instead of {feeds}")
    return found
