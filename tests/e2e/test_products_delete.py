"""`amzsync products delete`: what left the catalog goes to zero on Amazon, once."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.flows import listing_claims
from tests.e2e.stock_shop import (
    answered,
    batches,
    change,
    channel,
    listed,
    live,
    penalties,
    refuse,
    relent,
)
from tests.e2e.stock_shop import push as push_stock
from tests.shop import Ran, Shop

MODELS = ("product", "productstock", "productprice", "productimage")


def prepare(shop: Shop, skus: int = 60, **settings: Any) -> list[str]:
    """So many products, and a channel that takes them off sale; SKUs that look alike."""
    shop.sandbox.reset(skus=skus)
    shop.configure(flags={"send_delete_products": True}, **settings)
    return [sku for sku in listed(shop) if sku.startswith("SKU-")]


def delete(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """One `products delete` that ends with that exit code."""
    ran = shop.run("products", "delete", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def remove(shop: Shop, *skus: str) -> None:
    """Take products out of the catalog."""
    for sku in skus:
        shop.sandbox.world.omnitron.remove_from_catalog(sku)


def put_back(shop: Shop, *skus: str) -> None:
    """Put products back into the catalog."""
    for sku in skus:
        shop.sandbox.world.omnitron.return_to_catalog(sku)


def links(shop: Shop, sku: str) -> set[str]:
    """The models Omnitron links to a SKU."""
    return {row.model for row in channel(shop).actions.find("remote_id", sku)}


def relist(shop: Shop, sku: str) -> None:
    """Link a product as `products push` does once it has sent it."""
    (product,) = channel(shop).products.find("sku", sku)
    date = product.modified_date
    values = {"remote_id": sku, "status": "success", "synced": date}
    channel(shop).add_action("product", product.pk, date, **values)
    channel(shop).refresh("product", product.pk)


def order_of(shop: Shop, sku: str, age: float = 0) -> None:
    """Somebody orders that SKU, and nothing else."""

    def edit(order: dict[str, Any]) -> None:
        for line in order["orderItems"]:
            line["product"]["sellerSku"] = sku

    (number,) = shop.sandbox.world.add_orders(1, age=age)
    shop.sandbox.world.amazon.orders.change(number, edit, touch=False)


def bystanders(shop: Shop, *skus: str) -> dict[str, int | None]:
    """Live stock of every other listing."""
    return live(shop, [sku for sku in listed(shop) if sku not in skus])


def test_a_product_out_of_the_catalog_is_zero_on_amazon_and_unlinked(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    before = bystanders(shop, sku)
    remove(shop, sku)

    ran = delete(shop, "--json")

    assert ran.json["counts"]["sent"] == 1
    assert live(shop, [sku]) == {sku: 0}
    assert bystanders(shop, sku) == before
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None and listing.price() is not None
    rows = listing.live["fulfillment_availability"]
    assert [row["lead_time_to_ship_max_days"] for row in rows] == [2]
    assert links(shop, sku) == set()
    assert batches(shop) == []


def test_it_is_done_once_and_an_idle_run_costs_no_call_to_amazon(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    remove(shop, sku)
    delete(shop)
    shop.clock.advance(minutes=16)
    delete(shop)  # reads the zero back
    shop.forget_calls()

    for _ in range(3):
        shop.clock.advance(minutes=5)
        delete(shop)
        push_stock(shop)

    assert not shop.calls("amazon")
    assert live(shop, [sku]) == {sku: 0}


def test_a_run_with_nothing_deleted_is_one_call_to_omnitron(shop: Shop) -> None:
    prepare(shop)
    delete(shop)
    shop.forget_calls()
    delete(shop)
    assert shop.calls() == {"integration_actions.deleted": 1}


def test_stock_push_does_not_fight_the_zero(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    change(shop, [sku], first=70)
    push_stock(shop)
    remove(shop, sku)
    delete(shop)
    shop.sandbox.world.omnitron.set_stock(sku, 99)

    for _ in range(4):
        shop.clock.advance(minutes=6)
        push_stock(shop)
        push_stock(shop, "--only", sku)

    assert live(shop, [sku]) == {sku: 0}


def test_a_product_back_in_the_catalog_gets_its_stock_again(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    values = change(shop, [sku], first=70)
    push_stock(shop)
    remove(shop, sku)
    delete(shop)
    assert live(shop, [sku]) == {sku: 0}
    shop.clock.advance(minutes=5)
    put_back(shop, sku)

    push_stock(shop)

    assert live(shop, [sku]) == values
    shop.clock.advance(minutes=16)
    delete(shop)
    push_stock(shop)
    assert live(shop, [sku]) == values
    assert shop.rows("SELECT withdrawn_at FROM listings WHERE sku = ?", sku) == [
        {"withdrawn_at": None}
    ]


def test_stock_read_before_the_product_left_never_reopens_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku, *_ = prepare(shop)
    claim = listing_claims.claim
    change(shop, [sku], first=70)

    def late(*args: Any) -> Any:
        """Between its look at the stock and its sending, the product leaves and is zeroed."""
        monkeypatch.setattr(listing_claims, "claim", claim)
        shop.clock.advance(seconds=1)
        remove(shop, sku)
        delete(shop)
        return claim(*args)

    monkeypatch.setattr(listing_claims, "claim", late)
    push_stock(shop)

    assert live(shop, [sku]) == {sku: 0}


def test_killed_before_it_was_unlinked_a_product_that_is_back_gets_its_stock(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    values = change(shop, [sku], first=70)
    push_stock(shop)
    remove(shop, sku)
    shop.sandbox.faults.add(
        "server_error_before", "integration_actions.delete", side="omnitron", times=4
    )
    delete(shop, code=5)
    assert live(shop, [sku]) == {sku: 0}
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=5)
    put_back(shop, sku)

    delete(shop)
    relist(shop, sku)
    shop.clock.advance(minutes=1)
    push_stock(shop)

    assert live(shop, [sku]) == values


def test_an_outage_between_zero_and_unlinking_costs_no_second_zero(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    remove(shop, sku)
    shop.sandbox.faults.add(
        "server_error_before", "integration_actions.delete", side="omnitron", times=4
    )
    delete(shop, code=5)
    shop.sandbox.faults.clear()

    delete(shop)

    assert answered(shop, "patchListingsItem") == 1
    assert links(shop, sku) == set()


def test_many_products_are_one_feed_and_unlinked_when_it_is_answered(shop: Shop) -> None:
    gone = prepare(shop, 120, stock={"patch_limit": 5})[:15]
    remove(shop, *gone)

    delete(shop)

    assert answered(shop, "createFeed", 202) == 1
    assert links(shop, gone[0]) == set(MODELS)
    shop.clock.advance(minutes=1)
    delete(shop)
    assert answered(shop, "createFeed", 202) == 1
    shop.clock.advance(minutes=6)
    ran = delete(shop, "--json")
    assert ran.json["counts"]["sent"] == 15
    assert live(shop, gone) == dict.fromkeys(gone, 0)
    assert all(links(shop, sku) == set() for sku in gone)
    assert not shop.rows("SELECT * FROM fences")
    assert not shop.rows("SELECT * FROM jobs")


def test_a_catalog_that_comes_back_empty_stops_the_run(shop: Shop) -> None:
    skus = prepare(shop, 98)
    change(shop, listed(shop))
    push_stock(shop)
    remove(shop, *listed(shop))
    shop.forget_calls()

    ran = delete(shop, code=6)

    assert "live SKUs left the catalog and would go to zero, more than 30 %" in ran.err
    assert f"amzsync products delete --override-guard --config {shop.config}" in ran.err
    assert not shop.calls("amazon")
    assert links(shop, skus[0]) == set(MODELS)
    delete(shop, "--dry-run", code=6)
    delete(shop, "--override-guard")
    assert set(live(shop, skus).values()) == {0}


def test_a_few_products_leave_whatever_their_share(shop: Shop) -> None:
    gone = prepare(shop, 24)[:19]
    remove(shop, *gone)
    delete(shop)
    assert live(shop, gone) == dict.fromkeys(gone, 0)


def test_a_dry_run_tells_what_would_go_and_changes_nothing(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    change(shop, [sku], first=70)
    push_stock(shop)
    remove(shop, sku)
    shop.forget_calls()
    before = shop.rows("SELECT * FROM listings")

    ran = delete(shop, "--dry-run")

    assert ran.out == f"{sku}: 70 -> 0, the product is not in the catalog\n"
    assert not shop.calls("amazon")
    assert shop.rows("SELECT * FROM listings") == before
    assert links(shop, sku) == set(MODELS)


def test_an_fba_channel_says_so_and_does_nothing(shop: Shop) -> None:
    sku, *_ = prepare(shop, is_fba_channel=True)
    remove(shop, sku)
    ran = delete(shop, "--json")
    assert any("Amazon owns the quantity" in note for note in ran.json["notes"])
    assert not shop.calls("amazon")
    assert links(shop, sku) == set(MODELS)


def test_a_listing_amazon_fulfils_is_left_alone_and_told(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    shop.sandbox.world.amazon.listings.make_fba(sku)
    remove(shop, sku)
    ran = delete(shop, "--json", code=1)
    assert [row["code"] for row in ran.json["failures"]] == ["fulfilled_by_amazon"]
    assert not answered(shop, "patchListingsItem")
    shop.forget_calls()
    delete(shop)  # in penalty
    assert not shop.calls("amazon")


def test_a_listing_amazon_has_no_more_is_only_unlinked(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    shop.sandbox.world.amazon.listings.delete(sku, shop.clock.now())
    shop.clock.advance(minutes=5)
    remove(shop, sku)
    ran = delete(shop, "--json")
    assert ran.json["counts"]["unchanged"] == 1
    assert not answered(shop, "patchListingsItem")
    assert links(shop, sku) == set()
    assert not penalties(shop)


def test_a_sku_that_another_product_has_by_now_stays_on_sale(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    values = live(shop, [sku])
    (old,) = channel(shop).products.find("sku", sku)
    remove(shop, sku)
    channel(shop).products.change(old, sku="GONE")
    shop.sandbox.world.omnitron.add_product(sku, stock=values[sku])

    delete(shop)

    assert live(shop, [sku]) == values
    assert not answered(shop, "patchListingsItem")
    assert channel(shop).action_of("product", old.pk) is None
    shop.forget_calls()
    delete(shop)
    assert shop.calls() == {"integration_actions.deleted": 1}


def test_a_refused_zero_is_penalised_as_product_and_told_to_omnitron(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    change(shop, [sku], first=70)
    push_stock(shop)
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    listing.submitted = {**listing.submitted, "purchasable_offer": [{"marketplace_id": "?"}]}
    remove(shop, sku)

    delete(shop, code=1)

    assert penalties(shop)[sku]["content_type"] == "product"
    (report,) = shop.sandbox.world.omnitron.snapshot("error_reports")
    (product,) = channel(shop).products.find("sku", sku)
    assert report["action_object_id"] == product.pk
    shop.forget_calls()
    delete(shop)
    assert not shop.calls("amazon")


def test_a_refused_zero_is_nobodys_fault_any_more_once_the_product_is_back(shop: Shop) -> None:
    sku, *_ = prepare(shop, failed_integration={"DEFAULT": {"RETRY_INTERVAL": 60}})
    refuse(shop, sku)
    remove(shop, sku)
    delete(shop, code=1)
    assert set(penalties(shop)) == {sku}
    put_back(shop, sku)
    shop.clock.advance(minutes=2)

    assert delete(shop, "--json").json["counts"] == {"skipped": 1}
    assert penalties(shop) == {}
    assert delete(shop, "--json").json["counts"] == {}


def test_an_order_of_a_product_that_left_is_still_imported(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    remove(shop, sku)
    delete(shop)
    order_of(shop, sku)
    shop.clock.advance(minutes=5)

    ran = shop.run("orders", "pull", "--json")

    assert ran.json["counts"]["sent"] == 1, ran.out


def test_a_zero_that_never_arrives_is_sent_again(shop: Shop) -> None:
    sku, *_ = prepare(shop)
    remove(shop, sku)
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem", sku=sku)
    delete(shop)
    for _ in range(4):
        shop.clock.advance(minutes=8)
        delete(shop)
    assert live(shop, [sku]) == {sku: 0}
    assert answered(shop, "patchListingsItem") == 2
    assert not penalties(shop)


def test_a_lost_zero_of_a_sku_somebody_ordered_is_sent_again(shop: Shop) -> None:
    sku = next(sku for sku in prepare(shop) if (live(shop, [sku])[sku] or 0) > 3)
    order_of(shop, sku, age=180)
    remove(shop, sku)
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem")
    delete(shop)
    assert shop.run("orders", "pull").code == 0  # the order leaves the quantity in doubt
    for _ in range(3):
        shop.clock.advance(minutes=16)
        delete(shop)
    assert live(shop, [sku]) == {sku: 0}


def test_a_zero_that_is_refused_the_second_time_is_tried_again_after_its_penalty(
    shop: Shop,
) -> None:
    sku = next(sku for sku in prepare(shop) if (live(shop, [sku])[sku] or 0) > 3)
    remove(shop, sku)
    shop.sandbox.faults.add("ignored_sku", "patchListingsItem")
    delete(shop)
    refuse(shop, sku)
    shop.clock.advance(minutes=16)
    delete(shop, code=1)
    relent(shop, sku)
    shop.clock.advance(hours=8, minutes=1)
    delete(shop)
    shop.clock.advance(minutes=16)
    delete(shop)
    assert live(shop, [sku]) == {sku: 0}
    assert penalties(shop) == {}
