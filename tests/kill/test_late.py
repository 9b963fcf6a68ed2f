"""The far side does it only after we gave up: a request cut off on its way, acted on minutes later.

The sandbox cuts the connection before it acts; the test delivers the same bytes again, later. A run
in between sees nothing of it and must not ask a second time.
"""

from __future__ import annotations

import httpx
import pytest

from tests.kill import order_world, stock_world
from tests.kill.processes import start
from tests.shop import Shop


@pytest.mark.parametrize("seconds", [0, 60, 170])
def test_an_order_created_late_is_found_and_not_created_again(shop: Shop, seconds: int) -> None:
    order_world.place_orders(shop)
    shop.sandbox.faults.add("cut_before", "create_orders.create", "omnitron")
    start(shop, "orders", "pull").end()

    shop.clock.advance(seconds=seconds)
    start(shop, "orders", "pull").end()
    deliver_late(shop, "omnitron", "create_orders.create")
    for _ in range(2):
        shop.clock.advance(minutes=5)
        assert shop.run("orders", "pull").code in (0, 1)

    assert order_world.problems(shop) == []


@pytest.mark.parametrize("seconds", [0, 60, 170])
def test_a_feed_created_late_is_found_and_not_created_again(shop: Shop, seconds: int) -> None:
    shop.configure(stock={"patch_limit": 2})
    stock_world.change_stocks(shop, 5)
    shop.sandbox.faults.add("cut_before", "createFeed")
    start(shop, "stock", "push").end()

    shop.clock.advance(seconds=seconds)
    start(shop, "stock", "push").end()
    deliver_late(shop, "amazon", "createFeed")
    for minutes in (1, 4, 10, 30):
        shop.clock.advance(minutes=minutes)
        assert shop.run("stock", "push").code == 0

    assert stock_world.problems(shop, 5) == []
    assert len(shop.sandbox.world.amazon.snapshot("feeds")) == 1


def deliver_late(shop: Shop, side: str, operation: str) -> None:
    """Let the far side act on the request whose connection was cut."""
    (cut,) = (
        row for row in shop.sandbox.exchanges if row.operation == operation and row.status == 0
    )
    base = shop.sandbox.amazon_url if side == "amazon" else shop.sandbox.omnitron_url
    reply = httpx.request(
        cut.method, f"{base}{cut.path}", headers=dict(cut.request_headers), content=cut.request_body
    )
    assert reply.is_success, reply.text
