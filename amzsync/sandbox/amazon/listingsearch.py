"""searchListingsItems: which listings a query means, and in which order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.listing import Listing
from amzsync.sandbox.amazon.listingview import view
from amzsync.sandbox.amazon.replies import choices, invalid, moment_of
from amzsync.sandbox.http import Request

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

_IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
_REACHABLE = 1000  # listings one search can page through


def found_listings(
    world: AmazonWorld, request: Request, places: list[str]
) -> tuple[list[Listing], int]:
    """The listings one can page through, and how many were found in all. Errors: 400."""
    return _sorted(request, list(_found(world, request, places)))


def _found(world: AmazonWorld, request: Request, places: list[str]) -> Iterator[Listing]:
    with_status = choices(request, "withStatus", ("BUYABLE", "DISCOVERABLE"))
    without = choices(request, "withoutStatus", ("BUYABLE", "DISCOVERABLE"))
    severities = choices(request, "withIssueSeverity", ("WARNING", "ERROR"))
    in_time = _time_filter(request)
    for listing in _candidates(world, request):
        shown = view(world.listings, listing, places, ["summaries"])["summaries"]
        if listing.marketplace_ids and not shown:
            continue
        statuses = {status for summary in shown for status in summary["status"]}
        if (with_status and not statuses & set(with_status)) or statuses & set(without):
            continue
        if severities and not any(row["severity"] in severities for row in listing.issues):
            continue
        if in_time(listing):
            yield listing


def _candidates(world: AmazonWorld, request: Request) -> Iterator[Listing]:
    identifiers = request.csv("identifiers")
    if parent := request.first("variationParentSku"):
        if identifiers:
            raise invalid("identifiers and variationParentSku exclude each other.", "BAD_REQUEST")
        yield from filter(None, map(world.listings.get, world.listings.children(parent)))
        return
    if not identifiers:
        yield from world.listings
        return
    if len(identifiers) > 20:
        raise invalid("identifiers has more than 20 entries.", "BAD_REQUEST")
    kinds = choices(request, "identifiersType", _IDENTIFIERS)
    if not kinds:
        raise invalid("identifiersType is required with identifiers.", "BAD_REQUEST")
    if kinds == ["SKU"]:
        yield from filter(None, map(world.listings.get, dict.fromkeys(identifiers)))
        return
    for listing in world.listings:
        # Nothing here has an FNSKU.
        codes = {"ASIN": listing.asin, "FNSKU": ""}
        if codes.get(kinds[0], listing.ean) in identifiers:
            yield listing


def _time_filter(request: Request) -> Callable[[Listing], bool]:
    edges = {
        name: moment_of(request.first(name), name)
        for name in ("createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore")
        if name in request.query
    }

    def within(moment: datetime, prefix: str) -> bool:
        after, before = edges.get(f"{prefix}After"), edges.get(f"{prefix}Before")
        return (after is None or moment >= after) and (before is None or moment <= before)

    return lambda one: within(one.created, "created") and within(one.updated, "lastUpdated")


def _sorted(request: Request, found: list[Listing]) -> tuple[list[Listing], int]:
    names = ("sku", "createdDate", "lastUpdatedDate")
    by = (choices(request, "sortBy", names) or ["lastUpdatedDate"])[0]
    order = (choices(request, "sortOrder", ("ASC", "DESC")) or ["DESC"])[0]
    keys: dict[str, Callable[[Listing], Any]] = {
        "sku": lambda one: one.sku,
        "createdDate": lambda one: (one.created, one.sku),
        "lastUpdatedDate": lambda one: (one.updated, one.sku),
    }
    pick = heapq.nsmallest if order == "ASC" else heapq.nlargest
    return pick(_REACHABLE, found, key=keys[by]), len(found)
