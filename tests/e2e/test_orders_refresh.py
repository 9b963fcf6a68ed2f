"""`orders refresh`: what Amazon has delivered becomes delivered in Omnitron."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from amzsync.amazon.orders import OrdersPage
from amzsync.errors import DeadlineError
from amzsync.flows import delivery_sweep
from amzsync.flows.flow import Context
from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.sandbox.omnitron import orders as far_orders
from amzsync.sandbox.omnitron.replies import refused
from tests.amazon_orders import Json, line, order, package, place
from tests.shop import STARTED, Ran, Shop

ID = "403-0000001-1234567"
REFRESH = ("orders", "refresh")


def switched_on(shop: Shop, **settings: Any) -> None:
    """A sandbox with goods, and the flow's flag on."""
    shop.sandbox.reset(skus=12)
    shop.configure({"get_updated_orders": True}, **settings)


def shipped(number: int, *packages: Json, lines: list[Json] | None = None, **more: Any) -> Json:
    """An order Amazon shows as shipped; one unit in one package unless said otherwise."""
    return order(
        number,
        lines or [line(shipped=1)],
        status="SHIPPED",
        packages=list(packages) or [package("1", f"TR{number}", {"1": 1})],
        **more,
    )


def imported(shop: Shop, *orders: Json, status: str | None = "500", **settings: Any) -> None:
    """These orders in Omnitron, where all their units have this status."""
    switched_on(shop, **settings)
    place(shop.sandbox, *orders)
    while len(shop.sandbox.world.omnitron.snapshot("orders")) < len(orders):
        assert shop.run("orders", "pull").code == 0
    if status is not None:
        for each in orders:
            shop.sandbox.world.omnitron.change_order_items(each["orderId"], status=status)
    shop.forget_calls()


def change(shop: Shop, order_id: str = ID, *, touch: bool = False, **wish: Any) -> None:
    """Something happens at Amazon; `touch` says whether lastUpdatedTime moves."""
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(
            order_id, lambda each: change_order(each, wish), touch=touch
        )


def deliver(shop: Shop, *numbers: int) -> None:
    """All packages of these orders arrive, and lastUpdatedTime does not move."""
    for number in numbers or (1,):
        change(shop, f"403-{number:07d}-1234567", delivered=True)


def refresh(shop: Shop, *options: str) -> Ran:
    """One run that goes well."""
    ran = shop.run(*REFRESH, *options)
    assert (ran.code, ran.err) == (0, "")
    return ran


def statuses(shop: Shop) -> list[str]:
    """The status of every unit, by pk."""
    return [row["status"] for row in shop.sandbox.world.omnitron.snapshot("order_items")]


def tokens(shop: Shop, count: int) -> None:
    """Have the ledger hold so many tokens for searchOrders."""
    with closing(sqlite3.connect(shop.state)) as connection, connection:
        changed = connection.execute(
            "UPDATE quota SET tokens = ?, updated_at = ? WHERE bucket = 'searchOrders'",
            [count, shop.clock.now().timestamp()],
        )
        assert changed.rowcount == 1


def patches(shop: Shop) -> int:
    """How many units were changed since the last `forget_calls`."""
    return shop.calls("omnitron")["order_items.patch"]


@pytest.mark.parametrize("status", ["450", "500", "510", "520", "540"])
def test_an_order_under_way_becomes_delivered_once_amazon_has_delivered_it(
    shop: Shop, status: str
) -> None:
    imported(shop, shipped(1), status=status)
    refresh(shop)
    assert (statuses(shop), patches(shop)) == ([status], 0)
    deliver(shop)
    refresh(shop)
    assert statuses(shop) == ["550"]
    (row,) = shop.rows("SELECT key, status, reason FROM outcomes WHERE flow = 'orders.refresh'")
    assert row == {"key": ID, "status": "sent", "reason": "1 unit delivered"}


@pytest.mark.parametrize("status", ["50", "100", "400", "544", "545", "550", "600"])
def test_an_order_with_another_status_is_left_alone_and_costs_no_call_to_amazon(
    shop: Shop, status: str
) -> None:
    imported(shop, shipped(1), status=status)
    deliver(shop)
    refresh(shop)
    assert (statuses(shop), shop.calls("amazon")) == ([status], Counter())


def test_what_is_marked_costs_nothing_more(shop: Shop) -> None:
    imported(shop, shipped(1))
    deliver(shop)
    refresh(shop)
    shop.forget_calls()
    refresh(shop)
    assert (patches(shop), shop.calls("amazon")) == (0, Counter())
    assert len(shop.rows("SELECT * FROM outcomes WHERE flow = 'orders.refresh'")) == 1


def test_a_delivery_the_inbox_knows_of_costs_no_call_to_amazon(shop: Shop) -> None:
    imported(shop, shipped(1))
    change(shop, touch=True, delivered=True)
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    shop.forget_calls()
    refresh(shop)
    assert (statuses(shop), shop.calls("amazon")) == (["550"], Counter())


def test_a_split_order_is_delivered_with_its_last_package(shop: Shop) -> None:
    packages = [package("1", "TR1", {"1": 1}), package("2", "TR2", {"1": 1, "2": 1})]
    lines = [line(quantity=2, shipped=2), line("SKU-000002", shipped=1, item_id="2")]
    imported(shop, shipped(1, *packages, lines=lines))
    change(shop, deliver=["1"])
    refresh(shop)
    assert (statuses(shop), patches(shop)) == (["500"] * 3, 0)
    change(shop, deliver=["2"])
    refresh(shop)
    assert statuses(shop) == ["550"] * 3


def test_an_order_with_units_in_no_package_yet_is_not_delivered(shop: Shop) -> None:
    lines = [line(quantity=2, shipped=1)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 1}), lines=lines))
    deliver(shop)
    refresh(shop)
    assert (statuses(shop), patches(shop)) == (["500", "500"], 0)


@pytest.mark.parametrize("status", ["UNDELIVERABLE", "IN_TRANSIT", "A_STATUS_OF_TOMORROW", None])
def test_a_package_that_did_not_arrive_holds_the_order_back(shop: Shop, status: str | None) -> None:
    lost = package("2", "TR2", {"1": 1})
    lost["packageStatus"] = {"status": status}
    if status is None:
        del lost["packageStatus"]
    lines = [line(quantity=2, shipped=2)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 1}), lost, lines=lines))
    change(shop, deliver=["1"])
    refresh(shop)
    assert patches(shop) == 0


def test_a_cancelled_package_does_not_count(shop: Shop) -> None:
    void = {**package("1", "TR1", {"1": 1}), "packageStatus": {"status": "CANCELLED"}}
    imported(shop, shipped(1, void, package("2", "TR2", {"1": 1})))
    change(shop, deliver=["2"])
    refresh(shop)
    assert statuses(shop) == ["550"]


def test_units_cancelled_on_amazon_are_neither_awaited_nor_marked(shop: Shop) -> None:
    lines = [line(quantity=3, shipped=2)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 2}), lines=lines))
    change(shop, cancel_items={"1": 1})
    deliver(shop)
    refresh(shop)
    # Omnitron has not heard of the cancellation yet: one unit is left for it
    assert sorted(statuses(shop)) == ["500", "550", "550"]


def test_units_cancelled_or_sent_back_in_omnitron_stay_what_they_are(shop: Shop) -> None:
    lines = [line(quantity=5, shipped=5)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 5}), lines=lines))
    far = shop.sandbox.world.omnitron.channels[1]
    units = list(far.order_items)
    far.touch("orderitem", units[0], status="600")
    far.touch("orderitem", units[1], status="545")
    far.touch("orderitem", units[2], status="100")
    far.touch("orderitem", units[3], cancel_status="waiting")
    deliver(shop)
    refresh(shop)
    assert statuses(shop) == ["600", "545", "100", "500", "550"]


def test_a_wholly_cancelled_order_is_not_delivered(shop: Shop) -> None:
    imported(shop, order(1))
    change(shop, cancelled_by="BUYER")
    refresh(shop)
    assert patches(shop) == 0


def many(count: int, **more: Any) -> list[Json]:
    """So many shipped orders, a minute apart."""
    first = STARTED - timedelta(hours=30)
    return [
        shipped(number, placed=first + timedelta(minutes=number), **more)
        for number in range(1, count + 1)
    ]


def test_few_are_asked_for_one_by_one(shop: Shop) -> None:
    imported(shop, *many(30))
    deliver(shop, 7)
    refresh(shop)
    assert shop.calls("amazon") == Counter({"getOrder": 30})
    assert Counter(statuses(shop)) == {"500": 29, "550": 1}


def test_many_are_found_by_one_sweep_of_a_hundred_a_call_without_buyer_data(shop: Shop) -> None:
    imported(shop, *many(230))
    deliver(shop, 1, 150, 230)
    refresh(shop)
    assert shop.calls("amazon") == Counter({"searchOrders": 3})
    assert Counter(statuses(shop)) == {"500": 227, "550": 3}
    asked = [row.query["includedData"] for row in shop.sandbox.exchanges if row.side == "amazon"]
    assert asked == [["FULFILLMENT,PACKAGES,CANCELLATION"]] * 3


def test_the_sweep_ends_when_every_order_in_question_was_seen(shop: Shop) -> None:
    imported(shop, *many(230))
    for number in range(41, 231):
        key = f"403-{number:07d}-1234567"
        shop.sandbox.world.omnitron.change_order_items(key, status="550")
    deliver(shop, 40)
    refresh(shop)
    assert shop.calls("amazon") == Counter({"searchOrders": 1})
    assert Counter(statuses(shop)) == {"500": 39, "550": 191}


def test_a_spent_quota_ends_the_sweep_and_the_next_run_goes_on_from_its_page(shop: Shop) -> None:
    imported(shop, *many(230))
    deliver(shop, 1, 150, 230)
    tokens(shop, 5 + 1)
    ran = refresh(shop, "--json").json
    assert ran["calls"]["searchOrders"] == 1
    assert any("quota spent" in note for note in ran["notes"])
    assert Counter(statuses(shop))["550"] == 1
    shop.clock.advance(hours=3)
    shop.forget_calls()
    refresh(shop)
    assert shop.calls("amazon")["searchOrders"] == 2
    assert Counter(statuses(shop))["550"] == 3
    assert shop.rows("SELECT * FROM cursors WHERE name LIKE 'deliveries.sweep%'") == []


def test_a_sweep_goes_on_from_the_last_order_seen_when_its_page_token_is_too_old(
    shop: Shop,
) -> None:
    imported(shop, *many(230))
    tokens(shop, 5 + 1)
    refresh(shop)
    deliver(shop, 150, 230)
    shop.clock.advance(hours=24)
    shop.forget_calls()
    refresh(shop)
    assert shop.calls("amazon")["searchOrders"] == 2
    assert Counter(statuses(shop))["550"] == 2


def test_what_a_page_told_is_not_lost_when_it_cannot_be_marked_yet(shop: Shop) -> None:
    imported(shop, *many(130))
    deliver(shop, 1, 130)
    tokens(shop, 5 + 1)
    shop.sandbox.faults.add("server_error_before", "order_items.list", "omnitron", times=99)
    assert shop.run(*REFRESH).code == 5
    shop.sandbox.faults.clear()
    assert Counter(statuses(shop)) == {"500": 130}
    shop.clock.advance(hours=2)
    shop.forget_calls()
    refresh(shop)
    assert shop.calls("amazon")["searchOrders"] == 1  # the second page
    assert Counter(statuses(shop)) == {"500": 128, "550": 2}


def test_what_a_page_told_is_not_lost_when_the_run_ends_amid_the_sweep(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, *many(130))
    deliver(shop, 1, 130)
    search = delivery_sweep._search

    def search_once(ctx: Context, sweep: Any) -> OrdersPage:
        if sweep.token is not None:
            raise DeadlineError("--max-runtime is over")
        return search(ctx, sweep)

    with monkeypatch.context() as patched:
        patched.setattr(delivery_sweep, "_search", search_once)
        assert shop.run(*REFRESH).code == 10
    assert Counter(statuses(shop)) == {"500": 130}
    shop.forget_calls()
    refresh(shop)
    assert shop.calls("amazon") == Counter({"searchOrders": 1})  # the second page
    assert Counter(statuses(shop)) == {"500": 128, "550": 2}


def test_a_page_token_amazon_refuses_costs_one_call_and_the_sweep_goes_on(shop: Shop) -> None:
    imported(shop, *many(130))
    tokens(shop, 5 + 1)
    refresh(shop)
    deliver(shop, 130)
    shop.clock.advance(hours=2)
    with closing(sqlite3.connect(shop.state)) as connection, connection:
        connection.execute(
            "UPDATE cursors SET value = json_set(value, '$.token', 'spent')"
            " WHERE name LIKE 'deliveries.sweep%'"
        )
    shop.forget_calls()
    refresh(shop)
    assert shop.calls("amazon")["searchOrders"] == 2
    assert Counter(statuses(shop))["550"] == 1


def test_a_sweep_waits_for_its_tokens_where_max_runtime_allows_it(shop: Shop) -> None:
    imported(shop, *many(130))
    deliver(shop, 130)
    tokens(shop, 5 + 1)
    refresh(shop, "--max-runtime", "600")
    assert Counter(statuses(shop))["550"] == 1


def test_a_reserve_of_five_searches_is_left_and_nothing_at_all_is_a_pending_run(
    shop: Shop,
) -> None:
    imported(shop, *many(40))
    tokens(shop, 5)
    ran = refresh(shop, "--json").json
    assert (ran["exit_code"], ran["calls"].get("searchOrders", 0)) == (0, 0)
    assert "no token" in ran["pending"]


def test_orders_of_long_ago_are_left_out_of_the_sweep_and_said_so(shop: Shop) -> None:
    stray = shipped(999, placed=STARTED - timedelta(days=70))
    imported(shop, stray, *many(40))
    deliver(shop, 999, 1)
    ran = refresh(shop, "--json").json
    assert any("60 days" in note for note in ran["notes"])
    assert Counter(statuses(shop))["550"] == 1
    refresh(shop, "--only", "403-0000999-1234567")
    assert Counter(statuses(shop))["550"] == 2


def test_only_looks_at_the_orders_named(shop: Shop) -> None:
    imported(shop, *many(40))
    deliver(shop, 3, 4)
    refresh(shop, "--only", "403-0000003-1234567")
    assert shop.calls("amazon") == Counter({"getOrder": 1})
    assert Counter(statuses(shop))["550"] == 1


def test_a_dry_run_says_what_would_be_marked_and_marks_nothing(shop: Shop) -> None:
    lines = [line(quantity=3, shipped=3)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 3}), lines=lines))
    deliver(shop)
    before = shop.rows("SELECT * FROM cursors")
    ran = refresh(shop, "--dry-run")
    assert ran.out == f"{ID}: 3 units delivered\n"
    assert (statuses(shop), patches(shop)) == (["500"] * 3, 0)
    assert shop.rows("SELECT * FROM cursors") == before


def test_an_fba_channel_marks_nothing_and_says_why(shop: Shop) -> None:
    switched_on(shop, is_fba_channel=True)
    ran = refresh(shop, "--json").json
    assert (
        "Amazon gives no delivered status for orders it fulfils; nothing is marked"
        in (ran["notes"])
    )
    assert shop.calls("amazon") == Counter()


def test_a_flag_that_is_false_keeps_the_flow_still(shop: Shop) -> None:
    imported(shop, shipped(1))
    shop.configure()
    deliver(shop)
    refresh(shop)
    assert (statuses(shop), shop.calls()) == (["500"], Counter())


def test_a_refused_status_is_penalised_and_holds_up_neither_units_nor_orders(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line(quantity=2, shipped=2)]
    first = shipped(1, package("1", "TR1", {"1": 2}), lines=lines)
    imported(shop, first, shipped(2), http={"in_flight": 1})
    deliver(shop, 1, 2)
    answers = iter([refused])
    monkeypatch.setattr(
        far_orders,
        "_check_status",
        lambda *_: next(answers, lambda _text: None)(
            "The order status cannot be updated retroactively"
        ),
    )
    assert shop.run(*REFRESH).code == 1
    assert sorted(statuses(shop)) == ["500", "550", "550"]
    (row,) = shop.rows("SELECT flow, key, code FROM penalties")
    assert row == {"flow": "orders.refresh", "key": ID, "code": "status"}
    refresh(shop)
    assert sorted(statuses(shop)) == ["500", "550", "550"]
    shop.clock.advance(hours=9)
    refresh(shop)
    assert statuses(shop) == ["550"] * 3
    assert shop.rows("SELECT * FROM penalties") == []


def test_an_order_amazon_does_not_know_is_penalised(shop: Shop) -> None:
    imported(shop, shipped(1), shipped(2))
    far = shop.sandbox.world.omnitron.channels[1]
    first = next(row for row in far.orders if row["number"] == ID)
    far.touch("order", first, extra_field={"id": "403-9999999-1234567"})
    deliver(shop, 2)
    assert shop.run(*REFRESH).code == 1
    assert sorted(statuses(shop)) == ["500", "550"]
    (row,) = shop.rows("SELECT key, code FROM penalties")
    assert row == {"key": "403-9999999-1234567", "code": "unknown_order"}


def test_amazon_being_down_penalises_nobody_and_what_is_known_is_marked(shop: Shop) -> None:
    imported(shop, shipped(1), shipped(2))
    change(shop, touch=True, delivered=True)
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    deliver(shop, 2)
    shop.sandbox.faults.add("server_error_before", "getOrder", "amazon", times=99)
    assert shop.run(*REFRESH).code == 5
    assert sorted(statuses(shop)) == ["500", "550"]
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    refresh(shop)
    assert statuses(shop) == ["550", "550"]


@pytest.mark.parametrize("kind", ["server_error_after", "cut_after", "cut_before", "truncated"])
def test_a_change_that_was_not_answered_is_repeated_without_harm(shop: Shop, kind: str) -> None:
    lines = [line(quantity=2, shipped=2)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 2}), lines=lines))
    deliver(shop)
    shop.sandbox.faults.add(kind, "order_items.patch", "omnitron", times=9)
    assert shop.run(*REFRESH).code == 5
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    shop.forget_calls()
    refresh(shop)
    assert statuses(shop) == ["550", "550"]
    assert shop.calls("amazon") == Counter()  # what Amazon said is remembered


def test_units_left_over_by_a_cut_run_are_marked_though_the_order_has_moved_on(
    shop: Shop,
) -> None:
    lines = [line(quantity=2, shipped=2)]
    imported(shop, shipped(1, package("1", "TR1", {"1": 2}), lines=lines))
    deliver(shop)
    shop.sandbox.faults.add("server_error_before", "order_items.patch", "omnitron", times=9)
    assert shop.run(*REFRESH).code == 5
    shop.sandbox.faults.clear()
    far = shop.sandbox.world.omnitron.channels[1]
    far.touch("order", next(iter(far.orders)), status="550")  # as an order of which some arrived
    refresh(shop)
    assert statuses(shop) == ["550", "550"]


def test_omnitron_ignoring_the_status_filter_costs_one_walk(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, shipped(1), shipped(2))
    shop.sandbox.world.omnitron.change_order_items("403-0000002-1234567", status="400")
    deliver(shop, 1, 2)
    monkeypatch.delitem(far_orders.ORDER_FIELDS, "status")
    refresh(shop)
    assert sorted(statuses(shop)) == ["400", "550"]
    assert shop.calls("omnitron")["orders.list"] == 1
