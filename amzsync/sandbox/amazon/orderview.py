"""What of an order is shown: the data sets asked for, less what Amazon suppresses.

Source: the data set of every field in the Orders 2026-01-01 model; the rules for personal data are
those of its field descriptions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from amzsync.sandbox.amazon.orderbook import Order
from amzsync.sandbox.amazon.replies import moment_of

DATA_SETS = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)

_ORDER_FIELDS = {
    "buyer": "BUYER",
    "recipient": "RECIPIENT",
    "proceeds": "PROCEEDS",
    "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES",
    "tax": "TAX",
    "payment": "PAYMENT",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
}
_ITEM_FIELDS = {
    "proceeds": "PROCEEDS",
    "expense": "EXPENSE",
    "promotion": "PROMOTION",
    "cancellation": "CANCELLATION",
    "fulfillment": "FULFILLMENT",
    "tax": "TAX",
}
_E_MAIL_STATUSES = ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")


def view(order: Order, included: list[str], now: datetime) -> Order:
    """The order as the answer shows it; the argument is a copy and is used up."""
    _suppress(order, now)
    shown = _only(order, _ORDER_FIELDS, included)
    shown["orderItems"] = [_only(item, _ITEM_FIELDS, included) for item in order["orderItems"]]
    return shown


def _only(row: dict[str, Any], fields: dict[str, str], included: list[str]) -> dict[str, Any]:
    return {
        name: value for name, value in row.items() if name not in fields or fields[name] in included
    }


def _suppress(order: Order, now: datetime) -> None:
    fulfillment = order["fulfillment"]
    by_amazon = fulfillment.get("fulfilledBy") == "AMAZON"
    status = fulfillment["fulfillmentStatus"]
    if by_amazon or status not in _E_MAIL_STATUSES:
        order.get("buyer", {}).pop("buyerEmail", None)
    if by_amazon:
        order.pop("packages", None)
    latest = fulfillment.get("deliverByWindow", {}).get("latestDateTime")
    late = latest is not None and now > moment_of(latest, "latestDateTime")
    if by_amazon or (status == "SHIPPED" and late):
        order.get("recipient", {}).get("deliveryAddress", {}).pop("phone", None)
