"""What `smoke` tries: each operation of Amazon's static sandbox, and a few reads of Omnitron.

A fault is told of its operation, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from amzsync.amazon.client import AmazonClient
from amzsync.amazon.operations import OPERATIONS
from amzsync.clock import Deadline
from amzsync.config import Config
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    DeadlineError,
    InterruptedRunError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from amzsync.http.operation import Signer
from amzsync.http.pacing import Bucket, book, due_in, refill
from amzsync.omnitron.client import OmnitronClient
from amzsync.ops.smoke_cases import CASES, UNPUBLISHED, Case
from amzsync.ops.smoke_report import Row, Status, Tried
from amzsync.ops.smoke_requests import ask

_RATE, _BURST = 5.0, 15  # calls a second and at once, all operations together (sp-api.md §1.8)
_LATE = 0.25  # seconds beyond a wait: requests arrive less evenly than they leave
_DOWN_AFTER = 2  # operations in a row without any answer: the side is down, more would only wait
_CONTENT_TYPES = ("product", "productstock", "productprice", "order")  # those of our batch requests


@dataclass(frozen=True, slots=True)
class Try:
    """One request, or a few that belong together: what is special about it, and how it is sent.

    `case` is the published case it sends, if it is one.
    """

    title: str
    send: Callable[[], object]
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """An operation and its tries; without any, `reason` says why."""

    operation: str
    tries: Sequence[Try]
    reason: str = ""


class Pace:
    """The sandbox's own usage plan, kept for this run; the account's real quota is another."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._bucket = Bucket(_BURST, _RATE, _BURST, self._now())

    def wait(self) -> None:
        """Return when another call may leave. Errors: the deadline's."""
        bucket = refill(self._bucket, self._now())
        self._bucket = book(bucket)
        if (wait := due_in(bucket)) > 0:
            self._deadline.sleep(wait + _LATE)

    def _now(self) -> float:
        return self._deadline.clock.now().timestamp()


def of_amazon(client: AmazonClient, config: Config, deadline: Deadline) -> list[Row]:
    """Login with Amazon, then each operation with its published cases."""
    pace = Pace(deadline)

    def tries(name: str) -> list[Try]:
        return [
            Try(_title(case), partial(ask, client, case), case)
            for case in CASES
            if case.operation == name
        ]

    checks = [Check(name, tries(name), UNPUBLISHED.get(name, "")) for name in OPERATIONS]
    login = _login(config.amazon.lwa_url, client.session.signer)
    return _rows("amazon", login, checks, deadline, pace.wait)


def of_omnitron(client: OmnitronClient, config: Config, deadline: Deadline) -> list[Row]:
    """The login, then what every flow begins by reading."""

    def catalog() -> None:
        pk = config.omnitron.catalog_id or client.channels.get().catalog
        if pk is None:
            raise ProtocolError("the channel has no catalog")
        client.catalogs.get(pk)

    def content_types() -> None:
        for model in _CONTENT_TYPES:
            client.content_types.id_of(model)

    reads: Mapping[str, Callable[[], object]] = {
        "active_user": client.active_user,
        "get_channel": client.channels.get,
        "get_catalog": catalog,
        "list_content_types": content_types,
    }
    checks = [Check(name, [Try("", send)]) for name, send in reads.items()]
    login = _login(config.omnitron.url, client.session.signer)
    return _rows("omnitron", login, checks, deadline, lambda: None)


def _login(address: str, signer: Signer | None) -> Try:
    def sign_in() -> None:
        if signer is not None:
            signer.headers()

    return Try(address, sign_in)


def _rows(
    side: str,
    login: Try,
    checks: Sequence[Check],
    deadline: Deadline,
    pace: Callable[[], None],
) -> list[Row]:
    first = Row(side, "login", [_tried(login, deadline)])
    if first.fault is not None:
        return [first, *(Row(side, check.operation, reason="no login") for check in checks)]
    return [first, *_asked(side, checks, deadline, pace)]


def _asked(
    side: str, checks: Sequence[Check], deadline: Deadline, pace: Callable[[], None]
) -> Iterator[Row]:
    silent = 0
    for check in checks:
        if not check.tries:
            yield Row(side, check.operation, idle="no published case", reason=check.reason)
        elif silent >= _DOWN_AFTER:
            yield Row(side, check.operation, reason="the side does not answer")
        else:
            row = Row(side, check.operation, list(_each(check.tries, deadline, pace)))
            silent = silent + 1 if _is_silent(row) else 0
            yield row


def _each(tries: Sequence[Try], deadline: Deadline, pace: Callable[[], None]) -> Iterator[Tried]:
    """The tries of one operation, until one fails for a reason the next would share."""
    for one in tries:
        pace()
        done = _tried(one, deadline)
        yield done
        if isinstance(done.error, AuthError | UnavailableError | ThrottledError):
            return


def _tried(one: Try, deadline: Deadline) -> Tried:
    started = deadline.clock.now()
    error: AmzsyncError | None = None
    try:
        one.send()
    except (DeadlineError, InterruptedRunError):
        raise
    except AmzsyncError as raised:
        error = raised
    seconds = (deadline.clock.now() - started).total_seconds()
    return Tried(one.title, _status(error), seconds, one.case, error)


def _status(error: AmzsyncError | None) -> Status:
    if error is None:
        return "ok"
    if isinstance(error, AuthError | RefusedError | ThrottledError):
        return "refused"
    if isinstance(error, OutcomeUnknownError) and error.status is not None and error.status < 400:
        return "differs"  # it was answered, with something that is no answer
    return "unanswered" if isinstance(error, UnavailableError) else "differs"


def _is_silent(row: Row) -> bool:
    error = row.fault.error if row.fault else None
    return isinstance(error, UnavailableError) and error.status is None


def _title(case: Case) -> str:
    """The parameters that tell a case from the others of its operation, on one line."""
    shown = [
        f"{name}={','.join(value) if isinstance(value, list) else value}"
        for name, value in case.parameters.items()
        if name not in ("includedData", "body")
    ]
    if "body" in case.parameters:
        shown.append("body with a fault" if case.refused else "body")
    return " ".join(shown) or "any request"
