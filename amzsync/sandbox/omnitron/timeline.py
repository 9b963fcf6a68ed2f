"""Moments and identities: unique to the microsecond, the same for the same seed and clock."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Protocol

from amzsync.sandbox.omnitron.rows import moment_text

_MICROSECOND = timedelta(microseconds=1)
_NAMESPACE = uuid.UUID("6f6d6e69-7472-4f6e-8000-000000000000")


class Clock(Protocol):
    """What the sandbox asks of a clock."""

    def now(self) -> datetime:
        """The present moment, aware."""
        ...


class Timeline:
    """Gives moments that never repeat, keys that count up, and invented identifiers."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self._last = clock.now()
        self._counts: Counter[str] = Counter()

    def now(self) -> datetime:
        """The clock's present moment."""
        return self._clock.now()

    def now_text(self, seconds: float = 0) -> str:
        """The present moment, or one so many seconds later, as the wire writes it."""
        return moment_text(self.now() + timedelta(seconds=seconds))

    def tick(self) -> str:
        """A moment for a change: the present, or a microsecond after the last change."""
        self._last = max(self.now(), self._last + _MICROSECOND)
        return moment_text(self._last)

    def next_pk(self, kind: str, start: int = 1) -> int:
        """The next key of a kind."""
        self._counts[kind] += 1
        return start + self._counts[kind] - 1

    def new_uuid(self) -> str:
        """An identifier nobody had before."""
        return str(uuid.uuid5(_NAMESPACE, f"{self._seed}-{self.next_pk('uuid')}"))

    def new_token(self) -> str:
        """A login token: 40 hex digits."""
        text = f"{self._seed}-token-{self.next_pk('token')}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]
