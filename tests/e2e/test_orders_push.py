"""`orders push`: shipments of changed orders, told to Amazon."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.sandbox.dispatch import Delivery
from tests.amazon_orders import Json, line, order, package, place
from tests.odd_replies import Call, OddReplies, json_reply
from tests.shop import Ran, Shop

ID = "403-0000001-1234567"
ON = {"send_update_orders": True}
CARRIERS = {"mng": "MNG Kargo", "yurtici": {"code": "Yurtici", "method": "Standard"}}
CONFIRM = "confirmShipment"


def imported(shop: Shop, lines: list[Json] | None = None, **settings: Any) -> None:
    """An unshipped order, in Omnitron already; shipments are told from there."""
    shop.sandbox.reset(skus=12)
    place(shop.sandbox, order(1, lines))
    configure(shop, **settings)
    assert shop.run("orders", "pull").code == 0


def configure(shop: Shop, **settings: Any) -> None:
    """The shop of these tests, with other settings on top."""
    known = {"send_shipping_info": True, "shipping_company_mapping": CARRIERS}
    shop.configure(ON, **{**known, **settings})


def ship(shop: Shop, units: dict[str, int] | None = None, number: str | None = "TR1") -> list[int]:
    """So many units of each line leave with MNG Kargo a minute from now; else all that are left."""
    shop.clock.advance(minutes=1)
    pks = shop.sandbox.world.omnitron.ship(
        ID, units, tracking_number=number, shipping_company="mng"
    )
    shop.clock.advance(minutes=4)
    return pks


def many(shop: Shop, count: int, slugs: dict[int, str]) -> list[str]:
    """Shipped orders, with MNG Kargo unless said otherwise; their ids."""
    shop.sandbox.reset(skus=12)
    configure(shop)
    place(shop.sandbox, *(order(n) for n in range(1, count + 1)))
    assert shop.run("orders", "pull").code == 0
    ids = [f"403-{n:07d}-1234567" for n in range(1, count + 1)]
    for n, order_id in enumerate(ids, start=1):
        shop.sandbox.world.omnitron.ship(
            order_id, tracking_number=f"TR{n}", shipping_company=slugs.get(n, "mng")
        )
    shop.clock.advance(minutes=5)
    return ids


def push(shop: Shop, code: int = 0) -> dict[str, int]:
    """One run; how often Amazon was called."""
    shop.forget_calls()
    ran = shop.run("orders", "push")
    assert ran.code == code, ran.err
    assert (ran.out, ran.err) == ("", "") or code
    logins = ("getAccessToken",)
    return {name: n for name, n in shop.calls("amazon").items() if name not in logins}


def packages(shop: Shop, order_id: str = ID) -> list[tuple[str, str, str, dict[str, int]]]:
    """(reference, carrier, tracking number, quantities) of every package Amazon has."""
    found = shop.sandbox.world.amazon.orders.get(order_id)
    assert found is not None
    return [
        (
            row["packageReferenceId"],
            row["carrier"],
            row["trackingNumber"],
            {item["orderItemId"]: item["quantity"] for item in row["packageItems"]},
        )
        for row in found.get("packages", [])
    ]


def at_amazon(shop: Shop, **wish: Any) -> None:
    """Something happens to the order at Amazon, and the inbox learns of it."""
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(ID, lambda each: change_order(each, wish))
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0


def outcomes(shop: Shop) -> list[tuple[str, str, str]]:
    """(status, code, reason) of what `orders push` recorded, oldest first."""
    rows = shop.rows("SELECT * FROM outcomes WHERE flow = 'orders.push' ORDER BY id")
    return [(row["status"], row["code"], row["reason"]) for row in rows]


def waiting(shop: Shop) -> list[tuple[str, str]]:
    """(key, code) of what waits in `orders push`."""
    rows = shop.rows("SELECT * FROM waiting WHERE flow = 'orders.push'")
    return [(row["key"], row["code"]) for row in rows]


def test_one_package_is_confirmed_with_the_shipped_quantities(shop: Shop) -> None:
    imported(shop, [line(quantity=2, item_id="1"), line("SKU-000002", item_id="2")])
    ship(shop)
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 2, "2": 1})]
    assert outcomes(shop) == [
        ("sent", "", "confirmed: package 1, 3 units, MNG Kargo TR1"),
    ]
    left = shop.sandbox.world.amazon.orders.get(ID)
    assert left is not None
    (shown,) = left["packages"]
    assert shown["shipTime"] == "2026-11-23T09:01:00.000Z"  # when Omnitron's units changed


def test_two_numbers_are_two_packages(shop: Shop) -> None:
    imported(shop, [line(quantity=1, item_id="1"), line("SKU-000002", item_id="2")])
    ship(shop, {"1": 1}, "TR1")
    ship(shop, {"2": 1}, "TR2")
    assert push(shop) == {CONFIRM: 2}
    assert packages(shop) == [
        ("1", "MNG Kargo", "TR1", {"1": 1}),
        ("2", "MNG Kargo", "TR2", {"2": 1}),
    ]


def test_units_of_one_line_travel_in_two_packages(shop: Shop) -> None:
    imported(shop, [line(quantity=3)])
    ship(shop, {"1": 2}, "TR1")
    ship(shop, {"1": 1}, "TR2")
    push(shop)
    assert [(row[0], row[3]) for row in packages(shop)] == [("1", {"1": 2}), ("2", {"1": 1})]


def test_a_part_goes_now_and_the_rest_when_it_leaves(shop: Shop) -> None:
    imported(shop, [line(quantity=3)])
    ship(shop, {"1": 1}, "TR1")
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]
    ship(shop, None, "TR2")
    assert push(shop) == {CONFIRM: 1}, "the first package is told once"
    assert packages(shop)[1] == ("2", "MNG Kargo", "TR2", {"1": 2})


def test_a_unit_that_joins_a_number_later_edits_its_package(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop, {"1": 1}, "TR1")
    push(shop)
    ship(shop, {"1": 1}, "TR1")
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 2})]


def test_a_corrected_number_and_carrier_edit_the_same_reference(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    pks = ship(shop)
    push(shop)
    shop.sandbox.world.omnitron.change_items(
        ID, pks, tracking_number="TR9", shipping_company="yurtici"
    )
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "Yurtici", "TR9", {"1": 2})]


def test_a_unit_taken_out_of_a_package_never_counts_twice(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    first, _ = ship(shop)
    push(shop)
    shop.sandbox.world.omnitron.change_items(ID, [first], tracking_number="TR2")
    assert push(shop) == {CONFIRM: 2}, "the smaller one first: Amazon refuses three units of two"
    assert {row[2]: row[3] for row in packages(shop)} == {"TR1": {"1": 1}, "TR2": {"1": 1}}


def test_a_package_without_number_waits_and_goes_when_it_has_one(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop, {"1": 1}, "TR1")
    (later,) = ship(shop, {"1": 1}, None)
    assert push(shop) == {CONFIRM: 1}
    assert waiting(shop) == [(ID, "tracking_number")]
    shop.clock.advance(minutes=5)
    assert push(shop) == {}
    assert waiting(shop) == [(ID, "tracking_number")], "tried every run, never penalised"
    assert shop.rows("SELECT * FROM penalties") == []
    assert "tracking number" in shop.run("why", ID).out

    shop.sandbox.world.omnitron.change_items(ID, [later], tracking_number="TR2")
    assert push(shop) == {CONFIRM: 1}
    assert waiting(shop) == []
    assert packages(shop)[1] == ("2", "MNG Kargo", "TR2", {"1": 1})


def test_an_unmapped_carrier_is_penalised_and_named_and_goes_once_it_is_mapped(shop: Shop) -> None:
    imported(shop, shipping_company_mapping={"yurtici": "Yurtiçi Kargo"})
    ship(shop)
    assert push(shop, code=1) == {}
    ((status, code, reason),) = outcomes(shop)
    assert (status, code) == ("failed", "carrier")
    assert "shipping company 'mng' is not in shipping_company_mapping" in reason
    (failure,) = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    assert failure["reason_type"] == "mapping"
    shop.clock.advance(minutes=5)
    assert push(shop) == {}, "left out while it waits"

    configure(shop)
    assert shop.run("penalties", "clear", "--order", ID, "--yes").code == 0
    assert push(shop) == {CONFIRM: 1}
    assert shop.rows("SELECT * FROM penalties") == []
    failures = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    assert [row for row in failures if row["is_active"]] == []


def test_a_penalty_that_is_over_is_tried_again_by_itself(shop: Shop) -> None:
    imported(shop, shipping_company_mapping={"yurtici": "Yurtiçi Kargo"})
    ship(shop)
    push(shop, code=1)
    configure(shop)
    shop.clock.advance(hours=9)
    assert push(shop) == {CONFIRM: 1}
    assert shop.rows("SELECT * FROM penalties") == []


def test_a_unit_that_names_no_carrier_travels_with_the_orders_company(shop: Shop) -> None:
    imported(shop, cargo_company_id=1)
    pks = [row["pk"] for row in shop.sandbox.world.omnitron.units(ID)]
    shop.sandbox.world.omnitron.change_items(ID, pks, status="500", tracking_number="TR1")
    shop.clock.advance(minutes=5)
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]


def test_with_send_shipping_info_off_nothing_is_confirmed(shop: Shop) -> None:
    imported(shop, send_shipping_info=False)
    ship(shop)
    assert push(shop) == {}
    assert outcomes(shop) == [("unchanged", "", "")]
    assert push(shop) == {}
    assert shop.calls("omnitron")["orders.updates"] == 1
    assert shop.sandbox.world.omnitron.channels[1].waiting("order", "updates") == []


def test_a_channel_fulfilled_by_amazon_confirms_nothing(shop: Shop) -> None:
    imported(shop)
    ship(shop)
    configure(shop, is_fba_channel=True)
    assert push(shop) == {}


@pytest.mark.parametrize("status", ["50", "544", "545", "600"])
def test_an_order_with_a_return_under_way_is_left_alone_and_said_once(
    shop: Shop, status: str
) -> None:
    imported(shop, [line(quantity=2)])
    first, _ = ship(shop)
    row = shop.sandbox.world.omnitron.channels[1].order_items.rows[first]
    row["status"] = status
    assert push(shop) == {}
    ((kind, code, reason),) = outcomes(shop)
    assert (kind, code) == ("skipped", "return")
    assert "a return or cancellation is under way" in reason
    shop.clock.advance(minutes=5)
    assert push(shop) == {}
    assert len(outcomes(shop)) == 1


def test_an_order_whose_cancellation_waits_is_left_alone(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    pks = ship(shop)
    shop.sandbox.world.omnitron.change_items(ID, pks[:1], cancel_status="waiting")
    assert push(shop) == {}
    assert [row[:2] for row in outcomes(shop)] == [("skipped", "return")]


def test_a_return_request_being_made_keeps_the_order_alone(shop: Shop) -> None:
    imported(shop)
    (pk,) = ship(shop)
    with closing(sqlite3.connect(shop.state)) as state:
        state.execute(
            "INSERT INTO return_requests (channel, order_id, rma_id, sku, unit, order_item_pk,"
            " state) SELECT channel, order_id, 'R1', 'SKU-000001', 1, ?, 'asked' FROM inbox",
            [pk],
        )
        state.commit()
    assert push(shop) == {}
    assert [row[:2] for row in outcomes(shop)] == [("skipped", "return")]


def test_a_cancelled_unit_is_left_out_of_its_package(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    first, second = shop.sandbox.world.omnitron.units(ID)
    shop.sandbox.world.omnitron.channels[1].order_items.rows[second["pk"]]["status"] = "100"
    assert ship(shop) == [first["pk"]]
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]


def test_more_units_than_stand_at_amazon_are_never_confirmed(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    at_amazon(shop, cancel_items={"1": 1})
    ship(shop)
    assert push(shop) == {}
    assert packages(shop) == []
    (waiting,) = shop.rows("SELECT code, reason FROM waiting WHERE flow = 'orders.push'")
    assert waiting["code"] == "cancelled"
    assert "2 units have left, 1 of them stand at Amazon" in waiting["reason"]

    # What stands goes as soon as Omnitron has heard of the cancellation too.
    shop.sandbox.world.omnitron.set_order_is_send(ID)
    assert shop.run("cancellations", "pull", "--force").code == 0
    shop.sandbox.world.omnitron.complete_cancellations(ID)
    push(shop)
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]
    assert shop.rows("SELECT code FROM waiting") == []


def test_a_package_confirmed_by_hand_is_recognised(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    at_amazon(shop, packages=[package("7", "TR1", {"1": 2}, carrier="MNG Kargo")])
    ship(shop)
    assert push(shop) == {}
    assert outcomes(shop) == [
        ("sent", "", "found at Amazon: package 7, 2 units, MNG Kargo TR1"),
    ]
    # from now on it is ours: what is corrected in Omnitron is corrected there
    pks = [row["pk"] for row in shop.sandbox.world.omnitron.units(ID)]
    shop.sandbox.world.omnitron.change_items(ID, pks, tracking_number="TR5")
    push(shop)
    assert packages(shop) == [("7", "MNG Kargo", "TR5", {"1": 2})]


def test_our_references_go_on_after_those_amazon_has(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    at_amazon(shop, packages=[package("7", "HAND", {"1": 1})])
    ship(shop, {"1": 1}, "TR1")
    push(shop)
    assert [(row[0], row[2]) for row in packages(shop)] == [("7", "HAND"), ("8", "TR1")]


def test_without_the_state_file_amazon_is_asked_what_is_confirmed(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop, {"1": 1}, "TR1")
    push(shop)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    ship(shop, {"1": 1}, "TR2")
    assert push(shop) == {"getOrder": 1, CONFIRM: 1}
    assert [(row[0], row[2]) for row in packages(shop)] == [("1", "TR1"), ("2", "TR2")]
    shop.clock.advance(minutes=5)
    assert push(shop) == {}


@pytest.mark.parametrize("kind", ["cut_after", "server_error_after", "cut_before"])
def test_a_confirmation_nobody_answered_is_told_again_under_the_same_reference(
    shop: Shop, kind: str
) -> None:
    imported(shop, [line(quantity=2)])
    configure(shop, http={"attempts": 1})
    ship(shop)
    shop.sandbox.faults.add(kind, CONFIRM)
    assert push(shop, code=5) == {CONFIRM: 1}
    assert shop.rows("SELECT * FROM penalties") == []
    shop.clock.advance(minutes=5)
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 2})]


def test_a_throttled_confirmation_is_nobodys_fault_and_goes_later(shop: Shop) -> None:
    imported(shop)
    configure(shop, http={"attempts": 1})
    ship(shop)
    shop.sandbox.faults.add("throttle", CONFIRM)
    push(shop)
    assert (packages(shop), shop.rows("SELECT * FROM penalties")) == ([], [])
    shop.clock.advance(minutes=5)
    push(shop)
    assert len(packages(shop)) == 1


def test_what_amazon_refuses_is_told_in_its_words(shop: Shop) -> None:
    imported(shop, [line(quantity=1)])
    with shop.sandbox.lock:  # and the inbox does not know of it
        by_hand = package("5", "OTHER", {"1": 1})
        shop.sandbox.world.amazon.orders.change(
            ID, lambda each: change_order(each, {"packages": [by_hand]})
        )
    ship(shop)
    assert push(shop, code=1) == {CONFIRM: 1}
    ((status, _, reason),) = outcomes(shop)
    assert status == "failed"
    assert reason.startswith("Amazon refuses package 1, 1 unit, MNG Kargo TR1: ")
    assert "More units of item 1 than were ordered" in reason


def test_one_bad_order_holds_no_other_up(shop: Shop) -> None:
    ids = many(shop, 5, {2: "aras"})
    push(shop, code=1)
    assert [len(packages(shop, each)) for each in ids] == [1, 0, 1, 1, 1]


def test_a_page_of_penalised_orders_is_paged_past(shop: Shop) -> None:
    ids = many(shop, 104, dict.fromkeys(range(1, 103), "aras"))
    push(shop, code=1)
    assert [len(packages(shop, each)) for each in ids] == [0] * 102 + [1] * 2

    channel = shop.sandbox.world.omnitron.channels[1]
    channel.penalties.clear()  # and Omnitron forgets its own: they are on its list again
    shop.sandbox.world.omnitron.set_order_is_send(ids[-1])
    shop.sandbox.world.omnitron.change_order_items(ids[-1], tracking_number="TR-NEW")
    shop.clock.advance(minutes=5)
    assert push(shop) == {CONFIRM: 1}
    assert packages(shop, ids[-1])[0][2] == "TR-NEW"
    assert shop.calls("omnitron")["order_items.list"] == 1, "a held order is not looked into"


def test_an_order_nobody_can_read_holds_no_other_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop)
    ship(shop)

    def with_a_broken_one(call: Call) -> Delivery:
        page = json.loads(call.sandbox().body)
        broken = {"pk": 4711, "status": "500", "modified_date": "2026-11-23T09:00:00Z"}
        return json_reply({**page, "results": [broken, *page["results"]]})

    OddReplies(shop.sandbox, monkeypatch).on("GET", "/orders/updates/", with_a_broken_one)
    assert push(shop, code=1) == {CONFIRM: 1}
    assert [(row["key"], row["code"]) for row in shop.rows("SELECT * FROM penalties")] == [
        ("order 4711", "malformed")
    ]


def test_a_change_while_the_order_is_worked_on_goes_with_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop, {"1": 1}, "TR1")

    def meanwhile(call: Call) -> Delivery:
        shop.sandbox.world.omnitron.ship(
            ID, {"1": 1}, tracking_number="TR2", shipping_company="mng"
        )
        return call.sandbox()

    odd = OddReplies(shop.sandbox, monkeypatch)
    odd.on("POST", "/shipmentConfirmation", meanwhile, times=1)
    assert push(shop) == {CONFIRM: 1}
    shop.clock.advance(minutes=5)
    assert push(shop) == {CONFIRM: 1}
    assert [row[2] for row in packages(shop)] == ["TR1", "TR2"]


def test_an_order_of_no_amazon_id_is_said_and_done_with(shop: Shop) -> None:
    imported(shop)
    (row,) = shop.sandbox.world.omnitron.channels[1].orders
    row["extra_field"] = {}
    ship(shop)
    assert push(shop) == {}
    assert [each[:2] for each in outcomes(shop)] == [("skipped", "no_amazon_id")]
    assert shop.sandbox.world.omnitron.channels[1].waiting("order", "updates") == []


def test_an_idle_run_costs_three_calls_at_most_and_none_to_amazon(shop: Shop) -> None:
    imported(shop)
    ship(shop)
    push(shop)
    shop.clock.advance(hours=1)
    assert push(shop) == {}
    assert shop.calls("omnitron").total() <= 3


def test_a_hundred_orders_go_in_one_batch_request(shop: Shop) -> None:
    ids = many(shop, 100, {})
    assert push(shop) == {CONFIRM: 100}
    assert shop.calls("omnitron")["batch_requests.create"] == 1
    assert [len(packages(shop, each)) for each in ids] == [1] * 100
    assert shop.sandbox.world.omnitron.channels[1].waiting("order", "updates") == []


def test_omnitron_is_told_the_version_that_was_read(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop, {"1": 1}, "TR1")
    push(shop)
    (action,) = [
        row
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["content_type"]["model"] == "order"
    ]
    (there,) = shop.sandbox.world.omnitron.snapshot("orders")
    assert action["version_date"] == there["modified_date"], "as read, to the microsecond"


def test_only_pushes_the_order_asked_for(shop: Shop) -> None:
    imported(shop)
    ship(shop)
    ran = shop.run("orders", "push", "--only", ID, "--json")
    assert (ran.code, ran.json["counts"]) == (0, {"sent": 1})
    missing = shop.run("orders", "push", "--only", "403-9999999-1234567", "--json")
    assert missing.json["counts"] == {"skipped": 1}


def test_a_dry_run_says_what_it_would_confirm_and_changes_nothing(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    ship(shop)
    before = {name: shop.dump()[name] for name in ("packages", "waiting", "penalties")}
    ran: Ran = shop.run("orders", "push", "--dry-run")
    assert ran.code == 0
    assert f"{ID}: confirm package 1, 2 units, MNG Kargo TR1" in ran.out
    assert packages(shop) == []
    assert {name: shop.dump()[name] for name in before} == before
