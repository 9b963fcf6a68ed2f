"""Whether a flow may submit a listings feed now: one is in flight an account, so flows take turns.

Who had the feed longest ago goes first; among equals stock goes before price, price before
products. Invoices share createFeed's 30 an hour with listings feeds and take at most 14 of them
(amzsync.flows.invoices); listings feeds keep to the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from amzsync.errors import ThrottledError
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import feed_in_flight
from amzsync.http.operation import Operation
from amzsync.state.feed_turns import Turn

# At most 16 in any hour: two at once, then one in 257 s. That also keeps to Amazon's five in five
# minutes for this feed type (amazon.assumptions.LISTINGS_FEED_SUBMISSIONS).
SHARE: Final = Operation(
    "JSON_LISTINGS_FEED", "POST", "/feeds/2021-06-30/feeds", rate=14 / 3600, burst=2
)
# How long a flow that found no turn is waited for: two runs of a five-minute cron.
PATIENCE: Final = timedelta(minutes=11)
_ORDER = ("stock.push", "products.delete", "prices.push", "products.push")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def refusal(ctx: Context, flow: str) -> str:
    """Why the flow cannot submit a feed now; "" when it may, and then a submission is booked."""
    why = _refusal(ctx, flow)
    if why:
        ctx.state.feed_turns.want(ctx.channel, flow, ctx.clock.now())
    return why


def _refusal(ctx: Context, flow: str) -> str:
    if feed_in_flight(ctx):
        return "a feed is in flight"
    now = ctx.clock.now()
    turns = {(turn.channel, turn.flow): turn for turn in ctx.state.feed_turns.all()}
    own = turns.pop((ctx.channel, flow), Turn(ctx.channel, flow, None, None))
    for other in turns.values():
        waits = other.wanted_at is not None and now - other.wanted_at < PATIENCE
        if waits and _rank(other) < _rank(own):
            return f"it is the turn of {other.flow.replace('.', ' ')}"
    try:
        ctx.state.ledger.take(SHARE, reserve=0, max_wait=0)
    except ThrottledError as error:
        return f"listings feeds are used up for {error.wait:.0f} s"
    return ""


def _rank(turn: Turn) -> tuple[datetime, int]:
    order = _ORDER.index(turn.flow) if turn.flow in _ORDER else len(_ORDER)
    return (turn.served_at or _NEVER, order)
