"""Omnitron's answers that rarely change (places, carriers, …), kept for a while."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from amzsync.clock import Clock
from amzsync.state.store import Store, to_text


@dataclass(frozen=True, slots=True)
class Hit:
    """A remembered answer. A value of None means that Omnitron is known not to have it."""

    value: Any


class Lookups:
    """Remembered answers by channel, kind and key; never keyed by buyer data."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, channel: str, kind: str, key: str) -> Hit | None:
        """The answer; None when there is none or its time is over."""
        row = self._store.row(
            "SELECT value FROM lookups"
            " WHERE channel = ? AND kind = ? AND key = ? AND expires_at > ?",
            [channel, kind, key, to_text(self._clock.now())],
        )
        return None if row is None else Hit(json.loads(row["value"]))

    def put(self, channel: str, kind: str, key: str, value: Any, lifetime: timedelta) -> None:
        """Remember an answer, a JSON value, for that long."""
        self._store.execute(
            "INSERT OR REPLACE INTO lookups (channel, kind, key, value, expires_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [channel, kind, key, json.dumps(value), to_text(self._clock.now() + lifetime)],
        )

    def drop(self, channel: str, kind: str, key: str | None = None) -> None:
        """Forget one answer, or all of a kind."""
        self._store.execute(
            "DELETE FROM lookups WHERE channel = :channel AND kind = :kind"
            " AND (:key IS NULL OR key = :key)",
            {"channel": channel, "kind": kind, "key": key},
        )

    def prune(self) -> None:
        """Drop answers whose time is over."""
        self._store.execute(
            "DELETE FROM lookups WHERE expires_at <= ?", [to_text(self._clock.now())]
        )
