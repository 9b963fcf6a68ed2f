"""`cancellations pull`, killed anywhere: every cancellation arrives, and by one plan an order."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import line, order, place
from tests.kill.processes import KILLED, start
from tests.kill.test_late import deliver_late
from tests.kill.walk import begin, walk
from tests.kill.wrapper import Kind, Point, When
from tests.shop import Shop

PULL = ["cancellations", "pull"]
SLOW = 3.0  # seconds; long enough for the other process to come by on a busy machine


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """One call after the other, so that the points are always the same."""
    return configured(shop, in_flight=1)


def configured(shop: Shop, in_flight: int) -> Shop:
    """Cancellations on."""
    shop.configure(
        {"get_cancel_orders": True},
        cancellation_reason_id=10,
        http={"in_flight": in_flight},
    )
    return shop


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_at_any_point_every_cancellation_arrives_exactly_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, PULL, kind, when, _few, _judge)

    assert points > 8


@pytest.mark.parametrize("seed", range(8))
def test_killed_three_times_with_eight_in_flight_every_cancellation_arrives_exactly_once(
    shop: Shop, seed: int
) -> None:
    configured(shop, in_flight=8)
    draw = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    begin(shop, _many)
    codes = []
    for number in range(3):
        kind: Kind = draw.choice(["call", "commit"])
        point = Point(kind, draw.randint(1, 30 // (number + 1)), draw.choice(["before", "after"]))
        codes.append(start(shop, *PULL, point=point, name=f"run-{number}").end().code)
        shop.clock.advance(seconds=draw.choice([0, 20, 170, 300]))  # sooner and later than GRACE

    assert codes[0] == KILLED
    assert set(codes) <= {KILLED, 0}
    assert _judge(shop) == []


def test_of_two_runs_started_together_one_cancels_and_the_other_ends_silently(shop: Shop) -> None:
    begin(shop, _few)
    shop.sandbox.faults.add("slow", "orders.cancel", "omnitron", seconds=SLOW)

    started = [start(shop, *PULL, name=f"run-{number}") for number in range(2)]
    codes = sorted(each.end().code for each in started)

    assert codes == [0, 7]
    assert shop.sandbox.count("orders.cancel") == 3
    assert _judge(shop) == []


@pytest.mark.parametrize("seconds", [0, 60, 170])
def test_a_cancellation_carried_out_late_is_found_and_not_asked_for_again(
    shop: Shop, seconds: int
) -> None:
    begin(shop, _one)
    shop.sandbox.faults.add("cut_before", "orders.cancel", "omnitron")
    start(shop, *PULL).end()

    shop.clock.advance(seconds=seconds)
    start(shop, *PULL).end()
    deliver_late(shop, "omnitron", "orders.cancel")

    assert _judge(shop) == []
    assert shop.sandbox.count("orders.cancel") == 2


def _one(shop: Shop) -> None:
    _cancelled(shop, 2)


def _few(shop: Shop) -> None:
    _cancelled(shop, 4)


def _many(shop: Shop) -> None:
    _cancelled(shop, 12)


def _cancelled(shop: Shop, count: int) -> None:
    """So many orders: the first stands, the second lost a unit, the others fell as a whole.

    The last one was cancelled before it was imported.
    """
    shop.sandbox.reset(skus=12)
    ids = [order(number)["orderId"] for number in range(1, count + 2)]
    place(shop.sandbox, *(order(n, [line(quantity=3)]) for n in range(1, count + 1)))
    assert shop.run("orders", "pull").code == 0
    for order_id in ids[:-1]:
        shop.sandbox.world.omnitron.set_order_is_send(order_id)
    place(shop.sandbox, order(count + 1, placed=shop.clock.now()))
    with shop.sandbox.lock:
        book = shop.sandbox.world.amazon.orders
        book.change(ids[1], lambda each: change_order(each, {"cancel_items": {"1": 1}}))
        for order_id in ids[2:]:
            book.change(order_id, lambda each: change_order(each, {"cancelled_by": "BUYER"}))
    shop.clock.advance(minutes=5)


def _judge(shop: Shop) -> list[str]:
    """Two more runs, five minutes apart as cron has them, and all is as it must be."""
    found = []
    for _ in range(2):
        shop.clock.advance(minutes=5)
        ran = shop.run(*PULL)
        if ran.code != 0:
            found.append(f"a next run ended {ran.code}: {ran.err}")
    return found + _problems(shop)


def _problems(shop: Shop) -> list[str]:
    omnitron = shop.sandbox.world.omnitron
    there = {row["number"]: row["pk"] for row in omnitron.snapshot("orders")}
    found = []
    for number, each in enumerate(sorted(there)):
        cancelled = sum(unit["status"] == "50" for unit in omnitron.units(each))
        wanted = (0, 1)[number] if number < 2 else 3
        if cancelled != wanted:
            found.append(f"{each}: {cancelled} units cancelled instead of {wanted}")
    plans = Counter(row["order"]["number"] for row in omnitron.snapshot("cancellation_plans"))
    if plans != Counter(sorted(there)[1:]):
        found.append(f"plans {dict(plans)}")
    calls = {row["order_id"]: row["cancel_calls"] for row in shop.rows("SELECT * FROM inbox")}
    if {key: count for key, count in calls.items() if count} != dict(plans):
        found.append(f"counted {calls}")
    left = (
        "SELECT order_id FROM inbox WHERE lines <> lines_told AND state <> 'new'",
        "SELECT * FROM penalties",
        "SELECT * FROM waiting",
        "SELECT name FROM cursors WHERE name LIKE 'cancel_asked%'",
    )
    return found + [f"{what}: {rows}" for what in left if (rows := shop.rows(what))]
