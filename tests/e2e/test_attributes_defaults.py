"""`attributes defaults`: the predefined fields, made ready for mapping."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.catalogue_shop import fetch_all, fetch_categories, open_corner, table
from tests.shop import Shop

DEFAULTS = ("attributes", "defaults", "--json")
FIELDS = {
    "remote_id",
    "item_name",
    "product_description",
    "bullet_point",
    "brand",
    "externally_assigned_product_identifier",
    "externally_assigned_product_identifier.type",
    "condition_type",
    "main_product_image_locator.media_location",
    "recommended_browse_nodes",
}


def names(shop: Shop) -> set[str]:
    return {row["name"] for row in table(shop, "attributes")}


def values(shop: Shop, attribute: str) -> dict[str, str]:
    (pk,) = [row["pk"] for row in table(shop, "attributes") if row["name"] == attribute]
    rows = [row for row in table(shop, "attribute_values") if row["attribute"] == pk]
    assert len(rows) == len({row["value"] for row in rows})
    return {row["value"]: row["label"] for row in rows}


def test_they_wait_for_the_attributes_to_be_fetched(shop: Shop) -> None:
    open_corner(shop)
    fetch_categories(shop)
    ran = shop.run(*DEFAULTS)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert "attributes fetch comes first" in ran.json["notes"][0]


def test_each_field_is_there_with_schema_and_choices_in_one_call(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    sets = table(shop, "attribute_configs")
    shop.forget_calls()

    ran = shop.run(*DEFAULTS)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": len(FIELDS)})
    assert shop.calls("omnitron") == {"bulk_attributes.create": 1}
    assert names(shop) >= FIELDS
    schemas = {row["name"] for row in table(shop, "attribute_schemas")}
    assert schemas >= {f"1 {name} Schema" for name in FIELDS}
    assert values(shop, "condition_type")["new_new"] == "Yeni"
    assert table(shop, "attribute_configs") == sets


def test_a_second_run_sends_nothing(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.run(*DEFAULTS)
    shop.forget_calls()
    shop.clock.advance(minutes=10)
    ran = shop.run(*DEFAULTS)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert shop.calls() == {"channels.get": 1}


def test_a_field_whose_choices_change_is_sent_again_alone(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.run(*DEFAULTS)

    def drop_gtin(one: Any) -> None:
        barcode = one.attributes["externally_assigned_product_identifier"]
        listed = barcode["items"]["properties"]["type"]
        for part in (listed, *listed.get("anyOf", ())):
            if "enum" in part:
                part["enum"], part["enumNames"] = ["ean", "isbn"], ["EAN", "ISBN"]

    for name in shop.sandbox.world.amazon.types:
        shop.sandbox.world.amazon.types.change(name.name, drop_gtin)
    shop.clock.advance(hours=24)
    fetch_categories(shop)
    assert shop.run("attributes", "fetch").code == 0

    ran = shop.run(*DEFAULTS)

    assert ran.json["counts"] == {"sent": 1}
    assert "isbn" in values(shop, "externally_assigned_product_identifier.type")


@pytest.mark.parametrize("refusal", ["none", "whole"])
def test_without_the_bulk_call_they_are_made_one_by_one(shop: Shop, refusal: str) -> None:
    open_corner(shop)
    fetch_all(shop)
    if refusal == "none":
        shop.sandbox.world.omnitron.no_bulk = True
    else:
        shop.sandbox.faults.add(
            "server_error_before", "bulk_attributes.create", side="omnitron", status=400
        )
    ran = shop.run(*DEFAULTS)
    assert (ran.code, ran.json["counts"]) == (0, {"sent": len(FIELDS)})
    assert names(shop) >= FIELDS
    assert "new_new" in values(shop, "condition_type")
    linked = {
        row["remote_id"]
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["content_type"]["model"] == "marketplaceattribute"
    }
    assert linked >= FIELDS


def test_one_that_omnitron_refuses_is_penalised_and_blocks_no_other(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.sandbox.world.omnitron.no_bulk = True
    shop.sandbox.faults.add("server_error_before", "attributes.create", side="omnitron", status=400)
    ran = shop.run(*DEFAULTS)
    assert (ran.code, ran.json["counts"]) == (1, {"failed": 1, "sent": len(FIELDS) - 1})
    assert ran.json["failures"][0]["key"] == "remote_id"  # all others are in the sets already
    shop.clock.advance(seconds=28_801)
    assert shop.run(*DEFAULTS).json["counts"] == {"sent": 1}
    assert names(shop) >= FIELDS


def test_a_dry_run_lists_them(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.forget_calls()
    ran = shop.run("attributes", "defaults", "--dry-run")
    assert {line.split(":")[0] for line in ran.out.splitlines()} == FIELDS
    assert not shop.calls()
