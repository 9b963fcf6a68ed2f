"""`prices push`, killed anywhere: Amazon ends with the right prices, and no feed is made twice."""

from __future__ import annotations

import pytest

from tests.kill.price_world import change_prices, problems
from tests.kill.walk import walk
from tests.kill.wrapper import Kind, When
from tests.shop import Shop

PUSH = ["prices", "push"]
ON = {"send_updated_product_price": True, "send_delete_products": True}
FEW, MANY = 2, 4
GONE = ("SKU-000001", "SKU-000002")
# Prices of the sandbox are far from these; the guard is looked at elsewhere.
FREE = {"price_change_percent": 100_000}

anywhere = pytest.mark.parametrize(
    ("kind", "when"),
    [("call", "before"), ("call", "after"), ("commit", "before"), ("commit", "after")],
)


@anywhere
def test_killed_at_any_point_of_two_patches_the_prices_arrive(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(flags=ON, http={"in_flight": 1}, guards=FREE)

    points = walk(shop, PUSH, kind, when, _few, lambda shop: _judge(shop, FEW, feeds=0))

    assert points > 8


@anywhere
def test_killed_at_any_point_of_a_submission_one_feed_is_made(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(flags=ON, http={"in_flight": 1}, guards=FREE, stock={"patch_limit": 1})

    points = walk(shop, PUSH, kind, when, _many, lambda shop: _judge(shop, MANY, feeds=1))

    assert points > 8


@anywhere
def test_killed_at_any_point_of_taking_products_off_sale_they_are_off_sale_and_unlinked(
    shop: Shop, kind: Kind, when: When
) -> None:
    shop.configure(flags=ON, http={"in_flight": 1})

    points = walk(shop, ["products", "delete"], kind, when, _two_gone, _judge_gone)

    assert points > 8


def _few(shop: Shop) -> None:
    change_prices(shop, FEW)


def _many(shop: Shop) -> None:
    change_prices(shop, MANY)


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


def _two_gone(shop: Shop) -> None:
    shop.sandbox.reset(skus=6)
    for sku in GONE:
        shop.sandbox.world.omnitron.remove_from_catalog(sku)


def _judge_gone(shop: Shop) -> list[str]:
    codes = []
    for minutes in (1, 4, 10, 30):
        shop.clock.advance(minutes=minutes)
        codes += [shop.run("products", "delete").code, shop.run("stock", "push").code]
    found = [f"the next runs ended {codes}"] if any(codes) else []
    shop.sandbox.world.amazon.settle()
    for listing in shop.sandbox.world.amazon.listings:
        gone = listing.sku in GONE
        if (listing.quantity() == 0) != gone:
            found.append(f"{listing.sku} has {listing.quantity()}")
    links = shop.sandbox.world.omnitron.snapshot("integration_actions")
    left = [row for row in links if row["remote_id"] in GONE and row["channel"] == 1]
    found += [f"{row['remote_id']} has its {row['content_type']['model']} still" for row in left]
    if rows := shop.rows("SELECT * FROM fences"):
        found.append(f"fences: {rows}")
    return found
