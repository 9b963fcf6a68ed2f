"""`orders pull` through the command line."""

from __future__ import annotations

from tests.shop import Shop


def test_250_new_orders_cost_three_searches_and_all_arrive(shop: Shop) -> None:
    shop.sandbox.reset(orders=250, skus=40, plain=True)

    ran = shop.run("orders", "pull")

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert shop.calls("amazon") == {"getAccessToken": 1, "searchOrders": 3}
    orders = shop.sandbox.world.omnitron.snapshot("orders")
    assert len({order["number"] for order in orders}) == len(orders) == 250
