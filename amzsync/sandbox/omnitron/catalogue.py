"""Channels, catalogs, content types and products.

Source: omnitron-api §2.1, §2.2, §2.6. A product that left the catalog is still found by its
key, for the vendor's client reads its SKU that way after `integration_actions/deleted/`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import CONTENT_TYPES
from amzsync.sandbox.omnitron.query import (
    PK,
    Field,
    Fields,
    boolean,
    conditions,
    dates,
    page,
    passing,
    texts,
)
from amzsync.sandbox.omnitron.replies import body_of, invalid, not_found, pk_of
from amzsync.sandbox.omnitron.routing import channel_route, found, listing, route, waiting_listing
from amzsync.sandbox.omnitron.rows import Product, Row
from amzsync.sandbox.omnitron.writing import related

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_OWN_ATTRIBUTE_SET = 1  # the brand's, in its shop; no set of a marketplace

FIELDS: Fields = {
    **PK,
    **texts("sku", "base_code", "name", "product_type"),
    **dates("modified_date"),
    "is_active": Field("is_active", boolean),
    "attributes": Field("attributes"),  # and attributes__<key>
}


def product_wire(channel: Channel, row: Product) -> dict[str, Any]:
    """A product as the wire shows it; the EAN is its attribute `barcode`."""
    barcode = {"barcode": row.ean} if row.ean else {}
    images = sorted(channel.images.find("product", row.pk), key=lambda image: image.order)
    return {
        "pk": row.pk,
        "name": row.name,
        "base_code": row.base_code,
        "sku": row.sku,
        "product_type": row.product_type,
        "is_active": row.is_active,
        "parent": None,
        "attributes": {**row.attributes, **barcode},
        "productimage_set": [
            {"pk": image.pk, "status": "active", "image": image.image} for image in images
        ],
        "attribute_set": _OWN_ATTRIBUTE_SET,
        "description": row.description,
        "productization_date": row.modified_date,
        "modified_date": row.modified_date,
    }


def product_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The catalog's products."""
    show = partial(product_wire, channel)
    if not channel.gone or {"pk", "pk__in", "id", "id__in"} & request.query.keys():
        return listing(world, request, channel.products, FIELDS, show)
    return listing(
        world, request, channel.products, FIELDS, show, lambda row: row.pk not in channel.gone
    )


def product_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One product."""
    return Reply(200, product_wire(channel, found(channel.products, request)))


def products_waiting(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The products of a dirty list."""
    show = partial(product_wire, channel)
    return waiting_listing(world, channel, request, "product", FIELDS, show)


def channel_item(world: OmnitronWorld, request: Request) -> Reply:
    """One channel."""
    return Reply(200, _channel(world, request).row)


def channel_patch(world: OmnitronWorld, request: Request) -> Reply:
    """Another category tree or configuration schema; `conf` is the operator's alone."""
    channel, body = _channel(world, request), body_of(request)
    if not isinstance(body.get("schema", {}), dict):
        invalid("schema", "Not a valid dictionary.")
    if body.get("category_tree") is not None:
        related(world.categories.trees, "category_tree", body["category_tree"])
    for name in ("category_tree", "schema"):
        if name in body:
            channel.row[name] = body[name]
    channel.row["modified_date"] = world.timeline.tick()
    return Reply(200, channel.row)


def _channel(world: OmnitronWorld, request: Request) -> Channel:
    channel = world.channels.get(pk_of(request))
    if channel is None:
        not_found()
    return channel


def catalog_item(world: OmnitronWorld, request: Request) -> Reply:
    """One catalog."""
    catalogs = {channel.catalog["pk"]: channel.catalog for channel in world.channels.values()}
    catalog = catalogs.get(pk_of(request))
    if catalog is None:
        not_found()
    return Reply(200, catalog)


def content_type_list(_world: OmnitronWorld, request: Request) -> Reply:
    """Content types; `model` picks one."""
    rows: list[Row] = list(CONTENT_TYPES.values())
    wanted = conditions(request, texts("model", "app_label"))
    return page(request, passing(rows, wanted), lambda row: row)


ROUTES = [
    route("GET", "channels/{pk}/", "channels.get", channel_item),
    route("PATCH", "channels/{pk}/", "channels.patch", channel_patch),
    route("GET", "catalogs/{pk}/", "catalogs.get", catalog_item),
    route("GET", "content_types/", "content_types.list", content_type_list),
    *(
        channel_route("GET", f"products/{view}/", f"products.{view}", products_waiting)
        for view in ("inserts", "updates", "inserts_or_updates")
    ),
    channel_route("GET", "products/", "products.list", product_list),
    channel_route("GET", "products/{pk}/", "products.get", product_item),
]
