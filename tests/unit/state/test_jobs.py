"""Feeds under way and their messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.jobs import NO_BATCH, FeedItem, Jobs, ObjectRef
from amzsync.state.listings import Value
from amzsync.state.store import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
FEED = "listings_feed"
VERSION = "2026-03-01T07:00:00.000001Z"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with Store.open(tmp_path / "state.db", Clock()) as store:
        yield Jobs(store)


def message(job_id: str, number: int, *, sent: bool = True) -> FeedItem:
    return FeedItem(
        job_id=job_id,
        message_id=number,
        sku=f"SKU-{number}",
        product_pk=number,
        message=f'{{"operationType":"PATCH","number":{number}}}' if sent else "",
        objects=(ObjectRef(1_000 + number, "productstock", VERSION),),
        values=(Value("quantity", str(number), VERSION), Value("price", "12.50")),
    )


def feed(jobs: Jobs, count: int, channel: str = "1") -> str:
    job_id = jobs.open(channel, "stock.push", FEED, NOW)
    jobs.add_items(message(job_id, number) for number in range(1, count + 1))
    return job_id


def test_a_job_goes_from_staging_to_settling_and_is_gone_with_its_messages(jobs: Jobs) -> None:
    job_id = feed(jobs, 3)
    jobs.submitting(job_id, NOW + timedelta(minutes=1))
    asked = jobs.get(job_id)
    jobs.submitted(job_id, "50001")
    there = jobs.get(job_id)
    jobs.settling(job_id)
    settled = jobs.get(job_id)
    jobs.close(job_id)

    assert asked is not None and there is not None and settled is not None
    assert (asked.state, asked.submitted_at) == ("submitting", NOW + timedelta(minutes=1))
    assert (there.state, there.remote_id) == ("submitted", "50001")
    assert settled.state == "settling"
    assert jobs.get(job_id) is None
    assert list(jobs.items(job_id)) == []


def test_a_job_amazon_never_got_is_back_in_staging(jobs: Jobs) -> None:
    job_id = feed(jobs, 1)
    jobs.submitting(job_id, NOW)
    jobs.staging(job_id)
    job = jobs.get(job_id)
    assert job is not None
    assert (job.state, job.submitted_at) == ("staging", None)


def test_under_way_is_the_flows_and_in_flight_is_the_accounts(jobs: Jobs) -> None:
    one, other = feed(jobs, 1), feed(jobs, 1, channel="2")
    jobs.submitted(other, "7")
    assert [job.id for job in jobs.under_way("1", "stock.push")] == [one]
    assert {job.id for job in jobs.in_flight(FEED)} == {one, other}
    assert jobs.in_flight("report") == []
    assert jobs.remote_ids(FEED) == {"7"}


def test_messages_come_back_as_staged_in_order_however_many(jobs: Jobs) -> None:
    job_id = feed(jobs, 2_345)
    assert list(jobs.items(job_id)) == [message(job_id, number) for number in range(1, 2_346)]


def test_unbatched_messages_are_what_no_batch_has_yet_in_order(jobs: Jobs) -> None:
    job_id = feed(jobs, 5)
    jobs.batched(job_id, [1, 2, 4], batch_id=9)
    assert [item.message_id for item in jobs.unbatched(job_id, 10)] == [3, 5]
    assert [item.message_id for item in jobs.unbatched(job_id, 1)] == [3]
    assert [item.message_id for item in jobs.items(job_id, 9)] == [1, 2, 4]
    jobs.drop_batch(job_id, 9)
    assert [item.message_id for item in jobs.items(job_id)] == [3, 5]


def test_a_message_that_answers_for_no_object_is_in_no_batch(jobs: Jobs) -> None:
    job_id = feed(jobs, 1)
    alone = replace(message(job_id, 2), objects=(), batch_id=NO_BATCH)
    jobs.add_items([alone])
    assert [item.message_id for item in jobs.unbatched(job_id, 10)] == [1]
    assert list(jobs.items(job_id, NO_BATCH)) == [alone]


def test_only_messages_of_the_feed_are_counted_as_sent(jobs: Jobs) -> None:
    job_id = feed(jobs, 2)
    jobs.add_items([message(job_id, 3, sent=False)])
    assert jobs.sent_count(job_id) == 2


def test_refusals_stay_when_the_rest_is_accepted(jobs: Jobs) -> None:
    job_id = feed(jobs, 3)
    jobs.refuse(job_id, [(2, "90220", "missing")])
    jobs.accept_open(job_id)
    states = [(item.state, item.code, item.reason) for item in jobs.items(job_id)]
    assert states == [("accepted", "", ""), ("refused", "90220", "missing"), ("accepted", "", "")]


def test_without_an_answer_only_what_was_sent_is_refused(jobs: Jobs) -> None:
    job_id = feed(jobs, 1)
    jobs.add_items([message(job_id, 2, sent=False)])
    jobs.refuse_open(job_id, "no_answer", "too late")
    assert [item.state for item in jobs.items(job_id)] == ["refused", "open"]
