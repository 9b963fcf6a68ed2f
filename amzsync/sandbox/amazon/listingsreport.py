"""GET_MERCHANT_LISTINGS_ALL_DATA: every listing of a marketplace, as it was an hour ago maybe.

Amazon keeps a copy for one to six hours, by size, and gives that to who asks again, in the language
it was first asked for. Source: sp-api §2.10.1, §6.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.listing import Listing
from amzsync.sandbox.amazon.reportcontent import Content, tab_delimited

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.reportbook import Report
    from amzsync.sandbox.amazon.world import AmazonWorld

LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"

_COLUMNS = (
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
_ENGLISH = "en_US"
_DECIMAL_COMMA = ("TR", "DE")
_LARGE = 50_000  # listings of which a copy is kept six hours; of fewer, one


@dataclass(frozen=True, slots=True)
class Copy:
    """A report as it was made, and until when it is given again."""

    content: Content
    until: datetime


def merchant_listings(world: AmazonWorld, report: Report) -> Content | None:
    """The report of the first marketplace asked for; None when it has no listing.

    In cp1252, as Amazon's European hosts send it: other letters are `?`.
    """
    place = report.marketplace_ids[0]
    kept = world.listings_copies.get(place)
    if kept is not None and world.now() < kept.until:
        return kept.content
    rows = [_row(listing, place) for listing in world.listings if place in listing.marketplace_ids]
    if not rows:
        return None
    language = report.options.get("preferredReportDocumentLocale", MARKETPLACES[place].language)
    text = tab_delimited(_COLUMNS, rows)
    if language != _ENGLISH:
        header, _, body = text.partition("\r\n")
        text = f"{_translated(header, language)}\r\n{body}"
    content = Content(text.encode("cp1252", "replace"), "text/plain; charset=Cp1252")
    seconds = world.delays.listings_copy * (6 if len(rows) > _LARGE else 1)
    world.listings_copies[place] = Copy(content, world.now() + timedelta(seconds=seconds))
    return content


def _translated(header: str, language: str) -> str:
    """What Amazon calls the columns in other languages is not documented: here they are tagged."""
    return "\t".join(f"{name} ({language})" for name in header.split("\t"))


def _row(listing: Listing, place: str) -> dict[str, str]:
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
        "price": "" if price is None else _spelt(price, place),
        "quantity": "" if quantity is None or listing.by_amazon() else str(quantity),
        "open-date": f"{listing.created:%d/%m/%Y %H:%M:%S} TRT",
        "item-is-marketplace": "y",
        "product-id-type": "1",
        "item-condition": "11",
        "asin1": listing.asin,
        "product-id": listing.asin,
        "fulfillment-channel": channels[0] if channels else "DEFAULT",
        "status": _status(listing, place),
    }


def _status(listing: Listing, place: str) -> str:
    if listing.buyable(place):
        return "Active"
    return "Inactive" if listing.offer(place) is not None else "Incomplete"


def _spelt(price: Decimal, place: str) -> str:
    comma = MARKETPLACES[place].country in _DECIMAL_COMMA
    return str(price).replace(".", ",") if comma else str(price)
