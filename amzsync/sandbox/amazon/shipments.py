"""Packages of an order: confirmShipment's rules, and what a package does to the order.

Cancelled units cannot be shipped: what counts is what of a line still stands.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from amzsync.sandbox.amazon.orderbook import Order
from amzsync.sandbox.amazon.replies import invalid, iso, moment_of

_REQUIRED = ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate", "orderItems")
_OPEN = ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
_CLOCKS_DIFFER = timedelta(minutes=5)


def confirm(order: Order, body: dict[str, Any], now: datetime) -> bool:
    """Put the package on the order; the same reference again edits it.

    False: the package is there already, word for word. Errors: 400.
    """
    detail = body.get("packageDetail")
    if not isinstance(detail, dict):
        raise invalid("packageDetail is required.")
    if body.get("marketplaceId") != order["salesChannel"].get("marketplaceId"):
        raise invalid("marketplaceId is not the order's.")
    _check_order(order)
    _check_detail(detail)
    package = _package(order, detail, now)
    packages = order.setdefault("packages", [])
    others = [one for one in packages if one["packageReferenceId"] != package["packageReferenceId"]]
    _check_quantities(order, [*others, package])
    if package in packages:
        return False
    order["packages"] = [*others, package]
    settle_shipments(order)
    return True


def settle_shipments(order: Order) -> None:
    """Bring quantities and status in line with the packages."""
    shipped = _shipped(order.get("packages", []))
    for item in order["orderItems"]:
        standing = standing_units(item)
        done = min(shipped.get(item["orderItemId"], 0), standing)
        item["fulfillment"]["quantityFulfilled"] = done
        item["fulfillment"]["quantityUnfulfilled"] = standing - done
    settle_status(order)


def settle_status(order: Order) -> None:
    """Bring the status in line with the quantities; one that is not open yet waits on."""
    done = sum(item["fulfillment"]["quantityFulfilled"] for item in order["orderItems"])
    left = sum(item["fulfillment"]["quantityUnfulfilled"] for item in order["orderItems"])
    fulfillment = order["fulfillment"]
    if left == 0:
        fulfillment["fulfillmentStatus"] = "SHIPPED" if done else "CANCELLED"
    elif done:
        fulfillment["fulfillmentStatus"] = "PARTIALLY_SHIPPED"
    elif fulfillment["fulfillmentStatus"] in _OPEN:
        fulfillment["fulfillmentStatus"] = "UNSHIPPED"


def standing_units(item: dict[str, Any]) -> int:
    """How many units of a line were not cancelled, whatever became of its quantityOrdered."""
    if "cancellationExecution" not in item.get("cancellation", {}):
        return int(item["quantityOrdered"])
    fulfillment = item["fulfillment"]
    return int(fulfillment["quantityFulfilled"] + fulfillment["quantityUnfulfilled"])


def _check_order(order: Order) -> None:
    fulfillment = order["fulfillment"]
    if fulfillment.get("fulfilledBy") != "MERCHANT":
        raise invalid("The order is fulfilled by Amazon.")
    if fulfillment["fulfillmentStatus"] not in _OPEN:
        raise invalid(f"The order is {fulfillment['fulfillmentStatus']}.")


def _check_detail(detail: dict[str, Any]) -> None:
    if missing := [name for name in _REQUIRED if not detail.get(name)]:
        raise invalid(f"packageDetail.{missing[0]} is required.")
    reference = detail["packageReferenceId"]
    if not (isinstance(reference, str) and reference.isascii() and reference.isdigit()):
        raise invalid("packageReferenceId must be a positive numeric value.")
    if int(reference) < 1:
        raise invalid("packageReferenceId must be a positive numeric value.")
    if detail["carrierCode"] == "Other" and not detail.get("carrierName"):
        raise invalid("carrierName is required when carrierCode is Other.")
    if not isinstance(detail["orderItems"], list):
        raise invalid("orderItems must be a list.")
    for row in detail["orderItems"]:
        if not isinstance(row, dict) or not isinstance(row.get("orderItemId"), str):
            raise invalid("orderItems: orderItemId is required.")
        quantity = row.get("quantity")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise invalid("orderItems: quantity must be a positive integer.")


def _package(order: Order, detail: dict[str, Any], now: datetime) -> dict[str, Any]:
    ship_time = moment_of(detail["shipDate"], "shipDate")
    if ship_time > now + _CLOCKS_DIFFER:
        raise invalid("shipDate is in the future.")
    if ship_time < moment_of(order["createdTime"], "createdTime"):
        raise invalid("shipDate is before the order.")
    named = detail["carrierCode"] == "Other"
    old = {one["packageReferenceId"]: one for one in order.get("packages", [])}
    before = old.get(detail["packageReferenceId"], {})
    return {
        "packageReferenceId": detail["packageReferenceId"],
        "createdTime": before.get("createdTime", iso(now)),
        "packageStatus": before.get("packageStatus", {"status": "SHIPPED"}),
        "carrier": detail["carrierName"] if named else detail["carrierCode"],
        "shipTime": iso(ship_time),
        "shippingService": detail.get("shippingMethod", "Standard"),
        "trackingNumber": detail["trackingNumber"],
        "packageItems": [
            {"orderItemId": row["orderItemId"], "quantity": row["quantity"]}
            for row in detail["orderItems"]
        ],
    }


def _check_quantities(order: Order, packages: list[dict[str, Any]]) -> None:
    standing = {item["orderItemId"]: standing_units(item) for item in order["orderItems"]}
    for item_id, quantity in _shipped(packages).items():
        if item_id not in standing:
            raise invalid(f"The order has no item {item_id}.")
        if quantity > standing[item_id]:
            raise invalid(f"More units of item {item_id} than were ordered and not cancelled.")


def _shipped(packages: list[dict[str, Any]]) -> dict[str, int]:
    units: dict[str, int] = {}
    for package in packages:
        if package.get("packageStatus", {}).get("status") == "CANCELLED":
            continue
        for row in package["packageItems"]:
            units[row["orderItemId"]] = units.get(row["orderItemId"], 0) + row["quantity"]
    return units
