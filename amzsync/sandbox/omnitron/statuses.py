"""Order and order item statuses: codes as texts. Source: omnitron-api §3.1."""

from __future__ import annotations

from collections.abc import Iterable

STATUSES = (
    *("50", "100", "200", "300", "350", "400", "425", "450", "500", "510", "520", "540"),
    *("544", "545", "550", "600"),
)
CANCELLATION_WAITING = "50"
CANCELLED = "100"
APPROVED = "400"
SHIPPED = "500"
REFUNDED = "600"
# Units that are not delivered any more, or may not be.
OUT = (CANCELLATION_WAITING, CANCELLED, REFUNDED)


def order_status(items: Iterable[str]) -> str:
    """An order's status from its items': the least advanced one still to deliver (INF)."""
    statuses = list(items)
    living = [status for status in statuses if status not in OUT]
    if living:
        return min(living, key=int)
    return next(status for status in (*OUT[:1], REFUNDED, CANCELLED) if status in statuses)
