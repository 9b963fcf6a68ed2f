"""`attributes fetch`: what Amazon asks of products, into Omnitron's attribute sets."""

from __future__ import annotations

import json

import pytest

from tests.e2e.catalogue_shop import (
    ATTRIBUTES,
    CARE_ROOT,
    HOME_ROOT,
    ROOT,
    allowed,
    configs,
    fetch_all,
    fetch_categories,
    linked,
    node_id,
    open_corner,
    open_shop,
    table,
)
from tests.shop import Shop

MAKING = {"create", "patch"}


def made(shop: Shop) -> set[str]:
    """What was made or changed in Omnitron since the calls were last forgotten."""
    return {name for name in shop.calls("omnitron") if name.rpartition(".")[2] in MAKING}


def test_every_category_of_forty_types_gets_its_attribute_set(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {HOME_ROOT} {CARE_ROOT}")
    fetch_categories(shop, rounds=3)
    shop.forget_calls()

    ran = shop.run(*ATTRIBUTES)

    browse = shop.sandbox.world.amazon.browse
    shelves = {node.id for node in browse if node.product_types and not node.children}
    assert (ran.code, ran.json["counts"]) == (0, {"sent": len(shelves)})
    assert len({name for node in browse for name in node.product_types}) == 40
    assert ran.json["calls"]["getDefinitionsProductType"] == 40
    assert ran.json["calls"]["download"] == 40
    sets = {row["remote_id"]: row for row in table(shop, "attribute_sets")}
    assert sets.keys() == shelves
    bound = {row["attribute_set"]: row["object_id"] for row in table(shop, "attribute_set_configs")}
    nodes = linked(shop)
    assert {key: bound[row["id"]] for key, row in sets.items()} == {
        key: nodes[key]["pk"] for key in shelves
    }
    assert ran.json["calls"]["create_bulk_category_attributes"] == len(shelves)


def test_a_second_run_asks_nothing_and_sends_nothing(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.forget_calls()
    for _ in range(3):
        shop.clock.advance(minutes=10)
        ran = shop.run(*ATTRIBUTES)
        assert (ran.code, ran.json["counts"]) == (0, {})
    assert not shop.calls("amazon")
    assert shop.calls("omnitron").keys() <= {"channels.get"}


def test_before_any_tree_has_come_nothing_is_due(shop: Shop) -> None:
    open_corner(shop)
    ran = shop.run(*ATTRIBUTES)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert not shop.calls("amazon")


def test_a_new_tree_makes_it_due_and_an_unchanged_schema_is_not_fetched_again(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.clock.advance(hours=24)
    fetch_categories(shop)
    shop.forget_calls()

    ran = shop.run(*ATTRIBUTES)

    assert (ran.code, ran.json["counts"]) == (0, {})
    assert shop.calls("amazon") == {"getDefinitionsProductType": 16}
    assert not shop.calls("omnitron")


def test_a_set_asks_for_what_the_schema_says(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shirts = configs(shop, node_id(shop, "Kadın", "Giyim", "Tişörtler"))

    assert shirts["fabric_type"]["is_required"] and shirts["fabric_type"]["is_custom"]
    assert shirts["department"]["is_required"] and not shirts["department"]["is_custom"]
    assert shirts["color"]["is_variant"] and not shirts["color"]["is_required"]
    assert not shirts["bullet_point"]["is_required"]
    assert shirts["item_weight.unit"]["attribute_remote_id"] == "item_weight.unit"
    assert {row["attribute_remote_id"] for row in shirts.values()} == shirts.keys()


def test_predefined_fields_are_meta_and_what_stands_in_is_not_required(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shirts = configs(shop, node_id(shop, "Kadın", "Giyim", "Tişörtler"))

    assert shirts["brand"]["is_meta"] and shirts["brand"]["is_required"]
    assert shirts["item_name"]["is_meta"] and not shirts["item_name"]["is_required"]
    assert not shirts["fabric_type"]["is_meta"]
    picture = shirts["main_product_image_locator.media_location"]
    assert picture["is_image_attribute"] and not picture["is_required"]
    filled = ("purchasable_offer", "parentage_level", "child_parent", "variation_theme", "list_pr")
    assert not [name for name in shirts if name.startswith(filled)]
    assert "fulfillment_availability.lead_time_to_ship_max_days" in shirts
    assert "fulfillment_availability.quantity" not in shirts


def test_choices_have_amazons_values_and_the_marketplaces_words(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    (pk,) = [row["pk"] for row in table(shop, "attributes") if row["name"] == "country_of_origin"]
    values = {
        row["value"]: row["label"]
        for row in table(shop, "attribute_values")
        if row["attribute"] == pk
    }
    assert values == {"TR": "Türkiye", "DE": "Almanya", "CN": "Çin", "IT": "İtalya"}


def test_a_closed_list_that_differs_between_types_is_limited_in_each_set(shop: Shop) -> None:
    open_corner(shop)
    shop.sandbox.world.amazon.types.set_choices(
        "SHIRT", "country_of_origin", {"TR": "Türkiye", "PT": "Portekiz"}
    )
    fetch_all(shop)
    shirts, trousers = (
        node_id(shop, "Kadın", "Giyim", name) for name in ("Tişörtler", "Pantolonlar")
    )
    assert allowed(shop, shirts, "country_of_origin") == {"TR", "PT"}
    assert allowed(shop, trousers, "country_of_origin") == {"TR", "DE", "CN", "IT"}
    assert allowed(shop, shirts, "department") == set()  # the same for all: no need to name them


def test_a_category_of_two_types_asks_which_and_requires_what_both_do(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    both = node_id(shop, "Kadın", "Giyim", "Gömlekler, Bluzlar")
    found = configs(shop, both)
    assert found["product_type"]["is_required"]
    assert allowed(shop, both, "product_type") == {"SHIRT", "BLOUSE"}
    assert found["fabric_type"]["is_required"]
    assert not found["care_instructions"]["is_required"]  # of SHIRT alone
    assert "product_type" not in configs(shop, node_id(shop, "Kadın", "Giyim", "Tişörtler"))


def test_only_the_sets_and_attributes_that_differ_are_sent(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    shop.clock.advance(hours=24)
    fetch_categories(shop)
    shop.forget_calls()

    ran = shop.run(*ATTRIBUTES)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 2})  # for every day, and for sports
    assert ran.json["calls"]["download"] == 1
    calls = shop.calls("omnitron")
    assert calls["bulk_category_attributes.create"] == 2
    assert "attribute_configs.patch" not in calls
    assert configs(shop, node_id(shop, "Kadın", "Ayakkabı", "Spor Ayakkabılar"))["model_name"][
        "is_required"
    ]
    bodies = [
        json.loads(row.request_body)["attributes"]
        for row in shop.sandbox.exchanges
        if row.operation == "bulk_category_attributes.create"
    ]
    assert [[each["name"] for each in body] for body in bodies] == [["model_name"]] * 2


def test_an_attribute_that_is_gone_is_no_longer_asked_for(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    dresses = node_id(shop, "Kadın", "Giyim", "Elbiseler")
    assert configs(shop, dresses)["bullet_point"]["is_required"]
    shop.sandbox.world.amazon.types.drop("DRESS", "bullet_point")
    shop.clock.advance(hours=24)
    fetch_categories(shop)
    shop.forget_calls()

    assert shop.run(*ATTRIBUTES).code == 0

    assert not configs(shop, dresses)["bullet_point"]["is_required"]
    assert made(shop) == {
        "attribute_configs.patch",
        "category_nodes.patch",
        "integration_actions.patch",
    }
    assert "no longer asked for: bullet_point" in shop.run("why", dresses).out


def test_a_renamed_category_renames_its_set(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    dresses = node_id(shop, "Kadın", "Giyim", "Elbiseler")
    shop.sandbox.world.amazon.browse.rename(dresses, "Abiyeler")
    shop.clock.advance(hours=24)
    fetch_categories(shop)
    assert shop.run(*ATTRIBUTES).json["counts"] == {"sent": 1}
    (found,) = [row for row in table(shop, "attribute_sets") if row["remote_id"] == dresses]
    assert found["name"] == f"Abiyeler ({dresses})"


def test_a_bad_product_type_blocks_no_other(shop: Shop) -> None:
    open_corner(shop)
    browse = shop.sandbox.world.amazon.browse
    browse.add(node_id(shop, "Kadın", "Giyim"), "Kaftanlar", ["KAFTAN"])
    fetch_categories(shop)

    ran = shop.run(*ATTRIBUTES)

    assert (ran.code, ran.json["counts"]) == (1, {"failed": 1, "sent": 18})
    assert ran.json["failures"][0]["key"] == "KAFTAN"
    assert "Amazon knows no product type KAFTAN" in ran.json["failures"][0]["reason"]
    shop.forget_calls()
    shop.clock.advance(minutes=10)
    assert shop.run(*ATTRIBUTES).code == 0  # in penalty: Amazon is not asked again yet
    assert not shop.calls("amazon")
    shop.clock.advance(seconds=28_801)
    assert shop.run(*ATTRIBUTES).code == 1
    assert shop.calls("amazon")["getDefinitionsProductType"] == 1


def test_amazon_out_of_order_penalises_nobody_and_the_next_run_goes_on(shop: Shop) -> None:
    open_corner(shop)
    fetch_categories(shop)
    shop.sandbox.faults.add("server_error_before", "getDefinitionsProductType", times=99, after=10)
    ran = shop.run(*ATTRIBUTES)
    assert ran.code == 5
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=10)
    ran = shop.run(*ATTRIBUTES)
    assert ran.code == 0
    assert ran.json["calls"]["getDefinitionsProductType"] < 16
    assert len(table(shop, "attribute_sets")) == 18
    shop.forget_calls()
    shop.run(*ATTRIBUTES)
    assert made(shop) == set()


def test_an_omnitron_without_bulk_calls_gets_the_same_one_by_one(shop: Shop) -> None:
    def content() -> dict[str, object]:
        names = {row["pk"]: row["name"] for row in table(shop, "attributes")}
        actions = shop.sandbox.world.omnitron.snapshot("integration_actions")
        return {
            "sets": {row["remote_id"]: row["name"] for row in table(shop, "attribute_sets")},
            "bindings": len(table(shop, "attribute_set_configs")),
            "schemas": {row["name"] for row in table(shop, "attribute_schemas")},
            "configs": {
                row["remote_id"]: {
                    name: {flag: each[flag] for flag in each if flag.startswith("is_")}
                    for name, each in configs(shop, row["remote_id"]).items()
                }
                for row in table(shop, "attribute_sets")
            },
            "values": sorted(
                (names[row["attribute"]], row["value"], row["label"])
                for row in table(shop, "attribute_values")
            ),
            "limits": len(table(shop, "attribute_value_configs")),
            "links": sorted(
                (row["content_type"]["model"], row["remote_id"])
                for row in actions
                if row["content_type"]["model"].startswith("marketplace")
            ),
        }

    open_corner(shop)
    fetch_all(shop)
    in_bulk = content()
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    open_corner(shop)
    shop.sandbox.world.omnitron.no_bulk = True

    fetch_all(shop)

    assert shop.calls("omnitron")["bulk_category_attributes.create"] <= 2
    assert content() == in_bulk
    shop.forget_calls()
    shop.clock.advance(minutes=10)
    assert shop.run(*ATTRIBUTES).json["counts"] == {}
    assert made(shop) == set()


def test_a_set_omnitron_refuses_is_penalised_and_blocks_no_other(shop: Shop) -> None:
    open_corner(shop)
    fetch_categories(shop)
    shop.sandbox.faults.add(
        "server_error_before", "bulk_category_attributes.create", side="omnitron", status=400
    )
    ran = shop.run(*ATTRIBUTES)
    assert (ran.code, ran.json["counts"]) == (1, {"failed": 1, "sent": 17})
    assert "Omnitron refused the attributes of" in ran.json["failures"][0]["reason"]
    shop.clock.advance(seconds=28_801)
    assert shop.run(*ATTRIBUTES).json["counts"] == {"sent": 1}


@pytest.mark.parametrize(
    "operation", ["bulk_category_attributes.create", "attribute_configs.patch"]
)
def test_an_answer_that_is_lost_makes_nothing_twice(shop: Shop, operation: str) -> None:
    open_corner(shop)
    fetch_categories(shop)
    shop.sandbox.faults.add("cut_after", operation, side="omnitron", after=3)
    shop.run(*ATTRIBUTES)
    shop.clock.advance(minutes=10)
    assert shop.run(*ATTRIBUTES).code == 0
    assert len(table(shop, "attribute_sets")) == len(table(shop, "attribute_set_configs")) == 18
    keys = [(row["attribute"], row["value"]) for row in table(shop, "attribute_values")]
    assert len(keys) == len(set(keys))


def test_limit_bounds_a_run_and_the_next_goes_on(shop: Shop) -> None:
    open_corner(shop)
    fetch_categories(shop)
    assert shop.run(*ATTRIBUTES, "--limit", "10").json["counts"] == {"sent": 10}
    shop.clock.advance(minutes=10)
    assert shop.run(*ATTRIBUTES).json["counts"] == {"sent": 8}
    assert len(table(shop, "attribute_sets")) == 18


def test_a_dry_run_shows_the_sets_and_remembers_nothing(shop: Shop) -> None:
    open_corner(shop)
    fetch_categories(shop)
    shop.forget_calls()
    ran = shop.run("attributes", "fetch", "--dry-run", "--limit", "3")
    assert (ran.code, len(ran.out.splitlines())) == (0, 3)
    assert "brand" in ran.out
    assert made(shop) == set()
    assert shop.rows("SELECT * FROM product_types") == []


def test_a_touched_node_and_its_link_say_that_the_attributes_were_looked_at(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    dresses = node_id(shop, "Kadın", "Giyim", "Elbiseler")
    node = linked(shop)[dresses]
    (action,) = [
        row
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["remote_id"] == dresses and row["content_type"]["model"] == "categorynode"
    ]
    assert action["version_date"] == node["modified_date"] > node["created_date"]


def test_without_a_strategy_categories_get_no_sets(shop: Shop) -> None:
    open_corner(shop, attribute_set_strategy="None")
    fetch_categories(shop)
    ran = shop.run(*ATTRIBUTES)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert "attribute_set_strategy is None" in ran.json["notes"][0]


def test_the_mapper_asks_for_what_was_fetched(shop: Shop) -> None:
    open_corner(shop, skus=1)
    fetch_all(shop)
    omnitron = shop.sandbox.world.omnitron
    sku = omnitron.snapshot("products")[0]["sku"]
    omnitron.map_category(sku, omnitron.category_node(node_id(shop, "Kadın", "Giyim", "Tişörtler")))
    form = {row["name"]: row for row in omnitron.mapper_form(sku)}
    assert form["department"]["is_required"]
    assert len(form["department"]["values"]) == 3
