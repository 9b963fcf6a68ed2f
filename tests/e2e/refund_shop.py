"""A shop that pulls refunds: orders in Omnitron, reports that run, and what became of them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from tests.amazon_orders import line, order, place
from tests.shop import Ran, Shop

XML_REPORT = "GET_XML_RETURNS_DATA_BY_RETURN_DATE"
FBA_REPORT = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"
PULL = ("refunds", "pull")
REASON = 20

Order = dict[str, Any]


def configure(shop: Shop, **settings: Any) -> None:
    """A channel that pulls refunds, with these settings on top."""
    shop.configure({"get_refund_orders": True}, **{"default_reason_id": REASON, **settings})


def open_shop(shop: Shop, **settings: Any) -> list[Order]:
    """Three orders in Omnitron, of one unit, two units of a line, and one unit."""
    configure(shop, **settings)
    return stocked(shop)


def stocked(shop: Shop, **order_settings: Any) -> list[Order]:
    """The three orders, brought into Omnitron by this shop."""
    orders = placed(shop, **order_settings)
    ran = shop.run("orders", "pull")
    assert ran.code == 0, ran.err
    shop.forget_calls()
    return orders


def placed(shop: Shop, **order_settings: Any) -> list[Order]:
    """The three orders, at Amazon only."""
    shop.sandbox.reset(skus=12)
    orders = [
        order(1, [line("SKU-000001", item_id="11")], **order_settings),
        order(2, [line("SKU-000002", 2, item_id="21")], **order_settings),
        order(3, [line("SKU-000004", item_id="31")], **order_settings),
    ]
    place(shop.sandbox, *orders)
    return orders


def give_back(shop: Shop, order: Order, **wishes: Any) -> str:
    """Let the buyer send units of the order's line back; the RMA id."""
    sku = order["orderItems"][0]["product"]["sellerSku"]
    return shop.sandbox.world.amazon.returns.add(order["orderId"], sku, **wishes)


def units(shop: Shop, order: Order) -> list[int]:
    """The order's units in Omnitron."""
    there = shop.sandbox.world.omnitron.orders_by_number()[order["orderId"]]
    items = shop.sandbox.world.omnitron.snapshot("order_items")
    return [row["pk"] for row in items if row["order"] == there[0]["pk"]]


def pull(shop: Shop) -> Ran:
    """One run, as JSON, five minutes after the last."""
    ran = shop.run(*PULL, "--json")
    shop.clock.advance(minutes=5)
    return ran


def pull_report(shop: Shop) -> Ran:
    """The run that asks for the next report, and the one that takes it in."""
    while "createReport" not in pull(shop).json["calls"]:
        pass
    return pull(shop)


def requests(shop: Shop) -> list[dict[str, Any]]:
    """The return requests in Omnitron."""
    return shop.sandbox.world.omnitron.snapshot("cancellation_requests")


def by_rma(shop: Shop) -> Counter[str]:
    """How many requests each RMA has."""
    return Counter(row["remote_id"] for row in requests(shop))


def links(shop: Shop) -> Counter[tuple[int, str]]:
    """(request, RMA) of every link that holds."""
    return Counter(
        (row["object_id"], row["remote_id"])
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["content_type"]["model"] == "cancellationrequest" and row["status"] == "success"
    )


def problems(shop: Shop, units: dict[str, int]) -> list[str]:
    """What is not as it must be when each RMA is to have so many requests; empty if all is well."""
    there = requests(shop)
    found = []
    if by_rma(shop) != Counter(units):
        found.append(f"requests {by_rma(shop)} and not {units}")
    doubled = [pk for pk, n in Counter(row["order_item"] for row in there).items() if n > 1]
    found += [f"unit {pk} was requested twice" for pk in doubled]
    if links(shop) != Counter((row["id"], row["remote_id"]) for row in there):
        found.append(f"links {links(shop)}")
    batches = Counter(row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches"))
    if set(batches) - {"done", "fail"}:
        found.append(f"batches {batches}")
    for table in ("batches", "penalties", "waiting"):
        found += [f"{table}: {row}" for row in shop.rows(f"SELECT * FROM {table}")]  # noqa: S608 - our own table names
    open_rows = shop.rows("SELECT * FROM returns WHERE state NOT IN ('requested', 'ignored')")
    unlinked = shop.rows("SELECT * FROM return_requests WHERE state <> 'linked'")
    return found + [f"left over: {row}" for row in (*open_rows, *unlinked)]


def place_returns(shop: Shop) -> dict[str, int]:
    """The three orders with a return each; how many requests each RMA is to have."""
    first, second, third = open_shop(shop)
    return {
        give_back(shop, first): 1,
        give_back(shop, second, quantity=2): 2,
        give_back(shop, third, reason="CR-SWITCHEROO"): 1,
    }


def later(shop: Shop, days: float) -> None:
    """Let time pass with nobody running anything."""
    shop.clock.at += timedelta(days=days)


def story(shop: Shop, order: Order) -> str:
    """What `why` tells of the order."""
    return shop.run("why", order["orderId"]).out


def outcomes(shop: Shop) -> list[tuple[str, str, str]]:
    """(status, code, reason) of every record of the flow in the journal, oldest first."""
    rows = shop.rows(
        "SELECT status, code, reason FROM outcomes WHERE flow = 'refunds.pull' ORDER BY id"
    )
    return [(row["status"], row["code"], row["reason"]) for row in rows]


def jobs(shop: Shop) -> list[dict[str, Any]]:
    """Reports under way, with what they were asked for with."""
    rows = shop.rows("SELECT * FROM jobs WHERE flow = 'refunds.pull'")
    return [row | {"detail": json.loads(row["detail"])} for row in rows]
