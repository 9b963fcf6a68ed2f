"""What has to be true after a rehearsal against the sandbox: both sides compared from outside.

Works on the two worlds as the sandbox's control endpoint tells them, knowing nothing of what
amzsync believes it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]

TAKEN = ("UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED")


@dataclass(frozen=True, slots=True)
class Planted:
    """The orders of the sandbox's world, by what has to become of them on one channel.

    `broken` are of the channel too, but Omnitron cannot take them: they belong in penalty.
    """

    good: frozenset[str] = field(default_factory=frozenset)
    broken: frozenset[str] = field(default_factory=frozenset)


def planted(orders: Iterable[Row], marketplace: str, township: str, sku: str) -> Planted:
    """Sort Amazon's orders: `township` and `sku` are those Omnitron does not know."""
    ours = [order for order in orders if _is_ours(order, marketplace)]
    broken = {order["orderId"] for order in ours if _is_broken(order, township, sku)}
    return Planted(
        frozenset(order["orderId"] for order in ours) - broken,
        frozenset(broken),
    )


def order_faults(
    expected: Planted, omnitron: Sequence[Row], penalised: Collection[str]
) -> list[str]:
    """What is wrong about the orders in Omnitron and in penalty; nothing, if all is well."""
    seen = Counter(order["number"] for order in omnitron)
    faults = [
        f"order {number} is in Omnitron {count} times"
        for number, count in seen.items()
        if count > 1
    ]
    faults += [f"order {key} is not in Omnitron" for key in sorted(expected.good - seen.keys())]
    faults += [
        f"order {key} has no business in Omnitron" for key in sorted(seen.keys() - expected.good)
    ]
    faults += [
        f"order {key} should be in penalty" for key in sorted(expected.broken - set(penalised))
    ]
    faults += [f"order {key} is in penalty" for key in sorted(set(penalised) - expected.broken)]
    return faults


def shipment_faults(order: Row, shipped: Row) -> list[str]:
    """What is wrong about a shipped and delivered order: Amazon's copy, before and after."""
    packed = Counter[str]()
    for package in shipped.get("packages", []):
        for row in package["packageItems"]:
            packed[row["orderItemId"]] += row["quantity"]
    ordered = {line["orderItemId"]: line["quantityOrdered"] for line in order["orderItems"]}
    return [] if dict(packed) == ordered else [f"order {order['orderId']} left in other packages"]


def unit_faults(order_id: str, units: Iterable[Row], expected: Mapping[str, int]) -> list[str]:
    """Whether an order's units in Omnitron have the statuses they should: status → units."""
    seen = dict(Counter(unit["status"] for unit in units))
    if seen == dict(expected):
        return []
    return [f"order {order_id} has units {seen} instead of {dict(expected)}"]


def stock_faults(listings: Iterable[Row], stocks: Mapping[str, int], buffer: int) -> list[str]:
    """Listings whose live quantity is not Omnitron's stock less the buffer."""
    faults = []
    for listing in listings:
        live = live_quantity(listing)
        wanted = max(0, stocks.get(listing["sku"], 0) - buffer)
        if live is not None and live != wanted:
            faults.append(f"{listing['sku']} is live with {live} instead of {wanted}")
    return faults


def live_quantity(listing: Row) -> int | None:
    """What the brand itself sells of a listing; None where Amazon fulfils it."""
    for row in listing["live"].get("fulfillment_availability", []):
        if row["fulfillment_channel_code"] == "DEFAULT":
            quantity: int | None = row.get("quantity")
            return quantity
    return None


def _is_ours(order: Row, marketplace: str) -> bool:
    sales, fulfillment = order["salesChannel"], order["fulfillment"]
    return (
        sales["channelName"] == "AMAZON"
        and sales["marketplaceId"] == marketplace
        and fulfillment["fulfilledBy"] == "MERCHANT"
        and fulfillment["fulfillmentStatus"] in TAKEN
    )


def _is_broken(order: Row, township: str, sku: str) -> bool:
    address = order.get("recipient", {}).get("deliveryAddress", {})
    skus = {line["product"].get("sellerSku") for line in order["orderItems"]}
    return address.get("districtOrCounty") == township or sku in skus
