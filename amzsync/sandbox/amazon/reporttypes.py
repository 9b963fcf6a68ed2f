"""The report types served: one function each, entered in REPORT_TYPES at the foot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from amzsync.sandbox.amazon.browsereport import BROWSE_TREE, browse_tree
from amzsync.sandbox.amazon.listing import Listing
from amzsync.sandbox.amazon.reportcontent import Content, StreamedContent, tab_delimited
from amzsync.sandbox.amazon.returnreports import RETURN_REPORTS

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.reportbook import Report
    from amzsync.sandbox.amazon.world import AmazonWorld


_LISTINGS_COLUMNS = (
    "item-name",
    "item-description",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "image-url",
    "item-is-marketplace",
    "product-id-type",
    "zshop-shipping-fee",
    "item-note",
    "item-condition",
    "zshop-category1",
    "zshop-browse-path",
    "zshop-storefront-feature",
    "asin1",
    "asin2",
    "asin3",
    "will-ship-internationally",
    "expedited-shipping",
    "zshop-boldface",
    "product-id",
    "bid-for-featured-placement",
    "add-delete",
    "pending-quantity",
    "fulfillment-channel",
    "merchant-shipping-group",
    "status",
)


def merchant_listings(world: AmazonWorld, report: Report) -> Content | None:
    """GET_MERCHANT_LISTINGS_ALL_DATA of the first marketplace asked for; None when it has none.

    In cp1252, as Amazon's European hosts send it: other letters are `?`. Headers are English.
    """
    place = report.marketplace_ids[0]
    rows = [
        _listing_row(listing, place)
        for listing in world.listings
        if place in listing.marketplace_ids
    ]
    if not rows:
        return None
    text = tab_delimited(_LISTINGS_COLUMNS, rows)
    return Content(text.encode("cp1252", "replace"), "text/plain; charset=Cp1252")


def _listing_row(listing: Listing, place: str) -> dict[str, str]:
    names = listing.submitted.get("item_name", [])
    price = listing.price(place)
    quantity = listing.quantity()
    channels = [
        row["fulfillment_channel_code"] for row in listing.live.get("fulfillment_availability", [])
    ]
    return {
        "item-name": names[0]["value"] if names else "",
        "listing-id": f"{listing.created:%m%d}{listing.asin}",
        "seller-sku": listing.sku,
        "price": "" if price is None else str(price),
        "quantity": "" if quantity is None or listing.by_amazon() else str(quantity),
        "open-date": f"{listing.created:%d/%m/%Y %H:%M:%S} TRT",
        "item-is-marketplace": "y",
        "product-id-type": "1",
        "item-condition": "11",
        "asin1": listing.asin,
        "product-id": listing.asin,
        "fulfillment-channel": channels[0] if channels else "DEFAULT",
        "status": "Active" if listing.buyable(place) else "Inactive",
    }


REPORT_TYPES: dict[str, Callable[[AmazonWorld, Report], Content | StreamedContent | None]] = {
    BROWSE_TREE: browse_tree,
    "GET_MERCHANT_LISTINGS_ALL_DATA": merchant_listings,
    **RETURN_REPORTS,
}
