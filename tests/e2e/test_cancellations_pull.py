"""`cancellations pull`: what was cancelled on Amazon is cancelled in Omnitron, exactly once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from amzsync.omnitron import orders
from amzsync.omnitron.operations import LIST_CANCELLATION_PLANS
from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import Json, line, order, package, place
from tests.e2e.test_dry_run import dry
from tests.shop import Shop

ID = "403-0000001-1234567"
OTHER = "403-0000002-1234567"
WAITING = {"waiting": 1}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The channel with cancellations on."""
    shop.sandbox.reset(skus=12)
    configure(shop)
    return shop


def configure(shop: Shop, **settings: Any) -> None:
    """The channel's settings, and these on top."""
    shop.configure({"get_cancel_orders": True}, **{"cancellation_reason_id": 10, **settings})


def imported(shop: Shop, *lines: Json, in_erp: bool = True) -> None:
    """An unshipped order, in Omnitron and, unless said otherwise, in the ERP already."""
    place(shop.sandbox, order(1, lines))
    assert shop.run("orders", "pull").code == 0
    if in_erp:
        shop.sandbox.world.omnitron.set_order_is_send(ID)


def amazon(shop: Shop, order_id: str = ID, **wish: Any) -> None:
    """Something happens to the order on Amazon; the next search finds it."""
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(order_id, lambda each: change_order(each, wish))
    shop.clock.advance(minutes=5)


def pull(shop: Shop, code: int = 0) -> dict[str, int]:
    """One run as cron has it; what it counted."""
    shop.forget_calls()
    ran = shop.run("cancellations", "pull", "--json")
    assert (ran.code, ran.err) == (code, ""), ran
    counts: dict[str, int] = ran.json["counts"]
    return counts


def later(shop: Shop, code: int = 0) -> dict[str, int]:
    """The run five minutes on."""
    shop.clock.advance(minutes=5)
    return pull(shop, code)


def statuses(shop: Shop, number: str = ID) -> dict[str, str]:
    """The status of every unit by line, units in the order they were made: {"1": "400 50"}."""
    lines: dict[str, list[str]] = {}
    for unit in shop.sandbox.world.omnitron.units(number):
        lines.setdefault(unit["remote_id"], []).append(unit["status"])
    return {line_id: " ".join(units) for line_id, units in lines.items()}


def plans(shop: Shop) -> int:
    """How many cancellation plans there are."""
    return len(shop.sandbox.world.omnitron.snapshot("cancellation_plans"))


def reason(shop: Shop) -> str:
    """What the journal says of the order last."""
    rows = shop.rows(
        "SELECT reason FROM outcomes WHERE key = ? AND flow = 'cancellations.pull'"
        " ORDER BY id DESC LIMIT 1",
        ID,
    )
    return str(rows[0]["reason"])


def asked(shop: Shop) -> int:
    """How often Omnitron was asked to cancel since the last `forget_calls`."""
    return shop.calls("omnitron")["orders.cancel"]


@pytest.mark.parametrize("who", ["BUYER", "MERCHANT", "AMAZON"])
def test_a_whole_order_is_cancelled_with_one_call_and_its_reason(shop: Shop, who: str) -> None:
    imported(shop, line(quantity=2, item_id="1"), line("SKU-000002", item_id="2"))
    amazon(shop, cancelled_by=who, cancel_reason="NO_INVENTORY")

    assert pull(shop) == {"sent": 1}

    assert statuses(shop) == {"1": "50 50", "2": "50"}
    assert reason(shop) == f"3 units cancelled by {who} (NO_INVENTORY)"
    (call,) = [row for row in shop.sandbox.exchanges if row.operation == "orders.cancel"]
    body = json.loads(call.request_body)
    assert set(body["reasons"].values()) == {10}
    assert sorted(body["cancel_items"]) == sorted(map(int, body["reasons"]))
    assert plans(shop) == 1
    assert shop.calls("omnitron").total() <= 4
    assert later(shop) == {}
    assert set(shop.calls("omnitron")) <= {"channels.get"}


@pytest.mark.parametrize("keep_quantity", [False, True])
def test_a_single_line_and_some_units_of_a_line(shop: Shop, keep_quantity: bool) -> None:
    imported(shop, line(quantity=3, item_id="1"), line("SKU-000002", item_id="2"))
    wish: Json = {"cancelled_by": "MERCHANT", "keep_quantity": keep_quantity}

    amazon(shop, cancel_items={"2": 1}, **wish)
    assert pull(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "400 400 400", "2": "50"}
    shop.sandbox.world.omnitron.complete_cancellations(ID)

    amazon(shop, cancel_items={"1": 2}, **wish)
    assert pull(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "400 50 50", "2": "100"}
    assert plans(shop) == 2


def test_partial_cancellations_one_after_another_wait_for_the_brands_word(shop: Shop) -> None:
    imported(shop, line(quantity=4))
    omnitron = shop.sandbox.world.omnitron
    amazon(shop, cancel_items={"1": 1})
    assert pull(shop) == {"sent": 1}

    amazon(shop, cancel_items={"1": 1})
    assert pull(shop) == WAITING
    assert asked(shop) == 0
    (row,) = shop.rows("SELECT flow, code, reason FROM waiting")
    assert (row["flow"], row["code"]) == ("cancellations.pull", "open_plan")
    amazon(shop, cancel_items={"1": 1})
    assert pull(shop) == WAITING
    omnitron.complete_cancellations(ID)
    assert later(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "400 50 50 100"}

    omnitron.complete_cancellations(ID)
    amazon(shop, cancel_items={"1": 1})
    assert pull(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "50 100 100 100"}
    assert plans(shop) == 3
    assert shop.rows("SELECT * FROM waiting") == shop.rows("SELECT * FROM penalties") == []


def test_units_that_are_not_shipped_go_first(shop: Shop) -> None:
    imported(shop, line(quantity=3))
    omnitron = shop.sandbox.world.omnitron
    last = max(unit["pk"] for unit in omnitron.units(ID))
    omnitron.change_items(ID, [last], status="500")
    amazon(shop, cancel_items={"1": 1})

    assert pull(shop) == {"sent": 1}

    assert statuses(shop) == {"1": "400 50 500"}


def test_an_order_cancelled_before_it_was_ever_imported_creates_nothing_and_that_is_said(
    shop: Shop,
) -> None:
    place(shop.sandbox, order(1))
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == {"skipped": 1}
    assert set(shop.calls("omnitron")) <= {
        *("auth.login", "channels.get", "content_types.list", "integration_actions.list")
    }
    said = "cancelled before it was imported: nothing was created"
    assert reason(shop) == said
    assert said in shop.run("why", ID).out
    assert shop.run("orders", "pull").code == 0
    assert later(shop) == {}
    assert shop.sandbox.world.omnitron.snapshot("orders") == []


def test_an_order_cancelled_between_its_intake_and_its_creation_creates_nothing(
    shop: Shop,
) -> None:
    place(shop.sandbox, order(1))
    shop.sandbox.faults.add("server_error_before", "integration_actions.list", "omnitron", times=9)
    assert shop.run("orders", "pull").code == 5
    assert shop.rows("SELECT state FROM inbox") == [{"state": "new"}]
    shop.sandbox.faults.clear()
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == {"skipped": 1}
    assert shop.run("orders", "pull").code == 0
    assert shop.sandbox.world.omnitron.snapshot("orders") == []


def test_an_order_cancelled_while_its_creation_is_unanswered_is_found_and_cancelled(
    shop: Shop,
) -> None:
    place(shop.sandbox, order(1))
    shop.sandbox.faults.add("cut_after", "create_orders.create", "omnitron")
    shop.sandbox.faults.add("cut_after", "orders.list", "omnitron", times=9, after=1)
    assert shop.run("orders", "pull").code == 5
    shop.sandbox.faults.clear()
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == {}  # its import is still under way
    assert shop.run("orders", "pull").code == 0
    shop.sandbox.world.omnitron.set_order_is_send(ID)
    assert later(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "50"}


def test_what_the_erp_does_not_know_waits_for_days_is_tried_every_run_and_never_stopped(
    shop: Shop,
) -> None:
    limits = {"RETRY_INTERVAL": 60, "EXPIRATION_DATE": 3600, "MAX_RETRY_COUNT": 1}
    configure(shop, failed_integration={"order": limits})
    imported(shop, in_erp=False)
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == WAITING
    for _ in range(12):
        shop.clock.advance(hours=6)
        assert pull(shop) == WAITING
        assert asked(shop) == 1
        assert shop.calls("omnitron")["cancellation_plans.list"] == 0  # there can be none
    (held,) = shop.run("cancellations", "pull", "--json").json["waiting"]
    assert (held["key"], held["code"]) == (ID, "not_in_erp")
    assert held["reason"].startswith("Unreported order of ERP can not be canceled")
    assert "(not_in_erp): Unreported order of ERP can not be canceled" in shop.run("why", ID).out
    assert '"not_in_erp": 1' in shop.run("status", "--json").out
    assert shop.rows("SELECT * FROM penalties") == []

    shop.sandbox.world.omnitron.set_order_is_send(ID)

    assert later(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "50"}
    assert shop.rows("SELECT * FROM waiting") == []


def test_an_order_that_waits_blocks_no_other(shop: Shop) -> None:
    imported(shop, in_erp=False)
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    shop.sandbox.world.omnitron.set_order_is_send(OTHER)
    amazon(shop, ID, cancelled_by="BUYER")
    amazon(shop, OTHER, cancelled_by="BUYER")
    assert pull(shop) == {"waiting": 1, "sent": 1}
    assert (statuses(shop), statuses(shop, OTHER)) == ({"1": "400"}, {"1": "50"})


def test_a_buyers_request_is_visible_until_the_order_is_shipped(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancellation_requested="Ordered by mistake")
    ran = shop.run("cancellations", "pull", "--json")
    (held,) = ran.json["waiting"]
    assert (held["key"], held["code"]) == (ID, "cancellation_requested")
    text = "the buyer asks to cancel it (Ordered by mistake): cancel it on Amazon, or ship it"
    assert held["reason"] == text
    assert f"(cancellation_requested): {text}" in shop.run("why", ID).out
    assert '"cancellation_requested": 1' in shop.run("status", "--json").out
    assert later(shop) == WAITING
    assert set(shop.calls("omnitron")) <= {"channels.get"}
    assert statuses(shop) == {"1": "400"}

    amazon(shop, packages=[package("1", "TR1", {"1": 1})])
    assert pull(shop) == {"unchanged": 1}
    assert reason(shop) == "waits no longer: SHIPPED on Amazon"
    assert shop.rows("SELECT * FROM waiting") == []
    assert later(shop) == {}


def test_a_buyers_request_that_is_withdrawn_waits_no_longer(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancellation_requested="Ordered by mistake")
    assert pull(shop) == WAITING
    amazon(shop, set={"orderItems": [line()]})
    assert pull(shop) == {"unchanged": 1}
    assert shop.rows("SELECT * FROM waiting") == []


def test_a_request_that_is_granted_ends_in_one_cancellation(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancellation_requested="Ordered by mistake")
    assert pull(shop) == WAITING
    amazon(shop, cancelled_by="MERCHANT", cancel_reason="BUYER_CANCELLED")
    assert pull(shop) == {"sent": 1}
    assert shop.rows("SELECT * FROM waiting") == []


def test_a_request_is_logged_once(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancellation_requested="Ordered by mistake")
    line_ = f"order {ID}: the buyer asks to cancel it"
    assert shop.run("cancellations", "pull", "-v").err.count(line_) == 1
    shop.clock.advance(minutes=5)
    assert line_ not in shop.run("cancellations", "pull", "-v").err


def one_by_one(shop: Shop, units: int) -> None:
    """So many units cancelled, each by a plan of its own that the brand completes."""
    for _ in range(units):
        amazon(shop, cancel_items={"1": 1})
        assert pull(shop) == {"sent": 1}
        shop.sandbox.world.omnitron.complete_cancellations(ID)


@pytest.mark.parametrize("listed", [True, False], ids=["plans listed", "no list of plans"])
def test_a_seventh_plan_is_not_made_and_the_way_out_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    if not listed:
        without_plans(monkeypatch)
    imported(shop, line(quantity=9, item="900.00"), in_erp=False)
    amazon(shop, cancel_items={"1": 1})
    for _ in range(7):  # refusals make no plan and do not count
        assert later(shop) == WAITING
    shop.sandbox.world.omnitron.set_order_is_send(ID)
    assert later(shop) == {"sent": 1}
    shop.sandbox.world.omnitron.complete_cancellations(ID)
    one_by_one(shop, 5)
    assert plans(shop) == 6

    amazon(shop, cancel_items={"1": 2})
    shop.forget_calls()
    ran = shop.run("cancellations", "pull")

    assert ran.code == 1
    assert "may have no more: cancel 2 more units there by hand" in ran.err
    (row,) = shop.rows("SELECT code FROM penalties")
    assert (row["code"], asked(shop), plans(shop)) == ("cancellation_plans", 0, 6)
    (told,) = shop.sandbox.world.omnitron.snapshot("error_reports")
    assert "cancellation plans" in told["error_desc"]
    omnitron = shop.sandbox.world.omnitron
    free = [unit["pk"] for unit in omnitron.units(ID) if unit["status"] == "400"]
    omnitron.change_items(ID, free[:2], status="100")
    shop.run("penalties", "clear", "--order", ID)
    assert later(shop) == {"unchanged": 1}


def without_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has no list of cancellation plans (A-24)."""
    gone = replace(LIST_CANCELLATION_PLANS, path="/api/v1/channel/{channel}/nothing/")
    monkeypatch.setattr(orders, "LIST_CANCELLATION_PLANS", gone)


@pytest.mark.parametrize("kind", ["server_error_after", "cut_after", "truncated"])
@pytest.mark.parametrize("minutes", [1, 5])
def test_a_call_that_was_not_answered_is_looked_for_and_never_doubled(
    shop: Shop, kind: str, minutes: int
) -> None:
    imported(shop, line(quantity=2))
    amazon(shop, cancelled_by="BUYER")
    shop.sandbox.faults.add(kind, "orders.cancel", "omnitron")
    assert pull(shop) == {"sent": 1}
    assert asked(shop) == plans(shop) == 1
    shop.clock.advance(minutes=minutes)
    assert pull(shop) == {}
    assert shop.rows("SELECT cancel_calls FROM inbox") == [{"cancel_calls": 1}]


@pytest.mark.parametrize("kind", ["server_error_before", "cut_before"])
def test_a_call_of_unknown_outcome_without_effect_is_made_anew_after_three_minutes(
    shop: Shop, kind: str
) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    shop.sandbox.faults.add(kind, "orders.cancel", "omnitron")
    assert pull(shop) == WAITING
    assert shop.rows("SELECT code FROM waiting") == [{"code": "outcome_unknown"}]
    shop.clock.advance(minutes=2)
    assert pull(shop) == WAITING
    assert asked(shop) == 0
    shop.clock.advance(minutes=2)
    assert pull(shop) == {"sent": 1}
    assert (asked(shop), plans(shop)) == (1, 1)
    assert shop.rows("SELECT name FROM cursors WHERE name LIKE 'cancel%'") == []


def test_a_call_whose_effect_could_not_be_looked_at_is_recognised_by_the_next_run(
    shop: Shop,
) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    shop.sandbox.faults.add("cut_after", "orders.cancel", "omnitron")
    shop.sandbox.faults.add("server_error_before", "order_items.list", "omnitron", times=9, after=1)
    shop.forget_calls()
    assert shop.run("cancellations", "pull").code == 5
    shop.sandbox.faults.clear()
    assert pull(shop) == {"unchanged": 1}
    assert plans(shop) == 1
    assert shop.rows("SELECT cancel_calls FROM inbox") == [{"cancel_calls": 1}]
    assert shop.rows("SELECT name FROM cursors WHERE name LIKE 'cancel%'") == []
    assert later(shop) == {}


def test_another_refusal_is_penalised_with_omnitrons_sentence_and_blocks_no_other(
    shop: Shop,
) -> None:
    imported(shop)
    configure(shop, cancellation_reason_id=77)
    amazon(shop, cancelled_by="BUYER")
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    amazon(shop, OTHER, cancelled_by="BUYER")
    ran = shop.run("cancellations", "pull", "--json")
    assert (ran.code, ran.json["counts"]) == (1, {"failed": 1, "skipped": 1})
    (failure,) = ran.json["failures"]
    assert failure["reason"].startswith("Omnitron refuses the cancellation: ")
    assert "77" in failure["reason"]
    assert len(shop.sandbox.world.omnitron.snapshot("error_reports")) == 1
    assert later(shop) == {"held": 1}
    assert set(shop.calls("omnitron")) <= {"channels.get"}
    configure(shop)
    shop.clock.advance(hours=9)
    assert pull(shop) == {"sent": 1}
    assert shop.rows("SELECT * FROM penalties") == []


@pytest.mark.parametrize("side", ["amazon", "omnitron"])
def test_a_far_side_that_is_down_penalises_nobody_and_loses_nothing(shop: Shop, side: str) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    shop.sandbox.faults.add("server_error_before", "*", side, times=99)
    ran = shop.run("cancellations", "pull")
    assert (ran.code, ran.out) == (5, "")
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    assert later(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "50"}


def test_with_amazon_down_what_is_in_the_inbox_is_cancelled_all_the_same(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    assert shop.run("orders", "pull").code == 0
    shop.clock.advance(minutes=5)
    shop.sandbox.faults.add("server_error_before", "*", times=99)
    assert shop.run("cancellations", "pull").code == 5
    assert statuses(shop) == {"1": "50"}


def test_an_order_omnitron_gives_no_answer_about_blocks_no_other(shop: Shop) -> None:
    imported(shop)
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    for number in (ID, OTHER):
        shop.sandbox.world.omnitron.set_order_is_send(number)
        amazon(shop, number, cancelled_by="BUYER")
    configure(shop, http={"in_flight": 1})
    shop.sandbox.faults.add("server_error_before", "order_items.list", "omnitron", times=4)
    assert shop.run("cancellations", "pull").code == 5
    assert sorted([statuses(shop)["1"], statuses(shop, OTHER)["1"]]) == ["400", "50"]
    assert later(shop) == {"sent": 1}
    assert [statuses(shop)["1"], statuses(shop, OTHER)["1"]] == ["50", "50"]


def test_a_line_that_vanished_is_cancelled_and_an_order_without_lines_is_not(shop: Shop) -> None:
    imported(shop, line(quantity=2, item_id="1"), line("SKU-000002", item_id="2"))
    amazon(shop, set={"orderItems": [line(quantity=2, item_id="1")]})
    assert pull(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "400 400", "2": "50"}
    shop.sandbox.world.omnitron.complete_cancellations(ID)
    amazon(shop, set={"orderItems": []})
    assert pull(shop) == WAITING
    assert shop.rows("SELECT code FROM waiting") == [{"code": "unreadable"}]
    assert statuses(shop) == {"1": "400 400", "2": "100"}
    amazon(shop, set={"orderItems": [line(quantity=2, item_id="1")]})
    assert pull(shop) == {"unchanged": 1}
    assert shop.rows("SELECT * FROM waiting") == []


def test_an_order_whose_last_version_could_not_be_read_is_not_cancelled(shop: Shop) -> None:
    imported(shop)
    with closing(sqlite3.connect(shop.state)) as state, state:
        state.execute("UPDATE inbox SET lines = '', status = ''")  # as the intake stores it
    assert pull(shop) == WAITING
    assert shop.rows("SELECT code FROM waiting") == [{"code": "unreadable"}]
    assert asked(shop) == 0


def test_an_old_page_seen_again_changes_nothing(shop: Shop) -> None:
    imported(shop, line(quantity=2))
    before = shop.clock.now()
    shop.clock.advance(minutes=1)
    amazon(shop, cancel_items={"1": 1})
    assert pull(shop) == {"sent": 1}
    shop.sandbox.world.omnitron.complete_cancellations(ID)
    known = shop.rows("SELECT lines, lines_told, digest FROM inbox")

    shop.sandbox.faults.add("repeated_page", "searchOrders")
    assert later(shop) == {}
    assert searched(shop) == [ID]
    old = order(1, [line(quantity=2)], lastUpdatedTime=before.isoformat())
    place(shop.sandbox, old)
    assert later(shop) == {}
    assert searched(shop) == [ID]

    assert shop.rows("SELECT lines, lines_told, digest FROM inbox") == known
    assert statuses(shop) == {"1": "400 100"}
    assert asked(shop) == 0


def searched(shop: Shop) -> list[str]:
    """The orders the last search brought."""
    *_, last = [row for row in shop.sandbox.exchanges if row.operation == "searchOrders"]
    return [each["orderId"] for each in json.loads(last.response_body)["orders"]]


def test_what_was_cancelled_in_omnitron_by_hand_costs_no_plan(shop: Shop) -> None:
    imported(shop, line(quantity=2))
    omnitron = shop.sandbox.world.omnitron
    omnitron.change_order_items(ID, status="100")
    amazon(shop, cancelled_by="MERCHANT")
    assert pull(shop) == {"unchanged": 1}
    assert (asked(shop), plans(shop)) == (0, 0)
    assert later(shop) == {}


def test_what_was_cancelled_before_the_import_is_not_cancelled_again(shop: Shop) -> None:
    place(shop.sandbox, order(1, [line(quantity=3)]))
    amazon(shop, cancel_items={"1": 1}, keep_quantity=True)
    assert shop.run("orders", "pull").code == 0
    shop.sandbox.world.omnitron.set_order_is_send(ID)
    assert later(shop) == {}
    assert statuses(shop) == {"1": "400 400"}


def test_a_unit_whose_return_is_under_way_waits_and_the_others_go(shop: Shop) -> None:
    imported(shop, line(quantity=2))
    omnitron = shop.sandbox.world.omnitron
    last = max(unit["pk"] for unit in omnitron.units(ID))
    omnitron.change_items(ID, [last], cancel_status="waiting")
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "50 400"}
    omnitron.complete_cancellations(ID)
    assert later(shop) == WAITING
    assert shop.rows("SELECT code FROM waiting") == [{"code": "open_plan"}]
    omnitron.change_items(ID, [last], cancel_status=None)
    assert later(shop) == {"sent": 1}
    assert statuses(shop) == {"1": "100 50"}


def test_a_cancellation_the_brand_rejects_is_not_asked_for_again(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    assert pull(shop) == {"sent": 1}
    shop.sandbox.world.omnitron.reject_cancellations(ID)
    assert later(shop) == {}
    assert statuses(shop) == {"1": "400"}


def test_an_order_somebody_deleted_in_omnitron_is_penalised(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    shop.run("orders", "pull")
    with shop.sandbox.lock:
        shop.sandbox.world.omnitron.channels[1].orders.rows.clear()
    assert shop.run("cancellations", "pull").code == 1
    assert shop.rows("SELECT code FROM penalties") == [{"code": "order_gone"}]


def test_orders_and_cancellations_share_one_search(shop: Shop) -> None:
    imported(shop)
    amazon(shop, cancelled_by="BUYER")
    shop.forget_calls()
    assert shop.run("orders", "pull").code == 0
    assert shop.run("cancellations", "pull").code == 0
    assert shop.calls("amazon")["searchOrders"] == 1
    assert statuses(shop) == {"1": "50"}
    shop.clock.advance(minutes=5)
    assert shop.run("cancellations", "pull").code == 0
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("amazon")["searchOrders"] == 2


def test_each_channel_cancels_its_own_orders(shop: Shop) -> None:
    fba = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    configure(fba)
    imported(shop)
    place(shop.sandbox, order(2, [line("SKU-000002")], fulfilled_by="AMAZON"))
    shop.clock.advance(minutes=5)
    assert fba.run("orders", "pull").code == 0
    shop.sandbox.world.omnitron.set_order_is_send(OTHER, channel=2)
    amazon(shop, ID, cancelled_by="BUYER")
    amazon(shop, OTHER, cancelled_by="AMAZON")
    assert pull(shop) == {"sent": 1}
    assert pull(fba) == {"sent": 1}
    units = shop.sandbox.world.omnitron.units(OTHER, channel=2)
    assert [unit["status"] for unit in units] == ["50"]


def test_a_dry_run_tells_what_would_be_cancelled_and_changes_nothing(shop: Shop) -> None:
    imported(shop, line(quantity=3))
    amazon(shop, cancel_items={"1": 2})
    ran = shop.run("cancellations", "pull", "--dry-run", "--json")
    assert ran.json["planned"] == []
    assert any("takes no orders in" in note for note in ran.json["notes"])
    shop.run("orders", "pull")
    ran = dry(shop, "cancellations", "pull")
    assert ran.out == f"{ID}: cancel 2 of 3 units (reason 10)\n"
    assert pull(shop) == {"sent": 1}


def test_only_the_named_order_is_cancelled(shop: Shop) -> None:
    imported(shop)
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    for number in (ID, OTHER):
        shop.sandbox.world.omnitron.set_order_is_send(number)
        amazon(shop, number, cancelled_by="BUYER")
    shop.forget_calls()
    assert shop.run("cancellations", "pull", "--only", OTHER).code == 0
    assert shop.calls("omnitron")["order_items.list"] == 1
    assert (statuses(shop), statuses(shop, OTHER)) == ({"1": "400"}, {"1": "50"})


def test_many_cancellations_at_once_are_one_plan_each(shop: Shop) -> None:
    numbers = [order(number)["orderId"] for number in range(1, 121)]
    place(shop.sandbox, *(order(number) for number in range(1, 121)))
    assert shop.run("orders", "pull").code == 0
    for number in numbers:
        shop.sandbox.world.omnitron.set_order_is_send(number)
        with shop.sandbox.lock:
            shop.sandbox.world.amazon.orders.change(
                number, lambda each: change_order(each, {"cancelled_by": "BUYER"})
            )
    shop.clock.advance(minutes=5)
    assert pull(shop) == {"sent": 120}
    rows = shop.sandbox.world.omnitron.snapshot("cancellation_plans")
    assert Counter(row["order"]["number"] for row in rows) == Counter(numbers)
    assert later(shop) == {}


def test_an_order_a_lost_state_file_had_imported_is_cancelled_all_the_same(shop: Shop) -> None:
    imported(shop, line(quantity=2))
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    amazon(shop, cancelled_by="BUYER")

    assert pull(shop) == {"sent": 1}

    assert statuses(shop) == {"1": "50 50"}
    assert later(shop) == {}
