"""Product stocks, prices and images: lists and dirty lists. Source: omnitron-api §2.7."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.query import PK, Fields, dates, ints
from amzsync.sandbox.omnitron.routing import channel_route, listing, waiting_listing
from amzsync.sandbox.omnitron.rows import Image, Price, Stock

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_COMMON: Fields = {
    **PK,
    **ints(product="product", product__pk="product"),
    **dates("modified_date", "created_date"),
}
_TAX_RATE = "20.00"


def stock_wire(row: Stock) -> dict[str, Any]:
    """A product stock as the wire shows it; `stock` is net of reserved units (A-16)."""
    return {
        "pk": row.pk,
        "product": row.product,
        "stock": row.stock,
        "stock_list": row.stock_list,
        "unit_type": "qty",
        "extra_field": {},
        "sold_quantity_unreported": 0,
        "modified_date": row.modified_date,
        "created_date": row.created_date,
    }


def price_wire(row: Price) -> dict[str, Any]:
    """A product price as the wire shows it; `price` includes tax (A-17)."""
    return {
        "pk": row.pk,
        "product": row.product,
        "price": row.price,
        "retail_price": row.retail_price,
        "price_list": row.price_list,
        "currency_type": row.currency_type,
        "tax_rate": _TAX_RATE,
        "discount_percentage": "0.00",
        "price_type": "default",
        "extra_field": {},
        "modified_date": row.modified_date,
        "created_date": row.created_date,
    }


def image_wire(row: Image) -> dict[str, Any]:
    """A product image as the wire shows it; the address may be relative to the host."""
    return {
        "pk": row.pk,
        "product": row.product,
        "image": row.image,
        "order": row.order,
        "source": None,
        "hash": None,
        "height": 1000,
        "width": 1000,
        "status": "active",
        "is_active": True,
        "modified_date": row.modified_date,
        "created_date": row.created_date,
    }


def _routes(resource: str, model: str, fields: Fields, show: Callable[[Any], Any]) -> list[Route]:
    def everything(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        return listing(world, request, channel.tables[model], fields, show)

    def waiting(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        return waiting_listing(world, channel, request, model, fields, show)

    return [
        channel_route("GET", f"{resource}/inserts/", f"{resource}.inserts", waiting),
        channel_route("GET", f"{resource}/updates/", f"{resource}.updates", waiting),
        channel_route("GET", f"{resource}/", f"{resource}.list", everything),
    ]


ROUTES = [
    *_routes(
        "product_stocks",
        "productstock",
        {**_COMMON, **ints(stock_list="stock_list", stock="stock")},
        stock_wire,
    ),
    *_routes(
        "product_prices", "productprice", {**_COMMON, **ints(price_list="price_list")}, price_wire
    ),
    *_routes("product_images", "productimage", _COMMON, image_wire),
]
