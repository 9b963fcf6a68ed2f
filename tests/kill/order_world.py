"""A handful of orders, among them what makes imports difficult, and what must come of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from amzsync.sandbox.order_corners import UNKNOWN_TOWNSHIP
from tests.shop import Shop

Order = dict[str, Any]


def place_orders(shop: Shop, count: int = 4) -> None:
    """Orders: one buyer's two, a business order, one Omnitron cannot take, the rest plain."""
    shop.sandbox.reset(orders=count, skus=12, plain=True)
    book = shop.sandbox.world.amazon.orders
    first, second, third, fourth, *_ = list(book)
    book.change(second["orderId"], lambda order: _same_buyer(order, first), touch=False)
    book.change(third["orderId"], _business, touch=False)
    book.change(fourth["orderId"], _unknown_place, touch=False)


def problems(shop: Shop) -> list[str]:
    """What is not as it must be once all runs have ended; empty when all is well."""
    orders = list(shop.sandbox.world.amazon.orders)
    failing = {row["orderId"] for row in orders if _is_unknown_place(row)}
    wanted = {row["orderId"]: row for row in orders if row["orderId"] not in failing}
    return [
        *_orders(shop, wanted),
        *_links(shop),
        *_customers(shop, wanted),
        *_batches(shop),
        *_state(shop, wanted, failing),
    ]


def _orders(shop: Shop, wanted: dict[str, Order]) -> list[str]:
    """Each order exactly once, by its number and by Amazon's id, with a row for each unit."""
    there = shop.sandbox.world.omnitron.snapshot("orders")
    once = Counter(dict.fromkeys(wanted, 1))
    found = []
    for name, ids in (
        ("numbers", Counter(order["number"] for order in there)),
        ("ids", Counter(order["extra_field"]["id"] for order in there)),
    ):
        if ids != once:
            found.append(f"{name} missing {dict(once - ids)}, too many {dict(ids - once)}")
    units = Counter(row["order"] for row in shop.sandbox.world.omnitron.snapshot("order_items"))
    for order in there:
        lines = wanted[order["number"]]["orderItems"] if order["number"] in wanted else []
        if units[order["pk"]] != sum(line["quantityOrdered"] for line in lines):
            found.append(f"{order['number']} has {units[order['pk']]} units")
    return found


def _links(shop: Shop) -> list[str]:
    """Orders and their units are linked to Amazon's ids, and nothing is locked."""
    omnitron = shop.sandbox.world.omnitron
    actions = [row for row in omnitron.snapshot("integration_actions") if row["channel"] == 1]
    links = Counter(
        (row["content_type"]["model"], row["object_id"], row["remote_id"])
        for row in actions
        if row["content_type"]["model"] in ("order", "orderitem") and row["status"] == "success"
    )
    once = Counter(
        [("order", row["pk"], row["number"]) for row in omnitron.snapshot("orders")]
        + [
            ("orderitem", row["pk"], row["extra_field"]["id"])
            for row in omnitron.snapshot("order_items")
        ]
    )
    locked = [row for row in actions if row["status"] == "processing"]
    found = [] if links == once else [f"unlinked {once - links}, linked wrongly {links - once}"]
    return [*found, *(f"locked: {row}" for row in locked)]


def _customers(shop: Shop, wanted: dict[str, Order]) -> list[str]:
    there = Counter(row["email"] for row in shop.sandbox.world.omnitron.snapshot("customers"))
    buyers = {row["buyer"]["buyerEmail"] for row in wanted.values()}
    doubled = [f"customer {email} is there {n} times" for email, n in there.items() if n > 1]
    return doubled + [f"customer {email} is missing" for email in sorted(buyers - there.keys())]


def _batches(shop: Shop) -> list[str]:
    """Every batch has ended, also one that was created and never answered."""
    there = Counter(row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches"))
    ended = there["done"] + there["fail"]
    found = [f"batches {there}"] if there.total() != ended else []
    return found + [f"batch row {row}" for row in shop.rows("SELECT * FROM batches")]


def _state(shop: Shop, wanted: dict[str, Order], failing: set[str]) -> list[str]:
    """The inbox is worked off, penalties are those of the failing order, buyer data is gone."""
    states = {row["order_id"]: row for row in shop.rows("SELECT * FROM inbox")}
    found = [
        f"{order_id} is {states[order_id]['state'] if order_id in states else 'not'} in the inbox"
        for order_id in wanted
        if order_id not in states or states[order_id]["state"] != "imported"
    ]
    penalties = {row["key"]: row["failures"] for row in shop.rows("SELECT * FROM penalties")}
    if penalties != dict.fromkeys(failing, 1):
        found.append(f"penalties {penalties}")
    kept = {row["order_id"] for row in shop.rows("SELECT order_id FROM order_payloads")}
    if kept != failing:
        found.append(f"buyer data kept of {kept}")
    if waiting := shop.rows("SELECT * FROM waiting"):
        found.append(f"waiting {waiting}")
    return found


def _same_buyer(order: Order, other: Order) -> None:
    order["buyer"] = other["buyer"]
    order["recipient"] = other["recipient"]


def _business(order: Order) -> None:
    address = order["recipient"]["deliveryAddress"]
    company = "Deneme Dokuma A.Ş."
    address.update(companyName=company, addressType="COMMERCIAL")
    order["programs"] = ["AMAZON_BUSINESS"]
    order["buyer"]["buyerCompanyName"] = company
    order["tax"] = {
        "taxRegistrations": [
            {
                "entityType": "BUYER",
                "taxRegistrationType": "BUSINESS",
                "taxRegistrationNumber": "2222222222",
                "legalName": company,
                "taxRegistrationAddress": {
                    name: address[name]
                    for name in ("name", "companyName", "addressLine1", "city", "postalCode")
                }
                | {"countryCode": "TR"},
                "taxRegistrationAttributes": [{"key": "TAX_OFFICE", "value": "Deneme V.D."}],
            }
        ],
        "taxInvoicing": {"buyerInvoicePreference": "BUSINESS"},
    }


def _unknown_place(order: Order) -> None:
    order["recipient"]["deliveryAddress"]["districtOrCounty"] = UNKNOWN_TOWNSHIP


def _is_unknown_place(order: Order) -> bool:
    district = order["recipient"]["deliveryAddress"]["districtOrCounty"]
    return bool(district == UNKNOWN_TOWNSHIP)
