"""Orders 2026-01-01 (searchOrders, getOrder) and Orders v0 (confirmShipment).

Pages are computed when they are asked for: an order that changes while someone is paging leaves
the window searched and turns up in the next one. An order becomes searchable two minutes after its
last change, because that is the latest upper edge a search can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.orderbook import Facts, Key
from amzsync.sandbox.amazon.orderview import DATA_SETS, view
from amzsync.sandbox.amazon.replies import (
    choices,
    invalid,
    iso,
    json_object,
    marketplaces,
    moment_of,
    not_found,
    whole_number,
)
from amzsync.sandbox.amazon.shipments import confirm
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

STATUSES = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)
FRESH = timedelta(minutes=2)
_MAY_CHANGE_BETWEEN_PAGES = ("paginationToken", "maxResultsPerPage", "includedData")


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: which time it goes by, between which edges, and what else it asks for."""

    field: str
    after: str
    before: str
    statuses: list[str]
    fulfilled_by: list[str]
    marketplace_ids: list[str]

    def wants(self, facts: Facts) -> bool:
        return (
            (not self.statuses or facts.status in self.statuses)
            and (not self.fulfilled_by or facts.fulfilled_by in self.fulfilled_by)
            and (not self.marketplace_ids or facts.marketplace_id in self.marketplace_ids)
        )


@dataclass(frozen=True, slots=True)
class _Page:
    """What a pagination token stands for."""

    parameters: tuple[Any, ...]
    before: str
    behind: Key


def search_orders(world: AmazonWorld, request: Request) -> Reply:
    """GET /orders/2026-01-01/orders."""
    size = whole_number(request, "maxResultsPerPage", 100, 1, 100)
    included = _included(world, request)
    page = _page(world, request)
    search = _search(request, world.now(), page)
    keys = list(islice(_matches(world, search, page.behind if page else None), size + 1))
    orders = [world.orders.get(order_id) for _, order_id in keys[:size]]
    edge = "createdBefore" if search.field == "createdTime" else "lastUpdatedBefore"
    body: dict[str, Any] = {
        "orders": [view(order, included, world.now()) for order in orders if order is not None],
        edge: search.before,
    }
    if len(keys) > size:
        following = _Page(_parameters(request), search.before, keys[size - 1])
        body["pagination"] = {"nextToken": world.pages.issue(following, hours=24)}
    return Reply(200, body)


def _included(world: AmazonWorld, request: Request) -> list[str]:
    """The data sets asked for. Errors: 400 also for one the account refuses for now."""
    included = choices(request, "includedData", DATA_SETS)
    if refused := [name for name in included if name in world.refused_data]:
        told = "" if world.silent_refusal else f" includedData: {', '.join(refused)}."
        raise invalid(f"Request has missing or invalid parameters.{told}")
    return included


def _matches(world: AmazonWorld, search: _Search, behind: Key | None) -> Iterator[Key]:
    window = world.orders.window(search.field, search.after, search.before, behind)
    return (key for key in window if search.wants(world.orders.facts(key[1])))


def _page(world: AmazonWorld, request: Request) -> _Page | None:
    """The page asked for. Errors: 400 for a dead token or parameters changed since the first."""
    if not (token := request.first("paginationToken")):
        return None
    page = world.pages.meaning(token)
    if not isinstance(page, _Page) or page.parameters != _parameters(request):
        raise invalid("All parameters must be those of the request that gave the token.")
    return page


def _parameters(request: Request) -> tuple[Any, ...]:
    return tuple(
        (name, tuple(values))
        for name, values in sorted(request.query.items())
        if name not in _MAY_CHANGE_BETWEEN_PAGES
    )


def _search(request: Request, now: datetime, page: _Page | None) -> _Search:
    by_creation = {"createdAfter", "createdBefore"} & request.query.keys()
    by_change = {"lastUpdatedAfter", "lastUpdatedBefore"} & request.query.keys()
    if by_creation and by_change:
        raise invalid("createdAfter and lastUpdatedAfter are mutually exclusive.")
    prefix = "created" if by_creation else "lastUpdated"
    if f"{prefix}After" not in request.query:
        raise invalid("Exactly one of createdAfter and lastUpdatedAfter is required.")
    after = moment_of(request.first(f"{prefix}After"), f"{prefix}After")
    latest = now - FRESH
    before = latest
    if f"{prefix}Before" in request.query:
        before = moment_of(request.first(f"{prefix}Before"), f"{prefix}Before")
        # A token that is resumed later carries an edge that was two minutes old when it was made.
        if before > latest and page is None:
            raise invalid(f"{prefix}Before must be at least two minutes before the request.")
        if before < after:
            raise invalid(f"{prefix}Before must not be before {prefix}After.")
    return _Search(
        f"{prefix}Time",
        iso(after),
        page.before if page else iso(before),
        choices(request, "fulfillmentStatuses", STATUSES),
        choices(request, "fulfilledBy", ("MERCHANT", "AMAZON")),
        marketplaces(request, at_most=50, required=False),
    )


def get_order(world: AmazonWorld, request: Request) -> Reply:
    """GET /orders/2026-01-01/orders/{orderId}."""
    included = _included(world, request)
    order = world.orders.get(request.params["orderId"])
    if order is None:
        raise not_found("The order does not exist.")
    return Reply(200, {"order": view(order, included, world.now())})


def confirm_shipment(world: AmazonWorld, request: Request) -> Reply:
    """POST /orders/v0/orders/{orderId}/shipmentConfirmation."""
    order = world.orders.get(request.params["orderId"])
    if order is None:
        raise not_found("The order does not exist.")
    now = world.now()
    if confirm(order, json_object(request), now):
        order["lastUpdatedTime"] = iso(now)
        world.orders.put(order)
    return Reply(204)


ROUTES = [
    Route("GET", "/orders/2026-01-01/orders", "searchOrders", search_orders),
    Route("GET", "/orders/2026-01-01/orders/{orderId}", "getOrder", get_order),
    Route(
        "POST",
        "/orders/v0/orders/{orderId}/shipmentConfirmation",
        "confirmShipment",
        confirm_shipment,
    ),
]
