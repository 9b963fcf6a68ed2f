"""Stock: what changed in Omnitron, less the buffer, to Amazon's listings.

Changed and never-sent product stocks are read, not yet listed ones wait, values Amazon has already
only clear Omnitron's mark. How values travel is the listing writer's business. A channel fulfilled
by Amazon never writes a quantity: Amazon owns that number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from amzsync.amazon.assumptions import LISTINGS_FEED_MESSAGES
from amzsync.errors import GuardError
from amzsync.flows import changed_stocks
from amzsync.flows.changed_stocks import Observed
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import Change, Writes
from amzsync.mapping.stock import quantity_to_send

WRITES = Writes(flow=changed_stocks.FLOW, content_type="productstock")


def transform(ctx: Context, observed: Observed) -> Change:
    """What Amazon is to be told."""
    quantity = quantity_to_send(Decimal(observed.stock), ctx.config.buffer_stock)
    return Change(
        sku=observed.sku,
        product_pk=observed.product_pk,
        object_pk=observed.object_pk,
        version=observed.version,
        value=quantity,
        before=observed.sent,
        unchanged=observed.known == quantity or observed.is_older,
        dirty=observed.dirty,
        lift=observed.lift,
    )


def describe(change: Change) -> str:
    """What a dry run says of a change."""
    if change.unchanged:
        return f"{change.sku}: {change.value}, Amazon has it already"
    before = "unknown" if change.before is None else change.before
    return f"{change.sku}: {before} -> {change.value}"


def guard(ctx: Context, items: Sequence[Item[Change]]) -> None:
    """Stop before a broken stock import closes the shop."""
    if ctx.options.override_guard:
        return
    changes = [item.payload for item in items]
    zeroed = [row for row in changes if row.value == 0 and row.before != 0 and not row.unchanged]
    live = max(ctx.state.listings.live_count(ctx.channel), sum(row.before != 0 for row in changes))
    limits = ctx.config.guards
    if len(zeroed) < limits.zeroing_minimum or len(zeroed) * 100 <= limits.zeroing_percent * live:
        return
    raise GuardError(
        f"{len(zeroed)} of {live} live SKUs would go to zero, more than "
        f"{limits.zeroing_percent} %; nothing was sent. If that is right: "
        f"amzsync stock push --override-guard --config {ctx.config.path}"
    )


def send(ctx: Context, items: Sequence[Item[Change]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: absolute values, so a repeat changes nothing."""
    from amzsync.flows import listing_writer

    return listing_writer.send(ctx, WRITES, [item.payload for item in items])


def collect(ctx: Context) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.collect; most runs have nothing under way and are spared its imports."""
    state, channel = ctx.state, ctx.channel
    if not (
        state.batches.any_open(channel)
        or state.jobs.under_way(channel, WRITES.flow)
        or state.listings.due_checks(channel, ctx.clock.now(), 1)
    ):
        return ()
    from amzsync.flows import listing_writer

    return listing_writer.collect(ctx, WRITES)


FLOW: Flow[Observed, Change] = Flow(
    fetch=changed_stocks.fetch,
    key=lambda observed: observed.sku,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    refetch=changed_stocks.refetch,
    guard=guard,
    batch_size=LISTINGS_FEED_MESSAGES,  # the rest is the next run's
    batches=1,
)
