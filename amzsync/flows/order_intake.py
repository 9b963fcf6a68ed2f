"""The one search that feeds every order flow: from Amazon's orders into the inbox.

One searchOrders for all channels of the account when the last is old enough, by whichever order
flow comes first; a cursor with overlap instead of a fixed window, for two polls every five minutes
overrun the quota (sp-api.md §2.1.6). The cursor moves only when every page is in the inbox; an
interrupted paging goes on from its stored token with identical parameters. Now and then a sweep
looks over the last twelve hours once more; it moves no cursor and never holds up a search.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from amzsync.amazon.orders import OrdersPage
from amzsync.errors import AlreadyRunningError, ProtocolError, RefusedError, ThrottledError
from amzsync.flows.flow import Context
from amzsync.flows.inbox_rows import inbox_row
from amzsync.flows.order_links import NAME
from amzsync.flows.order_windows import (
    Window,
    arrived,
    channels,
    cursor_name,
    goes_on,
    restarted,
    search,
    sweep,
)
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow
from amzsync.state.lock import locked

__all__ = ["cursor_name", "preview", "take_in"]

log = logging.getLogger(__name__)

SWEEP_RESERVE = 5  # tokens the sweep leaves to the five-minute search
BUYER_DATA_KEPT = timedelta(days=30)
REPEATS = 2  # how often Amazon may answer a page token with the same token before we give up


def take_in(ctx: Context) -> None:
    """Bring the inbox up to date, if it is time; leaves quietly when quota or lock say later.

    Errors: RemoteError when Amazon cannot be searched; the cursor has not moved then.
    """
    store = ctx.state.store
    try:
        with locked(store.lock_path("intake"), wait=0, deadline=ctx.deadline):
            ctx.state.inbox.expire(ctx.clock.now() - BUYER_DATA_KEPT)
            for due in (search, sweep):
                window = due(ctx)
                if window is not None:
                    _walk(ctx, window)
    except AlreadyRunningError:
        log.info("another run is taking orders in")
    except ThrottledError as error:
        ctx.note(f"the search for orders goes on when a token is due: {error}")


def preview(ctx: Context) -> Iterator[InboxRow]:
    """What `take_in` would put into the inbox now, and nothing stored: for a dry run."""
    window = search(ctx)
    if window is None:
        return
    try:
        for _, page in _pages(ctx, window):
            for row in _news(ctx, list(_rows(ctx, page)))[0]:
                if row.channel == ctx.channel and row.state == "new":
                    yield row
    except ThrottledError as error:
        ctx.note(f"the search for orders goes on when a token is due: {error}")


def _walk(ctx: Context, window: Window) -> None:
    """Page through the window, every page durable before the next; then move the cursors."""
    taken = 0
    for at, page in _pages(ctx, window):
        rows = list(_rows(ctx, page))
        with ctx.state.store.atomic():
            taken += _store(ctx, rows)
            if page.next_token:
                goes_on(ctx, at, page.next_token)
            else:
                arrived(ctx, at)
        ctx.progress(f"{taken} new or changed orders taken in")


def _pages(ctx: Context, window: Window) -> Iterator[tuple[Window, OrdersPage]]:
    """The window's pages from its token on, each with the window it belongs to.

    A page we have seen is harmless, but not for ever.
    """
    token, seen, repeats = window.token, {window.token}, 0
    while True:
        try:
            page = _search(ctx, window, token)
        except RefusedError as error:
            if token is None or error.status != 400:
                raise
            # The token is spent or expired. The cursor has not moved: from the first page again.
            log.warning("page token refused, the search starts over: %s", error)
            window = restarted(window, ctx.clock.now())
            token, seen = None, {None}
            repeats += 1
            if repeats > REPEATS:
                raise
            continue
        window = replace(window, upper_edge=window.upper_edge or page.upper_edge.isoformat())
        yield window, page
        if page.next_token is None:
            return
        if page.next_token in seen:
            repeats += 1
            if repeats > REPEATS:
                raise ProtocolError(
                    "Amazon keeps answering with a page it has given before; "
                    "the next run goes on from here",
                    operation="searchOrders",
                )
        seen.add(page.next_token)
        token = page.next_token


def _search(ctx: Context, window: Window, token: str | None) -> OrdersPage:
    return ctx.amazon.orders.search_orders(
        marketplace_ids=window.marketplace_ids,
        last_updated_after=datetime.fromisoformat(window.last_updated_after),
        fulfilled_by=window.fulfilled_by,
        pagination_token=token,
        reserve=SWEEP_RESERVE if window.sweep else 0,
    )


def _rows(ctx: Context, page: OrdersPage) -> Iterator[InboxRow]:
    """The page's orders as inbox rows; orders that belong to none of our channels are left out."""
    by_kind: dict[tuple[str, str], Channel] = {
        (channel.marketplace_id, channel.fulfilled_by): channel for channel in channels(ctx)
    }
    for raw in page.orders:
        row = inbox_row(raw, by_kind, ctx.clock.now())
        if row is not None:
            yield row


def _store(ctx: Context, rows: list[InboxRow]) -> int:
    """Put what is new or newer into the inbox; how many that were."""
    merged, known = _news(ctx, rows)
    ctx.state.inbox.put(merged)
    for row in merged:
        if row.state == "ignored" and row.order_id in known:
            ctx.state.penalties.forgive(row.channel, NAME, [row.order_id])
            ctx.state.waiting.release(row.channel, NAME, [row.order_id])
    first_seen = [row for row in merged if row.state == "new" and row.order_id not in known]
    # Amazon takes an order's units off its own quantity: what we last sent is live no more.
    ctx.state.listings.doubt(sku for row in first_seen for sku in json.loads(row.facts)["skus"])
    return len(merged)


def _news(ctx: Context, rows: list[InboxRow]) -> tuple[list[InboxRow], dict[str, InboxRow]]:
    """(what is new or newer, as far as each order had come already; what was known before)."""
    known = ctx.state.inbox.known([row.order_id for row in rows])
    fresh = [row for row in rows if _is_news(row, known.get(row.order_id))]
    return [_merged(row, known.get(row.order_id)) for row in fresh], known


def _is_news(row: InboxRow, known: InboxRow | None) -> bool:
    if known is None:
        return True
    if row.last_updated_time < known.last_updated_time:
        return False
    return row.digest != known.digest


def _merged(row: InboxRow, known: InboxRow | None) -> InboxRow:
    """The new version of a row, as far as the order had come already."""
    if known is None or known.state in ("pending", "ignored"):
        return row
    if known.state in ("created", "imported"):
        return replace(row, state=known.state, payload=None, code="", reason="")
    if row.state != "new" and known.attempted_at is not None:
        # Its creation was asked for and never answered: that has to be cleared up first.
        return replace(row, state="new", payload=None, code="", reason="")
    return row
