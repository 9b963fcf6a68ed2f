"""The guard on mass zeroing: a broken stock import must not close the shop."""

from __future__ import annotations

import pytest

from tests.e2e.stock_shop import batches, change, dirty, listed, live, locked, push, warm
from tests.shop import Shop


def zero(shop: Shop, count: int) -> dict[str, int]:
    """Let the stock of so many listed SKUs go to nothing."""
    skus = listed(shop, count)
    for sku in skus:
        shop.sandbox.world.omnitron.set_stock(sku, 0)
    return dict.fromkeys(skus, 0)


def shop_of(shop: Shop, listed_skus: int) -> None:
    """A shop with so many listings, all known and in stock."""
    shop.sandbox.reset(skus=listed_skus + listed_skus // 49)
    assert len(listed(shop)) == listed_skus
    warm(shop)


def test_more_than_the_limit_going_to_zero_stops_the_run_before_anything_is_sent(
    shop: Shop,
) -> None:
    shop_of(shop, 98)
    change(shop, listed(shop)[90:95])
    values = zero(shop, 30)
    before = batches(shop)

    ran = push(shop, code=6)

    assert "30 of 98 live SKUs would go to zero, more than 30 %" in ran.err
    assert f"amzsync stock push --override-guard --config {shop.config}" in ran.err
    assert not shop.calls("amazon")
    assert (batches(shop), locked(shop)) == (before, [])
    assert dirty(shop) == 35
    push(shop, "--dry-run", code=6)

    push(shop, "--override-guard")

    assert live(shop, values) == values
    assert dirty(shop) == 0


@pytest.mark.parametrize(
    ("listings", "zeroed", "code"),
    [
        (98, 29, 0),  # 29.6 %
        (98, 30, 6),  # 30.6 %
        (49, 19, 0),  # 39 %, but fewer than 20
        (49, 20, 6),
    ],
)
def test_both_limits_have_to_be_passed(shop: Shop, listings: int, zeroed: int, code: int) -> None:
    shop_of(shop, listings)
    zero(shop, zeroed)

    push(shop, "--dry-run", code=code)
    push(shop, code=code)

    assert bool(shop.calls("amazon")) is (code == 0)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"zeroing_percent": 60}, 0),
        ({"zeroing_percent": 50}, 6),
        ({"zeroing_percent": 50, "zeroing_minimum": 30}, 0),
    ],
)
def test_the_limits_are_configurable(shop: Shop, limits: dict[str, int], code: int) -> None:
    shop_of(shop, 49)
    shop.configure(guards=limits)
    zero(shop, 25)

    push(shop, code=code)


def test_the_buffer_counts_and_what_is_at_zero_already_does_not(shop: Shop) -> None:
    shop_of(shop, 49)
    zero(shop, 19)
    push(shop)
    shop.configure(buffer_stock=10)
    zero(shop, 19)  # again: nothing new
    skus = listed(shop)[19:39]
    change(shop, skus[:19], first=1)
    for sku in skus[:19]:
        shop.sandbox.world.omnitron.set_stock(sku, 10)  # nothing left of it after the buffer

    push(shop)  # 19 fall to zero now

    for sku in listed(shop)[19:39]:
        shop.sandbox.world.omnitron.set_stock(sku, 400)
    push(shop)
    for sku in listed(shop)[19:39]:
        shop.sandbox.world.omnitron.set_stock(sku, 10)
    push(shop, code=6)  # 20 of the 30 that live


def test_a_guarded_feed_locks_nothing_either(shop: Shop) -> None:
    shop_of(shop, 98)
    shop.configure(stock={"patch_limit": 5})
    zero(shop, 60)
    before = batches(shop)

    push(shop, code=6)

    assert not shop.calls("amazon")
    assert (batches(shop), locked(shop)) == (before, [])
    assert not shop.rows("SELECT * FROM jobs")
