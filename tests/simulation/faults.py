"""Faults of every kind the sandbox knows, spread over both sides and every operation in use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from amzsync.sandbox.faults import KINDS
from amzsync.sandbox.server import Sandbox

# Two kinds are made for listings, which no order flow touches.
FOR_LISTINGS = ("half_refused_feed", "ignored_sku")
USED = tuple(kind for kind in KINDS if kind not in FOR_LISTINGS)

OPERATIONS = {
    "amazon": (
        *("searchOrders", "getOrder", "confirmShipment", "getAccessToken"),
        *("createReport", "getReport", "getReportDocument", "downloadDocument"),
        *("createFeedDocument", "uploadDocument", "createFeed", "getFeed", "getFeedDocument"),
    ),
    "omnitron": (
        *("orders.list", "orders.updates", "order_items.list", "order_items.patch"),
        *("customers.list", "customers.create", "addresses.create", "create_orders.create"),
        *("integration_actions.list", "batch_requests.create", "batch_requests.patch"),
        *("orders.cancel", "cancellation_requests.create"),
    ),
}
# Only an answer of which there is more than one page can be another page's.
PAGED = ("searchOrders", "orders.updates")
NO_API = ("downloadDocument", "uploadDocument")  # of another host: no quota, no token of ours
SILENCE = 1.0  # seconds; the reader's patience is shorter


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come."""

    kind: str
    operation: str
    side: str
    options: dict[str, Any] = field(default_factory=dict)

    def queue(self, sandbox: Sandbox) -> None:
        """Have the next call of its operation meet it."""
        sandbox.faults.add(self.kind, self.operation, self.side, **self.options)


def plan(draw: random.Random, count: int, kinds: Sequence[str] = USED) -> list[Planned]:
    """So many faults, every kind as often as the others, each at an operation that can meet it."""
    turns = draw.sample(kinds, len(kinds))
    places = [(side, name) for side, names in OPERATIONS.items() for name in names]
    found = []
    for number in range(count):
        kind = turns[number % len(turns)]
        side, operation = draw.choice([place for place in places if can_meet(kind, place[1])])
        found.append(Planned(kind, operation, side, options_of(kind, draw)))
    draw.shuffle(found)
    return found


def can_meet(kind: str, operation: str) -> bool:
    """Whether a fault of that kind means something there."""
    if kind == "repeated_page":
        return operation in PAGED
    if kind == "expired_token":
        return operation not in (*NO_API, "getAccessToken")
    return not (kind == "throttle" and operation in NO_API)


def options_of(kind: str, draw: random.Random) -> dict[str, Any]:
    """What is left open by a kind: status, HTML or JSON, how long, cut where."""
    match kind:
        case "server_error_before":
            return {"status": draw.choice((500, 503)), "html": draw.random() < 0.5}
        case "server_error_after":
            return {"status": draw.choice((500, 502)), "html": draw.random() < 0.5}
        case "truncated":
            return {"length": draw.choice(("half", "full"))}
        case "hang_after":
            return {"seconds": SILENCE}
        case "slow":
            return {"seconds": 0.1}
    return {}
