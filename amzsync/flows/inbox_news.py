"""Orders as Amazon sends them, sorted by what is news, and stored as far as each had come already.

A version that cannot be used, unreadable or without some of its data, never overwrites what is
known of an order that is in Omnitron or may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from amzsync.flows.flow import Context
from amzsync.flows.inbox_rows import INCOMPLETE, id_of, inbox_row, is_unreadable
from amzsync.flows.order_links import NAME
from amzsync.flows.order_windows import channels
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow
from amzsync.state.runs import OutcomeRow


@dataclass(frozen=True, slots=True)
class News:
    """What is new or newer: `rows` as they are to be stored, `held_back` over which nothing is.

    `known` is what the inbox knew of these orders before.
    """

    rows: list[InboxRow]
    held_back: list[InboxRow]
    known: dict[str, InboxRow]

    @property
    def first_seen(self) -> list[InboxRow]:
        """Orders the inbox did not have."""
        return [row for row in self.rows if row.order_id not in self.known]


def rows_of(
    ctx: Context, orders: Sequence[Mapping[str, Any]], missing: Sequence[str] = ()
) -> list[InboxRow]:
    """These orders as rows; those that belong to none of our channels are left out."""
    by_kind: dict[tuple[str, str], Channel] = {
        (channel.marketplace_id, channel.fulfilled_by): channel for channel in channels(ctx)
    }
    now = ctx.clock.now()
    if nameless := sum(not id_of(raw) for raw in orders):
        ctx.note(f"{nameless} of Amazon's orders without an id: left out until they have one")
    rows = (inbox_row(raw, by_kind, now, missing) for raw in orders)
    return [row for row in rows if row is not None]


def news_of(ctx: Context, rows: Sequence[InboxRow]) -> News:
    """Which of these rows are news, as far as each order had come already."""
    known = ctx.state.inbox.known([row.order_id for row in rows])
    news = News([], [], known)
    for row in rows:
        before = known.get(row.order_id)
        if not _is_news(row, before):
            continue
        if before is not None and _holds_back(row, before):
            news.held_back.append(row)
        else:
            news.rows.append(_merged(row, before))
    return news


def store(ctx: Context, news: News) -> None:
    """Put the news into the inbox. Call it in a transaction."""
    inbox = ctx.state.inbox
    inbox.put(news.rows)
    for row in news.rows:
        if row.state == "ignored" and row.order_id in news.known:
            ctx.state.penalties.forgive(row.channel, NAME, [row.order_id])
            ctx.state.waiting.release(row.channel, NAME, [row.order_id])
    for row in news.held_back:
        inbox.hold_back(row)
        if is_unreadable(row):
            _tell_unreadable(ctx, row, news.known[row.order_id].channel)
    # Amazon takes an order's units off its own quantity: what we last sent is live no more.
    sold = (row for row in news.first_seen if row.state == "new" or row.code == INCOMPLETE)
    ctx.state.listings.doubt(sku for row in sold for sku in json.loads(row.facts)["skus"])


def _is_news(row: InboxRow, known: InboxRow | None) -> bool:
    if known is None:
        return True
    if row.last_updated_time < known.last_updated_time:
        return False
    if row.missing:
        # What is the same but for what it lacks is no news.
        return row.last_updated_time > known.last_updated_time
    return row.digest != known.digest or known.missing != ""


def _holds_back(row: InboxRow, known: InboxRow) -> bool:
    """Whether a version is not to be used over what is known of an order."""
    there = known.state in ("created", "imported")
    if row.missing:
        return there or known.attempted_at is not None
    return there and is_unreadable(row)


def _merged(row: InboxRow, known: InboxRow | None) -> InboxRow:
    """The new version of a row, as far as the order had come already."""
    if row.code != INCOMPLETE:
        row = replace(row, missing="")  # what it lacks does not matter to what becomes of it
    if known is None or known.state in ("pending", "ignored"):
        return row
    if known.state in ("created", "imported"):
        return replace(row, state=known.state, payload=None, code="", reason="")
    if row.state != "new" and known.attempted_at is not None:
        # Its creation was asked for and never answered: that has to be cleared up first.
        return replace(row, state="new", payload=None, code="", reason="")
    return row


def _tell_unreadable(ctx: Context, row: InboxRow, channel: str) -> None:
    told = f"its new version cannot be read, Omnitron keeps the last one: {row.reason}"
    outcome = OutcomeRow(row.order_id, "held back", row.code, told, None)
    ctx.state.runs.record(ctx.run_id, channel, "intake", [outcome], ctx.clock.now())
    ctx.note(f"{row.order_id}: {told}")
