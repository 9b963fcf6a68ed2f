"""What the state remembers of one order besides the journal; no buyer data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from amzsync.mapping import lines
from amzsync.state.inbox import InboxRow
from amzsync.state.invoices import InvoiceRow
from amzsync.state.packages import Package
from amzsync.state.returns import Return, ReturnRequest
from amzsync.state.state import State


@dataclass(frozen=True, slots=True)
class CancelledLine:
    """A line of which units were cancelled: how many still stand, who cancelled, and why."""

    order_item_id: str
    sku: str
    standing: int
    cancelled_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderStory:
    """One order: its row in the inbox, and what its flows keep of it."""

    row: InboxRow
    packages: Sequence[Package]
    invoices: Sequence[InvoiceRow]
    returns: Sequence[Return]
    requests: Sequence[ReturnRequest]

    def moments(self) -> Iterator[tuple[datetime, str]]:
        """What happened to it and when, as far as no run's journal has it."""
        row = self.row
        yield row.created_time, "placed on Amazon"
        changed = f"last changed there {row.last_updated_time:%Y-%m-%d %H:%M:%S}Z"
        if row.first_seen_at is not None and row.first_seen_at != row.seen_at:
            yield row.first_seen_at, "first seen at Amazon"
        if row.seen_at is not None:
            yield row.seen_at, f"taken in from Amazon as {row.status or 'unknown'}, {changed}"
        if row.attempted_at is not None:
            yield row.attempted_at, "its creation was asked of Omnitron"
        if row.imported_at is not None:
            yield row.imported_at, "linked in Omnitron"

    @property
    def cancelled(self) -> list[CancelledLine]:
        """The lines of which units were cancelled on Amazon."""
        facts = json.loads(self.row.facts)
        told = {each["order_item_id"]: each for each in facts.get("cancelled", ())}
        standing, there = lines.of_text(self.row.lines), lines.of_text(self.row.lines_told)
        found = []
        for item in facts.get("items", ()):
            line = item["order_item_id"]
            left = standing.get(line, item["quantity"])
            if line in told or left < max(item["quantity"], there.get(line, 0)):
                who = told.get(line, {})
                found.append(
                    CancelledLine(line, item["sku"], left, who.get("by", ""), who.get("reason", ""))
                )
        return found

    @property
    def cancellation_told(self) -> bool:
        """Whether Omnitron knows of what was cancelled."""
        return self.row.lines == self.row.lines_told


def order_story(state: State, channel: str, key: str) -> OrderStory | None:
    """The order of that Amazon id or Omnitron number on the channel; None if there is none."""
    row = state.inbox.get(key)
    if row is None or row.channel != channel:
        row = state.inbox.by_number(channel, key)
    if row is None:
        return None
    ids = [row.order_id]
    return OrderStory(
        row,
        state.packages.of_orders(channel, ids).get(row.order_id, ()),
        state.invoices.of_orders(channel, ids).get(row.order_id, ()),
        state.returns.of_orders(channel, ids).get(row.order_id, ()),
        state.returns.requests(channel, ids).get(row.order_id, ()),
    )
