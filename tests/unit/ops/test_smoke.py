"""What `smoke` covers, and what follows from what it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.operations import OPERATIONS
from amzsync.clock import Clock, Deadline
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    ProtocolError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from amzsync.ops.smoke import Pace
from amzsync.ops.smoke_cases import CASES, UNPUBLISHED
from amzsync.ops.smoke_report import Row, Status, Tried, exit_code

DENIED = AuthError("refused access")
DOWN = UnavailableError("not sent")
THROTTLED = ThrottledError("throttled", wait=1)
OTHER = ProtocolError("something else")
REFUSED = RefusedError("no", operation="getFeed", status=400)


def test_every_operation_is_smoked_or_listed_with_the_reason() -> None:
    smoked = {case.operation for case in CASES}
    assert smoked | set(UNPUBLISHED) == set(OPERATIONS)
    assert smoked.isdisjoint(UNPUBLISHED)
    assert all(UNPUBLISHED.values())


def test_every_operation_is_seen_to_succeed_and_not_only_to_refuse() -> None:
    assert {case.operation for case in CASES if not case.refused} | set(UNPUBLISHED) == set(
        OPERATIONS
    )


def row(*errors: AmzsyncError | None, side: str = "amazon", status: Status = "refused") -> Row:
    return Row(side, "it", [Tried("a", status if one else "ok", 0.5, error=one) for one in errors])


OK = row(None)
NEVER = Row("amazon", "it")
NO_CASE = Row("amazon", "it", idle="no published case", reason="Amazon publishes none")
ELSEWHERE = [row(None, side="omnitron"), row(None, side="omnitron")]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([OK, OK, OK], 0),
        ([OK, OK, NO_CASE], 0),
        ([OK, NO_CASE], 0),
        ([OK, OK, row(OTHER)], 1),
        ([OK, OK, row(None, REFUSED)], 1),
        ([OK, OK, row(DENIED)], 1),
        ([OK, OK, row(DOWN)], 1),
        ([OK, row(DENIED), row(DENIED), NO_CASE], 4),
        ([row(DENIED), NEVER], 4),
        ([row(DOWN), NEVER], 5),
        ([OK, row(DOWN), row(THROTTLED)], 5),
        ([OK, row(OTHER), row(DOWN), row(DOWN), NEVER], 5),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_the_exit_code_says_what_to_do_next(rows: list[Row], code: int, last: bool) -> None:
    assert exit_code(ELSEWHERE + rows if last else rows + ELSEWHERE) == code


def test_credentials_come_before_a_side_that_is_down() -> None:
    denied = [row(DENIED, side="omnitron"), Row("omnitron", "it")]
    assert exit_code([row(DOWN), NEVER, *denied]) == 4


def test_a_row_is_as_its_first_fault_and_counts_the_others() -> None:
    found = row(None, OTHER, REFUSED, status="differs")
    assert (found.status, found.seconds) == ("differs", 1.5)
    assert found.message == "a: something else; 1 more went wrong"
    assert Row("amazon", "it", [Tried("", "differs", 1, error=OTHER)]).message == "something else"
    assert (NO_CASE.status, NO_CASE.message) == ("no published case", "Amazon publishes none")


class Moving(Clock):
    """A clock that only moves when somebody sleeps or it is told to."""

    at = datetime(2026, 11, 23, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@given(st.lists(st.floats(0, 6), max_size=60))
def test_no_stretch_of_time_has_more_calls_than_the_sandbox_allows(pauses: list[float]) -> None:
    clock = Moving()
    pace = Pace(Deadline(clock))
    times = [0.0]
    for pause in pauses:
        clock.sleep(pause)
        pace.wait()
        times.append((clock.at - Moving.at).total_seconds())
    sent = times[1:]
    for first, since in enumerate(sent):
        for count, until in enumerate(sent[first:], start=1):
            assert count <= 15 + 5 * (until - since) + 1e-3
    assert all(later - earlier <= 7 for earlier, later in pairwise(times))
