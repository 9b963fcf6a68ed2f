"""Cancellation plans: one for each cancel call and each request, open until the brand decides.

While one is open, its items and its order say so in `cancel_status`. Items of a cancel call go to
50 at once; a request leaves its item's status alone until it is granted (INF). After the decision
`cancel_status` is empty again. Source: omnitron-api §2.9, §3.6, A-29.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.orders import change_item
from amzsync.sandbox.omnitron.statuses import CANCELLATION_WAITING, CANCELLED, REFUNDED

WAITING = "waiting"
COMPLETED = "completed"
REJECTED = "rejected"

_Row = dict[str, Any]


def open_plan(
    channel: Channel,
    order: _Row,
    plan_type: str,
    items: Iterable[_Row],
    request: int | None = None,
) -> None:
    """A waiting plan for the items: a cancel call's, or that of the request with this id."""
    now = channel.timeline.tick()
    items = list(items)
    channel.cancellation_plans.add(
        {
            "pk": channel.timeline.next_pk("cancellationplan"),
            "order": {"pk": order["pk"], "number": order["number"]},
            "plan_type": plan_type,
            "status": WAITING,
            "created_date": now,
            "modified_date": now,
            "_order": order["pk"],
            "_number": order["number"],
            "_items": {row["pk"]: row["status"] for row in items},  # as they were before
            "_request": request,
        }
    )
    for row in items:
        status = CANCELLATION_WAITING if request is None else row["status"]
        change_item(channel, row, status=status, cancel_status=WAITING)
    _show_on_order(channel, order)


def waiting_plans(channel: Channel, order: _Row) -> list[_Row]:
    """The order's plans that are still open."""
    plans = channel.cancellation_plans.find("_order", order["pk"])
    return [plan for plan in plans if plan["status"] == WAITING]


def close_plan(channel: Channel, plan: _Row, outcome: str) -> None:
    """The brand's decision, `completed` or `rejected`; a plan closed before stays as it is."""
    if plan["status"] != WAITING:
        return
    now = channel.timeline.tick()
    channel.cancellation_plans.change(plan, status=outcome, modified_date=now)
    order = channel.orders.rows[plan["_order"]]
    others = {pk for each in waiting_plans(channel, order) for pk in each["_items"]}
    for pk, before in plan["_items"].items():
        row = channel.order_items.rows[pk]
        cancel_status = WAITING if pk in others else None
        status = _status_after(plan, row["status"], before)
        change_item(channel, row, status=status, cancel_status=cancel_status)
    _show_on_order(channel, order)
    request = channel.cancellation_requests.get(plan["_request"])
    if request is not None:
        channel.touch("cancellationrequest", request, status=outcome)


def _status_after(plan: _Row, present: str, before: str) -> str:
    if plan["status"] == REJECTED:
        # Only a cancel call moved its items, so only its rejection moves them back.
        moved = plan["_request"] is None and present == CANCELLATION_WAITING
        return before if moved else present
    if present in (CANCELLED, REFUNDED):
        return present
    return CANCELLED if plan["plan_type"] == "cancel" else REFUNDED


def _show_on_order(channel: Channel, order: _Row) -> None:
    cancel_status = WAITING if waiting_plans(channel, order) else None
    if order["cancel_status"] != cancel_status:
        channel.touch("order", order, cancel_status=cancel_status)
