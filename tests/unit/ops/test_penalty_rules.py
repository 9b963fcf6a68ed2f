"""What is said of a penalty: the settings that apply, and the table they stand in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from amzsync.config import FailedIntegration
from amzsync.ops.penalties import Rules, explained
from amzsync.state.penalties import Penalty

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def penalty(content_type: str) -> Penalty:
    return Penalty(
        channel="1",
        flow="stock.push",
        key="A-1",
        content_type=content_type,
        object_id="7",
        code="x",
        reason="y",
        first_failed_at=AT,
        last_failed_at=AT,
        next_try_at=AT,
        failures=1,
        stopped=False,
        request_id=None,
    )


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
    settings = FailedIntegration.model_validate(
        {"order": {"RETRY_INTERVAL": 60, "EXPIRATION_DATE": 600, "MAX_RETRY_COUNT": 5}}
    )
    found = explained(SimpleNamespace(failed_integration=settings), penalty(content_type))  # type: ignore[arg-type] # all it reads of a config
    assert (found.rules, found.tries) == (rules, tries)
    assert found.time_up_at == AT + timedelta(seconds=rules.expiration_date)
