"""`refunds pull`, killed anywhere: each returned unit is requested once, and every report used."""

from __future__ import annotations

import random

import pytest

from tests.e2e.refund_shop import PULL, configure, place_returns, problems
from tests.kill.processes import KILLED, start
from tests.kill.walk import begin, walk
from tests.kill.wrapper import Kind, Point, When
from tests.shop import Shop

COMMAND = list(PULL)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_while_the_report_is_asked_for_it_is_asked_for_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, COMMAND, kind, when, _returned, _judge_from_the_start)
    assert points >= (1 if kind == "call" else 4)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_while_returns_are_requested_each_unit_is_requested_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, COMMAND, kind, when, _reported, _judge)
    assert points > 10


@pytest.mark.parametrize("seed", range(6))
def test_killed_three_times_with_requests_in_flight_each_unit_is_requested_once(
    shop: Shop, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    begin(shop, _reported)
    shop.configure({"get_refund_orders": True}, default_reason_id=20, http={"in_flight": 4})
    codes = []
    for number in range(3):
        point = Point("call", draw.randint(1, 14 // (number + 1)), draw.choice(["before", "after"]))
        codes.append(start(shop, *COMMAND, point=point, name=f"run-{number}").end().code)
        shop.clock.advance(seconds=draw.choice([0, 20, 170, 300]))  # sooner and later than GRACE

    assert codes[0] == KILLED
    assert set(codes) <= {KILLED, 0}
    assert _judge(shop) == []


def _returned(shop: Shop) -> None:
    """Returns at Amazon, no report of them yet."""
    place_returns(shop)
    configure(shop, http={"in_flight": 1})  # one after the other: the points are always the same
    shop.clock.advance(minutes=5)


def _reported(shop: Shop) -> None:
    """The report is ready."""
    _returned(shop)
    assert shop.run(*COMMAND).code == 0
    shop.clock.advance(minutes=5)


def _judge(shop: Shop) -> list[str]:
    """Two more runs, five minutes apart as cron has them, and all is as it must be."""
    found = []
    for _ in range(2):
        shop.clock.advance(minutes=5)
        ran = shop.run(*COMMAND)
        if ran.code != 0:
            found.append(f"a next run ended {ran.code}: {ran.err}")
    returned = shop.sandbox.world.amazon.returns
    return found + problems(shop, {row.rma_id: row.quantity for row in returned})


def _judge_from_the_start(shop: Shop) -> list[str]:
    found = _judge(shop)
    reports = len(shop.sandbox.world.amazon.reports)
    return found if reports == 1 else [*found, f"{reports} reports were asked for"]
