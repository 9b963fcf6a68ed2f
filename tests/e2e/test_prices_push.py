"""`amzsync prices push` from the command line to both far sides and back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.price_shop import (
    ON,
    change,
    dirty,
    known,
    live,
    prepare,
    price,
    push,
    set_offer,
)
from tests.e2e.stock_shop import answered, batches, channel, listed, penalties
from tests.shop import Shop


def patches(shop: Shop) -> list[dict[str, Any]]:
    """The bodies of all PATCHes since the last `forget_calls`."""
    rows = shop.sandbox.exchanges
    return [json.loads(row.request_body) for row in rows if row.operation == "patchListingsItem"]


def sold_apart(shop: Shop) -> list[str]:
    """SKUs that are listed and look alike."""
    return [sku for sku in listed(shop) if sku.startswith("SKU-")]


def test_a_changed_price_is_one_patch_that_merges_the_price_and_nothing_else(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    shop.sandbox.world.omnitron.set_price(sku, price(shop, sku) + Decimal("0.50"))
    wanted = price(shop, sku)

    ran = push(shop, "--json")

    assert ran.json["counts"] == {"sent": 1, **ran.json["counts"]}
    assert patches(shop) == [
        {
            "productType": "PRODUCT",
            "patches": [
                {
                    "op": "merge",
                    "path": "/attributes/purchasable_offer",
                    "value": [
                        {
                            "marketplace_id": "A33AVAJ2PDY3EV",
                            "currency": "TRY",
                            "our_price": [{"schedule": [{"value_with_tax": float(wanted)}]}],
                        }
                    ],
                }
            ],
        }
    ]
    assert live(shop, [sku]) == {sku: wanted}
    assert dirty(shop) == set()
    assert known(shop)[sku]["sent"] == f"{wanted:.2f}"


def test_a_running_sale_allowed_ranges_business_prices_and_lead_time_stay(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    sale = [
        {"schedule": [{"value_with_tax": 79.9, "start_at": "2026-11-20", "end_at": "2026-12-01"}]}
    ]
    limits = {
        "minimum_seller_allowed_price": [{"schedule": [{"value_with_tax": 50}]}],
        "maximum_seller_allowed_price": [{"schedule": [{"value_with_tax": 5000}]}],
    }
    set_offer(shop, sku, discounted_price=sale, **limits)
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    business = {
        "marketplace_id": "A33AVAJ2PDY3EV",
        "currency": "TRY",
        "audience": "B2B",
        "our_price": [{"schedule": [{"value_with_tax": 70.5}]}],
    }
    listing.submitted = {
        **listing.submitted,
        "purchasable_offer": [*listing.submitted["purchasable_offer"], business],
    }
    listing.live = listing.submitted
    stock = listing.submitted["fulfillment_availability"]
    wanted = change(shop, [sku])

    push(shop)

    assert live(shop, [sku]) == wanted
    offer = listing.offer()
    assert offer is not None
    assert offer["discounted_price"] == sale
    assert {name: offer[name] for name in limits} == limits
    assert business in listing.live["purchasable_offer"]
    assert listing.submitted["fulfillment_availability"] == stock
    # The sale is what Amazon may show as live: the price below it counts as arrived.
    shop.clock.advance(minutes=16)
    push(shop)
    assert known(shop)[sku]["confirmed"] == f"{wanted[sku]:.2f}"


def test_many_prices_are_one_feed_collected_by_a_later_run(shop: Shop) -> None:
    prepare(shop, stock={"patch_limit": 5})
    wanted = change(shop, listed(shop, 30))

    ran = push(shop, "--json")

    assert ran.json["counts"]["submitted"] == 30
    calls = shop.calls("amazon")
    assert (calls["createFeed"], calls["patchListingsItem"]) == (1, 0)
    shop.clock.advance(minutes=6)
    ran = push(shop, "--json")
    assert ran.json["counts"]["sent"] == 30
    assert live(shop, wanted) == wanted
    assert dirty(shop) == set()
    assert set(batches(shop)) == {"done"}
    shop.clock.advance(minutes=16)
    shop.forget_calls()
    push(shop)
    assert shop.calls("amazon") == {"searchListingsItems": 2}
    assert {row["confirmed"] for row in known(shop).values()} == {
        f"{value:.2f}" for value in wanted.values()
    }


def test_a_price_amazon_has_already_costs_no_call_to_amazon(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    wanted = change(shop, [sku])
    push(shop)
    shop.clock.advance(minutes=16)
    push(shop)
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_price(sku, wanted[sku])

    ran = push(shop, "--json")

    assert ran.json["counts"]["unchanged"] == 1
    assert not shop.calls("amazon")
    assert dirty(shop) == set()


def test_an_idle_run_asks_omnitron_twice_and_amazon_nothing(shop: Shop) -> None:
    prepare(shop, skus=40)
    push(shop)
    shop.clock.advance(minutes=5)
    shop.forget_calls()
    push(shop)
    assert shop.calls() == {"product_prices.updates": 1, "product_prices.inserts": 1}


def test_a_dry_run_tells_the_prices_and_sends_nothing(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    before = price(shop, sku)
    change(shop, [sku])
    push(shop)
    wanted = change(shop, [sku])
    shop.forget_calls()

    ran = push(shop, "--dry-run")

    assert ran.out == f"{sku}: {before * Decimal('1.10'):.2f} -> {wanted[sku]:.2f}\n"
    assert not shop.calls("amazon")
    assert dirty(shop) == {sku}


def test_the_price_of_a_product_that_is_not_listed_waits_without_penalty(shop: Shop) -> None:
    prepare(shop)
    pk = shop.sandbox.world.omnitron.add_product("NEW-1", price="50.00")

    ran = push(shop, "--json")

    assert "NEW-1" in {row["key"] for row in ran.json["waiting"]}
    assert not penalties(shop)
    assert not shop.calls("amazon")
    place = channel(shop)
    place.add_action(
        "product", pk, "2026-01-01T00:00:00.000000Z", remote_id="NEW-1", status="success"
    )
    shop.clock.advance(minutes=5)
    push(shop, code=1)  # its listing is not there: Amazon refuses it, and that is its own fault
    assert set(penalties(shop)) == {"NEW-1"}


def test_a_refused_price_is_penalised_as_productprice_and_tried_again(shop: Shop) -> None:
    prepare(shop)
    bad, good = sold_apart(shop)[:2]
    set_offer(shop, bad, currency="EUR")
    shop.sandbox.world.amazon.listings.get(bad)
    wanted = change(shop, [bad, good])

    ran = push(shop, "--json", code=1)

    assert [row["key"] for row in ran.json["failures"]] == [bad]
    assert penalties(shop)[bad]["content_type"] == "productprice"
    assert live(shop, [good]) == {good: wanted[good]}
    push(shop)
    assert answered(shop, "patchListingsItem") == 2
    set_offer(shop, bad, currency="TRY")
    shop.clock.advance(seconds=28_801)
    push(shop)
    assert live(shop, [bad]) == {bad: wanted[bad]}
    assert not penalties(shop)


def test_a_page_of_penalised_prices_is_paged_past(shop: Shop) -> None:
    prepare(shop, skus=130)
    bad, good = listed(shop)[:105], listed(shop)[105:108]
    for sku in bad:
        set_offer(shop, sku, currency="EUR")
    change(shop, bad)
    push(shop, code=1)
    wanted = change(shop, good)
    shop.clock.advance(minutes=5)

    push(shop)

    assert live(shop, good) == wanted
    assert set(penalties(shop)) == set(bad)


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("0", "try", "is 0.00 TRY, not above 0"),
        ("-5", "try", "is -5.00 TRY, not above 0"),
        ("10", "eur", "is in EUR, the marketplace sells in TRY"),
    ],
)
def test_an_impossible_price_stops_the_run_and_names_the_way_through(
    shop: Shop, amount: str, currency: str, says: str
) -> None:
    prepare(shop)
    bad, good = sold_apart(shop)[:2]
    shop.sandbox.world.omnitron.set_price(bad, amount, currency_type=currency)
    wanted = change(shop, [good])

    ran = push(shop, code=6)

    assert f"{bad} {says}" in ran.err
    assert f"amzsync prices push --override-guard --config {shop.config}" in ran.err
    assert not shop.calls("amazon")
    assert batches(shop) == []
    push(shop, "--dry-run", code=6)
    push(shop, "--override-guard", code=1)
    assert live(shop, [good]) == wanted
    assert penalties(shop)[bad]["reason"] == f"the price {says}"
    shop.clock.advance(minutes=5)
    push(shop)  # the one that is penalised stops no later run


@pytest.mark.parametrize(
    ("factor", "percent", "code"),
    [
        ("0.49", 50, 6),
        ("0.51", 50, 0),
        ("1.49", 50, 0),
        ("1.51", 50, 6),
        ("1.51", 60, 0),
        ("10", 50, 6),
    ],
)
def test_a_price_that_moves_too_far_stops_the_run(
    shop: Shop, factor: str, percent: int, code: int
) -> None:
    prepare(shop, guards={"price_change_percent": percent})
    (sku,) = sold_apart(shop)[:1]
    shop.sandbox.world.omnitron.set_price(sku, "200.00")
    push(shop)
    shop.forget_calls()
    wanted = change(shop, [sku], factor)

    ran = push(shop, code=code)

    if code:
        assert f"{sku} 200.00 -> {wanted[sku]:.2f}" in ran.err
        assert f"more than {percent} %" in ran.err
        assert not shop.calls("amazon")
        push(shop, "--override-guard")
    assert live(shop, [sku]) == wanted


def test_only_a_few_of_many_wrong_prices_are_named(shop: Shop) -> None:
    prepare(shop)
    for sku in sold_apart(shop)[:9]:
        shop.sandbox.world.omnitron.set_price(sku, "0")
    ran = push(shop, code=6)
    assert "9 prices cannot be right" in ran.err
    assert "and 4 more" in ran.err


@pytest.mark.parametrize("way", ["patch", "feed"])
def test_a_price_that_never_arrives_is_sent_again_and_then_reported(shop: Shop, way: str) -> None:
    prepare(shop, stock={"patch_limit": 50 if way == "patch" else 5})
    wanted = change(shop, sold_apart(shop)[:12])
    lost = list(wanted)[4]
    for operation in ("patchListingsItem", "createFeed"):
        shop.sandbox.faults.add("ignored_sku", operation, times=100, sku=lost)
    push(shop)
    codes = []
    for _ in range(16):
        shop.clock.advance(minutes=6)
        codes.append(shop.run("prices", "push").code)

    assert sorted(set(codes)) == [0, 1]
    assert penalties(shop)[lost]["code"] == "not_applied"
    assert "Amazon accepted" in penalties(shop)[lost]["reason"]
    shop.sandbox.faults.clear()
    shop.clock.advance(seconds=28_801)
    push(shop)
    assert live(shop, wanted) == wanted


def test_an_fba_channel_pushes_prices(shop: Shop, tmp_path: Path) -> None:
    shop.sandbox.reset(skus=40)
    fba = Shop(shop.sandbox, shop.clock, tmp_path, channel=2)
    fba.configure(flags=ON)
    wanted = change(fba, listed(fba, 2))
    push(fba)
    assert live(fba, wanted) == wanted


def test_a_channel_in_germany_pushes_euros_and_leaves_the_liras_alone(
    shop: Shop, tmp_path: Path
) -> None:
    shop.sandbox.reset(skus=40)
    germany = Shop(shop.sandbox, shop.clock, tmp_path, channel=3)
    germany.configure(flags=ON, market_place_id="A1PA6795UKMFR9", is_fba_channel=False)
    sku = listed(germany, 1)[0]
    before = live(shop, [sku])
    shop.sandbox.world.omnitron.set_price(sku, "12.30", 3)

    push(germany)

    assert live(germany, [sku]) == {sku: Decimal("12.30")}
    assert live(shop, [sku]) == before


def test_prices_and_stock_penalties_know_nothing_of_each_other(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    set_offer(shop, sku, currency="EUR")
    change(shop, [sku])
    push(shop, code=1)
    set_offer(shop, sku, currency="TRY")
    shop.sandbox.world.omnitron.set_stock(sku, 77)
    assert shop.run("stock", "push").code == 0
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    live(shop, [sku])
    assert listing.quantity() == 77


def test_why_tells_price_and_stock_of_a_sku(shop: Shop) -> None:
    prepare(shop)
    (sku,) = sold_apart(shop)[:1]
    wanted = change(shop, [sku])
    push(shop)
    shop.clock.advance(minutes=16)
    push(shop)
    ran = shop.run("why", sku)
    assert f"Amazon was last told price {wanted[sku]:.2f}" in ran.out
    assert f"live price: {wanted[sku]:.2f} when last read back" in ran.out
    told = shop.run("why", sku, "--json").json["listing"]["values"]["price"]
    assert (told["sent"], told["confirmed"]) == (f"{wanted[sku]:.2f}",) * 2
