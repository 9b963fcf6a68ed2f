"""The quota ledger: the account's token buckets, shared by all its processes.

Quota belongs to the account; a run is shorter than a bucket's refill. The rules are in
`amzsync.http.pacing`. Each change is one short transaction, so no token is handed out twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from amzsync.clock import Clock
from amzsync.errors import ThrottledError
from amzsync.http.operation import Operation
from amzsync.http.pacing import (
    Bucket,
    book,
    due_in,
    emptied,
    plausible,
    refill,
    steady_cost,
)
from amzsync.state.store import Store


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A bucket as it stands now; `stated` tells whether the far side itself gave the rate."""

    bucket: str
    tokens: float
    rate: float
    burst: int
    stated: bool
    updated_at: datetime


class Ledger:
    """See amzsync.http.operation.Pacer."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._stated: dict[str, float] = {}  # as the table has them: most replies repeat them

    def take(self, operation: Operation, *, reserve: int, max_wait: float) -> float:
        """See Pacer.take."""
        with self._store.atomic():
            bucket, stated = self._load(operation)
            wait = due_in(bucket, reserve)
            if wait > max_wait:
                raise ThrottledError(
                    f"no token for another {wait:.0f} s", wait=wait, operation=operation.name
                )
            cost = steady_cost(bucket.rate) if operation.steady else 1
            self._save(operation, book(bucket, cost), stated)
        return wait

    def learn(self, operation: Operation, rate: float) -> None:
        """See Pacer.learn. What was earned so far is reckoned at the rate believed so far."""
        if not plausible(rate) or self._stated.get(operation.bucket_name) == rate:
            return
        with self._store.atomic():
            bucket, _ = self._load(operation)
            self._save(operation, replace(bucket, rate=rate), stated=True)
        self._stated[operation.bucket_name] = rate

    def empty(self, operation: Operation) -> None:
        """See Pacer.empty."""
        with self._store.atomic():
            bucket, stated = self._load(operation)
            self._save(operation, emptied(bucket), stated)

    def rows(self) -> list[BucketRow]:
        """All buckets used so far, as they stand now, by name."""
        now = self._now()
        found = []
        for row in self._store.rows("SELECT * FROM quota ORDER BY bucket"):
            bucket = refill(
                Bucket(row["tokens"], row["rate"], row["burst"], row["updated_at"]), now
            )
            found.append(
                BucketRow(
                    bucket=row["bucket"],
                    tokens=bucket.tokens,
                    rate=bucket.rate,
                    burst=bucket.burst,
                    stated=bool(row["stated"]),
                    updated_at=datetime.fromtimestamp(row["updated_at"], UTC),
                )
            )
        return found

    def _load(self, operation: Operation) -> tuple[Bucket, bool]:
        """The bucket now, and whether its rate was stated; the published plan where it was not."""
        now, most = self._now(), operation.capacity
        if operation.rate is None:
            raise ValueError(f"{operation.name} has no usage plan")
        row = self._store.row("SELECT * FROM quota WHERE bucket = ?", [operation.bucket_name])
        if row is None:
            return Bucket(float(most), operation.rate, most, now), False
        stated = bool(row["stated"])
        rate = row["rate"] if stated else operation.rate
        if stated:
            self._stated[operation.bucket_name] = rate
        return refill(Bucket(row["tokens"], rate, most, row["updated_at"]), now), stated

    def _save(self, operation: Operation, bucket: Bucket, stated: bool) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO quota (bucket, tokens, rate, burst, stated, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                operation.bucket_name,
                bucket.tokens,
                bucket.rate,
                bucket.burst,
                stated,
                bucket.updated_at,
            ],
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()
