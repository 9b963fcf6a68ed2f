"""What a Mapper is told about the attributes of a product type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.type_schema import Choice, TypeAttribute, name_of, read_attributes

from .schemas import UNIT, attribute, plain, product_type, text


def attributes(**changes: Any) -> dict[str, TypeAttribute]:
    return {each.name: each for each in read_attributes(product_type(**changes))}


def test_attributes_come_in_the_schemas_order_with_groups_and_units_apart() -> None:
    assert [each.name for each in read_attributes(product_type())] == [
        "brand",
        "item_name",
        "bullet_point",
        "color",
        "size",
        "material",
        "year",
        "is_fragile",
        "internal_code",
        "release_date",
        "list_price",
        "list_price.currency",
        "dimensions.length",
        "dimensions.length.unit",
        "dimensions.width",
        "dimensions.width.unit",
        "frame.height",
        "frame.height.unit",
        "variation_theme.name",
    ]


def test_an_attribute_tells_all_the_mapper_shows() -> None:
    assert attributes()["brand"] == TypeAttribute(
        name="brand",
        path=("brand", 0, "value"),
        title="Marka",
        kind="string",
        required=True,
        is_variant=False,
        is_hidden=False,
        choices=(),
        is_open=True,
        units=(),
        selectors=("marketplace_id", "language_tag"),
        most=1,
    )


def test_titles_name_the_group_and_its_part() -> None:
    found = attributes()
    assert found["dimensions.length"].title == "Ölçüler - length"
    assert found["frame.height"].title == "Çerçeve - Yükseklik"
    assert found["frame.height.unit"].title == "Çerçeve - Yükseklik - Birim"


def test_a_value_lies_where_its_path_says() -> None:
    assert attributes()["frame.height.unit"].path == ("frame", 0, "height", 0, "unit")
    assert attributes()["dimensions.length"].path == ("dimensions", 0, "length", "value")


def test_choices_carry_the_code_and_the_name() -> None:
    size = attributes()["size"]
    assert size.choices[:2] == (Choice("s", "Küçük"), Choice("m", "Orta"))
    assert not size.is_open


def test_an_open_list_offers_choices_and_takes_others() -> None:
    color = attributes()["color"]
    assert [each.value for each in color.choices] == ["Kırmızı", "Mavi"]
    assert color.is_open


def test_the_kind_of_a_value_is_that_of_its_alternatives() -> None:
    value = {"anyOf": [{"minLength": 1}, {"type": ["null", "string"]}]}
    assert attributes(properties={"k": attribute({"value": value}, [])})["k"].kind == "string"


def test_a_closed_list_under_all_of_stays_closed() -> None:
    value = {"type": "string", "allOf": [{"type": "string"}, {"enum": ["a"]}]}
    found = attributes(properties={"kind": attribute({"value": value}, ["value"])})["kind"]
    assert (found.choices, found.is_open) == ((Choice("a", "a"),), False)


def test_choices_that_are_no_texts_are_written_as_json_has_them() -> None:
    found = attributes(properties={"parts": plain("Parça", "integer", enum=[1, 2])})["parts"]
    assert [each.value for each in found.choices] == ["1", "2"]
    assert [each.value for each in attributes()["is_fragile"].choices] == ["true", "false"]
    assert attributes()["list_price.currency"].choices == (Choice("TRY", "TRY"),)


def test_names_that_do_not_fit_the_choices_are_left_aside() -> None:
    found = attributes(properties={"k": plain("K", enum=["a", "b"], enumNames=["A"])})["k"]
    assert found.choices == (Choice("a", "a"), Choice("b", "b"))


def test_a_number_knows_its_units() -> None:
    found = attributes()
    assert found["dimensions.length"].units == (Choice("cm", "Santim"), Choice("m", "Metre"))
    assert found["dimensions.length.unit"].choices == found["dimensions.length"].units
    assert (found["dimensions.length"].kind, found["year"].kind) == ("number", "integer")


def test_variants_are_what_the_themes_are_called_after() -> None:
    assert [name for name, each in attributes().items() if each.is_variant] == [
        "color",
        "size",
        "material",
    ]


def test_a_part_of_a_group_is_required_with_all_above_it() -> None:
    needed = attributes(required=["dimensions"])
    assert needed["dimensions.length"].required
    assert needed["dimensions.length.unit"].required
    assert not needed["dimensions.width"].required
    assert not attributes()["dimensions.length"].required


def test_what_is_hidden_says_so() -> None:
    assert [name for name, each in attributes().items() if each.is_hidden] == ["internal_code"]


def test_selectors_and_the_number_of_instances_are_the_attributes() -> None:
    assert attributes()["bullet_point"].most == 3
    assert attributes()["list_price.currency"].selectors == ("marketplace_id", "currency")


def test_references_are_followed_with_what_stands_beside_them() -> None:
    schema = product_type(
        properties={"width": attribute({"unit": {"$ref": "#/$defs/a~1b", "title": "W"}}, [])}
    )
    schema["$defs"] = {"a/b": {"$ref": "#/$defs/unit"}, "unit": UNIT}
    (found,) = read_attributes(schema)
    assert (found.name, found.title, len(found.choices)) == ("width.unit", "width - W", 2)


@pytest.mark.parametrize(
    "pointer", ["#/$defs/missing", "#/$defs/marketplace_id/type/x", "https://example.com/other"]
)
def test_a_reference_that_leads_nowhere_gives_a_value_without_rules(pointer: str) -> None:
    found = attributes(properties={"k": attribute({"value": {"$ref": pointer}}, [])})["k"]
    assert (found.kind, found.choices, found.is_open) == ("", (), True)


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    schema = product_type(properties={"k": {"$ref": "#/$defs/loop"}})
    schema["$defs"] = {
        "loop": {"type": "object", "properties": {"again": {"$ref": "#/$defs/loop"}}}
    }
    assert read_attributes(schema) == ()
    schema["$defs"] = {"loop": {"$ref": "#/$defs/loop"}}
    assert [each.name for each in read_attributes(schema)] == ["k"]


@pytest.mark.parametrize("schema", [{}, {"properties": {}}, {"properties": {"k": True}}])
def test_a_schema_without_rules_is_no_fault(schema: dict[str, Any]) -> None:
    assert [each.required for each in read_attributes(schema)] == [False] * len(
        schema.get("properties", {})
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("brand", 0, "value"), "brand"),
        (("item_weight", 0, "unit"), "item_weight.unit"),
        (("frame", 0, "height", 0, "value"), "frame.height"),
        (("value",), "value"),
        ((), ""),
    ],
)
def test_a_place_is_named_as_the_mapper_names_it(path: tuple[str | int, ...], name: str) -> None:
    assert name_of(path) == name


words = st.text(min_size=1, max_size=8)


@given(st.dictionaries(words, st.booleans(), max_size=6))
def test_every_top_level_requirement_is_told_and_no_other(members: dict[str, bool]) -> None:
    schema = product_type(
        properties={name: text(name) for name in members},
        required=[name for name, needed in members.items() if needed],
    )
    assert {each.name: each.required for each in read_attributes(schema)} == members
