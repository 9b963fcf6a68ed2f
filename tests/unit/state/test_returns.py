"""Returns as rows, and the requests made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.jobs import Jobs
from amzsync.state.returns import Return, Returns
from amzsync.state.store import Store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROW = Return("403-1", "D1", "SKU-1", 1, "CR-DEFECTIVE", "Approved", NOW)
FAULTY = replace(ROW, rma_id="", quantity=0, state="faulty", reason="rma_id: string_too_short")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.db", Clock()) as opened:
        yield opened


@pytest.fixture
def returns(store: Store) -> Returns:
    return Returns(store)


def states(returns: Returns) -> list[str]:
    return [row.state for row in returns.of_orders("1", ["403-1"]).get("403-1", ())]


def test_a_settled_return_stays_settled_while_the_report_says_the_same(returns: Returns) -> None:
    returns.take("1", [ROW], NOW)
    returns.decide("1", ROW, "requested")
    returns.take("1", [ROW], NOW)
    assert states(returns) == ["requested"]
    assert returns.open_orders("1", 10) == {}


@pytest.mark.parametrize("change", [{"quantity": 2}, {"status": "Completed"}])
def test_a_return_that_changed_is_open_again(returns: Returns, change: dict[str, object]) -> None:
    returns.take("1", [ROW], NOW)
    returns.decide("1", ROW, "requested")
    changed = replace(ROW, **change)  # type: ignore[arg-type]  # names and types as parametrised
    returns.take("1", [changed], NOW)
    assert returns.open_orders("1", 10) == {"403-1": [changed]}


@pytest.mark.parametrize(("code", "after"), [("denied", "open"), ("not_refundable", "ignored")])
def test_what_was_ignored_stays_so_unless_it_was_a_denial(
    returns: Returns, code: str, after: str
) -> None:
    returns.take("1", [ROW], NOW)
    returns.decide("1", ROW, "ignored", code)
    returns.take("1", [replace(ROW, status="Completed")], NOW)
    assert states(returns) == [after]


def test_a_decision_about_a_row_that_changed_meanwhile_is_none(returns: Returns) -> None:
    returns.take("1", [replace(ROW, quantity=2)], NOW)
    returns.decide("1", ROW, "requested")
    assert states(returns) == ["open"]


def test_faulty_rows_are_always_those_of_the_last_report(returns: Returns) -> None:
    assert returns.take("1", [ROW, FAULTY], NOW) == []
    assert returns.take("1", [ROW, FAULTY], NOW) == []
    assert sorted(states(returns)) == ["faulty", "open"]
    assert returns.take("1", [ROW], NOW) == ["403-1"]
    assert states(returns) == ["open"]


def test_a_faulty_row_does_not_hide_what_was_known(returns: Returns) -> None:
    returns.take("1", [ROW], NOW)
    returns.take("1", [replace(FAULTY, rma_id="D1")], NOW)
    assert returns.open_orders("1", 10) == {"403-1": [ROW]}


def test_open_orders_are_paged_whole_and_by_channel(returns: Returns) -> None:
    rows = [replace(ROW, order_id=f"403-{n}", rma_id=rma) for n in (1, 2, 3) for rma in "AB"]
    returns.take("1", rows, NOW)
    returns.take("2", [replace(ROW, order_id="403-9")], NOW)
    first = returns.open_orders("1", 2)
    rest = returns.open_orders("1", 2, max(first))
    assert (list(first), list(rest)) == (["403-1", "403-2"], ["403-3"])
    assert [len(each) for each in (*first.values(), *rest.values())] == [2, 2, 2]


def test_a_request_goes_from_asked_over_made_to_linked(returns: Returns) -> None:
    returns.attempt("1", ROW, 1, 9001, NOW)
    (asked,) = returns.requests("1", ["403-1"])["403-1"]
    assert (asked.state, asked.attempted_at, asked.request_id) == ("asked", NOW, None)
    assert returns.unlinked("1", 10) == []

    returns.made("1", ROW, 1, 9001, (5, "2026-11-23T09:00:00.000001Z"))
    (made,) = returns.unlinked("1", 10)
    assert (made.request_id, made.version) == (5, "2026-11-23T09:00:00.000001Z")

    returns.linked("1", [made])
    assert returns.unlinked("1", 10) == []
    returns.unattempt("1", ROW, 1)
    assert [row.state for row in returns.requests("1", ["403-1"])["403-1"]] == ["linked"]


def test_an_attempt_without_effect_leaves_nothing(returns: Returns) -> None:
    returns.attempt("1", ROW, 1, 9001, NOW)
    returns.unattempt("1", ROW, 1)
    assert returns.requests("1", ["403-1"]) == {}


def test_a_report_is_a_job_that_begins_with_the_asking(store: Store) -> None:
    jobs = Jobs(store)
    job_id = jobs.ask("1", "refunds.pull", "GET_X", '{"data_start_time": null}', NOW)
    job = jobs.get(job_id)
    assert job is not None
    assert (job.state, job.submitted_at, job.detail) == (
        "submitting",
        NOW,
        '{"data_start_time": null}',
    )
    jobs.submitted(job_id, "70000001")
    assert jobs.remote_ids("GET_X") == {"70000001"}
    jobs.close(job_id)
    assert jobs.under_way("1", "refunds.pull") == []
