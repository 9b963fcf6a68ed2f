"""Faults of a listing, told so that the brand knows which attribute to map and how."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.errors import ProtocolError
from amzsync.mapping.schema_check import SchemaCheck
from amzsync.mapping.schema_faults import Fault

from .schemas import TURKEY, attribute, listing, plain, product_type, told, valued


def faults(attributes: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    found = SchemaCheck(product_type(**changes)).faults(attributes)
    return [(each.attribute, each.message) for each in found]


def messages(attributes: dict[str, Any], **changes: Any) -> list[str]:
    return [message for _, message in faults(attributes, **changes)]


def says(attribute: str, value: Any) -> dict[str, Any]:
    instance = {"required": ["value"], "properties": {"value": {"const": value}}}
    return {"required": [attribute], "properties": {attribute: {"contains": instance}}}


def test_a_listing_as_amazon_wants_it_has_no_faults() -> None:
    full = listing(
        bullet_point=told("a", "b", "c"),
        color=told("Turkuaz"),
        size=valued("m"),
        year=valued(2026),
        is_fragile=valued(True),
        release_date=valued("2026-11-23"),
        list_price=valued(Decimal("1234.50"), currency="TRY"),
        dimensions=[{"length": {"value": Decimal(2), "unit": "m"}, "marketplace_id": TURKEY}],
    )
    assert faults(full) == []


def test_a_missing_attribute_is_told_in_the_manuals_words() -> None:
    assert faults(listing(brand=None)) == [("brand", "brand attribute is required")]
    assert faults({}) == [
        ("brand", "brand attribute is required"),
        ("item_name", "item_name attribute is required"),
    ]


@pytest.mark.parametrize("empty", [[], [{"language_tag": "tr_TR", "marketplace_id": TURKEY}]])
def test_an_attribute_without_a_value_is_missing_too(empty: list[Any]) -> None:
    assert faults(listing(brand=empty)) == [("brand", "brand attribute is required")]


def test_a_missing_part_is_named_with_its_group() -> None:
    part = [{"length": {"value": 2}, "marketplace_id": TURKEY}]
    assert faults(listing(dimensions=part)) == [
        ("dimensions.length.unit", "dimensions.length.unit attribute is required")
    ]


def test_what_a_condition_requires_is_required() -> None:
    rule = {"if": says("is_fragile", True), "then": {"required": ["material"]}}
    rules = {"allOf": [rule, {**rule, "else": {"required": ["year"]}}]}
    fragile = listing(is_fragile=valued(True))
    assert messages(fragile, **rules) == ["material attribute is required"]
    assert messages(listing(is_fragile=valued(False)), **rules) == ["year attribute is required"]
    assert messages(fragile | {"material": valued("Cam")}, **rules) == []


def test_what_one_attribute_brings_with_it_is_required() -> None:
    rules = {"dependentRequired": {"color": ["size", "material"], "year": ["size"]}}
    assert messages(listing(color=told("Mavi"), size=valued("m")), **rules) == [
        "material attribute is required"
    ]


def test_alternatives_are_offered_together() -> None:
    ways = [{"required": ["material"]}, {"required": ["size", "year"]}, says("is_fragile", True)]
    rules = {"allOf": [{"anyOf": ways}]}
    expected = "material, size and year or is_fragile attribute is required"
    assert faults(listing(), **rules) == [("material", expected)]
    assert messages(listing(is_fragile=valued(False)), **rules) == [
        "material or size and year attribute is required"
    ]
    assert messages(listing(is_fragile=valued(True)), **rules) == []


def test_only_one_of_two_may_be_given() -> None:
    rules = {"oneOf": [{"required": ["material"]}, {"required": ["size"]}]}
    both = listing(material=valued("Cam"), size=valued("m"))
    assert messages(listing(), **rules) == ["material or size attribute is required"]
    assert messages(both, **rules) == [
        "the listing: several of Amazon's alternatives are given, only one may be"
    ]


def test_an_attribute_that_may_not_be_there_is_named() -> None:
    rules = {"not": {"required": ["material"]}}
    assert faults(listing(material=valued("Cam")), **rules) == [
        ("material", "material attribute is not allowed here")
    ]
    both = {"not": {"required": ["material", "size"]}}
    assert faults(listing(material=valued("Cam"), size=valued("m")), **both) == [
        ("material", "material and size attribute is not allowed here")
    ]


def test_an_attribute_of_another_type_is_named() -> None:
    assert faults(listing(sleeve=told("uzun"))) == [
        ("sleeve", "Amazon knows no attribute sleeve here")
    ]
    assert faults(listing(size=valued("m", colour="red"))) == [
        ("size.colour", "Amazon knows no attribute size.colour here")
    ]


def test_a_wrong_choice_is_told_with_those_amazon_takes() -> None:
    assert messages(listing(size=valued("XL"))) == [
        'size: "XL" is not among Amazon\'s choices: Küçük (s), Orta (m), Büyük (l)'
    ]


def test_at_most_five_choices_are_told() -> None:
    letters = plain("Harf", enum=list("abcdefgh"))
    assert messages({"letter": valued("x")}, required=[], properties={"letter": letters}) == [
        'letter: "x" is not among Amazon\'s choices: a, b, c, d, e and 3 more'
    ]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"year": valued("2026")}, 'year: "2026" is not a whole number'),
        ({"year": valued(2026.5)}, "year: 2026.5 is not a whole number"),
        ({"year": valued(1066)}, "year: 1066 is less than 1900"),
        ({"year": valued(3000)}, "year: 3000 is more than 2100"),
        ({"is_fragile": valued("evet")}, 'is_fragile: "evet" is not true or false'),
        ({"color": told(5)}, "color: 5 is not a text"),
        ({"material": "Cam"}, 'material: "Cam" is not a list'),
        ({"brand": told("x" * 21)}, "brand: 21 characters; at most 20 are allowed"),
        (
            {"item_name": told("ş" * 11)},
            "item_name: 22 bytes in UTF-8, where ş counts two; at most 20 are allowed",
        ),
        (
            {"bullet_point": told("a", "b", "c", "d")},
            "bullet_point: 4 values; at most 3 are allowed for one marketplace and language",
        ),
        (
            {"release_date": valued("23.11.2026")},
            'release_date: "23.11.2026" is not a date (2026-11-23)',
        ),
        (
            {"list_price": valued(Decimal("1.005"), currency="TRY")},
            "list_price: 1.005 is no multiple of 0.01",
        ),
        ({"list_price": valued(0, currency="TRY")}, "list_price: 0 is not more than 0"),
        (
            {"list_price": valued(1, currency="EUR")},
            'list_price.currency: "EUR" is not "TRY", the only choice',
        ),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(attributes: dict[str, Any], message: str) -> None:
    assert messages(listing(**attributes)) == [message]


@pytest.mark.parametrize(
    ("rules", "value", "message"),
    [
        ({"minLength": 3}, "ab", "k: 2 characters; at least 3 are needed"),
        ({"minUtf8ByteLength": 3}, "ş", "k: 2 bytes in UTF-8; at least 3 are needed"),
        ({"pattern": "^[0-9]+$"}, "x1", 'k: "x1" has not the form Amazon wants (^[0-9]+$)'),
        ({"propertyNames": {}, "maxProperties": 0}, {"a": 1}, None),
    ],
)
def test_rules_amazon_uses_seldom_are_told_as_well(
    rules: dict[str, Any], value: Any, message: str | None
) -> None:
    schema = {"properties": {"k": attribute({"value": rules}, ["value"])}}
    (found,) = SchemaCheck(schema | {"$defs": product_type()["$defs"]}).faults({"k": valued(value)})
    assert found.attribute == "k"
    assert found.message == (message or 'k: {"a": 1} does not fit Amazon\'s rules (maxProperties)')


def test_a_long_value_is_shortened() -> None:
    (message,) = messages(listing(size=valued("x" * 500)))
    assert len(message) < 200


def test_instances_are_counted_for_each_language() -> None:
    both = told("a", "b", "c") + told("d", "e", "f", language="en_US")
    assert messages(listing(bullet_point=both)) == []
    assert messages(listing(brand=told("Çınar") + told("Maple", language="en_US"))) == []
    assert len(messages(listing(brand=told("Çınar", "Akasya")))) == 1


def test_a_pattern_python_cannot_read_forbids_nothing() -> None:
    name = {"properties": {"name": plain("Ad", pattern=r"^\p{L}+$")}, "required": []}
    assert messages({"name": valued("Çınar")}, **name) == []


def test_what_only_tells_forbids_nothing() -> None:
    rules: dict[str, Any] = {"editable": False, "hidden": True, "enumNames": ["A"], "replaces": ""}
    name = {"properties": {"name": plain("Ad", **rules)}, "required": []}
    assert messages({"name": valued("Çınar")}, **name) == []


def test_a_number_amazon_cannot_keep_is_the_attributes_fault() -> None:
    assert messages(listing(year=valued(Decimal("2026.1234567890123456789")))) == [
        "year: a number has more digits than Amazon keeps"
    ]


def test_a_fault_is_told_once() -> None:
    rule = {"if": {}, "then": {"required": ["material", "brand"]}}
    assert messages(listing(brand=None), allOf=[rule, rule]) == [
        "brand attribute is required",
        "material attribute is required",
    ]


@pytest.fixture
def asked_hosts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts anybody looked up meanwhile; there is no network."""
    hosts: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return hosts


def test_the_meta_schema_is_never_fetched(asked_hosts: list[str]) -> None:
    name = {"$ref": product_type()["$schema"]}
    assert messages({"name": 1}, required=[], properties={"name": name}) == []
    assert asked_hosts == []


@pytest.mark.parametrize("pointer", ["https://example.com/other.json", "#/$defs/missing"])
def test_a_schema_that_points_elsewhere_breaks_the_contract(
    asked_hosts: list[str], pointer: str
) -> None:
    with pytest.raises(ProtocolError, match="refers to"):
        messages({"name": 1}, required=[], properties={"name": {"$ref": pointer}})
    assert asked_hosts == []


def test_a_type_nobody_knows_breaks_the_contract() -> None:
    with pytest.raises(ProtocolError, match="has the type decimal"):
        messages({"name": 1}, required=[], properties={"name": {"type": "decimal"}})


def test_the_validator_is_loaded_only_when_something_is_validated() -> None:
    script = (
        "import sys, amzsync.mapping.schema_check; "
        "print([name for name in ('jsonschema', 'referencing') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "[]"


@given(st.integers(0, 10**9))
def test_every_price_of_whole_cents_is_a_multiple_of_a_cent(cents: int) -> None:
    price = valued(Decimal(cents + 1) / 100, currency="TRY")
    assert faults(listing(list_price=price)) == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "length", "marketplace_id", "language_tag", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
CHECK = SchemaCheck(product_type(allOf=[{"anyOf": [{"required": ["size"]}, says("year", 1)]}]))


@given(st.dictionaries(st.sampled_from(list(product_type()["properties"])), JSON_VALUES))
def test_whatever_is_mapped_every_fault_names_an_attribute_in_a_sentence(
    attributes: dict[str, Any],
) -> None:
    found = CHECK.faults(attributes)
    assert len(set(found)) == len(found)
    for fault in found:
        assert isinstance(fault, Fault)
        assert fault.attribute in fault.message
        assert "\n" not in fault.message
    plain_values = json.loads(json.dumps(attributes))
    assert CHECK.faults(plain_values) == found
