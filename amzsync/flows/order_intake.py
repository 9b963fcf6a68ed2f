"""The one search that feeds every order flow: from Amazon's orders into the inbox.

One searchOrders for all channels of the account when the last is old enough, by whichever order
flow comes first; a cursor with overlap instead of a fixed window, for two polls every five minutes
overrun the quota (sp-api.md §2.1.6). The cursor moves only when every page is in the inbox; an
interrupted paging goes on from its stored token with identical parameters. Now and then a sweep
looks over the last twelve hours once more, and once a day an audit over what was placed; both move
no cursor and never hold up a search.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from amzsync.amazon.orders import OrdersPage
from amzsync.errors import AlreadyRunningError, ProtocolError, RefusedError, ThrottledError
from amzsync.flows.data_sets import DataSets
from amzsync.flows.flow import Context
from amzsync.flows.inbox_news import News, news_of, rows_of, store
from amzsync.flows.incomplete_orders import complete
from amzsync.flows.order_audit import audit, missed, note_down, tell
from amzsync.flows.order_windows import (
    Window,
    arrived,
    cursor_name,
    goes_on,
    restarted,
    search,
    sweep,
)
from amzsync.state.inbox import InboxRow
from amzsync.state.lock import locked

__all__ = ["cursor_name", "preview", "take_in"]

log = logging.getLogger(__name__)

RESERVE = 5  # tokens sweep and audit leave to the five-minute search
BUYER_DATA_KEPT = timedelta(days=30)
REPEATS = 2  # how often Amazon may answer a page token with the same token before we give up


def take_in(ctx: Context) -> None:
    """Bring the inbox up to date, if it is time; leaves quietly when quota or lock say later.

    Errors: RemoteError when Amazon cannot be searched; the cursor has not moved then.
    """
    try:
        with locked(ctx.state.store.lock_path("intake"), wait=0, deadline=ctx.deadline):
            ctx.state.inbox.expire(ctx.clock.now() - BUYER_DATA_KEPT)
            data_sets = DataSets(ctx)
            try:
                for due in (search, sweep, audit):
                    window = due(ctx)
                    if window is not None:
                        _walk(ctx, window, data_sets)
            finally:
                _tell_refused(ctx, data_sets)
            complete(ctx)
    except AlreadyRunningError:
        log.info("another run is taking orders in")
        if ctx.options.sweep:
            ctx.note("no sweep: another run is taking orders in")


def preview(ctx: Context) -> Iterator[InboxRow]:
    """What `take_in` would put into the inbox now, and nothing stored: for a dry run."""
    data_sets = DataSets(ctx)
    for due in (search, sweep) if ctx.options.sweep else (search,):
        window = due(ctx)
        if window is None:
            continue
        try:
            for _, page in _pages(ctx, window, data_sets):
                news = news_of(ctx, rows_of(ctx, page.orders, data_sets.left_out))
                for row in news.rows:
                    if row.channel == ctx.channel and row.state == "new":
                        yield row
        except ThrottledError as error:
            ctx.note(_later(window, error))


def _walk(ctx: Context, window: Window, data_sets: DataSets) -> None:
    """Page through the window, every page durable before the next; then move the cursors."""
    if window.kind == "sweep" and ctx.options.sweep:
        goes_on(ctx, window, window.token)  # asked for once, it is finished by whichever run can
    looked_at, taken, found = 0, 0, list[InboxRow]()
    try:
        for at, page in _pages(ctx, window, data_sets):
            rows = rows_of(ctx, page.orders, data_sets.left_out)
            with ctx.state.store.atomic():
                news = news_of(ctx, rows)
                store(ctx, news)
                if window.kind == "audit":
                    found += _missed(ctx, news)
                if page.next_token:
                    goes_on(ctx, at, page.next_token)
                else:
                    arrived(ctx, at)
            looked_at += len(page.orders)
            taken += len(news.rows)
            ctx.progress(f"{taken} new or changed orders taken in")
        if window.kind == "sweep" and ctx.options.sweep:
            ctx.note(f"swept: orders looked at {looked_at}, new or changed {taken}")
    except ThrottledError as error:
        ctx.note(_later(window, error))
    finally:
        tell(ctx, found)


def _missed(ctx: Context, news: News) -> Sequence[InboxRow]:
    rows = missed(ctx, news.first_seen)
    note_down(ctx, rows)
    return rows


def _later(window: Window, error: ThrottledError) -> str:
    if window.kind == "search":
        return f"the search for orders goes on when a token is due: {error}"
    return f"the {window.kind} leaves {RESERVE} searches in reserve and goes on later: {error}"


def _tell_refused(ctx: Context, data_sets: DataSets) -> None:
    if data_sets.left_out:
        ctx.note(
            f"Amazon does not give {', '.join(data_sets.left_out)} at the moment: orders are taken"
            " in without, and wait for it"
        )


def _pages(
    ctx: Context, window: Window, data_sets: DataSets
) -> Iterator[tuple[Window, OrdersPage]]:
    """The window's pages from its token on, each with the window it belongs to.

    A page we have seen is harmless, but not for ever.
    """
    token, seen, repeats = window.token, {window.token}, 0
    while True:
        try:
            page = data_sets.page(partial(_search, ctx, window, token), first=token is None)
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


def _search(
    ctx: Context, window: Window, token: str | None, included_data: Sequence[str]
) -> OrdersPage:
    after = datetime.fromisoformat(window.after)
    return ctx.amazon.orders.search_orders(
        marketplace_ids=window.marketplace_ids,
        last_updated_after=None if window.kind == "audit" else after,
        created_after=after if window.kind == "audit" else None,
        fulfilled_by=window.fulfilled_by,
        pagination_token=token,
        included_data=included_data,
        reserve=0 if window.kind == "search" else RESERVE,
    )
