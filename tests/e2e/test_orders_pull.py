"""`orders pull` through the command line: what it costs, and a world of all corners at once."""

from __future__ import annotations

from collections import Counter

from amzsync.sandbox.order_corners import UNKNOWN_SKU, UNKNOWN_TOWNSHIP
from tests.amazon_orders import TURKEY, Json
from tests.shop import Shop


def test_250_new_orders_cost_three_searches_and_all_arrive(shop: Shop) -> None:
    shop.sandbox.reset(orders=250, skus=40, plain=True)

    ran = shop.run("orders", "pull")

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert shop.calls("amazon") == {"getAccessToken": 1, "searchOrders": 3}
    orders = shop.sandbox.world.omnitron.snapshot("orders")
    assert len({order["number"] for order in orders}) == len(orders) == 250


def test_of_a_world_with_every_corner_exactly_what_can_be_imported_is(shop: Shop) -> None:
    shop.sandbox.reset(orders=200, skus=40)
    at_amazon = list(shop.sandbox.world.amazon.orders)
    ours = [each for each in at_amazon if _is_ours(each)]
    at_fault = {each["orderId"] for each in ours if _is_at_fault(each)}
    wanted = {each["orderId"]: each for each in ours if each["orderId"] not in at_fault}
    assert at_fault
    assert len(wanted) > 100

    assert shop.run("orders", "pull").code == 1
    for _ in range(2):  # a later run creates nothing more
        orders = shop.sandbox.world.omnitron.snapshot("orders")
        assert Counter(order["number"] for order in orders) == Counter(list(wanted))
        for order in orders:
            total = wanted[order["number"]]["proceeds"]["grandTotal"]["amount"]
            assert order["amount"] == total
        items = Counter(
            (item["order"], item["extra_field"]["id"])
            for item in shop.sandbox.world.omnitron.snapshot("order_items")
        )
        assert items == {
            (order["pk"], line["orderItemId"]): line["quantityOrdered"]
            for order in orders
            for line in wanted[order["number"]]["orderItems"]
            if line["quantityOrdered"]
        }
        assert {row["key"] for row in shop.rows("SELECT key FROM penalties")} == at_fault
        # every sum adds up: nothing was told about amounts
        assert shop.rows("SELECT * FROM outcomes WHERE code = 'amounts'") == []
        shop.clock.advance(minutes=5)
        assert shop.run("orders", "pull").code == 0


def _is_ours(order: Json) -> bool:
    fulfillment, sales = order["fulfillment"], order["salesChannel"]
    return (
        fulfillment["fulfillmentStatus"] in ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
        and fulfillment["fulfilledBy"] == "MERCHANT"
        and sales.get("marketplaceId") == TURKEY
    )


def _is_at_fault(order: Json) -> bool:
    skus = {line["product"]["sellerSku"] for line in order["orderItems"]}
    township = order["recipient"]["deliveryAddress"]["districtOrCounty"]
    return UNKNOWN_SKU in skus or township == UNKNOWN_TOWNSHIP
