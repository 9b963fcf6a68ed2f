"""What alarms are judged by: the journal and the records that are held, counted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from amzsync.state.store import Store, to_moment, to_text

WELL = (0, 1, 9, 10)  # a run did its work: penalised records, differences, time up are no failure


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; without an exit code it still goes on, or was killed."""

    exit_code: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Held:
    """How many records of a flow are in penalty, and how many of these are stopped."""

    penalised: int
    stopped: int


class Evidence:
    """Counts of one channel; dry runs are left out."""

    def __init__(self, store: Store, channel: str) -> None:
        self._store = store
        self._channel = channel

    def endings(self, flow: str, limit: int) -> list[Ending]:
        """How the latest runs of a flow ended, newest first."""
        rows = self._store.rows(
            "SELECT exit_code, error FROM runs WHERE channel = ? AND flow = ? AND NOT dry_run"
            " ORDER BY id DESC LIMIT ?",
            [self._channel, flow, limit],
        )
        return [Ending(row["exit_code"], row["error"] or "") for row in rows]

    def last_success(self, flow: str) -> datetime | None:
        """When a run of the flow last ended well."""
        row = self._store.row(
            "SELECT ended_at FROM runs WHERE channel = ? AND flow = ? AND NOT dry_run"
            " AND exit_code IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1",
            [self._channel, flow, json.dumps(WELL)],
        )
        return None if row is None else to_moment(row["ended_at"])

    def calls(self, since: datetime) -> Counter[str]:
        """Requests by operation of the runs begun since then."""
        found: Counter[str] = Counter()
        for row in self._store.rows(
            "SELECT calls FROM runs WHERE channel = ? AND started_at >= ? AND calls IS NOT NULL",
            [self._channel, to_text(since)],
        ):
            found.update(json.loads(row["calls"]))
        return found

    def held(self) -> dict[str, Held]:
        """Records in penalty by flow."""
        rows = self._store.rows(
            "SELECT flow, count(*) AS n, sum(stopped) AS stopped FROM penalties WHERE channel = ?"
            " GROUP BY flow ORDER BY flow",
            [self._channel],
        )
        return {row["flow"]: Held(row["n"], row["stopped"]) for row in rows}

    def waiting(self, before: datetime) -> dict[tuple[str, str], int]:
        """Records that wait since before then, by flow and code."""
        rows = self._store.rows(
            "SELECT flow, code, count(*) AS n FROM waiting WHERE channel = ? AND since <= ?"
            " GROUP BY flow, code ORDER BY flow, code",
            [self._channel, to_text(before)],
        )
        return {(row["flow"], row["code"]): row["n"] for row in rows}

    def not_imported(self, before: datetime) -> list[str]:
        """Orders first seen before then that are still to be imported, the oldest first."""
        rows = self._store.rows(
            "SELECT order_id FROM inbox WHERE channel = ? AND state = 'new'"
            " AND first_seen_at <= ? ORDER BY first_seen_at, order_id",
            [self._channel, to_text(before)],
        )
        return [row["order_id"] for row in rows]

    def given_up(self, since: datetime) -> list[str]:
        """Orders first seen since then whose buyer data was dropped before they were imported."""
        rows = self._store.rows(
            "SELECT order_id FROM inbox WHERE channel = ? AND code = 'buyer_data_expired'"
            " AND first_seen_at >= ? ORDER BY first_seen_at, order_id",
            [self._channel, to_text(since)],
        )
        return [row["order_id"] for row in rows]

    def inactive(self) -> bool:
        """Whether Omnitron said, when a flow last asked, that the channel does not run."""
        row = self._store.row(
            "SELECT value FROM lookups WHERE channel = ? AND kind = 'channel'", [self._channel]
        )
        return row is not None and not json.loads(row["value"]).get("is_active", True)
