"""The search that feeds the order flows: what it costs, and that nothing is lost or doubled."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.amazon_orders import TURKEY, Json, order, place
from tests.shop import STARTED, FakeClock, Shop

FACTS = "SELECT order_id, state, code FROM inbox ORDER BY order_id"


def numbers(shop: Shop) -> Counter[str]:
    """How often each order number is in Omnitron."""
    rows = shop.sandbox.world.omnitron.orders_by_number()
    return Counter({number: len(orders) for number, orders in rows.items()})


def amazon_ids(shop: Shop) -> set[str]:
    """The ids of all orders at Amazon."""
    return {each["orderId"] for each in shop.sandbox.world.amazon.orders}


def searches(shop: Shop) -> list[dict[str, str]]:
    """The parameters of every searchOrders since the last `forget_calls`."""
    return [
        {name: values[0] for name, values in row.query.items()}
        for row in shop.sandbox.exchanges
        if row.operation == "searchOrders"
    ]


def searched_from(shop: Shop) -> datetime:
    """Where the last search began."""
    return datetime.fromisoformat(searches(shop)[-1]["lastUpdatedAfter"])


def assert_all_once(shop: Shop) -> None:
    """Every order at Amazon is in Omnitron exactly once."""
    assert numbers(shop) == Counter(amazon_ids(shop))


def seed(shop: Shop, orders: int) -> None:
    """A world of plain orders."""
    shop.sandbox.reset(orders=orders, skus=12, plain=True)


def drain_bucket(shop: Shop, left: int) -> None:
    """Spend Amazon's searches and ours, all but so many, as earlier runs would have."""
    amazon = shop.sandbox.world.amazon
    with shop.sandbox.lock:
        amazon.quotas._buckets["searchOrders"] = (float(left), amazon.now())
    _write(
        shop,
        "INSERT OR REPLACE INTO quota (bucket, tokens, rate, burst, stated, updated_at)"
        " VALUES ('searchOrders', ?, 0.0056, 20, 1, ?)",
        left,
        shop.clock.now().timestamp(),
    )


def _write(shop: Shop, sql: str, *params: object) -> None:
    with closing(sqlite3.connect(shop.state)) as connection, connection:
        connection.execute(sql, params)


def test_a_second_run_within_the_interval_asks_amazon_nothing(shop: Shop) -> None:
    seed(shop, 20)
    shop.run("orders", "pull")
    assert_all_once(shop)

    shop.forget_calls()
    shop.clock.advance(seconds=239)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("amazon") == {}

    shop.clock.advance(seconds=1)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("amazon") == {"searchOrders": 1}
    # from the upper edge of the first search, less the overlap
    assert searched_from(shop) == STARTED - timedelta(minutes=2, seconds=900)
    assert "create_orders.create" not in shop.calls("omnitron")
    assert_all_once(shop)


def test_a_later_run_costs_the_pages_of_its_overlap(shop: Shop) -> None:
    seed(shop, 1)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(150, age=0)
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    shop.forget_calls()
    shop.clock.advance(minutes=5)  # all 151 were changed within the overlap
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("amazon") == {"searchOrders": 2}
    assert set(shop.calls("omnitron")) <= {"channels.get"}
    assert_all_once(shop)


def test_calls_to_omnitron_for_new_known_and_no_orders(shop: Shop) -> None:
    seed(shop, 10)
    shop.run("orders", "pull")  # warms the reference data
    shop.sandbox.world.add_orders(100, age=0)
    shop.clock.advance(minutes=5)
    shop.forget_calls()
    shop.run("orders", "pull")
    new = sum(shop.calls("omnitron").values())
    assert new / 100 <= 7

    shop.forget_calls()
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    assert sum(shop.calls("omnitron").values()) <= 3

    assert_all_once(shop)
    shop.state.unlink()
    for name in (f"{shop.state.name}-wal", f"{shop.state.name}-shm"):
        (shop.folder / name).unlink(missing_ok=True)
    shop.forget_calls()
    shop.run("orders", "pull")
    calls = shop.calls("omnitron")
    # the login and the channel are the run's, not the orders'
    known = sum(calls.values()) - calls["auth.login"] - calls["channels.get"]
    assert known / 110 <= 0.1
    assert_all_once(shop)
    assert {row["state"] for row in shop.rows(FACTS)} == {"imported"}


def test_an_order_that_changes_while_we_page_is_neither_lost_nor_doubled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(shop, 110)
    book = shop.sandbox.world.amazon.orders
    searched: list[Any] = []
    window = book.window
    victims = [each["orderId"] for each in book][::7]

    def moving(field: str, after: str, before: str, behind: Any) -> Any:
        # behind the first page some of its orders and some of the next pages' move on
        if behind is not None and not searched:
            searched.append(behind)
            for order_id in victims:
                book.change(order_id, lambda _: None)
        return window(field, after, before, behind)

    monkeypatch.setattr(book, "window", moving)
    shop.run("orders", "pull")
    assert searched
    assert len(numbers(shop)) < 110  # what moved is not searchable yet
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_a_repeated_page_is_passed_over(shop: Shop) -> None:
    seed(shop, 110)
    shop.sandbox.faults.add("repeated_page", "searchOrders", after=1)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_a_page_repeated_for_ever_ends_the_run_and_moves_no_cursor(shop: Shop) -> None:
    seed(shop, 110)
    shop.sandbox.faults.add("repeated_page", "searchOrders", times=50, after=1)
    assert shop.run("orders", "pull").code == 5
    assert shop.calls("amazon")["searchOrders"] < 10
    assert shop.rows("SELECT * FROM cursors WHERE name LIKE 'orders.until:%'") == []
    shop.sandbox.faults.clear()
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_a_search_interrupted_by_quota_goes_on_with_its_token(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(230, age=0)
    shop.clock.advance(minutes=5)
    drain_bucket(shop, left=2)
    shop.forget_calls()

    ran = shop.run("orders", "pull", "--json")
    assert ran.code == 0
    assert any("goes on when a token is due" in note for note in ran.json["notes"])
    assert shop.calls("amazon")["searchOrders"] == 2
    assert len(numbers(shop)) == 200  # what is in the inbox is worked off
    cursor = shop.rows("SELECT value FROM cursors WHERE name = 'orders.until:1'")

    shop.clock.advance(minutes=4)  # one token
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)
    asked = searches(shop)
    assert len(asked) == 3
    tokens = [each.pop("paginationToken", None) for each in asked]
    assert tokens[0] is None
    assert len(set(tokens)) == 3
    assert all(each == asked[0] for each in asked)  # parameters identical, or the token is refused
    (moved,) = shop.rows("SELECT value FROM cursors WHERE name = 'orders.until:1'")
    assert moved["value"] > cursor[0]["value"]


def test_a_429_in_the_middle_of_paging_loses_nothing(shop: Shop) -> None:
    seed(shop, 110)
    shop.sandbox.faults.add("throttle", "searchOrders", times=5, after=1)
    assert shop.run("orders", "pull").code == 0
    assert shop.rows("SELECT * FROM cursors WHERE name LIKE 'orders.until:%'") == []
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=10)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


@pytest.mark.parametrize("hours", [1, 25])
def test_a_token_that_died_starts_the_search_over(shop: Shop, hours: int) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(110, age=0)
    shop.clock.advance(minutes=5)
    drain_bucket(shop, left=1)
    shop.run("orders", "pull")
    assert len(numbers(shop)) == 100
    if hours < 24:  # refused before its time
        shop.sandbox.world.amazon.pages._tokens.clear()
    shop.clock.advance(hours=hours)
    before = shop.rows("SELECT value FROM cursors WHERE name = 'orders.until:1'")
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)
    after = shop.rows("SELECT value FROM cursors WHERE name = 'orders.until:1'")
    assert after[0]["value"] > before[0]["value"]


def test_a_search_that_never_gets_through_in_a_day_makes_headway_all_the_same(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(110, age=0)
    shop.clock.advance(minutes=5)
    drain_bucket(shop, left=1)
    shop.run("orders", "pull")
    shop.clock.advance(hours=25)
    drain_bucket(shop, left=1)
    shop.run("orders", "pull")  # from the first page again, with a token of its own
    shop.clock.advance(minutes=5)
    drain_bucket(shop, left=1)
    shop.forget_calls()
    shop.run("orders", "pull")
    assert "paginationToken" in searches(shop)[0]


def test_a_sweep_leaves_five_tokens_to_the_searches_and_holds_up_none(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(110, age=0)
    shop.clock.advance(minutes=5)
    shop.run("orders", "pull")
    shop.clock.advance(minutes=30)
    shop.run("orders", "pull")
    shop.clock.advance(hours=3)
    drain_bucket(shop, left=7)
    shop.forget_calls()
    shop.run("orders", "pull")
    asked = searches(shop)
    # one search over its overlap, then a sweep of the last twelve hours down to five tokens
    assert len(asked) == 2
    reach = [datetime.fromisoformat(each["lastUpdatedAfter"]) for each in asked]
    assert reach[0] == shop.clock.now() - timedelta(hours=3, minutes=2, seconds=900)
    assert reach[1] == shop.clock.now() - timedelta(hours=12)
    (bucket,) = shop.rows("SELECT tokens FROM quota WHERE bucket = 'searchOrders'")
    assert 5 <= bucket["tokens"] < 6
    # a new order is not held up by the sweep that is under way
    shop.sandbox.world.add_orders(1, age=0)
    shop.clock.advance(minutes=5)
    drain_bucket(shop, left=3)
    shop.run("orders", "pull")
    assert_all_once(shop)


def test_a_sweep_finds_what_a_search_missed(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    # it turns up late, far behind the overlap
    late = order(7, placed=shop.clock.now() - timedelta(hours=2))
    place(shop.sandbox, late)
    shop.clock.advance(minutes=30)
    shop.run("orders", "pull")
    assert numbers(shop) == {}
    shop.clock.advance(hours=3)
    shop.run("orders", "pull")
    assert_all_once(shop)


def test_the_cursor_never_passes_the_start_of_the_run(
    shop: Shop, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(shop, 110)
    amazon = shop.sandbox.world.amazon
    issue = amazon.pages.issue

    def slow(meaning: object, hours: float = 24) -> str:
        clock.advance(minutes=20)  # a page takes its time, and orders change meanwhile
        return issue(meaning, hours)

    with monkeypatch.context() as slowed:
        slowed.setattr(amazon.pages, "issue", slow)
        shop.run("orders", "pull")
    (cursor,) = shop.rows("SELECT value FROM cursors WHERE name = 'orders.until:1'")
    assert datetime.fromisoformat(cursor["value"]) <= STARTED
    assert_all_once(shop)


def test_an_outage_of_twenty_hours_is_made_up_for(shop: Shop) -> None:
    seed(shop, 3)
    shop.run("orders", "pull")
    shop.clock.advance(minutes=30)
    shop.sandbox.world.add_orders(5, age=0)
    shop.clock.advance(hours=20)
    shop.forget_calls()
    assert shop.run("orders", "pull").code == 0
    first = datetime.fromisoformat(searches(shop)[0]["lastUpdatedAfter"])
    assert first == STARTED - timedelta(minutes=2, seconds=900)
    assert_all_once(shop)


def test_a_refused_query_never_moves_the_cursor(shop: Shop) -> None:
    seed(shop, 3)
    shop.run("orders", "pull")
    before = shop.rows("SELECT * FROM cursors WHERE name LIKE 'orders.%'")
    shop.sandbox.world.add_orders(2, age=0)
    shop.clock.advance(minutes=5)
    shop.sandbox.faults.add("server_error_before", "searchOrders", status=400)
    ran = shop.run("orders", "pull")
    assert ran.code == 5
    assert "searchOrders" in ran.err
    assert shop.rows("SELECT * FROM cursors WHERE name LIKE 'orders.%'") == before
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_the_first_run_reaches_back_to_the_order_start_date(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(order_start_date="2026-11-01T00:00:00Z")
    inside = [
        order(n, placed=datetime.fromisoformat(at))
        for n, at in enumerate(
            ("2026-11-01T00:00:00Z", "2026-11-10T12:00:00Z", "2026-11-23T08:00:00Z"), start=1
        )
    ]
    # created before the start, changed after it
    early = order(9, placed=datetime.fromisoformat("2026-10-31T23:59:59Z"))
    early["lastUpdatedTime"] = "2026-11-23T08:30:00Z"
    place(shop.sandbox, *inside, early)
    assert shop.run("orders", "pull").code == 0
    assert searched_from(shop) == datetime.fromisoformat("2026-11-01T00:00:00Z")
    assert numbers(shop) == Counter(each["orderId"] for each in inside)
    (row,) = shop.rows("SELECT state, code FROM inbox WHERE order_id LIKE '403-0000009%'")
    assert row == {"state": "ignored", "code": "before_order_start_date"}


def test_without_an_order_start_date_ahead_the_manuals_twelve_hours_are_searched(
    shop: Shop,
) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(order_start_date="2027-01-01T00:00:00Z")
    shop.run("orders", "pull")
    assert searched_from(shop) == STARTED - timedelta(minutes=2)


def test_one_search_serves_two_channels_and_each_order_goes_to_one(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    fba = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    for each in (shop, fba):  # both are known from here on
        each.run("orders", "pull")
    shop.clock.advance(minutes=5)
    placed = shop.clock.now() - timedelta(minutes=3)
    place(shop.sandbox, *(order(n, placed=placed) for n in range(1, 4)))
    bare = {"city": "Istanbul", "districtOrCounty": "Kadıköy", "countryCode": "TR"}
    place(
        shop.sandbox,
        *(order(n, placed=placed, fulfilled_by="AMAZON", ship_to=bare) for n in range(4, 6)),
    )
    shop.forget_calls()
    assert (fba.run("orders", "pull").code, shop.run("orders", "pull").code) == (0, 0)
    assert shop.calls("amazon") == {"searchOrders": 1}
    assert "fulfilledBy" not in searches(shop)[0]
    assert searches(shop)[0]["marketplaceIds"] == TURKEY
    assert_all_once(shop)
    orders = shop.sandbox.world.omnitron.snapshot("orders")
    assert Counter(row["channel"] for row in orders) == {1: 3, 2: 2}
    again = (fba.run("orders", "pull").code, shop.run("orders", "pull").code)
    assert again == (0, 0)
    assert_all_once(shop)


def test_a_channel_alone_does_not_ask_for_the_others_orders(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("orders", "pull")
    assert searches(shop)[0]["fulfilledBy"] == "MERCHANT"


def test_a_dry_run_on_a_new_state_file_shows_what_would_come(shop: Shop) -> None:
    seed(shop, 3)
    ran = shop.run("orders", "pull", "--dry-run")
    assert ran.code == 0
    assert sorted(line.split(":")[0] for line in ran.out.splitlines()) == sorted(amazon_ids(shop))
    assert shop.rows(FACTS) == []
    assert numbers(shop) == {}
    shop.run("orders", "pull")
    shop.clock.advance(minutes=10)
    again = shop.run("orders", "pull", "--dry-run")
    assert (again.code, again.out) == (0, "")  # they are in Omnitron already


Change = Callable[[Json], object]


def status(value: str) -> Change:
    """Give the order this status."""
    return lambda each: each["fulfillment"].update(fulfillmentStatus=value)


@pytest.mark.parametrize(
    "taken", ["UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "INVOICE_UNCONFIRMED"]
)
def test_orders_of_these_statuses_are_taken(shop: Shop, taken: str) -> None:
    shop.sandbox.reset(skus=12)
    place(shop.sandbox, order(status=taken))
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


@pytest.mark.parametrize(
    ("left_out", "state", "code"),
    [
        ("PENDING", "pending", "pending"),
        ("PENDING_AVAILABILITY", "pending", "pending"),
        ("CANCELLED", "ignored", "cancelled"),
        ("UNFULFILLABLE", "ignored", "status"),
        ("A_STATUS_OF_TOMORROW", "ignored", "status"),
    ],
)
def test_orders_of_these_statuses_are_not_taken_and_break_no_page(
    shop: Shop, left_out: str, state: str, code: str
) -> None:
    shop.sandbox.reset(skus=12)
    place(shop.sandbox, order(1, status=left_out), order(2))
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {"403-0000002-1234567": 1}
    (row,) = shop.rows("SELECT state, code FROM inbox WHERE order_id LIKE '403-0000001%'")
    assert row == {"state": state, "code": code}
    assert shop.rows("SELECT * FROM order_payloads") == []


def test_a_pending_order_is_taken_once_it_is_unshipped(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    pending = order(1, status="PENDING")
    for name in ("buyer", "recipient", "proceeds"):
        del pending[name]
    del pending["orderItems"][0]["proceeds"]
    place(shop.sandbox, pending)
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {}
    shop.clock.advance(minutes=3)
    place(shop.sandbox, order(1, placed=shop.clock.now()))
    shop.clock.advance(minutes=3)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_an_order_cancelled_while_it_waits_in_penalty_is_never_created(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    stuck = order(1)
    stuck["orderItems"][0]["product"]["sellerSku"] = "NOT-IN-OMNITRON"
    place(shop.sandbox, stuck)
    assert shop.run("orders", "pull").code == 1
    shop.sandbox.world.amazon.orders.change("403-0000001-1234567", status("CANCELLED"))
    shop.clock.advance(hours=9)
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {}
    assert shop.rows(FACTS) == [
        {"order_id": "403-0000001-1234567", "state": "ignored", "code": "cancelled"}
    ]
    assert shop.rows("SELECT * FROM penalties") == []


def test_an_order_sold_elsewhere_is_left_out(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    elsewhere = {"channelName": "NON_AMAZON", "marketplaceId": TURKEY}
    place(shop.sandbox, order(1, salesChannel=elsewhere), order(2))
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {"403-0000002-1234567": 1}


def test_an_order_that_does_not_say_who_fulfils_it_is_the_merchants(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    unsaid = order(1)
    del unsaid["fulfillment"]["fulfilledBy"]
    place(shop.sandbox, unsaid)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_amazon_tokens_revoked_mid_run_are_renewed(shop: Shop) -> None:
    seed(shop, 110)
    shop.sandbox.faults.add("expired_token", "searchOrders", after=1)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("amazon") == {"getAccessToken": 2, "searchOrders": 3}
    assert_all_once(shop)


def test_what_the_journal_tells_of_a_run(shop: Shop) -> None:
    seed(shop, 3)
    shop.run("orders", "pull")
    (run,) = shop.rows("SELECT exit_code, counts, calls FROM runs")
    assert run["exit_code"] == 0
    assert json.loads(run["counts"]) == {"sent": 3}
    assert json.loads(run["calls"])["searchOrders"] == 1
