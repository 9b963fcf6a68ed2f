"""Families of variations: their theme, their children, their parent."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.mapping.products import Attributes
from amzsync.mapping.type_schema import read_attributes
from amzsync.mapping.variations import Family, as_child, as_parent, fits, theme_for
from tests.unit.mapping.schemas import TURKEY, attribute, product_type

PLACE = {"marketplace_id": TURKEY}
FAMILY = Family("MODEL-PARENT", "COLOR/SIZE")


def listing(*names: str) -> Attributes:
    """A listing that has these attributes."""
    return {name: [{"value": name, **PLACE}] for name in names}


def theme_of(themes: list[str], attributes: Attributes) -> str | None:
    schema: dict[str, Any] = product_type()
    name = {"type": "string", "enum": themes}
    schema["properties"]["variation_theme"] = attribute({"name": name}, ["name"])
    return theme_for(read_attributes(schema), attributes)


@pytest.mark.parametrize(
    ("names", "theme"),
    [
        (("color",), "COLOR"),
        (("size",), "SIZE"),
        (("color", "size"), "COLOR/SIZE"),
        (("brand",), None),
    ],
)
def test_the_theme_with_the_most_of_what_a_listing_has_is_chosen(
    names: tuple[str, ...], theme: str | None
) -> None:
    assert theme_of(["COLOR", "SIZE", "COLOR/SIZE", "COLOR/SIZE/STYLE"], listing(*names)) == theme


def test_an_old_theme_means_the_same_attributes() -> None:
    assert theme_of(["SizeName-ColorName"], listing("size", "color")) == "SizeName-ColorName"
    assert theme_of(["SizeName-ColorName"], listing("size_name", "color")) == "SizeName-ColorName"
    assert theme_of(["SizeName-ColorName"], listing("size")) is None


def test_a_child_names_its_parent_and_the_theme() -> None:
    child = as_child(listing("brand", "color", "size"), FAMILY)
    assert child["parentage_level"] == [{"value": "child", **PLACE}]
    assert child["variation_theme"] == [{"name": "COLOR/SIZE", **PLACE}]
    relation = {"child_relationship_type": "variation", "parent_sku": "MODEL-PARENT"}
    assert child["child_parent_sku_relationship"] == [{**relation, **PLACE}]


def test_a_parent_has_what_its_children_share_and_is_not_for_sale() -> None:
    offer = ("purchasable_offer", "fulfillment_availability", "condition_type", "list_price")
    identity = ("externally_assigned_product_identifier", "merchant_suggested_asin")
    child = as_child(listing("brand", "color", "size", *offer, *identity), FAMILY)
    parent = as_parent(child, FAMILY)
    assert parent.keys() == {"brand", "parentage_level", "variation_theme"}
    assert parent["parentage_level"] == [{"value": "parent", **PLACE}]


def test_only_what_differs_by_the_theme_fits_a_family() -> None:
    assert fits(listing("color", "size"), FAMILY)
    assert not fits(listing("color"), FAMILY)
