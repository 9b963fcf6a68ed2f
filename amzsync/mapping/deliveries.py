"""Deliveries: whether all of an order has arrived, and which of Omnitron's units that makes.

Amazon has no status "delivered" for an order: its packages tell (sp-api.md §2.3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from amzsync.amazon.models.orders import CANCELLED, DELIVERED, Order
from amzsync.mapping.lines import standing
from amzsync.omnitron.models.orders import STATUS_CODES, OrderItem, is_open

UNDER_WAY = tuple(
    STATUS_CODES[name]
    for name in (
        "preparing",
        "shipped",
        "shipped_and_informed",
        "ready_for_pickup",
        "attempted_delivery",
    )
)
"""Statuses of Omnitron a delivery ends: preparing, shipped and what lies between that and it."""

_CANCELLED = frozenset({STATUS_CODES["cancellation_waiting"], STATUS_CODES["canceled"]})


def lines_delivered(order: Order) -> dict[str, int] | None:
    """The units of each line that arrived with all others of the order; None while any has not."""
    packages = (
        (
            package.package_status.status if package.package_status else None,
            [(row.order_item_id, row.quantity) for row in package.package_items],
        )
        for package in order.packages
    )
    lines = standing(order)
    return lines if _all_arrived(lines, packages) else None


def lines_remembered(lines: dict[str, int], facts: Mapping[str, Any]) -> dict[str, int] | None:
    """As `lines_delivered`, from the lines and facts the inbox keeps of an order."""
    packages = (
        (package["status"], [(row["order_item_id"], row["quantity"]) for row in package["items"]])
        for package in facts["packages"]
    )
    return lines if _all_arrived(lines, packages) else None


def _all_arrived(
    lines: Mapping[str, int], packages: Iterable[tuple[str | None, Iterable[tuple[str, int]]]]
) -> bool:
    """Whether no package is still under way and nothing that stands is in none."""
    arrived: Counter[str] = Counter()
    for status, units in packages:
        if status == CANCELLED:
            continue
        if status != DELIVERED:
            return False
        for line, quantity in units:
            arrived[line] += quantity
    return any(lines.values()) and all(arrived[line] >= units for line, units in lines.items())


def units_to_mark(units: Iterable[OrderItem], lines: Mapping[str, int]) -> list[OrderItem]:
    """The units that have to become delivered, the furthest on their way first.

    Cancelled, returned and delivered ones stay as they are. Of a line no more units count as
    delivered than stand: the rest was cancelled on Amazon, and Omnitron has not heard of it yet.
    """
    left = Counter(lines)
    waiting: list[OrderItem] = []
    for unit in units:
        if unit.status in _CANCELLED or is_open(unit.cancel_status):
            continue
        if unit.status in UNDER_WAY:
            waiting.append(unit)
        elif unit.status.isdigit() and int(unit.status) > int(UNDER_WAY[-1]):
            left[unit.remote_id or ""] -= 1
    marked = []
    for unit in sorted(waiting, key=lambda unit: (-int(unit.status), unit.pk)):
        line = unit.remote_id or ""
        if left[line] > 0:
            left[line] -= 1
            marked.append(unit)
    return marked
