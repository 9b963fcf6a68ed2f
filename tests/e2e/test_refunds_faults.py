"""Omnitron answers late, wrongly or not at all: each returned unit is requested once in the end."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.sandbox.omnitron.rows import shown
from tests.e2e.refund_shop import (
    PULL,
    by_rma,
    configure,
    give_back,
    open_shop,
    place_returns,
    problems,
    pull,
    pull_report,
    requests,
)
from tests.shop import Shop

CREATE = "cancellation_requests.create"
AFTER = ("server_error_after", "cut_after", "truncated")
BEFORE = ("server_error_before", "cut_before")


def reported(shop: Shop) -> dict[str, int]:
    """Three returns whose report is ready; how many requests each RMA is to have."""
    wanted = place_returns(shop)
    configure(shop, http={"in_flight": 1, "read_timeout": 0.3})
    pull(shop)
    return wanted


@pytest.mark.parametrize("fault", AFTER)
def test_a_request_made_without_a_proper_answer_is_found_in_the_same_run(
    shop: Shop, fault: str
) -> None:
    wanted = reported(shop)
    shop.sandbox.faults.add(fault, CREATE, "omnitron", after=1)
    ran = pull(shop)
    assert shop.sandbox.faults.struck == {fault: 1}
    assert (ran.code, shop.calls()[CREATE]) == (0, 4)
    assert problems(shop, wanted) == []


def test_a_request_that_hangs_is_found(shop: Shop) -> None:
    wanted = reported(shop)
    shop.sandbox.faults.add("hang_after", CREATE, "omnitron", seconds=0.6)
    assert pull(shop).code == 0
    assert shop.calls()[CREATE] == 4
    assert problems(shop, wanted) == []


@pytest.mark.parametrize("fault", BEFORE)
def test_a_request_that_may_have_been_made_is_asked_for_again_after_a_while_only(
    shop: Shop, fault: str
) -> None:
    wanted = reported(shop)
    shop.sandbox.faults.add(fault, CREATE, "omnitron", after=1)
    ran = shop.run(*PULL, "--json")
    assert (ran.code, ran.json["counts"]) == (0, {"sent": 2, "waiting": 1})
    assert [row["code"] for row in ran.json["waiting"]] == ["outcome_unknown"]
    calls = shop.calls()[CREATE]

    shop.clock.advance(minutes=1)
    assert shop.run(*PULL).code == 0
    assert shop.calls()[CREATE] == calls, "it may still be under way"
    shop.clock.advance(minutes=3)
    assert shop.run(*PULL).code == 0

    assert problems(shop, wanted) == []


def test_a_request_that_turns_up_late_is_not_made_again(shop: Shop) -> None:
    """The look right after the silence comes too early to see it."""
    wanted = reported(shop)
    shop.sandbox.faults.add("server_error_after", CREATE, "omnitron")
    shop.sandbox.faults.add(
        "server_error_before", "cancellation_requests.list", "omnitron", after=1, times=9
    )
    assert shop.run(*PULL).code == 5
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=1)
    assert shop.run(*PULL).code == 0
    assert shop.calls()[CREATE] == 4
    assert problems(shop, wanted) == []


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE])
@pytest.mark.parametrize(
    "operation",
    ["batch_requests.create", "batch_requests.patch", "order_items.list"],
)
def test_whatever_else_fails_requests_are_made_and_linked_once(
    shop: Shop, fault: str, operation: str
) -> None:
    wanted = reported(shop)
    shop.sandbox.faults.add(fault, operation, "omnitron", times=2)
    for _ in range(4):
        assert pull(shop).code in (0, 5)
    assert shop.sandbox.faults.struck == {fault: 2}
    assert problems(shop, wanted) == []
    assert shop.calls()[CREATE] == 4


def test_replies_without_a_remote_id_are_told_apart_by_their_links(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bare(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in shown(row).items() if name != "remote_id"}

    monkeypatch.setattr("amzsync.sandbox.omnitron.cancellation_requests.shown", bare)
    _, order, _ = open_shop(shop)
    first = give_back(shop, order)
    pull_report(shop)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    shop.clock.advance(hours=1)
    second = give_back(shop, order)
    shop.sandbox.faults.add("cut_after", CREATE, "omnitron")

    ran = pull_report(shop)

    assert ran.code == 0
    there = {row["remote_id"] for row in requests(shop)}
    assert (there, len(requests(shop))) == ({first, second}, 2)
    assert problems(shop, {first: 1, second: 1}) == []


def test_a_unit_whose_request_the_brand_rejected_may_be_sent_back_under_another_rma(
    shop: Shop,
) -> None:
    order, *_ = open_shop(shop)
    first = give_back(shop, order)
    pull_report(shop)
    shop.sandbox.world.omnitron.reject_request(requests(shop)[0]["id"])
    pull_report(shop)
    assert by_rma(shop) == {first: 1}, "the same RMA is not asked for again"
    second = give_back(shop, order)
    pull_report(shop)
    assert by_rma(shop) == {first: 1, second: 1}


def test_a_request_that_cannot_be_linked_holds_no_other_up(shop: Shop) -> None:
    wanted = reported(shop)
    shop.sandbox.faults.add("server_error_before", "batch_requests.patch", "omnitron", times=9)
    assert pull(shop).code == 5
    shop.sandbox.faults.clear()
    gone = requests(shop)[0]
    del shop.sandbox.world.omnitron.channels[1].cancellation_requests.rows[gone["id"]]

    ran = pull(shop)

    assert ran.code == 0
    assert any("cannot be linked" in note for note in ran.json["notes"])
    wanted[gone["remote_id"]] -= 1
    pull(shop)
    assert problems(shop, {rma: count for rma, count in wanted.items() if count}) == []
