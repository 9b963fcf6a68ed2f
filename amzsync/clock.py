"""Time, handed in so that tests can own it: the clock and a run's deadline."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from amzsync.errors import DeadlineError, InterruptedRunError

_SLICE = 0.2  # seconds; how late a signal may be noticed while waiting


class Clock:
    """The machine's clock. Tests pass a subclass that they move themselves."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block for that many seconds."""
        time.sleep(seconds)


class Deadline:
    """How long a run may still go on: until `--max-runtime` is over or a signal comes.

    Every request and every wait asks it first, so a run ends between two steps, never inside one.
    """

    def __init__(self, clock: Clock, max_runtime: float | None = None) -> None:
        self.clock = clock
        self._signum: int | None = None
        self._end = None if max_runtime is None else clock.now() + timedelta(seconds=max_runtime)

    def interrupt(self, signum: int) -> None:
        """Ask the run to end at its next step; safe to call from a signal handler."""
        self._signum = signum

    def check(self) -> None:
        """Return if work may go on.

        Errors: InterruptedRunError after a signal, DeadlineError when the time is over.
        """
        if self._signum is not None:
            raise InterruptedRunError(self._signum)
        if self.remaining() <= 0:
            raise DeadlineError("--max-runtime is over; the next run goes on from here")

    def remaining(self) -> float:
        """Seconds left; infinite without a `--max-runtime`."""
        if self._end is None:
            return float("inf")
        return (self._end - self.clock.now()).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the run may go on.

        Errors: as `check`, as soon as a signal comes or the time is over.
        """
        until = self.clock.now() + timedelta(seconds=seconds)
        self.check()
        while (left := (until - self.clock.now()).total_seconds()) > 0:
            self.clock.sleep(min(left, self.remaining(), _SLICE))
            self.check()
