"""The journal: every run, and what became of every record in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from amzsync.redaction import mask
from amzsync.state.store import Store, to_moment, to_text

_REASON = 500  # characters


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one record in a run."""

    key: str
    status: str
    code: str
    reason: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """One run; without `ended_at` it still goes on, or was killed."""

    id: int
    channel: str
    flow: str
    started_at: datetime
    ended_at: datetime | None
    dry_run: bool
    exit_code: int | None
    counts: dict[str, int]
    calls: dict[str, int]
    error: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a channel's journal: runs, records by what became of them, calls answered 429."""

    day: date
    runs: int
    failed_runs: int
    sent: int
    failed: int
    throttled: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a record's story."""

    at: datetime
    run_id: int
    flow: str
    status: str
    code: str
    reason: str
    request_id: str | None


class Runs:
    """The journal of all channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, channel: str, flow: str, now: datetime, dry_run: bool) -> int:
        """Open a run; its number."""
        cursor = self._store.execute(
            "INSERT INTO runs (channel, flow, started_at, dry_run) VALUES (?, ?, ?, ?)",
            [channel, flow, to_text(now), dry_run],
        )
        return cursor.lastrowid or 0  # never 0: an INSERT that did not raise has a row id

    def end(
        self,
        run_id: int,
        now: datetime,
        exit_code: int,
        counts: Mapping[str, int],
        calls: Mapping[str, int],
        error: str | None,
    ) -> None:
        """Close a run. The error is masked and cut to 500 characters."""
        self._store.execute(
            "UPDATE runs SET ended_at = ?, exit_code = ?, counts = ?, calls = ?, error = ?"
            " WHERE id = ?",
            [
                to_text(now),
                exit_code,
                json.dumps(dict(counts)),
                json.dumps(dict(calls)),
                None if error is None else mask(error)[:_REASON],
                run_id,
            ],
        )

    def record(
        self, run_id: int, channel: str, flow: str, outcomes: Iterable[OutcomeRow], now: datetime
    ) -> None:
        """Note what became of records. Reasons are masked and cut to 500 characters."""
        at = to_text(now)
        self._store.execute_many(
            "INSERT INTO outcomes"
            " (run_id, channel, flow, key, status, code, reason, request_id, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    run_id,
                    channel,
                    flow,
                    o.key,
                    o.status,
                    o.code,
                    mask(o.reason)[:_REASON],
                    o.request_id,
                    at,
                )
                for o in outcomes
            ],
        )

    def history(
        self, channel: str | None = None, flow: str | None = None, limit: int = 50
    ) -> list[Run]:
        """The latest runs, newest first."""
        rows = self._store.rows(
            "SELECT * FROM runs WHERE (:channel IS NULL OR channel = :channel)"
            " AND (:flow IS NULL OR flow = :flow) ORDER BY id DESC LIMIT :limit",
            {"channel": channel, "flow": flow, "limit": limit},
        )
        return [run_of(row) for row in rows]

    def days(self, channel: str, since: datetime) -> list[Day]:
        """The journal by day, oldest first, dry runs left out.

        A failed run is one that could not do its work; records that failed in one are counted
        apart.
        """
        rows = self._store.rows(
            """SELECT date(started_at) AS day, count(*) AS runs,
            count(*) FILTER (WHERE exit_code NOT IN (0, 1, 9, 10)) AS failed_runs,
            coalesce(sum(json_extract(counts, '$.sent')), 0)
                + coalesce(sum(json_extract(counts, '$.submitted')), 0) AS sent,
            coalesce(sum(json_extract(counts, '$.failed')), 0) AS failed,
            coalesce(sum(CASE WHEN calls LIKE '%:429%' THEN (SELECT sum(each.value)
                FROM json_each(calls) AS each WHERE each.key LIKE '%:429') END), 0) AS throttled
            FROM runs WHERE channel = ? AND started_at >= ? AND NOT dry_run GROUP BY day""",
            [channel, to_text(since)],
        )
        return [Day(**{**row, "day": date.fromisoformat(row["day"])}) for row in rows]

    def story(self, channel: str, key: str, limit: int = 200) -> list[Event]:
        """What happened to a record in all flows, newest last; the last `limit` events."""
        rows = self._store.rows(
            "SELECT at, run_id, flow, status, code, reason, request_id FROM outcomes"
            " WHERE channel = ? AND key = ? ORDER BY id DESC LIMIT ?",
            [channel, key, limit],
        )
        return [Event(**{**row, "at": to_moment(row["at"])}) for row in reversed(rows)]

    def prune(self, before: datetime, rows: int) -> None:
        """Drop what is older than `before`, and all but the newest `rows` runs and outcomes.

        The newest run stays whatever its age: a number is never given twice.
        """
        with self._store.atomic():
            self._store.execute(
                "DELETE FROM outcomes WHERE at < ? OR id <= (SELECT max(id) FROM outcomes) - ?",
                [to_text(before), rows],
            )
            self._store.execute(
                "DELETE FROM runs WHERE id < (SELECT max(id) FROM runs)"
                " AND (started_at < ? OR id <= (SELECT max(id) FROM runs) - ?)",
                [to_text(before), rows],
            )


def run_of(row: dict[str, Any]) -> Run:
    """A row of the table `runs`."""
    return Run(
        id=row["id"],
        channel=row["channel"],
        flow=row["flow"],
        started_at=to_moment(row["started_at"]),
        ended_at=to_moment(row["ended_at"]) if row["ended_at"] else None,
        dry_run=bool(row["dry_run"]),
        exit_code=row["exit_code"],
        counts=json.loads(row["counts"] or "{}"),
        calls=json.loads(row["calls"] or "{}"),
        error=row["error"],
    )
