"""What is said of a penalty: the settings that apply, the tries left, and penalties by cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.config import FailedIntegration
from amzsync.ops.penalties import Rules, explained, grouped
from amzsync.state.penalties import Penalty, PenaltySettings, sentence

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def penalty(content_type: str, **values: Any) -> Penalty:
    fields: dict[str, Any] = {
        "channel": "1",
        "flow": "stock.push",
        "key": "A-1",
        "content_type": content_type,
        "object_id": "7",
        "code": "x",
        "reason": "y",
        "first_failed_at": AT,
        "last_failed_at": AT,
        "next_try_at": AT,
        "failures": 1,
        "stopped": False,
        "request_id": None,
    }
    return Penalty(**{**fields, **values})


def config(**order: int) -> Any:
    """All that is read of a config: the settings of penalties."""
    settings = FailedIntegration.model_validate({"order": order} if order else {})
    return SimpleNamespace(failed_integration=settings)


@pytest.mark.parametrize(
    ("content_type", "rules", "tries"),
    [
        ("order", Rules("order", 60, 600, 5), 6),
        ("productstock", Rules("DEFAULT", 28800, 57601, 2), 3),
    ],
)
def test_the_settings_are_the_content_types_own_or_the_default(
    content_type: str, rules: Rules, tries: int
) -> None:
    known = config(RETRY_INTERVAL=60, EXPIRATION_DATE=600, MAX_RETRY_COUNT=5)
    found = explained(known, penalty(content_type))
    assert (found.rules, found.tries) == (rules, tries)
    assert found.time_up_at == AT + timedelta(seconds=rules.expiration_date)


def test_with_the_manuals_numbers_two_tries_are_left_after_the_first_failure() -> None:
    later = AT + timedelta(seconds=28_800)
    # An order may be tried three times again by count, but its time is up after two.
    known = config(RETRY_INTERVAL=28_800, EXPIRATION_DATE=57_601, MAX_RETRY_COUNT=3)
    assert explained(known, penalty("order", next_try_at=later)).tries_left == 2
    last = penalty("order", failures=2, next_try_at=later + timedelta(seconds=28_800))
    assert explained(known, last).tries_left == 1
    assert explained(known, penalty("order", stopped=True)).tries_left == 0


@given(
    interval=st.integers(1, 100),
    expiration=st.integers(1, 500),
    retries=st.integers(0, 8),
    failures=st.integers(1, 9),
    waited=st.integers(0, 600),
)
def test_so_many_tries_are_left_as_punctual_failures_would_use_up(
    interval: int, expiration: int, retries: int, failures: int, waited: int
) -> None:
    settings = PenaltySettings(interval, expiration, retries)
    due = AT + timedelta(seconds=waited)
    known = config(RETRY_INTERVAL=interval, EXPIRATION_DATE=expiration, MAX_RETRY_COUNT=retries)
    left = explained(known, penalty("order", failures=failures, next_try_at=due)).tries_left

    used, count = 0, failures
    while True:
        used, count = used + 1, count + 1
        verdict = sentence(settings, failures=count, first_failed_at=AT, due_at=due, now=due)
        if verdict.stopped:
            break
        due = verdict.next_try_at
    assert left == used


def test_each_record_is_in_one_cause_and_the_commonest_comes_first() -> None:
    rows = [
        penalty("product", flow="products.push", key="A", code="not_sellable", reason=reason)
        for reason in ("Stock data not found", "Stock data not found; Price data not found")
    ]
    rows += [
        penalty("product", flow="products.push", key=key, code="attributes", reason=reason)
        for key, reason in (
            ("B", "brand attribute is required"),
            ("C", "size attribute is required"),
        )
    ]
    rows.append(penalty("productstock", key="B", code="90220", reason="no", stopped=True))
    groups = grouped(explained(config(), row) for row in rows)
    assert [(group.code, len(group.rows), group.stopped) for group in groups] == [
        ("attributes", 2, 0),
        ("not_sellable", 1, 0),
        ("not_sellable", 1, 0),
        ("90220", 1, 1),
    ]
    assert [cure.message for cure in groups[2].cures] == [
        "Stock data not found",
        "Price data not found",
    ]
