"""Both far sides' hands for the tests of `report`, and the truth it has to tell."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.e2e.stock_shop import channel, listed
from tests.shop import Ran, Shop

ON = {
    "send_products": True,
    "send_updated_product_price": True,
    "send_delete_products": True,
}
BUFFER = 3
CRON = (("stock", "push"), ("prices", "push"), ("products", "delete"), ("products", "push"))
TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
TURKIYE = "A33AVAJ2PDY3EV"


def open_shop(shop: Shop, skus: int = 120, hours: float = 7, **settings: Any) -> list[str]:
    """A shop both sides of which agree, and have for that long; SKUs on sale that look alike."""
    shop.sandbox.reset(skus=skus)
    shop.configure(flags=ON, **{"buffer_stock": BUFFER, **settings})
    for product in channel(shop).products:
        if shop.sandbox.world.amazon.listings.get(product.sku) is not None:
            amazon_has(shop, product.sku, quantity=wanted(shop, product.sku))
    shop.clock.advance(hours=hours)
    return [sku for sku in listed(shop) if sku.startswith("SKU-0")]


def report(shop: Shop, *argv: str, code: int = 0) -> dict[str, Any]:
    """One `report --json` that ends with that exit code."""
    ran = shop.run("report", "--json", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran.json


def found(shop: Shop, *argv: str, code: int = 0) -> dict[tuple[str, str], dict[str, str]]:
    """What a report lists, by SKU and kind."""
    return by_key(report(shop, *argv, code=code))


def by_key(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    """The differences of a report, by SKU and kind."""
    rows = {(row["sku"], row["kind"]): row for row in told["differences"]}
    assert len(rows) == len(told["differences"])
    return rows


def amazon_has(
    shop: Shop, sku: str, *, quantity: int | None = None, price: str | None = None
) -> None:
    """Give a listing this stock or price behind everybody's back."""
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    attributes = {**listing.submitted}
    if quantity is not None:
        row = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
        attributes["fulfillment_availability"] = [row]
    if price is not None:
        schedule = [{"schedule": [{"value_with_tax": float(price)}]}]
        attributes["purchasable_offer"] = [
            {**row, "our_price": schedule} if row["marketplace_id"] == TURKIYE else row
            for row in attributes["purchasable_offer"]
        ]
    listing.submitted = listing.live = attributes


def without_price(shop: Shop, sku: str) -> None:
    """Take the offer of a listing away behind everybody's back."""
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    attributes = {key: rows for key, rows in listing.submitted.items() if "offer" not in key}
    listing.submitted = listing.live = attributes


def stock_of(shop: Shop, sku: str) -> int:
    """Omnitron's stock of a SKU."""
    place = channel(shop)
    (product,) = place.products.find("sku", sku)
    return sum(row.stock for row in place.stocks.find("product", product.pk))


def price_of(shop: Shop, sku: str) -> Decimal:
    """Omnitron's price of a SKU."""
    place = channel(shop)
    (product,) = place.products.find("sku", sku)
    (row,) = place.prices.find("product", product.pk)
    return Decimal(row.price)


def wanted(shop: Shop, sku: str) -> int:
    """The quantity Amazon should show."""
    return max(0, stock_of(shop, sku) - BUFFER)


def dearer(shop: Shop, sku: str) -> str:
    """A price a tenth above Omnitron's."""
    return str((price_of(shop, sku) * Decimal("1.1")).quantize(Decimal("0.01")))


def cron(shop: Shop, hours: float, minutes: float = 15) -> None:
    """Let the flows run by themselves for that long."""
    for _ in range(int(hours * 60 / minutes)):
        shop.clock.advance(minutes=minutes)
        for words in CRON:
            ran = shop.run(*words)
            assert ran.code in (0, 1), (words, ran)


def totals(shop: Shop, *unlinked: str) -> dict[str, int]:
    """The manual's figures that are no differences, counted from outside on both worlds.

    `unlinked`: SKUs that were sent, though Omnitron has no link of them any more.
    """
    place, listings = channel(shop), shop.sandbox.world.amazon.listings
    catalog = [
        row
        for row in place.products
        if row.product_type == "0" and row.is_active and row.pk not in place.gone
    ]
    sent = {row.object_id: row.remote_id for row in place.actions if row.model == "product"}
    sent |= {row.pk: row.sku for row in place.products if row.sku in unlinked}
    on_sale = [
        pk for pk, sku in sent.items() if (one := listings.get(sku or "")) and one.buyable(TURKIYE)
    ]
    stocks = {row.product: row.stock for row in place.stocks}
    return {
        "total_sku_in_catalog": len(catalog),
        "skus_on_sale": len(on_sale),
        "total_stock_in_catalog": sum(stocks.get(row.pk, 0) for row in catalog),
        "total_stock_on_sale": sum(stocks.get(pk, 0) for pk in on_sale),
    }


def snapshot_arrives(shop: Shop) -> None:
    """Have Amazon asked for a snapshot, and give it the time to make it."""
    assert shop.run("report").code == 0
    shop.clock.advance(minutes=2)
    shop.sandbox.world.amazon.settle()


def patches(shop: Shop) -> list[str]:
    """The SKUs PATCHes went out for since the last `forget_calls`, each as often as it did."""
    rows = shop.sandbox.exchanges
    return [row.path.rpartition("/")[2] for row in rows if row.operation == "patchListingsItem"]


def keys(kind: str, skus: Iterable[str]) -> set[tuple[str, str]]:
    """Differences of one kind."""
    return {(sku, kind) for sku in skus}


def cli(shop: Shop, *argv: str) -> Ran:
    """`report` as a person runs it."""
    return shop.run("report", *argv)
