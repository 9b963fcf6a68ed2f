"""Cancelling orders, cancellation requests, reasons and plans. Source: omnitron-api §2.9.

A cancel call and a request each make one cancellation plan. The sandbox counts none: that there
are never more than six is the client's business (A-24). Codes of refusals are the exceptions' names
from the vendor's guide; their wire form is assumption A-09.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel, DictTable
from amzsync.sandbox.omnitron.orders import change_item
from amzsync.sandbox.omnitron.query import PK, Field, Fields, boolean, dates, ints, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, missing_object, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Table, shown
from amzsync.sandbox.omnitron.statuses import CANCELLATION_WAITING, CANCELLED, REFUNDED
from amzsync.sandbox.omnitron.writing import related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

REASONS = (
    (10, "cancel", "Müşteri vazgeçti"),
    (11, "cancel", "Stok yok"),
    (20, "refund", "Ürünü beğenmedim"),
    (21, "refund", "Ürün kusurlu"),
    (22, "refund", "Yanlış ürün gönderildi"),
)

REQUEST_FIELDS: Fields = {
    **ints(id="id", pk="id", order_item="order_item"),
    **texts("status", "cancellation_type", "remote_id"),
    **dates("created_date", "modified_date"),
}
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
    add_plan(channel, order, "cancel", [row["pk"] for row in items])
    channel.touch("order", order, cancel_status="waiting")
    for row in items:
        change_item(channel, row, status=CANCELLATION_WAITING, cancel_status="waiting")
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


def add_plan(channel: Channel, order: dict[str, Any], plan_type: str, items: list[int]) -> None:
    """A waiting cancellation plan."""
    now = channel.timeline.tick()
    channel.cancellation_plans.add(
        {
            "pk": channel.timeline.next_pk("cancellationplan"),
            "order": {"pk": order["pk"], "number": order["number"]},
            "plan_type": plan_type,
            "status": "waiting",
            "created_date": now,
            "modified_date": now,
            "_order": order["pk"],
            "_number": order["number"],
            "_items": items,
        }
    )


def complete_plans(channel: Channel, order: dict[str, Any]) -> None:
    """What the brand does: its waiting plans completed, their items cancelled or refunded."""
    for plan in channel.cancellation_plans.find("_order", order["pk"]):
        if plan["status"] != "waiting":
            continue
        status = CANCELLED if plan["plan_type"] == "cancel" else REFUNDED
        now = channel.timeline.tick()
        channel.cancellation_plans.change(plan, status="completed", modified_date=now)
        for pk in plan["_items"]:
            change_item(channel, channel.order_items.rows[pk], status=status, cancel_status=None)
            for each in channel.cancellation_requests.find("order_item", pk):
                channel.touch("cancellationrequest", each, status="completed")
    channel.touch("order", order, cancel_status=None)


def request_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's cancellation requests."""
    return listing(world, request, channel.cancellation_requests, REQUEST_FIELDS, shown)


def request_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One cancellation request."""
    return Reply(200, shown(found(channel.cancellation_requests, request)))


def request_create(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A request about one item (one unit); nothing keeps a second one away (A-34)."""
    body = body_of(request)
    require(body, ("order_item", "reason", "cancellation_type"))
    kind = body["cancellation_type"]
    if kind not in ("cancel", "refund"):
        invalid("cancellation_type", f'"{kind}" is not a valid choice.', "invalid_choice")
    item = related(channel.order_items, "order_item", body["order_item"])
    reason = related(world.reasons, "reason", body["reason"])
    if reason["cancellation_type"] != kind:
        invalid("reason", f"The reason is not for a {kind}.")
    now = channel.timeline.tick()
    row = channel.cancellation_requests.add(
        {
            "id": channel.timeline.next_pk("cancellationrequest"),
            **{name: body[name] for name in ("order_item", "reason", "cancellation_type")},
            **{name: body.get(name) for name in ("remote_id", "description", "iban")},
            **{name: body.get(name) for name in ("holder_name", "easy_return", "quantity")},
            "fully_refund_as_loyalty_money": False,
            "status": "waiting_approval",
            "created_date": now,
            "modified_date": now,
        }
    )
    add_plan(channel, channel.orders.rows[item["order"]], kind, [item["pk"]])
    return Reply(201, shown(row))


def reason_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """The reasons."""
    return listing(world, request, world.reasons, REASON_FIELDS, shown)


def plan_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The cancellation plans; `order_id` or `order_number` picks those of one order."""
    return listing(world, request, channel.cancellation_plans, PLAN_FIELDS, shown)


_PLANS = "cancellation_plans/"
_REQUESTS = "cancellation_requests/"
ROUTES = [
    channel_route("POST", "orders/{pk}/cancel/", "orders.cancel", cancel),
    channel_route("GET", _REQUESTS, "cancellation_requests.list", request_list),
    channel_route("POST", _REQUESTS, "cancellation_requests.create", request_create),
    channel_route("GET", f"{_REQUESTS}{{pk}}/", "cancellation_requests.get", request_item),
    channel_route("GET", "cancellation_reasons/", "cancellation_reasons.list", reason_list),
    channel_route("GET", _PLANS, "cancellation_plans.list", plan_list),
    channel_route(
        "GET", f"{_PLANS}inserts_or_updates/", "cancellation_plans.inserts_or_updates", plan_list
    ),
]
