"""A few changed prices, and what must be true once they have arrived."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from tests.shop import Shop


def change_prices(shop: Shop, count: int) -> None:
    """So many listed products with a new price each."""
    shop.sandbox.reset(skus=count + 3)
    for sku, price in wanted(shop, count).items():
        shop.sandbox.world.omnitron.set_price(sku, price)


def wanted(shop: Shop, count: int) -> dict[str, Decimal]:
    """The new price of each SKU `change_prices` changes."""
    products = [product.sku for product in shop.sandbox.world.products if product.listed][:count]
    return {sku: Decimal("100.50") + number for number, sku in enumerate(products)}


def problems(shop: Shop, count: int) -> list[str]:
    """What is not as it must be once all runs have ended; empty when all is well."""
    return [*_live(shop, count), *_omnitron(shop), *_state(shop, count)]


def _live(shop: Shop, count: int) -> list[str]:
    shop.sandbox.world.amazon.settle()
    found = []
    for sku, price in wanted(shop, count).items():
        listing = shop.sandbox.world.amazon.listings.get(sku)
        if listing is None or listing.price() != price:
            found.append(f"{sku} is {listing and listing.price()} instead of {price}")
    return found


def _omnitron(shop: Shop) -> list[str]:
    """Every batch has ended, nothing is locked, every changed price counts as sent."""
    omnitron = shop.sandbox.world.omnitron
    there = Counter(row["status"] for row in omnitron.snapshot("batches"))
    found = [f"batches {there}"] if there.total() != there["done"] + there["fail"] else []
    versions = {
        row["pk"]: row["modified_date"]
        for row in omnitron.snapshot("prices")
        if row["channel"] == 1
    }
    for row in omnitron.snapshot("integration_actions"):
        if row["status"] != "success":
            found.append(f"action {row['remote_id']} is {row['status']}")
        model, sent = row["content_type"]["model"], row["version_date"]
        if model == "productprice" and versions.get(row["object_id"], sent) != sent:
            found.append(f"price {row['remote_id']} is linked at {sent}")
    if penalised := omnitron.snapshot("failed_integrations"):
        found.append(f"penalised in Omnitron: {penalised}")
    return found


def _state(shop: Shop, count: int) -> list[str]:
    """No job, batch or fence is left, nobody is penalised, and what was sent is known."""
    found = [
        f"{table}: {rows}"
        for table in ("batches", "jobs", "feed_items", "fences", "penalties")
        if (rows := shop.rows(f"SELECT * FROM {table}"))  # noqa: S608 - our own table names
    ]
    known = {
        row["sku"]: row["confirmed"]
        for row in shop.rows("SELECT * FROM listing_values WHERE attribute = 'price'")
    }
    for sku, price in wanted(shop, count).items():
        if known.get(sku) != f"{price:.2f}":
            found.append(f"price {sku}: {known.get(sku)}")
    return found
