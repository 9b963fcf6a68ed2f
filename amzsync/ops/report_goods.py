"""Omnitron's side of a report, read list by list and page by page into the state.

A hundred thousand products are eight hundred calls and no more memory than a page takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from amzsync.flows.flow import Context
from amzsync.flows.product_goods import ACTIVE
from amzsync.flows.reference_data import catalog
from amzsync.mapping.prices import price_fault, price_text
from amzsync.mapping.stock import quantity_to_send
from amzsync.omnitron.models.products import Product, ProductPrice, ProductStock
from amzsync.omnitron.paging import Page

T = TypeVar("T")


def gather(ctx: Context) -> None:
    """Read what Omnitron has of every product: what it costs, how many there are, who knows it."""
    goods, channel = ctx.state.snapshots, ctx.channel
    goods.begin_goods(channel)
    for products in _pages(ctx, "products", ctx.omnitron.products.catalog()):
        goods.add_products(
            channel, [(row.pk, row.sku, row.is_active, is_pictured(row)) for row in products]
        )
    for actions in _pages(ctx, "links", ctx.omnitron.integration_actions.of_model("product")):
        goods.add_links(
            channel, [(row.object_id, row.remote_id) for row in actions if row.remote_id]
        )
    goods.add_withdrawn(channel)
    lists = catalog(ctx)
    if lists.stock_list is not None:
        for stocks in _pages(ctx, "stocks", ctx.omnitron.stocks.of_list(lists.stock_list)):
            rows = [(row.product, row.stock, wanted_quantity(ctx, row)) for row in stocks]
            goods.add_stocks(channel, rows)
    if lists.price_list is not None:
        for prices in _pages(ctx, "prices", ctx.omnitron.prices.of_list(lists.price_list)):
            goods.add_prices(channel, [(row.product, wanted_price(ctx, row)) for row in prices])


def is_pictured(product: Product) -> bool:
    """Whether it has a picture that is shown."""
    return any(image.status == ACTIVE for image in product.productimage_set)


def wanted_quantity(ctx: Context, row: ProductStock) -> int:
    """What Amazon should show. What Amazon fulfils has no buffer: nothing is sent."""
    if ctx.config.is_fba_channel:
        return row.stock
    return quantity_to_send(Decimal(row.stock), ctx.config.buffer_stock)


def wanted_price(ctx: Context, row: ProductPrice) -> str:
    """What Amazon should show; one that cannot be a price there is spelt with its currency."""
    marketplace = ctx.config.marketplace
    if price_fault(row.price, row.currency_type, marketplace):
        return f"{row.price} {row.currency_type.upper()}"
    return price_text(row.price, marketplace.currency)


def _pages(ctx: Context, noun: str, pages: Iterable[Page[T]]) -> Iterator[Page[T]]:
    """The pages, with a word on what of them cannot be read, and how far it is."""
    read = malformed = 0
    for page in pages:
        ctx.deadline.check()
        read += len(page)
        malformed += len(page.malformed)
        ctx.progress(f"{read} {noun} of Omnitron read")
        yield page
    if malformed:
        ctx.note(f"{malformed} {noun} of Omnitron cannot be read and are left out")
