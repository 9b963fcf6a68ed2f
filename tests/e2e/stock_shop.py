"""Both far sides' view of stock, for the tests of `stock push`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel
from tests.shop import Ran, Shop

BATCH_PATCH = "batch_requests.patch"


def channel(shop: Shop) -> Channel:
    """The sandbox's channel of the shop."""
    return shop.sandbox.world.omnitron.channels[shop.channel]


def listed(shop: Shop, count: int | None = None) -> list[str]:
    """SKUs that are linked and listed, the first so many."""
    amazon = shop.sandbox.world.amazon.listings
    skus = [product.sku for product in channel(shop).products]
    return [sku for sku in skus if amazon.get(sku) is not None][:count]


def change(shop: Shop, skus: Iterable[str], first: int = 501) -> dict[str, int]:
    """Give each SKU a stock of its own; what they are now."""
    values = {sku: number for number, sku in enumerate(skus, start=first)}
    for sku, quantity in values.items():
        shop.sandbox.world.omnitron.set_stock(sku, quantity, shop.channel)
    return values


def live(shop: Shop, skus: Iterable[str]) -> dict[str, int | None]:
    """What buyers can get of each SKU, once Amazon has applied what it was sent."""
    amazon = shop.sandbox.world.amazon
    amazon.agenda.settle(amazon.now().replace(year=amazon.now().year + 1))
    return live_now(shop, skus)


def live_now(shop: Shop, skus: Iterable[str]) -> dict[str, int | None]:
    """What buyers can get of each SKU at this moment."""
    amazon = shop.sandbox.world.amazon
    amazon.settle()
    found = {sku: amazon.listings.get(sku) for sku in skus}
    return {sku: listing.quantity() if listing else None for sku, listing in found.items()}


def stock_pk(shop: Shop, sku: str) -> int:
    """Omnitron's key of a SKU's product stock."""
    (product,) = channel(shop).products.find("sku", sku)
    (stock,) = channel(shop).stocks.find("product", product.pk)
    return int(stock.pk)


def action(shop: Shop, sku: str) -> Any:
    """The integration action of a SKU's product stock; None without one."""
    return channel(shop).action_of("productstock", stock_pk(shop, sku))


def dirty(shop: Shop) -> int:
    """How many stocks Omnitron counts as changed, or locks, or hides for a penalty."""
    rows = channel(shop).stocks
    marks = {row.pk: channel(shop).action_of("productstock", row.pk) for row in rows}
    return sum(
        mark is not None and (mark.status != "success" or row.modified_date > (mark.synced or ""))
        for row in rows
        if (mark := marks[row.pk]) is not None
    )


def locked(shop: Shop) -> list[int]:
    """Product stocks that a batch request holds."""
    return [
        row.object_id
        for row in channel(shop).actions
        if row.model == "productstock" and row.status == "processing"
    ]


def batches(shop: Shop) -> list[str]:
    """The status of every batch request there ever was."""
    return [row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches")]


def answered(shop: Shop, operation: str, status: int = 200) -> int:
    """How many calls of an operation since the last `forget_calls` got that answer."""
    rows = shop.sandbox.exchanges
    return sum(row.operation == operation and row.status == status for row in rows)


def penalties(shop: Shop) -> dict[str, dict[str, Any]]:
    """The penalties of the state file by SKU."""
    return {row["key"]: row for row in shop.rows("SELECT * FROM penalties")}


def refuse(shop: Shop, *skus: str) -> None:
    """Let Amazon refuse every change of these SKUs from now on: what they hold is not valid."""
    set_lead_time(shop, skus, -1)


def relent(shop: Shop, *skus: str) -> None:
    """Let Amazon take changes of these SKUs again."""
    set_lead_time(shop, skus, 2)


def set_lead_time(shop: Shop, skus: Iterable[str], days: int) -> None:
    """Change the submitted lead time behind everybody's back."""
    for sku in skus:
        listing = shop.sandbox.world.amazon.listings.get(sku)
        assert listing is not None
        rows = listing.submitted["fulfillment_availability"]
        changed = [{**row, "lead_time_to_ship_max_days": days} for row in rows]
        listing.submitted = {**listing.submitted, "fulfillment_availability": changed}


def push(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """One `stock push` that ends with that exit code."""
    ran = shop.run("stock", "push", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def warm(shop: Shop) -> None:
    """Have the tokens, the channel and which SKU is which product known; nothing is dirty then."""
    skus = listed(shop)
    values = {sku: value for sku, value in live_now(shop, skus).items() if value is not None}
    for sku, value in values.items():
        shop.sandbox.world.omnitron.set_stock(sku, value, shop.channel)
    limit = shop.config.read_text(encoding="utf-8")
    shop.configure(stock={"patch_limit": 0})
    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)
    shop.clock.advance(minutes=60)
    while shop.rows("SELECT 1 FROM listing_values WHERE check_at IS NOT NULL LIMIT 1"):
        push(shop)
    shop.config.write_text(limit, encoding="utf-8")
    shop.clock.advance(minutes=10)
    shop.forget_calls()
