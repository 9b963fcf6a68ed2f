"""Orders and order items, read and changed. Source: omnitron-api §2.8.

An item's change dates its order too, so it shows up in `orders/updates/`; the order's status
follows its items (both INF).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.query import PK, Fields, dates, ints, texts
from amzsync.sandbox.omnitron.replies import RefusedError, body_of, invalid, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing, waiting_listing
from amzsync.sandbox.omnitron.rows import shown
from amzsync.sandbox.omnitron.statuses import CANCELLED, OUT, REFUNDED, STATUSES, order_status
from amzsync.sandbox.omnitron.writing import check_lengths, related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

ORDER_FIELDS: Fields = {
    **PK,
    **ints(channel="channel", channel_id="channel", customer="customer"),
    **texts("number", "status"),
    **dates("created_date", "modified_date", "date_placed"),
}
ITEM_FIELDS: Fields = {
    **PK,
    **ints(order="order", order__pk="order", order_id="order", product="product"),
    **texts("status", "tracking_number"),
    **dates("created_date", "modified_date"),
}
_ITEM_WRITABLE = (
    *("status", "tracking_number", "carrier_shipping_code", "invoice_number", "invoice_date"),
    *("e_archive_url", "shipping_company", "cancel_status", "attributes", "attributes_kwargs"),
)
_ITEM_LENGTHS = {"tracking_number": 256, "carrier_shipping_code": 256}


def order_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's orders."""
    return listing(world, request, channel.orders, ORDER_FIELDS, shown)


def orders_waiting(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Linked orders that changed since they were last sent out."""
    return waiting_listing(world, channel, request, "order", ORDER_FIELDS, shown)


def order_detail(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One order."""
    return Reply(200, shown(found(channel.orders, request)))


def order_patch(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """`is_send`, which the ERP sets. Errors: 400 for any other field."""
    order, body = found(channel.orders, request), body_of(request)
    for name in body:
        if name not in ("is_send", "channel"):
            invalid(name, "This field can not be updated.", "read_only")
    if "is_send" in body:
        channel.touch("order", order, is_send=bool(body["is_send"]))
    return Reply(200, shown(order))


def item_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Order items; `order` picks those of one order."""
    return listing(world, request, channel.order_items, ITEM_FIELDS, shown)


def item_detail(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One order item."""
    return Reply(200, shown(found(channel.order_items, request)))


def item_patch(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Other values for an item; `extra_field` is merged, `attributes` replaced.

    Errors: 406 for a status lower than the present one, or one that brings a cancelled unit back.
    """
    row, body = found(channel.order_items, request), body_of(request)
    check_lengths(body, _ITEM_LENGTHS)
    if "status" in body:
        _check_status(row["status"], body["status"])
    slug = body.get("shipping_company")
    if slug is not None and slug not in {each["shipping_company"] for each in world.cargos}:
        invalid("shipping_company", f'"{slug}" is not a valid choice.', "invalid_choice")
    values = {name: body[name] for name in _ITEM_WRITABLE if name in body}
    if "extra_field" in body:
        values["extra_field"] = {**row["extra_field"], **(body["extra_field"] or {})}
    change_item(channel, row, **values)
    return Reply(200, shown(row))


def _check_status(present: str, wanted: Any) -> None:
    if wanted not in STATUSES:
        invalid("status", f'"{wanted}" is not a valid choice.', "invalid_choice")
    gone = present in OUT and wanted not in (present, CANCELLED, REFUNDED)
    if gone or int(wanted) < int(present):
        refused("The order status cannot be updated retroactively")


def change_item(channel: Channel, row: dict[str, Any], **values: Any) -> None:
    """Change an item; when anything is new, its order is dated and given its status too."""
    if all(row[name] == value for name, value in values.items()):
        return
    channel.touch("orderitem", row, **values)
    order = channel.orders.rows[row["order"]]
    items = channel.order_items.find("order", order["pk"])
    shared = {
        name: values[name]
        for name in ("tracking_number", "invoice_number", "invoice_date", "e_archive_url")
        if values.get(name) is not None
    }
    channel.touch("order", order, **shared, status=order_status(each["status"] for each in items))


def shipping_info(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Another cargo company for an order and its items (A-18: by the company's slug)."""
    body = body_of(request)
    require(body, ("order", "order_number", "shipping_company"))
    order = related(channel.orders, "order", body["order"])
    if order["number"] != body["order_number"]:
        invalid("order_number", "The number is not the order's.")
    for cargo in world.cargos:
        if cargo["shipping_company"] == body["shipping_company"]:
            break
    else:
        raise RefusedError(400, {"shipping_company": ["Not a valid choice."], "code": "invalid"})
    if order["cargo_company"] != cargo["pk"]:
        channel.touch("order", order, cargo_company=cargo["pk"])
    for row in channel.order_items.find("order", order["pk"]):
        change_item(channel, row, shipping_company=body["shipping_company"])
    return Reply(201, {"pk": channel.timeline.next_pk("ordershippinginfo"), **body})


ROUTES = [
    channel_route("GET", "orders/updates/", "orders.updates", orders_waiting),
    channel_route("GET", "orders/", "orders.list", order_list),
    channel_route("GET", "orders/{pk}/", "orders.get", order_detail),
    channel_route("PATCH", "orders/{pk}/", "orders.patch", order_patch),
    channel_route("GET", "order_items/", "order_items.list", item_list),
    channel_route("GET", "order_items/{pk}/", "order_items.get", item_detail),
    channel_route("PATCH", "order_items/{pk}/", "order_items.patch", item_patch),
    channel_route("POST", "order_shipping_infos/", "order_shipping_infos.create", shipping_info),
]
