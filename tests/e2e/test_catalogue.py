"""The catalogue side as a whole: from an empty Omnitron to listings that can be bought."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import unquote

from tests.e2e.catalogue_shop import fetch_categories, open_shop
from tests.e2e.product_shop import add_product, buyable, dirty, penalties
from tests.shop import FakeClock, Shop
from tests.simulation.catalogue import ROOTS, map_all, wrong_on_amazon
from tests.simulation.faulty_products import FAULTS, GOOD, node_of

PRODUCTS = 5_000
FLAGS = {
    "send_products": True,
    "send_delete_products": True,
    "send_updated_product_price": True,
    "send_updated_product_stock": True,
}
PUSH = ("products", "push")
FIVE_MINUTES = (PUSH, ("products", "delete"), ("prices", "push"), ("stock", "push"))
TEN_MINUTES = (("categories", "fetch"), ("attributes", "fetch"), ("attributes", "defaults"))
TOKENS = {"getAccessToken", "auth.login"}
NOTHING: dict[str, list[int]] = {"inserts": [], "updates": []}


def run_all(shop: Shop, *flows: tuple[str, str]) -> None:
    """One run of each, which has to end well."""
    for flow in flows:
        ran = shop.run(*flow)
        assert ran.code == 0, (flow, ran.out, ran.err)


def created(shop: Shop) -> Counter[str]:
    """How often Amazon was told of each SKU as a whole listing, by the calls remembered."""
    told: Counter[str] = Counter()
    for row in shop.sandbox.exchanges:
        if row.operation == "putListingsItem" and row.status == 200:
            told[unquote(row.path.rpartition("/")[2])] += 1
        elif row.operation == "uploadDocument":
            messages = json.loads(row.request_body)["messages"]
            told.update(each["sku"] for each in messages if each["operationType"] == "UPDATE")
    return told


def unsettled(shop: Shop) -> int:
    (row,) = shop.rows("SELECT count(*) AS number FROM products WHERE state <> 'live'")
    number: int = row["number"]
    return number


def test_five_thousand_products_go_from_an_empty_tree_to_buyable_listings(
    shop: Shop, clock: FakeClock
) -> None:
    open_shop(shop, ROOTS, flags=FLAGS)
    skus = shop.sandbox.world.omnitron.add_products(PRODUCTS)
    fetch_categories(shop, rounds=3)
    run_all(shop, ("attributes", "fetch"), ("attributes", "defaults"))
    map_all(shop)

    sent: Counter[str] = Counter()
    for _ in range(30):
        shop.forget_calls()
        run_all(shop, *FIVE_MINUTES)
        sent += created(shop)
        clock.advance(minutes=5)
        if dirty(shop) == NOTHING and not unsettled(shop):
            break

    amazon = shop.sandbox.world.amazon
    assert wrong_on_amazon(shop) == {}
    listings = list(amazon.listings)
    parents = {row.sku for row in listings} - set(skus)
    assert sent == Counter([*skus, *parents])
    assert len({row.asin for row in listings}) == len(listings)
    assert {child for sku in parents for child in amazon.listings.children(sku)} == set(skus)
    assert {row.product_type for row in listings} == {one.name for one in amazon.types}
    assert shop.rows("SELECT * FROM penalties") == []

    shop.forget_calls()
    for _ in range(6):
        run_all(shop, *TEN_MINUTES, *FIVE_MINUTES)
        clock.advance(minutes=10)
    changing = {row.operation for row in shop.sandbox.exchanges if row.method != "GET"}
    assert changing <= TOKENS


def test_sixty_products_with_a_fault_each_are_told_of_it_and_nothing_else_is(
    shop: Shop, clock: FakeClock
) -> None:
    open_shop(shop, ROOTS, flags=FLAGS)
    fetch_categories(shop, rounds=3)
    good = [f"good {number}" for number in range(60)]
    for sku, (faulty, fault) in zip(good, FAULTS.items(), strict=True):
        for each in (sku, faulty):
            add_product(shop, each, node_of(shop, fault.kind), GOOD[fault.kind])
        fault.strike(shop, faulty)

    for _ in range(14):
        shop.run(*PUSH)
        clock.advance(minutes=30)

    told = penalties(shop)
    assert told.keys() == FAULTS.keys()
    wrong = {
        sku: told[sku]
        for sku, fault in FAULTS.items()
        if not (told[sku].startswith(fault.reason) and told[sku].endswith(fault.cure))
    }
    assert wrong == {}
    reports = shop.sandbox.world.omnitron.snapshot("error_reports")
    assert {row["error_desc"] for row in reports} == set(told.values())
    assert buyable(shop, [*good, *FAULTS]) == set(good)

    for sku, fault in FAULTS.items():
        fault.heal(shop, sku)
    run_all(shop, ("prices", "push"))
    assert shop.run("penalties", "clear", "--all", "--yes").code == 0
    for _ in range(3):
        run_all(shop, *FIVE_MINUTES)
        clock.advance(minutes=16)

    assert buyable(shop, [*good, *FAULTS]) == {*good, *FAULTS}
    assert shop.rows("SELECT * FROM penalties") == []
