"""Every error amzsync raises on purpose, grouped by what the caller does next.

Each class carries the exit code the command ends with when nothing nearer handles it. Messages are
written for the person who reads them: what happened, and what mends it. They never hold secrets or
buyer data; text that comes from a far side is masked by `amzsync.redaction` before it gets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


class AmzsyncError(Exception):
    """Base of all of them; raised itself only for a fault in amzsync."""

    exit_code = 70


class UsageError(AmzsyncError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in the configuration: the dotted key, what is wrong, how to mend it, and where."""

    key: str
    message: str
    cure: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """One line of the report."""
        where = f" (line {self.line})" if self.line is not None else ""
        cure = f" -> {self.cure}" if self.cure else ""
        return f"{self.key}{where}: {self.message}{cure}"


class ConfigError(AmzsyncError):
    """The configuration cannot be used; all its problems at once."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem], path: str = "") -> None:
        self.problems = tuple(problems)
        self.path = path
        count = len(self.problems)
        head = f"{path or 'configuration'}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class AuthError(AmzsyncError):
    """A far side refuses us for good: credentials or permission; a person is needed."""

    exit_code = 4


class RemoteError(AmzsyncError):
    """A far side could not be used. Nothing is penalised: it is no record's fault."""

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.operation = operation
        self.status = status
        self.request_id = request_id
        parts = [part for part in (operation, f"HTTP {status}" if status else "") if part]
        if request_id:
            parts.append(f"request {request_id}")
        super().__init__(f"{message} ({', '.join(parts)})" if parts else message)


class ThrottledError(RemoteError):
    """The far side answered 429, or our own ledger holds no token for the call.

    `wait` is the number of seconds until a token is due.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float,
        operation: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.wait = wait
        super().__init__(message, operation=operation, status=status, request_id=request_id)


class UnavailableError(RemoteError):
    """The far side is down, cut the connection or took too long; nothing was done there."""


class OutcomeUnknownError(UnavailableError):
    """As UnavailableError, but the far side may have done what was asked: look before repeating."""


class ProtocolError(RemoteError):
    """The far side answered something no contract describes: HTML, half a JSON, a repeated page."""


class RefusedError(RemoteError):
    """The far side understood the request and refuses it (4xx); the caller knows what it means.

    `code` and `detail` are the far side's own, masked; `body` is the parsed reply, unmasked, to be
    read by code only.
    """

    def __init__(
        self,
        detail: str,
        *,
        operation: str,
        status: int,
        code: str = "",
        body: object = None,
        request_id: str | None = None,
    ) -> None:
        self.code = code
        self.detail = detail
        self.body = body
        super().__init__(detail, operation=operation, status=status, request_id=request_id)


class DryRunError(AmzsyncError):
    """A dry run came to an operation that changes something on a far side; it did not leave."""


class RecordError(AmzsyncError):
    """One record cannot be processed; it is penalised and the run goes on.

    `code` is short and stable; `reason_type` is Omnitron's: mapping, remote or channel_app.
    """

    exit_code = 1
    reason_type: ClassVar[Literal["mapping", "remote", "channel_app"]] = "channel_app"

    def __init__(
        self, message: str, *, code: str = "record", request_id: str | None = None
    ) -> None:
        self.code = code
        self.request_id = request_id
        super().__init__(message)


class UnmappedError(RecordError):
    """A value has no counterpart on the other side: a township, a product, a carrier."""

    reason_type = "mapping"


class RejectedError(RecordError):
    """A far side refused this one record."""

    reason_type = "remote"


class WaitingError(AmzsyncError):
    """A record is in order but has to wait for something else; held without penalty.

    `code` says for what: `not_listed`, `tracking_number`, `not_in_erp`, `open_plan`,
    `outcome_unknown` and the like.
    """

    exit_code = 0

    def __init__(self, message: str, *, code: str) -> None:
        self.code = code
        super().__init__(message)


class GuardError(AmzsyncError):
    """A safety guard stopped the run before anything was sent; the message names a way through."""

    exit_code = 6


class AlreadyRunningError(AmzsyncError):
    """Another run of this flow holds the lock."""

    exit_code = 7


class StateError(AmzsyncError):
    """The state database is corrupt or newer than the program."""

    exit_code = 8


class StateUnavailableError(AmzsyncError):
    """The state database cannot be written now (disk full, locked); rerunning is safe."""

    exit_code = 5


class DeadlineError(AmzsyncError):
    """`--max-runtime` is over and work remains."""

    exit_code = 10


class InterruptedRunError(AmzsyncError):
    """A signal asked the run to end; the step at hand was finished."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        self.exit_code = 128 + signum
        super().__init__(f"stopped by signal {signum}; nothing is lost, the next run goes on")
