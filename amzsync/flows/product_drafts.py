"""Listings as they should be: made from what is known of products, and checked before anybody else
sees them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final
from urllib.parse import urljoin

from amzsync.errors import ProtocolError, RecordError, UnmappedError, WaitingError
from amzsync.flows.flow import Context
from amzsync.flows.listing_makers import Makers, unreadable
from amzsync.flows.product_goods import ACTIVE, NOT_SELLABLE, Gathered
from amzsync.mapping.attributes import PRODUCT_TYPE
from amzsync.mapping.prices import price_fault
from amzsync.mapping.products import LIST_PRICE, Attributes, Goods, ListingMaker, requirements_of
from amzsync.mapping.schema_faults import required
from amzsync.mapping.stock import quantity_to_send
from amzsync.state.category_nodes import Category

CURE: Final = "mend it in Omnitron's Mapper"
_SKU: Final = "remote_id"  # the predefined field that names another SKU for Amazon


@dataclass(frozen=True, slots=True)
class Draft:
    """A listing as it should be. `gathered` is what it was made from, None for the parent of a
    family, which has a `theme`.
    """

    sku: str
    attributes: Attributes
    product_type: str
    requirements: str
    maker: ListingMaker
    gathered: Gathered | None
    theme: str = ""


def draft_of(ctx: Context, makers: Makers, row: Gathered, category: Category | None) -> Draft:
    """The listing of a product.

    Errors: WaitingError for a category not known here, RecordError for one Amazon sells nothing in
    and for an impossible price.
    """
    if category is None:
        raise WaitingError(
            f"the category {row.category.name} is not known here yet: categories fetch brings it",
            code="category",
        )
    if not category.product_types:
        raise RecordError(
            f"Amazon has no product type for the category {category.name}: choose another one",
            code=NOT_SELLABLE,
        )
    if fault := price_fault(row.price.price, row.price.currency_type, ctx.config.marketplace):
        raise RecordError(f"the price {fault}", code=NOT_SELLABLE)
    wished, known = row.mapped.get(PRODUCT_TYPE, ""), category.product_types
    product_type = wished if wished in known else known[0]
    requirements = requirements_of(row.mapped)
    maker = makers.get(product_type, requirements)
    return Draft(
        sku=row.mapped.get(_SKU) or row.product.sku,
        attributes=maker.attributes_of(_goods(ctx, row, category)),
        product_type=product_type,
        requirements=requirements,
        maker=maker,
        gathered=row,
    )


def _goods(ctx: Context, row: Gathered, category: Category) -> Goods:
    return Goods(
        name=row.product.name or row.product.sku,
        mapped=row.mapped,
        images=[
            urljoin(ctx.config.omnitron.url, image.image)
            for image in row.product.productimage_set
            if image.status == ACTIVE
        ],
        browse_node=category.node_id,
        price=row.price.price,
        list_price=row.price.retail_price,
        quantity=quantity_to_send(Decimal(row.stock.stock), ctx.config.buffer_stock),
        is_exempt=ctx.config.has_barcode_exemption,
    )


def checked(draft: Draft) -> Draft:
    """The draft, if its product type's schema takes it.

    Where Amazon insists on a list price and the brand has none, the price is it.
    Errors: RecordError with all its faults, WaitingError for a schema that cannot be used.
    """
    attributes, maker = draft.attributes, draft.maker
    try:
        faults = maker.faults(attributes)
        if draft.gathered is not None and required(LIST_PRICE) in faults:
            attributes = maker.with_list_price(attributes, draft.gathered.price.price)
            faults = maker.faults(attributes)
    except ProtocolError as error:
        raise unreadable(draft.product_type, error) from error
    if faults:
        told = "; ".join(dict.fromkeys(fault.message for fault in faults))
        raise UnmappedError(f"{told}: {CURE}", code="attributes")
    return replace(draft, attributes=attributes)
