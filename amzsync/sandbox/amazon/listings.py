"""Listings Items 2021-08-01: five operations on the listings of the account."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import SELLER_ID
from amzsync.sandbox.amazon.attributes import (
    Issue,
    check_patches,
    issue,
    issues_of,
    missing,
    patched,
)
from amzsync.sandbox.amazon.listingbook import Listing
from amzsync.sandbox.amazon.listingview import READ_SETS, view
from amzsync.sandbox.amazon.replies import (
    choices,
    denied,
    invalid,
    json_object,
    marketplaces,
    moment_of,
    not_found,
    whole_number,
)
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
_IDENTIFIERS = ("ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
_REACHABLE = 1000  # listings one search can page through
_IDENTITY = (
    "externally_assigned_product_identifier",
    "supplier_declared_has_product_identifier_exemption",
    "merchant_suggested_asin",
)


def get_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """GET /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    places = marketplaces(request, at_most=25)
    included = choices(request, "includedData", READ_SETS) or ["summaries"]
    listing = _existing(world, request)
    return Reply(200, view(listing, places, included))


def put_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """PUT /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    _shown_parts(request)
    place = marketplaces(request, at_most=1)[0]
    body = json_object(request)
    issues = put_issues(body)
    sku = request.params["sku"]
    if not issues and not _preview(request):
        world.listings.put(
            sku,
            body["productType"],
            body["attributes"],
            place,
            world.now(),
            applied=_applies(request),
        )
    return _submission(world, request, issues)


def patch_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """PATCH /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    _shown_parts(request)
    marketplaces(request, at_most=25)
    body = json_object(request)
    if not isinstance(body.get("productType"), str) or not body["productType"]:
        raise invalid("productType is required.", "BAD_REQUEST")
    patches = check_patches(body.get("patches"))
    sku = request.params["sku"]
    listing = world.listings.get(sku)
    issues = [unknown_sku(sku)] if listing is None else patch_issues(listing, patches)
    if not issues and not _preview(request):
        world.listings.patch(sku, patches, world.now(), applied=_applies(request))
    return _submission(world, request, issues)


def delete_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """DELETE /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    marketplaces(request, at_most=1)
    sku = request.params["sku"]
    issues = [] if world.listings.get(sku) else [unknown_sku(sku)]
    if not issues:
        world.listings.delete(sku, world.now())
    return _submission(world, request, issues)


def search_listings_items(world: AmazonWorld, request: Request) -> Reply:
    """GET /listings/2021-08-01/items/{sellerId}."""
    _own(request)
    places = marketplaces(request, at_most=25)
    included = choices(request, "includedData", READ_SETS) or ["summaries"]
    size = whole_number(request, "pageSize", 10, 1, 20)
    found, total = _sorted(request, list(_found(world, request, places)))
    start = world.pages.meaning(token) if (token := request.first("pageToken")) else 0
    if not isinstance(start, int):
        raise invalid("pageToken is not one of this operation.")
    body: dict[str, Any] = {
        "numberOfResults": total,
        "items": [view(listing, places, included) for listing in found[start : start + size]],
    }
    pagination = {}
    if start + size < len(found):
        pagination["nextToken"] = world.pages.issue(start + size)
    if start:
        pagination["previousToken"] = world.pages.issue(max(0, start - size))
    if pagination:
        body["pagination"] = pagination
    return Reply(200, body)


def put_issues(body: dict[str, Any]) -> list[Issue]:
    """What is wrong with a full set of attributes. Errors: 400 where there is none."""
    attributes = body.get("attributes")
    if not isinstance(body.get("productType"), str) or not body["productType"]:
        raise invalid("productType is required.", "BAD_REQUEST")
    if not isinstance(attributes, dict) or not attributes:
        raise invalid("attributes is required.", "BAD_REQUEST")
    if not all(isinstance(rows, list) for rows in attributes.values()):
        raise invalid("Every attribute is a list.", "BAD_REQUEST")
    requirements = body.get("requirements", "LISTING")
    if requirements not in REQUIREMENTS:
        raise invalid("requirements is not one of the known.", "BAD_REQUEST")
    issues = issues_of(attributes)
    if requirements != "LISTING_OFFER_ONLY" and "item_name" not in attributes:
        issues.append(missing("item_name"))
    if requirements != "LISTING_PRODUCT_ONLY":
        needed = ("condition_type", "purchasable_offer")
        issues += [missing(name) for name in needed if name not in attributes]
    if not any(name in attributes for name in _IDENTITY):
        issues.append(missing(_IDENTITY[0]))
    return issues


def unknown_sku(sku: str) -> Issue:
    """What is wrong with writing to a SKU that has no listing.

    The sandbox's choice. The model has no 404 for writes, and says nothing else of it; sellers
    report that Amazon accepts a patch of such a SKU as the first part of a listing to come
    (selling-partner-api-models, issues 2797 and 4402).
    """
    return issue("90244", f"SKU '{sku}' not found.", "sku")


def patch_issues(listing: Listing, patches: list[dict[str, Any]]) -> list[Issue]:
    """What is wrong with the listing as the patches would leave it."""
    return issues_of(patched(listing.submitted, patches))


def _own(request: Request) -> None:
    if request.params["sellerId"] != SELLER_ID:
        raise denied("The seller has not authorized the application.")


def _existing(world: AmazonWorld, request: Request) -> Listing:
    listing = world.listings.get(request.params["sku"])
    if listing is None:
        raise not_found(f"SKU '{request.params['sku']}' not found.", "NOT_FOUND")
    return listing


def _preview(request: Request) -> bool:
    return bool(choices(request, "mode", ("VALIDATION_PREVIEW",)))


def _shown_parts(request: Request) -> list[str]:
    """What of a submission the answer tells. Errors: 400 for identifiers outside a preview."""
    included = choices(request, "includedData", ("identifiers", "issues")) or ["issues"]
    if "identifiers" in included and not _preview(request):
        raise invalid("identifiers can only be requested with mode VALIDATION_PREVIEW.")
    return included


def _applies(request: Request) -> bool:
    fault = request.fault
    if fault is None or fault.kind != "ignored_sku":
        return True
    return bool(fault.options.get("sku", request.params["sku"]) != request.params["sku"])


def _submission(world: AmazonWorld, request: Request, issues: list[Issue]) -> Reply:
    included = _shown_parts(request)
    accepted = "VALID" if _preview(request) else "ACCEPTED"
    body: dict[str, Any] = {
        "sku": request.params["sku"],
        "status": "INVALID" if issues else accepted,
        "submissionId": world.request_id().replace("-", ""),
    }
    if "issues" in included:
        body["issues"] = issues
    listing = world.listings.get(request.params["sku"])
    if "identifiers" in included and listing is not None:
        body["identifiers"] = [
            {"marketplaceId": place, "asin": listing.asin} for place in listing.marketplace_ids
        ]
    return Reply(200, body)


def _found(world: AmazonWorld, request: Request, places: list[str]) -> Iterator[Listing]:
    with_status = choices(request, "withStatus", ("BUYABLE", "DISCOVERABLE"))
    without = choices(request, "withoutStatus", ("BUYABLE", "DISCOVERABLE"))
    severities = choices(request, "withIssueSeverity", ("WARNING", "ERROR"))
    in_time = _time_filter(request)
    for listing in _candidates(world, request):
        shown = view(listing, places, ["summaries"])["summaries"]
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
        if (listing.asin if kinds == ["ASIN"] else listing.ean) in identifiers:
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
    """The listings one can page through, and how many were found in all."""
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


_ITEMS = "/listings/2021-08-01/items/{sellerId}"
_ITEM = _ITEMS + "/{sku}"

ROUTES = [
    Route("GET", _ITEMS, "searchListingsItems", search_listings_items),
    Route("GET", _ITEM, "getListingsItem", get_listings_item),
    Route("PUT", _ITEM, "putListingsItem", put_listings_item),
    Route("PATCH", _ITEM, "patchListingsItem", patch_listings_item),
    Route("DELETE", _ITEM, "deleteListingsItem", delete_listings_item),
]
