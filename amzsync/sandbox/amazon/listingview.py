"""A listing as the Listings Items API shows it."""

from __future__ import annotations

from typing import Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.family import relationship
from amzsync.sandbox.amazon.listing import Listing, price_of
from amzsync.sandbox.amazon.listingbook import ListingBook
from amzsync.sandbox.amazon.replies import iso

READ_SETS = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)


def view(
    book: ListingBook, listing: Listing, places: list[str], included: list[str]
) -> dict[str, Any]:
    """The data sets asked for, of the marketplaces asked for."""
    shown: dict[str, Any] = {"sku": listing.sku}
    here = [place for place in listing.marketplace_ids if place in places]
    if "summaries" in included:
        shown["summaries"] = [_summary(listing, place) for place in here]
    if "attributes" in included:
        shown["attributes"] = listing.submitted
    if "issues" in included:
        shown["issues"] = listing.issues
    if "offers" in included:
        shown["offers"] = [
            _offer(row)
            for row in listing.live.get("purchasable_offer", [])
            if row["marketplace_id"] in here
        ]
    if "fulfillmentAvailability" in included:
        shown["fulfillmentAvailability"] = [
            _availability(row) for row in listing.live.get("fulfillment_availability", [])
        ]
    if "relationships" in included:
        shown["relationships"] = [
            {"marketplaceId": place, "relationships": [family]}
            for place in here
            if (family := _family(book, listing))
        ]
    if "procurement" in included:
        shown["procurement"] = []
    if "productTypes" in included:
        shown["productTypes"] = [
            {"marketplaceId": place, "productType": listing.product_type} for place in here
        ]
    return shown


def _family(book: ListingBook, listing: Listing) -> dict[str, Any] | None:
    if listing.parent:
        return relationship(listing.submitted, "parentSkus", [listing.parent])
    children = book.children(listing.sku)
    return relationship(listing.submitted, "childSkus", children) if children else None


def _summary(listing: Listing, place: str) -> dict[str, Any]:
    name = _value_here(listing, "item_name", "value", place)
    picture = _value_here(listing, "main_product_image_locator", "media_location", place)
    image = {"mainImage": {"link": picture, "height": 1000, "width": 1000}} if picture else {}
    return {
        "marketplaceId": place,
        "asin": listing.asin,
        "productType": listing.product_type,
        "conditionType": _value_here(listing, "condition_type", "value", place) or "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"] if listing.buyable(place) else ["DISCOVERABLE"],
        **({"itemName": name} if name else {}),
        **image,
        "createdDate": iso(listing.created),
        "lastUpdatedDate": iso(listing.updated),
    }


def _value_here(listing: Listing, name: str, member: str, place: str) -> str:
    for row in listing.submitted.get(name, []):
        if row.get("marketplace_id", place) == place:
            return str(row.get(member, ""))
    return ""


def _offer(row: dict[str, Any]) -> dict[str, Any]:
    """The regular price; whether Amazon shows a running sale here is not documented."""
    audience = row.get("audience", "ALL")
    market = MARKETPLACES[row["marketplace_id"]]
    amount = round(price_of(row), market.decimals)
    return {
        "marketplaceId": market.id,
        "offerType": "B2C" if audience == "ALL" else "B2B",
        "price": {
            "currencyCode": row["currency"],
            "amount": str(amount),
        },
        "audience": {"value": audience, "displayName": "Sell on Amazon"},
    }


def _availability(row: dict[str, Any]) -> dict[str, Any]:
    quantity = {"quantity": row["quantity"]} if "quantity" in row else {}
    return {"fulfillmentChannelCode": row["fulfillment_channel_code"], **quantity}
