"""From an order as Amazon sent it to its row in the inbox: whose it is, what becomes of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from amzsync.amazon.models.orders import Order
from amzsync.amazon.orders import parse_order
from amzsync.errors import RecordError
from amzsync.mapping.addresses import lines, names
from amzsync.redaction import hide
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow, InboxState

log = logging.getLogger(__name__)

# The manual's PartiallyShipped, Unshipped, Shipped and InvoiceUnconfirmed; the last has no value in
# this API version and is read as SHIPPED by the model.
IMPORTED_STATUSES = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})
PENDING_STATUSES = frozenset({"PENDING", "PENDING_AVAILABILITY"})

ByKind = Mapping[tuple[str, str], Channel]


def inbox_row(raw: Mapping[str, Any], channels: ByKind, now: datetime) -> InboxRow | None:
    """The row of an order; None when it belongs to none of the channels or has no id.

    An order that cannot be read keeps its text and is tried again when Amazon sends it anew.
    """
    order_id = raw.get("orderId")
    if not isinstance(order_id, str) or not order_id:
        log.warning("an order without id was left out: the search brings it again when it has one")
        return None
    try:
        order = parse_order(raw)
    except RecordError as error:
        return _unreadable(order_id, raw, channels, now, error)
    channel = channels.get((order.sales_channel.marketplace_id, order.fulfilled_by))
    if channel is None:
        return None
    hide_buyer(order)
    state, code, reason = _destiny(order, channel)
    text = _json(raw)
    return InboxRow(
        order_id=order_id,
        channel=channel.key,
        status=order.status,
        created_time=order.created_time,
        last_updated_time=order.last_updated_time,
        state=state,
        payload=text if state == "new" else None,
        facts=_json(facts(order)),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        code=code,
        reason=reason,
        seen_at=now,
    )


def facts(order: Order) -> dict[str, Any]:
    """What later flows need to know of the order; no buyer data."""
    return {
        "skus": sorted(
            {row.product.seller_sku for row in order.order_items if row.product.seller_sku}
        ),
        "items": [
            {
                "order_item_id": item.order_item_id,
                "sku": item.product.seller_sku,
                "quantity": item.quantity_ordered,
                "fulfilled": item.fulfillment.quantity_fulfilled or 0,
            }
            for item in order.order_items
        ],
        "packages": [
            {
                "reference": package.package_reference_id,
                "status": package.package_status.status if package.package_status else None,
                "carrier": package.carrier,
                "tracking_number": package.tracking_number,
                "items": [
                    {"order_item_id": row.order_item_id, "quantity": row.quantity}
                    for row in package.package_items
                ],
            }
            for package in order.packages
        ],
    }


def hide_buyer(order: Order) -> None:
    """Have the buyer's data masked wherever it might turn up from now on."""
    buyer, registrations = order.buyer, order.tax.tax_registrations
    hide([buyer.buyer_name, buyer.buyer_email, buyer.buyer_company_name])
    hide(row.tax_registration_number for row in registrations)
    hide(row.legal_name for row in registrations)
    owned = (row.tax_registration_address for row in registrations)
    for address in (order.recipient.delivery_address, *owned):
        # also as the parts and the whole they are sent to Omnitron as, and may come back in
        hide([address.name, *names(address.name), address.company_name, address.phone])
        hide([*lines(address), " ".join(lines(address))])
    for item in order.order_items:
        hide([item.fulfillment.packing.gift_option.gift_message])


def _destiny(order: Order, channel: Channel) -> tuple[InboxState, str, str]:
    """(state, code, reason) an order of this status starts with."""
    if not order.is_marketplace_order:
        return "ignored", "other_sales_channel", "sold outside Amazon's marketplace"
    start = channel.order_start_date
    if start is not None and order.created_time < start:
        return "ignored", "before_order_start_date", f"created before {start.isoformat()}"
    status = order.status
    if status in IMPORTED_STATUSES:
        return "new", "", ""
    if status in PENDING_STATUSES:
        return "pending", "pending", "Amazon has not authorised the payment yet"
    if status == "CANCELLED":
        return "ignored", "cancelled", "cancelled before it was imported"
    return "ignored", "status", f"status {status or 'missing'} is not imported"


def _unreadable(
    order_id: str, raw: Mapping[str, Any], channels: ByKind, now: datetime, error: RecordError
) -> InboxRow | None:
    """A row that fails when it is worked on, so that the fault is penalised and shown."""
    sales, fulfillment = raw.get("salesChannel"), raw.get("fulfillment")
    marketplace = sales.get("marketplaceId") if isinstance(sales, dict) else None
    kind = fulfillment.get("fulfilledBy") if isinstance(fulfillment, dict) else None
    channel = channels.get((marketplace or "", kind or ""))
    if channel is None:
        if len(channels) > 1:
            log.warning("order %s cannot be read nor given to a channel: %s", order_id, error)
            return None
        channel = next(iter(channels.values()))
    text = _json(raw)
    return InboxRow(
        order_id=order_id,
        channel=channel.key,
        status="",
        created_time=_time(raw.get("createdTime")) or now,
        last_updated_time=_time(raw.get("lastUpdatedTime")) or now,
        state="new",
        payload=text,
        facts=_json({"skus": [], "items": [], "packages": []}),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        code=error.code,
        reason=str(error),
        seen_at=now,
    )


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
