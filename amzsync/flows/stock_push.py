"""Stock: what changed in Omnitron, less the buffer, to Amazon's listings.

Changed and never-sent product stocks are read, not yet listed ones wait, values Amazon has already
only clear Omnitron's mark. How values travel is the listing writer's business. A channel fulfilled
by Amazon never writes a quantity: Amazon owns that number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from amzsync.amazon.assumptions import LISTINGS_FEED_MESSAGES
from amzsync.flows import changed_stocks, guards
from amzsync.flows.changed_goods import Observed, change_of
from amzsync.flows.changed_stocks import GOODS
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import Change, Writes
from amzsync.mapping.stock import quantity_to_send
from amzsync.omnitron.models.products import ProductStock

WRITES = Writes(GOODS.flow, GOODS.content_type)
COMMAND = "stock push"


def transform(ctx: Context, observed: Observed[ProductStock]) -> Change:
    """What Amazon is to be told."""
    quantity = quantity_to_send(Decimal(observed.row.stock), ctx.config.buffer_stock)
    return change_of(GOODS, observed, str(quantity))


def describe(change: Change) -> str:
    """What a dry run says of a change."""
    if change.unchanged:
        return f"{change.sku}: {change.shown}, Amazon has it already"
    before = "unknown" if change.before is None else change.before
    return f"{change.sku}: {before} -> {change.shown}"


def guard(ctx: Context, items: Sequence[Item[Change]], command: str = COMMAND) -> None:
    """Stop before a broken stock import closes the shop."""
    if ctx.options.override_guard:
        return
    live = [item.payload for item in items if item.payload.before != "0"]
    zeroed = sum(row.shown == "0" and not row.unchanged for row in live)
    if zeroed < ctx.config.guards.zeroing_minimum:
        return
    count = max(ctx.state.listings.live_count(ctx.channel), len(live))
    guards.check_zeroing(ctx, zeroed, count, "would go to zero", command)


def send(ctx: Context, items: Sequence[Item[Change]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: absolute values, so a repeat changes nothing."""
    from amzsync.flows import listing_writer

    return listing_writer.send(ctx, WRITES, [item.payload for item in items])


def collect(ctx: Context) -> Iterable[Sequence[Outcome]]:
    """What earlier runs left; most have nothing under way and are spared the writer's imports."""
    state, channel = ctx.state, ctx.channel
    if not (
        state.batches.any_open(channel)
        or state.fences.holders(channel)
        or state.jobs.under_way(channel, WRITES.flow)
        or state.listings.due_checks(channel, ctx.clock.now(), 1)
    ):
        return
    from amzsync.flows import listing_writer, read_back

    yield from listing_writer.collect(ctx, WRITES)
    yield from read_back.check(ctx)


FLOW: Flow[Observed[ProductStock], Change] = Flow(
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
