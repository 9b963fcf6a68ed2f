"""Which part of Amazon's orders is searched next, and where an interrupted search goes on.

A search reaches back to each channel's cursor and an overlap, so that an outage of any length is
made up for; a sweep looks over the last twelve hours once more. The audit (order_audit) reads by
creation time. Sweep and audit move no cursor of the search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from amzsync.flows.flow import Context
from amzsync.state.channels import Channel

REACH = timedelta(hours=12)  # the manual: "going 12 hours back"
SWEEP_EVERY = timedelta(hours=3)  # a full look over those 12 hours, against what a search missed
TOKEN_LIFE = timedelta(hours=23, minutes=30)  # Amazon's 24 hours, less a margin

Kind = Literal["search", "sweep", "audit"]

AUDITED = "orders.audited_at"
_SEARCHED = "orders.searched_at"
_SWEPT = "orders.swept_at"
_PAGING: dict[Kind, str] = {
    "search": "orders.paging",
    "sweep": "orders.sweep_paging",
    "audit": "orders.audit_paging",
}


@dataclass(frozen=True, slots=True)
class Window:
    """One search, sweep or audit: its parameters, and how far its paging has come.

    Times are ISO 8601 UTC. `after` bounds the last update, in an audit the creation.
    """

    kind: Kind
    after: str
    marketplace_ids: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    channels: tuple[str, ...]
    started_at: str
    token: str | None = None
    upper_edge: str | None = None


def search(ctx: Context) -> Window | None:
    """The search to go on with or to begin; None while it is not time."""
    return stored(ctx, "search") or _due(ctx)


def sweep(ctx: Context) -> Window | None:
    """The sweep to go on with or to begin; None while it is not time and nobody asks for one."""
    return stored(ctx, "sweep") or _sweep_due(ctx)


def has_searched(ctx: Context) -> bool:
    """Whether a search of this account ever came to its end."""
    return ctx.state.cursors.get(_SEARCHED) is not None


def restarted(window: Window, now: datetime) -> Window:
    """The same window from its first page: its token is no good any more."""
    return replace(window, token=None, upper_edge=None, started_at=now.isoformat())


def goes_on(ctx: Context, window: Window, token: str | None) -> None:
    """What came before is in the inbox; where the next page is. None: at the first one."""
    at = replace(window, token=token)
    ctx.state.cursors.put(_PAGING[window.kind], json.dumps(asdict(at)), ctx.clock.now())


def arrived(ctx: Context, window: Window) -> None:
    """Every page is in the inbox: move the cursors, never past the search's start."""
    cursors, now = ctx.state.cursors, ctx.clock.now()
    cursors.drop(_PAGING[window.kind])
    # The first audit is due a day after the first search, which leaves nothing to audit.
    if window.kind == "audit" or cursors.get(AUDITED) is None:
        cursors.put(AUDITED, window.started_at, now)
    if window.kind == "audit":
        return
    started = datetime.fromisoformat(window.started_at)
    covered = datetime.fromisoformat(window.after) <= started - REACH
    if covered or cursors.get(_SWEPT) is None:
        cursors.put(_SWEPT, now.isoformat(), now)
    if window.kind == "sweep":
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


def stored(ctx: Context, kind: Kind) -> Window | None:
    """An interrupted window; from its first page when its page token is too old."""
    text = ctx.state.cursors.get(_PAGING[kind])
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    try:
        window = Window(**{**values, **lists})
    except TypeError:
        # Left by another version of amzsync. The cursor has not moved, so nothing is passed over.
        return None
    if ctx.clock.now() - datetime.fromisoformat(window.started_at) > TOKEN_LIFE:
        return restarted(window, ctx.clock.now())
    return window


def window_of(kind: Kind, known: Sequence[Channel], after: datetime, now: datetime) -> Window:
    """A window over the orders of these channels, from its first page."""
    kinds = sorted({channel.fulfilled_by for channel in known})
    return Window(
        kind=kind,
        after=after.isoformat(),
        marketplace_ids=tuple(sorted({channel.marketplace_id for channel in known})),
        # Asked for one kind only, Amazon spares us the pages of the other.
        fulfilled_by=tuple(kinds) if len(kinds) == 1 else (),
        channels=tuple(channel.key for channel in known),
        started_at=now.isoformat(),
    )


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
    return window_of("search", known, min(starts), now)


def _sweep_due(ctx: Context) -> Window | None:
    """The next sweep, when it is asked for or the last look over those hours is long ago."""
    swept, now = ctx.state.cursors.get(_SWEPT), ctx.clock.now()
    recent = swept is None or now - datetime.fromisoformat(swept) < SWEEP_EVERY
    if recent and not ctx.options.sweep:
        return None
    return window_of("sweep", channels(ctx), now - REACH, now)


def _start(ctx: Context, channel: Channel, now: datetime) -> datetime:
    """Where a channel's next search begins: its cursor less the overlap, or its first reach."""
    cursor = ctx.state.cursors.get(cursor_name(channel.key))
    if cursor is not None:
        overlap = timedelta(seconds=ctx.config.orders.intake_overlap)
        return datetime.fromisoformat(cursor) - overlap
    if channel.order_start_date is not None:
        return min(channel.order_start_date, now - timedelta(minutes=2))
    return now - REACH
