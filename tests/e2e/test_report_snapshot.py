"""The listings report `report` rests on: late, odd, cut, cached, in another language; and FBA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.report_shop import (
    TYPE,
    amazon_has,
    cli,
    found,
    keys,
    open_shop,
    report,
    snapshot_arrives,
    wanted,
)
from tests.e2e.stock_shop import channel, listed
from tests.shop import FakeClock, Shop

HEADER = "seller-sku\tasin1\tprice\tquantity\tfulfillment-channel\tstatus"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html><body>Service unavailable</body></html>", "has no column"),
        (b"", "has no column"),
        (b"seller-sku\tprice\nA\t1\n", "asin1, quantity, fulfillment-channel, status"),
        (f"{HEADER}\nA\tB0\t1.00\t5\tDEFAULT\tActive\nB\tB1\t1.".encode(), "ends within a row"),
        ("\t".join(f"{name} (tr_TR)" for name in HEADER.split("\t")).encode(), "has no column"),
    ],
    ids=["html", "empty", "missing columns", "half a file", "another language"],
)
def test_a_report_that_is_something_else_is_refused_and_what_was_known_stays(
    shop: Shop, data: bytes, what: str
) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    before = report(shop, "--wait")
    shop.clock.advance(hours=6)
    shop.sandbox.world.amazon.reports.forge(TYPE, data, "text/plain; charset=UTF-8")

    told = report(shop, "--wait", code=5)

    assert what in told["error"]["message"]
    assert told["snapshot_at"] == before["snapshot_at"]
    assert told["differences"] == before["differences"] != []
    shop.forget_calls()
    assert report(shop)["figures"] == before["figures"]
    assert shop.calls()["createReport"] == 0, "asked again later, not at once"
    shop.clock.advance(hours=1)
    assert report(shop, "--wait")["snapshot_at"] > before["snapshot_at"]


@pytest.mark.parametrize(
    ("codec", "java_name"), [("cp1252", "Cp1252"), ("utf-8", "UTF-8"), ("cp932", "Windows-31J")]
)
def test_the_charset_is_the_downloads_and_what_it_lacks_is_searched_for(
    shop: Shop, codec: str, java_name: str
) -> None:
    open_shop(shop, skus=20)
    amazon = shop.sandbox.world.amazon
    wrong = ["ŞAPKA-Ü 1", "SKU#7?x=1&y", "SKU-000001"]
    for sku in wrong:
        amazon_has(shop, sku, quantity=1)
    lines = [HEADER]
    for listing in amazon.listings:
        price = f"{listing.price():.2f}".replace(".", ",")
        cells = (listing.sku, listing.asin, price, str(listing.quantity()), "DEFAULT", "Active")
        lines.append("\t".join(cells))
    data = "\r\n".join(lines).encode(codec, "replace")
    amazon.reports.forge(TYPE, data, f"text/plain;charset={java_name}")
    assert found(shop, "--wait").keys() == keys("stock", wrong)


def test_what_another_sku_becomes_in_a_poor_charset_is_not_taken_for_it(shop: Shop) -> None:
    """`AŞ` arrives as `A?`, which is the name of another product."""
    open_shop(shop, skus=20)
    listings = shop.sandbox.world.amazon.listings
    for sku, quantity in (("A?", 7), ("AŞ", 9)):
        listing = listings.get("SKU-000001")
        assert listing is not None
        listings.put(sku, "HOME", listing.submitted, "A33AVAJ2PDY3EV", shop.clock.now())
        pk = shop.sandbox.world.omnitron.add_product(sku, stock=quantity + 3)
        shop.sandbox.world.omnitron.set_price(sku, str(listing.price()))
        place = channel(shop)
        row = place.products.rows[pk]
        date = row.modified_date
        place.add_action("product", pk, date, remote_id=sku, status="success", synced=date)
    shop.clock.advance(hours=7)
    shop.sandbox.world.amazon.settle()
    for sku, quantity in (("A?", 7), ("AŞ", 9)):
        amazon_has(shop, sku, quantity=quantity)
    assert found(shop, "--wait") == {}


def test_from_a_copy_amazon_kept_no_difference_is_called_that_is_gone(shop: Shop) -> None:
    first, second, *_ = open_shop(shop, skus=20)
    shop.sandbox.world.amazon.delays.listings_copy = 7 * 3600
    amazon_has(shop, first, quantity=1)
    assert found(shop, "--wait").keys() == {(first, "stock")}
    amazon_has(shop, first, quantity=wanted(shop, first))
    amazon_has(shop, second, quantity=1)
    shop.clock.advance(hours=6)
    assert found(shop, "--wait") == {}, "the copy knows of the first, and not yet of the second"
    assert shop.sandbox.count("createReport") == 2
    shop.clock.advance(hours=6)
    assert found(shop, "--wait").keys() == {(second, "stock")}


def test_a_seller_without_listings_has_a_report_all_the_same(shop: Shop) -> None:
    shop.sandbox.reset(skus=0)
    shop.sandbox.world.omnitron.add_product("FIRST", images=["https://cdn.example.com/1.jpg"])
    shop.clock.advance(hours=7)
    told = report(shop, "--wait")
    assert told["figures"]["skus_on_sale"] == 0
    assert told["figures"]["total_sku_difference"] == 1


def test_a_report_cancelled_as_a_repeat_is_no_empty_shop(shop: Shop) -> None:
    open_shop(shop, skus=20)
    before = report(shop, "--wait")
    shop.clock.advance(hours=6)
    shop.sandbox.world.amazon.reports.fate(TYPE, "CANCELLED")
    told = report(shop, "--wait")
    assert told["figures"] == before["figures"]
    assert told["snapshot_at"] == before["snapshot_at"]


def test_a_report_request_nobody_answered_is_not_made_twice(shop: Shop) -> None:
    open_shop(shop, skus=20, http={"attempts": 1})
    shop.sandbox.faults.add("cut_after", "createReport")
    assert cli(shop).code == 5
    shop.clock.advance(minutes=2)
    assert report(shop, "--wait")["figures"] is not None
    assert shop.sandbox.count("createReport") == 1


def test_amazons_own_stock_is_compared_and_never_sent(
    shop: Shop, clock: FakeClock, tmp_path: Path
) -> None:
    shop.sandbox.reset(skus=20)
    fba = Shop(shop.sandbox, clock, tmp_path, channel=2)
    amazon = shop.sandbox.world.amazon
    on: dict[str, Any] = {"send_updated_product_price": True, "send_updated_product_stock": True}
    fba.configure(flags=on, buffer_stock=3)
    stocks = {row.product: row.stock for row in channel(fba).stocks}
    for product in channel(fba).products:
        amazon.listings.make_fba(product.sku)
        amazon.warehouse[product.sku] = stocks[product.pk]
    other, missing = listed(fba)[:2]
    amazon.warehouse[other] += 5
    del amazon.warehouse[missing]
    clock.advance(hours=7)

    told = report(fba, "--wait")

    rows = {(row["sku"], row["kind"]): row for row in told["differences"]}
    assert rows.keys() == keys("stock", [other, missing])
    assert rows[other, "stock"]["reason"] == "Amazon fulfils it: the number is Amazon's"
    assert rows[missing, "stock"]["amazon"] == "0"
    figures = told["figures"]
    assert figures["total_stock_in_catalog"] == sum(stocks.values()), "Omnitron's, no buffer"
    assert figures["total_stock_on_sale"] == sum(amazon.warehouse.values()), "Amazon's"
    assert figures["skus_on_sale"] == 20
    fba.forget_calls()
    assert len(report(fba, "--fix")["differences"]) == 2
    assert fba.calls() == {}


def test_a_shop_full_of_stock_is_read_page_by_page(
    shop: Shop, clock: FakeClock, tmp_path: Path
) -> None:
    shop.sandbox.reset(skus=130)
    fba = Shop(shop.sandbox, clock, tmp_path, channel=2)
    for sku in listed(shop):
        shop.sandbox.world.amazon.listings.make_fba(sku)
    report(fba, "--wait")
    assert fba.calls()["getInventorySummaries"] == 3 + 1


def test_it_is_asked_for_in_english_and_for_one_marketplace(shop: Shop) -> None:
    open_shop(shop, skus=20)
    snapshot_arrives(shop)
    (asked,) = shop.sandbox.world.amazon.reports
    assert asked.marketplace_ids == ["A33AVAJ2PDY3EV"]
    assert asked.options == {"preferredReportDocumentLocale": "en_US"}
