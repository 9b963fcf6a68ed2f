"""Whether Omnitron is what Amazon says, order by order and unit by unit, and nothing is doubled.

Judged from both worlds alone, and from what the command line tells of records that are held back;
the product's own view of an order has no say in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from amzsync.sandbox.amazon.replies import moment_of
from amzsync.sandbox.server import Sandbox
from tests.shop import Shop
from tests.simulation.life import BY_AMAZON, channel_of

Order = dict[str, Any]
Row = dict[str, Any]

IMPORTED = ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")
CANCELLED = ("50", "100")  # waiting for the brand's decision, decided
REFUNDED = "600"
SHIPPED = 500
DELIVERED = "550"
REFUSED_RETURN = ("Denied", "Cancelled")


@dataclass
class There:
    """What Omnitron has under one order number."""

    orders: list[Row] = field(default_factory=list)
    units: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)
    plans: list[Row] = field(default_factory=list)

    def standing(self) -> list[Row]:
        """Its units that are not cancelled."""
        return [row for row in self.units if row["status"] not in CANCELLED]


def differences(sandbox: Sandbox, refundable: timedelta) -> dict[str, list[str]]:
    """What of each order is not in Omnitron as Amazon has it; orders that agree are left out.

    `refundable`: the time from an order's creation in which a return counts.
    """
    there = in_omnitron(sandbox)
    returns: dict[str, list[Any]] = defaultdict(list)
    invoices = set(_invoices(sandbox))
    for row in sandbox.world.amazon.returns:
        returns[row.order_id].append(row)
    found = {}
    for order in sandbox.world.amazon.orders:
        order_id = order["orderId"]
        due = [row for row in returns[order_id] if _counts(row, order, refundable)]
        present = there.pop(order_id, There())
        if wrong := [*_compare(order, present, due), *_unbilled(order, present, invoices)]:
            found[order_id] = wrong
    found |= {number: ["Amazon has no such order"] for number in there}
    return found


def doubled(sandbox: Sandbox) -> list[str]:
    """Everything that is there twice and may be there once only, on either side."""
    found = []
    for number, there in in_omnitron(sandbox).items():
        found += [f"{number}: {what}" for what in _twice_in_omnitron(there)]
    for order in sandbox.world.amazon.orders:
        numbers = [row["trackingNumber"] for row in order.get("packages", [])]
        found += [f"{order['orderId']}: package {twice} twice" for twice in _repeated(numbers)]
    found += [
        f"invoice {number} of {order} twice" for order, number in _repeated(_invoices(sandbox))
    ]
    batches = Counter(row["status"] for row in sandbox.world.omnitron.snapshot("batches"))
    if batches.keys() - {"done", "fail"}:
        found.append(f"batches that never ended: {batches}")
    return found


def causes(shops: Iterable[Shop]) -> dict[str, list[str]]:
    """Why an order is held back, as the command line and the state tell it."""
    found: dict[str, list[str]] = defaultdict(list)
    for shop in shops:
        for row in shop.run("penalties", "list", "--json").json["penalties"]:
            assert row["code"], f"a penalty without a cause: {row}"
            assert row["reason"], f"a penalty without a cause: {row}"
            found[row["key"]].append(f"{row['flow']} {row['code']}: {row['reason']}")
    for row in shop.rows("SELECT * FROM waiting"):
        found[row["key"]].append(f"{row['flow']} {row['code']}: {row['reason']}")
    return dict(found)


def unexplained(
    different: Mapping[str, Sequence[str]], explained: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The differences of orders nothing holds back."""
    return {key: list(what) for key, what in different.items() if key not in explained}


def in_omnitron(sandbox: Sandbox) -> dict[str, There]:
    """Both channels' orders by number, with all that hangs on them."""
    omnitron = sandbox.world.omnitron
    found: dict[str, There] = defaultdict(There)
    number_of: dict[int, str] = {}
    order_of: dict[int, str] = {}
    for order in omnitron.snapshot("orders"):
        number_of[order["pk"]] = order["number"]
        found[order["number"]].orders.append(order)
    for unit in omnitron.snapshot("order_items"):
        order_of[unit["pk"]] = number_of[unit["order"]]
        found[number_of[unit["order"]]].units.append(unit)
    for request in omnitron.snapshot("cancellation_requests"):
        found[order_of[request["order_item"]]].requests.append(request)
    for channel in omnitron.channels.values():
        for plan in channel.cancellation_plans:
            found[number_of[plan["_order"]]].plans.append(plan)
    return dict(found)


def _compare(order: Order, there: There, returns: Sequence[Any]) -> Iterator[str]:
    if not there.orders:
        if order["fulfillment"]["fulfillmentStatus"] in IMPORTED:
            yield "it is not in Omnitron"
        return
    if there.orders[0]["channel"] != channel_of(order):
        yield f"it is in channel {there.orders[0]['channel']}"
    yield from _units(order, there)
    if channel_of(order) != BY_AMAZON:  # Amazon does not show the packages it ships itself
        yield from _shipments(order, there)
    yield from _deliveries(order, there)
    yield from _returns(order, there, returns)


def _units(order: Order, there: There) -> Iterator[str]:
    """As many units of each line stand as at Amazon, and what is cancelled is decided."""
    wanted = Counter(standing_units(order))
    present = Counter(row["extra_field"]["id"] for row in there.standing())
    if wanted != present:
        yield f"units {dict(present)} stand instead of {dict(wanted)}"
    waiting = [row["pk"] for row in there.units if row["status"] == "50"]
    if waiting:
        yield f"units {waiting} still wait for their cancellation"


def _shipments(order: Order, there: There) -> Iterator[str]:
    """Each package of Amazon's is a tracking number on as many units of the same lines."""
    wanted: Counter[tuple[str, str]] = Counter()
    for package in order.get("packages", []):
        for item in package["packageItems"]:
            wanted[item["orderItemId"], package["trackingNumber"]] += item["quantity"]
    present = Counter(
        (row["extra_field"]["id"], row["tracking_number"])
        for row in there.standing()
        if int(row["status"]) >= SHIPPED
    )
    if wanted != present:
        yield f"shipped {dict(present)} instead of {dict(wanted)}"


def _deliveries(order: Order, there: There) -> Iterator[str]:
    """Delivered is what Amazon has delivered in full, returned units aside; never for FBA."""
    packages = order.get("packages", []) if channel_of(order) != BY_AMAZON else []
    packed = sum(item["quantity"] for row in packages for item in row["packageItems"])
    arrived = (
        packages
        and all(row["packageStatus"]["status"] == "DELIVERED" for row in packages)
        and packed >= sum(standing_units(order).values())
    )
    for row in there.standing():
        kept = row["status"] != REFUNDED and not row["cancel_status"]
        if not arrived and row["status"] == DELIVERED:
            yield f"unit {row['pk']} counts as delivered"
        if arrived and kept and row["status"] != DELIVERED:
            yield f"unit {row['pk']} is {row['status']} although it was delivered"


def _returns(order: Order, there: There, returns: Sequence[Any]) -> Iterator[str]:
    """As many units of each line were asked to be refunded as Amazon's returns say, by RMA."""
    skus = {item["orderItemId"]: item["product"]["sellerSku"] for item in order["orderItems"]}
    lines = {row["pk"]: row["extra_field"]["id"] for row in there.units}
    wanted: Counter[tuple[str, str]] = Counter()
    for row in returns:
        wanted[row.rma_id, row.sku] += row.quantity
    present = Counter(
        (row["remote_id"], skus[lines[row["order_item"]]])
        for row in there.requests
        if row["cancellation_type"] == "refund"
    )
    if wanted != present:
        yield f"returned {dict(present)} instead of {dict(wanted)}"


def _unbilled(order: Order, there: There, invoices: Set[tuple[str, str]]) -> Iterator[str]:
    """What the ERP has invoiced, Amazon has.

    Not for what Amazon ships, nor once a return has begun: then an order is left alone.
    """
    left_alone = channel_of(order) == BY_AMAZON or there.requests
    for row in [] if left_alone else there.orders:
        number = row["invoice_number"]
        if number and (order["orderId"], number) not in invoices:
            yield f"invoice {number} is not at Amazon"


def standing_units(order: Order) -> dict[str, int]:
    """The units of each line that Amazon has shipped or is still to ship."""
    if order["fulfillment"]["fulfillmentStatus"] == "CANCELLED":
        return {}
    counts = {
        item["orderItemId"]: item["fulfillment"]["quantityFulfilled"]
        + item["fulfillment"]["quantityUnfulfilled"]
        for item in order["orderItems"]
    }
    return {line: count for line, count in counts.items() if count}


def _counts(row: Any, order: Order, refundable: timedelta) -> bool:
    created = moment_of(order["createdTime"], "createdTime")
    return row.status not in REFUSED_RETURN and row.requested <= created + refundable


def _twice_in_omnitron(there: There) -> Iterator[str]:
    if len(there.orders) != 1:
        yield f"{len(there.orders)} orders"
    cancelled = [
        unit
        for plan in there.plans
        if plan["plan_type"] == "cancel" and plan["status"] != "rejected"
        for unit in plan["_items"]
    ]
    for unit in _repeated(cancelled):
        yield f"unit {unit} cancelled twice"
    refunds = [row for row in there.requests if row["cancellation_type"] == "refund"]
    for unit in _repeated(row["order_item"] for row in refunds):
        yield f"unit {unit} returned twice"


def _invoices(sandbox: Sandbox) -> list[tuple[str, str]]:
    """(order id, number) of every invoice Amazon has accepted."""
    options = [row["options"] for row in sandbox.world.amazon.feeds.invoices]
    return [(row["metadata:orderid"], row["metadata:invoicenumber"]) for row in options]


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
