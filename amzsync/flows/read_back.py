"""Accepted values read back: what is really live, and what never arrived.

Amazon's acceptance does not mean that a value was applied (sp-api.md §6.2). A SKU that shows
something else is sent its present value again, never the old one: orders may have come in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.amazon.listings import PAGE_SIZE
from amzsync.amazon.models.listings import ListingsItem
from amzsync.errors import ThrottledError
from amzsync.flows.flow import Context, Outcome
from amzsync.http.overlap import overlap
from amzsync.state.listings import Listing

MOST = 400  # SKUs a run reads back; at 20 a call that is 4 seconds of the quota
TRIES = 3  # read-backs that may see something else before it is reported as lasting

INCLUDED_DATA = ("summaries", "fulfillmentAvailability")


def check(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Read back what is due; outcomes only for SKUs that will not take their value."""
    due = ctx.state.listings.due_checks(ctx.channel, ctx.clock.now(), MOST)
    chunks = [due[start : start + PAGE_SIZE] for start in range(0, len(due), PAGE_SIZE)]
    for done in overlap(lambda chunk: _live(ctx, chunk), chunks, ctx.in_flight):
        if isinstance(done.error, ThrottledError):
            continue  # still due; a later run has the token
        if done.error is not None:
            raise done.error
        yield _compare(ctx, done.item, done.value or {})


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
            reason = "Amazon fulfils this listing: its quantity is not ours to write"
            outcomes.append(Outcome(listing.sku, "failed", "fulfilled_by_amazon", reason))
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
    """(live seller-fulfilled quantity, whether Amazon alone fulfils the listing)."""
    rows = item.fulfillment_availability if item else ()
    for row in rows:
        if row.fulfillment_channel_code == SELLER_FULFILLED:
            return row.quantity, False
    return None, bool(rows)
