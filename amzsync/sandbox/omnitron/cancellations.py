"""Cancelling orders, and the reasons and plans there are. Source: omnitron-api §2.9.

The sandbox does not count plans: that there are never more than six is the client's business
(A-24). Codes of refusals are the exceptions' names from the vendor's guide; their wire form is
assumption A-09.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel, DictTable
from amzsync.sandbox.omnitron.plans import open_plan
from amzsync.sandbox.omnitron.query import PK, Field, Fields, boolean, ints, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, missing_object, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Table, shown
from amzsync.sandbox.omnitron.statuses import CANCELLATION_WAITING, CANCELLED, REFUNDED
from amzsync.sandbox.omnitron.writing import related

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

REASONS = (
    (10, "cancel", "Müşteri vazgeçti"),
    (11, "cancel", "Stok yok"),
    (20, "refund", "Ürünü beğenmedim"),
    (21, "refund", "Ürün kusurlu"),
    (22, "refund", "Yanlış ürün gönderildi"),
)

REASON_FIELDS: Fields = {
    **PK,
    **texts("cancellation_type", "subject"),
    "is_active": Field("is_active", boolean),
}
PLAN_FIELDS: Fields = {
    **PK,
    **texts("plan_type"),
    **ints(order="_order", order_id="_order"),
    "order_number": Field("_number"),
    "cancellation_plan_status": Field("status"),
}


def reason_table(date: str) -> DictTable:
    """The reasons operators set up."""
    table: DictTable = Table()
    for pk, kind, subject in REASONS:
        table.add(
            {
                "pk": pk,
                "cancellation_type": kind,
                "subject": subject,
                "order": 100,
                "is_active": True,
                "extra_information_needed": False,
                "send_to_remote": False,
                "send_to_oms": True,
                "translations": {},
                "created_date": date,
                "modified_date": date,
            }
        )
    return table


def cancel(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One cancellation plan for the items named; they wait for the brand's decision.

    Errors: 406 for an order the ERP does not know, one with a plan open, or a missing reason.
    """
    order, body = found(channel.orders, request), body_of(request)
    items = _items_to_cancel(channel, order, body)
    if not order["is_send"]:
        refused("Unreported order of ERP can not be canceled")
    if order["cancel_status"] == "waiting":
        refused("Order has a waiting cancellation.", "OrderUpdateCancelStatusException")
    for row in items:
        if row["status"] in (CANCELLATION_WAITING, CANCELLED, REFUNDED):
            refused(f"Order item {row['pk']} is cancelled.", "OrderCancelMoreThenOneException")
    reasons = body.get("reasons") or {}
    for row in items:
        reason = reasons.get(str(row["pk"]))
        if reason is None:
            message = f"Reason is missing for order item {row['pk']}."
            refused(message, "OrderCancelMissingReasonException")
        related(world.reasons, "reasons", reason)
    open_plan(channel, order, "cancel", items)
    return Reply(200, shown(order))


def _items_to_cancel(
    channel: Channel, order: dict[str, Any], body: dict[str, Any]
) -> list[dict[str, Any]]:
    own = {row["pk"]: row for row in channel.order_items.find("order", order["pk"])}
    asked = body.get("cancel_items") or []
    if body.get("is_all"):
        if asked:
            refused("is_all and cancel_items overlap.", "OrderCancelOverlappingParameterException")
        return list(own.values())
    if not asked:
        invalid("cancel_items", "This list may not be empty.", "empty")
    for pk in asked:
        if pk not in own:
            missing_object("cancel_items", pk)
    return [own[pk] for pk in asked]


def reason_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """The reasons."""
    return listing(world, request, world.reasons, REASON_FIELDS, shown)


def plan_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The cancellation plans; `order_id` or `order_number` picks those of one order."""
    return listing(world, request, channel.cancellation_plans, PLAN_FIELDS, shown)


_PLANS = "cancellation_plans/"
ROUTES = [
    channel_route("POST", "orders/{pk}/cancel/", "orders.cancel", cancel),
    channel_route("GET", "cancellation_reasons/", "cancellation_reasons.list", reason_list),
    channel_route("GET", _PLANS, "cancellation_plans.list", plan_list),
    channel_route(
        "GET", f"{_PLANS}inserts_or_updates/", "cancellation_plans.inserts_or_updates", plan_list
    ),
]
