"""A finding: one thing looked at, what was found, and the cure where it needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from amzsync.errors import (
    AmzsyncError,
    AuthError,
    DeadlineError,
    RemoteError,
    StateError,
    ThrottledError,
)

Level = Literal["ok", "warning", "problem"]
Check = tuple[str, Callable[[], Iterable["Finding"]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok`: nothing to do. `warning`: works, but not as it should. `problem`: something fails."""

    subject: str
    level: Level
    message: str
    cure: str = ""


def ok(subject: str, message: str) -> Finding:
    """Looked at, and well; or not to be known, which the message says."""
    return Finding(subject, "ok", message)


def warning(subject: str, message: str, cure: str) -> Finding:
    """Works, but not as it should."""
    return Finding(subject, "warning", message, cure)


def problem(subject: str, message: str, cure: str) -> Finding:
    """Something fails until it is mended."""
    return Finding(subject, "problem", message, cure)


def attempted(address: str, *checks: Check) -> Iterator[Finding]:
    """The findings of each check; one that cannot be made is a finding itself."""
    for subject, check in checks:
        try:
            yield from check()
        except AmzsyncError as error:
            yield unusable(subject, error, address)


def unusable(subject: str, error: AmzsyncError, address: str) -> Finding:
    """What an error says of the thing that was looked at, and of the address it was looked at."""
    if isinstance(error, ThrottledError):
        return ok(subject, f"unknown: {address} is asked no more just now ({error})")
    if isinstance(error, DeadlineError):
        return problem(subject, f"{address}: no answer in time", _WAY_THERE)
    if isinstance(error, RemoteError):
        return problem(subject, f"{address}: {error}", _WAY_THERE)
    if isinstance(error, AuthError):
        return problem(subject, str(error), "give the user the permission, or another user")
    if isinstance(error, StateError):
        return problem(subject, str(error), "restore a backup, or move the file away")
    return problem(subject, str(error), "see the message")


_WAY_THERE = "check the address and the network; if both are right, try again later"
