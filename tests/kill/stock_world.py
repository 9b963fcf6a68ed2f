"""A few changed stocks, and what must be true once they have arrived."""

from __future__ import annotations

from collections import Counter

from tests.shop import Shop


def change_stocks(shop: Shop, count: int) -> None:
    """So many listed products with a new stock each."""
    shop.sandbox.reset(skus=count + 3)
    omnitron = shop.sandbox.world.omnitron
    for number, sku in enumerate(changed(shop, count)):
        omnitron.set_stock(sku, 200 + number)


def changed(shop: Shop, count: int) -> list[str]:
    """The SKUs `change_stocks` changes."""
    products = shop.sandbox.world.products
    return [product.sku for product in products if product.listed][:count]


def problems(shop: Shop, count: int) -> list[str]:
    """What is not as it must be once all runs have ended; empty when all is well."""
    return [*_live(shop), *_omnitron(shop), *_state(shop, count)]


def _live(shop: Shop) -> list[str]:
    """Amazon shows Omnitron's stock of every listed product."""
    shop.sandbox.world.amazon.settle()
    found = []
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        listing = shop.sandbox.world.amazon.listings.get(row["sku"])
        if row["channel"] == 1 and listing is not None and listing.quantity() != row["stock"]:
            found.append(f"{row['sku']} is {listing.quantity()} instead of {row['stock']}")
    return found


def _omnitron(shop: Shop) -> list[str]:
    """Every batch has ended, nothing is locked, every changed stock counts as sent."""
    omnitron = shop.sandbox.world.omnitron
    there = Counter(row["status"] for row in omnitron.snapshot("batches"))
    ended = there["done"] + there["fail"]
    found = [f"batches {there}"] if there.total() != ended else []
    versions = {
        row["pk"]: row["modified_date"]
        for row in omnitron.snapshot("stocks")
        if row["channel"] == 1
    }
    for row in omnitron.snapshot("integration_actions"):
        if row["status"] != "success":
            found.append(f"action {row['remote_id']} is {row['status']}")
        model, sent = row["content_type"]["model"], row["version_date"]
        if model == "productstock" and versions.get(row["object_id"], sent) != sent:
            found.append(f"stock {row['remote_id']} is linked at {sent}")
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
    waiting = {row["key"] for row in shop.rows("SELECT key FROM waiting")}
    if waiting != {row.sku for row in shop.sandbox.world.products if not row.listed}:
        found.append(f"waiting {waiting}")
    values = shop.rows("SELECT * FROM listing_values WHERE attribute = 'quantity'")
    known = {row["sku"]: row["confirmed"] for row in values}
    for number, sku in enumerate(changed(shop, count)):
        if known.get(sku) != str(200 + number):
            found.append(f"stock {sku}: {known.get(sku)}")
    return found
