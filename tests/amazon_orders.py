"""Amazon orders written out in full, for tests that know what is in them. The people are invented.

Amounts are texts in Turkish liras unless said otherwise; the grand total is added up as Amazon
does, unless a test hands in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from amzsync.sandbox.server import Sandbox
from tests.shop import STARTED

TURKEY = "A33AVAJ2PDY3EV"
PLACED = STARTED - timedelta(hours=1)

Json = dict[str, Any]


def money(amount: str, currency: str = "TRY") -> Json:
    """Amazon's money."""
    return {"amount": amount, "currencyCode": currency}


def line(
    sku: str = "SKU-000001",
    quantity: int = 1,
    item: str = "100.00",
    *,
    item_id: str = "1",
    shipped: int = 0,
    currency: str = "TRY",
    tax: dict[str, str] | None = None,
    discount: dict[str, str] | None = None,
    **charges: str,
) -> Json:
    """A line; `item` is the price of all its units, further charges are `SHIPPING="29.90"`."""
    rows: list[tuple[str, str, dict[str, str] | None]] = [("ITEM", item, None)]
    rows += [(kind, amount, None) for kind, amount in charges.items()]
    for kind, parts in (("TAX", tax), ("DISCOUNT", discount)):
        if parts is not None:
            rows.append((kind, str(sum(map(Decimal, parts.values()))), parts))
    return {
        "orderItemId": item_id,
        "quantityOrdered": quantity,
        "product": {"sellerSku": sku, "price": {"unitPrice": money("1.00", currency)}},
        "proceeds": {
            "breakdowns": [
                _breakdown(kind, amount, parts, currency) for kind, amount, parts in rows
            ]
        },
        "fulfillment": {"quantityFulfilled": shipped, "quantityUnfulfilled": quantity - shipped},
    }


def package(
    reference: str, tracking_number: str, units: dict[str, int], carrier: str = "Yurtiçi Kargo"
) -> Json:
    """A package with so many units of each line."""
    return {
        "packageReferenceId": reference,
        "packageStatus": {"status": "IN_TRANSIT"},
        "carrier": carrier,
        "trackingNumber": tracking_number,
        "packageItems": [{"orderItemId": key, "quantity": count} for key, count in units.items()],
    }


def address(**fields: str) -> Json:
    """A delivery address in Kadıköy; a field of "" is left out."""
    known = {
        "name": "Deniz Örnek",
        "addressLine1": "Caferağa Mah. Örnek Sokak No: 1",
        "city": "Istanbul",
        "districtOrCounty": "Kadıköy",
        "stateOrRegion": "Istanbul",
        "postalCode": "34710",
        "countryCode": "TR",
        "phone": "+905550000001",
    }
    return {name: value for name, value in {**known, **fields}.items() if value != ""}


def order(
    number: int = 1,
    lines: Sequence[Json] | None = None,
    *,
    status: str = "UNSHIPPED",
    fulfilled_by: str = "MERCHANT",
    placed: datetime = PLACED,
    total: str | None = None,
    currency: str = "TRY",
    ship_to: Json | None = None,
    **more: Any,
) -> Json:
    """An order as Amazon would send it in full; `more` replaces whole members."""
    items = list(lines or [line()])
    return {
        "orderId": f"403-{number:07d}-1234567",
        "createdTime": placed.isoformat(),
        "lastUpdatedTime": placed.isoformat(),
        "programs": [],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": TURKEY,
            "marketplaceName": "Amazon.com.tr",
        },
        "buyer": {"buyerName": "Deniz Örnek", "buyerEmail": f"b{number}@relay.example"},
        "recipient": {"deliveryAddress": ship_to or address()},
        "proceeds": {"grandTotal": money(total or str(_total(items)), currency)},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": fulfilled_by},
        "orderItems": items,
        **more,
    }


def place(sandbox: Sandbox, *orders: Json) -> None:
    """Let Amazon have these orders."""
    with sandbox.lock:
        for each in orders:
            sandbox.world.amazon.orders.put(each)


def _breakdown(kind: str, amount: str, parts: dict[str, str] | None, currency: str) -> Json:
    row: Json = {"type": kind, "subtotal": money(amount, currency)}
    if parts is not None:
        row["detailedBreakdowns"] = [
            {"subtype": name, "value": money(value, currency)} for name, value in parts.items()
        ]
    return row


def _total(lines: Sequence[Json]) -> Decimal:
    total = Decimal()
    for each in lines:
        for row in each["proceeds"]["breakdowns"]:
            amount = Decimal(row["subtotal"]["amount"])
            total += -amount if row["type"] == "DISCOUNT" else amount
    return total
