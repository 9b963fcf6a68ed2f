"""The journal: runs and what became of every record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.runs import OutcomeRow, Runs
from amzsync.state.store import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.sqlite3", Clock()) as opened:
        yield opened


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


def sent(key: str, request_id: str | None = None) -> OutcomeRow:
    return OutcomeRow(key, "sent", "", "", request_id)


def test_a_run_that_was_killed_has_no_end(runs: Runs) -> None:
    run_id = runs.begin("tr", "stock.push", NOW, dry_run=False)
    (run,) = runs.history()
    assert (run.id, run.started_at, run.ended_at, run.exit_code) == (run_id, NOW, None, None)


def test_an_ended_run_tells_counts_calls_and_error(runs: Runs) -> None:
    run_id = runs.begin("tr", "stock.push", NOW, dry_run=True)
    end = NOW + timedelta(seconds=3)
    runs.end(run_id, end, 5, {"sent": 7}, {"patchListingsItem": 7}, "far side down")
    (run,) = runs.history()
    assert run.dry_run
    assert (run.ended_at, run.exit_code, run.error) == (end, 5, "far side down")
    assert (run.counts, run.calls) == ({"sent": 7}, {"patchListingsItem": 7})


def test_the_history_is_newest_first_and_narrowed_by_channel_and_flow(runs: Runs) -> None:
    for number, (channel, flow) in enumerate(
        [("tr", "stock.push"), ("tr", "orders.pull"), ("de", "stock.push"), ("tr", "stock.push")]
    ):
        runs.begin(channel, flow, NOW + timedelta(minutes=number), dry_run=False)
    assert [run.id for run in runs.history()] == [4, 3, 2, 1]
    assert [run.id for run in runs.history("tr", "stock.push")] == [4, 1]
    assert [run.id for run in runs.history(limit=1)] == [4]


def test_a_records_story_runs_over_all_flows_newest_last(runs: Runs) -> None:
    first = runs.begin("tr", "products.push", NOW, dry_run=False)
    failed = OutcomeRow("SKU-1", "failed", "price", "Price data not found", "req-1")
    runs.record(first, "tr", "products.push", [failed, sent("SKU-2")], NOW)
    later = NOW + timedelta(hours=8)
    second = runs.begin("tr", "stock.push", later, dry_run=False)
    runs.record(second, "tr", "stock.push", [sent("SKU-1", "req-2")], later)
    story = [(e.at, e.run_id, e.flow, e.status, e.request_id) for e in runs.story("tr", "SKU-1")]
    assert story == [
        (NOW, first, "products.push", "failed", "req-1"),
        (later, second, "stock.push", "sent", "req-2"),
    ]
    assert [event.flow for event in runs.story("tr", "SKU-1", limit=1)] == ["stock.push"]
    assert runs.story("de", "SKU-1") == []


def test_errors_and_reasons_are_masked_and_cut(runs: Runs) -> None:
    run_id = runs.begin("tr", "orders.pull", NOW, dry_run=False)
    text = "no city for demo.buyer@example.com " + "x" * 600
    runs.record(run_id, "tr", "orders.pull", [OutcomeRow("1", "failed", "c", text, None)], NOW)
    runs.end(run_id, NOW, 1, {}, {}, text)
    for kept in (runs.history()[0].error, runs.story("tr", "1")[0].reason):
        assert kept is not None
        assert kept.startswith("no city for *** xxx")
        assert len(kept) == 500


def test_pruning_drops_what_is_too_old(runs: Runs) -> None:
    for days in (40, 20):
        at = NOW - timedelta(days=days)
        run_id = runs.begin("tr", "stock.push", at, dry_run=False)
        runs.record(run_id, "tr", "stock.push", [sent("SKU-1")], at)
    runs.prune(NOW - timedelta(days=30), 1000)
    assert [run.id for run in runs.history()] == [2]
    assert [event.run_id for event in runs.story("tr", "SKU-1")] == [2]


def test_pruning_bounds_runs_and_outcomes_whatever_their_age(runs: Runs, store: Store) -> None:
    for number in range(12):
        run_id = runs.begin("tr", "stock.push", NOW, dry_run=False)
        keys = range(number * 100, number * 100 + 100)
        runs.record(run_id, "tr", "stock.push", (sent(str(key)) for key in keys), NOW)
    runs.prune(NOW - timedelta(days=30), 1_000)
    kept = store.row("SELECT count(*) AS n, min(CAST(key AS INTEGER)) AS oldest FROM outcomes")
    assert kept == {"n": 1_000, "oldest": 200}
    runs.prune(NOW - timedelta(days=30), 5)
    assert [run.id for run in runs.history()] == [12, 11, 10, 9, 8]


def test_a_runs_number_is_never_given_twice(runs: Runs) -> None:
    last = max(runs.begin("tr", "stock.push", NOW, dry_run=False) for _ in range(3))
    runs.prune(NOW + timedelta(days=1), 1_000)
    assert runs.begin("tr", "stock.push", NOW, dry_run=False) == last + 1
