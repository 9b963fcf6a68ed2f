"""A listing as the Listings Items API shows it."""

from __future__ import annotations

from typing import Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.listingbook import Listing, price_of
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


def view(listing: Listing, places: list[str], included: list[str]) -> dict[str, Any]:
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
    shown |= {name: [] for name in ("procurement", "relationships") if name in included}
    if "productTypes" in included:
        shown["productTypes"] = [
            {"marketplaceId": place, "productType": listing.product_type} for place in here
        ]
    return shown


def _summary(listing: Listing, place: str) -> dict[str, Any]:
    names = [
        row["value"]
        for row in listing.submitted.get("item_name", [])
        if row.get("marketplace_id", place) == place
    ]
    return {
        "marketplaceId": place,
        "asin": listing.asin,
        "productType": listing.product_type,
        "conditionType": "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"] if listing.buyable(place) else ["DISCOVERABLE"],
        **({"itemName": names[0]} if names else {}),
        "createdDate": iso(listing.created),
        "lastUpdatedDate": iso(listing.updated),
    }


def _offer(row: dict[str, Any]) -> dict[str, Any]:
    """The regular price; whether Amazon shows a running sale here is not documented."""
    audience = row.get("audience", "ALL")
    market = MARKETPLACES[row["marketplace_id"]]
    return {
        "marketplaceId": market.id,
        "offerType": "B2C" if audience == "ALL" else "B2B",
        "price": {"currencyCode": row["currency"], "amount": str(price_of(row))},
        "audience": {"value": audience, "displayName": "Sell on Amazon"},
    }


def _availability(row: dict[str, Any]) -> dict[str, Any]:
    quantity = {"quantity": row["quantity"]} if "quantity" in row else {}
    return {"fulfillmentChannelCode": row["fulfillment_channel_code"], **quantity}
