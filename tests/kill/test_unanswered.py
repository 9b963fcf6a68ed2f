"""The far side did it and did not say so: 502, silence or a cut connection after the effect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kill import order_world, stock_world
from tests.kill.processes import start
from tests.shop import Shop

FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("server_error_after", {"status": 502}),
    ("hang_after", {"seconds": 1.2}),
    ("cut_after", {}),
    ("truncated", {}),
]
READ_TIMEOUT = 0.5  # seconds, shorter than the silence

unanswered = pytest.mark.parametrize(
    ("fault", "options"), FAULTS, ids=[fault for fault, _ in FAULTS]
)


@unanswered
@pytest.mark.parametrize("minutes", [1, 5])
def test_orders_created_without_an_answer_are_there_once(
    shop: Shop, fault: str, options: dict[str, Any], minutes: int
) -> None:
    shop.configure(http={"read_timeout": READ_TIMEOUT})
    order_world.place_orders(shop)
    shop.sandbox.faults.add(fault, "create_orders.create", "omnitron", times=3, **options)

    ran = start(shop, "orders", "pull").end()

    assert ran.code in (0, 1, 5), ran.err
    assert shop.sandbox.faults.struck == {fault: 3}
    for _ in range(3):
        shop.clock.advance(minutes=minutes)
        assert shop.run("orders", "pull").code in (0, 1)
    assert order_world.problems(shop) == []
    assert shop.sandbox.count("create_orders.create") == 3


@unanswered
@pytest.mark.parametrize(
    "operation",
    ["customers.create", "addresses.create", "batch_requests.create", "batch_requests.patch"],
)
def test_other_unanswered_steps_of_an_import_leave_nothing_doubled(
    shop: Shop, fault: str, options: dict[str, Any], operation: str
) -> None:
    shop.configure(http={"read_timeout": READ_TIMEOUT})
    order_world.place_orders(shop)
    shop.sandbox.faults.add(fault, operation, "omnitron", **options)

    ran = start(shop, "orders", "pull").end()

    assert ran.code in (0, 1, 5), ran.err
    assert shop.sandbox.faults.struck == {fault: 1}
    for _ in range(2):
        shop.clock.advance(minutes=5)
        assert shop.run("orders", "pull").code in (0, 1)
    assert order_world.problems(shop) == []


@unanswered
@pytest.mark.parametrize("operation", ["createFeedDocument", "uploadDocument", "createFeed"])
def test_a_feed_created_without_an_answer_is_made_once(
    shop: Shop, fault: str, options: dict[str, Any], operation: str
) -> None:
    shop.configure(http={"read_timeout": READ_TIMEOUT}, stock={"patch_limit": 2})
    stock_world.change_stocks(shop, 5)
    shop.sandbox.faults.add(fault, operation, **options)

    ran = start(shop, "stock", "push").end()

    assert ran.code in (0, 5), ran.err
    assert shop.sandbox.faults.struck == {fault: 1}
    for minutes in (1, 4, 10, 30):
        shop.clock.advance(minutes=minutes)
        assert shop.run("stock", "push").code == 0
    assert stock_world.problems(shop, 5) == []
    assert shop.sandbox.count("createFeed") == 1
