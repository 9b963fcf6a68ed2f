"""`create_orders/`: a new order with its items, one row a unit. Source: omnitron-api §2.8.

Two orders may get the same number unless `world.unique_numbers` is set: no guarantee is known
(A-19), so the sandbox lets a doubled order happen for tests to see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.replies import body_of, invalid, refused
from amzsync.sandbox.omnitron.routing import channel_route
from amzsync.sandbox.omnitron.rows import moment_of, shown
from amzsync.sandbox.omnitron.statuses import APPROVED, STATUSES
from amzsync.sandbox.omnitron.writing import check_lengths, decimal_text, related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_ORDER_REQUIRED = (
    *("number", "channel", "customer", "shipping_address", "billing_address"),
    *("currency", "amount", "cargo_company", "date_placed"),
)
_ORDER_LENGTHS = {
    "number": 128,
    "tracking_number": 256,
    "carrier_shipping_code": 256,
    "gift_box_note": 160,
    "notes": 320,
    "shipping_option_slug": 128,
}
_ORDER_FREE = (
    *("delivery_type", "tracking_number", "carrier_shipping_code", "remote_addr", "gift_box_note"),
    *("client_type", "language_code", "notes", "delivery_range", "shipping_option_slug"),
)
_ITEM_FREE = (
    *("tracking_number", "carrier_shipping_code", "parent", "delivered_date"),
    "estimated_delivery_date",
)
# Columns nobody fills on creation.
_ORDER_BLANK = {
    **dict.fromkeys(("payment_option", "installment", "installment_count", "bin_number")),
    **dict.fromkeys(("invoice_number", "invoice_date", "e_archive_url", "segment")),
    **dict.fromkeys(("external_status", "cancel_status")),
    **dict.fromkeys(
        ("refund_amount", "discount_refund_amount", "installment_interest_amount"), "0.00"
    ),
}
_ITEM_BLANK = {
    **dict.fromkeys(("invoice_number", "invoice_date", "e_archive_url", "shipping_company")),
    **dict.fromkeys(("shipment_code", "cancel_status", "datasource")),
    "cancellation_reconciliation": None,
    "is_tradable": True,
    "installment_interest_amount": "0.00",
}


def create_order(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The order; nothing is stored when any part of the body is wrong.

    Errors: 400 with the field's name.
    """
    body = body_of(request)
    order, items = body.get("order"), body.get("order_item")
    if not isinstance(order, dict):
        invalid("order", "This field is required.", "required")
    if not isinstance(items, list) or not items:
        invalid("order_item", "This list may not be empty.", "empty")
    values = _order_values(world, channel, order)
    item_values = [_item_values(channel, each) for each in items]
    now = channel.timeline.tick()
    pk = channel.timeline.next_pk("order", 5001)
    dated = {"created_date": now, "modified_date": now}
    row = channel.orders.add({"pk": pk, **values, **_ORDER_BLANK, "is_send": False, **dated})
    for each in item_values:
        item_pk = channel.timeline.next_pk("orderitem", 9001)
        channel.order_items.add({"pk": item_pk, "order": pk, **each, **_ITEM_BLANK, **dated})
    return Reply(201, shown(row))


def _order_values(world: OmnitronWorld, channel: Channel, order: dict[str, Any]) -> dict[str, Any]:
    require(order, _ORDER_REQUIRED)
    check_lengths(order, _ORDER_LENGTHS)
    if order["channel"] != channel.pk:
        invalid("channel", "The order belongs to another channel.")
    if world.unique_numbers and channel.orders.find("number", order["number"]):
        refused(f"Order with number {order['number']} already exists.", "unique")
    related(channel.customers, "customer", order["customer"])
    for name in ("shipping_address", "billing_address"):
        related(channel.addresses, name, order[name])
    related(world.cargos, "cargo_company", order["cargo_company"])
    try:
        placed = moment_of(str(order["date_placed"]))
    except ValueError:
        invalid("date_placed", "Datetime has wrong format.")
    foreign = ("customer", "shipping_address", "billing_address", "cargo_company")
    amounts = ("shipping_amount", "discount_amount", "net_shipping_amount")
    return {
        "number": order["number"],
        "channel": channel.pk,
        "status": _status(order),
        "date_placed": placed,
        **{name: order[name] for name in foreign},
        "currency": order["currency"],
        "amount": decimal_text(order, "amount"),
        **{name: decimal_text(order, name) for name in amounts},
        "shipping_tax_rate": decimal_text(order, "shipping_tax_rate", None),
        "extra_field": order.get("extra_field") or {},
        "has_gift_box": bool(order.get("has_gift_box")),
        **{name: order.get(name) for name in _ORDER_FREE},
    }


def _item_values(channel: Channel, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        invalid("order_item", "Invalid data. Expected a dictionary.")
    require(item, ("product", "price", "price_currency"))
    check_lengths(item, {"tracking_number": 256, "carrier_shipping_code": 256})
    related(channel.products, "product", item["product"])
    for name in ("price_list", "stock_list"):
        if item.get(name) not in (None, channel.catalog[name]):
            invalid(name, f'Invalid pk "{item[name]}" - object does not exist.', "does_not_exist")
    return {
        "product": item["product"],
        "status": _status(item),
        "price": decimal_text(item, "price"),
        "price_currency": item["price_currency"],
        "tax_rate": decimal_text(item, "tax_rate", None),
        "retail_price": decimal_text(item, "retail_price", None),
        "discount_amount": decimal_text(item, "discount_amount"),
        "price_list": item.get("price_list"),
        "stock_list": item.get("stock_list"),
        "extra_field": item.get("extra_field") or {},
        "attributes": item.get("attributes") or {},
        "attributes_kwargs": item.get("attributes_kwargs") or {},
        **{name: item.get(name) for name in _ITEM_FREE},
    }


def _status(body: dict[str, Any]) -> str:
    status = body.get("status") or APPROVED
    if status not in STATUSES:
        invalid("status", f'"{status}" is not a valid choice.', "invalid_choice")
    return str(status)


ROUTES = [channel_route("POST", "create_orders/", "create_orders.create", create_order)]
