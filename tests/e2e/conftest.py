"""Every SP-API exchange of an end-to-end test is held against Amazon's official models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from amzsync.state.migrations import MIGRATIONS
from tests.contract import models
from tests.contract.witness import Witness, watching
from tests.e2e.alarm_receiver import Receiver, receiving
from tests.e2e.new_state import remembering

# What a test puts into the sandbox although no model has it, or makes Amazon's answer broken with.
ON_PURPOSE = {
    "test_orders_of_these_statuses_are_taken[INVOICE_UNCONFIRMED]": "'INVOICE_UNCONFIRMED'",
    "test_orders_of_these_statuses_are_not_taken_and_break_no_page"
    "[A_STATUS_OF_TOMORROW-ignored-status]": "'A_STATUS_OF_TOMORROW'",
    "test_a_package_that_did_not_arrive_holds_the_order_back[A_STATUS_OF_TOMORROW]": (
        "'A_STATUS_OF_TOMORROW'"
    ),
    "test_a_report_nobody_can_read_holds_up_no_other_sku_and_is_given_up_in_the_end": (
        "listings-feed-processing-report-schema-v2 is not JSON"
    ),
}


@pytest.fixture(autouse=True)
def witness(request: pytest.FixtureRequest) -> Iterator[Witness | None]:
    """The judge of the test's exchanges; None where there are no models, of which
    test_contract.py tells.
    """
    folder = models.folder()
    if folder is None:
        yield None
        return
    with watching(models.contract(folder)) as judge:
        yield judge
    if (expected := ON_PURPOSE.get(request.node.name)) is not None:
        judge.excuse(expected)
    judge.verdict()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Who is told of alarms."""
    with receiving() as found:
        yield found


_apply = remembering()


@pytest.fixture(autouse=True)
def new_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """State files of runs in this process are made quickly."""
    monkeypatch.setattr(MIGRATIONS, "apply", _apply)
