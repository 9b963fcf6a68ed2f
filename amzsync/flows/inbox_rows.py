"""From an order as Amazon sent it to its row in the inbox: whose it is, what becomes of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from amzsync.amazon.models.orders import AMAZON, MERCHANT, Order
from amzsync.amazon.orders import parse_order
from amzsync.errors import RecordError
from amzsync.flows.buyer_data import hide_buyer
from amzsync.mapping import lines
from amzsync.mapping.shipments import parcels_of, to_text
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow, InboxState

# The manual's PartiallyShipped, Unshipped, Shipped and InvoiceUnconfirmed; the last has no value in
# this API version and is read as SHIPPED by the model.
IMPORTED_STATUSES = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})
PENDING_STATUSES = frozenset({"PENDING", "PENDING_AVAILABILITY"})

INCOMPLETE = "incomplete"
FULFILLMENT = "FULFILLMENT"  # the data set without which Amazon tells no status

_HALF = re.compile("[\ud800-\udfff]")

ByKind = Mapping[tuple[str, str], Channel]


def inbox_row(
    raw: Mapping[str, Any], channels: ByKind, now: datetime, missing: Sequence[str] = ()
) -> InboxRow | None:
    """The row of an order; None when it belongs to none of the channels or has no id.

    An order that cannot be read keeps its text and is tried again when Amazon sends it anew.
    `missing` names the data sets it came without: it is not imported before they are there.
    """
    raw, text = _clean(raw)
    hide_buyer(raw)
    order_id = id_of(raw)
    if not order_id:
        return None
    try:
        order = parse_order(raw)
    except RecordError as error:
        return _unreadable(order_id, raw, channels, now, error)
    where = order.sales_channel.marketplace_id
    channel = _owner(where, order.fulfilled_by, channels, missing)
    if channel is None:
        return None
    state, code, reason = _destiny(order, channel, missing)
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
        missing=",".join(missing),
    )


def id_of(raw: Mapping[str, Any]) -> str:
    """The order's id; "" when it has none that could be one."""
    order_id = raw.get("orderId")
    return order_id if isinstance(order_id, str) and order_id.isascii() else ""


def is_unreadable(row: InboxRow) -> bool:
    """Whether the row stands for an order that fits no contract."""
    return row.state == "new" and row.code != ""


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
        "cancelled": [
            {
                "order_item_id": item.order_item_id,
                "by": execution.cancelled_by,
                "reason": execution.cancel_reason,
            }
            for item in order.order_items
            if (execution := item.cancellation.cancellation_execution) is not None
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


def _owner(
    marketplace_id: str, fulfilled_by: str, channels: ByKind, missing: Sequence[str]
) -> Channel | None:
    """Whose order it is. Amazon may leave out both (sp-api.md §2.1.4).

    The search asks for our marketplaces and kinds only, so with a single one there is no doubt.
    """
    ours = {marketplace for marketplace, _ in channels}
    if not marketplace_id and len(ours) == 1:
        (marketplace_id,) = ours
    if fulfilled_by:
        kinds = [fulfilled_by]
    elif FULFILLMENT in missing or all(kind == AMAZON for _, kind in channels):
        kinds = [MERCHANT, AMAZON]  # whose it really is turns out when it is completed
    else:
        kinds = [MERCHANT]
    found = (channels.get((marketplace_id, kind)) for kind in kinds)
    return next((channel for channel in found if channel is not None), None)


def _destiny(order: Order, channel: Channel, missing: Sequence[str]) -> tuple[InboxState, str, str]:
    """(state, code, reason) an order of this status starts with."""
    if not order.is_marketplace_order:
        return "ignored", "other_sales_channel", "sold outside Amazon's marketplace"
    start = channel.order_start_date
    if start is not None and order.created_time < start:
        return "ignored", "before_order_start_date", f"created before {start.isoformat()}"
    status = order.status
    if missing and (status in IMPORTED_STATUSES or not status):
        return (
            "pending",
            INCOMPLETE,
            f"Amazon does not give {', '.join(missing)} at the moment;"
            " it is completed as soon as it does",
        )
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
    channel = _owner(marketplace, kind, channels, ())
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
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _clean(raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The order, and as text, without the halves of characters JSON can hold and no file can."""
    text = _json(raw)
    if text.isascii() or not _HALF.search(text):
        return raw, text
    text = _HALF.sub("\N{REPLACEMENT CHARACTER}", text)
    return json.loads(text), text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
