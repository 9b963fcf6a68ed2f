"""The one search that feeds every order flow: from Amazon's orders into the inbox.

One searchOrders for all channels of the account when the last is old enough, by whichever order
flow comes first; a cursor with overlap instead of a fixed window, for two polls every five minutes
overrun the quota (sp-api.md §2.1.6). The cursor moves only when every page is in the inbox; an
interrupted paging goes on from its stored token with identical parameters.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from amzsync.amazon.orders import OrdersPage
from amzsync.errors import AlreadyRunningError, ProtocolError, RefusedError, ThrottledError
from amzsync.flows.flow import Context
from amzsync.flows.inbox_rows import inbox_row
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow
from amzsync.state.lock import locked

log = logging.getLogger(__name__)

REACH = timedelta(hours=12)  # the manual: "going 12 hours back"
SWEEP_EVERY = timedelta(hours=3)  # a full look over those 12 hours, against what a search missed
SWEEP_RESERVE = 5  # tokens the sweep leaves to the five-minute search
TOKEN_LIFE = timedelta(hours=23, minutes=30)  # Amazon's 24 hours, less a margin
BUYER_DATA_KEPT = timedelta(days=30)
REPEATS = 2  # how often Amazon may answer a page token with the same token before we give up

_PAGING = "orders.paging"
_SEARCHED = "orders.searched_at"
_SWEPT = "orders.swept_at"


@dataclass(frozen=True, slots=True)
class Window:
    """One search: its parameters, and how far its paging has come. Times are ISO 8601 UTC."""

    last_updated_after: str
    marketplace_ids: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    channels: tuple[str, ...]
    started_at: str
    sweep: bool = False
    token: str | None = None
    upper_edge: str | None = None


def take_in(ctx: Context) -> None:
    """Bring the inbox up to date, if it is time; leaves quietly when quota or lock say later.

    Errors: RemoteError when Amazon cannot be searched; the cursor has not moved then.
    """
    store = ctx.state.store
    try:
        with locked(store.lock_path("intake"), wait=0, deadline=ctx.deadline):
            ctx.state.inbox.expire(ctx.clock.now() - BUYER_DATA_KEPT)
            window = _stored(ctx) or _due(ctx)
            if window is not None:
                _walk(ctx, window)
    except AlreadyRunningError:
        log.info("another run is taking orders in")
    except ThrottledError as error:
        ctx.note(f"the search for orders goes on when a token is due: {error}")


def preview(ctx: Context) -> Iterator[InboxRow]:
    """What `take_in` would put into the inbox now, and nothing stored: for a dry run."""
    window = _stored(ctx) or _due(ctx)
    if window is None:
        return
    channels = ctx.state.channels.all()
    try:
        for page in _pages(ctx, window):
            for row in _rows(ctx, page, channels):
                if row.channel == ctx.channel and row.state == "new":
                    yield row
    except ThrottledError as error:
        ctx.note(f"the search for orders goes on when a token is due: {error}")


def cursor_name(channel: str) -> str:
    """The name of a channel's position in Amazon's orders."""
    return f"orders.until:{channel}"


def _stored(ctx: Context) -> Window | None:
    """An interrupted search, while its page token lives."""
    text = ctx.state.cursors.get(_PAGING)
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    window = Window(**{**values, **lists})
    if ctx.clock.now() - datetime.fromisoformat(window.started_at) > TOKEN_LIFE:
        return _restarted(window)
    return window


def _restarted(window: Window) -> Window:
    """The same window from its first page: its token is no good any more."""
    return replace(window, token=None, upper_edge=None)


def _due(ctx: Context) -> Window | None:
    """The next search, when the last is older than the intake interval."""
    now = ctx.clock.now()
    searched = ctx.state.cursors.get(_SEARCHED)
    interval = timedelta(seconds=ctx.config.orders.intake_interval)
    channels = ctx.state.channels.all()
    starts = [_start(ctx, channel, now) for channel in channels]
    fresh = searched is not None and now - datetime.fromisoformat(searched) < interval
    if fresh and all(ctx.state.cursors.get(cursor_name(row.key)) for row in channels):
        return None
    after = min(starts)
    swept = ctx.state.cursors.get(_SWEPT)
    sweep = swept is not None and now - datetime.fromisoformat(swept) >= SWEEP_EVERY
    if sweep:
        after = min(after, now - REACH)
    kinds = sorted({channel.fulfilled_by for channel in channels})
    return Window(
        last_updated_after=after.isoformat(),
        marketplace_ids=tuple(sorted({channel.marketplace_id for channel in channels})),
        # Asked for one kind only, Amazon spares us the pages of the other.
        fulfilled_by=tuple(kinds) if len(kinds) == 1 else (),
        channels=tuple(channel.key for channel in channels),
        started_at=now.isoformat(),
        sweep=sweep,
    )


def _start(ctx: Context, channel: Channel, now: datetime) -> datetime:
    """Where a channel's next search begins: its cursor less the overlap, or its first reach."""
    cursor = ctx.state.cursors.get(cursor_name(channel.key))
    if cursor is not None:
        overlap = timedelta(seconds=ctx.config.orders.intake_overlap)
        return datetime.fromisoformat(cursor) - overlap
    if channel.order_start_date is not None:
        return min(channel.order_start_date, now - timedelta(minutes=2))
    return now - REACH


def _walk(ctx: Context, window: Window) -> None:
    """Page through the window, every page durable before the next; then move the cursors."""
    state, channels = ctx.state, ctx.state.channels.all()
    edge = window.upper_edge
    taken = 0
    for page in _pages(ctx, window):
        rows = list(_rows(ctx, page, channels))
        edge = edge or page.upper_edge.isoformat()
        at = replace(window, token=page.next_token, upper_edge=edge)
        now = ctx.clock.now()
        with state.store.atomic():
            taken += _store(ctx, rows)
            if page.next_token:
                state.cursors.put(_PAGING, json.dumps(asdict(at)), now)
            else:
                _arrive(ctx, window, edge, now)
        ctx.progress(f"{taken} new or changed orders taken in")


def _arrive(ctx: Context, window: Window, edge: str, now: datetime) -> None:
    """Every page is in the inbox: move the cursors, never past the search's start."""
    until = min(edge, window.started_at)
    for channel in window.channels:
        ctx.state.cursors.put(cursor_name(channel), until, now)
    ctx.state.cursors.put(_SEARCHED, now.isoformat(), now)
    reached = datetime.fromisoformat(window.started_at) - REACH
    covered = datetime.fromisoformat(window.last_updated_after) <= reached
    if window.sweep or covered or ctx.state.cursors.get(_SWEPT) is None:
        ctx.state.cursors.put(_SWEPT, now.isoformat(), now)
    ctx.state.cursors.drop(_PAGING)


def _pages(ctx: Context, window: Window) -> Iterator[OrdersPage]:
    """The window's pages from its token on. A page we have seen is harmless, but not for ever."""
    token, seen, repeats = window.token, {window.token}, 0
    while True:
        try:
            page = _search(ctx, window, token)
        except RefusedError as error:
            if token is None or error.status != 400:
                raise
            # The token is spent or expired. The cursor has not moved: from the first page again.
            log.warning("page token refused, the search starts over: %s", error)
            window = _restarted(window)
            token, seen = None, {None}
            repeats += 1
            if repeats > REPEATS:
                raise
            continue
        yield page
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


def _rows(ctx: Context, page: OrdersPage, channels: Iterable[Channel]) -> Iterator[InboxRow]:
    """The page's orders as inbox rows; orders that belong to none of our channels are left out."""
    by_kind: dict[tuple[str, str], Channel] = {
        (channel.marketplace_id, channel.fulfilled_by): channel for channel in channels
    }
    for raw in page.orders:
        row = inbox_row(raw, by_kind, ctx.clock.now())
        if row is not None:
            yield row


def _store(ctx: Context, rows: list[InboxRow]) -> int:
    """Put what is new or newer into the inbox; how many that were."""
    inbox = ctx.state.inbox
    known = inbox.known([row.order_id for row in rows])
    fresh = [row for row in rows if _is_news(row, known.get(row.order_id))]
    merged = [_merged(row, known.get(row.order_id)) for row in fresh]
    inbox.put(merged)
    first_seen = [row for row in merged if row.state == "new" and row.order_id not in known]
    # Amazon takes an order's units off its own quantity: what we last sent is live no more.
    ctx.state.listings.doubt(sku for row in first_seen for sku in json.loads(row.facts)["skus"])
    return len(fresh)


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
