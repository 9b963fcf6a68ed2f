"""Both flows against far sides that fail at random; once the faults stop, both sides agree."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.shop import Shop

KINDS = (
    "server_error_before",
    "server_error_after",
    "cut_before",
    "cut_after",
    "truncated",
    "html",
    "throttle",
)
ORDERS, CHANGES = 20, 8


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_orders_are_there_once_and_stock_is_right_in_the_end(
    shop: Shop, seed: int
) -> None:
    shop.sandbox.reset(orders=ORDERS, skus=30, seed=seed, plain=True)
    shop.configure(http={"read_timeout": 0.3, "in_flight": 3})
    skus = [product.sku for product in shop.sandbox.world.products][:CHANGES]

    shop.sandbox.faults.chance(0.15, KINDS, seed=seed)
    for number, sku in enumerate(skus):
        shop.sandbox.world.omnitron.set_stock(sku, 50 + number)
        codes = {shop.run(*words).code for words in (("orders", "pull"), ("stock", "push"))}
        assert codes <= {0, 5}, "faults of a far side are no record's fault and nobody's bug"
        shop.clock.advance(minutes=5)
    assert sum(shop.sandbox.faults.struck.values()) > ORDERS
    shop.sandbox.faults.clear()
    for _ in range(CHANGES):
        last = [shop.run(*words).code for words in (("orders", "pull"), ("stock", "push"))]
        shop.clock.advance(minutes=6)

    assert last == [0, 0]
    placed = [order["orderId"] for order in shop.sandbox.world.amazon.orders]
    there = shop.sandbox.world.omnitron.orders_by_number()
    assert {number: len(rows) for number, rows in there.items()} == dict.fromkeys(placed, 1)
    assert _live(shop, skus) == {sku: 50 + number for number, sku in enumerate(skus)}
    batches = Counter(row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches"))
    assert set(batches) <= {"done", "fail"}
    assert shop.rows("SELECT * FROM penalties") == shop.rows("SELECT * FROM batches") == []
    assert shop.rows("SELECT * FROM order_payloads") == []


def _live(shop: Shop, skus: list[str]) -> dict[str, int | None]:
    listings = {sku: shop.sandbox.world.amazon.listings.get(sku) for sku in skus}
    return {sku: listing.quantity() for sku, listing in listings.items() if listing is not None}
