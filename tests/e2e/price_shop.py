"""Both far sides' view of prices, for the tests of `prices push`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.e2e.stock_shop import channel, listed
from tests.shop import Ran, Shop

ON = {"send_updated_product_price": True}


def prepare(shop: Shop, skus: int = 60, **settings: Any) -> None:
    """So many products of both sides, and a channel that pushes prices."""
    shop.sandbox.reset(skus=skus)
    shop.configure(flags=ON, **settings)


def push(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """One `prices push` that ends with that exit code."""
    ran = shop.run("prices", "push", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def price(shop: Shop, sku: str) -> Decimal:
    """What Omnitron asks for a SKU."""
    (product,) = channel(shop).products.find("sku", sku)
    (row,) = channel(shop).prices.find("product", product.pk)
    return Decimal(row.price)


def change(shop: Shop, skus: Iterable[str], factor: str = "1.10") -> dict[str, Decimal]:
    """Raise the price of each SKU by that factor; what they are now."""
    values = {sku: (price(shop, sku) * Decimal(factor)).quantize(Decimal("0.01")) for sku in skus}
    for sku, value in values.items():
        shop.sandbox.world.omnitron.set_price(sku, value, shop.channel)
    return values


def live(shop: Shop, skus: Iterable[str]) -> dict[str, Decimal | None]:
    """What buyers are asked for each SKU, once Amazon has applied what it was sent."""
    amazon = shop.sandbox.world.amazon
    amazon.agenda.settle(amazon.now().replace(year=amazon.now().year + 1))
    marketplace = "A1PA6795UKMFR9" if shop.channel == 3 else "A33AVAJ2PDY3EV"
    found = {sku: amazon.listings.get(sku) for sku in skus}
    return {sku: row.price(marketplace) if row else None for sku, row in found.items()}


def dirty(shop: Shop) -> set[str]:
    """SKUs whose price Omnitron counts as changed since it was sent, or locks."""
    place = channel(shop)
    found = set()
    for sku in listed(shop):
        (product,) = place.products.find("sku", sku)
        for row in place.prices.find("product", product.pk):
            mark = place.action_of("productprice", row.pk)
            if mark is None or mark.status != "success" or row.modified_date > (mark.synced or ""):
                found.add(sku)
    return found


def set_offer(shop: Shop, sku: str, **members: Any) -> None:
    """Give the listing's offer to consumers these members behind everybody's back."""
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    rows = [
        {**row, **members} if row["marketplace_id"] == "A33AVAJ2PDY3EV" else row
        for row in listing.submitted["purchasable_offer"]
    ]
    listing.submitted = {**listing.submitted, "purchasable_offer": rows}
    listing.live = listing.submitted


def known(shop: Shop) -> dict[str, dict[str, Any]]:
    """What the state knows of prices, by SKU."""
    rows = shop.rows("SELECT * FROM listing_values WHERE attribute = 'price'")
    return {row["sku"]: row for row in rows}
