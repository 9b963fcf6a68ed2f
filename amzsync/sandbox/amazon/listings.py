"""Listings Items 2021-08-01: five operations on the listings of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import SELLER_ID
from amzsync.sandbox.amazon.attributes import (
    Attributes,
    Issue,
    check_patches,
    issue,
    name_of,
    patched,
)
from amzsync.sandbox.amazon.definitions import REQUIREMENTS
from amzsync.sandbox.amazon.listing import Listing
from amzsync.sandbox.amazon.listingcheck import changed_issues, type_issues, whole_issues
from amzsync.sandbox.amazon.listingsearch import found_listings
from amzsync.sandbox.amazon.listingview import READ_SETS, view
from amzsync.sandbox.amazon.replies import (
    choices,
    denied,
    invalid,
    json_object,
    marketplaces,
    not_found,
    whole_number,
)
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld


def get_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """GET /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    places = marketplaces(request, at_most=25)
    included = choices(request, "includedData", READ_SETS) or ["summaries"]
    listing = _existing(world, request)
    return Reply(200, view(world.listings, listing, places, included))


def put_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """PUT /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    _shown_parts(request)
    place = marketplaces(request, at_most=1)[0]
    body = json_object(request)
    issues = put_issues(world, body, place)
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
    return _submission(world, request, issues, body["attributes"])


def patch_listings_item(world: AmazonWorld, request: Request) -> Reply:
    """PATCH /listings/2021-08-01/items/{sellerId}/{sku}."""
    _own(request)
    _shown_parts(request)
    place = marketplaces(request, at_most=25)[0]
    body = json_object(request)
    if not isinstance(body.get("productType"), str) or not body["productType"]:
        raise invalid("productType is required.", "BAD_REQUEST")
    patches = check_patches(body.get("patches"))
    sku = request.params["sku"]
    listing = world.listings.get(sku)
    issues = [unknown_sku(sku)]
    if listing is not None:
        issues = patch_issues(world, listing, body["productType"], patches, place)
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
    found, total = found_listings(world, request, places)
    start = world.pages.meaning(token) if (token := request.first("pageToken")) else 0
    if not isinstance(start, int):
        raise invalid("pageToken is not one of this operation.")
    body: dict[str, Any] = {
        "numberOfResults": total,
        "items": [
            view(world.listings, listing, places, included)
            for listing in found[start : start + size]
        ],
    }
    pagination = {}
    if start + size < len(found):
        pagination["nextToken"] = world.pages.issue(start + size)
    if start:
        pagination["previousToken"] = world.pages.issue(max(0, start - size))
    if pagination:
        body["pagination"] = pagination
    return Reply(200, body)


def put_issues(world: AmazonWorld, body: dict[str, Any], place: str) -> list[Issue]:
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
    issues = whole_issues(world, body["productType"], requirements, attributes, place)
    if not issues and requirements == "LISTING_OFFER_ONLY":
        return [] if world.listings.asins.match(attributes) else [_no_asin()]
    return issues


def unknown_sku(sku: str) -> Issue:
    """What is wrong with writing to a SKU that has no listing.

    The sandbox's choice. The model has no 404 for writes, and says nothing else of it; sellers
    report that Amazon accepts a patch of such a SKU as the first part of a listing to come
    (selling-partner-api-models, issues 2797 and 4402).
    """
    return issue("90244", f"SKU '{sku}' not found.", "sku")


def patch_issues(
    world: AmazonWorld,
    listing: Listing,
    product_type: str,
    patches: list[dict[str, Any]],
    place: str,
) -> list[Issue]:
    """What is wrong with what the patches change; nothing else of the listing is looked at."""
    result = patched(listing.submitted, patches)
    names = list(dict.fromkeys(map(name_of, patches)))
    return type_issues(world, product_type) + changed_issues(
        world, listing.product_type, result, names, place
    )


def _no_asin() -> Issue:
    """What is wrong with an offer on a product Amazon does not know; the code is our choice."""
    message = "No ASIN matches the identifiers provided; an offer needs an existing product."
    return issue("90244", message, "merchant_suggested_asin")


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


def _submission(
    world: AmazonWorld,
    request: Request,
    issues: list[Issue],
    attributes: Attributes | None = None,
) -> Reply:
    included = _shown_parts(request)
    accepted = "VALID" if _preview(request) else "ACCEPTED"
    body: dict[str, Any] = {
        "sku": request.params["sku"],
        "status": "INVALID" if issues else accepted,
        "submissionId": world.request_id().replace("-", ""),
    }
    if "issues" in included:
        body["issues"] = issues
    if "identifiers" in included:
        body["identifiers"] = _identifiers(world, request, attributes or {})
    return Reply(200, body)


def _identifiers(
    world: AmazonWorld, request: Request, attributes: Attributes
) -> list[dict[str, Any]]:
    """The ASIN in each marketplace: the listing's, or the one a new listing would belong to."""
    listing = world.listings.get(request.params["sku"])
    if listing is not None and listing.asin:
        asin, places = listing.asin, list(listing.marketplace_ids)
    else:
        asin = world.listings.asins.match(attributes)
        places = marketplaces(request, at_most=25) if asin else []
    return [{"marketplaceId": place, "asin": asin} for place in places]


_ITEMS = "/listings/2021-08-01/items/{sellerId}"
_ITEM = _ITEMS + "/{sku}"

ROUTES = [
    Route("GET", _ITEMS, "searchListingsItems", search_listings_items),
    Route("GET", _ITEM, "getListingsItem", get_listings_item),
    Route("PUT", _ITEM, "putListingsItem", put_listings_item),
    Route("PATCH", _ITEM, "patchListingsItem", patch_listings_item),
    Route("DELETE", _ITEM, "deleteListingsItem", delete_listings_item),
]
