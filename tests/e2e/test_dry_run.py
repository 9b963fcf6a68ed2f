"""`--dry-run`: what leaves, what changes, what is said; and the lock behind it."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
import respx

from amzsync.amazon.operations import OPERATIONS
from amzsync.clock import Deadline
from amzsync.errors import DryRunError
from amzsync.http.operation import Operation
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers
from amzsync.omnitron.operations import ALL
from tests.e2e.stock_shop import change, listed, refuse, relent, warm
from tests.shop import FakeClock, Ran, Shop

MAY_CHANGE = ("quota", "tokens", "lookups", "runs")
LOGINS = ("getAccessToken", "auth.login")


def dry(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """A dry run that has to leave everything as it was, here and on both sides."""
    before = shop.dump() if shop.state.exists() else {}
    far = far_sides(shop)
    shop.forget_calls()

    ran = shop.run(*argv, "--dry-run")

    assert (ran.code, ran.err if code == 0 else "") == (code, "")
    after = shop.dump()
    for name, rows in after.items():
        if name not in MAY_CHANGE and not name.startswith(("sqlite_", "_sqlite_migrations")):
            assert rows == before.get(name, []), name
    known = {row["id"] for row in before.get("runs", [])}
    (own,) = [row for row in after["runs"] if row["id"] not in known]
    assert (own["dry_run"], own["exit_code"]) == (1, code)
    assert [row for row in after["runs"] if row["id"] in known] == before.get("runs", [])
    sent = [row for row in shop.sandbox.exchanges if row.operation not in LOGINS]
    assert sent
    assert {row.method for row in sent} == {"GET"}
    assert far_sides(shop) == far
    return ran


def far_sides(shop: Shop) -> str:
    """Everything both sides know, tokens aside."""
    omnitron, amazon = shop.sandbox.world.omnitron, shop.sandbox.world.amazon
    kinds = ("orders", "customers", "addresses", "batches", "stocks", "error_reports")
    return json.dumps(
        [
            [omnitron.snapshot(kind) for kind in (*kinds, "failed_integrations")],
            [amazon.snapshot(kind) for kind in ("listings", "feeds")],
        ],
        default=str,
    )


def ids(shop: Shop) -> set[str]:
    return {order["orderId"] for order in shop.sandbox.world.amazon.orders}


def first_words(ran: Ran) -> set[str]:
    return {line.split(": ")[0] for line in ran.out.splitlines()}


def test_orders_on_an_empty_inbox_are_told_and_not_taken(shop: Shop) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)

    ran = dry(shop, "orders", "pull")

    assert first_words(ran) == ids(shop)
    assert ran.out.count("create as") == 3
    assert shop.run("orders", "pull").code == 0
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 3


def test_orders_that_are_there_already_are_nothing_to_do(shop: Shop) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.run("orders", "pull")
    shop.clock.advance(minutes=6)

    assert dry(shop, "orders", "pull").out == ""


def test_orders_waiting_in_the_inbox_are_told_beside_new_ones(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.sandbox.faults.add("server_error_before", "create_orders.create", "omnitron", times=99)
    assert shop.run("orders", "pull").code in (0, 5)
    shop.sandbox.faults.clear()
    waiting = {row["order_id"] for row in shop.rows("SELECT order_id FROM inbox")}
    clock.advance(minutes=10)
    fresh = set(shop.sandbox.world.add_orders(1, age=300))

    ran = dry(shop, "orders", "pull")

    assert first_words(ran) == waiting | fresh
    assert len(waiting) == 2


def test_orders_that_fail_are_neither_penalised_nor_reported(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    order_id = min(ids(shop))

    def lose_prices(order: dict[str, Any]) -> None:
        for item in order["orderItems"]:
            item["product"].pop("sellerSku")

    shop.sandbox.world.amazon.orders.change(order_id, lose_prices, touch=False)
    ran = dry(shop, "orders", "pull", "--json", code=1)
    assert [row["key"] for row in ran.json["failures"]] == [order_id]
    assert len(ran.json["planned"]) == 1

    assert shop.run("orders", "pull").code == 1
    clock.advance(hours=9)
    assert [
        row["key"] for row in dry(shop, "orders", "pull", "--json", code=1).json["failures"]
    ] == [order_id]


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A shop whose stocks are all in step."""
    shop.sandbox.reset(skus=40)
    warm(shop)
    return shop


@pytest.mark.parametrize("patch_limit", [300, 1])
def test_stock_is_told_and_not_sent_by_either_way(stocked: Shop, patch_limit: int) -> None:
    stocked.configure(stock={"patch_limit": patch_limit})
    wanted = change(stocked, listed(stocked, 3))

    ran = dry(stocked, "stock", "push")

    told = dict(line.split(": ") for line in ran.out.splitlines())
    assert {sku: int(text.split(" -> ")[1]) for sku, text in told.items()} == wanted
    assert stocked.run("stock", "push").code == 0
    sent = stocked.rows(
        "SELECT sku FROM fences UNION SELECT sku FROM listing_values WHERE version NOT NULL"
    )
    assert wanted.keys() <= {row["sku"] for row in sent}


def test_the_first_run_of_all_may_be_a_dry_one(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    wanted = change(shop, listed(shop, 1))
    assert wanted.keys() <= first_words(dry(shop, "stock", "push"))


def test_a_penalty_that_is_due_is_shown_and_stays(stocked: Shop, clock: FakeClock) -> None:
    (sku,) = change(stocked, listed(stocked, 1))
    refuse(stocked, sku)
    assert stocked.run("stock", "push").code == 1
    assert dry(stocked, "stock", "push", "--json").json["planned"] == []

    clock.advance(hours=8, minutes=1)
    relent(stocked, sku)
    assert first_words(dry(stocked, "stock", "push")) == {sku}
    assert stocked.run("stock", "push").code == 0
    assert stocked.rows("SELECT * FROM penalties") == []


def test_a_feed_in_flight_is_not_collected(stocked: Shop, clock: FakeClock) -> None:
    stocked.configure(stock={"patch_limit": 1})
    change(stocked, listed(stocked, 4))
    assert stocked.run("stock", "push").code == 0
    assert stocked.rows("SELECT state FROM jobs") == [{"state": "submitted"}]
    clock.advance(minutes=30)

    dry(stocked, "stock", "push")

    assert stocked.calls("amazon")["getFeed"] == 0
    assert stocked.run("stock", "push").code == 0
    assert stocked.rows("SELECT state FROM jobs") == []


def test_the_guard_stops_a_dry_run_as_it_would_the_run(stocked: Shop) -> None:
    for sku in listed(stocked):
        stocked.sandbox.world.omnitron.set_stock(sku, 0)

    ran = dry(stocked, "stock", "push", code=6)

    assert "--override-guard" in ran.err
    told = dry(stocked, "stock", "push", "--override-guard")
    assert all(line.endswith(" -> 0") for line in told.out.splitlines())
    assert len(told.out.splitlines()) >= 20


@pytest.mark.parametrize(
    "operation",
    [operation for operation in (*OPERATIONS.values(), *ALL) if operation.mutates],
    ids=lambda operation: operation.name,
)
def test_no_mutating_operation_leaves_a_dry_session(
    operation: Operation, clock: FakeClock, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.route().mock(return_value=httpx.Response(200, json={}))
    path = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "1")
    session = Session("https://api.example.com", deadline=Deadline(clock), dry_run=True)
    with pytest.raises(DryRunError, match=operation.name):
        session.call(operation, path=path, json={})
    assert (route.call_count, session.calls) == (0, {})

    # The lock is what holds it: without it the very call goes out.
    open_session = Session("https://api.example.com", deadline=Deadline(clock))
    open_session.call(operation, path=path, json={})
    open_session.close()
    assert route.call_count == 1


def test_what_changes_something_is_marked_so() -> None:
    harmless = {"login"}
    for operation in (*OPERATIONS.values(), *ALL):
        assert operation.mutates == (operation.method != "GET") or operation.name in harmless


def test_no_document_leaves_a_dry_session(clock: FakeClock, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.route().mock(return_value=httpx.Response(200))
    transfers = Transfers(Deadline(clock), dry_run=True)
    with pytest.raises(DryRunError):
        transfers.upload("https://docs.example.com/d?X-Amz-Signature=x", "text/plain", b"feed")
    assert route.call_count == 0
