"""Reasons and windows of returns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.assumptions import is_denied
from amzsync.mapping.refunds import before_start, mapped_reason, too_late

MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

codes = st.sampled_from(["DEFECTIVE", "CR-DEFECTIVE", "AMZ-PG-BAD-DESC", "CR-", ""])


@given(codes, st.dictionaries(codes, st.integers(1, 99)))
def test_a_code_mapped_exactly_beats_any_other_form_of_it(
    code: str, mapping: dict[str, int]
) -> None:
    found = mapped_reason(code, mapping)
    if code in mapping:
        assert found == mapping[code]
    assert found is None or found in mapping.values()


@pytest.mark.parametrize(
    ("code", "key"),
    [("CR-DEFECTIVE", "DEFECTIVE"), ("DEFECTIVE", "CR-DEFECTIVE"), ("DEFECTIVE", "DEFECTIVE")],
)
def test_the_prefix_may_be_on_either_side(code: str, key: str) -> None:
    assert mapped_reason(code, {key: 4}) == 4


def test_a_code_of_another_family_is_not_guessed() -> None:
    assert mapped_reason("AMZ-PG-BAD-DESC", {"BAD-DESC": 4, "CR-DEFECTIVE": 5}) is None


@pytest.mark.parametrize(("moment", "early"), [(-SECOND, True), (SECOND * 0, False)])
def test_a_return_counts_from_refund_start_date_on(moment: timedelta, early: bool) -> None:
    assert bool(before_start(MADE + moment, MADE)) is early
    assert before_start(MADE, None) == ""


@pytest.mark.parametrize("days", [0, 7, 30])
def test_a_return_is_in_time_until_the_last_second_of_its_days(days: int) -> None:
    last = MADE + timedelta(days=days)
    assert too_late(last, MADE, days) == ""
    assert f"more than {days} days" in too_late(last + SECOND, MADE, days)


@pytest.mark.parametrize(
    ("status", "denied"),
    [
        ("Approved", False),
        ("Completed", False),
        ("Pending", False),
        ("", False),
        ("Denied", True),
        ("REJECTED_BY_SELLER", True),
        ("Cancelled", True),
        ("Closed_Without_Refund", True),
    ],
)
def test_only_some_statuses_mean_that_no_return_comes(status: str, denied: bool) -> None:
    assert is_denied(status) is denied
