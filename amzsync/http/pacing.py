"""Token bucket rules, pure: what a bucket holds now, and what taking a token does to it.

A bucket may go into debt: a token that is due soon is booked now and used after the wait (virtual
scheduling). So callers leave in the order they came, and nobody has to ask again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SLOWEST = 1e-4  # tokens per second, one in 2.8 hours; the slowest published plan is 50 times faster
_LATEST = 0.2  # seconds a request may leave after it was due


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket; tokens below 0 are debt.

    Units: `rate` is tokens per second, `updated_at` epoch seconds.
    """

    tokens: float
    rate: float
    burst: int
    updated_at: float


def refill(bucket: Bucket, now: float) -> Bucket:
    """The bucket at `now`.

    A clock that was set back neither makes nor takes tokens: counting goes on from where it stands.
    """
    elapsed = max(0.0, now - bucket.updated_at)
    tokens = min(float(bucket.burst), bucket.tokens + elapsed * bucket.rate)
    return replace(bucket, tokens=tokens, updated_at=now)


def due_in(bucket: Bucket, reserve: int = 0) -> float:
    """Seconds until a token is there that leaves `reserve` others in the bucket.

    No more than burst - 1 can be left: a bucket never holds more than its burst.
    """
    wanted = min(reserve, bucket.burst - 1) + 1
    return max(0.0, (wanted - bucket.tokens) / bucket.rate)


def book(bucket: Bucket, cost: float = 1) -> Bucket:
    """The bucket after one request was paid for, into debt if need be."""
    return replace(bucket, tokens=bucket.tokens - cost)


def steady_cost(rate: float) -> float:
    """What a request costs so that no minute has more than 60 times the rate of them.

    A bucket of two lets 2 + 60 rate leave within a minute, and rate * _LATEST more if the first was
    late: the cost is so much more than a token that 60 rate of them are all that buys.
    """
    return 1 + (1 / rate + _LATEST) / 60


def emptied(bucket: Bucket) -> Bucket:
    """The bucket after the far side said 429; debts stay."""
    return replace(bucket, tokens=min(bucket.tokens, 0.0))


def plausible(rate: float) -> bool:
    """Whether a stated rate is one to believe.

    Plans are granted above and below the published rate, so both are taken as stated. Zero, a
    negative or no number at all would stop the operation for good: no later reply could mend it.
    """
    return math.isfinite(rate) and rate >= SLOWEST
