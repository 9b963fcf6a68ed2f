"""Attribute sets made of product types, what a Mapper is asked, and what has changed of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.config.manual import ManualSettings
from amzsync.mapping.attribute_changes import compare
from amzsync.mapping.attributes import (
    FILLED,
    PREDEFINED,
    PRODUCT_TYPE,
    Fact,
    SetAttribute,
    facts_text,
    limited_names,
    predefined_attributes,
    read_facts,
    set_attributes,
    united,
)
from amzsync.mapping.channel_schema import missing_entries, settings_schema
from amzsync.mapping.type_schema import Choice

RED, BLUE, GREEN = (Choice(value, value.title()) for value in ("red", "blue", "green"))
CHOICES = st.lists(st.sampled_from([RED, BLUE, GREEN]), unique=True).map(tuple)
FACTS = st.lists(
    st.builds(
        Fact,
        name=st.sampled_from(["color", "size", "brand", "depth.unit"]),
        required=st.booleans(),
        is_variant=st.booleans(),
        is_hidden=st.booleans(),
        is_open=st.booleans(),
        choices=CHOICES,
    ),
    unique_by=lambda fact: fact.name,
).map(tuple)


def only(types: dict[str, tuple[Fact, ...]], limited: set[str] | None = None) -> SetAttribute:
    (found,) = set_attributes(types, limited or set())
    return found


@given(FACTS)
def test_facts_are_read_as_they_were_written(facts: tuple[Fact, ...]) -> None:
    assert read_facts(facts_text(facts)) == facts


@given(FACTS)
def test_nothing_has_changed_of_what_is_the_same(facts: tuple[Fact, ...]) -> None:
    assert compare(facts, facts) == []


@given(FACTS, FACTS)
def test_what_is_new_one_way_is_gone_the_other(
    before: tuple[Fact, ...], after: tuple[Fact, ...]
) -> None:
    there = {fact.name for fact in before}
    gone = {each.attribute for each in compare(after, before) if each.change == "gone"}
    new = {
        each.attribute
        for each in compare(before, after)
        if each.change in ("new", "newly_required") and each.attribute not in there
    }
    assert gone == new


@given(FACTS, st.sampled_from([1, 2, 3]))
def test_a_set_of_equal_types_asks_what_each_of_them_does(
    facts: tuple[Fact, ...], count: int
) -> None:
    one = {each.name: each for each in set_attributes({"A": facts}, set())}
    many = set_attributes({f"T{number}": facts for number in range(count)}, set())
    assert {each.name: each for each in many if each.name != PRODUCT_TYPE} == one
    assert (PRODUCT_TYPE in {each.name for each in many}) == (count > 1)


@given(FACTS)
def test_a_digest_tells_every_difference(facts: tuple[Fact, ...]) -> None:
    for each in set_attributes({"A": facts}, set()):
        others = [
            replace(each, is_required=not each.is_required),
            replace(each, is_variant=not each.is_variant),
            replace(each, is_custom=not each.is_custom),
            replace(each, is_meta=not each.is_meta),
            replace(each, is_limited=not each.is_limited),
            replace(each, choices=(*each.choices, Choice("x", "X"))),
        ]
        assert len({each.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_required_is_what_all_types_of_a_category_require() -> None:
    needed, free = Fact("color", required=True), Fact("color")
    assert only({"A": (needed,)}).is_required
    both = {each.name: each for each in set_attributes({"A": (needed,), "B": (free,)}, set())}
    assert not both["color"].is_required
    lacking = {each.name: each for each in set_attributes({"A": (needed,), "B": ()}, set())}
    assert not lacking["color"].is_required


def test_free_text_and_open_lists_are_custom_and_never_limited() -> None:
    assert only({"A": (Fact("color"),)}, {"color"}).is_custom
    opened = only({"A": (Fact("color", is_open=True, choices=(RED,)),)}, {"color"})
    assert (opened.is_custom, opened.is_limited, opened.choices) == (True, False, (RED,))
    closed = only({"A": (Fact("color", is_open=False, choices=(RED,)),)}, {"color"})
    assert (closed.is_custom, closed.is_limited) == (False, True)


def test_lists_that_differ_between_types_are_limited() -> None:
    def facts(*choices: Choice) -> tuple[Fact, ...]:
        return (Fact("color", is_open=False, choices=choices), Fact("size", choices=(RED,)))

    assert limited_names([facts(RED, BLUE), facts(BLUE, RED)]) == set()
    assert limited_names([facts(RED, BLUE), facts(RED)]) == {"color"}


@pytest.mark.parametrize("name", FILLED)
def test_what_amzsync_fills_is_not_asked_for(name: str) -> None:
    assert set_attributes({"A": (Fact(name, True), Fact(f"{name}.part", True))}, set()) == ()
    assert only({"A": (Fact(f"{name}s"),)}).name == f"{name}s"


def test_what_stands_in_for_a_mapping_is_not_required() -> None:
    for name in ("item_name", "recommended_browse_nodes", "main_product_image_locator.value"):
        assert not only({"A": (Fact(name, required=True),)}).is_required
    assert only({"A": (Fact("brand", required=True),)}).is_required


def test_predefined_fields_have_the_choices_of_all_types_and_are_there_without_any() -> None:
    types = [(Fact("brand", choices=(RED,)),), (Fact("brand", choices=(BLUE,)), Fact("size"))]
    found = {each.name: each for each in predefined_attributes(types)}
    assert tuple(found) == PREDEFINED
    assert found["brand"].choices == (RED, BLUE)
    assert not any(each.is_required for each in found.values())
    assert all(each.is_meta for each in found.values())


def test_sets_united_have_each_attribute_once_with_all_choices() -> None:
    first = only({"A": (Fact("color", is_open=False, choices=(RED,)),)})
    second = only({"A": (Fact("color", is_open=False, choices=(BLUE, RED)),)})
    (found,) = united([[first], [second]])
    assert found.choices == (RED, BLUE)


def test_every_kind_of_change_is_named() -> None:
    before = (
        Fact("size", required=True),
        Fact("color", is_open=False, choices=(RED, BLUE)),
        Fact("neck"),
        Fact("model"),
    )
    after = (
        Fact("size"),
        Fact("color", is_open=False, choices=(BLUE, GREEN)),
        Fact("model", required=True),
        Fact("scent"),
    )
    found = [
        (each.change, each.attribute, each.added, each.removed) for each in compare(before, after)
    ]
    assert found == [
        ("no_longer_required", "size", (), ()),
        ("choices", "color", ("green",), ("red",)),
        ("newly_required", "model", (), ()),
        ("new", "scent", (), ()),
        ("gone", "neck", (), ()),
    ]


def test_the_form_of_the_channel_has_every_setting_of_the_manual() -> None:
    of_the_channel_itself = {
        "channel_name",
        "catalog_name",
        "channel_type",
        "status",
        "schema_type",
    }
    settings = set(ManualSettings.model_fields) - of_the_channel_itself
    assert {key.casefold() for key in settings_schema({})} == settings


def test_entries_a_form_has_already_are_not_missing_whatever_their_capitals() -> None:
    wanted = settings_schema({})
    present: dict[str, object] = {"Base_URL": {}, "failed_integration": {}}
    missing = missing_entries(present, wanted)
    assert wanted.keys() - missing.keys() == {"base_url", "FAILED_INTEGRATION"}
