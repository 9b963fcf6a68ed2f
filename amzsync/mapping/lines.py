"""Order lines: how many of their units still stand, and what the buyer asks for.

Amazon says it by line, Omnitron by unit; the state keeps it as text between the two.
"""

from __future__ import annotations

import json

from amzsync.amazon.assumptions import standing_units
from amzsync.amazon.models.orders import CANCELLED, UNSHIPPED, Order


def standing(order: Order) -> dict[str, int]:
    """How many units of each line are still to be delivered or have been; 0 for a cancelled one."""
    if order.status == CANCELLED:
        return {item.order_item_id: 0 for item in order.order_items}
    return {item.order_item_id: standing_units(item) for item in order.order_items}


def shows_cancellation(order: Order) -> bool:
    """Whether the order says of any of its units that it was cancelled."""
    return order.status == CANCELLED or any(
        item.cancellation.cancellation_execution is not None or item.quantity_ordered <= 0
        for item in order.order_items
    )


def cancel_request(order: Order) -> str:
    """Why the buyer asks to cancel, as Amazon words it; "" if nobody asks, or it is too late."""
    if order.status != UNSHIPPED:
        return ""
    for item in order.order_items:
        request = item.cancellation.cancellation_request
        if request is not None and item.cancellation.cancellation_execution is None:
            return request.cancel_reason or "no reason given"
    return ""


def to_text(lines: dict[str, int]) -> str:
    """The lines as the state keeps them."""
    return json.dumps(lines, sort_keys=True, separators=(",", ":"))


def of_text(text: str) -> dict[str, int]:
    """The lines a text of `to_text` stands for."""
    lines: dict[str, int] = json.loads(text) if text else {}
    return lines
