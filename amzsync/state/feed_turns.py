"""Whose turn it is at the account's one listings feed: who wants it, and who had it last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amzsync.state.store import Store, to_moment, to_text


@dataclass(frozen=True, slots=True)
class Turn:
    """One flow of one channel: since when it waits for a feed, and when it last had one."""

    channel: str
    flow: str
    wanted_at: datetime | None
    served_at: datetime | None


class FeedTurns:
    """The table `feed_turns`, shared by all channels of the account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def want(self, channel: str, flow: str, now: datetime) -> None:
        """The flow has more to send than PATCH can carry, as of now."""
        self._store.execute(
            """INSERT INTO feed_turns (channel, flow, wanted_at) VALUES (?, ?, ?)
            ON CONFLICT (channel, flow) DO UPDATE SET wanted_at = excluded.wanted_at""",
            [channel, flow, to_text(now)],
        )

    def content(self, channel: str, flow: str) -> None:
        """The flow has no more to send than PATCH can carry."""
        self._store.execute(
            """UPDATE feed_turns SET wanted_at = NULL
            WHERE channel = ? AND flow = ? AND wanted_at IS NOT NULL""",
            [channel, flow],
        )

    def serve(self, channel: str, flow: str, now: datetime) -> None:
        """The flow has the feed."""
        self._store.execute(
            """INSERT INTO feed_turns (channel, flow, served_at) VALUES (?, ?, ?)
            ON CONFLICT (channel, flow) DO UPDATE SET served_at = excluded.served_at,
            wanted_at = NULL""",
            [channel, flow, to_text(now)],
        )

    def all(self) -> list[Turn]:
        """Every flow that ever wanted or had a feed."""
        rows = self._store.rows("SELECT channel, flow, wanted_at, served_at FROM feed_turns")
        return [
            Turn(
                row["channel"],
                row["flow"],
                row["wanted_at"] and to_moment(row["wanted_at"]),
                row["served_at"] and to_moment(row["served_at"]),
            )
            for row in rows
        ]
