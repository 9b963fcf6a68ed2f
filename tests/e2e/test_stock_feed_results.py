"""What a feed came to, written back: refusals, silence, cancelled feeds, unreadable reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amzsync.sandbox.amazon.feedbook import Feed
from tests.e2e.stock_shop import (
    action,
    answered,
    batches,
    change,
    dirty,
    listed,
    live,
    live_now,
    locked,
    penalties,
    push,
    refuse,
    stock_pk,
    warm,
)
from tests.shop import Shop

HOUR = 3600


def submitted(shop: Shop, count: int = 30) -> dict[str, int]:
    """A feed of so many changes is on its way; what they are."""
    shop.sandbox.reset(skus=count + 10)
    shop.configure(stock={"patch_limit": 5})
    values = change(shop, listed(shop, count))
    push(shop)
    return values


def last_feed(shop: Shop) -> Feed:
    """The sandbox's latest feed."""
    return list(shop.sandbox.world.amazon.feeds)[-1]


def answer(shop: Shop, report: bytes | None, status: str = "DONE") -> None:
    """End the latest feed with that report, nothing of it applied."""
    feed, amazon = last_feed(shop), shop.sandbox.world.amazon
    feed.status, feed.ended, feed.result_document_id = status, amazon.now(), ""
    if report is not None:
        document = amazon.documents.store(report, "application/json; charset=UTF-8", 28)
        feed.result_document_id = document.id


def report_of(*issues: dict[str, Any], accepted: int) -> bytes:
    """A processing report."""
    summary = {
        "errors": len(issues),
        "warnings": 0,
        "messagesProcessed": accepted,
        "messagesAccepted": accepted,
        "messagesInvalid": 0,
    }
    header = {"sellerId": "X", "version": "2.0", "feedId": "1"}
    return json.dumps({"header": header, "issues": issues, "summary": summary}).encode()


def test_one_refused_sku_in_a_feed_of_10_000_penalises_that_sku_and_no_other(shop: Shop) -> None:
    shop.sandbox.reset(skus=10_300)
    values = change(shop, listed(shop, 10_000))
    bad = list(values)[4_321]
    refuse(shop, bad)
    before = live_now(shop, [bad])

    push(shop)
    shop.clock.advance(minutes=6)
    ran = push(shop, code=1)

    (penalty,) = penalties(shop).values()
    assert (penalty["key"], penalty["failures"], penalty["stopped"]) == (bad, 1, 0)
    assert "lead_time_to_ship_max_days" in penalty["reason"]
    assert penalty["object_id"] == str(stock_pk(shop, bad))
    assert bad in ran.err
    values.pop(bad)
    assert live(shop, values) == values
    assert live(shop, [bad]) == before
    (failed,) = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    assert (failed["object_id"], failed["reason_type"]) == (stock_pk(shop, bad), "remote")
    assert action(shop, bad).status == "error"
    (report,) = shop.sandbox.world.omnitron.snapshot("error_reports")
    assert report["action_object_id"] == stock_pk(shop, bad)
    assert "lead_time_to_ship_max_days" in report["error_desc"]
    assert locked(shop) == []


def test_a_half_refused_feed_penalises_that_half(shop: Shop) -> None:
    shop.sandbox.reset(skus=60)
    shop.configure(stock={"patch_limit": 5})
    values = change(shop, listed(shop, 50))
    before = live_now(shop, values)
    shop.sandbox.faults.add("half_refused_feed", "createFeed")

    push(shop)
    shop.clock.advance(minutes=6)
    push(shop, code=1)

    held = set(penalties(shop))
    assert len(held) == 25
    assert live(shop, values) == {
        sku: before[sku] if sku in held else value for sku, value in values.items()
    }
    assert batches(shop) == ["done"]
    assert len(shop.sandbox.world.omnitron.snapshot("error_reports")) == 25


@pytest.mark.parametrize("hours", [1, 6, 30])
def test_a_feed_that_never_finishes_fails_its_records_after_the_expiration_hour(
    shop: Shop, hours: int
) -> None:
    shop.sandbox.reset(skus=40)
    shop.sandbox.world.amazon.delays.feed_process = 900 * HOUR
    limits = {"EXPIRATION_HOUR": hours}
    shop.configure(stock={"patch_limit": 5}, failed_integration={"sent_to_remote": limits})
    values = change(shop, listed(shop, 30))
    push(shop)

    shop.clock.advance(hours=hours)
    push(shop)
    assert not penalties(shop)
    assert len(locked(shop)) == 30
    shop.clock.advance(seconds=1)
    push(shop, code=1)

    held = penalties(shop)
    assert set(held) == set(values)
    assert {row["code"] for row in held.values()} == {"no_answer"}
    reason = f"no response from Amazon within {hours} hours"
    assert {row["reason"] for row in held.values()} == {reason}
    assert locked(shop) == [] and batches(shop) == ["done"]
    assert not shop.rows("SELECT * FROM fences")


def test_a_feed_given_up_while_it_is_queued_is_cancelled(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    shop.sandbox.world.amazon.delays.feed_queue = 900 * HOUR
    shop.configure(stock={"patch_limit": 5})
    change(shop, listed(shop, 30))
    push(shop)

    shop.clock.advance(hours=7)
    push(shop, code=1)

    assert last_feed(shop).status == "CANCELLED"


@pytest.mark.parametrize("status", ["CANCELLED", "FATAL"])
def test_a_feed_that_ended_as_a_whole_penalises_nobody_and_is_sent_again(
    shop: Shop, status: str
) -> None:
    values = submitted(shop)
    answer(shop, None, status)

    shop.clock.advance(minutes=1)
    push(shop)  # lets go, reads anew and submits again
    shop.clock.advance(minutes=6)
    push(shop)

    assert not penalties(shop)
    assert answered(shop, "createFeed", 202) == 2
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop)) == (0, [])
    assert sorted(batches(shop)) == ["done", "fail"]


@pytest.mark.parametrize("how", ["FATAL", "whole"])
def test_what_a_feed_that_failed_has_applied_all_the_same_is_put_right(
    shop: Shop, how: str
) -> None:
    shop.sandbox.reset(skus=40)
    warm(shop)
    shop.configure(stock={"patch_limit": 5})
    skus = listed(shop, 30)
    before = live_now(shop, skus)
    change(shop, skus)
    push(shop)
    shop.clock.advance(minutes=6)
    assert live_now(shop, skus) != before
    whole = {"code": "90244", "severity": "ERROR", "message": "The header is missing."}
    if how == "FATAL":
        answer(shop, None, "FATAL")
    else:
        answer(shop, report_of(whole, accepted=0))
    for sku, value in before.items():
        shop.sandbox.world.omnitron.set_stock(sku, value or 0)

    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)

    assert live(shop, skus) == before
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})


def test_a_feed_without_a_result_document_is_taken_as_accepted_and_read_back(shop: Shop) -> None:
    values = submitted(shop)
    answer(shop, None)

    shop.clock.advance(minutes=1)
    push(shop)
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})
    shop.clock.advance(minutes=16)
    push(shop)  # the read-back sees that nothing arrived, and all are sent again
    shop.clock.advance(minutes=6)
    push(shop)

    assert live(shop, values) == values


def test_a_result_document_that_is_gone_is_as_good_as_none(shop: Shop) -> None:
    submitted(shop)
    answer(shop, None)
    last_feed(shop).result_document_id = "amzn1.tortuga.4.eu.unknown"

    shop.clock.advance(minutes=1)
    push(shop)

    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})


def test_a_report_cut_short_on_the_way_is_fetched_again_by_the_next_run(shop: Shop) -> None:
    values = submitted(shop)
    shop.clock.advance(minutes=6)
    shop.sandbox.faults.add("truncated", "downloadDocument", times=4)

    push(shop)
    assert len(locked(shop)) == 30
    push(shop)

    assert live(shop, values) == values
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})


def test_a_report_nobody_can_read_holds_up_no_other_sku_and_is_given_up_in_the_end(
    shop: Shop,
) -> None:
    values = submitted(shop)
    answer(shop, b'{"header": {}, "issues": [')
    (other,) = change(shop, listed(shop)[-1:], first=4_711)

    shop.clock.advance(minutes=1)
    push(shop)
    assert live(shop, [other]) == {other: 4_711}
    assert len(locked(shop)) == len(values)
    shop.clock.advance(hours=6)
    push(shop)

    assert locked(shop) == []
    assert not penalties(shop)


def test_an_issue_of_the_whole_document_blames_no_record(shop: Shop) -> None:
    values = submitted(shop)
    whole = {"code": "90244", "severity": "ERROR", "message": "The header is missing."}
    answer(shop, report_of(whole, accepted=0))

    shop.clock.advance(minutes=1)
    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)

    assert not penalties(shop)
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop)) == (0, [])


def test_warnings_and_several_issues_of_one_message_are_told_apart(shop: Shop) -> None:
    values = submitted(shop)
    issues: list[dict[str, Any]] = [
        {"messageId": 3, "code": "1", "severity": "WARNING", "message": "odd"},
        {"messageId": 4, "code": "90220", "severity": "ERROR", "message": "missing"},
        {"messageId": 4, "code": "8", "severity": "ERROR", "message": "w", "attributeName": "q"},
        {"code": "7", "severity": "ERROR", "message": "about the feed"},
    ]
    answer(shop, report_of(*issues, accepted=29))

    shop.clock.advance(minutes=1)
    push(shop, code=1)

    (penalty,) = penalties(shop).values()
    order = shop.rows("SELECT key FROM outcomes WHERE status = 'submitted' ORDER BY id")
    assert penalty["key"] == order[3]["key"]
    assert (penalty["code"], penalty["reason"]) == ("90220", "missing; q: w")
    assert len(values) == 30


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("getFeed", "throttle"),
        ("getFeed", "server_error_before"),
        ("getFeedDocument", "throttle"),
        ("downloadDocument", "cut_before"),
    ],
)
def test_results_that_cannot_be_had_now_wait_for_a_later_run(
    shop: Shop, operation: str, kind: str
) -> None:
    values = submitted(shop)
    shop.clock.advance(minutes=6)
    shop.sandbox.faults.add(kind, operation, times=4)
    (other,) = change(shop, listed(shop)[-1:], first=4_711)

    push(shop)
    assert live(shop, [other]) == {other: 4_711}
    assert len(locked(shop)) == 30
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=2)
    push(shop)

    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})
    assert live(shop, values) == values
