"""Product Type Definitions over real HTTP: types, schemas, versions."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest
from jsonschema import Draft201909Validator
from jsonschema.validators import validator_for

from amzsync.sandbox.amazon.schemacheck import KNOWN
from tests.unit.sandbox.amazon_api import TURKIYE, Api
from tests.unit.sandbox.example_goods import TYPES, definition, goods, schema

META = "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
EXTRA = {
    *("selectors", "minUniqueItems", "maxUniqueItems", "minUtf8ByteLength", "maxUtf8ByteLength"),
    *("editable", "hidden", "enumNames"),
}


def listed(api: Api, **parameters: str) -> Any:
    query = {"marketplaceIds": TURKIYE} | parameters
    return api.call("GET", TYPES, params=query).json()


def names(api: Api, **parameters: str) -> list[str]:
    return [one["name"] for one in listed(api, **parameters)["productTypes"]]


def keywords(rule: Any) -> set[str]:
    """Every keyword of a schema; names of properties and definitions are none."""
    if isinstance(rule, list):
        return set().union(*map(keywords, rule))
    if not isinstance(rule, dict):
        return set()
    found = set(rule)
    for name, value in rule.items():
        inner = list(value.values()) if name in ("properties", "$defs") else value
        found |= keywords(inner)
    return found


def test_without_keywords_every_type_is_listed(api: Api) -> None:
    body = listed(api)
    assert len(body["productTypes"]) == 40
    assert body["productTypeVersion"]
    shirt = next(one for one in body["productTypes"] if one["name"] == "SHIRT")
    assert shirt == {
        "name": "SHIRT",
        "displayName": "Gömlek ve Tişört",
        "marketplaceIds": [TURKIYE],
    }


def test_keywords_find_types_in_both_languages_and_an_item_name_suggests_some(api: Api) -> None:
    assert names(api, keywords="shirt") == ["SHIRT"]
    assert names(api, keywords="çanta,saat") == ["HANDBAG", "WATCH"]
    assert names(api, itemName="Deri cüzdan siyah") == ["WALLET"]
    assert names(api, keywords="nothing of the kind") == []
    assert (
        listed(api, keywords="shirt", locale="en_US")["productTypes"][0]["displayName"] == "Shirt"
    )


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("", {}, 400),
        ("", {"marketplaceIds": TURKIYE, "keywords": "a", "itemName": "b"}, 400),
        ("", {"marketplaceIds": TURKIYE, "locale": "xx"}, 400),
        ("/SHIRT", {}, 400),
        ("/SHIRT", {"marketplaceIds": f"{TURKIYE},A1PA6795UKMFR9"}, 400),
        ("/SHIRT", {"marketplaceIds": TURKIYE, "requirements": "ALL"}, 400),
        ("/SHIRT", {"marketplaceIds": TURKIYE, "parentageLevel": "AUNT"}, 400),
        ("/SHIRT", {"marketplaceIds": TURKIYE, "sellerId": "A2OTHER"}, 403),
        ("/UNHEARD_OF", {"marketplaceIds": TURKIYE}, 404),
        ("/SHIRT", {"marketplaceIds": TURKIYE, "productTypeVersion": "none"}, 404),
    ],
)
def test_wrong_parameters_are_refused(
    api: Api, path: str, query: dict[str, str], status: int
) -> None:
    assert api.call("GET", TYPES + path, params=query).status_code == status


def test_a_schema_lies_behind_a_link_of_seven_days_with_its_checksum(api: Api) -> None:
    told = definition(api, "SHIRT")["schema"]
    content = api.http.get(told["link"]["resource"]).content
    assert told["checksum"] == b64encode(md5(content, usedforsecurity=False).digest()).decode()
    with_token = {"x-amz-access-token": api.token}
    assert api.http.get(told["link"]["resource"], headers=with_token).status_code == 403
    api.time.pass_by(7 * 86_400)
    assert api.http.get(told["link"]["resource"]).status_code == 200
    api.time.pass_by(1)
    assert api.http.get(told["link"]["resource"]).status_code == 403


def test_the_same_schema_is_told_with_the_same_checksum(api: Api) -> None:
    first, second = (definition(api, "DRESS")["schema"]["checksum"] for _ in range(2))
    assert first == second
    assert first != definition(api, "DRESS", locale="en_US")["schema"]["checksum"]


def test_every_schema_is_valid_2019_09_and_uses_what_the_sandbox_understands(api: Api) -> None:
    used: set[str] = set()
    for one in api.sandbox.world.amazon.types:
        document = schema(api, one.name)
        api.time.pass_by(1)
        assert document["$schema"] == META
        Draft201909Validator.check_schema(document)
        used |= keywords(document)
    assert used <= KNOWN
    assert used >= EXTRA | {"allOf", "if", "then", "else", "anyOf", "contains", "enum", "$ref"}


def test_the_meta_schema_is_valid_and_knows_amazons_keywords(api: Api) -> None:
    told = definition(api, "SHIRT")["metaSchema"]
    document = api.http.get(told["link"]["resource"]).json()
    assert document["$id"] == META
    assert set(document["properties"]) == EXTRA
    assert validator_for(document) is Draft201909Validator
    Draft201909Validator.check_schema(document)


def test_texts_come_in_the_locale_asked_for(api: Api) -> None:
    turkish, english = schema(api, "SHIRT"), schema(api, "SHIRT", locale="en_US")
    assert turkish["properties"]["brand"]["title"] == "Marka"
    assert english["properties"]["brand"]["title"] == "Brand Name"
    value = english["properties"]["department"]["items"]["properties"]["value"]
    assert value["enum"] == ["womens", "mens", "unisex-child"]
    assert value["enumNames"] == ["Women", "Men", "Kids"]
    assert definition(api, "SHIRT")["locale"] == "tr_TR"


def test_open_lists_take_any_text_and_closed_ones_do_not(api: Api) -> None:
    properties = schema(api, "SHIRT")["properties"]
    open_list = properties["color"]["items"]["properties"]["value"]["anyOf"]
    assert open_list[0] == {"type": "string"}
    assert "Siyah" in open_list[1]["enum"]
    assert "anyOf" not in properties["department"]["items"]["properties"]["value"]


def test_a_schema_made_for_the_seller_suggests_the_sellers_brands(api: Api) -> None:
    def brands(**parameters: str) -> Any:
        properties = schema(api, "SHIRT", **parameters)["properties"]
        return properties["brand"]["items"]["properties"]["value"]["anyOf"][1]["enum"]

    assert "Örnek Marka" in brands(sellerId=api.sandbox.credentials.seller_id)
    assert "Örnek Marka" not in brands()


def test_the_requirements_set_decides_which_attributes_there_are(api: Api) -> None:
    whole = set(schema(api, "SHIRT")["properties"])
    facts = set(schema(api, "SHIRT", requirements="LISTING_PRODUCT_ONLY")["properties"])
    offer = schema(api, "SHIRT", requirements="LISTING_OFFER_ONLY")
    assert "purchasable_offer" in whole
    assert facts < whole
    assert "purchasable_offer" not in facts
    assert "item_name" not in offer["properties"]
    assert offer["required"] == ["condition_type", "fulfillment_availability", "purchasable_offer"]


def test_requirements_that_are_not_enforced_ask_for_nothing(api: Api) -> None:
    document = schema(api, "SHIRT", requirementsEnforced="NOT_ENFORCED")
    assert Draft201909Validator(document).is_valid({})
    wrong = {"brand": [{"value": 7, "language_tag": "tr_TR"}]}
    assert not Draft201909Validator(document).is_valid(wrong)


def test_a_parentage_level_resolves_its_conditions(api: Api) -> None:
    standalone = schema(api, "SHIRT", parentageLevel="NONE")
    assert {"color", "size"} <= set(standalone["required"])
    assert "parentage_level" not in standalone["properties"]
    parent = schema(api, "SHIRT", parentageLevel="PARENT")
    assert "variation_theme" in parent["required"]
    assert Draft201909Validator(parent).is_valid(goods(parent))
    child = schema(api, "SHIRT", parentageLevel="CHILD")
    assert {"child_parent_sku_relationship", "color"} <= set(child["required"])


def test_groups_name_every_attribute_once(api: Api) -> None:
    told = definition(api, "HEADPHONES")
    grouped = [name for group in told["propertyGroups"].values() for name in group["propertyNames"]]
    assert sorted(grouped) == sorted(schema(api, "HEADPHONES")["properties"])


def test_conditions_ask_for_more_once_something_is_said(api: Api) -> None:
    check = Draft201909Validator(schema(api, "HEADPHONES"))
    attributes = goods(check.schema)
    powered = attributes | {"batteries_required": [{"value": True, "marketplace_id": TURKIYE}]}
    messages = [error.message for error in check.iter_errors(powered)]
    assert (check.is_valid(attributes), messages) == (
        True,
        ["'batteries_included' is a required property"],
    )


def test_a_new_requirement_is_a_new_version_with_a_new_checksum(api: Api) -> None:
    before, all_before = definition(api, "SHIRT"), listed(api)["productTypeVersion"]
    api.control("POST", "amazon/types/require", {"name": "SHIRT", "attribute": "neck"})
    after = definition(api, "SHIRT")
    assert "neck" in schema(api, "SHIRT")["required"]
    assert after["schema"]["checksum"] != before["schema"]["checksum"]
    assert after["productTypeVersion"] != before["productTypeVersion"]
    assert listed(api)["productTypeVersion"] != all_before
    old = before["productTypeVersion"]["version"]
    older = definition(api, "SHIRT", productTypeVersion=old)
    assert older["schema"]["checksum"] == before["schema"]["checksum"]
    assert (older["productTypeVersion"]["latest"], after["productTypeVersion"]["latest"]) == (
        False,
        True,
    )
    api.control("POST", "amazon/types/relax", {"name": "SHIRT", "attribute": "neck"})
    assert "neck" not in schema(api, "SHIRT")["required"]


def test_an_attribute_can_go_and_choices_can_change(api: Api) -> None:
    types = api.sandbox.world.amazon.types
    types.drop("SHIRT", "care_instructions")
    types.set_choices("SHIRT", "department", {"womens": "Kadın", "everyone": "Herkes"})
    types.set_choices("SHIRT", "color", {"Mor": "Mor"})
    document = schema(api, "SHIRT")
    assert "care_instructions" not in document["properties"]
    assert "care_instructions" not in document["required"]
    value = document["properties"]["department"]["items"]["properties"]["value"]
    assert (value["enum"], value["enumNames"]) == (["womens", "everyone"], ["Kadın", "Herkes"])
    assert document["properties"]["color"]["items"]["properties"]["value"]["anyOf"][1]["enum"] == [
        "Mor"
    ]
    assert "care_instructions" in schema(api, "SWEATER")["properties"]
    with pytest.raises(KeyError):
        types.set_choices("SHIRT", "product_description", {"a": "b"})


def test_any_other_change_is_an_edit_of_the_next_version(api: Api) -> None:
    types = api.sandbox.world.amazon.types
    first = types.get("HAT").version
    value = types.get("HAT").attributes["item_name"]["items"]["properties"]["value"]

    def shorten(one: Any) -> None:
        one.attributes["item_name"]["items"]["properties"]["value"]["maxLength"] = 80

    assert types.change("HAT", shorten) != first
    assert value["maxLength"] == 200
    shown = schema(api, "HAT")["properties"]["item_name"]["items"]["properties"]["value"]
    assert shown["maxLength"] == 80


def test_definitions_have_the_quota_of_the_models(api: Api) -> None:
    query = {"marketplaceIds": TURKIYE}
    answers = [api.call("GET", f"{TYPES}/HAT", params=query).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    api.time.pass_by(1)
    assert api.call("GET", f"{TYPES}/HAT", params=query).headers["x-amzn-ratelimit-limit"] == "5"
    assert [api.call("GET", TYPES, params=query).status_code for _ in range(11)][-1] == 429


def test_the_types_are_told_on_the_control_endpoint(api: Api) -> None:
    rows = api.control("GET", "state?side=amazon&kind=types")
    assert {row["name"] for row in rows} == set(names(api))
    assert json.dumps(rows)
