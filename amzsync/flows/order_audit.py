"""The daily audit: Amazon's orders once more, by creation time, against what the searches missed.

The searches go by the time of the last update, which is Amazon's to set. What the audit finds is
taken in like any other order and told: a search that misses orders is something to look into.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from amzsync.flows.flow import Context
from amzsync.flows.order_windows import (
    AUDITED,
    Window,
    channels,
    cursor_name,
    stored,
    window_of,
)
from amzsync.state.inbox import InboxRow
from amzsync.state.runs import OutcomeRow

AUDIT_EVERY = timedelta(hours=24)
OVERLAP = timedelta(hours=2)  # an order may turn up in searches long after it was placed
_NAMED = 5  # order ids a note names; the journal has them all


def audit(ctx: Context) -> Window | None:
    """The audit to go on with or to begin; None while it is not time."""
    return stored(ctx, "audit") or _due(ctx)


def missed(ctx: Context, fresh: Sequence[InboxRow]) -> list[InboxRow]:
    """Those of these new orders that a search should have brought: it has come beyond them."""
    cursors = ctx.state.cursors
    until = {row.channel: cursors.get(cursor_name(row.channel)) for row in fresh}
    return [
        row
        for row in fresh
        if (edge := until[row.channel]) is not None
        and row.last_updated_time <= datetime.fromisoformat(edge)
    ]


def note_down(ctx: Context, rows: Sequence[InboxRow]) -> None:
    """Have the journal tell of these orders that the audit found them."""
    told = "the searches had missed it, the daily audit found it"
    for row in rows:
        outcome = OutcomeRow(row.order_id, "taken in", "audit", told, None)
        ctx.state.runs.record(ctx.run_id, row.channel, "intake", [outcome], ctx.clock.now())


def tell(ctx: Context, rows: Sequence[InboxRow]) -> None:
    """Tell the operator what the audit found, if anything."""
    if not rows:
        return
    named = ", ".join(row.order_id for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    orders = "order" if len(rows) == 1 else "orders"
    ctx.note(f"the daily audit found {len(rows)} {orders} the searches had missed: {named}{more}")


def _due(ctx: Context) -> Window | None:
    audited, now = ctx.state.cursors.get(AUDITED), ctx.clock.now()
    if audited is None or now - datetime.fromisoformat(audited) < AUDIT_EVERY:
        return None
    known = channels(ctx)
    after = datetime.fromisoformat(audited) - OVERLAP
    starts = [channel.order_start_date for channel in known]
    bounded = [start for start in starts if start is not None]
    if len(bounded) == len(known):
        after = max(after, min(bounded))
    return None if after > now - timedelta(minutes=2) else window_of("audit", known, after, now)
