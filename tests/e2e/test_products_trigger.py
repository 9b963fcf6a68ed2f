"""`products trigger`: new products sent by hand, and the manual's sentence for all others."""

from __future__ import annotations

import pytest

from tests.e2e.product_shop import (
    SHIRT,
    add_product,
    map_attributes,
    open_catalogue,
    penalties,
    push,
    submitted,
)
from tests.shop import FakeClock, Ran, Shop

SENTENCE = (
    "The relevant record is not in queue. The item may have been penalized or check product is"
    " saleable"
)


@pytest.fixture
def node(shop: Shop) -> int:
    """The category of shirts."""
    return open_catalogue(shop)["SHIRT"]


def trigger(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """One `products trigger` that ends with that exit code."""
    ran = shop.run("products", "trigger", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def stop(shop: Shop, sku: str) -> None:
    """Let all tries of a product without a brand fail."""
    for hours in (0, 8, 8):
        shop.clock.advance(hours=hours)
        push(shop, code=1)
    assert shop.rows("SELECT stopped FROM penalties WHERE key = ?", sku) == [{"stopped": 1}]


def test_a_stopped_product_is_lifted_and_sent_in_this_run(
    shop: Shop, clock: FakeClock, node: int
) -> None:
    add_product(shop, "SKU", node, {**SHIRT, "brand": None})
    stop(shop, "SKU")
    map_attributes(shop, "SKU", {"brand": "Örnek"})
    clock.advance(days=9)
    assert push(shop, "--json").json["counts"] == {}
    ran = trigger(shop, "SKU")
    assert ran.out == "SKU: sent quantity 10, price 100.00\n"
    assert submitted(shop, "SKU")["brand"][0]["value"] == "Örnek"
    assert penalties(shop) == {}
    assert shop.sandbox.world.omnitron.snapshot("failed_integrations") == []


def test_a_product_that_was_never_tried_is_sent_and_no_other(shop: Shop, node: int) -> None:
    shop.configure(flags={"send_products": False})
    add_product(shop, "A", node)
    add_product(shop, "B", node)
    assert trigger(shop, "B").out == "B: sent quantity 10, price 100.00\n"
    assert {listing.sku for listing in shop.sandbox.world.amazon.listings} == {"B"}


def test_a_stopped_product_that_still_has_its_fault_says_so(shop: Shop, node: int) -> None:
    add_product(shop, "SKU", node, {**SHIRT, "brand": None})
    stop(shop, "SKU")
    ran = trigger(shop, "SKU", code=1)
    assert "SKU: brand attribute is required" in ran.err
    assert SENTENCE not in ran.err
    assert shop.rows("SELECT stopped, failures FROM penalties") == [{"stopped": 0, "failures": 1}]


def test_one_that_waits_in_penalty_gets_the_manuals_sentence(shop: Shop, node: int) -> None:
    add_product(shop, "SKU", node, {**SHIRT, "brand": None})
    push(shop, code=1)
    before = shop.rows("SELECT * FROM penalties")
    map_attributes(shop, "SKU", {"brand": "Örnek"})
    ran = trigger(shop, "SKU", code=1)
    assert f"SKU: {SENTENCE} (in penalty: brand attribute is required" in ran.err
    assert shop.rows("SELECT * FROM penalties") == before
    assert len(shop.sandbox.world.amazon.listings) == 0


def test_one_that_was_sent_gets_the_manuals_sentence(shop: Shop, node: int) -> None:
    add_product(shop, "SKU", node)
    push(shop)
    shop.forget_calls()
    ran = trigger(shop, "SKU", "--json", code=1)
    (failure,) = ran.json["failures"]
    assert failure["key"] == "SKU"
    assert failure["reason"].startswith(SENTENCE)
    assert ran.json["exit_code"] == 1
    assert shop.calls("amazon").total() == 0
    assert penalties(shop) == {}


def test_one_that_is_on_its_way_gets_the_manuals_sentence(shop: Shop, node: int) -> None:
    shop.configure(flags={"send_products": True}, stock={"patch_limit": 0})
    add_product(shop, "SKU", node)
    push(shop)
    ran = trigger(shop, "SKU", code=1)
    assert f"SKU: {SENTENCE} (it is on its way to Amazon)" in ran.err
    assert shop.calls()["createFeed"] == 1


@pytest.mark.parametrize(
    ("lacks", "why"),
    [
        ("stock", "Stock data not found"),
        ("price", "Price data not found"),
        ("category", "Category data not found"),
        ("image", "Image data not found"),
        ("catalog", "the catalog has no such product"),
        ("activity", "the product is not active in Omnitron"),
    ],
)
def test_one_that_is_not_sellable_gets_the_manuals_sentence(
    shop: Shop, node: int, lacks: str, why: str
) -> None:
    add_product(shop, "SKU", node)
    omnitron = shop.sandbox.world.omnitron
    hands = {
        "stock": lambda: omnitron.remove_stock("SKU"),
        "price": lambda: omnitron.remove_price("SKU"),
        "category": lambda: omnitron.map_category("SKU"),
        "image": lambda: omnitron.set_image("SKU", None),
        "catalog": lambda: omnitron.remove_from_catalog("SKU"),
        "activity": lambda: omnitron.set_product("SKU", is_active=False),
    }
    hands[lacks]()
    ran = trigger(shop, "SKU", code=1)
    assert f"SKU: {SENTENCE} ({why})" in ran.err
    assert ran.out == ""


def test_some_go_although_others_do_not(shop: Shop, node: int) -> None:
    add_product(shop, "SENT", node)
    push(shop)
    add_product(shop, "NEW", node)
    ran = trigger(shop, "SENT", "NEW", "UNKNOWN", code=1)
    assert ran.out == "NEW: sent quantity 10, price 100.00\n"
    assert ran.err.count(SENTENCE) == 2


def test_a_dry_run_shows_what_would_go(shop: Shop, node: int) -> None:
    add_product(shop, "SKU", node, {**SHIRT, "brand": None})
    stop(shop, "SKU")
    map_attributes(shop, "SKU", {"brand": "Örnek"})
    before = shop.rows("SELECT * FROM penalties")
    ran = trigger(shop, "SKU", "--dry-run")
    assert ran.out == "SKU: new, SHIRT, quantity 10, price 100.00\n"
    assert shop.rows("SELECT * FROM penalties") == before
