"""Orders of which units fell on Amazon, with what Omnitron has of them.

What Omnitron makes of one order says little of the others: a few unanswered questions are noted,
and the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from amzsync.errors import AmzsyncError, RemoteError, ThrottledError
from amzsync.flows.flow import Context
from amzsync.flows.order_links import already_linked
from amzsync.http.overlap import overlap
from amzsync.omnitron.models.orders import Order, OrderItem
from amzsync.state.inbox import InboxRow

GONE = "the order is no longer in Omnitron"
_TOLERATED = 3  # questions Omnitron leaves unanswered before it is taken to be down


@dataclass(frozen=True, slots=True)
class Fallen:
    """An order of which units fell, and what Omnitron has of it; else `problem` says why not."""

    row: InboxRow
    order: Order | None = None
    units: tuple[OrderItem, ...] = ()
    problem: str = GONE


def look_at(ctx: Context, flow: str, rows: Sequence[InboxRow]) -> Iterator[Fallen]:
    """The rows with what Omnitron has of them; those in penalty or not asked for as they are.

    Errors: RemoteError when Omnitron cannot be used.
    """
    try:
        rows = _found_again(ctx, rows)
    except RemoteError as error:
        if not tolerated(ctx, error):
            raise
        return
    held = ctx.state.penalties.held(ctx.channel, flow, ctx.clock.now())
    only = ctx.options.only
    wanted = {
        row.omnitron_pk: row
        for row in rows
        if row.omnitron_pk is not None
        and (ctx.options.past_penalty or row.order_id not in held)
        and (not only or row.order_id in only)
    }
    yield from (Fallen(row) for row in rows if row.omnitron_pk not in wanted)
    if not wanted:
        return
    try:
        page = ctx.omnitron.orders.by_pks(wanted)
    except RemoteError as error:
        if not tolerated(ctx, error):
            raise
        return
    orders = {order.pk: order for order in page}
    problems = {row.pk: row.problem for row in page.malformed}
    yield from (
        Fallen(row, problem=problems.get(pk, GONE))
        for pk, row in wanted.items()
        if pk not in orders
    )
    for done in overlap(ctx.omnitron.order_items.of_order, orders, ctx.in_flight):
        if done.error is None:
            yield Fallen(wanted[done.item], orders[done.item], tuple(done.value or ()))
        elif not tolerated(ctx, done.error):
            raise done.error


def _found_again(ctx: Context, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
    """The rows, those never imported with the order Omnitron has of them all the same.

    A state file that was lost has forgotten what earlier ones had imported.
    """
    unknown = [row.order_id for row in rows if row.omnitron_pk is None]
    linked = already_linked(ctx, unknown) if unknown else {}
    return [
        replace(row, omnitron_pk=linked[row.order_id]) if row.order_id in linked else row
        for row in rows
    ]


def tolerated(ctx: Context, error: AmzsyncError) -> bool:
    """Whether the run goes on after this error, and ends with it."""
    single = isinstance(error, RemoteError) and not isinstance(error, ThrottledError)
    if single and len(ctx.postponed) < _TOLERATED:
        ctx.postpone(error)
        return True
    return False
