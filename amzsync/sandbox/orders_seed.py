"""Seeded orders, in full and valid against the model of Orders 2026-01-01; the people are invented.

Four of five are plain: UNSHIPPED, Türkiye, fulfilled by the merchant, every SKU and township known
to Omnitron, with several items, odd SKUs and text of many scripts among them. Every fifth is one of
the corners of `order_corners`, in turn, so that a hundred orders hold them all.

Amounts: a line's proceedsTotal is the sum of its breakdowns with DISCOUNT, which is positive,
taken off; grandTotal is the sum of the lines. Prices in Türkiye hold their tax, as in the model's
Turkish sample; the German order shows its tax apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from amzsync.sandbox.amazon.account import TURKIYE, Marketplace
from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.seeds import ProductSeed, seeded

Order = dict[str, Any]

CORNER_EVERY = 5
_SPREAD = timedelta(hours=10)
_YOUNGEST = timedelta(minutes=5)

_PEOPLE = (
    "Deniz Örnek",
    "Ayşe Deneme",
    "İlker Sınama",
    "Çağla Örnekoğlu",
    "Şule Uydurma",
    "Iraz Varsayım",
    "山田 テスト",
    "Gökçe Misal 🌷",
)
# city, district, neighbourhood, postal code; Omnitron's places hold every city and district
_PLACES = (
    ("Istanbul", "Kadıköy", "Caferağa Mah.", "34710"),
    ("Istanbul", "Beyoğlu", "Cihangir Mah.", "34433"),
    ("Istanbul", "Şişli", "Teşvikiye Mahallesi", "34365"),
    ("Ankara", "Çankaya", "Kızılay Mah.", "06420"),
    ("Ankara", "Keçiören", "Etlik Mah.", "06010"),
    ("İzmir", "Konak", "Alsancak Mah.", "35220"),
    ("İzmir", "Karşıyaka", "Bostanlı Mahallesi", "35590"),
    ("Bursa", "Nilüfer", "Görükle Mah.", "16285"),
    ("Antalya", "Muratpaşa", "Meltem Mah.", "07030"),
    ("Eskişehir", "Tepebaşı", "Hoşnudiye Mah.", "26130"),
)


def seed_orders(
    count: int,
    seed: int,
    now: datetime,
    products: Sequence[ProductSeed],
    *,
    first: int = 1,
    plain: bool = False,
    age: float | None = None,
) -> Iterator[Order]:
    """So many orders, numbered from `first`, placed over the ten hours before now.

    With `age` all are placed that many seconds ago. `plain`: without the corners.
    """
    from amzsync.sandbox.order_corners import CORNERS  # the corners build on this module

    goods = [product for product in products if product.listed]
    if count and not goods:
        raise ValueError("orders need listed products: ask for some SKUs")
    for index in range(count):
        number = first + index
        rng = seeded("order", seed, number)
        if age is None:
            placed = now - _YOUNGEST - _SPREAD * ((count - index) / count)
        else:
            placed = now - timedelta(seconds=age)
        order = plain_order(number, rng, placed, goods)
        turn, rest = divmod(number, CORNER_EVERY)
        if rest == 0 and not plain:
            CORNERS[(turn - 1) % len(CORNERS)](order, rng, goods)
        add_up(order)
        yield order


def plain_order(
    number: int, rng: Random, placed: datetime, products: Sequence[ProductSeed]
) -> Order:
    """An order Omnitron can take as it is."""
    order_id = f"4{rng.randrange(100):02d}-{number:07d}-{rng.randrange(10**7):07d}"
    lines = min(rng.choices((1, 2, 3), (70, 20, 10))[0], len(products))
    items = [
        item(order_id, position, product, rng.choices((1, 2, 3), (70, 20, 10))[0])
        for position, product in enumerate(rng.sample(list(products), lines), start=1)
    ]
    if rng.random() < 0.3:
        charge(items[0], "SHIPPING", Decimal("29.90"))
    if rng.random() < 0.1:
        charge(items[0], "DISCOUNT", Decimal("5.00"))
    return {
        "orderId": order_id,
        "orderAliases": [{"aliasId": order_id, "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": iso(placed),
        "lastUpdatedTime": iso(placed + timedelta(seconds=1)),
        "programs": [],
        "salesChannel": sales_channel(TURKIYE),
        **_people(number, rng),
        "payment": {"paymentExecutions": [{"paymentMethod": "CreditCard"}]},
        "tax": {"taxInvoicing": {"buyerInvoicePreference": "INDIVIDUAL"}},
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": _span(placed, 0, 2),
            "deliverByWindow": _span(placed, 2, 6),
        },
        "orderItems": items,
    }


def item(order_id: str, position: int, product: ProductSeed, quantity: int) -> dict[str, Any]:
    """One line, priced in Turkish liras."""
    price = product.price
    return {
        "orderItemId": f"{order_id.replace('-', '')[3:]}{position:02d}",
        "quantityOrdered": quantity,
        "product": {
            "asin": product.asin,
            "title": product.name,
            "sellerSku": product.sku,
            "condition": {
                "conditionType": "NEW",
                "conditionSubtype": "NEW",
                "conditionNote": "",
            },
            "price": {"unitPrice": money(price, "TRY")},
        },
        "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": money(price * quantity, "TRY")}]},
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity},
    }


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """Amazon's money: the amount as text."""
    return {"amount": f"{amount:.2f}", "currencyCode": currency}


def charge(line: dict[str, Any], kind: str, amount: Decimal, **detailed: Decimal) -> None:
    """Add a breakdown to a line, with detailed rows under TAX and DISCOUNT."""
    currency = line["product"]["price"]["unitPrice"]["currencyCode"]
    row: dict[str, Any] = {"type": kind, "subtotal": money(amount, currency)}
    if detailed:
        row["detailedBreakdowns"] = [
            {"subtype": subtype, "value": money(value, currency)}
            for subtype, value in detailed.items()
        ]
    line["proceeds"]["breakdowns"].append(row)


def add_up(order: Order) -> None:
    """Put the totals in place; an order without proceeds (PENDING) is left alone."""
    if any("proceeds" not in line for line in order["orderItems"]):
        return
    totals: dict[str, Decimal] = {}
    grand = Decimal()
    currency = order["orderItems"][0]["product"]["price"]["unitPrice"]["currencyCode"]
    for line in order["orderItems"]:
        line_total = Decimal()
        for row in line["proceeds"]["breakdowns"]:
            amount = Decimal(row["subtotal"]["amount"])
            totals[row["type"]] = totals.get(row["type"], Decimal()) + amount
            line_total += -amount if row["type"] == "DISCOUNT" else amount
        line["proceeds"]["proceedsTotal"] = money(line_total, currency)
        grand += line_total
    order["proceeds"] = {
        "grandTotal": money(grand, currency),
        "breakdowns": [
            {"type": kind, "subtotal": money(amount, currency)} for kind, amount in totals.items()
        ],
    }
    for execution in order.get("payment", {}).get("paymentExecutions", []):
        execution["paymentAmount"] = money(grand, currency)


def sales_channel(market: Marketplace) -> dict[str, str]:
    """An Amazon marketplace as the place of sale."""
    return {"channelName": "AMAZON", "marketplaceId": market.id, "marketplaceName": market.name}


def _people(number: int, rng: Random) -> dict[str, Any]:
    name = rng.choice(_PEOPLE)
    city, district, neighbourhood, postal_code = rng.choice(_PLACES)
    address = {
        "name": name,
        "addressLine1": f"{neighbourhood} Örnek Sokak No: {rng.randrange(1, 200)}",
        "addressLine2": f"Kat {rng.randrange(1, 9)} Daire {rng.randrange(1, 30)}",
        "addressLine3": "",
        "city": city,
        "districtOrCounty": district,
        "stateOrRegion": city,
        "municipality": "",
        "postalCode": postal_code,
        "countryCode": "TR",
        "phone": f"+90555{number % 10**7:07d}",
        "addressType": "RESIDENTIAL",
    }
    return {
        "buyer": {
            "buyerName": name,
            "buyerEmail": f"buyer{number}x{rng.randrange(10**6):06d}@marketplace.amazon.example",
        },
        "recipient": {"deliveryAddress": address},
    }


def _span(placed: datetime, first_day: int, last_day: int) -> dict[str, str]:
    return {
        "earliestDateTime": iso(placed + timedelta(days=first_day)),
        "latestDateTime": iso(placed + timedelta(days=last_day)),
    }
