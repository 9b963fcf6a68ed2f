"""What went over the wire, for tests to look at: the last exchanges and the counts of calls."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_KEPT = 20_000
_KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `path` is raw; status 0 is a connection cut without an answer.

    `fault` is the kind of the injected fault the call met, if any.
    """

    side: str
    operation: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    at: datetime
    fault: str = ""

    def size(self) -> int:
        """The bytes of both bodies."""
        return len(self.request_body) + len(self.response_body)


class Journal:
    """The last exchanges, bounded in number and bytes, and every call counted."""

    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque()
        self.calls: Counter[tuple[str, str]] = Counter()
        self._bytes = 0

    def clear(self) -> None:
        """Forget all of it."""
        self.exchanges.clear()
        self.calls.clear()
        self._bytes = 0

    def note(self, exchange: Exchange) -> None:
        """Count and keep the exchange; the oldest make room."""
        self.calls[exchange.side, exchange.operation] += 1
        self.exchanges.append(exchange)
        self._bytes += exchange.size()
        while self._bytes > _KEPT_BYTES or len(self.exchanges) > _KEPT:
            self._bytes -= self.exchanges.popleft().size()
