"""Penalties, the manual's "Failed Integration": a record that failed waits, and one day is stopped.

Kept per channel, flow and key, so that a product's attribute fault does not hold back its stock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from amzsync.redaction import mask
from amzsync.state.store import Store, to_moment, to_text

_REASON = 500  # characters


class RetrySettings(Protocol):
    """Failed-integration settings of one content type, whoever holds them."""

    @property
    def retry_interval(self) -> int:
        """RETRY_INTERVAL: seconds a record waits after a failure."""

    @property
    def expiration_date(self) -> int:
        """EXPIRATION_DATE: seconds after the first failure during which retries go on."""

    @property
    def max_retry_count(self) -> int:
        """MAX_RETRY_COUNT: retries after the first failure."""


@dataclass(frozen=True, slots=True)
class PenaltySettings:
    """See RetrySettings."""

    retry_interval: int
    expiration_date: int
    max_retry_count: int


@dataclass(frozen=True, slots=True)
class Penalty:
    """A record left out of its flow until `next_try_at`, or for good once it is `stopped`."""

    channel: str
    flow: str
    key: str
    content_type: str
    object_id: str | None
    code: str
    reason: str
    first_failed_at: datetime
    last_failed_at: datetime
    next_try_at: datetime
    failures: int
    stopped: bool
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a failure brings: when the next try may be, and whether there is none."""

    next_try_at: datetime
    stopped: bool


def sentence(
    settings: RetrySettings,
    *,
    failures: int,
    first_failed_at: datetime,
    due_at: datetime,
    now: datetime,
) -> Sentence:
    """What the failure at `now` brings, `failures` counting it too.

    `due_at` is when this try was allowed. Cron comes some minutes late, and the manual's numbers
    (28,800 s twice, time up at 57,601 s) leave one second to spare: whether the next try still
    falls into the time is therefore asked as if this one had been punctual.
    """
    interval = timedelta(seconds=settings.retry_interval)
    end = first_failed_at + timedelta(seconds=settings.expiration_date)
    used_up = failures - 1 >= settings.max_retry_count
    too_late = now > end or min(due_at, now) + interval > end
    return Sentence(now + interval, used_up or too_late)


class Penalties:
    """The penalties of all channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fail(
        self,
        channel: str,
        flow: str,
        key: str,
        *,
        settings: RetrySettings,
        now: datetime,
        content_type: str,
        code: str,
        reason: str,
        object_id: str | None = None,
        request_id: str | None = None,
    ) -> Penalty:
        """Penalise a record for one more failure; a stopped one stays stopped.

        The settings count for this failure only. The reason is masked and cut to 500 characters.
        """
        with self._store.atomic():
            before = self.get(channel, flow, key)
            failures = before.failures + 1 if before else 1
            first = before.first_failed_at if before else now
            verdict = sentence(
                settings,
                failures=failures,
                first_failed_at=first,
                due_at=before.next_try_at if before else now,
                now=now,
            )
            penalty = Penalty(
                channel=channel,
                flow=flow,
                key=key,
                content_type=content_type,
                object_id=object_id or (before.object_id if before else None),
                code=code,
                reason=mask(reason)[:_REASON],
                first_failed_at=first,
                last_failed_at=now,
                next_try_at=verdict.next_try_at,
                failures=failures,
                stopped=verdict.stopped or (before is not None and before.stopped),
                request_id=request_id,
            )
            self._put(penalty)
        return penalty

    def forgive(self, channel: str, flow: str, keys: Iterable[str]) -> None:
        """Lift the penalties of records that went through."""
        wanted = list(keys)
        if wanted:
            self._store.execute(
                "DELETE FROM penalties WHERE channel = ? AND flow = ?"
                " AND key IN (SELECT value FROM json_each(?))",
                [channel, flow, json.dumps(wanted)],
            )

    def held(self, channel: str, flow: str, now: datetime) -> frozenset[str]:
        """Keys that may not be tried now: stopped, or their waiting time is not over."""
        rows = self._store.rows(
            "SELECT key FROM penalties WHERE channel = ? AND flow = ?"
            " AND (stopped OR next_try_at > ?)",
            [channel, flow, to_text(now)],
        )
        return frozenset(row["key"] for row in rows)

    def due(self, channel: str, flow: str, now: datetime) -> list[Penalty]:
        """Penalties whose waiting time is over, the longest due first."""
        rows = self._store.rows(
            "SELECT * FROM penalties WHERE channel = ? AND flow = ?"
            " AND NOT stopped AND next_try_at <= ? ORDER BY next_try_at, key",
            [channel, flow, to_text(now)],
        )
        return [_penalty(row) for row in rows]

    def get(self, channel: str, flow: str, key: str) -> Penalty | None:
        """A record's penalty; None when it has none."""
        row = self._store.row(
            "SELECT * FROM penalties WHERE channel = ? AND flow = ? AND key = ?",
            [channel, flow, key],
        )
        return None if row is None else _penalty(row)

    def clear(
        self, channel: str, flow: str | None = None, keys: Iterable[str] | None = None
    ) -> Penalized:
        """Remove penalties by hand, and return them; None means all flows, all keys."""
        with self._store.atomic():
            removed = self.list(channel, flow, keys)
            self.remove(removed)
        return removed

    def remove(self, penalties: Iterable[Penalty]) -> None:
        """Remove these, all or none of them."""
        self._store.execute_many(
            "DELETE FROM penalties WHERE channel = ? AND flow = ? AND key = ?",
            ((row.channel, row.flow, row.key) for row in penalties),
        )

    def make_due(self, penalties: Iterable[Penalty], now: datetime) -> None:
        """Let these be tried at once, as if they had failed for the first time; all or none."""
        at = to_text(now)
        self._store.execute_many(
            "UPDATE penalties SET failures = 1, stopped = 0, first_failed_at = ?,"
            " last_failed_at = ?, next_try_at = ? WHERE channel = ? AND flow = ? AND key = ?",
            ((at, at, at, row.channel, row.flow, row.key) for row in penalties),
        )

    def list(
        self,
        channel: str | None = None,
        flow: str | None = None,
        keys: Iterable[str] | None = None,
        *,
        code: str | None = None,
        stopped: bool | None = None,
        failed_before: datetime | None = None,
        failed_after: datetime | None = None,
    ) -> Penalized:
        """Penalties by channel, flow, key, code, whether they are stopped, and when they first
        failed; None means any.
        """
        rows = self._store.rows(
            "SELECT * FROM penalties WHERE (:channel IS NULL OR channel = :channel)"
            " AND (:flow IS NULL OR flow = :flow)"
            " AND (:keys IS NULL OR key IN (SELECT value FROM json_each(:keys)))"
            " AND (:code IS NULL OR code = :code)"
            " AND (:stopped IS NULL OR stopped = :stopped)"
            " AND (:before IS NULL OR first_failed_at < :before)"
            " AND (:after IS NULL OR first_failed_at > :after)"
            " ORDER BY channel, flow, key",
            {
                "channel": channel,
                "flow": flow,
                "keys": None if keys is None else json.dumps([*keys]),
                "code": code,
                "stopped": stopped,
                "before": failed_before and to_text(failed_before),
                "after": failed_after and to_text(failed_after),
            },
        )
        return [_penalty(row) for row in rows]

    def _put(self, penalty: Penalty) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO penalties (channel, flow, key, content_type, object_id, code,"
            " reason, first_failed_at, last_failed_at, next_try_at, failures, stopped, request_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                penalty.channel,
                penalty.flow,
                penalty.key,
                penalty.content_type,
                penalty.object_id,
                penalty.code,
                penalty.reason,
                to_text(penalty.first_failed_at),
                to_text(penalty.last_failed_at),
                to_text(penalty.next_try_at),
                penalty.failures,
                penalty.stopped,
                penalty.request_id,
            ],
        )


Penalized = list[Penalty]  # inside the class `list` is the method


def _penalty(row: dict[str, Any]) -> Penalty:
    times = ("first_failed_at", "last_failed_at", "next_try_at")
    return Penalty(
        **{**row, **{name: to_moment(row[name]) for name in times}, "stopped": bool(row["stopped"])}
    )
