"""Every channel that ever ran on this state file; the shared order search asks for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from amzsync.state.store import Store, to_moment, to_text

FulfilledBy = Literal["MERCHANT", "AMAZON"]

_NEWS = timedelta(hours=1)  # an unchanged channel is written down no more often


@dataclass(frozen=True, slots=True)
class Channel:
    """What the order intake has to know of a channel; `fulfilled_by` is Amazon's word."""

    key: str
    name: str
    marketplace_id: str
    fulfilled_by: FulfilledBy
    order_start_date: datetime | None


class Channels:
    """The channels of this account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, channel: Channel, now: datetime) -> None:
        """Note that this channel runs; writes only what changed, or once an hour."""
        row = self._store.row("SELECT * FROM channels WHERE key = ?", [channel.key])
        if row and _channel(row) == channel and now - to_moment(row["seen_at"]) < _NEWS:
            return
        start = channel.order_start_date
        self._store.execute(
            "INSERT INTO channels"
            " (key, name, marketplace_id, fulfilled_by, order_start_date, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name,"
            " marketplace_id = excluded.marketplace_id, fulfilled_by = excluded.fulfilled_by,"
            " order_start_date = excluded.order_start_date, seen_at = excluded.seen_at",
            [
                channel.key,
                channel.name,
                channel.marketplace_id,
                channel.fulfilled_by,
                to_text(start) if start else None,
                to_text(now),
            ],
        )

    def all(self) -> list[Channel]:
        """All of them, by key."""
        return [_channel(row) for row in self._store.rows("SELECT * FROM channels ORDER BY key")]


def _channel(row: dict[str, Any]) -> Channel:
    start = row["order_start_date"]
    return Channel(
        key=row["key"],
        name=row["name"],
        marketplace_id=row["marketplace_id"],
        fulfilled_by=row["fulfilled_by"],
        order_start_date=to_moment(start) if start else None,
    )
