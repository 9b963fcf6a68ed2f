"""What came of a smoke run, operation by operation, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from amzsync.errors import AmzsyncError, AuthError, RemoteError, ThrottledError, UnavailableError
from amzsync.ops.smoke_cases import Case

Status = Literal["ok", "differs", "refused", "unanswered", "no published case", "not tried"]

_TEMPORARY = (UnavailableError, ThrottledError)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try; `seconds` include repeats."""

    title: str
    status: Status
    seconds: float
    case: Case | None = None
    error: AmzsyncError | None = None

    @property
    def message(self) -> str:
        """What was wrong; "" if nothing was."""
        cause = self.error.__cause__ if isinstance(self.error, AuthError) else None
        # The causes an AuthError goes on to name are the same for all operations.
        return str(cause if isinstance(cause, AuthError) else self.error or "")


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one operation: as its first try that went wrong, if one did."""

    side: str
    operation: str
    tried: Sequence[Tried] = ()
    idle: Status = "not tried"
    reason: str = ""

    @property
    def status(self) -> Status:
        """The operation as a whole."""
        if self.fault is not None:
            return self.fault.status
        return "ok" if self.tried else self.idle

    @property
    def fault(self) -> Tried | None:
        """The first try that went wrong."""
        return next((row for row in self.tried if row.status != "ok"), None)

    @property
    def message(self) -> str:
        """What is to be said of it; "" if all is well."""
        if self.fault is None:
            return self.reason
        more = sum(row.status != "ok" for row in self.tried) - 1
        about = f"{self.fault.title}: " if self.fault.title else ""
        return f"{about}{self.fault.message}" + (f"; {more} more went wrong" if more else "")

    @property
    def seconds(self) -> float:
        """How long all its tries took."""
        return sum(row.seconds for row in self.tried)


def exit_code(rows: Sequence[Row]) -> int:
    """4 when a side lets us in nowhere, else 5 when one is down, else 1 for findings, else 0.

    `rows`: of each side its login first.
    """
    sides = {row.side for row in rows}
    codes = {_code([row for row in rows if row.side == side]) for side in sides}
    return next((code for code in (4, 5, 1) if code in codes), 0)


def _code(rows: Sequence[Row]) -> int:
    login, *others = rows
    if login.fault is not None:
        return login.fault.error.exit_code if login.fault.error else 1
    errors = [row.fault and row.fault.error for row in others if row.tried]
    if errors and all(isinstance(error, AuthError) for error in errors):
        return AuthError.exit_code
    given_up = any(row.status == "not tried" for row in others)
    if given_up or (errors and all(isinstance(error, _TEMPORARY) for error in errors)):
        return RemoteError.exit_code
    return 1 if any(errors) else 0
