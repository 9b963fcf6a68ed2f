"""Everything there is to know of some SKUs whose two sides differ, asked anew of both sides.

A snapshot is hours old, and Omnitron's lists were read over minutes: neither is believed alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amzsync.amazon.listings import PAGE_SIZE
from amzsync.amazon.models.listings import BUYABLE, ListingsItem
from amzsync.flows import changed_prices, changed_stocks, read_back
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import PRICE, QUANTITY, is_older
from amzsync.flows.product_goods import categories_of, prices_of, stocks_of
from amzsync.http.overlap import overlap
from amzsync.omnitron.models.categories import CategoryNode
from amzsync.omnitron.models.products import Product, ProductPrice, ProductStock
from amzsync.ops.report_goods import is_pictured, wanted_price, wanted_quantity
from amzsync.state.listings import Listing
from amzsync.state.penalties import Penalty
from amzsync.state.products import SentProduct
from amzsync.state.snapshot import ACTIVE, Goods, Listed
from amzsync.state.waiting import Waiting

STOCK_FLOW, PRICE_FLOW = changed_stocks.GOODS.flow, changed_prices.GOODS.flow
PRODUCT_FLOW, DELETE_FLOW = "products.push", "products.delete"


@dataclass(frozen=True, slots=True)
class Shown:
    """A listing as Amazon shows it now, `quantity` and `price` spelt as they are sent."""

    item: ListingsItem
    quantity: str | None
    price: str | None
    buyable: bool
    by_amazon: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """One SKU.

    `product` is None when it is not in the catalog, `shown` when Amazon has no such listing here.
    `quantity` and `price` are what Amazon should show; `told` what the state knows of each, by
    attribute; `dirty` the flows Omnitron waits for; `ordered`: an order of it is on its way there.
    """

    goods: Goods
    product: Product | None
    stock: ProductStock | None
    price_row: ProductPrice | None
    shown: Shown | None
    quantity: str | None = None
    price: str | None = None
    nodes: tuple[CategoryNode, ...] = ()
    told: Mapping[str, Listing] = field(default_factory=dict)
    sent: SentProduct | None = None
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    waiting: Waiting | None = None
    dirty: frozenset[str] = frozenset()
    ordered: bool = False

    @property
    def sku(self) -> str:
        """What Amazon calls it."""
        return self.goods.sku

    @property
    def sellable(self) -> bool:
        """Price, stock above zero, category, picture, and in the catalog: the manual's rule."""
        product = self.product
        return bool(
            product is not None
            and product.is_active
            and is_pictured(product)
            and self.price_row is not None
            and self.stock is not None
            and self.stock.stock > 0
            and self.nodes
        )

    @property
    def holder(self) -> str | None:
        """Who is at work on it."""
        return next((row.holder for row in self.told.values() if row.holder), None)


def facts_of(ctx: Context, goods: Sequence[Goods]) -> Iterator[Facts]:
    """The facts of these products, at most a hundred."""
    pks = [row.product_pk for row in goods]
    skus = [row.sku for row in goods]
    products = {row.sku: row for row in ctx.omnitron.products.by_skus(r.own_sku for r in goods)}
    stocks, prices = stocks_of(ctx, pks), prices_of(ctx, pks)
    shown = amazon_shows(ctx, skus)
    unsold = [row.product_pk for row in goods if not is_buyable(shown.get(row.sku))]
    nodes = categories_of(ctx, unsold) if unsold else {}
    state, channel = ctx.state, ctx.channel
    told = {name: state.listings.by_skus(channel, skus, name) for name in (QUANTITY, PRICE)}
    sent = state.products.by_skus(channel, skus)
    penalties = {(row.key, row.flow): row for row in state.penalties.list(channel, None, skus)}
    waiting = {row.key: row for row in state.waiting.list(channel, PRODUCT_FLOW, skus)}
    ordered = state.snapshots.ordered(channel, skus)
    dirty = _dirty(ctx, stocks, prices)
    for row in goods:
        product = products.get(row.own_sku)
        if product is not None and product.pk != row.product_pk:
            continue  # another product has its SKU now, and is looked at by itself
        stock, price = stocks.get(row.product_pk), prices.get(row.product_pk)
        yield Facts(
            goods=row,
            product=product,
            stock=stock,
            price_row=price,
            shown=shown.get(row.sku),
            quantity=None if stock is None else str(wanted_quantity(ctx, stock)),
            price=None if price is None else wanted_price(ctx, price),
            nodes=nodes.get(row.product_pk, ()),
            told={name: rows[row.sku] for name, rows in told.items() if row.sku in rows},
            sent=sent.get(row.sku),
            penalties={flow: each for (key, flow), each in penalties.items() if key == row.sku},
            waiting=waiting.get(row.sku),
            dirty=frozenset(flow for flow, keys in dirty.items() if row.product_pk in keys),
            ordered=row.sku in ordered,
        )


def amazon_shows(ctx: Context, skus: Sequence[str]) -> dict[str, Shown]:
    """What Amazon shows of these SKUs now; those it has not in this marketplace are missing."""
    pieces = [skus[start : start + PAGE_SIZE] for start in range(0, len(skus), PAGE_SIZE)]
    found: list[ListingsItem] = []
    for done in overlap(ctx.amazon.listings.search_listings_items, pieces, ctx.in_flight):
        if done.error is not None:
            raise done.error
        found += done.value or ()
    here = ctx.amazon.marketplace_id
    items = [item for item in found if any(row.marketplace_id == here for row in item.summaries)]
    stocks = _amazons_stock(ctx, [row.sku for row in items if read_back.is_by_amazon(row)])
    return {item.sku: _shown(ctx, item, stocks) for item in items}


def is_buyable(shown: Shown | None) -> bool:
    """Whether buyers can buy it."""
    return shown is not None and shown.buyable


def listed(shown: Shown) -> Listed:
    """As the snapshot would tell it."""
    summary = shown.item.summaries[0]
    return Listed(
        sku=shown.item.sku,
        asin=summary.asin,
        price=shown.price,
        quantity=None if shown.quantity is None else int(shown.quantity),
        status=ACTIVE if shown.buyable else "Inactive",
        by_amazon=shown.by_amazon,
    )


def _shown(ctx: Context, item: ListingsItem, stocks: Mapping[str, int]) -> Shown:
    here = ctx.amazon.marketplace_id
    by_amazon = read_back.is_by_amazon(item)
    quantity = read_back.live_value(ctx, QUANTITY, item)
    return Shown(
        item=item,
        quantity=str(stocks.get(item.sku, 0)) if by_amazon else quantity,
        price=read_back.live_value(ctx, PRICE, item),
        buyable=any(BUYABLE in row.status for row in item.summaries if row.marketplace_id == here),
        by_amazon=by_amazon,
    )


def _amazons_stock(ctx: Context, skus: Sequence[str]) -> dict[str, int]:
    """What Amazon has of SKUs it fulfils; nobody asks on a channel that fulfils itself."""
    if not ctx.config.is_fba_channel or not skus:
        return {}
    from amzsync.amazon.inventory import PAGE_SIZE as MOST

    chunks = (skus[start : start + MOST] for start in range(0, len(skus), MOST))
    pages = (page for chunk in chunks for page in ctx.amazon.inventory.summaries(chunk))
    return {row.seller_sku: row.sellable for page in pages for row in page}


def _dirty(
    ctx: Context, stocks: Mapping[int, ProductStock], prices: Mapping[int, ProductPrice]
) -> dict[str, set[int]]:
    """The products whose stock or price Omnitron waits to hear of, by flow."""
    return {
        STOCK_FLOW: _waits(ctx, changed_stocks.GOODS.content_type, stocks),
        PRICE_FLOW: _waits(ctx, changed_prices.GOODS.content_type, prices),
    }


def _waits(
    ctx: Context, content_type: str, rows: Mapping[int, ProductStock] | Mapping[int, ProductPrice]
) -> set[int]:
    versions = {row.pk: row for row in rows.values()}
    done = {
        action.object_id
        for action in ctx.omnitron.integration_actions.by_object_ids(content_type, versions)
        if action.version_date
        and not is_older(action.version_date, versions[action.object_id].modified_date)
    }
    return {row.product for pk, row in versions.items() if pk not in done}
