"""Runs started at the same time, in processes of their own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.kill import order_world, stock_world
from tests.kill.processes import start
from tests.shop import Ran, Shop

SLOW = 3.0  # seconds; long enough for the other process to come by on a busy machine


def test_of_two_pulls_started_together_one_works_and_the_other_ends_silently(shop: Shop) -> None:
    order_world.place_orders(shop)
    shop.sandbox.faults.add("slow", "searchOrders", seconds=SLOW)

    worked, left = _together([shop, shop], "orders", "pull")

    assert (worked.code, left) == (1, Ran(7, "", ""))  # 1: one of the orders cannot be imported
    assert [row["exit_code"] for row in shop.rows("SELECT exit_code FROM runs")] == [1]
    assert order_world.problems(shop) == []
    assert shop.sandbox.count("create_orders.create") == 3


def test_of_two_pushes_started_together_one_works_and_the_other_ends_silently(shop: Shop) -> None:
    stock_world.change_stocks(shop, 3)
    shop.sandbox.faults.add("slow", "product_stocks.updates", "omnitron", seconds=SLOW)

    worked, left = _together([shop, shop], "stock", "push")

    assert (worked, left) == (Ran(0, "", ""), Ran(7, "", ""))
    assert shop.sandbox.count("patchListingsItem") == 3
    shop.clock.advance(minutes=20)
    assert shop.run("stock", "push").code == 0
    assert stock_world.problems(shop, 3) == []


def test_two_channels_pulled_at_once_share_one_search_and_import_each_order_once(
    shop: Shop, tmp_path: Path
) -> None:
    fba = Shop(shop.sandbox, shop.clock, tmp_path, channel=2)
    shop.sandbox.reset(skus=12)
    world, count = shop.sandbox.world, shop.sandbox.count
    assert (shop.run("orders", "pull").code, fba.run("orders", "pull").code) == (0, 0)
    shop.clock.advance(minutes=5)
    wanted = {}
    for number, order_id in enumerate(world.add_orders(8, age=180)):
        wanted[1 + number % 2, order_id] = 1
        if number % 2:
            world.amazon.orders.change(order_id, _by_amazon, touch=False)
    searches = count("searchOrders")
    shop.sandbox.faults.add("slow", "searchOrders", seconds=SLOW)

    first = _together([shop, fba], "orders", "pull")
    assert count("searchOrders") - searches == 1
    shop.clock.advance(minutes=5)
    second = _together([shop, fba], "orders", "pull")

    assert {ran.code for ran in first + second} == {0}
    there = Counter((row["channel"], row["number"]) for row in world.omnitron.snapshot("orders"))
    assert there == wanted


def _together(shops: list[Shop], *flow: str) -> list[Ran]:
    """Both runs at once; the one with the lower exit code first."""
    started = [start(shop, *flow, name=f"run-{n}") for n, shop in enumerate(shops)]
    return sorted((each.end() for each in started), key=lambda ran: ran.code)


def _by_amazon(order: dict[str, Any]) -> None:
    """Amazon fulfils it, goods its channel knows."""
    order["fulfillment"]["fulfilledBy"] = "AMAZON"
    for item in order["orderItems"]:
        item["product"]["sellerSku"] = "SKU-000002"
