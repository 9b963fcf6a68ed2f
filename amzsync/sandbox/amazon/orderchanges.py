"""What happens to an order at Amazon without us: shipped, delivered, cancelled, asked to cancel."""

from __future__ import annotations

from typing import Any

from amzsync.sandbox.amazon.orderbook import Order
from amzsync.sandbox.amazon.replies import invalid
from amzsync.sandbox.amazon.shipments import settle_shipments


def change_order(order: Order, wish: dict[str, Any]) -> None:
    """Apply the members of a control request, in this order. Errors: 400 for an unknown one.

    `set`: members merged into the order as they are · `packages`: the packages it has from now on,
    quantities and status follow · `delivered`: every package arrived · `status`: fulfillmentStatus
    · `cancellation_requested`: the buyer's reason · `cancelled_by`: BUYER, MERCHANT or AMAZON
    (`cancel_reason`) · `touch` false: lastUpdatedTime stays.
    """
    if unknown := wish.keys() - _STEPS.keys() - {"cancel_reason", "touch"}:
        raise invalid(f"Unknown member {sorted(unknown)[0]}.")
    for name, step in _STEPS.items():
        if name in wish:
            step(order, wish)


def _set(order: Order, wish: dict[str, Any]) -> None:
    _merge(order, wish["set"])


def _merge(target: dict[str, Any], source: dict[str, Any]) -> None:
    for name, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value


def _packages(order: Order, wish: dict[str, Any]) -> None:
    order["packages"] = wish["packages"]
    settle_shipments(order)


def _delivered(order: Order, _wish: dict[str, Any]) -> None:
    for package in order.get("packages", []):
        package["packageStatus"] = {"status": "DELIVERED"}


def _status(order: Order, wish: dict[str, Any]) -> None:
    order["fulfillment"]["fulfillmentStatus"] = wish["status"]


def _request(order: Order, wish: dict[str, Any]) -> None:
    for item in order["orderItems"]:
        item.setdefault("cancellation", {})["cancellationRequest"] = {
            "requester": "BUYER",
            "cancelReason": wish["cancellation_requested"],
        }


def _cancel(order: Order, wish: dict[str, Any]) -> None:
    order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    for item in order["orderItems"]:
        item.setdefault("cancellation", {})["cancellationExecution"] = {
            "cancelledBy": wish["cancelled_by"],
            "cancelReason": wish.get("cancel_reason", "NO_INVENTORY"),
        }


_STEPS = {
    "set": _set,
    "packages": _packages,
    "delivered": _delivered,
    "status": _status,
    "cancellation_requested": _request,
    "cancelled_by": _cancel,
}
