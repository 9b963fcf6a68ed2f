"""Listings made of mapped products: kinds, places, languages, offers; facts and their changes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.listing_facts import changes, facts_of
from amzsync.mapping.products import (
    LISTING,
    LISTING_OFFER_ONLY,
    Attributes,
    Goods,
    ListingMaker,
    Market,
    quantity_of,
    requirements_of,
)
from amzsync.mapping.type_schema import read_attributes
from tests.unit.mapping.schemas import LANGUAGE, TURKEY, attribute, plain, product_type

MARKET = Market(TURKEY, "tr_TR", "TRY", "DEFAULT")
PLACE = {"marketplace_id": TURKEY}
OFFER: dict[str, Any] = {
    "fulfillment_availability": {"type": "array", "items": {"type": "object"}},
    "purchasable_offer": {"type": "array", "items": {"type": "object"}},
    "externally_assigned_product_identifier": attribute(
        {"type": {"type": "string"}, "value": {"type": "string"}}, ["value"]
    ),
    "supplier_declared_has_product_identifier_exemption": plain("Muaf", "boolean"),
    "main_product_image_locator": attribute({"media_location": {"type": "string"}}, []),
    "other_product_image_locator_1": attribute({"media_location": {"type": "string"}}, []),
    "neck": attribute(
        {
            "neck_style": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"value": {"type": "string"}, "language_tag": LANGUAGE},
                },
            }
        },
        [],
    ),
}


def maker(market: Market = MARKET, **more: Any) -> ListingMaker:
    """A maker of beds, with the attributes any type has."""
    schema = product_type()
    schema["properties"] |= {**OFFER, **more}
    return ListingMaker(schema, read_attributes(schema), market)


def goods(mapped: Mapping[str, str] | None = None, **changes: Any) -> Goods:
    """A product with nothing special to it."""
    values: dict[str, Any] = {
        "name": "Karyola",
        "mapped": {"brand": "Çınar"} if mapped is None else mapped,
        "images": (),
        "browse_node": "123",
        "price": Decimal("149.90"),
        "list_price": None,
        "quantity": 7,
        "is_exempt": False,
        **changes,
    }
    return Goods(**values)


def made(mapped: Mapping[str, str] | None = None, **changes: Any) -> Attributes:
    """The attributes of such a product."""
    return maker().attributes_of(goods(mapped, **changes))


def test_a_mapped_text_gets_the_marketplace_and_its_language() -> None:
    assert made()["brand"] == [{"value": "Çınar", "language_tag": "tr_TR", **PLACE}]


def test_the_products_name_stands_in_for_a_title_that_is_not_mapped() -> None:
    assert made()["item_name"][0]["value"] == "Karyola"
    assert made({"item_name": "Meşe karyola"})["item_name"][0]["value"] == "Meşe karyola"
    assert made({"item_name": "  "})["item_name"][0]["value"] == "Karyola"


@pytest.mark.parametrize(
    ("name", "mapped", "sent"),
    [
        ("year", "1999", 1999),
        ("year", "MCM", "MCM"),
        ("is_fragile", "true", True),
        ("is_fragile", "False", False),
        ("is_fragile", "belki", "belki"),
        ("size", "Büyük", "l"),
        ("size", "l", "l"),
        ("size", "XXL", "XXL"),
        ("color", "Mor", "Mor"),
    ],
)
def test_a_value_becomes_what_its_type_wants_or_stays_for_the_check(
    name: str, mapped: str, sent: object
) -> None:
    assert made({name: mapped})[name][0]["value"] == sent


def test_a_group_and_its_units_are_put_where_the_type_has_them() -> None:
    told = made({"dimensions.length": "2,5", "dimensions.length.unit": "meters"})
    (row,) = told["dimensions"]
    assert row == {"length": {"value": Decimal("2.5"), "unit": "meters"}, **PLACE}
    (row,) = made({"frame.height": "3", "frame.height.unit": "meters"})["frame"]
    assert row == {"height": [{"value": 3, "unit": "meters"}], **PLACE}


def test_a_text_inside_of_a_group_has_a_language_too() -> None:
    (row,) = made({"neck.neck_style": "V"})["neck"]
    assert row == {"neck_style": [{"value": "V", "language_tag": "tr_TR"}], **PLACE}


def test_what_the_type_does_not_know_is_left_out() -> None:
    assert "ring_size" not in made({"ring_size": "5", "remote_id": "X"})
    assert "condition_type" not in made()


def test_price_and_stock_are_the_products_and_what_is_mapped_beside_them_stays() -> None:
    members = {"lead_time_to_ship_max_days": {"type": "integer"}}
    stock = {"type": "array", "items": {"type": "object", "properties": members}}
    mapped = {"fulfillment_availability.lead_time_to_ship_max_days": "4"}
    told = maker(fulfillment_availability=stock).attributes_of(goods(mapped))
    assert told["fulfillment_availability"] == [
        {"lead_time_to_ship_max_days": 4, "fulfillment_channel_code": "DEFAULT", "quantity": 7}
    ]
    (offer,) = told["purchasable_offer"]
    assert offer["our_price"] == [{"schedule": [{"value_with_tax": Decimal("149.90")}]}]
    assert quantity_of(told) == 7


def test_a_price_has_no_cents_where_the_currency_has_none() -> None:
    yen = Market(TURKEY, "ja_JP", "JPY", "DEFAULT")
    told = maker(yen).attributes_of(goods(price=Decimal("1250.50")))
    (offer,) = told["purchasable_offer"]
    assert str(offer["our_price"][0]["schedule"][0]["value_with_tax"]) == "1251"


def test_what_amazon_fulfils_has_no_quantity() -> None:
    told = maker(Market(TURKEY, "tr_TR", "TRY", "AMAZON_EU")).attributes_of(goods())
    assert told["fulfillment_availability"] == [{"fulfillment_channel_code": "AMAZON_EU"}]
    assert quantity_of(told) is None


def test_a_list_price_is_told_only_above_the_price() -> None:
    assert "list_price" not in made(list_price=Decimal("149.90"))
    (row,) = made(list_price=Decimal("199.90"))["list_price"]
    assert row == {"value": Decimal("199.90"), "currency": "TRY", **PLACE}


@pytest.mark.parametrize(
    ("code", "kind"),
    [("8690000000017", "ean"), ("036000291452", "upc"), ("18690000000014", "gtin"), ("1", "ean")],
)
def test_the_length_of_a_barcode_tells_its_type(code: str, kind: str) -> None:
    (row,) = made({"externally_assigned_product_identifier": code})[
        "externally_assigned_product_identifier"
    ]
    assert row == {"value": code, "type": kind, **PLACE}


def test_an_exempt_brand_gives_no_barcode_although_one_is_mapped() -> None:
    told = made({"externally_assigned_product_identifier": "8690000000017"}, is_exempt=True)
    assert "externally_assigned_product_identifier" not in told
    name = "supplier_declared_has_product_identifier_exemption"
    assert told[name] == [{"value": True, **PLACE}]


def test_pictures_are_numbered_and_a_mapped_one_comes_first() -> None:
    images = ("https://a/1.jpg", "https://a/2.jpg", "https://a/3.jpg")
    told = made({"main_product_image_locator.media_location": "https://b/1.jpg"}, images=images)
    assert told["main_product_image_locator"][0]["media_location"] == "https://b/1.jpg"
    assert told["other_product_image_locator_1"][0]["media_location"] == "https://a/2.jpg"
    assert "other_product_image_locator_2" not in told


def test_a_mapped_asin_asks_for_an_offer_alone() -> None:
    assert requirements_of({"merchant_suggested_asin": "B000000001"}) == LISTING_OFFER_ONLY
    assert requirements_of({"merchant_suggested_asin": "", "brand": "A"}) == LISTING


SCHEMA = product_type() | {"properties": product_type()["properties"] | OFFER}
facts = st.dictionaries(
    st.sampled_from(["brand", "item_name", "color", "size"]), st.text(min_size=1), max_size=4
)


def told(values: Mapping[str, str]) -> Attributes:
    """A listing's attributes with these values."""
    row = {"language_tag": "tr_TR", **PLACE}
    return {name: [{"value": value, **row}] for name, value in values.items()}


@given(facts, facts)
def test_a_change_is_told_of_what_differs_and_of_nothing_else(
    before: dict[str, str], after: dict[str, str]
) -> None:
    patches = changes(facts_of(told(before)), told(after), SCHEMA)
    listing = dict(told(before))
    for patch in patches:
        name = patch["path"].removeprefix("/attributes/")
        if patch["op"] == "delete":
            del listing[name]
        else:
            listing[name] = patch["value"]
    # Without any instance left there is nothing to say which marketplace is meant.
    assert listing == told(after) or not after
    assert len(patches) == len({patch["path"] for patch in patches})
    unchanged = {name for name, value in after.items() if before.get(name) == value}
    assert not {patch["path"].removeprefix("/attributes/") for patch in patches} & unchanged


def test_price_and_stock_are_no_facts() -> None:
    first, second = made(), made(price=Decimal(1), quantity=1)
    assert facts_of(first) == facts_of(second)
    assert changes(facts_of(first), second, SCHEMA) == []


def test_an_attribute_without_selectors_of_ours_is_not_deleted() -> None:
    schema = product_type()
    schema["properties"]["list_price"]["selectors"] = ["marketplace_id", "currency"]
    before = facts_of(told({"brand": "A", "list_price": "1"}))
    assert changes(before, told({"brand": "A"}), schema) == []
