"""Product prices that have to go out, as changed_goods finds them. FBA channels have them too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amzsync.flows import changed_goods
from amzsync.flows.changed_goods import Goods, Observed
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import PRICE
from amzsync.omnitron.models.products import ProductPrice

GOODS: Goods[ProductPrice] = Goods(
    flow="prices.push",
    noun="price",
    content_type="productprice",
    attribute=PRICE,
    rows=lambda ctx: ctx.omnitron.prices,
    list_of=lambda catalog: catalog.price_list,
)


def fetch(ctx: Context) -> Iterator[Observed[ProductPrice] | Outcome]:
    """Prices to be sent again, changed ones, and those never sent whose product is listed."""
    yield from changed_goods.fetch(ctx, GOODS)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Observed[ProductPrice] | Outcome]:
    """The present prices of these SKUs, whatever Omnitron's dirty lists say."""
    yield from changed_goods.refetch(ctx, GOODS, sorted(keys))
