"""ACCEPTED is not applied: what was sent is read back by a later run."""

from __future__ import annotations

import pytest

from tests.e2e.stock_shop import (
    answered,
    change,
    dirty,
    listed,
    live,
    live_now,
    locked,
    penalties,
    push,
    warm,
)
from tests.shop import Shop


def later(shop: Shop, minutes: float = 16) -> None:
    """Let the time come in which values are read back."""
    shop.clock.advance(minutes=minutes)


def test_values_are_read_back_once_20_skus_a_call_in_a_later_run(shop: Shop) -> None:
    shop.sandbox.reset(skus=120)
    plain = [sku for sku in listed(shop) if sku.startswith("SKU-")]
    values = change(shop, plain[:90])
    push(shop)
    shop.forget_calls()

    later(shop, minutes=14)
    push(shop)
    assert not shop.calls("amazon")
    later(shop, minutes=2)
    push(shop)
    assert shop.calls("amazon") == {"searchListingsItems": 5}
    later(shop)
    push(shop)

    assert shop.calls("amazon") == {"searchListingsItems": 5}
    rows = shop.rows("SELECT sku, confirmed FROM listing_values WHERE check_at IS NULL")
    known = {row["sku"]: int(row["confirmed"]) for row in rows}
    assert {sku: known[sku] for sku in values} == values


@pytest.mark.parametrize("minutes", [1, 60])
def test_when_values_are_read_back_is_configurable(shop: Shop, minutes: int) -> None:
    shop.sandbox.reset(skus=20)
    shop.configure(stock={"read_back_minutes": minutes})
    change(shop, listed(shop, 1))
    push(shop)
    shop.clock.advance(seconds=minutes * 60 - 1)
    push(shop)
    assert not answered(shop, "searchListingsItems")
    shop.clock.advance(seconds=1)
    push(shop)
    assert answered(shop, "searchListingsItems") == 1


@pytest.mark.parametrize("way", ["patch", "feed"])
def test_an_ignored_sku_is_noticed_and_sent_again_with_its_present_value(
    shop: Shop, way: str
) -> None:
    shop.sandbox.reset(skus=60)
    shop.configure(stock={"patch_limit": 50 if way == "patch" else 5})
    values = change(shop, listed(shop, 12))
    ignored = list(values)[4]
    operation = "patchListingsItem" if way == "patch" else "createFeed"
    shop.sandbox.faults.add("ignored_sku", operation, times=100, sku=ignored)
    push(shop)
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=6)
    push(shop)
    assert live(shop, [ignored]) != {ignored: values[ignored]}
    shop.forget_calls()

    later(shop)
    push(shop)

    assert answered(shop, "patchListingsItem") == 1
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})
    later(shop)
    push(shop)
    assert not shop.rows("SELECT * FROM listing_values WHERE check_at IS NOT NULL OR resend")


def test_what_changed_meanwhile_is_sent_instead_of_the_old_value(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem")
    push(shop)
    later(shop)
    shop.sandbox.world.omnitron.set_stock(sku, 66)
    push(shop)

    assert live(shop, [sku]) == {sku: 66}
    shop.clock.advance(minutes=1)
    push(shop)
    assert (dirty(shop), locked(shop)) == (0, [])


def test_a_difference_that_lasts_is_reported_after_three_looks(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem", times=1_000)
    before = live_now(shop, [sku])[sku]
    push(shop)
    for _ in range(2):
        later(shop)
        push(shop)
        assert not penalties(shop)
    later(shop)
    ran = push(shop, code=1)

    (penalty,) = penalties(shop).values()
    assert (penalty["key"], penalty["code"]) == (sku, "not_applied")
    assert penalty["reason"] == f"Amazon accepted 501 but shows {before}, 3 times now"
    assert sku in ran.err
    assert answered(shop, "patchListingsItem") == 3
    for _ in range(5):
        later(shop)
        push(shop)
    assert answered(shop, "patchListingsItem") == 3

    # Its penalty over, it is tried again.
    shop.sandbox.faults.clear()
    shop.clock.advance(seconds=28_800)
    push(shop)
    assert live(shop, [sku]) == {sku: 501}
    assert not penalties(shop)


def test_an_order_that_takes_units_off_is_no_difference(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    values = change(shop, listed(shop))
    push(shop)
    later(shop, minutes=5)
    (order_id,) = shop.sandbox.world.add_orders(1, age=180)
    order = next(row for row in shop.sandbox.world.amazon.orders if row["orderId"] == order_id)
    sold = {item["product"]["sellerSku"] for item in order["orderItems"]} & set(values)
    assert sold
    for sku in sold:
        sell(shop, sku)
    assert shop.run("orders", "pull").code == 0
    shop.forget_calls()

    later(shop)
    push(shop)

    assert answered(shop, "searchListingsItems")
    assert not answered(shop, "patchListingsItem")
    assert live(shop, sold) == {sku: values[sku] - 1 for sku in sold}
    assert not penalties(shop)
    # The brand's stock follows, and what Amazon shows is no news to anybody.
    for sku in sold:
        shop.sandbox.world.omnitron.set_stock(sku, values[sku] - 1)
    push(shop)
    assert live(shop, sold) == {sku: values[sku] - 1 for sku in sold}
    assert (dirty(shop), locked(shop)) == (0, [])


def sell(shop: Shop, sku: str) -> None:
    """Take one unit off the live quantity, as Amazon does with an order."""
    shop.sandbox.world.amazon.settle()
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    listing.live = {
        **listing.live,
        "fulfillment_availability": [
            {**row, "quantity": row["quantity"] - 1}
            for row in listing.live["fulfillment_availability"]
        ],
    }


def test_a_listing_fulfilled_by_amazon_is_reported_and_not_written_again(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    push(shop)
    shop.sandbox.world.amazon.settle()
    shop.clock.advance(minutes=2)
    shop.sandbox.world.amazon.settle()
    shop.sandbox.world.amazon.listings.make_fba(sku)
    later(shop)
    ran = push(shop, code=1)

    (penalty,) = penalties(shop).values()
    assert (penalty["key"], penalty["code"]) == (sku, "fulfilled_by_amazon")
    assert sku in ran.err
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_stock(sku, 12)
    for _ in range(3):
        shop.clock.advance(seconds=28_800)
        shop.run("stock", "push")

    assert not shop.calls("amazon")["patchListingsItem"]
    assert penalties(shop)[sku]["stopped"] == 1


def test_a_listing_amazon_came_to_fulfil_meanwhile_is_written_once_it_is_the_sellers_again(
    shop: Shop,
) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    push(shop)
    shop.clock.advance(minutes=2)
    shop.sandbox.world.amazon.settle()
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    sellers = listing.submitted
    shop.sandbox.world.amazon.listings.make_fba(sku)
    later(shop)
    push(shop, code=1)

    listing.submitted = listing.live = sellers
    shop.sandbox.world.omnitron.set_stock(sku, 12)
    shop.clock.advance(seconds=28_800)
    push(shop)

    assert live(shop, [sku]) == {sku: 12}
    assert not penalties(shop)


def test_values_that_cannot_be_read_back_now_hold_nothing_up(shop: Shop) -> None:
    shop.sandbox.reset(skus=60)
    first = change(shop, listed(shop, 30))
    push(shop)
    later(shop)
    second = change(shop, listed(shop)[40:43])
    shop.sandbox.faults.add("server_error_before", "searchListingsItems", times=1_000)

    ran = push(shop, "--json")

    assert live(shop, second) == second
    assert any("read back by a later run" in note for note in ran.json["notes"])
    shop.sandbox.faults.clear()
    push(shop)
    rows = shop.rows("SELECT sku FROM listing_values WHERE confirmed IS NOT NULL")
    assert {row["sku"] for row in rows} == set(first)


def test_a_resend_omnitron_has_no_stock_for_is_given_up(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    warm(shop)
    (sku,) = change(shop, listed(shop, 1))
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem")
    push(shop)
    channel = shop.sandbox.world.omnitron.channels[1]
    (product,) = channel.products.find("sku", sku)
    (stock,) = channel.stocks.find("product", product.pk)
    channel.stocks.remove(stock)
    later(shop)
    push(shop)

    assert not shop.rows("SELECT * FROM listing_values WHERE resend")
    assert not penalties(shop)
