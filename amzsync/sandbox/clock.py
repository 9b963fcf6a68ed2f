"""The sandbox's time: the machine's, faster, moved by hand, or owned by a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Real time times `time_scale` plus what was advanced; or `now`, when a test hands one in."""

    def __init__(
        self, now: Callable[[], datetime] | None = None, *, time_scale: float = 1.0
    ) -> None:
        self._now = now
        self._scale = time_scale
        self.reset()

    def reset(self) -> None:
        """Forget what was advanced."""
        self._advanced = timedelta()
        self._started = datetime.now(UTC)
        self._mark = time.monotonic()

    def now(self) -> datetime:
        """The present moment over here, aware, UTC."""
        if self._now is not None:
            return self._now() + self._advanced
        elapsed = timedelta(seconds=(time.monotonic() - self._mark) * self._scale)
        return self._started + elapsed + self._advanced

    def advance(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self._advanced += timedelta(seconds=seconds)
