"""Accepted values read back: what is really live, and what never arrived.

Amazon's acceptance does not mean that a value was applied (sp-api.md §6.2). A SKU that shows
something else is sent its present value again, never the old one: orders may have come in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.amazon.listings import PAGE_SIZE
from amzsync.amazon.models.listings import ListingsItem
from amzsync.errors import AmzsyncError, RemoteError
from amzsync.flows.flow import Context, Outcome
from amzsync.http.overlap import overlap
from amzsync.state.listings import Listing

MOST = 400  # SKUs a run reads back; at 20 a call that is 4 seconds of the quota
TRIES = 3  # read-backs that may see something else before it is reported as lasting

BY_AMAZON = "fulfilled_by_amazon"  # the penalty's code

INCLUDED_DATA = ("summaries", "fulfillmentAvailability")


def check(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Read back what is due; outcomes only for SKUs that will not take their value.

    What cannot be read now stays due: it is no reason to hold back what is to be sent.
    """
    due = ctx.state.listings.due_checks(ctx.channel, ctx.clock.now(), MOST)
    chunks = (due[start : start + PAGE_SIZE] for start in range(0, len(due), PAGE_SIZE))
    stopped: list[AmzsyncError] = []
    to_read = takewhile(lambda _chunk: not stopped, chunks)
    for done in overlap(lambda chunk: _live(ctx, chunk), to_read, ctx.in_flight):
        if done.error is not None:
            stopped.append(done.error)
        else:
            yield _compare(ctx, done.item, done.value or {})
    for error in stopped:
        if not isinstance(error, RemoteError):
            raise error
        ctx.note(f"values are read back by a later run: {error}")


def still_by_amazon(ctx: Context, skus: Sequence[str]) -> Iterator[Outcome]:
    """Those of the SKUs that Amazon fulfils, as outcomes; asks Amazon."""
    listings = [Listing(sku=sku, product_pk=0) for sku in skus]
    for start in range(0, len(listings), PAGE_SIZE):
        chunk = listings[start : start + PAGE_SIZE]
        found = _live(ctx, chunk)
        yield from (_by_amazon(row.sku) for row in chunk if _quantity(found.get(row.sku))[1])


def _by_amazon(sku: str) -> Outcome:
    reason = "Amazon fulfils this listing: its quantity is not ours to write"
    return Outcome(sku, "failed", BY_AMAZON, reason)


def _live(ctx: Context, chunk: Sequence[Listing]) -> dict[str, ListingsItem]:
    found = ctx.amazon.listings.search_listings_items(
        [listing.sku for listing in chunk], included_data=INCLUDED_DATA
    )
    return {item.sku: item for item in found}


def _compare(
    ctx: Context, chunk: Sequence[Listing], live: dict[str, ListingsItem]
) -> list[Outcome]:
    confirmed: list[tuple[str, int]] = []
    differs: list[tuple[str, int | None]] = []
    outcomes: list[Outcome] = []
    for listing in chunk:
        quantity, amazon_fulfilled = _quantity(live.get(listing.sku))
        if amazon_fulfilled:
            outcomes.append(_by_amazon(listing.sku))
        elif quantity is not None and listing.sent_quantity in (None, quantity):
            confirmed.append((listing.sku, quantity))
        elif listing.checks + 1 < TRIES:
            differs.append((listing.sku, quantity))
        else:
            shown = "nothing" if quantity is None else quantity
            reason = f"Amazon accepted {listing.sent_quantity} but shows {shown}, {TRIES} times now"
            outcomes.append(Outcome(listing.sku, "failed", "not_applied", reason))
    with ctx.state.store.atomic():
        ctx.state.listings.confirmed(ctx.channel, confirmed)
        ctx.state.listings.differs(ctx.channel, differs)
        for outcome in outcomes:
            ctx.state.listings.settle_difference(ctx.channel, outcome.key)
    return outcomes


def _quantity(item: ListingsItem | None) -> tuple[int | None, bool]:
    """(live seller-fulfilled quantity, whether Amazon fulfils the listing).

    Where both show, Amazon fulfils, and our number would split the offer (sp-api.md §2.5.3).
    """
    rows = item.fulfillment_availability if item else ()
    own = [row.quantity for row in rows if row.fulfillment_channel_code == SELLER_FULFILLED]
    return (own[0] if own else None), len(rows) > len(own)
