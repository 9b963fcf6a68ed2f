"""The seeded orders: deterministic, adding up, with every corner."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from amzsync.sandbox.order_corners import CORNERS, UNKNOWN_SKU, UNKNOWN_TOWNSHIP
from amzsync.sandbox.orders_seed import CORNER_EVERY, Order, seed_orders
from amzsync.sandbox.seeds import catalogue

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def orders(count: int, seed: int = 1, **how: Any) -> list[Order]:
    return list(seed_orders(count, seed, NOW, catalogue(20, seed), **how))


@given(st.integers(0, 10**6))
def test_the_same_seed_gives_the_same_orders(seed: int) -> None:
    assert orders(10, seed) == orders(10, seed)
    assert orders(10, seed) != orders(10, seed + 1)


@given(st.integers(0, 10**6))
def test_lines_and_breakdowns_add_up_to_the_grand_total(seed: int) -> None:
    for order in orders(CORNER_EVERY * len(CORNERS), seed):
        if "proceeds" not in order:
            assert order["fulfillment"]["fulfillmentStatus"].startswith("PENDING")
            continue
        grand = Decimal(order["proceeds"]["grandTotal"]["amount"])
        lines = [line["proceeds"] for line in order["orderItems"]]
        assert sum(Decimal(line["proceedsTotal"]["amount"]) for line in lines) == grand
        for proceeds in (*lines, order["proceeds"]):
            total = proceeds.get("proceedsTotal") or proceeds["grandTotal"]
            signed = (
                Decimal(row["subtotal"]["amount"]) * (-1 if row["type"] == "DISCOUNT" else 1)
                for row in proceeds["breakdowns"]
            )
            assert sum(signed) == Decimal(total["amount"])


def test_orders_have_unique_ids_and_were_placed_in_the_last_hours() -> None:
    made = orders(500)
    assert len({order["orderId"] for order in made}) == 500
    assert all(re.fullmatch(r"\d{3}-\d{7}-\d{7}", order["orderId"]) for order in made)
    assert all(order["createdTime"] <= order["lastUpdatedTime"] for order in made)
    assert "2026-11-23T01:55" <= made[0]["createdTime"] < made[-1]["lastUpdatedTime"]
    assert made[-1]["lastUpdatedTime"] < "2026-11-23T11:58"


def test_plain_orders_are_all_ready_to_import() -> None:
    for order in orders(200, plain=True):
        assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        assert order["salesChannel"]["marketplaceId"] == "A33AVAJ2PDY3EV"
        address = order["recipient"]["deliveryAddress"]
        assert address["districtOrCounty"] != UNKNOWN_TOWNSHIP
        assert address["phone"]
        assert order["buyer"]["buyerEmail"].endswith(".example")


def test_one_round_of_corners_holds_each_of_them() -> None:
    made = orders(CORNER_EVERY * len(CORNERS))
    statuses = {order["fulfillment"]["fulfillmentStatus"] for order in made}
    assert statuses == {
        "PENDING",
        "PENDING_AVAILABILITY",
        "UNSHIPPED",
        "PARTIALLY_SHIPPED",
        "SHIPPED",
        "CANCELLED",
    }
    text = repr(made)
    for mark in (
        UNKNOWN_TOWNSHIP,
        UNKNOWN_SKU,
        "TAX_OFFICE",
        "NON_AMAZON",
        "REPLACEMENT_ORIGINAL_ID",
    ):
        assert mark in text
    kinds = {
        row["type"]
        for order in made
        if "proceeds" in order
        for row in order["proceeds"]["breakdowns"]
    }
    assert kinds == {"ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "TAX", "DISCOUNT"}
    assert any(order["fulfillment"]["fulfilledBy"] == "AMAZON" for order in made)
    lengths = [
        sum(
            len(order["recipient"]["deliveryAddress"].get(f"addressLine{n}", "")) for n in (1, 2, 3)
        )
        for order in made
        if "recipient" in order
    ]
    assert max(lengths) > 255


def test_the_catalogue_is_deterministic_with_valid_bar_codes_and_unique_skus() -> None:
    products = catalogue(200, 7)
    assert products == catalogue(200, 7)
    assert len({product.sku for product in products}) == 200
    for product in products:
        weighted = [int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(product.ean)]
        assert sum(weighted) % 10 == 0
    assert sum(not product.listed for product in products) == 4
