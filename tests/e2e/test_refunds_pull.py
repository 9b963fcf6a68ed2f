"""`refunds pull`: from Amazon's returns to return requests in Omnitron, one a unit and RMA."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.amazon_orders import PLACED, order, place
from tests.e2e.refund_shop import (
    PULL,
    REASON,
    XML_REPORT,
    by_rma,
    configure,
    give_back,
    later,
    links,
    open_shop,
    outcomes,
    place_returns,
    placed,
    problems,
    pull,
    pull_report,
    requests,
    stocked,
    story,
    units,
)
from tests.shop import FakeClock, Shop


def test_a_return_becomes_a_linked_request_of_its_unit(shop: Shop) -> None:
    order, *_ = open_shop(shop, refund_reason_mapping={"CR-DEFECTIVE": 21})
    rma = give_back(shop, order)

    assert pull(shop).json["calls"].keys() >= {"createReport"}
    assert requests(shop) == []
    ran = pull(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 1})
    (request,) = requests(shop)
    line = order["orderItems"][0]["orderItemId"]
    (unit,) = [
        row
        for row in shop.sandbox.world.omnitron.snapshot("order_items")
        if row["pk"] == request["order_item"]
    ]
    assert unit["extra_field"]["id"] == line
    assert (request["reason"], request["cancellation_type"]) == (21, "refund")
    assert (request["remote_id"], request["description"]) == (rma, "CR-DEFECTIVE")
    assert links(shop) == {(request["id"], rma): 1}
    assert problems(shop, {rma: 1}) == []
    assert f"RMA {rma}" in story(shop, order)


def test_the_window_read_again_twenty_times_requests_nothing_twice(shop: Shop) -> None:
    wanted = place_returns(shop)
    for _ in range(20):
        assert pull_report(shop).code == 0

    assert shop.calls()["createReport"] == 20
    assert shop.calls()["cancellation_requests.create"] == 4
    assert problems(shop, wanted) == []
    assert len(outcomes(shop)) == 3


def test_reports_are_requested_every_thirty_minutes_and_an_idle_run_costs_nothing(
    shop: Shop,
) -> None:
    order, *_ = open_shop(shop)
    give_back(shop, order)
    created = [int("createReport" in pull(shop).json["calls"]) for _ in range(13)]
    assert created == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]

    pull(shop)
    shop.run("refunds", "pull")
    shop.forget_calls()
    assert shop.run("refunds", "pull").code == 0
    assert shop.calls() == {}


def test_two_units_of_one_rma_are_two_requests(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    rma = give_back(shop, order, quantity=2)
    pull_report(shop)
    assert problems(shop, {rma: 2}) == []


def test_identical_details_twice_are_two_units(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    rma = give_back(shop, order)
    give_back(shop, order, rma_id=rma)
    pull_report(shop)
    assert problems(shop, {rma: 2}) == []


def test_two_rmas_of_one_line_are_requests_of_two_units(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    first = give_back(shop, order)
    pull_report(shop)
    second = give_back(shop, order)
    pull_report(shop)
    assert problems(shop, {first: 1, second: 1}) == []


def test_a_quantity_that_grows_later_adds_the_missing_unit(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    rma = give_back(shop, order)
    pull_report(shop)
    shop.sandbox.world.amazon.returns.change(rma, quantity=2)
    pull_report(shop)
    assert problems(shop, {rma: 2}) == []


def test_shipped_units_are_taken_first(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    number = order["orderId"]
    shop.sandbox.world.omnitron.change_items(number, [units(shop, order)[1]], status="500")
    give_back(shop, order)
    pull_report(shop)
    assert [row["order_item"] for row in requests(shop)] == [units(shop, order)[1]]


def test_more_units_than_omnitron_has_is_a_penalty_that_names_both_numbers(shop: Shop) -> None:
    order, other, *_ = open_shop(shop)
    give_back(shop, order, quantity=9)
    fine = give_back(shop, other)

    ran = pull_report(shop)

    assert ran.code == 1
    (failure,) = ran.json["failures"]
    assert (failure["key"], failure["code"]) == (order["orderId"], "too_few_units")
    assert "9 more units" in failure["reason"] and "only 1" in failure["reason"]
    assert by_rma(shop) == {fine: 1}
    assert pull_report(shop).code == 0, "it waits its interval"


def test_units_that_are_cancelled_cannot_be_sent_back(shop: Shop) -> None:
    _, order, _ = open_shop(shop)
    shop.sandbox.world.omnitron.change_items(
        order["orderId"], [units(shop, order)[0]], status="100"
    )
    give_back(shop, order, quantity=2)
    assert pull_report(shop).json["failures"][0]["code"] == "too_few_units"
    assert requests(shop) == []


def test_an_fba_channel_reads_the_fba_report(shop: Shop) -> None:
    fba = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    configure(fba, refund_reason_mapping={"CR-DEFECTIVE": 21})
    first, *_ = stocked(fba, fulfilled_by="AMAZON")
    place(shop.sandbox, other := order(9))
    rma = give_back(fba, first, reason="CR-DEFECTIVE")
    give_back(fba, other)

    pull_report(fba)

    assert rma.startswith("LPN")
    there = shop.sandbox.world.omnitron.snapshot("cancellation_requests")
    assert [(row["remote_id"], row["reason"], row["description"]) for row in there] == [
        (rma, 21, "DEFECTIVE")
    ]


def test_a_denied_return_is_not_requested_and_told_once(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    give_back(shop, order, status="Denied")
    for _ in range(3):
        pull_report(shop)
    assert requests(shop) == []
    ((status, code, reason),) = outcomes(shop)
    assert (status, code) == ("skipped", "denied") and "Denied at Amazon" in reason


def test_a_return_approved_after_its_denial_is_requested(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    rma = give_back(shop, order, status="Denied")
    pull_report(shop)
    shop.sandbox.world.amazon.returns.change(rma, status="Approved")
    pull_report(shop)
    assert problems(shop, {rma: 1}) == []


def test_a_denial_after_the_request_changes_nothing_and_is_told_once(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    rma = give_back(shop, order)
    pull_report(shop)
    shop.sandbox.world.amazon.returns.change(rma, status="Cancelled by buyer")
    for _ in range(3):
        pull_report(shop)
    assert problems(shop, {rma: 1}) == []
    assert [code for _, code, _ in outcomes(shop)] == ["", "denied_later"]


def test_a_return_that_is_completed_needs_nothing_more(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    rma = give_back(shop, order)
    pull_report(shop)
    shop.sandbox.world.amazon.returns.change(rma, status="Completed")
    shop.forget_calls()
    ran = pull_report(shop)
    assert (ran.code, ran.json["counts"]) == (0, {"unchanged": 1})
    assert set(shop.calls("omnitron")) <= {"channels.get"}
    assert problems(shop, {rma: 1}) == []


def test_an_order_of_another_channel_is_left_to_it(shop: Shop) -> None:
    fba = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    configure(fba)
    stocked(fba, fulfilled_by="AMAZON")
    configure(shop)
    data = (
        "Order ID\tReturn Reason\tReturn quantity\tMerchant SKU\tAmazon RMA ID\t"
        "Return request status\tReturn request date\n"
        "403-0000001-1234567\tCR-DEFECTIVE\t1\tSKU-000001\tD1\tApproved\t23-Nov-2026\n"
    )
    shop.sandbox.world.amazon.reports.forge(XML_REPORT, data.encode(), "text/plain")
    assert pull_report(shop).json["counts"] == {"skipped": 1}
    assert requests(shop) == []
    ((_, code, reason),) = outcomes(shop)
    assert code == "not_ours" and "an order of another channel" in reason


def test_without_any_reason_to_give_a_return_is_its_orders_penalty(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    give_back(shop, order, reason="CR-NEW")
    shop.configure({"get_refund_orders": False}, default_reason_id=0)
    text = shop.config.read_text(encoding="utf-8").replace("default_reason_id = 0\n", "")
    shop.config.write_text(text, encoding="utf-8")
    shop.run(*PULL, "--force")
    shop.clock.advance(minutes=5)
    ran = shop.run(*PULL, "--force", "--json")
    (failure,) = ran.json["failures"]
    assert failure["reason"] == (
        "refund_reason_mapping has no CR-NEW and default_reason_id is not set"
    )


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"CR-DEFECTIVE": 21, "DEFECTIVE": 22}, 21),
        ({"DEFECTIVE": 22}, 22),
        ({"CR-SWITCHEROO": 22}, REASON),
        ({}, REASON),
    ],
)
def test_a_reason_is_looked_up_exactly_then_without_its_prefix_then_the_default_counts(
    shop: Shop, mapping: dict[str, int], reason: int
) -> None:
    order, *_ = open_shop(shop, refund_reason_mapping=mapping)
    give_back(shop, order)
    pull_report(shop)
    assert [row["reason"] for row in requests(shop)] == [reason]


def test_an_unknown_reason_is_told_once(shop: Shop) -> None:
    first, second, third = open_shop(shop, refund_reason_mapping={"CR-DEFECTIVE": 21})
    give_back(shop, first, reason="CR-BRAND_NEW")
    give_back(shop, second, reason="CR-BRAND_NEW")
    notes = pull_report(shop).json["notes"]
    give_back(shop, third, reason="CR-BRAND_NEW")
    again = pull_report(shop).json["notes"]

    told = "refund_reason_mapping does not know 'CR-BRAND_NEW': default_reason_id is used"
    assert [note for note in [*notes, *again] if note == told] == [told]
    assert [row["description"] for row in requests(shop)] == ["CR-BRAND_NEW"] * 3


def test_returns_before_refund_start_date_are_ignored_once(shop: Shop) -> None:
    order, other, *_ = open_shop(shop, refund_start_date="2026-11-23T08:00:00Z")
    give_back(shop, order, requested="2026-11-23T07:59:59Z")
    fine = give_back(shop, other, requested="2026-11-23T08:00:00Z")

    pull_report(shop)

    (report,) = shop.sandbox.world.amazon.reports
    assert report.body()["dataStartTime"].startswith("2026-11-23T08:00:00")
    assert by_rma(shop) == {fine: 1}


def test_a_return_of_an_earlier_start_date_is_ignored_once_the_date_has_moved(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    give_back(shop, order, requested="2026-11-23T07:00:00Z")
    pull(shop)
    configure(shop, refund_start_date="2026-11-23T08:00:00Z")
    pull(shop)
    pull_report(shop)
    assert requests(shop) == []
    assert [code for _, code, _ in outcomes(shop)] == ["before_refund_start_date"]


def test_no_report_is_asked_for_before_refund_start_date(shop: Shop) -> None:
    open_shop(shop, refund_start_date="2026-11-24T00:00:00Z")
    assert "createReport" not in pull(shop).json["calls"]


def test_the_window_reaches_back_sixty_days_at_most(shop: Shop) -> None:
    open_shop(shop, refund_start_date="2026-01-01T00:00:00Z")
    asked = shop.clock.now()
    pull(shop)
    (report,) = shop.sandbox.world.amazon.reports
    assert report.start is not None
    assert timedelta(days=59, hours=22) < asked - report.start < timedelta(days=60)


def test_the_first_report_is_asked_for_on_a_clock_that_never_stands_still(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(shop)

    def ticking(clock: FakeClock) -> datetime:
        clock.at += timedelta(microseconds=1)
        return clock.at

    monkeypatch.setattr(FakeClock, "now", ticking)
    assert pull(shop).json["calls"]["createReport"] == 1


@pytest.mark.parametrize(
    ("days", "settings", "taken"),
    [(7, {}, True), (7.01, {}, False), (14, {"order_refundable_days": 14}, True)],
)
def test_a_return_is_taken_within_order_refundable_days_of_the_order(
    shop: Shop, days: float, settings: dict[str, Any], taken: bool
) -> None:
    order, *_ = open_shop(shop, **settings)
    later(shop, days + 1)
    rma = give_back(shop, order, requested=PLACED + timedelta(days=days))

    pull_report(shop)
    pull_report(shop)

    assert by_rma(shop) == ({rma: 1} if taken else {})
    (outcome,) = outcomes(shop)
    assert outcome[0] == ("sent" if taken else "skipped")
    if not taken:
        assert outcome[1] == "not_refundable"
        assert "more than 7 days (order_refundable_days)" in story(shop, order)


def test_an_order_that_is_not_in_omnitron_is_skipped_once(shop: Shop) -> None:
    configure(shop, order_start_date="2026-11-24T00:00:00Z")
    first, *_ = stocked(shop)
    give_back(shop, first)
    for _ in range(3):
        assert pull_report(shop).code == 0
    assert requests(shop) == []
    assert [(status, code) for status, code, _ in outcomes(shop)] == [("skipped", "not_ours")]
    assert shop.calls()["integration_actions.list"] == 1


def test_a_lost_state_file_loses_no_return_and_requests_none_twice(shop: Shop) -> None:
    first, second, _ = open_shop(shop)
    wanted = {give_back(shop, second, quantity=2): 2}
    pull_report(shop)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    wanted[give_back(shop, first)] = 1
    shop.clock.advance(hours=1)

    ran = pull_report(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"unchanged": 1, "sent": 1})
    assert problems(shop, wanted) == []


def test_a_return_of_an_order_that_is_not_imported_yet_waits_for_it(shop: Shop) -> None:
    configure(shop)
    order, *_ = placed(shop)
    shop.sandbox.faults.add("server_error_before", "create_orders.create", "omnitron", times=9)
    shop.run("orders", "pull")
    rma = give_back(shop, order)

    ran = pull_report(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"waiting": 1})
    assert [row["code"] for row in ran.json["waiting"]] == ["not_imported"]
    assert shop.rows("SELECT * FROM penalties WHERE flow = 'refunds.pull'") == []
    shop.sandbox.faults.clear()
    assert shop.run("orders", "pull").code == 0
    assert pull(shop).json["counts"] == {"sent": 1}, "no report is needed for that"
    assert problems(shop, {rma: 1}) == []


def test_omnitrons_refusal_is_the_orders_penalty_and_blocks_no_other(shop: Shop) -> None:
    order, other, *_ = open_shop(shop, refund_reason_mapping={"CR-SWITCHEROO": 10})
    give_back(shop, order, reason="CR-SWITCHEROO")
    fine = give_back(shop, other)

    ran = pull_report(shop)

    (failure,) = ran.json["failures"]
    assert failure["key"] == order["orderId"]
    assert "The reason is not for a refund" in failure["reason"]
    assert by_rma(shop) == {fine: 1}
    configure(shop, refund_reason_mapping={"CR-SWITCHEROO": 22})
    shop.clock.advance(hours=8)
    pull_report(shop)
    assert sorted(by_rma(shop).values()) == [1, 1]
    assert shop.rows("SELECT * FROM penalties") == []


def test_a_dry_run_shows_what_it_would_request_and_asks_for_no_report(shop: Shop) -> None:
    order, *_ = open_shop(shop)
    assert shop.run(*PULL, "--dry-run", "--json").json["calls"] == {}
    rma = give_back(shop, order)
    shop.sandbox.faults.add("server_error_before", "order_items.list", "omnitron", times=9)
    assert pull_report(shop).code == 5
    shop.sandbox.faults.clear()
    before = shop.dump()

    ran = shop.run(*PULL, "--dry-run", "--json")

    assert ran.json["planned"] == [
        f"{order['orderId']}: request back 1 of SKU-000001 under RMA {rma}, reason {REASON}"
    ]
    after = shop.dump()
    assert all(after[name] == before[name] for name in ("returns", "return_requests", "jobs"))
    assert requests(shop) == []
