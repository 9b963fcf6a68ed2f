"""`report`: what differs between the two sides, and nothing else; what it costs; what it tells."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.clock import Deadline
from amzsync.sandbox.omnitron.rows import Product
from amzsync.state.lock import locked
from tests.e2e.product_shop import add_product, open_catalogue
from tests.e2e.report_shop import (
    ON,
    amazon_has,
    by_key,
    cli,
    cron,
    dearer,
    found,
    keys,
    open_shop,
    price_of,
    report,
    snapshot_arrives,
    stock_of,
    totals,
    wanted,
    without_price,
)
from tests.e2e.stock_shop import channel, refuse
from tests.e2e.test_products_delete import order_of
from tests.shop import Shop

ODD = ["A/B+1 %", "ŞAPKA-Ü 1", "SKU#7?x=1&y", "UZUN-" + "X" * 35, "küçük.harf_~-1"]


def test_it_lists_exactly_the_37_differences_mends_them_and_six_hours_later_there_are_none(
    shop: Shop,
) -> None:
    plain = iter(open_shop(shop, skus=140))
    withdrawn = next(plain)
    shop.sandbox.world.omnitron.remove_from_catalog(withdrawn)
    cron(shop, hours=1)
    shop.clock.advance(hours=6)
    expected = _plant(shop, plain, withdrawn)
    assert len(expected) == 37
    _set_traps(shop, plain)
    snapshot_arrives(shop)
    _set_late_traps(shop, plain)

    told = report(shop)

    assert set(by_key(told)) == expected
    figures = told["figures"]
    kinds = [kind for _, kind in expected]
    assert figures["total_sku_difference"] == kinds.count("not on sale") == 6
    assert figures["skus_with_price_difference"] == kinds.count("price") == 14
    assert figures["skus_with_stock_difference"] == kinds.count("stock") == 17
    unsold = {sku for sku, kind in expected if kind == "not on sale"}
    assert figures["total_stock_difference"] == sum(stock_of(shop, sku) for sku in unsold)
    others = totals(shop, withdrawn)
    assert {name: figures[name] for name in others} == others

    fixed = report(shop, "--fix")

    assert {row["flow"]: row["counts"]["sent"] for row in fixed["fixes"]} == {
        "stock.push": 16,
        "prices.push": 14,
    }
    assert set(by_key(fixed)) == keys("stock", [withdrawn]), "products delete's next run does that"
    shop.sandbox.world.omnitron.remove_from_catalog("NEW")  # there is no category to list it in
    cron(shop, hours=6)
    after = report(shop, "--wait")
    assert after["snapshot_at"] > told["snapshot_at"]
    assert by_key(after) == {}
    for sku, _ in expected - {(withdrawn, "stock")}:
        listing = shop.sandbox.world.amazon.listings.get(sku)
        assert listing is not None
        assert listing.price() == price_of(shop, sku)
        assert listing.by_amazon() or listing.quantity() == wanted(shop, sku)
    assert shop.run("report", "--exit-code").code == 0


def _plant(shop: Shop, plain: Any, withdrawn: str) -> set[tuple[str, str]]:
    """Differences of every kind: 17 stocks, 14 prices, 6 not on sale for want of either."""
    expected = keys("stock", [withdrawn])
    amazon_has(shop, withdrawn, quantity=5)
    for sku in [*ODD, *(next(plain) for _ in range(6))]:
        amazon_has(shop, sku, quantity=wanted(shop, sku) + 2)
        expected |= keys("stock", [sku])
    sold_out = next(plain)  # in Omnitron, and Amazon sells it still
    shop.sandbox.world.omnitron.set_stock(sold_out, 0)
    amazon_has(shop, sold_out, quantity=0)
    cron(shop, hours=1)  # sent, and read back
    shop.clock.advance(hours=6)
    amazon_has(shop, sold_out, quantity=4)
    expected |= keys("stock", [sold_out])
    for sku in [next(plain) for _ in range(4)]:
        amazon_has(shop, sku, quantity=0)
        expected |= {(sku, "stock"), (sku, "not on sale")}
    for sku in [*ODD, *(next(plain) for _ in range(7))]:
        amazon_has(shop, sku, price=dearer(shop, sku))
        expected |= keys("price", [sku])
    shop.sandbox.world.amazon.listings.make_fba(sku)  # whose stock is Amazon's business
    for sku in [next(plain) for _ in range(2)]:
        without_price(shop, sku)
        expected |= {(sku, "price"), (sku, "not on sale")}
    return expected


def _set_traps(shop: Shop, plain: Any) -> None:
    """What looks like a difference and is none, from before the snapshot."""
    amazon, omnitron = shop.sandbox.world.amazon, shop.sandbox.world.omnitron
    for product in channel(shop).products:  # never sent, and not sellable for different reasons
        if amazon.listings.get(product.sku) is None:
            omnitron.set_product(product.sku, is_active=False)
    for sku, spoil in (
        ("NO-PRICE", omnitron.remove_price),
        ("NO-STOCK", omnitron.remove_stock),
        ("NO-IMAGE", lambda _sku: None),
        ("EMPTY", lambda sku: omnitron.set_stock(sku, 0)),
        ("NO-CATEGORY", omnitron.map_category),
        ("GONE", omnitron.remove_from_catalog),
    ):
        images = [] if sku == "NO-IMAGE" else ["https://cdn.example.com/1.jpg"]
        omnitron.add_product(sku, images=images)
        spoil(sku)
    shop.clock.advance(hours=7)
    amazon.listings.put("BY-HAND", "HOME", {}, "A33AVAJ2PDY3EV", amazon.now())
    amazon.listings.make_fba(next(plain))
    sale = next(plain)
    listing = amazon.listings.get(sale)
    assert listing is not None
    price = float(price_of(shop, sale))
    schedule = {"schedule": [{"value_with_tax": price / 2}]}
    rows = [{**row, "discounted_price": [schedule]} for row in listing.live["purchasable_offer"]]
    listing.submitted = listing.live = {**listing.submitted, "purchasable_offer": rows}
    pushed = next(plain)  # sent an hour ago, and Amazon has not applied it
    omnitron.set_stock(pushed, stock_of(shop, pushed) + 9)
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem", sku=pushed)
    assert shop.run("stock", "push").code == 0
    shop.clock.advance(minutes=40)
    ordered = next(plain)  # Amazon has taken the unit off, Omnitron does not know the order yet
    order_of(shop, ordered)
    amazon.orders.change(
        next(iter(amazon.orders))["orderId"],
        lambda order: order["fulfillment"].update(fulfillmentStatus="PENDING"),
    )
    amazon_has(shop, ordered, quantity=wanted(shop, ordered) - 1)
    shop.clock.advance(minutes=4)
    assert shop.run("orders", "pull").code == 0


def _set_late_traps(shop: Shop, plain: Any) -> None:
    """What looks like a difference and is none, from after the snapshot."""
    omnitron = shop.sandbox.world.omnitron
    omnitron.set_stock(next(plain), 77)  # not pushed yet
    omnitron.set_price(next(plain), "1.00")  # nor this
    omnitron.add_product("NEW", images=["https://cdn.example.com/1.jpg"])


def test_the_snapshot_alone_is_not_believed(shop: Shop) -> None:
    first, second, third, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=wanted(shop, first) + 1)
    amazon_has(shop, second, price=dearer(shop, second))
    amazon_has(shop, third, quantity=0)
    snapshot_arrives(shop)
    for sku in (first, second, third):  # right again, but the snapshot does not know
        amazon_has(shop, sku, quantity=wanted(shop, sku), price=str(price_of(shop, sku)))

    told = report(shop)

    assert told["differences"] == []
    assert told["figures"]["skus_on_sale"] == 20
    assert shop.calls()["searchListingsItems"] == 1


def test_omnitrons_lists_alone_are_not_believed_either(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=wanted(shop, first) + 1)
    snapshot_arrives(shop)
    place = channel(shop)
    (product,) = place.products.find("sku", first)
    place.gone.add(product.pk)
    for row in list(place.actions.find("object_id", product.pk)):
        place.actions.remove(row)
    assert found(shop) == {}, "nobody has heard of it any more"


def test_the_eight_figures_are_the_manuals(shop: Shop) -> None:
    """Omnitron 10, buffer 3, Amazon 7 is no difference; totals are Omnitron's stock, unbuffered."""
    shop.sandbox.reset(skus=0)
    shop.configure(buffer_stock=3)
    omnitron, amazon = shop.sandbox.world.omnitron, shop.sandbox.world.amazon
    for sku, stock, quantity in (("SAME", 10, 7), ("OTHER", 20, 3), ("WITHIN", 2, 0)):
        _sell(shop, sku, stock, quantity)
    picture = ["https://cdn.example.com/1.jpg"]
    omnitron.add_product("UNSENT", stock=40, images=picture)
    omnitron.add_product("NO-IMAGE", stock=80)
    omnitron.add_product("INACTIVE", stock=160, images=picture, is_active=False)
    omnitron.add_product("FAMILY", stock=320, images=picture, product_type="1")
    amazon.settle()

    told = report(shop, "--wait")

    assert told["figures"] == {
        "total_sku_in_catalog": 5,  # SAME, OTHER, WITHIN, UNSENT, NO-IMAGE
        "skus_on_sale": 2,  # SAME, OTHER
        "total_sku_difference": 2,  # WITHIN, UNSENT: sellable, and not on sale
        "skus_with_price_difference": 0,
        "total_stock_in_catalog": 10 + 20 + 2 + 40 + 80,
        "total_stock_on_sale": 10 + 20,
        "total_stock_difference": 2 + 40,
        "skus_with_stock_difference": 1,  # OTHER
    }
    rows = by_key(told)
    assert rows["OTHER", "stock"]["omnitron"] == "17"
    assert rows["OTHER", "stock"]["amazon"] == "3"
    assert rows["WITHIN", "not on sale"]["reason"] == "its stock of 2 is within buffer_stock (3)"
    assert rows["UNSENT", "not on sale"]["reason"] == "never sent: send_products is false"


def _sell(shop: Shop, sku: str, stock: int, quantity: int) -> None:
    """A product that was sent, and what Amazon shows of it."""
    omnitron, amazon = shop.sandbox.world.omnitron, shop.sandbox.world.amazon
    pk = omnitron.add_product(sku, stock=stock, images=["https://cdn.example.com/1.jpg"])
    place = channel(shop)
    objects = {"product": pk}
    objects["productstock"] = next(iter(place.stocks.find("product", pk))).pk
    objects["productprice"] = next(iter(place.prices.find("product", pk))).pk
    for model, key in objects.items():
        date = place.tables[model].rows[key].modified_date
        place.add_action(model, key, date, remote_id=sku, status="success", synced=date)
        place.refresh(model, key)
    attributes: dict[str, list[dict[str, Any]]] = {
        "fulfillment_availability": [
            {"fulfillment_channel_code": "DEFAULT", "quantity": quantity},
        ],
        "purchasable_offer": [
            {
                "marketplace_id": "A33AVAJ2PDY3EV",
                "currency": "TRY",
                "our_price": [{"schedule": [{"value_with_tax": 100.0}]}],
            }
        ],
    }
    amazon.listings.put(sku, "HOME", attributes, "A33AVAJ2PDY3EV", amazon.now())
    amazon.agenda.settle(amazon.now() + timedelta(minutes=5))


def test_why_a_product_is_not_on_sale_is_told_as_far_as_it_is_known(shop: Shop) -> None:
    plain = iter(open_shop(shop, skus=60))
    amazon = shop.sandbox.world.amazon
    issue, gone, silent = next(plain), next(plain), next(plain)
    amazon.listings.refuse_later(issue, "18749", "The main image is missing.", category="X")
    amazon.listings.delete(gone, amazon.now())
    amazon.listings.expect_price(silent, "0.01", "0.02")
    shop.clock.advance(minutes=5)
    assert shop.run("products", "push").code == 0
    (waiting,) = shop.rows("SELECT reason FROM waiting WHERE key = 'SKU-000050'")
    shop.clock.advance(hours=7)

    rows = {sku: row for (sku, kind), row in found(shop, "--wait").items() if "sale" in kind}

    assert rows[issue]["reason"].startswith("The main image is missing")
    assert rows[issue]["cure"] == f"amzsync why {issue}"
    assert rows[gone]["reason"] == "it was sent, and Amazon has no such listing"
    assert rows[gone]["amazon"] == "no listing"
    assert rows[silent]["reason"]
    assert rows["SKU-000050"]["reason"] == waiting["reason"]
    assert len(rows) == 4


def test_a_penalty_is_the_reason_and_its_cure_is_named(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "UNMAPPED", node, {"brand": "Örnek Giyim"})
    assert shop.run("products", "push").code == 1
    row = found(shop, "--wait")["UNMAPPED", "not on sale"]
    assert row["reason"].startswith("in penalty: ")
    assert "attribute is required" in row["reason"]
    assert row["cure"] == "amzsync penalties explain UNMAPPED"
    for _ in range(2):
        shop.clock.advance(hours=9)
        shop.run("products", "push")
    row = found(shop, "--wait")["UNMAPPED", "not on sale"]
    assert row["reason"].startswith("stopped: ")
    assert row["cure"] == "amzsync penalties clear --sku UNMAPPED"


def test_what_cannot_be_compared_is_named_and_left_alone(shop: Shop) -> None:
    euro, unpriced, unstocked, *_ = open_shop(shop, skus=20)
    omnitron = shop.sandbox.world.omnitron
    omnitron.set_price(euro, "9.99", currency_type="eur")
    omnitron.remove_price(unpriced)
    omnitron.remove_stock(unstocked)
    shop.clock.advance(hours=7)

    rows = found(shop, "--wait")

    assert set(rows) == {(euro, "price"), (unpriced, "price"), (unstocked, "stock")}
    assert rows[euro, "price"]["omnitron"] == "9.99 EUR"
    assert rows[euro, "price"]["reason"].endswith("the marketplace sells in TRY")
    assert rows[unpriced, "price"]["reason"] == "Price data not found"
    assert rows[unstocked, "stock"]["reason"] == "Stock data not found"
    shop.forget_calls()
    assert set(found(shop, "--fix")) == set(rows)
    assert shop.calls() == {}


def test_what_is_not_sellable_is_compared_all_the_same(shop: Shop) -> None:
    inactive, bare, *_ = open_shop(shop, skus=20)
    shop.sandbox.world.omnitron.set_product(inactive, is_active=False)
    shop.sandbox.world.omnitron.set_image(bare, None)
    for sku in (inactive, bare):
        amazon_has(shop, sku, quantity=0)
    assert found(shop, "--wait").keys() == keys("stock", [inactive, bare])


def test_what_left_the_catalog_and_can_still_be_bought_is_told(shop: Shop) -> None:
    odd = "ŞAPKA-Ü 1"
    first, *_ = open_shop(shop, skus=20)
    for sku in (odd, first):
        shop.sandbox.world.omnitron.remove_from_catalog(sku)
    assert found(shop, "--wait") == {}, "the next run of products delete does that"
    shop.configure(flags={**ON, "send_delete_products": False}, buffer_stock=3)
    shop.clock.advance(hours=6)
    rows = found(shop, "--wait")
    assert rows.keys() == keys("stock", [odd, first])
    row = rows[odd, "stock"]
    assert row["omnitron"] == "0"
    assert row["reason"] == "it left the catalog, and send_delete_products is false"
    shop.forget_calls()
    assert cli(shop, "--fix").code == 0
    assert shop.calls() == {}


def test_a_refused_change_is_named_however_young_the_one_before_is(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    shop.sandbox.world.omnitron.set_stock(first, 50)
    assert shop.run("stock", "push").code == 0
    shop.clock.advance(hours=1)
    refuse(shop, first)
    shop.sandbox.world.omnitron.set_stock(first, 60)
    assert shop.run("stock", "push").code == 1
    row = found(shop, "--wait")[first, "stock"]
    assert (row["omnitron"], row["amazon"]) == ("57", "47")
    assert row["reason"].startswith("in penalty: ")


def test_it_costs_no_call_while_there_is_nothing_to_do(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    assert shop.run("report").code == 0
    assert shop.calls("amazon") == {"createReport": 1, "getAccessToken": 1}
    shop.clock.advance(minutes=10)
    told = report(shop)
    shop.forget_calls()
    for _ in range(30):
        shop.clock.advance(minutes=10)
        again = report(shop)
    assert shop.calls() == {}
    assert again["differences"] == told["differences"] != []
    shop.clock.advance(hours=1)
    assert shop.run("report").code == 0
    assert shop.calls("amazon")["createReport"] == 1, "the last is six hours old"


def test_its_calls_to_omnitron_are_few(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=1_200)
    amazon_has(shop, first, quantity=1)
    snapshot_arrives(shop)
    shop.forget_calls()
    report(shop)
    calls = shop.calls("omnitron")
    assert calls["products.list"] == 3 + 1, "500 a page, and the suspects once more"
    assert calls["product_stocks.list"] == calls["product_prices.list"] == 3 + 1
    assert calls["integration_actions.list"] <= 3 + 2
    assert shop.calls("amazon")["searchListingsItems"] == 2, "24 never sent, and one that differs"


def test_without_a_snapshot_it_says_what_to_do_and_wait_does_it(shop: Shop) -> None:
    open_shop(shop, skus=20)
    ran = cli(shop)
    assert (ran.code, ran.out) == (0, "")
    assert "amzsync report --wait stays until it is here" in ran.err
    waited = cli(shop, "--wait")
    assert waited.code == 0
    assert "NUMBER OF SKUs ON SALE" in waited.out
    assert "ago)" in waited.out.splitlines()[0]


def test_a_cron_job_that_mends_is_silent(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    for minutes in (0, 10, 10, 10):
        shop.clock.advance(minutes=minutes)
        ran = cli(shop, "--fix")
        assert (ran.code, ran.out, ran.err) == (0, "", "")
    listing = shop.sandbox.world.amazon.listings.get(first)
    shop.sandbox.world.amazon.settle()
    assert listing is not None
    assert listing.quantity() == wanted(shop, first)


def test_exit_code_9_says_that_differences_stand(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    assert cli(shop, "--wait", "--exit-code").code == 0
    shop.clock.advance(hours=6)
    amazon_has(shop, first, quantity=1)
    assert cli(shop, "--wait").code == 0
    assert cli(shop, "--exit-code").code == 9
    assert report(shop, "--exit-code", code=9)["exit_code"] == 9
    assert cli(shop, "--fix", "--exit-code").code == 0, "what was sent is in flight"


def test_a_table_csv_json_and_a_page_tell_the_same(shop: Shop, tmp_path: Path) -> None:
    plain = open_shop(shop, skus=20)
    for sku in [*plain[:2], "ŞAPKA-Ü 1"]:
        amazon_has(shop, sku, quantity=1)
    told = report(shop, "--wait")
    table, page = tmp_path / "differences.csv", tmp_path / "report.html"

    ran = cli(shop, "--csv", str(table), "--html", str(page))

    assert ran.code == 0
    assert all(row["sku"] in ran.out for row in told["differences"])
    text = table.read_text(encoding="utf-8-sig")
    assert list(csv.DictReader(io.StringIO(text))) == told["differences"]
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "ŞAPKA-Ü 1" in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o644
    piped = cli(shop, "--csv", "-")
    assert list(csv.DictReader(io.StringIO(piped.out))) == told["differences"]
    assert sorted(path.name for path in tmp_path.glob("*.*") if path.suffix in (".csv", ".html"))
    assert not list(tmp_path.glob(".differences*"))


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("--csv", "nowhere/x.csv"), "a folder that is there"),
        (("--html", "/"), "cannot be written"),
        (("--json", "--csv", "-"), "name a file"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(
    shop: Shop, argv: tuple[str, ...], what: str
) -> None:
    ran = cli(shop, *argv)
    assert ran.code == 2
    assert what in ran.err
    assert shop.calls() == {}


def test_figures_of_earlier_reports_are_kept_as_a_trend_and_not_for_ever(shop: Shop) -> None:
    open_shop(shop, skus=20, state={"path": str(shop.state), "retention_days": 2})
    for _ in range(12):
        report(shop, "--wait")
        shop.clock.advance(hours=6)
    rows = shop.rows("SELECT at FROM reports ORDER BY at")
    assert 8 <= len(rows) <= 9
    page = shop.folder / "page.html"
    assert cli(shop, "--html", str(page)).code == 0
    assert rows[0]["at"][:10] in page.read_text(encoding="utf-8")


def test_two_at_once_do_the_work_once(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    report(shop, "--wait")
    shop.forget_calls()
    path = shop.state.with_name(f"{shop.state.name}.1.report.lock")
    with locked(path, wait=0, deadline=Deadline(shop.clock)):
        told = report(shop, "--fix", code=7)
    assert by_key(told).keys() == {(first, "stock")}, "what is known is told all the same"
    assert shop.calls() == {}


def test_a_channel_that_is_inactive_is_left_alone(shop: Shop) -> None:
    open_shop(shop, skus=20)
    channel(shop).row["is_active"] = False
    told = report(shop)
    assert any("inactive" in note for note in told["notes"])
    assert shop.calls("amazon") == {}


def test_with_amazon_down_what_is_known_is_told_and_the_exit_code_says_so(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    before = report(shop, "--wait")
    shop.clock.advance(hours=7)
    shop.configure(flags=ON, buffer_stock=3, base_url="http://127.0.0.1:9", http={"attempts": 1})
    told = report(shop, code=5)
    assert told["figures"] == before["figures"]
    assert told["error"]["type"]


def test_with_omnitron_down_the_snapshot_is_kept_and_compared_by_the_next_run(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20, http={"attempts": 1})
    amazon_has(shop, first, quantity=1)
    snapshot_arrives(shop)
    shop.sandbox.faults.add("html", "product_prices.list", side="omnitron")
    assert report(shop, code=5)["figures"] is None
    shop.forget_calls()
    assert found(shop).keys() == {(first, "stock")}
    assert shop.calls("amazon")["createReport"] == shop.calls("amazon")["getReport"] == 0


def test_a_dry_run_asks_amazon_for_nothing_and_sends_nothing(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=1)
    assert report(shop, "--dry-run")["figures"] is None
    assert shop.calls("amazon")["createReport"] == 0
    report(shop, "--wait")
    before = shop.dump()
    told = report(shop, "--fix", "--dry-run")
    (fix,) = told["fixes"]
    assert fix["planned"] == [f"{first}: 1 -> {wanted(shop, first)}"]
    assert by_key(told).keys() == {(first, "stock")}
    changed = {name for name, rows in shop.dump().items() if rows != before[name]}
    assert changed <= {
        "runs",
        "buckets",
        "quota",
        "lookups",
        "tokens",
        "cursors",
        "sqlite_sequence",
    }
    assert shop.calls("amazon")["patchListingsItem"] == 0


def test_names_differ_between_the_sides_and_still_they_are_one_product(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    place = channel(shop)
    product: Product
    (product,) = place.products.find("sku", first)
    place.products.change(product, sku="OMNITRON-NAME")
    assert found(shop, "--wait") == {}
