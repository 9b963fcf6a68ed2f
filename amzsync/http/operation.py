"""What an operation of a far side is, and what its reply looks like once the loop is through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

THROTTLED = ":429"  # in the counts of calls: `searchOrders:429` are those answered with 429


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a far side, as its table lists it.

    `path` holds {placeholders}; their values are percent-encoded with no safe characters.
    `mutates`: it changes something over there; a dry run cannot send it.
    `repeatable`: sending it twice has the effect of sending it once, so an unknown outcome may be
    met by a repeat. Otherwise the loop raises OutcomeUnknownError and the caller looks first.
    `rate` (tokens per second) and `burst` are the documented usage plan; None is unpaced.
    `steady`: no minute has more than 60 times `rate` of its requests, whatever the burst allows.
    `bucket` names the token bucket where several operations share one.
    """

    name: str
    method: str
    path: str
    mutates: bool = False
    repeatable: bool = True
    rate: float | None = None
    burst: int = 1
    steady: bool = False
    bucket: str = ""
    timeout: float | None = None

    @property
    def bucket_name(self) -> str:
        """The name of the token bucket this operation draws from."""
        return self.bucket or self.name

    @property
    def capacity(self) -> int:
        """The most tokens we let gather. Steady requests need two, to catch up on short pauses."""
        return min(2, self.burst) if self.steady else self.burst


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx reply. `data` is the parsed JSON body; None when the body was empty."""

    status: int
    data: Any
    headers: Mapping[str, str]
    request_id: str | None


class Pacer(Protocol):
    """The quota ledger, as the request loop sees it."""

    def take(self, operation: Operation, *, reserve: int, max_wait: float) -> float:
        """Book one token and return the seconds to wait before the request may leave.

        `reserve` tokens are left for others. Errors: ThrottledError, nothing booked, when the wait
        would be longer than `max_wait`.
        """

    def learn(self, operation: Operation, rate: float) -> None:
        """Note the rate the far side states for the operation."""

    def empty(self, operation: Operation) -> None:
        """The far side said 429: whatever we believed, the bucket is empty."""


class Signer(Protocol):
    """Puts the token on a request, and gets another when it is refused."""

    def headers(self) -> Mapping[str, str]:
        """Headers for the next request. Errors: AuthError, RemoteError from the token service."""

    def renew(self, refused: Mapping[str, str]) -> None:
        """The request with these headers was refused for its token: see that the next has another.

        Errors: AuthError when there is none to be had.
        """

    def refused(self, status: int) -> bool:
        """Whether this status may mean that the token is no longer good."""
