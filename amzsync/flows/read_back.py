"""Accepted values read back: what is really live, and what never arrived.

Amazon's acceptance does not mean that a value was applied (sp-api.md §6.2). A SKU that shows
something else is sent its present value again, never the old one: orders may have come in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.amazon.listings import PAGE_SIZE
from amzsync.amazon.models.listings import ListingsItem
from amzsync.errors import AmzsyncError, RemoteError
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import PRICE, QUANTITY
from amzsync.http.overlap import overlap
from amzsync.mapping.prices import live_price
from amzsync.state.listings import Listing

MOST = 400  # SKUs a run reads back; at 20 a call that is 4 seconds of the quota
TRIES = 3  # read-backs that may see something else before it is reported as lasting

BY_AMAZON = "fulfilled_by_amazon"  # the penalty's code

# What of a listing shows the value of an attribute.
INCLUDED_DATA: Mapping[str, tuple[str, ...]] = {
    QUANTITY: ("summaries", "fulfillmentAvailability"),
    PRICE: ("summaries", "attributes", "offers"),
}


def check(
    ctx: Context, attribute: str = QUANTITY, *, withdrawn: bool = False
) -> Iterator[Sequence[Outcome]]:
    """Read back what is due; outcomes only for SKUs that will not take their value.

    `withdrawn`: of SKUs whose product left the catalog, instead of the others. What cannot be read
    now stays due: it is no reason to hold back what is to be sent.
    """
    due = ctx.state.listings.due_checks(
        ctx.channel, ctx.clock.now(), MOST, attribute, withdrawn=withdrawn
    )
    chunks = (due[start : start + PAGE_SIZE] for start in range(0, len(due), PAGE_SIZE))
    stopped: list[AmzsyncError] = []
    to_read = takewhile(lambda _chunk: not stopped, chunks)

    def read(chunk: Sequence[Listing]) -> dict[str, ListingsItem]:
        return shown_now(ctx, [listing.sku for listing in chunk], attribute)

    for done in overlap(read, to_read, ctx.in_flight):
        if done.error is not None:
            stopped.append(done.error)
        else:
            yield _compare(ctx, attribute, done.item, done.value or {})
    for error in stopped:
        if not isinstance(error, RemoteError):
            raise error
        ctx.note(f"values are read back by a later run: {error}")


def shown_now(
    ctx: Context, skus: Sequence[str], attribute: str = QUANTITY
) -> dict[str, ListingsItem]:
    """What Amazon shows of an attribute of these SKUs, at most 20; those it has not are missing."""
    included = INCLUDED_DATA[attribute]
    found = ctx.amazon.listings.search_listings_items(skus, included_data=included)
    return {item.sku: item for item in found}


def still_by_amazon(ctx: Context, skus: Sequence[str]) -> Iterator[Outcome]:
    """Those of the SKUs that Amazon fulfils, as outcomes; asks Amazon."""
    for start in range(0, len(skus), PAGE_SIZE):
        chunk = skus[start : start + PAGE_SIZE]
        found = shown_now(ctx, chunk)
        yield from (by_amazon(sku) for sku in chunk if is_by_amazon(found.get(sku)))


def by_amazon(sku: str) -> Outcome:
    """What becomes of a SKU whose quantity is Amazon's."""
    reason = "Amazon fulfils this listing: its quantity is not ours to write"
    return Outcome(sku, "failed", BY_AMAZON, reason)


def is_by_amazon(item: ListingsItem | None) -> bool:
    """Whether Amazon fulfils the listing.

    Where our quantity shows beside Amazon's, it does, and ours would split the offer (sp-api.md
    §2.5.3).
    """
    rows = item.fulfillment_availability if item else ()
    return any(row.fulfillment_channel_code != SELLER_FULFILLED for row in rows)


def _compare(
    ctx: Context, attribute: str, chunk: Sequence[Listing], live: Mapping[str, ListingsItem]
) -> list[Outcome]:
    confirmed: list[tuple[str, str]] = []
    differs: list[tuple[str, str | None]] = []
    outcomes: list[Outcome] = []
    for listing in chunk:
        item = live.get(listing.sku)
        value = live_value(ctx, attribute, item)
        # An order leaves a quantity in doubt; that of a withdrawn product is zero all the same.
        withdrawn = attribute == QUANTITY and listing.withdrawn_at is not None
        wanted = "0" if withdrawn else listing.sent
        if attribute == QUANTITY and is_by_amazon(item):
            outcomes.append(by_amazon(listing.sku))
        elif value is not None and wanted in (None, value):
            confirmed.append((listing.sku, value))
        elif listing.checks + 1 < TRIES:
            differs.append((listing.sku, value))
        else:
            shown = "nothing" if value is None else value
            reason = f"Amazon accepted {wanted} but shows {shown}, {TRIES} times now"
            outcomes.append(Outcome(listing.sku, "failed", "not_applied", reason))
    listings = ctx.state.listings
    with ctx.state.store.atomic():
        listings.confirmed(ctx.channel, confirmed, attribute)
        listings.differs(ctx.channel, differs, attribute)
        for outcome in outcomes:
            listings.settle_difference(ctx.channel, outcome.key, attribute)
    return outcomes


def live_value(ctx: Context, attribute: str, item: ListingsItem | None) -> str | None:
    """What is live of the attribute, spelt as it is sent."""
    if item is None:
        return None
    if attribute == PRICE:
        return live_price(item, ctx.config.marketplace)
    own = (
        row.quantity
        for row in item.fulfillment_availability
        if row.fulfillment_channel_code == SELLER_FULFILLED
    )
    quantity = next(own, None)
    return None if quantity is None else str(quantity)
