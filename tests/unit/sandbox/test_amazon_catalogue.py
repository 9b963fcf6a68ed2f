"""New listings over real HTTP: their type's schema, what processing finds, families."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.sandbox.amazon_api import TURKIYE, Api, price, stock, stock_message
from tests.unit.sandbox.example_goods import BARCODE, Attributes, goods, offered, schema

JAPAN = "A1VC38T7YXB528"
ALL = (
    "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,"
    "productTypes"
)


def put(api: Api, sku: str, attributes: Any, kind: str = "SHIRT", **query: str) -> httpx.Response:
    requirements = query.pop("requirements", "LISTING")
    body = {"productType": kind, "requirements": requirements, "attributes": attributes}
    parameters = {"marketplaceIds": TURKIYE} | query
    return api.call("PUT", api.item_path(sku), json=body, params=parameters)


def shown(api: Api, sku: str) -> Any:
    api.time.pass_by(1)  # within the quota, however often it is asked
    query = {"marketplaceIds": TURKIYE, "includedData": ALL}
    return api.call("GET", api.item_path(sku), params=query).json()


def status(api: Api, sku: str) -> Any:
    """BUYABLE, DISCOVERABLE, or nothing for a listing that is not live."""
    return [row["status"] for row in shown(api, sku)["summaries"]]


def one(value: Any, **members: Any) -> list[dict[str, Any]]:
    return [{"value": value, "marketplace_id": TURKIYE, **members}]


def text(value: str) -> list[dict[str, Any]]:
    return one(value, language_tag="tr_TR")


@pytest.fixture
def shirt(api: Api) -> Attributes:
    """A shirt that lacks nothing."""
    return offered(schema(api, "SHIRT"), item_name=text("Keten Gömlek"), brand=text("Poyraz"))


def complaint(answer: httpx.Response) -> tuple[str, str, Any, Any]:
    """Status, code, attributes and categories of an answer with one issue."""
    assert answer.status_code == 200, answer.text
    (issue,) = answer.json()["issues"]
    assert issue["severity"] == "ERROR"
    return answer.json()["status"], issue["code"], issue["attributeNames"], issue["categories"]


def test_a_complete_product_gets_its_asin_and_is_buyable_once_it_is_live(
    api: Api, shirt: Attributes
) -> None:
    assert put(api, "NEW-1", shirt).json()["status"] == "ACCEPTED"
    assert status(api, "NEW-1") == []
    api.time.pass_by(61)
    (summary,) = shown(api, "NEW-1")["summaries"]
    assert (summary["asin"], summary["productType"]) == ("B0N0000001", "SHIRT")
    assert summary["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert summary["itemName"] == "Keten Gömlek"
    assert summary["mainImage"]["link"].startswith("https://")
    assert shown(api, "NEW-1")["issues"] == []


@pytest.mark.parametrize("lacking", ["fulfillment_availability", "purchasable_offer"])
def test_without_stock_or_offer_a_product_is_listed_and_not_buyable(
    api: Api, shirt: Attributes, lacking: str
) -> None:
    del shirt[lacking]
    facts = "LISTING" if lacking == "fulfillment_availability" else "LISTING_PRODUCT_ONLY"
    if facts == "LISTING_PRODUCT_ONLY":
        shirt = goods(schema(api, "SHIRT", requirements=facts))
    assert put(api, "NEW-1", shirt, requirements=facts).json()["status"] == "ACCEPTED"
    api.time.pass_by(61)
    assert status(api, "NEW-1") == [["DISCOVERABLE"]]
    api.patch("NEW-1", stock(4), price(99.9))
    api.time.pass_by(61)
    assert status(api, "NEW-1") == [["BUYABLE", "DISCOVERABLE"]]


def test_a_full_update_without_stock_and_offer_takes_them_away(api: Api, shirt: Attributes) -> None:
    put(api, "NEW-1", shirt)
    api.time.pass_by(61)
    facts = goods(schema(api, "SHIRT", requirements="LISTING_PRODUCT_ONLY"))
    put(api, "NEW-1", facts, requirements="LISTING_PRODUCT_ONLY")
    api.time.pass_by(61)
    assert (shown(api, "NEW-1")["offers"], status(api, "NEW-1")) == ([], [["DISCOVERABLE"]])


MISSING = {
    "brand": ["MISSING_ATTRIBUTE"],
    "color": ["MISSING_ATTRIBUTE"],
    "care_instructions": ["MISSING_ATTRIBUTE"],
    "condition_type": ["MISSING_ATTRIBUTE"],
    "recommended_browse_nodes": ["MISSING_ATTRIBUTE"],
    "externally_assigned_product_identifier": ["MISSING_ATTRIBUTE"],
    "main_product_image_locator": ["MISSING_ATTRIBUTE", "MISSING_IMAGE"],
    "purchasable_offer": ["MISSING_ATTRIBUTE", "MISSING_PRICE"],
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_attribute_is_named(api: Api, shirt: Attributes, name: str) -> None:
    del shirt[name]
    answer = put(api, "NEW-1", shirt)
    assert complaint(answer) == ("INVALID", "90220", [name], MISSING[name])
    assert answer.json()["issues"][0]["message"] == f"'[{name}]' is required but not supplied."
    api.time.pass_by(61)
    assert (
        api.call("GET", api.item_path("NEW-1"), params={"marketplaceIds": TURKIYE}).status_code
        == 404
    )


BAD: dict[str, tuple[str, Any, str]] = {
    "no choice": ("department", one("aliens"), "90244"),
    "wrong type": ("item_name", [*text("x"), {"value": 7, "language_tag": "tr_TR"}], "90244"),
    "too long": ("item_name", text("x" * 201), "90244"),
    "too many bytes": ("generic_keyword", text("ş" * 126), "90244"),
    "too few bytes": ("model_number", one(""), "90244"),
    "twice the same": ("brand", text("Poyraz") + text("Çınar Atölye"), "90244"),
    "six bullets": ("bullet_point", text("a") * 6, "90244"),
    "no instance": ("bullet_point", [], "99022"),
    "no price": ("purchasable_offer", [{"marketplace_id": TURKIYE, "currency": "TRY"}], "99022"),
    "half a kurus": ("purchasable_offer", price(1.005)["value"], "90244"),
    "no language": ("item_name", one("Keten Gömlek"), "90220"),
    "no unit": ("item_weight", one(3), "90220"),
    "unknown member": ("item_weight", one(3, unit="grams", colour="red"), "90244"),
    "unknown unit": ("item_weight", one(3, unit="stones"), "90244"),
    "negative": ("item_weight", one(-3, unit="grams"), "90244"),
    "no address": ("main_product_image_locator", [{"media_location": "ftp://x"}], "90244"),
    "no such node": ("recommended_browse_nodes", one("1"), "90244"),
    "no such attribute": ("flavour", text("Limon"), "90000900"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_invalid_and_its_attribute_named(
    api: Api, shirt: Attributes, case: str
) -> None:
    name, value, code = BAD[case]
    answer = put(api, "NEW-1", shirt | {name: value})
    told, found, attributes, _categories = complaint(answer)
    assert (told, found, attributes[0].partition(".")[0]) == ("INVALID", code, name)


def test_five_bullet_points_are_allowed_and_an_open_list_takes_any_text(
    api: Api, shirt: Attributes
) -> None:
    more = {"bullet_point": text("a") * 5, "color": text("Gece Mavisi")}
    assert put(api, "NEW-1", shirt | more).json()["status"] == "ACCEPTED"


def test_every_fault_is_told_at_once(api: Api) -> None:
    answer = put(api, "NEW-1", {"item_name": text("Gömlek")}).json()
    named = {issue["attributeNames"][0] for issue in answer["issues"]}
    assert named >= {"brand", "color", "size", "fabric_type", "purchasable_offer"}


def test_the_exemption_stands_for_a_barcode_only_when_it_is_declared(
    api: Api, shirt: Attributes
) -> None:
    del shirt["externally_assigned_product_identifier"]
    exemption = "supplier_declared_has_product_identifier_exemption"
    assert put(api, "NEW-1", shirt | {exemption: one(False)}).json()["status"] == "INVALID"
    assert put(api, "NEW-1", shirt | {exemption: one(True)}).json()["status"] == "ACCEPTED"


def test_a_condition_that_is_met_asks_for_more(api: Api) -> None:
    ring = offered(schema(api, "RING"), gem_type=one("diamond"))
    assert "total_diamond_weight" in ring
    del ring["total_diamond_weight"]
    answer = put(api, "NEW-1", ring, "RING")
    assert complaint(answer)[:3] == ("INVALID", "90220", ["total_diamond_weight"])
    assert put(api, "NEW-1", ring | {"gem_type": one("no_gemstone")}, "RING").json()["issues"] == []


def test_an_unknown_product_type_is_invalid(api: Api, shirt: Attributes) -> None:
    assert complaint(put(api, "NEW-1", shirt, "UNHEARD_OF"))[:3] == (
        "INVALID",
        "90244",
        ["product_type"],
    )
    body = {"productType": "UNHEARD_OF", "patches": [stock(1)]}
    query = {"marketplaceIds": TURKIYE}
    answer = api.call("PATCH", api.item_path("SKU-000001"), json=body, params=query)
    assert complaint(answer)[2] == ["product_type"]


def test_what_is_required_anew_is_asked_for_at_once(api: Api, shirt: Attributes) -> None:
    api.sandbox.world.amazon.types.require("SHIRT", "neck")
    assert complaint(put(api, "NEW-1", shirt))[:3] == ("INVALID", "90220", ["neck"])
    api.sandbox.world.amazon.types.relax("SHIRT", "neck")
    assert put(api, "NEW-1", shirt).json()["status"] == "ACCEPTED"


def test_a_preview_says_valid_or_invalid_and_the_asin_and_changes_nothing(
    api: Api, shirt: Attributes
) -> None:
    api.sandbox.world.amazon.listings.know_asin("B0KNOWN001", BARCODE)
    query = {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"}
    good = put(api, "NEW-1", shirt, **query).json()
    bad = put(api, "NEW-1", {"item_name": text("x")}, **query).json()
    assert (good["status"], bad["status"]) == ("VALID", "INVALID")
    assert good["identifiers"] == [{"marketplaceId": TURKIYE, "asin": "B0KNOWN001"}]
    api.time.pass_by(61)
    query = {"marketplaceIds": TURKIYE}
    assert api.call("GET", api.item_path("NEW-1"), params=query).status_code == 404


def test_an_offer_needs_an_existing_product_by_asin_or_barcode(api: Api) -> None:
    offer = {
        "condition_type": one("new_new"),
        "purchasable_offer": price(120)["value"],
        "fulfillment_availability": stock(3)["value"],
    }
    only = "LISTING_OFFER_ONLY"
    by_asin = offer | {"merchant_suggested_asin": one("B0KNOWN001")}
    assert complaint(put(api, "NEW-1", offer, requirements=only))[1] == "90220"
    assert complaint(put(api, "NEW-1", by_asin, requirements=only))[2] == [
        "merchant_suggested_asin"
    ]
    api.control("POST", "amazon/listings/know_asin", {"asin": "B0KNOWN001", "ean": BARCODE})
    assert put(api, "NEW-1", by_asin, requirements=only).json()["status"] == "ACCEPTED"
    barcode = {"type": "ean", "value": BARCODE, "marketplace_id": TURKIYE}
    by_barcode = offer | {"externally_assigned_product_identifier": [barcode]}
    assert put(api, "NEW-2", by_barcode, requirements=only).json()["status"] == "ACCEPTED"
    api.time.pass_by(61)
    for sku in ("NEW-1", "NEW-2"):
        assert shown(api, sku)["summaries"][0]["asin"] == "B0KNOWN001"
        assert status(api, sku) == [["BUYABLE", "DISCOVERABLE"]]
    answer = put(api, "NEW-3", by_asin | {"item_name": text("x")}, requirements=only)
    assert complaint(answer)[1:3] == ("90000900", ["item_name"])


def test_a_feed_creates_and_updates_listings_and_reports_each_fault(
    api: Api, shirt: Attributes
) -> None:
    def update(number: int, sku: str, attributes: Any, kind: str = "UPDATE") -> dict[str, Any]:
        row = {"messageId": number, "sku": sku, "operationType": kind, "productType": "SHIRT"}
        return row | {"attributes": attributes}

    faulty = {name: rows for name, rows in shirt.items() if name != "color"}
    put(api, "OLD-1", shirt)
    feed_id = api.feed(
        [
            update(1, "NEW-1", shirt),
            update(2, "NEW-2", faulty),
            update(3, "OLD-1", {"item_name": text("Yeni Ad")}, "PARTIAL_UPDATE"),
            update(4, "NEW-3", {"item_name": text("Yeni Ad")}, "PARTIAL_UPDATE"),
            update(5, "OLD-1", {"department": one("aliens")}, "PARTIAL_UPDATE"),
            stock_message(6, "SKU-000001", 3) | {"productType": "UNHEARD_OF"},
        ]
    ).json()["feedId"]
    api.time.pass_by(361)
    report = api.feed_report(feed_id)
    assert [(row["messageId"], row["code"], row["attributeName"]) for row in report["issues"]] == [
        (2, "90220", "color"),
        (4, "90244", "sku"),
        (5, "90244", "department"),
        (6, "90244", "product_type"),
    ]
    assert report["summary"]["messagesAccepted"] == 2
    assert status(api, "NEW-1") == [["BUYABLE", "DISCOVERABLE"]]
    assert shown(api, "OLD-1")["summaries"][0]["itemName"] == "Yeni Ad"
    assert shown(api, "OLD-1")["attributes"]["color"] == shirt["color"]


def test_a_patch_is_judged_by_what_it_changes_and_nothing_else(api: Api, shirt: Attributes) -> None:
    put(api, "NEW-1", shirt)
    api.sandbox.world.amazon.types.require("SHIRT", "neck")
    assert api.patch("NEW-1", stock(9)).json()["status"] == "ACCEPTED"
    path = "/attributes/item_name"
    long = {"op": "replace", "path": path, "value": text("x" * 201)}
    assert complaint(api.patch("NEW-1", long))[2] == ["item_name"]
    foreign = {"op": "replace", "path": "/attributes/flavour", "value": text("Limon")}
    assert complaint(api.patch("NEW-1", foreign))[1:3] == ("90000900", ["flavour"])


def test_a_refusal_comes_after_acceptance_and_goes_when_its_attribute_is_mended(
    api: Api, shirt: Attributes
) -> None:
    refusal = {
        "sku": "NEW-1",
        "code": "18027",
        "message": "The image is blurred.",
        "attribute": "main_product_image_locator",
        "category": "INVALID_IMAGE",
    }
    api.control("POST", "amazon/listings/refuse_later", refusal)
    assert put(api, "NEW-1", shirt).json() | {"submissionId": ""} == {
        "sku": "NEW-1",
        "status": "ACCEPTED",
        "submissionId": "",
        "issues": [],
    }
    api.time.pass_by(61)
    (issue,) = shown(api, "NEW-1")["issues"]
    assert (issue["code"], issue["message"]) == ("18027", "The image is blurred.")
    assert (issue["severity"], issue["categories"]) == ("ERROR", ["INVALID_IMAGE"])
    assert issue["attributeNames"] == ["main_product_image_locator"]
    assert issue["enforcements"]["actions"] == [{"action": "LISTING_SUPPRESSED"}]
    assert status(api, "NEW-1") == [["DISCOVERABLE"]]
    assert api.find(withIssueSeverity="ERROR").json()["items"][0]["sku"] == "NEW-1"
    put(api, "NEW-1", shirt)
    api.time.pass_by(61)
    assert status(api, "NEW-1") == [["DISCOVERABLE"]]
    sharp = [{"media_location": "https://images.example.com/2.jpg", "marketplace_id": TURKIYE}]
    put(api, "NEW-1", shirt | {"main_product_image_locator": sharp})
    api.time.pass_by(61)
    assert (shown(api, "NEW-1")["issues"], status(api, "NEW-1")) == (
        [],
        [["BUYABLE", "DISCOVERABLE"]],
    )


def test_a_refusal_without_an_attribute_stands_until_it_is_forgiven(api: Api) -> None:
    listings = api.sandbox.world.amazon.listings
    listings.refuse_later("SKU-000001", "18742", "Not allowed.", category="QUALIFICATION_REQUIRED")
    assert status(api, "SKU-000001") == [["DISCOVERABLE"]]
    api.patch("SKU-000001", stock(50))
    api.time.pass_by(61)
    (issue,) = shown(api, "SKU-000001")["issues"]
    assert "attributeNames" not in issue
    listings.forgive("SKU-000001")
    assert status(api, "SKU-000001") == [["BUYABLE", "DISCOVERABLE"]]


def test_a_warning_hinders_nothing(api: Api) -> None:
    listings = api.sandbox.world.amazon.listings
    listings.refuse_later("SKU-000001", "18448", "Incomplete.", "theme", severity="WARNING")
    assert shown(api, "SKU-000001")["issues"][0]["severity"] == "WARNING"
    assert status(api, "SKU-000001") == [["BUYABLE", "DISCOVERABLE"]]


def test_a_price_outside_of_what_amazon_expects_is_a_potential_pricing_error(api: Api) -> None:
    expected = {"sku": "SKU-000001", "lowest": "50", "highest": "5000"}
    api.control("POST", "amazon/listings/expect_price", expected)
    assert api.patch("SKU-000001", price(5.5)).json()["status"] == "ACCEPTED"
    api.time.pass_by(61)
    (issue,) = shown(api, "SKU-000001")["issues"]
    assert "potential pricing error" in issue["message"]
    assert issue["categories"] == ["INVALID_PRICE"]
    assert shown(api, "SKU-000001")["offers"][0]["price"]["amount"] == "5.50"
    assert status(api, "SKU-000001") == [["DISCOVERABLE"]]
    api.patch("SKU-000001", price(55.5))
    api.time.pass_by(61)
    assert status(api, "SKU-000001") == [["BUYABLE", "DISCOVERABLE"]]


def child(parent: str, colour: str, code: str, theme: str = "COLOR") -> dict[str, Any]:
    """The attributes of a variation."""
    relation = {"child_relationship_type": "variation", "parent_sku": parent}
    return {
        "parentage_level": one("child"),
        "child_parent_sku_relationship": [{**relation, "marketplace_id": TURKIYE}],
        "variation_theme": [{"name": theme, "marketplace_id": TURKIYE}],
        "color": text(colour),
        "externally_assigned_product_identifier": [
            {"type": "ean", "value": code, "marketplace_id": TURKIYE}
        ],
    }


def test_a_family_has_a_parent_that_is_not_for_sale_and_children_that_are(
    api: Api, shirt: Attributes
) -> None:
    parent = goods(schema(api, "SHIRT"), parentage_level=one("parent"))
    assert not {"purchasable_offer", "externally_assigned_product_identifier", "color"} & set(
        parent
    )
    parent["variation_theme"] = [{"name": "COLOR", "marketplace_id": TURKIYE}]
    assert (
        put(api, "CHILD-1", shirt | child("PARENT", "Mor", "8690000000011")).json()["issues"] == []
    )
    api.time.pass_by(61)
    assert "does not exist" in shown(api, "CHILD-1")["issues"][0]["message"]
    assert status(api, "CHILD-1") == [["DISCOVERABLE"]]

    put(api, "PARENT", parent)
    put(api, "CHILD-2", shirt | child("PARENT", "Sarı", "8690000000028"))
    put(api, "CHILD-3", shirt | child("PARENT", "Bej", "8690000000035", "SIZE"))
    api.time.pass_by(61)
    (family,) = shown(api, "PARENT")["relationships"]
    assert family["relationships"] == [
        {
            "type": "VARIATION",
            "childSkus": ["CHILD-1", "CHILD-2", "CHILD-3"],
            "variationTheme": {"attributes": ["color"], "theme": "COLOR"},
        }
    ]
    assert shown(api, "CHILD-1")["relationships"][0]["relationships"][0]["parentSkus"] == ["PARENT"]
    assert status(api, "PARENT") == [["DISCOVERABLE"]]
    assert [status(api, f"CHILD-{number}") for number in (1, 2, 3)] == [
        [["BUYABLE", "DISCOVERABLE"]],
        [["BUYABLE", "DISCOVERABLE"]],
        [["DISCOVERABLE"]],
    ]
    assert shown(api, "CHILD-3")["issues"][0]["attributeNames"] == ["variation_theme"]
    found = api.find(variationParentSku="PARENT").json()["items"]
    assert {row["sku"] for row in found} == {"CHILD-1", "CHILD-2", "CHILD-3"}


def test_a_child_says_by_what_it_differs(api: Api, shirt: Attributes) -> None:
    attributes = shirt | child("PARENT", "Mor", "8690000000011")
    del attributes["variation_theme"]
    assert complaint(put(api, "CHILD-1", attributes))[2] == ["variation_theme"]


def test_children_lose_their_parent_when_it_is_deleted(api: Api, shirt: Attributes) -> None:
    parent = goods(schema(api, "SHIRT"), parentage_level=one("parent"))
    parent["variation_theme"] = [{"name": "COLOR", "marketplace_id": TURKIYE}]
    put(api, "PARENT", parent)
    put(api, "CHILD-1", shirt | child("PARENT", "Mor", "8690000000011"))
    api.time.pass_by(61)
    assert status(api, "CHILD-1") == [["BUYABLE", "DISCOVERABLE"]]
    api.call("DELETE", api.item_path("PARENT"), params={"marketplaceIds": TURKIYE})
    api.time.pass_by(61)
    assert status(api, "CHILD-1") == [["DISCOVERABLE"]]


def test_listings_are_found_by_barcode_and_by_asin(api: Api, shirt: Attributes) -> None:
    put(api, "NEW-1", shirt)
    api.time.pass_by(61)

    def found(kind: str, identifier: str) -> list[str]:
        page = api.find(identifiers=identifier, identifiersType=kind).json()
        return [row["sku"] for row in page["items"]]

    seed = api.sandbox.world.products[0]
    assert (found("EAN", BARCODE), found("EAN", seed.ean)) == (["NEW-1"], [seed.sku])
    assert (found("ASIN", "B0N0000001"), found("ASIN", seed.asin)) == (["NEW-1"], [seed.sku])
    assert found("FNSKU", BARCODE) == []
    api.time.pass_by(1)
    both = {"identifiers": BARCODE, "identifiersType": "EAN", "variationParentSku": "X"}
    assert api.find(**both).status_code == 400


def test_a_listing_with_the_barcode_of_another_belongs_to_its_asin(
    api: Api, shirt: Attributes
) -> None:
    for sku in ("NEW-1", "NEW-2"):
        put(api, sku, shirt)
        api.time.pass_by(61)
    asins = {shown(api, sku)["summaries"][0]["asin"] for sku in ("NEW-1", "NEW-2")}
    assert len(asins) == 1


def yen(amount: Any) -> dict[str, Any]:
    return price(amount, marketplace_id=JAPAN, currency="JPY")


def test_yen_have_no_decimals(api: Api) -> None:
    def patch(amount: Any) -> httpx.Response:
        return api.patch("SKU-000001", yen(amount), marketplaceIds=JAPAN)

    assert complaint(patch(1200.5))[1:3] == ("90244", ["purchasable_offer"])
    assert patch(1200).json()["status"] == "ACCEPTED"
    yens = {"marketplaceIds": JAPAN, "includedData": "offers,summaries"}
    body = {
        "item_name": one("魔法瓶", language_tag="ja_JP", marketplace_id=JAPAN),
        "condition_type": one("new_new", marketplace_id=JAPAN),
        "merchant_suggested_asin": one("B000000001", marketplace_id=JAPAN),
        "purchasable_offer": yen(1500)["value"],
    }
    assert put(api, "SKU-000001", body, "HOME", marketplaceIds=JAPAN).json()["issues"] == []
    api.time.pass_by(61)
    (offer,) = api.call("GET", api.item_path("SKU-000001"), params=yens).json()["offers"]
    assert offer["price"] == {"currencyCode": "JPY", "amount": "1500"}
    assert complaint(api.patch("SKU-000001", price(9, currency="JPY")))[2] == ["purchasable_offer"]


def test_only_the_instances_of_the_marketplace_written_to_are_judged(api: Api) -> None:
    attributes = shown(api, "SKU-000001")["attributes"]
    assert {row["currency"] for row in attributes["purchasable_offer"]} == {"TRY", "EUR"}
    assert put(api, "SKU-000001", attributes, "HOME").json()["issues"] == []
