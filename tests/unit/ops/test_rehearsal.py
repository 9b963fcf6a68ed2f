"""The demo's judge: it has to see what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.ops.rehearsal import Planted, order_faults, planted, stock_faults

TURKIYE = "A33AVAJ2PDY3EV"


def amazon_order(number: str, **differing: Any) -> dict[str, Any]:
    values = {
        "status": "UNSHIPPED",
        "by": "MERCHANT",
        "marketplace": TURKIYE,
        "channel": "AMAZON",
        "district": "Konak",
        "sku": "A-1",
        **differing,
    }
    return {
        "orderId": number,
        "salesChannel": {"channelName": values["channel"], "marketplaceId": values["marketplace"]},
        "fulfillment": {"fulfillmentStatus": values["status"], "fulfilledBy": values["by"]},
        "recipient": {"deliveryAddress": {"districtOrCounty": values["district"]}},
        "orderItems": [{"product": {"sellerSku": values["sku"]}}],
    }


def test_orders_are_sorted_by_what_has_to_become_of_them() -> None:
    orders = [
        amazon_order("good"),
        amazon_order("shipped", status="SHIPPED"),
        amazon_order("partly", status="PARTIALLY_SHIPPED"),
        amazon_order("pending", status="PENDING"),
        amazon_order("fba", by="AMAZON"),
        amazon_order("german", marketplace="A1PA6795UKMFR9"),
        amazon_order("elsewhere", channel="NON_AMAZON"),
        amazon_order("nowhere", district="Merkez"),
        amazon_order("unknown", sku="NOT-IN-OMNITRON"),
    ]
    found = planted(orders, TURKIYE, "Merkez", "NOT-IN-OMNITRON")
    assert found == Planted(
        frozenset({"good", "shipped", "partly"}), frozenset({"nowhere", "unknown"})
    )


EXPECTED = Planted(frozenset({"1", "2"}), frozenset({"9"}))


@pytest.mark.parametrize(
    ("there", "penalised", "faults"),
    [
        (["1", "2"], ["9"], []),
        (["1", "2", "2"], ["9"], ["order 2 is in Omnitron 2 times"]),
        (["1"], ["9"], ["order 2 is not in Omnitron"]),
        (["1", "2", "9"], ["9"], ["order 9 has no business in Omnitron"]),
        (["1", "2"], [], ["order 9 should be in penalty"]),
        (["1", "2"], ["9", "1"], ["order 1 is in penalty"]),
    ],
)
def test_orders_lost_doubled_or_wrongly_penalised_are_seen(
    there: list[str], penalised: list[str], faults: list[str]
) -> None:
    assert order_faults(EXPECTED, [{"number": number} for number in there], penalised) == faults


def listing(sku: str, quantity: int | None, channel: str = "DEFAULT") -> dict[str, Any]:
    row = {"fulfillment_channel_code": channel, "quantity": quantity}
    return {"sku": sku, "live": {"fulfillment_availability": [row]}}


def test_a_live_quantity_other_than_the_stock_less_the_buffer_is_seen() -> None:
    listings = [listing("right", 8), listing("wrong", 10), listing("empty", 0)]
    faults = stock_faults(listings, {"right": 10, "wrong": 10, "empty": 1}, buffer=2)
    assert faults == ["wrong is live with 10 instead of 8"]


def test_what_amazon_fulfils_is_not_ours_to_judge() -> None:
    assert stock_faults([listing("fba", 3, "AMAZON_EU")], {"fba": 10}, buffer=0) == []
