"""Omnitron answers late, wrongly or not at all: every order is there exactly once in the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.shop import Shop

# Under way at the far side for this long, an unanswered creation is not asked for again.
GRACE = 180


def seed(shop: Shop, orders: int = 5) -> None:
    """A world of plain orders, and a client that does not wait long."""
    shop.sandbox.reset(orders=orders, skus=12, plain=True)
    shop.configure(http={"read_timeout": 0.3, "in_flight": 2})


def assert_all_once(shop: Shop) -> None:
    """Every order at Amazon is in Omnitron exactly once, linked, and nobody was penalised."""
    there = shop.sandbox.world.omnitron.orders_by_number()
    ids = [each["orderId"] for each in shop.sandbox.world.amazon.orders]
    assert Counter({number: len(rows) for number, rows in there.items()}) == Counter(ids)
    linked = [
        row["remote_id"]
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["content_type"]["model"] == "order" and row["status"] == "success"
    ]
    assert sorted(linked) == sorted(ids)
    assert shop.rows("SELECT * FROM penalties") == []
    assert shop.rows("SELECT * FROM order_payloads") == []


def run_until_done(shop: Shop) -> list[int]:
    """Run as cron would until every order is imported; the exit codes."""
    codes = []
    for _ in range(6):
        codes.append(shop.run("orders", "pull").code)
        if not shop.rows("SELECT 1 FROM inbox WHERE state <> 'imported'"):
            return codes
        shop.clock.advance(minutes=5)
    raise AssertionError(f"still not imported after {codes}")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("server_error_after", {}),
        ("server_error_after", {"status": 503, "html": False}),
        ("cut_after", {}),
        ("hang_after", {"seconds": 0.6}),
        ("truncated", {}),
        ("truncated", {"length": "full"}),
    ],
)
def test_an_order_created_without_a_proper_answer_is_found_in_the_same_run(
    shop: Shop, kind: str, options: dict[str, Any]
) -> None:
    seed(shop)
    shop.sandbox.faults.add(kind, "create_orders.create", "omnitron", after=1, **options)
    assert run_until_done(shop) == [0]
    assert shop.sandbox.faults.struck == {kind: 1}
    assert shop.calls("omnitron")["create_orders.create"] == 5
    assert_all_once(shop)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("cut_before", {}), ("server_error_before", {}), ("html", {})],
)
def test_an_order_that_may_have_been_created_is_asked_for_again_after_a_while_only(
    shop: Shop, kind: str, options: dict[str, Any]
) -> None:
    seed(shop)
    shop.sandbox.faults.add(kind, "create_orders.create", "omnitron", after=1, **options)
    assert shop.run("orders", "pull").code == 0
    (waiting,) = shop.rows("SELECT code FROM waiting")
    assert waiting["code"] == "outcome_unknown"
    shop.forget_calls()
    shop.clock.advance(seconds=GRACE - 1)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("omnitron")["create_orders.create"] == 0
    shop.clock.advance(seconds=2)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls("omnitron")["create_orders.create"] == 1
    assert_all_once(shop)
    assert shop.rows("SELECT * FROM waiting") == []


def test_an_order_that_turns_up_late_over_there_is_not_created_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creation was still under way when its number was looked for."""
    seed(shop, 1)
    shop.sandbox.faults.add("cut_after", "create_orders.create", "omnitron")
    orders = shop.sandbox.world.omnitron.channels[1].orders
    with monkeypatch.context() as late:
        late.setattr(orders, "find", lambda *_: [])  # not there yet
        assert shop.run("orders", "pull").code == 0
    assert [row["code"] for row in shop.rows("SELECT code FROM waiting")] == ["outcome_unknown"]
    orders.revision += 1
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


def test_a_number_format_changed_while_an_answer_is_missing_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(shop, 1)
    shop.sandbox.faults.add("cut_after", "create_orders.create", "omnitron")
    orders = shop.sandbox.world.omnitron.channels[1].orders
    with monkeypatch.context() as late:
        late.setattr(orders, "find", lambda *_: [])
        shop.run("orders", "pull")
    orders.revision += 1
    shop.configure(order_number_format="AMZ-{n1}-{n2}-{n3}")
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    assert_all_once(shop)


@pytest.mark.parametrize("operation", ["customers.create", "addresses.create", "order_items.list"])
@pytest.mark.parametrize("kind", ["server_error_after", "cut_after", "truncated", "cut_before"])
def test_no_step_of_an_order_does_it_twice(shop: Shop, kind: str, operation: str) -> None:
    seed(shop, 3)
    shop.sandbox.faults.add(kind, operation, "omnitron", after=1)
    assert set(run_until_done(shop)) <= {0, 5}
    assert shop.sandbox.faults.struck == {kind: 1}
    assert_all_once(shop)
    for kind_of_row in ("customers", "addresses"):
        assert len(shop.sandbox.world.omnitron.snapshot(kind_of_row)) == 3


@pytest.mark.parametrize("operation", ["batch_requests.create", "batch_requests.patch"])
@pytest.mark.parametrize("kind", ["server_error_after", "cut_after", "truncated", "cut_before"])
def test_a_link_that_was_not_answered_is_made_all_the_same(
    shop: Shop, kind: str, operation: str
) -> None:
    seed(shop, 3)
    shop.sandbox.faults.add(kind, operation, "omnitron")
    assert set(run_until_done(shop)) <= {0, 5}
    assert_all_once(shop)
    statuses = {row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches")}
    assert statuses <= {"initialized", "done", "fail"}  # nothing is left locked


def test_every_creation_failing_after_its_effect_still_makes_each_order_once(shop: Shop) -> None:
    seed(shop, 12)
    shop.sandbox.faults.add("server_error_after", "create_orders.create", "omnitron", times=12)
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_random_faults_on_every_call_lose_and_double_nothing(shop: Shop) -> None:
    seed(shop, 30)
    kinds = ("server_error_before", "server_error_after", "cut_before", "cut_after", "truncated")
    shop.sandbox.faults.chance(0.15, kinds, seed=7)
    for _ in range(8):
        assert shop.run("orders", "pull").code in (0, 5)
        shop.clock.advance(minutes=5)
    assert sum(shop.sandbox.faults.struck.values()) > 10
    shop.sandbox.faults.clear()
    run_until_done(shop)
    assert_all_once(shop)


def test_omnitron_down_is_exit_5_and_nobodys_fault(shop: Shop) -> None:
    seed(shop)
    shop.run("orders", "pull")
    shop.sandbox.world.add_orders(4, age=0)
    shop.clock.advance(minutes=5)
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=10_000)
    ran = shop.run("orders", "pull")
    assert ran.code == 5
    assert len(ran.err.splitlines()) == 1
    assert len(shop.rows("SELECT * FROM inbox WHERE state = 'new'")) == 4  # taken in, not lost
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=5)
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_amazon_down_is_exit_5_and_moves_no_cursor(shop: Shop) -> None:
    seed(shop)
    shop.sandbox.faults.add("server_error_before", "*", times=10_000)
    assert shop.run("orders", "pull").code == 5
    assert shop.rows("SELECT * FROM cursors WHERE name LIKE 'orders.%'") == []
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_with_amazon_down_what_is_in_the_inbox_is_worked_off_all_the_same(shop: Shop) -> None:
    seed(shop)
    shop.sandbox.faults.add("server_error_before", "orders.list", "omnitron", times=200)
    assert shop.run("orders", "pull").code == 5
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=10)
    shop.sandbox.faults.add("server_error_before", "searchOrders", times=50)

    ran = shop.run("orders", "pull", "--json")

    assert ran.code == 5
    assert ran.json["error"]["type"] == "UnavailableError"
    assert len(shop.sandbox.world.omnitron.orders_by_number()) == 5
    assert_all_once(shop)


def test_an_omnitron_that_throttles_penalises_nobody(shop: Shop) -> None:
    seed(shop)
    shop.sandbox.faults.add("throttle", "create_orders.create", "omnitron", times=3)
    assert set(run_until_done(shop)) <= {0, 5}
    assert_all_once(shop)


@pytest.mark.parametrize("operation", ["orders.list", "create_orders.create", "order_items.list"])
def test_a_session_lost_in_the_middle_is_taken_up_again(shop: Shop, operation: str) -> None:
    seed(shop)
    shop.sandbox.faults.add("expired_token", operation, "omnitron", after=2)
    assert run_until_done(shop) == [0]
    assert shop.calls("omnitron")["auth.login"] == 2
    assert_all_once(shop)


def test_a_token_revoked_between_runs_is_renewed(shop: Shop) -> None:
    seed(shop)
    shop.run("orders", "pull")
    shop.sandbox.world.omnitron.revoke_tokens()
    shop.sandbox.world.add_orders(2, age=0)
    shop.clock.advance(minutes=5)
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_an_order_somebody_else_created_is_linked_and_not_doubled(shop: Shop) -> None:
    """As a run leaves it that was killed between creation and link, its state file lost."""
    seed(shop, 3)
    shop.run("orders", "pull")
    world = shop.sandbox.world.omnitron
    for row in list(world.channels[1].actions):
        if row.model in ("order", "orderitem"):
            world.channels[1].actions.remove(row)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_a_server_that_refuses_a_number_twice_is_believed(shop: Shop) -> None:
    seed(shop, 2)
    shop.sandbox.world.omnitron.unique_numbers = True
    shop.sandbox.faults.add("cut_after", "create_orders.create", "omnitron")
    assert run_until_done(shop) == [0]
    assert_all_once(shop)


def test_an_order_deleted_before_it_was_linked_blocks_no_other(shop: Shop) -> None:
    seed(shop, 3)
    shop.sandbox.faults.add("server_error_before", "batch_requests.create", "omnitron", times=9)
    assert shop.run("orders", "pull").code == 5
    shop.sandbox.faults.clear()
    orders = shop.sandbox.world.omnitron.channels[1].orders
    orders.remove(next(iter(orders)))
    assert shop.run("orders", "pull").code == 1
    (row,) = shop.rows("SELECT code, reason FROM penalties")
    assert row["code"] == "order_gone"
    assert shop.rows("SELECT state, count(*) AS n FROM inbox GROUP BY state") == [
        {"state": "created", "n": 1},
        {"state": "imported", "n": 2},
    ]
