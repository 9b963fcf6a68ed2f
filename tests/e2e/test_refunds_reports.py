"""The returns report of `refunds pull`, a durable job: late, empty, forged, unanswered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.amazon_orders import order
from tests.e2e.refund_shop import (
    PULL,
    XML_REPORT,
    by_rma,
    configure,
    give_back,
    jobs,
    open_shop,
    outcomes,
    place_returns,
    problems,
    pull,
    pull_report,
    requests,
)
from tests.shop import Shop

FLAT = (
    "ORDER ID\tReturn Reason\tReturn quantity\tMerchant SKU\tAmazon RMA ID\tItem Name\t"
    "Return request status\tReturn request date\r\n"
    "403-0000002-1234567\tBeğenmedim – {reason}\t2\tSKU-000002\tD77RRMA\tÇanta\tApproved\t"
    "23-{month}-2026\r\n"
)


@pytest.mark.parametrize(
    ("codec", "java_name", "reason", "month"),
    [
        ("cp1254", "Cp1254", "çok küçük, ığdır", "Kas"),
        ("cp1252", "Cp1252", "über – Größe", "Nov"),
        ("utf-8-sig", "UTF-8", "çok küçük, ığdır", "Kasım"),
    ],
)
def test_a_flat_file_is_taken_in_its_text_intact(
    shop: Shop, codec: str, java_name: str, reason: str, month: str
) -> None:
    open_shop(shop)
    text = FLAT.format(reason=reason, month=month)
    data = text.encode(codec, "replace")
    shop.sandbox.world.amazon.reports.forge(XML_REPORT, data, f"text/plain; charset={java_name}")

    assert pull_report(shop).code == 0

    beginning = "Be?enmedim" if codec == "cp1252" else "Beğenmedim"  # cp1252 has no ğ
    assert {row["description"] for row in requests(shop)} == {f"{beginning} – {reason}"}
    assert problems(shop, {"D77RRMA": 2}) == []


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"order-id,sku,quantity\n1,2,3\n", "CSV"),
        (b"<html><body>Service unavailable</body></html>", "an HTML page"),
        (b"sku\tasin\tprice\nA\tB\t1\n", "a table of 3 other columns"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><AmazonEnvelope>&b;</AmazonEnvelope>", "document type"),
        (b"<AmazonEnvelope><Message><return_details>", "cut-off XML"),
        (b"", "empty"),
    ],
)
def test_a_report_that_is_something_else_is_refused_and_asked_for_again_later(
    shop: Shop, data: bytes, what: str
) -> None:
    first, second, _ = open_shop(shop)
    known = give_back(shop, first)
    assert pull_report(shop).code == 0
    fresh = give_back(shop, second)
    shop.sandbox.world.amazon.reports.forge(XML_REPORT, data, "text/plain")

    ran = pull_report(shop)

    assert ran.code == 5
    assert (
        what in ran.json["error"]["message"] and "a returns report" in ran.json["error"]["message"]
    )
    assert by_rma(shop) == {known: 1}
    (row,) = shop.rows("SELECT rma_id, state FROM returns")
    assert row == {"rma_id": known, "state": "requested"}
    assert _runs_until_next_request(shop) == 10, "an hour after the last, not half of one"
    assert pull(shop).code == 0
    assert problems(shop, {known: 1, fresh: 1}) == []


def test_a_report_amazon_could_not_make_is_asked_for_later_and_later(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    waits = []
    for _ in range(6):
        shop.sandbox.world.amazon.reports.fate(XML_REPORT, "FATAL")
        waits.append(5 * (_runs_until_next_request(shop) + 1))
        assert pull(shop).code == 5
    # The first was asked for at once; each next one counts from the request before.
    assert [wait + 5 for wait in waits[1:]] == [60, 120, 240, 360, 360]
    _runs_until_next_request(shop)
    assert pull(shop).code == 0
    assert problems(shop, {rma: 1}) == []
    assert _runs_until_next_request(shop) == 4, "one that was good brings the half hour back"


def test_what_amazon_says_of_a_fatal_report_is_told(shop: Shop) -> None:
    open_shop(shop)
    shop.sandbox.world.amazon.reports.fate(XML_REPORT, "FATAL")
    ran = pull_report(shop)
    document = shop.sandbox.count("downloadDocument")
    assert document == 1
    assert "Amazon could not make report 70000001: " in ran.json["error"]["message"]


def test_a_cancelled_report_is_an_empty_one(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.world.amazon.reports.fate(XML_REPORT, "CANCELLED")
    ran = pull_report(shop)
    assert (ran.code, ran.json["notes"][0]) == (0, "report 70000001 is empty")
    assert jobs(shop) == []
    assert _runs_until_next_request(shop) == 4
    pull(shop)
    assert problems(shop, {rma: 1}) == []


def test_a_report_is_waited_for_as_long_as_it_takes(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.world.amazon.delays.report_process = 3600.0
    pull(shop)
    (job,) = jobs(shop)
    assert job["state"] == "submitted" and job["detail"]["data_start_time"]
    for _ in range(11):
        assert pull(shop).json["calls"].keys() <= {"getReport", "get_channel"}
    assert shop.calls()["createReport"] == 1
    for _ in range(2):
        pull(shop)
    assert problems(shop, {rma: 1}) == []


def test_a_report_not_there_within_expiration_hour_is_asked_for_anew(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.world.amazon.delays.report_process = 1e6
    pull(shop)
    hours = 6
    shop.clock.advance(hours=hours)
    ran = pull(shop)
    shop.sandbox.world.amazon.delays.report_process = 60.0
    assert (ran.code, shop.calls()["createReport"]) == (0, 2)
    assert any(f"not there within {hours} hours" in note for note in ran.json["notes"])
    pull(shop)
    assert problems(shop, {rma: 1}) == []


def test_an_expired_document_url_is_fetched_anew(shop: Shop, monkeypatch: Any) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    pull(shop)
    documents = shop.sandbox.world.amazon.documents
    fresh = documents.url
    handed: list[datetime] = []

    def stale(*named: Any, **extra: Any) -> Any:
        if handed:
            return fresh(*named, **extra)
        handed.append(shop.clock.at)
        shop.clock.at -= timedelta(minutes=6)
        try:
            return fresh(*named, **extra)
        finally:
            shop.clock.at += timedelta(minutes=6)

    monkeypatch.setattr(documents, "url", stale)
    assert pull(shop).code == 0
    assert handed and shop.calls()["getReportDocument"] == 2
    assert problems(shop, {rma: 1}) == []


@pytest.mark.parametrize("fault", ["server_error_after", "cut_after", "truncated"])
@pytest.mark.parametrize("minutes", [1, 5])
def test_a_report_requested_without_an_answer_is_found(
    shop: Shop, fault: str, minutes: int
) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.faults.add(fault, "createReport")
    assert shop.run(*PULL).code == 5
    for _ in range(4):
        shop.clock.advance(minutes=minutes)
        assert shop.run(*PULL).code == 0
    assert shop.sandbox.faults.struck == {fault: 1}
    assert shop.calls()["createReport"] == 1
    assert problems(shop, {rma: 1}) == []


def test_a_report_that_was_never_requested_is_requested_again_after_a_while(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.faults.add("cut_before", "createReport")
    assert shop.run(*PULL).code == 5
    shop.clock.advance(minutes=1)
    assert shop.run(*PULL).code == 0
    assert shop.calls()["createReport"] == 1, "it may still be under way"
    shop.clock.advance(minutes=3)
    assert shop.run(*PULL).code == 0
    assert shop.calls()["createReport"] == 2
    shop.clock.advance(minutes=5)
    assert shop.run(*PULL).code == 0
    assert problems(shop, {rma: 1}) == []


def test_without_a_token_the_report_is_asked_for_by_a_later_run(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.faults.add("throttle", "createReport")
    ran = shop.run(*PULL, "--json")
    assert ran.code == 0
    assert any("goes on when a token is due" in note for note in ran.json["notes"])
    assert jobs(shop) == []
    shop.clock.advance(minutes=5)
    pull_report(shop)
    assert problems(shop, {rma: 1}) == []


def test_amazon_being_down_keeps_no_known_return_back(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    shop.sandbox.faults.add("server_error_before", "order_items.list", "omnitron", times=9)
    assert pull_report(shop).code == 5
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=30)
    shop.sandbox.faults.add("server_error_before", "createReport", times=9)
    assert shop.run(*PULL).code == 5
    assert problems(shop, {rma: 1}) == []


def test_a_malformed_row_is_its_orders_penalty_until_a_report_mends_it(shop: Shop) -> None:
    first, second, third = open_shop(shop)
    fine = give_back(shop, second)
    beside = give_back(shop, third)
    bad = give_back(shop, first, quantity=0)
    lost = give_back(shop, third, quantity=-1)

    ran = pull_report(shop)

    assert ran.code == 1
    assert {row["key"] for row in ran.json["failures"]} == {first["orderId"], third["orderId"]}
    assert {row["code"] for row in ran.json["failures"]} == {"malformed_return"}
    assert "quantity: greater_than_equal" in ran.json["failures"][0]["reason"]
    assert by_rma(shop) == {fine: 1, beside: 1}, "also of an order with another that is readable"
    assert pull_report(shop).code == 0, "its penalty counts a failure, not a report"
    shop.sandbox.world.amazon.returns.change(bad, quantity=1)
    shop.sandbox.world.amazon.returns.change(lost, status="Denied", quantity=1)
    assert pull_report(shop).code == 0
    assert problems(shop, {fine: 1, beside: 1, bad: 1}) == []


def test_rows_without_an_order_are_told(shop: Shop) -> None:
    open_shop(shop)
    text = FLAT.format(reason="", month="Nov").replace("403-0000002-1234567", "")
    shop.sandbox.world.amazon.reports.forge(XML_REPORT, text.encode(), "text/plain; charset=UTF-8")
    ran = pull_report(shop)
    assert ran.code == 0
    assert "1 rows of the returns report name no order and were left out" in ran.json["notes"]


def test_two_channels_ask_for_reports_of_their_own(shop: Shop) -> None:
    wanted = place_returns(shop)
    other = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    configure(other)
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.put(fba := order(7, fulfilled_by="AMAZON"))
    assert other.run("orders", "pull").code == 0
    rma = give_back(other, fba)

    for each in (shop, other, shop, other):
        assert each.run(*PULL).code == 0
        shop.clock.advance(minutes=2)

    assert shop.calls()["createReport"] == 2
    assert by_rma(shop) == {**wanted, rma: 1}
    assert {row[0] for row in outcomes(shop)} == {"sent"}


def test_a_report_amazon_refuses_to_make_is_not_asked_for_every_five_minutes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(shop)
    monkeypatch.setattr("amzsync.flows.refunds_pull.XML_RETURNS", "GET_WHAT_NOBODY_KNOWS")
    ran = pull(shop)
    assert (ran.code, jobs(shop)) == (5, [])
    assert "reportType" in ran.json["error"]["message"]
    assert _runs_until_next_request(shop) == 11, "an hour later"


def test_a_report_amazon_no_longer_knows_is_given_up_in_time(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    pull(shop)
    shop.sandbox.world.amazon.reports._reports.clear()
    assert pull(shop).json["notes"] == ["report 70000001 is not to be seen"]
    shop.clock.advance(hours=6)
    assert pull(shop).code == 0
    pull(shop)
    assert problems(shop, {rma: 1}) == []


def test_a_document_that_is_gone_is_waited_for_and_given_up_in_time(shop: Shop) -> None:
    first, *_ = open_shop(shop)
    rma = give_back(shop, first)
    pull(shop)
    documents = shop.sandbox.world.amazon.documents
    shop.sandbox.world.amazon.settle()
    documents._documents.clear()
    assert pull(shop).json["notes"] == ["report 70000001 is DONE, its document is not to be had"]
    shop.clock.advance(hours=6)
    assert pull(shop).code == 0
    pull(shop)
    assert problems(shop, {rma: 1}) == []


def _runs_until_next_request(shop: Shop) -> int:
    """How many runs there are before the one that asks for a report."""
    for number in range(200):
        if "createReport" in pull(shop).json["calls"]:
            return number
    raise AssertionError("no report was asked for")
