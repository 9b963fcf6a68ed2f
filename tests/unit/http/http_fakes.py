"""Stand-ins for what the request loop is handed: a clock, a signer, a quota ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from amzsync.clock import Clock
from amzsync.errors import ThrottledError
from amzsync.http.operation import Operation

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class FakeClock(Clock):
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    @property
    def slept(self) -> float:
        """Seconds since the start."""
        return (self.moment - START).total_seconds()


class FakeSigner:
    """Gives `token-1`, and after each renewal the next number."""

    def __init__(self) -> None:
        self.number = 1
        self.renewals: list[Mapping[str, str]] = []

    def headers(self) -> Mapping[str, str]:
        return {"x-amz-access-token": f"token-{self.number}"}

    def renew(self, refused: Mapping[str, str]) -> None:
        self.renewals.append(refused)
        self.number += 1

    def refused(self, status: int) -> bool:
        return status in (401, 403)


class FakePacer:
    """A bucket of so many tokens; without one a request would wait so many seconds."""

    def __init__(self, tokens: int, wait: float = 60.0) -> None:
        self.tokens = tokens
        self.wait = wait
        self.rates: dict[str, float] = {}
        self.emptied: list[str] = []

    def take(self, operation: Operation, *, reserve: int, max_wait: float) -> float:
        if self.tokens > reserve:
            self.tokens -= 1
            return 0.0
        if self.wait > max_wait:
            raise ThrottledError("no token", wait=self.wait, operation=operation.name)
        return self.wait

    def learn(self, operation: Operation, rate: float) -> None:
        self.rates[operation.name] = rate

    def empty(self, operation: Operation) -> None:
        self.emptied.append(operation.name)
        self.tokens = 0


class CutStream(httpx.SyncByteStream):
    """A body that breaks off after its first bytes."""

    def __init__(self, head: bytes) -> None:
        self.head = head

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        raise httpx.ReadError("connection reset by peer")
