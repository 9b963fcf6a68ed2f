"""FBA Inventory v1: what Amazon's warehouses hold. Source: sp-api §2.10.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.listing import Listing
from amzsync.sandbox.amazon.replies import invalid, iso, known_marketplaces, moment_of
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

_PAGE = 50
_TOKEN_HOURS = 30 / 3600  # thirty seconds


def get_inventory_summaries(world: AmazonWorld, request: Request) -> Reply:
    """GET /fba/inventory/v1/summaries."""
    (place,) = known_marketplaces(request.csv("marketplaceIds"), at_most=1)
    if request.first("granularityType") != "Marketplace":
        raise invalid("granularityType must be Marketplace.")
    if request.first("granularityId") != place:
        raise invalid("granularityId must be the marketplace.")
    start = 0
    if token := request.first("nextToken"):
        start = int(world.pages.meaning(token))
    rows = _wanted(world, request, place)
    shown = rows[start : start + _PAGE]
    detailed = request.first("details").casefold() == "true"
    body: dict[str, Any] = {
        "payload": {
            "granularity": {"granularityType": "Marketplace", "granularityId": place},
            "inventorySummaries": [_summary(world, row, detailed=detailed) for row in shown],
        },
    }
    if start + _PAGE < len(rows):
        next_token = world.pages.issue(start + _PAGE, _TOKEN_HOURS)
        body["pagination"] = {"nextToken": next_token}
    return Reply(200, body)


def _wanted(world: AmazonWorld, request: Request, place: str) -> list[Listing]:
    skus = request.csv("sellerSkus") or ([one] if (one := request.first("sellerSku")) else [])
    if len(skus) > _PAGE:
        raise invalid(f"sellerSkus has more than {_PAGE} entries.")
    since = request.first("startDateTime")
    after = moment_of(since, "startDateTime") if since else None
    return [
        listing
        for listing in world.listings
        if listing.by_amazon()
        and place in listing.marketplace_ids
        and (not skus or listing.sku in skus)
        and (after is None or listing.updated >= after)
    ]


def _summary(world: AmazonWorld, listing: Listing, *, detailed: bool) -> dict[str, Any]:
    count = world.warehouse.get(listing.sku, 0)
    details = {
        "fulfillableQuantity": count,
        "inboundWorkingQuantity": 0,
        "inboundShippedQuantity": 0,
        "inboundReceivingQuantity": 0,
        "reservedQuantity": {
            "totalReservedQuantity": 1,
            "pendingCustomerOrderQuantity": 1,
            "pendingTransshipmentQuantity": 0,
            "fcProcessingQuantity": 0,
        },
    }
    return {
        "asin": listing.asin,
        "fnSku": f"X{listing.asin[1:]}",
        "sellerSku": listing.sku,
        "condition": "NewItem",
        "productName": listing.sku,
        "totalQuantity": count + 1,  # what is reserved is counted and cannot be sold
        "lastUpdatedTime": iso(listing.updated),
        **({"inventoryDetails": details} if detailed else {}),
    }


ROUTES = [
    Route("GET", "/fba/inventory/v1/summaries", "getInventorySummaries", get_inventory_summaries)
]
