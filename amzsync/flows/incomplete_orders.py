"""Orders that came without some of their data, completed one by one as soon as Amazon gives it."""

from __future__ import annotations

import logging

from amzsync.errors import RefusedError, ThrottledError
from amzsync.flows.flow import Context
from amzsync.flows.inbox_news import news_of, rows_of, store
from amzsync.state.inbox import InboxRow

log = logging.getLogger(__name__)

A_RUN = 25  # getOrder calls a run; its bucket holds thirty
_TRIED = "orders.completed_up_to"


def complete(ctx: Context) -> None:
    """Ask for incomplete orders in full, some each run, until Amazon refuses.

    Errors: RemoteError when Amazon cannot be used.
    """
    completed = 0
    # In turn: an order that is refused for a reason of its own holds up no other for long.
    for row in ctx.state.inbox.incomplete(A_RUN, ctx.state.cursors.get(_TRIED) or ""):
        ctx.deadline.check()
        ctx.state.cursors.put(_TRIED, row.order_id, ctx.clock.now())
        try:
            completed += _complete(ctx, row)
        except ThrottledError:
            break
        except RefusedError as error:
            if error.status != 400:
                raise
            log.info("%s is still not given in full: %s", row.order_id, error)
            break
    if completed:
        ctx.note(f"orders completed that had come without some of their data: {completed}")


def _complete(ctx: Context, row: InboxRow) -> bool:
    """Whether the order is complete now."""
    try:
        raw = ctx.amazon.orders.get_order_raw(row.order_id)
    except RefusedError as error:
        if error.status != 404:
            raise
        _settle(ctx, row, "gone", "Amazon does not know it any more")
        return False
    rows = rows_of(ctx, [raw])
    if not rows:
        _settle(ctx, row, "other_channel", "belongs to none of the channels")
        return False
    with ctx.state.store.atomic():
        news = news_of(ctx, rows)
        store(ctx, news)
    return bool(news.rows)


def _settle(ctx: Context, row: InboxRow, code: str, reason: str) -> None:
    """There is nothing to complete: what was never imported will not be."""
    with ctx.state.store.atomic():
        ctx.state.inbox.not_missing(row.order_id)
        if row.state == "pending":
            ctx.state.inbox.ignore(row.order_id, code, reason)
