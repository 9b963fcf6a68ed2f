"""From an order as Amazon sent it to its row in the inbox: whose it is, what becomes of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from amzsync.amazon.models.orders import MERCHANT, Order
from amzsync.amazon.orders import parse_order
from amzsync.errors import RecordError
from amzsync.flows.buyer_data import hide_buyer
from amzsync.mapping import lines
from amzsync.mapping.shipments import parcels_of, to_text
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
    hide_buyer(raw)
    order_id = raw.get("orderId")
    if not isinstance(order_id, str) or not order_id:
        log.warning("an order without id was left out: the search brings it again when it has one")
        return None
    try:
        order = parse_order(raw)
    except RecordError as error:
        return _unreadable(order_id, raw, channels, now, error)
    channel = _owner(order.sales_channel.marketplace_id, order.fulfilled_by, channels)
    if channel is None:
        return None
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
        parcels=to_text(parcels_of(order)),
        lines=lines.to_text(lines.standing(order)),
        cancel_request=lines.cancel_request(order) if state != "ignored" else "",
    )


def facts(order: Order) -> dict[str, Any]:
    """What later flows need to know of the order; no buyer data."""
    return {
        "shows_cancellation": lines.shows_cancellation(order),
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


def _owner(marketplace_id: str, fulfilled_by: str, channels: ByKind) -> Channel | None:
    """Whose order it is. Amazon may leave out both (sp-api.md §2.1.4).

    The search asks for our marketplaces only, so with a single one there is no doubt.
    """
    ours = {marketplace for marketplace, _ in channels}
    if not marketplace_id and len(ours) == 1:
        (marketplace_id,) = ours
    return channels.get((marketplace_id, fulfilled_by or MERCHANT))


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
    """A row that fails when it is worked on, so that the fault is penalised and shown.

    Where even the channel cannot be told, the first one shows it.
    """
    marketplace = _text(raw.get("salesChannel"), "marketplaceId")
    kind = _text(raw.get("fulfillment"), "fulfilledBy")
    channel = _owner(marketplace, kind, channels)
    if channel is None:
        if marketplace and kind:
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


def _text(table: object, name: str) -> str:
    value = table.get(name) if isinstance(table, dict) else None
    return value if isinstance(value, str) else ""


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
