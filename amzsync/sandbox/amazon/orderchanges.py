"""What happens to an order at Amazon without us: shipped, delivered, cancelled, asked to cancel."""

from __future__ import annotations

from typing import Any

from amzsync.sandbox.amazon.orderbook import Order
from amzsync.sandbox.amazon.replies import invalid
from amzsync.sandbox.amazon.shipments import settle_shipments, settle_status, standing_units


def change_order(order: Order, wish: dict[str, Any]) -> None:
    """Apply the members of a control request, in this order. Errors: 400 for an unknown one.

    `set`: members merged into the order as they are · `packages`: the packages it has from now on,
    quantities and status follow · `deliver`: the references of packages that arrived · `delivered`:
    every package arrived · `status`: fulfillmentStatus · `cancellation_requested`: the buyer's
    reason · `cancel_items`: units by orderItemId that are cancelled; quantities and status follow,
    amounts stay · `cancelled_by`: BUYER, MERCHANT or AMAZON, who cancels those units (a MERCHANT
    unless said), or without `cancel_items` the whole order.

    Besides: `cancel_reason` · `keep_quantity`: `cancel_items` leaves quantityOrdered · `touch`
    false: a control request leaves lastUpdatedTime (in code that is `OrderBook.change`'s).
    """
    if unknown := wish.keys() - _STEPS.keys() - {"cancel_reason", "keep_quantity", "touch"}:
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


def _deliver(order: Order, wish: dict[str, Any]) -> None:
    packages = {package["packageReferenceId"]: package for package in order.get("packages", [])}
    for reference in wish["deliver"]:
        if reference not in packages:
            raise invalid(f"The order has no package {reference}.")
        packages[reference]["packageStatus"] = {"status": "DELIVERED"}


def _delivered(order: Order, _wish: dict[str, Any]) -> None:
    for package in order.get("packages", []):
        if package.get("packageStatus", {}).get("status") != "CANCELLED":
            package["packageStatus"] = {"status": "DELIVERED"}


def _status(order: Order, wish: dict[str, Any]) -> None:
    order["fulfillment"]["fulfillmentStatus"] = wish["status"]


def _request(order: Order, wish: dict[str, Any]) -> None:
    for item in order["orderItems"]:
        item.setdefault("cancellation", {})["cancellationRequest"] = {
            "requester": "BUYER",
            "cancelReason": wish["cancellation_requested"],
        }


def _cancel_items(order: Order, wish: dict[str, Any]) -> None:
    """Lower each line. What Amazon does to quantityOrdered is undocumented, hence both ways."""
    items = {item["orderItemId"]: item for item in order["orderItems"]}
    for item_id, units in wish["cancel_items"].items():
        if item_id not in items:
            raise invalid(f"The order has no item {item_id}.")
        item = items[item_id]
        done = item["fulfillment"]["quantityFulfilled"]
        left = standing_units(item) - done
        if not 0 < units <= left:
            raise invalid(f"Item {item_id} has {left} units to cancel.")
        item["fulfillment"]["quantityUnfulfilled"] = left - units
        if not wish.get("keep_quantity", False):
            item["quantityOrdered"] -= units
        _execute(item, wish)
    settle_status(order)


def _cancel(order: Order, wish: dict[str, Any]) -> None:
    if "cancel_items" in wish:
        return
    order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    for item in order["orderItems"]:
        item["fulfillment"]["quantityUnfulfilled"] = 0
        _execute(item, wish)


def _execute(item: dict[str, Any], wish: dict[str, Any]) -> None:
    item.setdefault("cancellation", {})["cancellationExecution"] = {
        "cancelledBy": wish.get("cancelled_by", "MERCHANT"),
        "cancelReason": wish.get("cancel_reason", "NO_INVENTORY"),
    }


_STEPS = {
    "set": _set,
    "packages": _packages,
    "deliver": _deliver,
    "delivered": _delivered,
    "status": _status,
    "cancellation_requested": _request,
    "cancel_items": _cancel_items,
    "cancelled_by": _cancel,
}
