"""Channels, catalogs, content types, products and what the mapper makes of them.

Source: omnitron-api §2.1, §2.2, §2.6, §2.11. A product that left the catalog is still found by its
key, for the vendor's client reads its SKU that way after `integration_actions/deleted/`.
"""

from __future__ import annotations

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
from amzsync.sandbox.omnitron.replies import RefusedError, body_of, invalid, not_found, pk_of
from amzsync.sandbox.omnitron.routing import channel_route, found, listing, route, waiting_listing
from amzsync.sandbox.omnitron.rows import Product, Row

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

ATTRIBUTE_SET = {"pk": 1, "name": "LUGGAGE"}
CATEGORY_COUNT = 3
_BRAND = "Örnek"

FIELDS: Fields = {
    **PK,
    **texts("sku", "name", "product_type"),
    **dates("modified_date"),
    "base_code": Field("sku"),
    "is_active": Field("is_active", boolean),
    "attributes": Field("attributes"),  # and attributes__<key>
}


def product_wire(row: Product) -> dict[str, Any]:
    """A product as the wire shows it; the EAN is its attribute `barcode`."""
    return {
        "pk": row.pk,
        "name": row.name,
        "base_code": row.sku,
        "sku": row.sku,
        "product_type": row.product_type,
        "is_active": row.is_active,
        "parent": None,
        "attributes": {**row.attributes, "barcode": row.ean},
        "productimage_set": [{"pk": row.pk, "status": "active", "image": image_path(row)}],
        "attribute_set": ATTRIBUTE_SET["pk"],
        "productization_date": row.modified_date,
        "modified_date": row.modified_date,
    }


def image_path(row: Product) -> str:
    """Where the product's picture lies on the Omnitron host."""
    return f"/media/products/{row.pk}.jpg"


def mapped_wire(row: Product) -> dict[str, Any]:
    """What the mapper makes of a product: attributes under the marketplace's names."""
    mapped = {
        "item_name": row.name,
        "brand": _BRAND,
        "externally_assigned_product_identifier": row.ean,
        "color": row.attributes["renk"],
        "size": row.attributes["boyut"],
    }
    values = {
        str(pk): {
            "attribute_name": name,
            "label": value,
            "value": value,
            "attribute_remote_id": name,
        }
        for pk, (name, value) in enumerate(mapped.items(), start=101)
    }
    return {
        "pk": row.pk,
        "mapped_attributes": mapped,
        "attribute_set_id": ATTRIBUTE_SET["pk"],
        "attribute_set_name": ATTRIBUTE_SET["name"],
        "attribute_set_remote_id": ATTRIBUTE_SET["name"],
        "modified_date": row.modified_date,
        "mapped_attribute_values": values,
    }


def product_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The catalog's products."""
    if not channel.gone or {"pk", "pk__in", "id", "id__in"} & request.query.keys():
        return listing(world, request, channel.products, FIELDS, product_wire)
    return listing(
        world,
        request,
        channel.products,
        FIELDS,
        product_wire,
        lambda row: row.pk not in channel.gone,
    )


def product_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One product."""
    return Reply(200, product_wire(found(channel.products, request)))


def products_waiting(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The products of a dirty list."""
    return waiting_listing(world, channel, request, "product", FIELDS, product_wire)


def mapped_item(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The mapper's answer for one product.

    Errors: 406 `{"error"}` for a SKU in `world.unmapped`.
    """
    row: Product = found(channel.products, request)
    if row.sku in world.unmapped:
        raise RefusedError(406, {"error": f"Mapping is missing for product {row.pk}."})
    return Reply(200, mapped_wire(row))


def mapped_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The mapper's answers, products it cannot map left out (A-15)."""
    return listing(
        world,
        request,
        channel.products,
        FIELDS,
        mapped_wire,
        lambda row: row.sku not in world.unmapped,
    )


def categories(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The one category each product lies in, expanded."""
    pks = [int(text) for text in request.query.get("product", []) if text.isdigit()]
    rows = [row for pk in pks for row in channel.products.find("pk", pk)] or list(channel.products)
    return page(request, rows, _category_wire)


def _category_wire(row: Product) -> dict[str, Any]:
    number = row.pk % CATEGORY_COUNT + 1
    node = {
        "pk": number + 1,
        "name": f"Kategori {number}",
        "order": number,
        "numchild": 0,
        "depth": 2,
        "path": f"0001{number:04d}",
        "sort_option": None,
        "modified_date": row.modified_date,
    }
    return {"product": row.pk, "category": node}


def channel_item(world: OmnitronWorld, request: Request) -> Reply:
    """One channel."""
    return Reply(200, _channel(world, request).row)


def channel_patch(world: OmnitronWorld, request: Request) -> Reply:
    """Another category tree or configuration schema; `conf` is the operator's alone."""
    channel, body = _channel(world, request), body_of(request)
    if not isinstance(body.get("schema", {}), dict):
        invalid("schema", "Not a valid dictionary.")
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
    channel_route("GET", "mapped_products/", "mapped_products.list", mapped_list),
    channel_route("GET", "mapped_products/{pk}/", "mapped_products.get", mapped_item),
    channel_route("GET", "product_categories/detailed/", "product_categories.detailed", categories),
]
