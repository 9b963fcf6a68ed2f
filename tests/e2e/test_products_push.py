"""`products push`: from the catalog to listings that can be bought, or to a reason why not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.e2e.product_shop import (
    SHIRT,
    add_product,
    add_products,
    buyable,
    channel,
    dirty,
    map_attributes,
    open_catalogue,
    penalties,
    push,
    settle,
    submitted,
)
from tests.e2e.stock_shop import answered
from tests.shop import FakeClock, Shop

NOTHING: dict[str, list[int]] = {"inserts": [], "updates": []}
CURE = ": mend it in Omnitron's Mapper"


def clean(shop: Shop) -> bool:
    """Whether Omnitron waits for nothing, and no batch or job is left."""
    models = ("product", "productstock", "productprice")
    left = [shop.rows(f"SELECT * FROM {table}") for table in ("batches", "jobs", "feed_items")]  # noqa: S608 - our own table names
    return all(dirty(shop, model) == NOTHING for model in models) and not any(left)


def test_a_hundred_mapped_products_become_buyable_listings(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    skus = add_products(shop, 100, node)
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"sent": 100}
    assert clean(shop)
    amazon = shop.calls("amazon")
    assert amazon["searchListingsItems"] == 5
    assert answered(shop, "putListingsItem") == 100
    assert (amazon["getDefinitionsProductType"], amazon["patchListingsItem"]) == (1, 0)
    omnitron = shop.calls("omnitron")
    assert omnitron.total() - omnitron["product_categories.detailed"] <= 18
    assert omnitron["product_categories.detailed"] <= 110
    shop.forget_calls()
    settle(shop)
    assert buyable(shop, skus) == set(skus)
    assert shop.calls("amazon") == Counter(searchListingsItems=5)
    assert {row["state"] for row in shop.rows("SELECT state FROM products")} == {"live"}


def test_a_second_run_sends_nothing(shop: Shop) -> None:
    add_products(shop, 3, open_catalogue(shop)["SHIRT"])
    push(shop)
    settle(shop)
    shop.forget_calls()
    assert push(shop, "--json").json["counts"] == {}
    assert shop.calls() == Counter({"products.updates": 1, "products.inserts": 1})


def test_a_new_product_goes_out_with_its_stock_and_its_price(shop: Shop) -> None:
    node = open_catalogue(shop, buffer_stock=3)["SHIRT"]
    pk = add_product(shop, "GÖMLEK/1", node, price="149.90", stock=10, name="Keten gömlek")
    push(shop)
    told = submitted(shop, "GÖMLEK/1")
    place = {"marketplace_id": "A33AVAJ2PDY3EV"}
    assert told["item_name"] == [{"value": "Keten gömlek", "language_tag": "tr_TR", **place}]
    assert told["department"] == [{"value": "womens", **place}]
    assert told["condition_type"] == [{"value": "new_new", **place}]
    assert told["fulfillment_availability"] == [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 7}
    ]
    price = {"currency": "TRY", "our_price": [{"schedule": [{"value_with_tax": 149.9}]}]}
    assert told["purchasable_offer"] == [{**price, **place}]
    assert told["externally_assigned_product_identifier"] == [
        {"type": "ean", "value": f"869{pk:010d}", **place}
    ]
    assert told["main_product_image_locator"] == [
        {"media_location": "https://cdn.example.com/1.jpg", **place}
    ]
    (category,) = told["recommended_browse_nodes"]
    assert shop.rows("SELECT node_id FROM category_nodes") == [{"node_id": category["value"]}]
    sent = {row["attribute"]: row["sent"] for row in shop.rows("SELECT * FROM listing_values")}
    assert sent == {"quantity": "7", "price": "149.90"}


def test_a_pictures_relative_address_is_one_on_omnitron(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "SKU", node, images=["/media/a.jpg", "https://cdn.example.com/b.jpg"])
    push(shop)
    told = submitted(shop, "SKU")
    (first,), (second,) = (
        told["main_product_image_locator"],
        told["other_product_image_locator_1"],
    )
    assert first["media_location"] == f"{shop.sandbox.omnitron_url}/media/a.jpg"
    assert second["media_location"] == "https://cdn.example.com/b.jpg"


def test_stock_and_price_wait_until_the_product_is_listed(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    shop.configure(
        flags={
            "send_products": True,
            "send_updated_product_stock": True,
            "send_updated_product_price": True,
        }
    )
    add_product(shop, "SKU", node)
    assert shop.run("stock", "push", "--json").json["counts"] == {"waiting": 1}
    push(shop)
    shop.sandbox.world.omnitron.set_stock("SKU", 42)
    assert shop.run("stock", "push", "--json").json["counts"] == {"sent": 1}
    assert shop.run("prices", "push", "--json").json["counts"] == {}


def test_every_reason_why_a_product_cannot_be_listed_is_told_and_holds_up_no_other(
    shop: Shop,
) -> None:
    nodes = open_catalogue(shop, "SHIRT", "PLATE")
    node, omnitron = nodes["SHIRT"], shop.sandbox.world.omnitron
    for sku in ("STOK", "FİYAT", "KATEGORİ", "İKİ", "RESİM", "MARKA", "HEPSİ", "İYİ"):
        add_product(shop, sku, node)
    omnitron.remove_stock("STOK")
    omnitron.remove_price("FİYAT")
    omnitron.map_category("KATEGORİ")
    omnitron.map_category("İKİ", *nodes.values())
    omnitron.set_image("RESİM", None)
    map_attributes(shop, "MARKA", {"brand": None})
    omnitron.remove_stock("HEPSİ")
    omnitron.remove_price("HEPSİ")
    add_product(shop, "PARA", node)
    omnitron.set_price("PARA", "10.00", currency_type="eur")
    omnitron.unmapped.add("EŞLEŞME")
    add_product(shop, "EŞLEŞME", node)

    ran = push(shop, "--json", code=1)

    assert ran.json["counts"] == {"failed": 9, "sent": 1}
    told = penalties(shop)
    assert told["STOK"] == "Stock data not found"
    assert told["FİYAT"] == "Price data not found"
    assert told["KATEGORİ"] == "Category data not found"
    assert told["İKİ"].startswith("2 categories instead of exactly one: ")
    assert told["RESİM"] == "Image data not found"
    assert told["MARKA"] == f"brand attribute is required{CURE}"
    assert told["HEPSİ"] == "Stock data not found; Price data not found"
    assert told["PARA"] == "the price is in EUR, the marketplace sells in TRY"
    assert told["EŞLEŞME"].startswith("Mapping is missing for product")
    assert shop.calls()["putListingsItem"] == 1
    reports = {row["error_desc"] for row in omnitron.snapshot("error_reports")}
    assert set(told.values()) == reports
    # Omnitron hides them too, so the next run asks for nothing of theirs.
    shop.forget_calls()
    push(shop)
    assert shop.calls() == Counter({"products.updates": 1, "products.inserts": 1})


VIOLATIONS: dict[str, tuple[str, dict[str, str | None], str]] = {
    "missing": ("SHIRT", {"color": None}, "color attribute is required"),
    "empty": ("SHIRT", {"size": " "}, "size attribute is required"),
    "too long": ("SHIRT", {"item_name": "x" * 201}, "item_name: 201 characters; at most 200"),
    "too many bytes": ("SHIRT", {"model_number": "ş" * 21}, "model_number: 42 bytes in UTF-8"),
    "no choice": ("SHIRT", {"department": "kedi"}, 'department: "kedi" is not among Amazon\'s'),
    "no number": ("PLATE", {"number_of_items": "altı"}, 'number_of_items: "altı" is not a whole'),
    "not whole": ("PLATE", {"number_of_items": "2,5"}, "number_of_items: 2.5 is not a whole"),
    "too small": ("PLATE", {"number_of_items": "0"}, "number_of_items: 0 is less than 1"),
    "no truth": ("PLATE", {"is_dishwasher_safe": "belki"}, 'is_dishwasher_safe: "belki" is not'),
    "no address": (
        "SHIRT",
        {"main_product_image_locator.media_location": "ftp://x"},
        "main_product_image_locator.media_location: ",
    ),
    "barcode": ("SHIRT", {"externally_assigned_product_identifier": "12"}, "2 characters"),
    "no barcode": (
        "SHIRT",
        {"externally_assigned_product_identifier": None},
        "externally_assigned_product_identifier, merchant_suggested_asin or",
    ),
    "unit": ("SHIRT", {"item_weight": "2.5"}, "item_weight.unit attribute is required"),
    "condition": (
        "LAMP",
        {"batteries_required": "true", "batteries_included": None},
        "batteries_included attribute is required",
    ),
}
PLATE = {
    **{name: SHIRT[name] for name in ("brand", "product_description", "color")},
    "material": "Porselen",
    "number_of_items": "6",
    "is_dishwasher_safe": "true",
}
LAMP = {
    **{name: SHIRT[name] for name in ("brand", "product_description", "color")},
    "batteries_required": "false",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "voltage": "220",
    "voltage.unit": "volts",
}
MAPPED = {"SHIRT": SHIRT, "PLATE": PLATE, "LAMP": LAMP}


def test_every_kind_of_schema_violation_is_told_before_anything_is_sent(shop: Shop) -> None:
    nodes = open_catalogue(shop, *MAPPED)
    for sku, (kind, values, _) in VIOLATIONS.items():
        add_product(shop, sku, nodes[kind], MAPPED[kind])
        map_attributes(shop, sku, values)
    for kind, node in nodes.items():
        add_product(shop, f"good {kind}", node, MAPPED[kind])
    ran = push(shop, "--json", code=1)
    assert ran.json["counts"] == {"failed": len(VIOLATIONS), "sent": len(MAPPED)}
    told = penalties(shop)
    wrong = {sku: told[sku] for sku, (_, _, text) in VIOLATIONS.items() if text not in told[sku]}
    assert wrong == {}
    assert all(reason.endswith(CURE) for reason in told.values())
    assert shop.calls()["putListingsItem"] == len(MAPPED)


def test_a_labels_choice_a_decimal_comma_and_a_truth_become_what_amazon_wants(shop: Shop) -> None:
    node = open_catalogue(shop, "PLATE")["PLATE"]
    more = {
        "is_dishwasher_safe": "Evet",
        "item_weight": "0,75",
        "item_weight.unit": "Kilogram",
        "country_of_origin": "Türkiye",
    }
    add_product(shop, "TABAK", node, {**PLATE, **more})
    push(shop)
    told = submitted(shop, "TABAK")
    assert told["is_dishwasher_safe"][0]["value"] is True
    assert told["item_weight"][0]["value"] == 0.75
    assert told["item_weight"][0]["unit"] == "kilograms"
    assert told["country_of_origin"][0]["value"] == "TR"
    assert told["number_of_items"][0]["value"] == 6


def test_a_product_whose_attributes_were_mended_goes_out_when_its_penalty_is_over(
    shop: Shop, clock: FakeClock
) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"], {**SHIRT, "brand": None})
    push(shop, code=1)
    map_attributes(shop, "SKU", {"brand": "Örnek"})
    clock.advance(hours=7)
    assert push(shop, "--json").json["counts"] == {}
    clock.advance(hours=1)
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    assert penalties(shop) == {}
    assert clean(shop)


def test_a_products_fault_does_not_hold_back_its_stock(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    push(shop)
    map_attributes(shop, "SKU", {"brand": None})
    omnitron = shop.sandbox.world.omnitron
    omnitron.set_product("SKU", name="Yeni ad")
    push(shop, code=1)
    assert set(penalties(shop)) == {"SKU"}
    omnitron.set_stock("SKU", 3)
    assert shop.run("stock", "push", "--json", "--force").json["counts"] == {"sent": 1}


def test_a_changed_product_is_an_update_of_what_changed_alone(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    push(shop)
    settle(shop)
    listing = shop.sandbox.world.amazon.listings.get("SKU")
    assert listing is not None
    (stock,) = listing.submitted["fulfillment_availability"]
    listing.submitted = {
        **listing.submitted,
        "fulfillment_availability": [{**stock, "lead_time_to_ship_max_days": 4}],
    }
    before = listing.submitted
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_product("SKU", name="Yeni ad")
    dry = push(shop, "--dry-run")
    assert dry.out == "SKU: changed item_name\n"
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    calls = shop.calls("amazon")
    assert (calls["patchListingsItem"], calls["putListingsItem"]) == (1, 0)
    changed = {name for name, rows in listing.submitted.items() if rows != before.get(name)}
    assert changed == {"item_name"}
    assert clean(shop)
    settle(shop)
    assert buyable(shop, ["SKU"]) == {"SKU"}


def test_a_change_of_no_consequence_costs_amazon_no_call(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    push(shop)
    settle(shop)
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_product("SKU", attributes={"koleksiyon": "2027"})
    assert push(shop, "--json").json["counts"] == {"unchanged": 1}
    assert shop.calls("amazon").total() == 0
    assert clean(shop)


def test_an_attribute_that_is_mapped_no_more_is_deleted(shop: Shop) -> None:
    more = {"model_number": "M-1", "model_name": "Deniz"}
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"], {**SHIRT, **more})
    push(shop)
    map_attributes(shop, "SKU", {"model_number": None, "model_name": None})
    shop.sandbox.world.omnitron.set_product("SKU", name="Ad")
    push(shop)
    assert not {"model_number", "model_name"} & submitted(shop, "SKU").keys()


def test_a_listing_amazon_has_already_is_never_created_anew(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    push(shop)
    shop.clock.advance(minutes=16)
    shop.sandbox.world.amazon.settle()
    for table in ("products", "listings", "listing_values"):
        _execute(shop, f"DELETE FROM {table}")  # noqa: S608 - our own table names
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_product("SKU", name="Ad")
    push(shop)
    calls = shop.calls("amazon")
    assert (calls["searchListingsItems"], calls["patchListingsItem"]) == (1, 1)
    assert calls["putListingsItem"] == 0
    assert submitted(shop, "SKU")["item_name"][0]["value"] == "Ad"


def test_a_brand_that_names_the_asin_makes_an_offer_on_it(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    shop.sandbox.world.amazon.listings.know_asin("B0DENEME01", "8690000000017")
    mapped = {"merchant_suggested_asin": "B0DENEME01", "brand": "Örnek"}
    add_product(shop, "TEKLİF", node, mapped, ean=None)
    push(shop)
    told = submitted(shop, "TEKLİF")
    assert told["merchant_suggested_asin"][0]["value"] == "B0DENEME01"
    assert not {"brand", "item_name", "main_product_image_locator"} & told.keys()
    settle(shop)
    assert buyable(shop, ["TEKLİF"]) == {"TEKLİF"}
    listing = shop.sandbox.world.amazon.listings.get("TEKLİF")
    assert listing is not None
    assert listing.asin == "B0DENEME01"


def test_an_exempt_brand_sends_the_exemption_instead_of_a_barcode(shop: Shop) -> None:
    node = open_catalogue(shop, has_barcode_exemption=True)["SHIRT"]
    add_product(shop, "SKU", node)
    push(shop)
    told = submitted(shop, "SKU")
    (exemption,) = told["supplier_declared_has_product_identifier_exemption"]
    assert exemption["value"] is True
    assert "externally_assigned_product_identifier" not in told


def test_a_type_that_wants_a_list_price_gets_the_price_where_the_brand_has_none(
    shop: Shop,
) -> None:
    node = open_catalogue(shop, "LAMP")["LAMP"]
    add_product(shop, "A", node, LAMP, price="80.00")
    add_product(shop, "B", node, LAMP, price="80.00")
    shop.sandbox.world.omnitron.set_price("B", "80.00", retail_price="100.00")
    push(shop)
    assert submitted(shop, "A")["list_price"][0]["value"] == 80
    assert submitted(shop, "B")["list_price"][0]["value"] == 100


def family(shop: Shop, node: int, count: int = 3) -> list[str]:
    """So many shirts of one base code, told apart by their size."""
    skus = [f"MODEL-{size}" for size in ("S", "M", "L", "XL")[:count]]
    for sku in skus:
        mapped = {**SHIRT, "size": sku.removeprefix("MODEL-")}
        add_product(shop, sku, node, mapped, base_code="MODEL")
    return skus


def test_products_of_one_base_code_are_variations_of_one_parent(shop: Shop) -> None:
    skus = family(shop, open_catalogue(shop)["SHIRT"])
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"sent": 4}
    parent = submitted(shop, "MODEL-PARENT")
    assert parent["parentage_level"][0]["value"] == "parent"
    assert not {"size", "color", "purchasable_offer", "fulfillment_availability"} & parent.keys()
    for sku in skus:
        (relation,) = submitted(shop, sku)["child_parent_sku_relationship"]
        assert relation["parent_sku"] == "MODEL-PARENT"
        assert submitted(shop, sku)["variation_theme"][0]["name"] == "COLOR/SIZE"
    settle(shop)
    assert buyable(shop, skus) == set(skus)
    assert {row["state"] for row in shop.rows("SELECT state FROM products")} == {"live"}
    assert shop.rows("SELECT * FROM listings WHERE sku = 'MODEL-PARENT'") == []
    shop.forget_calls()
    push(shop)
    assert shop.calls("amazon").total() == 0


def test_one_that_joins_a_family_later_finds_its_parent_there(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    family(shop, node)
    push(shop)
    shop.forget_calls()
    add_product(shop, "MODEL-2XL", node, {**SHIRT, "size": "2XL"}, base_code="MODEL")
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    (relation,) = submitted(shop, "MODEL-2XL")["child_parent_sku_relationship"]
    assert relation["parent_sku"] == "MODEL-PARENT"


def test_a_product_alone_with_its_base_code_has_no_parent(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "TEK", node, base_code="MODEL")
    push(shop)
    assert "parentage_level" not in submitted(shop, "TEK")
    assert shop.sandbox.world.amazon.listings.get("MODEL-PARENT") is None


def test_a_refused_parent_is_sent_again_when_its_penalty_is_over(
    shop: Shop, clock: FakeClock
) -> None:
    node = open_catalogue(shop)["SHIRT"]
    family(shop, node, 2)
    amazon = shop.sandbox.world.amazon.listings
    amazon.refuse_later("MODEL-PARENT", "90244", "The name is taken.", "item_name")
    push(shop)
    clock.advance(minutes=16)
    push(shop, code=1)
    assert set(penalties(shop)) == {"MODEL-PARENT"}
    amazon.forgive("MODEL-PARENT")
    clock.advance(hours=8)
    assert push(shop, "--json").json["counts"]["sent"] == 1
    settle(shop)
    assert penalties(shop) == {}


def test_what_amazon_finds_later_lands_on_its_product_with_attribute_and_cure(
    shop: Shop, clock: FakeClock
) -> None:
    add_products(shop, 3, open_catalogue(shop)["SHIRT"])
    amazon = shop.sandbox.world.amazon.listings
    amazon.refuse_later("URUN-0002", "18027", "The brand is not yours.", "brand")
    push(shop)
    clock.advance(minutes=16)
    ran = push(shop, "--json", code=1)
    assert ran.json["counts"] == {"unchanged": 2, "failed": 1}
    reason = "brand: The brand is not yours: mend it in Omnitron's Mapper"
    assert penalties(shop) == {"URUN-0002": reason}
    omnitron = shop.sandbox.world.omnitron
    assert [row["error_desc"] for row in omnitron.snapshot("error_reports")] == [reason]
    clock.advance(hours=1)
    shop.forget_calls()
    push(shop)
    assert shop.calls("amazon").total() == 0
    map_attributes(shop, "URUN-0002", {"brand": "Kendi Markam"})
    assert shop.run("penalties", "clear", "--sku", "URUN-0002").code == 0
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    settle(shop)
    assert buyable(shop, ["URUN-0002"]) == {"URUN-0002"}
    assert penalties(shop) == {}


def test_a_listing_amazon_never_answers_for_is_penalised_after_the_manuals_hours(
    shop: Shop, clock: FakeClock
) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    shop.sandbox.faults.add("ignored_sku", "putListingsItem", sku="SKU", times=9)
    push(shop)
    looks = 0
    for _ in range(36):
        clock.advance(minutes=10)
        shop.forget_calls()
        shop.run("products", "push")
        looks += shop.calls()["searchListingsItems"]
        if penalties(shop):
            break
    assert penalties(shop) == {"SKU": "no response from Amazon within 6 hours"}
    assert looks <= 6


def test_what_is_sold_out_need_not_be_buyable(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"], stock=0)
    push(shop)
    settle(shop)
    assert shop.rows("SELECT sku, state FROM products") == [{"sku": "SKU", "state": "live"}]


def test_what_amazon_refuses_at_once_is_penalised_and_its_stock_stays_behind(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    mapped = {**SHIRT, "recommended_browse_nodes": "999"}
    add_product(shop, "KÖTÜ", node, mapped)
    add_product(shop, "İYİ", node)
    push(shop, code=1)
    assert set(penalties(shop)) == {"KÖTÜ"}
    assert "recommended_browse_nodes" in penalties(shop)["KÖTÜ"]
    assert shop.rows("SELECT sku FROM listings") == [{"sku": "İYİ"}]
    ran = shop.run("stock", "push", "--json", "--force")
    assert ran.json["counts"] == {"waiting": 1}


def test_amazon_can_be_asked_first_and_nothing_changes_by_it(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "KÖTÜ", node, {**SHIRT, "recommended_browse_nodes": "999"})
    add_product(shop, "İYİ", node)
    shop.forget_calls()
    dry = push(shop, "--dry-run", "--amazon-validate", "--json", code=1)
    assert dry.json["counts"] == {"failed": 1, "planned": 1}
    assert len(shop.sandbox.world.amazon.listings) == 0
    push(shop, "--amazon-validate", code=1)
    previews = [row for row in shop.sandbox.exchanges if row.operation == "putListingsItem"]
    assert len(previews) == 5
    assert len(shop.sandbox.world.amazon.listings) == 1


def test_many_products_travel_in_a_feed_of_whole_listings(shop: Shop, clock: FakeClock) -> None:
    node = open_catalogue(shop, stock={"patch_limit": 5})["SHIRT"]
    skus = add_products(shop, 120, node)
    add_product(shop, "KÖTÜ", node, {**SHIRT, "recommended_browse_nodes": "999"})
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"submitted": 121}
    calls = shop.calls("amazon")
    assert (calls["createFeed"], calls["putListingsItem"]) == (1, 0)
    assert push(shop, "--json").json["counts"] == {}
    clock.advance(minutes=6)
    ran = push(shop, "--json", code=1)
    assert ran.json["counts"] == {"sent": 120, "failed": 1}
    assert dirty(shop) == NOTHING | {"inserts": dirty(shop)["inserts"]}
    assert set(penalties(shop)) == {"KÖTÜ"}
    settle(shop)
    assert buyable(shop, skus) == set(skus)
    states = Counter(row["state"] for row in shop.rows("SELECT state FROM products"))
    assert states == {"live": 120, "refused": 1}
    assert shop.calls("amazon")["createFeed"] == 1
    shop.sandbox.world.omnitron.set_product(skus[0], name="Ad")
    push(shop)
    assert shop.calls("amazon")["patchListingsItem"] == 1


def test_a_product_that_comes_back_to_the_catalog_is_sold_again_and_not_made_anew(
    shop: Shop, clock: FakeClock
) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "SKU", node)
    push(shop)
    settle(shop)
    omnitron = shop.sandbox.world.omnitron
    omnitron.remove_from_catalog("SKU")
    assert shop.run("products", "delete", "--force").code == 0
    clock.advance(minutes=10)
    omnitron.return_to_catalog("SKU")
    shop.forget_calls()
    assert push(shop, "--json").json["counts"] == {"unchanged": 1}
    assert shop.run("stock", "push", "--json", "--force").json["counts"] == {"sent": 1}
    assert shop.calls("amazon")["putListingsItem"] == 0
    settle(shop)
    assert buyable(shop, ["SKU"]) == {"SKU"}


def test_a_family_that_spreads_over_pages_has_one_parent(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "MODEL-S", node, {**SHIRT, "size": "S"}, base_code="MODEL")
    others = add_products(shop, 100, node)
    add_product(shop, "MODEL-M", node, {**SHIRT, "size": "M"}, base_code="MODEL")
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"sent": len(others) + 3}
    assert shop.sandbox.world.amazon.listings.children("MODEL-PARENT") == []
    settle(shop)
    children = shop.sandbox.world.amazon.listings.children("MODEL-PARENT")
    assert children == ["MODEL-M", "MODEL-S"]


def test_a_product_nobody_can_read_is_penalised_and_holds_up_no_other(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "KÖTÜ", node)
    add_product(shop, "İYİ", node)
    (broken,) = channel(shop).products.find("sku", "KÖTÜ")
    channel(shop).products.change(broken, base_code=["a", "b"])
    ran = push(shop, "--json", code=1)
    assert ran.json["counts"] == {"failed": 1, "sent": 1}
    assert set(penalties(shop)) == {f"product {broken.pk}"}
    shop.clock.advance(hours=8)
    assert push(shop, "--json", code=1).json["counts"] == {"failed": 1, "unchanged": 1}
    channel(shop).products.change(broken, base_code="a")
    shop.clock.advance(hours=8)
    push(shop)
    assert penalties(shop) == {}
    assert submitted(shop, "KÖTÜ")


def test_an_inactive_product_waits(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    omnitron = shop.sandbox.world.omnitron
    omnitron.set_product("SKU", is_active=False)
    assert push(shop, "--json").json["counts"] == {"waiting": 1}
    omnitron.set_product("SKU", is_active=True)
    assert push(shop, "--json").json["counts"] == {"sent": 1}


def test_a_category_that_was_not_fetched_here_is_waited_for(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "SKU", node)
    _execute(shop, "UPDATE category_nodes SET pk = NULL")
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"waiting": 1}
    assert "categories fetch" in ran.json["waiting"][0]["reason"]
    _execute(shop, "UPDATE category_nodes SET pk = ?", node)
    assert push(shop, "--json").json["counts"] == {"sent": 1}


def test_a_type_amazon_tells_nonsense_of_keeps_its_products_waiting_and_no_others(
    shop: Shop,
) -> None:
    nodes = open_catalogue(shop, "SHIRT", "PLATE")
    add_product(shop, "TABAK", nodes["PLATE"], PLATE)
    push(shop)
    add_product(shop, "GÖMLEK", nodes["SHIRT"])
    add_product(shop, "TABAK-2", nodes["PLATE"], PLATE)
    shop.sandbox.faults.add("truncated", "downloadDocument", times=9)
    ran = push(shop, "--json")
    assert ran.json["counts"] == {"sent": 1, "waiting": 1}
    assert "product type SHIRT cannot be read" in ran.json["waiting"][0]["reason"]
    shop.sandbox.faults.clear()
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    assert penalties(shop) == {}


def test_a_type_amazon_does_not_know_is_told_on_its_products(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    _execute(shop, "UPDATE category_nodes SET product_types = 'GONE'")
    push(shop, code=1)
    assert "Amazon knows no product type GONE" in penalties(shop)["SKU"]
    _execute(shop, "UPDATE category_nodes SET product_types = ''")
    shop.clock.advance(hours=8)
    push(shop, code=1)
    assert "no product type for the category" in penalties(shop)["SKU"]


def test_a_brand_can_give_amazon_another_sku(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "ERP-1", node, {**SHIRT, "remote_id": "AMZ-1"})
    push(shop)
    assert shop.sandbox.world.amazon.listings.get("ERP-1") is None
    actions = {row.model: row.remote_id for row in channel(shop).actions if row.object_id > 1000}
    assert actions["product"] == "AMZ-1"
    shop.sandbox.world.omnitron.set_product("ERP-1", name="Ad")
    push(shop)
    assert submitted(shop, "AMZ-1")["item_name"][0]["value"] == "Ad"
    assert push(shop, "--only", "AMZ-1", "--json").json["counts"] == {"unchanged": 1}


@pytest.mark.parametrize("argv", [("--only", "SKU"), ("--limit", "1")])
def test_a_run_for_some_leaves_the_others(shop: Shop, argv: tuple[str, ...]) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "SKU", node)
    add_product(shop, "SONRAKİ", node)
    assert push(shop, *argv, "--json").json["counts"] == {"sent": 1}
    assert len(dirty(shop)["inserts"]) == 1


def test_a_dry_run_tells_and_changes_nothing(shop: Shop) -> None:
    family(shop, open_catalogue(shop)["SHIRT"], 2)
    before = shop.dump()
    ran = push(shop, "--dry-run")
    assert ran.out.splitlines() == [
        "MODEL-PARENT: parent of variations by COLOR/SIZE, SHIRT",
        "MODEL-S: new, SHIRT, quantity 10, price 100.00",
        "MODEL-M: new, SHIRT, quantity 10, price 100.00",
    ]
    after = shop.dump()
    told = {name for name in after if before[name] != after[name]}
    assert told <= {"quota", "tokens", "lookups", "runs", "cursors"}
    assert len(shop.sandbox.world.amazon.listings) == 0
    assert len(dirty(shop)["inserts"]) == 2


def test_a_channel_of_amazons_own_fulfilment_sends_no_quantity(shop: Shop) -> None:
    node = open_catalogue(shop, is_fba_channel=True)["SHIRT"]
    add_product(shop, "SKU", node)
    push(shop)
    told = submitted(shop, "SKU")
    assert told["fulfillment_availability"] == [{"fulfillment_channel_code": "AMAZON_EU"}]
    sent = [row["attribute"] for row in shop.rows("SELECT attribute FROM listing_values")]
    assert sent == ["price"]
    settle(shop)
    assert shop.rows("SELECT state FROM products") == [{"state": "live"}]


def _execute(shop: Shop, sql: str, *params: Any) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(shop.state)) as connection:
        connection.execute(sql, params)
        connection.commit()
