"""`amzsync why SKU`: whether it is on sale, why not, and the command that mends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from amzsync.state.snapshot import Listed
from amzsync.state.state import State
from tests.e2e.product_shop import SHIRT, add_product, open_catalogue, push, settle, submitted
from tests.shop import FakeClock, Shop

SKU = "A/B+1 %"


@pytest.fixture
def node(shop: Shop) -> int:
    """The category of shirts, and all flows of goods on."""
    node = open_catalogue(shop)["SHIRT"]
    configure(shop)
    return node


def configure(shop: Shop, *off: str, **settings: Any) -> None:
    flags = ("send_products", "send_updated_product_price", "send_delete_products")
    shop.configure({flag: flag not in off for flag in flags}, **settings)


def sale(shop: Shop, sku: str = SKU) -> dict[str, Any]:
    """What `why` says of being on sale; the same in words and as data, and nobody is asked."""
    shop.forget_calls()
    ran, told = shop.run("why", sku, "--json"), shop.run("why", sku)
    assert (ran.code, told.code, told.err) == (0, 0, "")
    found: dict[str, Any] = ran.json["sale"]
    words = {True: "on sale", False: "not on sale", None: "whether it is on sale is not known here"}
    assert f"\n{words[found['on_sale']]}: {found['why']}\n" in told.out
    assert all(f"\n  {command}\n" in told.out for command in found["commands"])
    assert found["fix"] is None or f"\n  cure: {found['fix']}\n" in told.out
    assert not shop.calls()
    return found


def test_a_product_that_is_sold(shop: Shop, clock: FakeClock, node: int) -> None:
    add_product(shop, SKU, node)
    push(shop)
    taken = sale(shop)
    assert taken["on_sale"] is False
    assert taken["why"].startswith("Amazon took it 2026-11-23 09:00:00Z and did not show it as")
    settle(shop)
    seen = "Amazon had it as it was sent when last looked at, 2026-11-23 09:16:00Z"
    assert sale(shop) == {"on_sale": True, "why": seen, "fix": None, "commands": []}
    for flow in ("stock", "prices"):
        assert shop.run(flow, "push").code == 0
    told = shop.run("why", SKU).out
    assert "listing of type SHIRT: as it should be when last looked at, last sent 2026-11" in told
    assert "live quantity: 10 when last read back\n" in told
    assert "live price: 100.00 when last read back\n" in told
    found = shop.run("why", SKU, "--json").json
    assert (found["product"]["state"], found["product"]["product_type"]) == ("live", "SHIRT")
    assert found["listing"]["values"]["price"]["confirmed"] == "100.00"


def test_a_product_that_is_not_sellable_names_what_it_lacks(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    shop.sandbox.world.omnitron.remove_price(SKU)
    shop.sandbox.world.omnitron.set_image(SKU, None)
    push(shop, code=1)
    found = sale(shop)
    assert found["on_sale"] is False
    assert found["why"] == "not sellable: Price data not found; Image data not found"
    assert "add the price data" in found["fix"]
    assert "give the product a picture" in found["fix"]
    clear = f"amzsync penalties clear --sku '{SKU}' --config {shop.config}"
    assert found["commands"] == [clear]
    told = shop.run("why", SKU).out
    assert "products push, 2 tries left: in penalty, next try at 2026-11-23 17:00:00Z" in told


def test_a_product_amazon_refuses_tells_amazons_issues(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    amazon = shop.sandbox.world.amazon.listings
    amazon.refuse_later(SKU, "90244", "The brand is gated.", "brand")
    push(shop)
    settle(shop)
    assert shop.rows("SELECT state FROM products") == [{"state": "refused"}]
    found = sale(shop)
    assert found["on_sale"] is False
    assert found["why"].startswith("not listed: brand: The brand is gated")
    assert found["fix"].startswith("mend what the message names: attributes in Omnitron's Mapper")
    assert found["commands"] == [f"amzsync penalties clear --sku '{SKU}' --config {shop.config}"]
    assert shop.run("penalties", "explain", "90244").code == 0


def test_a_change_that_is_held_back_leaves_what_is_sold(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    push(shop)
    settle(shop)
    shop.sandbox.world.omnitron.set_product(SKU, name="Yeni")
    shop.sandbox.world.omnitron.map_category(SKU, channel=shop.channel)
    push(shop, code=1)
    found = sale(shop)
    assert found["on_sale"] is None
    assert found["why"] == (
        "it was on sale when last seen 2026-11-23 09:16:00Z and may be so still; its change is held"
        " back: Category data not found"
    )


def test_a_product_that_waits_says_what_for(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    shop.sandbox.world.omnitron.set_product(SKU, is_active=False)
    push(shop)
    found = sale(shop)
    assert found["why"] == "not listed: the product is not active in Omnitron"
    assert found["fix"] == "set the product active in Omnitron, if it is to be sold"
    assert found["commands"] == [f"amzsync products push --only '{SKU}' --config {shop.config}"]


@pytest.mark.parametrize("on", [True, False])
def test_a_product_that_was_never_sent_says_why(shop: Shop, node: int, on: bool) -> None:
    add_product(shop, SKU, node)
    configure(shop, *(() if on else ("send_products",)))
    assert shop.run("stock", "push").code == 0
    found = sale(shop)
    why = "products push has not come to it yet" if on else "send_products is false"
    assert (found["on_sale"], found["why"]) == (False, f"its product was never sent: {why}")
    assert found["commands"] == [f"amzsync products trigger '{SKU}' --config {shop.config}"]
    told = shop.run("why", SKU).out
    assert "waits since 2026-11-23 09:00:00Z (not_listed): the product is not listed on" in told
    assert "  cure: get the product listed; its stock and price follow by themselves" in told


def test_a_product_that_is_sold_out_says_so(shop: Shop, node: int) -> None:
    configure(shop, buffer_stock=3)
    add_product(shop, SKU, node)
    push(shop)
    settle(shop)
    shop.sandbox.world.omnitron.set_stock(SKU, 3)
    assert shop.run("stock", "push").code == 0
    found = sale(shop)
    assert found["on_sale"] is False
    assert found["why"] == "its quantity on Amazon is 0: the stock less buffer_stock (3)"
    assert found["fix"] == "give the product a stock above buffer_stock in Omnitron"


def test_a_product_that_left_the_catalog(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    push(shop)
    settle(shop)
    shop.sandbox.world.omnitron.remove_from_catalog(SKU)
    assert shop.run("products", "delete").code == 0
    found = sale(shop)
    assert (found["on_sale"], found["commands"]) == (False, [])
    assert found["why"].startswith("its product left the catalog of the channel, its stock is kept")
    assert found["fix"] == "put the product back into the catalog in Omnitron"


def test_a_product_in_a_feed_is_not_answered_yet(shop: Shop, node: int) -> None:
    configure(shop, stock={"patch_limit": 0})
    add_product(shop, SKU, node)
    push(shop)
    found = sale(shop)
    assert found["why"] == (
        "it was handed to Amazon 2026-11-23 09:00:00Z, which has not answered yet"
    )
    assert found["on_sale"] is False
    ran = shop.run("why", SKU)
    assert "travels with feed " in ran.out
    assert "quantity 10, price 100.00" in ran.out
    assert "; batch request " in ran.out


def test_a_patch_nobody_knows_the_end_of_is_in_flight(shop: Shop, node: int) -> None:
    add_product(shop, SKU, node)
    push(shop)
    settle(shop)
    shop.sandbox.world.omnitron.set_stock(SKU, 5)
    shop.configure({"send_products": True}, http={"attempts": 1})
    shop.sandbox.faults.add("cut_after", "patchListingsItem", times=9)
    assert shop.run("stock", "push").code == 5
    assert "a run of stock push has it in hand, or was killed" in shop.run("why", SKU).out
    assert shop.run("why", SKU, "--json").json["sending"] == "stock.push"


def test_the_parent_of_a_family_is_not_sold_itself(shop: Shop, node: int) -> None:
    add_product(shop, "M-1", node, base_code="M")
    add_product(shop, "M-2", node, {**SHIRT, "size": "L"}, base_code="M")
    push(shop)
    assert submitted(shop, "M-PARENT")
    assert sale(shop, "M-PARENT")["why"].startswith("it is the parent of a family")


@pytest.mark.parametrize(("status", "on_sale"), [("Active", True), ("Inactive", False)])
def test_what_amazons_report_says_later_counts(
    shop: Shop, clock: FakeClock, node: int, status: str, on_sale: bool
) -> None:
    add_product(shop, SKU, node)
    push(shop)
    settle(shop)
    state = State.open(shop.state, clock)
    listed = Listed(SKU, "B000000001", "100.00", 10, status, by_amazon=False)
    state.snapshots.arrive("1", [listed], clock.now() + timedelta(hours=1))
    state.close()
    clock.advance(hours=3)
    found = sale(shop)
    assert (found["on_sale"], status.lower() in found["why"].lower()) == (on_sale, True)
    told = f"Amazon's report of 2026-11-23 10:32:00Z (2 h ago): {status}, quantity 10, price 100.00"
    assert told in shop.run("why", SKU).out
    report = shop.run("why", SKU, "--json").json["amazon_report"]
    assert (report["status"], report["quantity"]) == (status, 10)


def test_of_an_order_nothing_is_said_about_being_on_sale(shop: Shop) -> None:
    shop.sandbox.reset(orders=1, skus=12, plain=True)
    shop.run("orders", "pull")
    key = shop.rows("SELECT order_id FROM inbox")[0]["order_id"]
    assert shop.run("why", key, "--json").json["sale"] is None
    assert "on sale" not in shop.run("why", key).out


def test_an_unknown_sku_that_is_like_a_known_one_is_asked_after(shop: Shop, node: int) -> None:
    add_product(shop, "00123", node)
    push(shop)
    ran = shop.run("why", "123")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean 00123?\n" in ran.err
    assert shop.run("why", "123", "--json").json["like"] == ["00123"]
