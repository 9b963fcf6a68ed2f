"""The sandbox's JSON Schema checker, judged by the jsonschema package and by Amazon's own words."""

from __future__ import annotations

import copy
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft201909Validator

from amzsync.sandbox.amazon.account import TURKIYE
from amzsync.sandbox.amazon.producttypes import TypeBook
from amzsync.sandbox.amazon.schemacheck import Fault, faults, part_faults
from amzsync.sandbox.amazon.typeschemas import Wanted, schema_of
from amzsync.sandbox.amazon.typeseeds import TYPES
from tests.unit.sandbox.example_goods import offered

AMAZONS_OWN = ("minUniqueItems", "maxUniqueItems", "minUtf8ByteLength", "maxUtf8ByteLength")
JUNK: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", "ş" * 300, [], {}, [{}], [[]], [7])


@cache
def planted(name: str) -> Any:
    return schema_of(TypeBook().get(name), Wanted(TURKIYE))


def spoilt(attributes: Any, seed: int) -> Any:
    """The attributes with some members gone, doubled, or replaced by junk."""
    rng = random.Random(seed)  # noqa: S311 - repeatable test data
    spoilt_ones = copy.deepcopy(attributes)
    for _ in range(rng.randrange(1, 4)):
        _spoil(spoilt_ones, rng)
    return spoilt_ones


def _spoil(whole: Any, rng: random.Random) -> None:
    at = whole
    while isinstance(at, dict | list) and at:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.7:
            at = at[key]
            continue
        what = rng.randrange(4)
        if what == 0:
            del at[key]
        elif what == 1 and isinstance(at, list):
            at.append(at[key])
        elif what == 2 and isinstance(at, dict):
            at[f"{key}_x"] = at[key]
        else:
            at[key] = rng.choice(JUNK)
        return


def standard(document: Any, value: Any) -> set[tuple[tuple[str | int, ...], str]]:
    """Where jsonschema finds which keyword broken, conditions resolved to what they ask for."""
    found = set()
    for error in Draft201909Validator(document).iter_errors(value):
        found |= {
            (tuple(one.absolute_path), str(one.validator))
            for one in ([error] if error.validator != "if" else error.context)
        }
    return found


def place_of(fault: Fault) -> tuple[str | int, ...]:
    """The place as jsonschema names it: of what lacks or has too many members."""
    by_member = fault.keyword in ("required", "additionalProperties")
    return fault.path[:-1] if by_member else fault.path


@pytest.mark.parametrize("name", TYPES)
def test_goods_that_satisfy_jsonschema_satisfy_the_sandbox(name: str) -> None:
    attributes = offered(planted(name))
    assert standard(planted(name), attributes) == set()
    assert faults(planted(name), attributes) == []


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(TYPES)), st.integers(0, 2**32))
def test_it_agrees_with_jsonschema_on_everything_standard(name: str, seed: int) -> None:
    document = planted(name)
    attributes = spoilt(offered(document), seed)
    ours = {
        (place_of(fault), fault.keyword)
        for fault in faults(document, attributes)
        if fault.keyword not in AMAZONS_OWN
    }
    assert ours == standard(document, attributes)


def rows(*values: tuple[str, str]) -> Any:
    return [{"language_tag": tag, "value": value} for tag, value in values]


UNIQUE = {
    "properties": {
        "bullet_point": {
            "type": "array",
            "minUniqueItems": 1,
            "maxUniqueItems": 2,
            "selectors": ["language_tag"],
        }
    }
}


def keywords_of(schema: Any, name: str, value: Any) -> list[str]:
    return [fault.keyword for fault in part_faults(schema, name, value)]


def test_each_set_of_selector_values_may_occur_so_often_and_no_oftener() -> None:
    allowed = rows(("tr_TR", "a"), ("tr_TR", "b"), ("en_US", "a"), ("en_US", "b"))
    assert keywords_of(UNIQUE, "bullet_point", allowed) == []
    too_many = rows(("tr_TR", "a"), ("tr_TR", "b"), ("tr_TR", "c"))
    assert keywords_of(UNIQUE, "bullet_point", too_many) == ["maxUniqueItems"]
    assert keywords_of(UNIQUE, "bullet_point", []) == ["minUniqueItems"]


def test_without_selectors_whole_instances_are_compared() -> None:
    schema = {"properties": {"x": {"maxUniqueItems": 1}}}
    assert keywords_of(schema, "x", [{"a": 1, "b": 2}, {"a": 1, "b": 3}]) == []
    assert keywords_of(schema, "x", [{"a": 1, "b": 2}, {"b": 2, "a": 1}]) == ["maxUniqueItems"]


def test_bytes_are_counted_not_letters() -> None:
    schema = {"properties": {"x": {"minUtf8ByteLength": 2, "maxUtf8ByteLength": 4}}}
    found = [keywords_of(schema, "x", text) for text in ("a", "ş", "şş", "abcde", "şşa")]
    assert found == [
        ["minUtf8ByteLength"],
        [],
        [],
        ["maxUtf8ByteLength"],
        ["maxUtf8ByteLength"],
    ]


def test_a_fault_of_a_missing_member_names_the_member() -> None:
    (fault,) = faults(planted("HOME"), offered(planted("HOME")) | {"brand": [{"value": "x"}]})
    assert (fault.path, fault.keyword) == (("brand", 0, "language_tag"), "required")


def test_of_alternatives_every_branch_says_what_it_lacks() -> None:
    attributes = offered(planted("HOME"))
    del attributes["externally_assigned_product_identifier"]
    (fault,) = faults(planted("HOME"), attributes)
    assert fault.keyword == "anyOf"
    assert [branch[0].path[0] for branch in fault.branches] == [
        "externally_assigned_product_identifier",
        "merchant_suggested_asin",
        "supplier_declared_has_product_identifier_exemption",
    ]
