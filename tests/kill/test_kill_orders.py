"""`orders pull`, killed anywhere: the next runs end with every order exactly once."""

from __future__ import annotations

import random

import pytest

from tests.kill.order_world import place_orders, problems
from tests.kill.processes import KILLED, start
from tests.kill.walk import begin, walk
from tests.kill.wrapper import Kind, Point, When
from tests.shop import Shop

PULL = ["orders", "pull"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_at_any_point_every_order_arrives_exactly_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(http={"in_flight": 1})  # one after the other: the points are always the same

    points = walk(shop, PULL, kind, when, place_orders, _judge)

    assert points > 30


@pytest.mark.parametrize("seed", range(12))
def test_killed_three_times_with_eight_in_flight_every_order_arrives_exactly_once(
    shop: Shop, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    begin(shop, _many)
    codes = []
    for number in range(3):
        kind: Kind = draw.choice(["call", "commit"])
        point = Point(kind, draw.randint(1, 90 // (number + 1)), draw.choice(["before", "after"]))
        codes.append(start(shop, *PULL, point=point, name=f"run-{number}").end().code)
        shop.clock.advance(seconds=draw.choice([0, 20, 170, 300]))  # sooner and later than GRACE

    assert codes[0] == KILLED
    assert set(codes) <= {KILLED, 0, 1}
    assert _judge(shop) == []


def _many(shop: Shop) -> None:
    place_orders(shop, 12)


def _judge(shop: Shop) -> list[str]:
    """Two more runs, five minutes apart as cron has them, and all is as it must be."""
    shop.clock.advance(minutes=5)
    first = shop.run(*PULL)
    shop.clock.advance(minutes=5)
    second = shop.run(*PULL)
    found = problems(shop)
    if first.code not in (0, 1) or second.code != 0:
        found.append(f"the next runs ended {first.code} and {second.code}: {first.err}{second.err}")
    return found
