"""Pure rules of the request loop: may it be repeated, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of one call: attempts, first backoff and longest wait, in seconds."""

    attempts: int = 4
    backoff: float = 0.5
    longest_wait: float = 20.0

    def delay(self, attempt: int, stated: float | None = None) -> float | None:
        """Seconds to wait after the given attempt (from 1) failed; None means give up.

        What the server states wins over our backoff. A statement beyond `longest_wait` means give
        up: the next run of the cron job is the outer retry.
        """
        if attempt >= self.attempts:
            return None
        if stated is not None:
            return stated if stated <= self.longest_wait else None
        ceiling = min(self.longest_wait, self.backoff * float(2 ** (attempt - 1)))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


def stated_delay(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the server asks us to wait (Retry-After, number or HTTP date); None if none."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError):
        return None
