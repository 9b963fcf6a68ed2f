"""Prices: what changed in Omnitron to Amazon's listings, in the marketplace's currency.

Only the price consumers pay is set; sales, allowed ranges and prices for businesses stay as they
are. How values travel is the listing writer's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from amzsync.amazon.assumptions import LISTINGS_FEED_MESSAGES
from amzsync.errors import RecordError
from amzsync.flows import changed_prices, guards
from amzsync.flows.changed_goods import Observed, change_of
from amzsync.flows.changed_prices import GOODS
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import PRICE, Change, Writes
from amzsync.mapping.prices import price_fault, price_text
from amzsync.omnitron.models.products import ProductPrice

WRITES = Writes(GOODS.flow, GOODS.content_type)
COMMAND = "prices push"


@dataclass(frozen=True, slots=True)
class Priced:
    """A price on its way. `fault`: why it cannot be one of this marketplace; `was`: the last one
    known of the listing."""

    change: Change
    fault: str
    was: str | None


def transform(ctx: Context, observed: Observed[ProductPrice]) -> Priced:
    """What Amazon is to be told.

    Errors: RecordError for an impossible price, once somebody has looked and overridden the guard.
    """
    row, marketplace = observed.row, ctx.config.marketplace
    fault = price_fault(row.price, row.currency_type, marketplace)
    if fault and ctx.options.override_guard:
        raise RecordError(f"the price {fault}", code="price")
    change = change_of(GOODS, observed, price_text(row.price, marketplace.currency))
    return Priced(change, fault, observed.sent or observed.confirmed)


def describe(priced: Priced) -> str:
    """What a dry run says of a change."""
    change = priced.change
    if change.unchanged:
        return f"{change.sku}: {change.shown}, Amazon has it already"
    return f"{change.sku}: {priced.was or 'unknown'} -> {change.shown}"


def guard(ctx: Context, items: Sequence[Item[Priced]], command: str = COMMAND) -> None:
    """Stop before a broken price import gives the shop away."""
    if ctx.options.override_guard:
        return
    prices = [item.payload for item in items]
    if faults := [f"{row.change.sku} {row.fault}" for row in prices if row.fault]:
        advice = "Mend them in Omnitron; or to penalise these alone and send the others:"
        guards.stop(ctx, faults, "prices cannot be right", advice, command)
    percent = ctx.config.guards.price_change_percent
    if moves := [_move(row) for row in prices if _moves_far(row, percent)]:
        what = f"prices would move more than {percent} %"
        guards.stop(ctx, moves, what, "If that is right:", command)


def _moves_far(row: Priced, percent: int) -> bool:
    if row.was is None or row.change.unchanged:
        return False
    before, after = Decimal(row.was), Decimal(row.change.shown)
    return abs(after - before) * 100 > percent * before


def _move(row: Priced) -> str:
    return f"{row.change.sku} {row.was} -> {row.change.shown}"


def send(ctx: Context, items: Sequence[Item[Priced]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: absolute values, so a repeat changes nothing."""
    from amzsync.flows import listing_writer

    return listing_writer.send(ctx, WRITES, [item.payload.change for item in items])


def collect(ctx: Context) -> Iterable[Sequence[Outcome]]:
    """What earlier runs left; most have nothing under way and are spared the writer's imports."""
    state, channel = ctx.state, ctx.channel
    if not (
        state.batches.any_open(channel)
        or state.fences.holders(channel)
        or state.jobs.under_way(channel, WRITES.flow)
        or state.listings.due_checks(channel, ctx.clock.now(), 1, PRICE)
    ):
        return
    from amzsync.flows import listing_writer, read_back

    yield from listing_writer.collect(ctx, WRITES)
    yield from read_back.check(ctx, PRICE)


FLOW: Flow[Observed[ProductPrice], Priced] = Flow(
    fetch=changed_prices.fetch,
    key=lambda observed: observed.sku,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    refetch=changed_prices.refetch,
    guard=guard,
    batch_size=LISTINGS_FEED_MESSAGES,  # the rest is the next run's
    batches=1,
)
