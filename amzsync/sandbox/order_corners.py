"""The orders that break careless imports: each turns a plain order into one realistic corner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from amzsync.sandbox.amazon.account import GERMANY
from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.amazon.shipments import settle_shipments
from amzsync.sandbox.orders_seed import Order, charge, item, money, sales_channel
from amzsync.sandbox.seeds import ProductSeed

Corner = Callable[[Order, Random, Sequence[ProductSeed]], None]

UNKNOWN_TOWNSHIP = "Merkez"
UNKNOWN_SKU = "NOT-IN-OMNITRON"


def _partly_shipped(order: Order, rng: Random, products: Sequence[ProductSeed]) -> None:
    order["orderItems"] = [
        item(order["orderId"], position, product, quantity)
        for position, (product, quantity) in enumerate(zip(products[:2], (3, 2), strict=False), 1)
    ]
    first = order["orderItems"][0]["orderItemId"]
    order["packages"] = [_package(order, rng, "1", {first: 1}, "IN_TRANSIT")]
    settle_shipments(order)


def _shipped(order: Order, rng: Random, _products: Sequence[ProductSeed]) -> None:
    units = {line["orderItemId"]: line["quantityOrdered"] for line in order["orderItems"]}
    order["packages"] = [
        _package(order, rng, str(number), {item_id: quantity}, "IN_TRANSIT")
        for number, (item_id, quantity) in enumerate(units.items(), start=1)
    ]
    settle_shipments(order)


def _delivered(order: Order, rng: Random, products: Sequence[ProductSeed]) -> None:
    _shipped(order, rng, products)
    for package in order["packages"]:
        package["packageStatus"] = {"status": "DELIVERED"}


def _pending(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["fulfillment"]["fulfillmentStatus"] = "PENDING"
    for name in ("buyer", "recipient", "payment"):
        del order[name]
    for line in order["orderItems"]:
        del line["proceeds"]
        del line["product"]["price"]


def _cancelled(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    for line in order["orderItems"]:
        line["cancellation"] = {
            "cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "BUYER_CANCELLED"}
        }
        line["fulfillment"]["quantityUnfulfilled"] = 0


def _partly_cancelled(order: Order, _rng: Random, products: Sequence[ProductSeed]) -> None:
    # Orders v0 showed a cancelled item with quantity 0; the new version is assumed to do the same.
    gone = item(order["orderId"], 9, products[-1], 0)
    gone["cancellation"] = {
        "cancellationExecution": {"cancelledBy": "MERCHANT", "cancelReason": "NO_INVENTORY"}
    }
    order["orderItems"].append(gone)


def _asked_to_cancel(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    for line in order["orderItems"]:
        line["cancellation"] = {
            "cancellationRequest": {"requester": "BUYER", "cancelReason": "NO_LONGER_NEEDED 🙏"}
        }


def _nameless(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["buyer"] = {}
    for name in ("name", "phone"):
        del order["recipient"]["deliveryAddress"][name]


def _by_amazon(order: Order, _rng: Random, products: Sequence[ProductSeed]) -> None:
    # The channel for orders Amazon fulfils knows the first goods only.
    order["orderItems"] = [item(order["orderId"], 1, products[1], 1)]
    order["fulfillment"]["fulfilledBy"] = "AMAZON"
    order["programs"] = ["PRIME"]
    del order["buyer"]["buyerEmail"]
    del order["recipient"]["deliveryAddress"]["phone"]


def _business(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    company = "Örnek Tekstil Sanayi ve Ticaret Ltd. Şti."
    address = order["recipient"]["deliveryAddress"]
    address.update(companyName=company, addressType="COMMERCIAL")
    order["programs"] = ["AMAZON_BUSINESS"]
    order["buyer"]["buyerCompanyName"] = company
    registered = {
        name: address[name]
        for name in ("name", "companyName", "addressLine1", "city", "postalCode", "countryCode")
    }
    order["tax"] = {
        "taxRegistrations": [
            {
                "entityType": "BUYER",
                "taxRegistrationType": "BUSINESS",
                "taxRegistrationNumber": "1111111111",
                "legalName": company,
                "taxRegistrationAddress": registered,
                "taxRegistrationAttributes": [{"key": "TAX_OFFICE", "value": "Örnek V.D."}],
            }
        ],
        "taxInvoicing": {"buyerInvoicePreference": "BUSINESS"},
    }


def _unknown_township(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["recipient"]["deliveryAddress"]["districtOrCounty"] = UNKNOWN_TOWNSHIP


def _unknown_sku(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["orderItems"][0]["product"]["sellerSku"] = UNKNOWN_SKU


def _gift(order: Order, _rng: Random, products: Sequence[ProductSeed]) -> None:
    line = item(order["orderId"], 1, products[0], 3)
    charge(line, "SHIPPING", Decimal("34.90"))
    charge(line, "GIFT_WRAP", Decimal("15.00"))
    charge(line, "DISCOUNT", Decimal("20.01"), ITEM=Decimal("10.01"), SHIPPING=Decimal("10.00"))
    line["promotion"] = {"breakdowns": [{"promotionId": "YAZ-İNDİRİMİ-10"}]}
    gift = {"giftMessage": "Nice yıllara! 誕生日おめでとう 🎉", "giftWrapLevel": "STANDARD"}
    line["fulfillment"]["packing"] = {"giftOption": gift}
    order["orderItems"] = [line]


def _cash_on_delivery(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    charge(order["orderItems"][0], "COD_FEE", Decimal("12.50"))
    order["payment"]["paymentExecutions"] = [{"paymentMethod": "CashOnDelivery"}]


def _elsewhere(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    order["salesChannel"] = {"channelName": "NON_AMAZON"}
    order["fulfillment"]["fulfilledBy"] = "AMAZON"


def _replacement(order: Order, rng: Random, products: Sequence[ProductSeed]) -> None:
    line = item(order["orderId"], 1, products[0], 1)
    line["product"]["price"]["unitPrice"] = money(Decimal(), "TRY")
    line["proceeds"]["breakdowns"] = [{"type": "ITEM", "subtotal": money(Decimal(), "TRY")}]
    order["orderItems"] = [line]
    order["associatedOrders"] = [
        {
            "orderId": f"405-{rng.randrange(10**7):07d}-{rng.randrange(10**7):07d}",
            "associationType": "REPLACEMENT_ORIGINAL_ID",
        }
    ]


def _long_address(order: Order, _rng: Random, _products: Sequence[ProductSeed]) -> None:
    address = order["recipient"]["deliveryAddress"]
    address["addressLine1"] = f"{address['addressLine1']} {'Uzun Örnek Sitesi ' * 8}".strip()
    address["addressLine2"] = "B Blok, güvenliğin yanındaki kapı, " * 5
    address["addressLine3"] = "Teslimatta zile basmayınız, lütfen arayınız. " * 2


def _german(order: Order, _rng: Random, products: Sequence[ProductSeed]) -> None:
    order["salesChannel"] = sales_channel(GERMANY)
    line = item(order["orderId"], 1, products[0], 2)
    line["product"]["price"]["unitPrice"] = money(Decimal("19.90"), "EUR")
    line["proceeds"]["breakdowns"] = [{"type": "ITEM", "subtotal": money(Decimal("39.80"), "EUR")}]
    charge(line, "TAX", Decimal("7.56"), ITEM=Decimal("7.56"))
    order["orderItems"] = [line]
    del order["tax"]
    order["recipient"]["deliveryAddress"] = {
        "name": "Erika Beispiel",
        "addressLine1": "Musterstraße 1",
        "city": "Berlin",
        "stateOrRegion": "Berlin",
        "postalCode": "10115",
        "countryCode": "DE",
        "phone": "+49 30 5550100",
        "addressType": "RESIDENTIAL",
    }


def _preorder(order: Order, rng: Random, products: Sequence[ProductSeed]) -> None:
    _pending(order, rng, products)
    order["fulfillment"]["fulfillmentStatus"] = "PENDING_AVAILABILITY"
    order["programs"] = ["PREORDER"]


def _package(
    order: Order, rng: Random, reference: str, units: dict[str, int], status: str
) -> dict[str, Any]:
    placed = datetime.fromisoformat(order["createdTime"])
    return {
        "packageReferenceId": reference,
        "createdTime": iso(placed + timedelta(seconds=1)),
        "packageStatus": {"status": status},
        "carrier": rng.choice(("Yurtiçi Kargo", "MNG Kargo", "Aras Kargo")),
        "shipTime": iso(placed + timedelta(seconds=1)),
        "shippingService": "Standard",
        "trackingNumber": f"TR{rng.randrange(10**10):010d}",
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity} for item_id, quantity in units.items()
        ],
    }


CORNERS: tuple[Corner, ...] = (
    _partly_shipped,
    _pending,
    _unknown_township,
    _cancelled,
    _by_amazon,
    _business,
    _nameless,
    _shipped,
    _gift,
    _replacement,
    _unknown_sku,
    _elsewhere,
    _long_address,
    _german,
    _delivered,
    _asked_to_cancel,
    _cash_on_delivery,
    _partly_cancelled,
    _preorder,
)
