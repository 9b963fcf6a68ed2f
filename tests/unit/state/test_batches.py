"""Batch requests under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.batches import Batch, Batches
from amzsync.state.store import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def batches(tmp_path: Path) -> Iterator[Batches]:
    with Store.open(tmp_path / "state.db", Clock()) as store:
        yield Batches(store)


def test_a_batch_is_noted_before_omnitron_is_asked_and_moved_as_it_moves(batches: Batches) -> None:
    batch_id = batches.add("1", "stock.push", "productstock", None, NOW)
    new = Batch(batch_id, "1", "stock.push", "productstock", None, None, "new", None, NOW)
    assert batches.unanswered("1") == [new]
    assert batches.left_behind("1", "stock.push") == []
    batches.opened(batch_id, 22, "uuid")
    batches.moved(batch_id, "commit")
    (moved,) = batches.left_behind("1", "stock.push")
    assert (moved.pk, moved.local_batch_id, moved.state) == (22, "uuid", "commit")
    assert batches.unanswered("1") == []
    batches.drop(batch_id)
    assert batches.left_behind("1", "stock.push") == []


def test_batches_of_a_job_are_the_jobs_business_in_the_order_they_were_opened(
    batches: Batches,
) -> None:
    first = batches.add("1", "stock.push", "productstock", "job", NOW)
    second = batches.add("1", "stock.push", "productstock", "job", NOW)
    alone = batches.add("1", "stock.push", "productstock", None, NOW)
    batches.opened(alone, 22, "uuid")
    assert [batch.id for batch in batches.of_job("job")] == [first, second]
    assert [batch.id for batch in batches.left_behind("1", "stock.push")] == [alone]
    assert batches.left_behind("2", "stock.push") == []
    assert batches.left_behind("1", "prices.push") == []
