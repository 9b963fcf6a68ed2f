"""Product stocks that have to go out, as changed_goods finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amzsync.flows import changed_goods
from amzsync.flows.changed_goods import Goods, Observed
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import QUANTITY
from amzsync.omnitron.models.products import ProductStock

GOODS: Goods[ProductStock] = Goods(
    flow="stock.push",
    noun="stock",
    content_type="productstock",
    attribute=QUANTITY,
    rows=lambda ctx: ctx.omnitron.stocks,
    list_of=lambda catalog: catalog.stock_list,
)


def fetch(ctx: Context) -> Iterator[Observed[ProductStock] | Outcome]:
    """Listings to be sent again, changed stocks, and stocks never sent whose product is listed."""
    if ctx.config.is_fba_channel:
        ctx.note("is_fba_channel is on: Amazon owns the quantity, nothing is pushed")
        return
    yield from changed_goods.fetch(ctx, GOODS)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Observed[ProductStock] | Outcome]:
    """The present stock of these SKUs; what Amazon fulfilled when last seen is looked at first."""
    if ctx.config.is_fba_channel:
        return
    from amzsync.flows import read_back  # seldom needed, and it brings half of Amazon's client

    penalties = ctx.state.penalties.list(ctx.channel, GOODS.flow, keys)
    suspects = [row.key for row in penalties if row.code == read_back.BY_AMAZON]
    by_amazon = list(read_back.still_by_amazon(ctx, suspects))
    yield from by_amazon
    ours = sorted(set(keys) - {outcome.key for outcome in by_amazon})
    yield from changed_goods.refetch(ctx, GOODS, ours)
