"""File locks: one holder at a time, and none left over by a dead process."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock, Deadline
from amzsync.errors import (
    AlreadyRunningError,
    DeadlineError,
    InterruptedRunError,
    StateUnavailableError,
)
from amzsync.state.lock import FlowLock, locked

HOLDER = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


class SetClock(Clock):
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment reached by sleeping."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3.stock.push.lock"


def test_a_held_lock_refuses_a_second_holder_at_once(path: Path) -> None:
    clock = SetClock()
    before = clock.now()
    with (
        locked(path, wait=0, deadline=Deadline(clock)),
        pytest.raises(AlreadyRunningError, match="lock-wait"),
    ):
        FlowLock(path).acquire(0, Deadline(clock))
    assert clock.now() == before


def test_a_second_holder_waits_as_long_as_it_was_told(path: Path) -> None:
    clock = SetClock()
    before = clock.now()
    with locked(path, wait=0, deadline=Deadline(clock)), pytest.raises(AlreadyRunningError):
        FlowLock(path).acquire(5, Deadline(clock))
    assert (clock.now() - before).total_seconds() == pytest.approx(5)


def test_a_lock_let_go_while_another_waits_is_taken_over(path: Path) -> None:
    first = FlowLock(path)

    class Releasing(SetClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            first.release()

    first.acquire(0, Deadline(SetClock()))
    with locked(path, wait=60, deadline=Deadline(Releasing())), pytest.raises(AlreadyRunningError):
        first.acquire(0, Deadline(SetClock()))


def test_waiting_ends_with_the_runs_own_time(path: Path) -> None:
    clock = SetClock()
    with locked(path, wait=0, deadline=Deadline(clock)), pytest.raises(DeadlineError):
        FlowLock(path).acquire(60, Deadline(clock, max_runtime=3))


def test_waiting_ends_with_a_signal(path: Path) -> None:
    clock = SetClock()
    deadline = Deadline(clock)
    deadline.interrupt(15)
    with locked(path, wait=0, deadline=Deadline(clock)), pytest.raises(InterruptedRunError):
        FlowLock(path).acquire(60, deadline)


def test_a_lock_is_let_go_when_the_block_fails(path: Path) -> None:
    deadline = Deadline(SetClock())
    with pytest.raises(RuntimeError), locked(path, wait=0, deadline=deadline):
        raise RuntimeError
    with locked(path, wait=0, deadline=deadline):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_lock_that_cannot_be_made_is_a_passing_fault(tmp_path: Path) -> None:
    lock = FlowLock(tmp_path / "nowhere" / "x.lock")
    with pytest.raises(StateUnavailableError, match="cannot be used"):
        lock.acquire(0, Deadline(SetClock()))


def test_another_process_excludes_us_and_leaves_no_stale_lock_when_killed(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            FlowLock(path).acquire(0, Deadline(SetClock()))
        holder.kill()
        holder.wait()
        with locked(path, wait=0, deadline=Deadline(SetClock())):
            assert holder.returncode == -9
