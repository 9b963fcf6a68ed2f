"""`orders push`, killed anywhere: each package is at Amazon once, and each invoice is sent once."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.amazon_orders import line, order, place
from tests.kill.walk import walk
from tests.kill.wrapper import Kind, When
from tests.shop import Shop

PUSH = ["orders", "push"]
SPLIT, NUMBERLESS, PLAIN = (f"403-{n:07d}-1234567" for n in (1, 2, 3))
WANTED = {
    SPLIT: {"TR1": {"1": 2}, "TR2": {"1": 1}},
    NUMBERLESS: {"TR3": {"1": 1}},
    PLAIN: {"TR5": {"1": 1}},
}
INVOICED = {(SPLIT, "A"): 1, (PLAIN, "B"): 1}

anywhere = pytest.mark.parametrize(
    ("kind", "when"),
    [("call", "before"), ("call", "after"), ("commit", "before"), ("commit", "after")],
)


@anywhere
def test_killed_at_any_point_packages_and_invoices_arrive_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, PUSH, kind, when, _shipped, _judge)

    assert points > 15


@anywhere
def test_killed_at_any_point_of_reading_results_they_are_told(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, PUSH, kind, when, _submitted, _judge)

    assert points > 5


def _shipped(shop: Shop) -> None:
    """Three orders: one in two packages, one partly without a number, two of them invoiced."""
    shop.sandbox.reset(skus=12)
    shop.configure(
        {"send_update_orders": True},
        send_shipping_info=True,
        shipping_company_mapping={"mng": "MNG Kargo"},
        invoices={"strategy": "vat_feed"},
        http={"in_flight": 1},  # one after the other: the points are always the same
    )
    place(
        shop.sandbox,
        order(1, [line(quantity=3)]),
        order(2, [line(quantity=2)]),
        order(3),
    )
    assert shop.run("orders", "pull").code == 0
    for number, units, tracking in (
        (SPLIT, 2, "TR1"),
        (SPLIT, 1, "TR2"),
        (NUMBERLESS, 1, "TR3"),
        (NUMBERLESS, 1, None),
        (PLAIN, 1, "TR5"),
    ):
        shop.sandbox.world.omnitron.ship(
            number, {"1": units}, tracking_number=tracking, shipping_company="mng"
        )
    for number, invoice in INVOICED:
        shop.sandbox.world.omnitron.invoice(number, invoice)
    shop.clock.advance(minutes=5)


def _submitted(shop: Shop) -> None:
    """As before, and all is under way; Amazon has been through with it since."""
    _shipped(shop)
    assert shop.run(*PUSH).code == 0
    shop.clock.advance(minutes=10)


def _judge(shop: Shop) -> list[str]:
    """The next runs, as cron has them; then all is as it must be."""
    codes = []
    for _ in range(4):
        shop.clock.advance(minutes=5)
        codes.append(shop.run(*PUSH).code)
    found = [] if not any(codes) else [f"the next runs ended {codes}"]
    found += [
        wrong for number, wanted in WANTED.items() for wrong in _packages(shop, number, wanted)
    ]
    return [*found, *_invoices(shop), *_state(shop)]


def _packages(shop: Shop, number: str, wanted: dict[str, dict[str, int]]) -> list[str]:
    there = shop.sandbox.world.amazon.orders.get(number)
    assert there is not None
    shown = {
        row["trackingNumber"]: {
            each["orderItemId"]: each["quantity"] for each in row["packageItems"]
        }
        for row in there["packages"]
    }
    return [] if shown == wanted else [f"{number} has {shown}"]


def _invoices(shop: Shop) -> list[str]:
    book = shop.sandbox.world.amazon.feeds
    taken = Counter(
        (row["options"]["metadata:orderid"], row["options"]["metadata:invoicenumber"])
        for row in book.invoices
    )
    found = [] if taken == INVOICED else [f"invoices {taken}"]
    return found if len(book) == len(INVOICED) else [*found, f"{len(book)} feeds"]


def _state(shop: Shop) -> list[str]:
    """Nothing is locked, only the unit without a number waits, and every answer is told."""
    omnitron = shop.sandbox.world.omnitron
    there = Counter(row["status"] for row in omnitron.snapshot("batches"))
    found = [] if set(there) <= {"done", "fail"} else [f"batches {there}"]
    found += [f"batch row {row}" for row in shop.rows("SELECT * FROM batches")]
    found += [f"penalty {row}" for row in shop.rows("SELECT * FROM penalties")]
    waiting = shop.rows("SELECT key, code FROM waiting WHERE flow = 'orders.push'")
    if waiting != [{"key": NUMBERLESS, "code": "tracking_number"}]:
        found.append(f"waiting {waiting}")
    if omnitron.channels[1].waiting("order", "updates"):
        found.append("an order is still dirty")
    states = {(row["state"], row["told"]) for row in shop.rows("SELECT * FROM invoices")}
    return found if states == {("accepted", 1)} else [*found, f"invoices are {states}"]
