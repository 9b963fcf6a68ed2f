"""Which part of Amazon's orders is searched next, and where an interrupted search goes on.

A search reaches back to each channel's cursor and an overlap, so that an outage of any length is
made up for; a sweep looks over the last twelve hours once more and moves no cursor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from amzsync.flows.flow import Context
from amzsync.state.channels import Channel

REACH = timedelta(hours=12)  # the manual: "going 12 hours back"
SWEEP_EVERY = timedelta(hours=3)  # a full look over those 12 hours, against what a search missed
TOKEN_LIFE = timedelta(hours=23, minutes=30)  # Amazon's 24 hours, less a margin

_SEARCH_PAGING = "orders.paging"
_SWEEP_PAGING = "orders.sweep_paging"
_SEARCHED = "orders.searched_at"
_SWEPT = "orders.swept_at"


@dataclass(frozen=True, slots=True)
class Window:
    """One search or sweep: its parameters, and how far its paging has come.

    Times are ISO 8601 UTC.
    """

    last_updated_after: str
    marketplace_ids: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    channels: tuple[str, ...]
    started_at: str
    sweep: bool = False
    token: str | None = None
    upper_edge: str | None = None


def search(ctx: Context) -> Window | None:
    """The search to go on with or to begin; None while it is not time."""
    return _stored(ctx, _SEARCH_PAGING) or _due(ctx)


def sweep(ctx: Context) -> Window | None:
    """The sweep to go on with or to begin; None while it is not time."""
    return _stored(ctx, _SWEEP_PAGING) or _sweep_due(ctx)


def restarted(window: Window, now: datetime) -> Window:
    """The same window from its first page: its token is no good any more."""
    return replace(window, token=None, upper_edge=None, started_at=now.isoformat())


def goes_on(ctx: Context, window: Window, token: str) -> None:
    """A page is in the inbox; where the next one is."""
    at = replace(window, token=token)
    ctx.state.cursors.put(_paging(window), json.dumps(asdict(at)), ctx.clock.now())


def arrived(ctx: Context, window: Window) -> None:
    """Every page is in the inbox: move the cursors, never past the search's start."""
    cursors, now = ctx.state.cursors, ctx.clock.now()
    started = datetime.fromisoformat(window.started_at)
    cursors.drop(_paging(window))
    covered = datetime.fromisoformat(window.last_updated_after) <= started - REACH
    if covered or cursors.get(_SWEPT) is None:
        cursors.put(_SWEPT, now.isoformat(), now)
    if window.sweep:
        return
    until = min(datetime.fromisoformat(window.upper_edge or window.started_at), started)
    for channel in window.channels:
        cursors.put(cursor_name(channel), until.isoformat(), now)
    # Not now: a search that went on from yesterday's token says nothing of the hours since.
    cursors.put(_SEARCHED, window.started_at, now)


def cursor_name(channel: str) -> str:
    """The name of a channel's position in Amazon's orders."""
    return f"orders.until:{channel}"


def channels(ctx: Context) -> list[Channel]:
    """The account's channels; this one too when a dry run is its first."""
    found = ctx.state.channels.all()
    if all(channel.key != ctx.channel for channel in found):
        found.append(ctx.seller_channel)
    return found


def _stored(ctx: Context, name: str) -> Window | None:
    """An interrupted search; from its first page when its page token is too old."""
    text = ctx.state.cursors.get(name)
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    window = Window(**{**values, **lists})
    if ctx.clock.now() - datetime.fromisoformat(window.started_at) > TOKEN_LIFE:
        return restarted(window, ctx.clock.now())
    return window


def _due(ctx: Context) -> Window | None:
    """The next search, when the last is older than the intake interval."""
    now = ctx.clock.now()
    searched = ctx.state.cursors.get(_SEARCHED)
    interval = timedelta(seconds=ctx.config.orders.intake_interval)
    known = channels(ctx)
    starts = [_start(ctx, channel, now) for channel in known]
    fresh = searched is not None and now - datetime.fromisoformat(searched) < interval
    if fresh and all(ctx.state.cursors.get(cursor_name(row.key)) for row in known):
        return None
    return _window(known, min(starts), now)


def _sweep_due(ctx: Context) -> Window | None:
    """The next sweep, when the last look over those twelve hours is long enough ago."""
    swept, now = ctx.state.cursors.get(_SWEPT), ctx.clock.now()
    if swept is None or now - datetime.fromisoformat(swept) < SWEEP_EVERY:
        return None
    return _window(channels(ctx), now - REACH, now, sweep=True)


def _window(
    known: Sequence[Channel], after: datetime, now: datetime, *, sweep: bool = False
) -> Window:
    kinds = sorted({channel.fulfilled_by for channel in known})
    return Window(
        last_updated_after=after.isoformat(),
        marketplace_ids=tuple(sorted({channel.marketplace_id for channel in known})),
        # Asked for one kind only, Amazon spares us the pages of the other.
        fulfilled_by=tuple(kinds) if len(kinds) == 1 else (),
        channels=tuple(channel.key for channel in known),
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


def _paging(window: Window) -> str:
    return _SWEEP_PAGING if window.sweep else _SEARCH_PAGING
