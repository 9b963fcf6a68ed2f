"""File locks between processes, held by the kernel: a killed process leaves no stale lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from amzsync.clock import Deadline
from amzsync.errors import AlreadyRunningError, StateUnavailableError

if TYPE_CHECKING:
    from amzsync.state.store import Store

_POLL = 0.1  # seconds between two attempts


class FlowLock:
    """An exclusive lock on a file of its own (mode 0600), which is never removed.

    Removing it would let two processes hold locks on two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, wait: float, deadline: Deadline) -> None:
        """Take the lock, waiting for it up to `wait` seconds.

        Errors: AlreadyRunningError, StateUnavailableError, and the deadline's.
        """
        try:
            # Python's descriptors are not inherited, so no child process keeps the lock alive.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            until = deadline.clock.now() + timedelta(seconds=wait)
            while not self._try(descriptor):
                left = (until - deadline.clock.now()).total_seconds()
                if left <= 0:
                    raise AlreadyRunningError(
                        f"another process holds {self.path}; wait for it with --lock-wait SECONDS"
                    )
                deadline.sleep(min(left, _POLL))
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._unusable(error) from error
        return True

    def _unusable(self, error: OSError) -> StateUnavailableError:
        return StateUnavailableError(f"lock file {self.path} cannot be used: {error.strerror}")


def flow_lock(store: Store, channel: str, flow: str) -> Path:
    """The file a run of the flow on that channel holds its lock on."""
    return store.lock_path(f"{channel}.{flow}")


@contextmanager
def locked(path: Path, *, wait: float, deadline: Deadline) -> Iterator[None]:
    """Hold the lock for a block; threads of one process exclude each other too.

    Errors: as FlowLock.acquire.
    """
    lock = FlowLock(path)
    lock.acquire(wait, deadline)
    try:
        yield
    finally:
        lock.release()
