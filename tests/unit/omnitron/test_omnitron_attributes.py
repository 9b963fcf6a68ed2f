"""Attribute sets, attributes, values, and the calls that make many of them at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.errors import OutcomeUnknownError, RefusedError
from amzsync.omnitron.bulk_attributes import ATTRIBUTES, VALUES, portions
from amzsync.omnitron.models.attributes import AttributeFlags, BulkAttribute, BulkValue

from .omnitron_fakes import CHANNEL, Omnitron, client

SETS = "attribute_sets/"
CONFIGS = "attribute_configs/"
DUPLICATE = httpx.Response(406, json={"non_field_errors": "must be unique"})


def config(pk: int, **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "attribute_set": {"id": 2, "name": "SHIRT"}, "is_required": True}
    return row | {"attribute": {"pk": 10 + pk, "name": f"attribute {pk}"}} | fields


def test_attribute_sets_go_by_id_and_belong_to_the_channel(omnitron: Omnitron) -> None:
    rows = [
        {"id": 2, "name": "SHIRT", "remote_id": "SHIRT", "channel": CHANNEL},
        {"id": 3, "name": "SHIRT", "remote_id": "SHIRT", "channel": 999},
        {"id": 4, "name": "COAT", "remote_id": "COAT", "channel": CHANNEL},
    ]
    omnitron.rows(SETS, rows)
    sets = client().attribute_sets
    assert [each.pk for each in sets.all()] == [2, 4]
    found = sets.by_remote_id("COAT")
    assert found is not None
    assert found.pk == 4
    assert sets.by_remote_id("HAT") is None


def test_a_set_is_created_renamed_and_bound_to_its_node(omnitron: Omnitron) -> None:
    row = {"id": 2, "name": "SHIRT", "remote_id": "SHIRT", "channel": CHANNEL}
    omnitron.answer("POST", SETS, httpx.Response(201, json=row))
    omnitron.answer(
        "PATCH", "attribute_sets/2/", httpx.Response(200, json=row | {"name": "Gömlek"})
    )
    bound = {"pk": 5, "attribute_set": 2, "object_id": 7, "content_type": "categorynode"}
    omnitron.answer("POST", "attribute_set_configs/", httpx.Response(201, json=bound))
    sets = client().attribute_sets
    assert sets.create("SHIRT", "SHIRT").pk == 2
    assert sets.rename(2, "Gömlek").name == "Gömlek"
    assert sets.bind(2, 7).object_id == 7
    assert omnitron.bodies("POST", SETS) == [
        {"name": "SHIRT", "remote_id": "SHIRT", "channel": CHANNEL}
    ]
    assert omnitron.bodies("POST", "attribute_set_configs/") == [
        {"attribute_set": 2, "object_id": 7, "content_type": "categorynode"}
    ]


def test_bindings_are_found_from_either_end_and_checked_again(omnitron: Omnitron) -> None:
    rows: list[dict[str, Any]] = [
        {"pk": 1, "attribute_set": 2, "object_id": 7, "content_type": {"model": "categorynode"}},
        {"pk": 2, "attribute_set": 2, "object_id": 8, "content_type": 23},
        {"pk": 3, "attribute_set": 3, "object_id": 7, "content_type": {"model": "product"}},
        {"pk": 4, "attribute_set": 4, "object_id": 7, "content_type": "categorynode"},
    ]
    omnitron.rows("attribute_set_configs/", rows)
    omnitron.rows("/content_types/", [{"id": 23, "model": "categorynode"}])
    sets = client().attribute_sets
    assert [each.object_id for each in sets.nodes_of(2)] == [7, 8]


def test_configs_name_their_attribute(omnitron: Omnitron) -> None:
    other = config(2, attribute_set=3)
    omnitron.rows("attribute_configs/detailed/", [config(1, is_meta=True), other])
    (found,) = client().attribute_sets.configs(2)
    assert (found.attribute.pk, found.attribute.name) == (11, "attribute 1")
    assert found.flags == AttributeFlags(is_required=True, is_meta=True)


def test_a_config_is_created_with_all_its_flags(omnitron: Omnitron) -> None:
    omnitron.answer("POST", CONFIGS, httpx.Response(201, json=config(1, attribute=11)))
    flags = AttributeFlags(attribute_remote_id="color", is_required=True, is_variant=True)
    assert client().attribute_sets.create_config(2, 11, flags).attribute.pk == 11
    assert omnitron.bodies("POST", CONFIGS) == [
        {
            "attribute_set": 2,
            "attribute": 11,
            "attribute_remote_id": "color",
            "is_required": True,
            "is_variant": True,
            "is_custom": False,
            "is_image_attribute": False,
            "is_meta": False,
        }
    ]


def test_a_config_that_is_there_already_is_given_as_it_is(omnitron: Omnitron) -> None:
    omnitron.answer("POST", CONFIGS, DUPLICATE)
    omnitron.rows("attribute_configs/detailed/", [config(1), config(2, is_required=False)])
    found = client().attribute_sets.create_config(2, 12, AttributeFlags(is_required=True))
    assert (found.pk, found.is_required) == (2, False)


def test_a_config_is_changed_in_part(omnitron: Omnitron) -> None:
    path = "attribute_configs/1/"
    omnitron.answer("PATCH", path, httpx.Response(200, json=config(1, is_required=False)))
    changed = client().attribute_sets.update_config(1, {"is_required": False})
    assert not changed.is_required
    assert omnitron.bodies("PATCH", path) == [{"is_required": False}]


def test_allowed_choices_are_those_of_the_set(omnitron: Omnitron) -> None:
    rows: list[dict[str, Any]] = [
        {"pk": 1, "attribute_set": 2, "attribute_value": {"pk": 31}},
        {"pk": 2, "attribute_set": 3, "attribute_value": 32},
    ]
    path = "attribute_value_configs/"
    omnitron.rows(path, rows)
    omnitron.answer("POST", path, httpx.Response(201, json=rows[0]))
    sets = client().attribute_sets
    assert [each.attribute_value for each in sets.value_configs(2)] == [31]
    assert sets.create_value_config(2, 31).pk == 1


def test_an_attribute_is_created_or_found_by_its_name(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "attributes/", DUPLICATE)
    rows = [
        {"pk": 1, "name": "color", "channel": 999},
        {"pk": 2, "name": "color", "channel": CHANNEL},
        {"pk": 3, "name": "size"},
    ]
    omnitron.rows("attributes/", rows)
    attributes = client().attributes
    assert attributes.create("color").pk == 2
    assert attributes.by_name("weight") is None
    assert [each.pk for each in attributes.all()] == [2, 3]
    assert omnitron.bodies("POST", "attributes/") == [{"channel": CHANNEL, "name": "color"}]


def test_a_schema_is_named_after_channel_and_attribute(omnitron: Omnitron) -> None:
    attributes = client().attributes
    name = attributes.schema_name("color")
    assert name == "137 color Schema"
    omnitron.answer("POST", "attribute_schemas/", DUPLICATE)
    omnitron.rows("attribute_schemas/", [{"pk": 6, "name": name, "schema": {"rule": 1}}])
    assert attributes.create_schema(name).pk == 6
    assert [each.rules for each in attributes.schemas()] == [{"rule": 1}]
    assert omnitron.bodies("POST", "attribute_schemas/") == [
        {"name": name, "schema": {}, "channel": CHANNEL}
    ]


def test_values_are_those_of_their_attribute(omnitron: Omnitron) -> None:
    row = {"pk": 31, "attribute": 11, "label": "Kırmızı", "value": "red"}
    omnitron.rows("attribute_values/", [row, row | {"pk": 32, "attribute": 12}])
    omnitron.answer("POST", "attribute_values/", httpx.Response(201, json=row))
    path = "attribute_values/31/"
    omnitron.answer("PATCH", path, httpx.Response(200, json=row | {"label": "Al"}))
    attributes = client().attributes
    assert [(each.label, each.value) for each in attributes.values(11)] == [("Kırmızı", "red")]
    assert attributes.create_value(11, "Kırmızı", "red").pk == 31
    assert attributes.relabel_value(31, "Al").label == "Al"
    assert omnitron.bodies("POST", "attribute_values/") == [
        {"channel": CHANNEL, "attribute": 11, "label": "Kırmızı", "value": "red"}
    ]


def test_a_value_of_unknown_fate_is_not_made_twice(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "attribute_values/", httpx.ReadTimeout("cut"))
    with pytest.raises(OutcomeUnknownError):
        client().attributes.create_value(11, "Kırmızı", "red")
    assert len(omnitron.requests) == 1


def bulk(name: str, values: int = 0) -> BulkAttribute:
    choices = [BulkValue(label=f"{n}", value=f"{n}", remote_id=f"{n}") for n in range(values)]
    return BulkAttribute(name=name, remote_id=name, is_required=True, values=tuple(choices))


def test_an_attribute_set_is_made_in_one_call(omnitron: Omnitron) -> None:
    path = "bulk_category_attributes/"
    omnitron.answer("POST", path, httpx.Response(201, json={}))
    done = client().bulk_attributes.create_category(7, "SHIRT", "SHIRT", [bulk("color", 1)])
    assert done
    value = {"label": "0", "value": "0", "remote_id": "0"}
    flags = {"is_required": True, "is_variant": False, "is_custom": False}
    attribute = {"name": "color", "remote_id": "color", **flags, "values": [value]}
    head = {"category_node_id": 7, "remote_id": "SHIRT", "attribute_set_name": "SHIRT"}
    assert omnitron.bodies("POST", path) == [{**head, "attributes": [attribute]}]


def test_attributes_of_no_set_carry_no_flags(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "bulk_attributes/", httpx.Response(201, json={}))
    assert client().bulk_attributes.create([bulk("remote_id")])
    assert omnitron.bodies("POST", "bulk_attributes/") == [
        {"attributes": [{"name": "remote_id", "remote_id": "remote_id", "values": []}]}
    ]


def test_a_server_without_the_bulk_calls_is_asked_once(omnitron: Omnitron) -> None:
    path = "bulk_category_attributes/"
    omnitron.answer("POST", path, httpx.Response(404, json={"detail": "Not found."}))
    bulks = client().bulk_attributes
    assert not bulks.create_category(7, "SHIRT", "SHIRT", [bulk("color")])
    assert not bulks.create_category(8, "COAT", "COAT", [bulk("color")])
    assert len(omnitron.requests) == 1


def test_a_bulk_call_that_is_refused_says_why(omnitron: Omnitron) -> None:
    refused = httpx.Response(400, json={"attributes": ["too many"]})
    omnitron.answer("POST", "bulk_attributes/", refused)
    with pytest.raises(RefusedError, match="too many"):
        client().bulk_attributes.create([bulk("color")])


@given(st.lists(st.integers(0, 3 * VALUES), max_size=2 * ATTRIBUTES + 5))
def test_nothing_is_lost_or_sent_twice_when_it_is_split(sizes: list[int]) -> None:
    whole = tuple(BulkValue(label="", value=f"{n}", remote_id="") for n in range(3 * VALUES))
    attributes = [
        bulk(f"a{number}").model_copy(update={"values": whole[:size]})
        for number, size in enumerate(sizes)
    ]
    sent: Counter[tuple[str, str]] = Counter()
    names: set[str] = set()
    for part in portions(attributes):
        assert len(part) <= ATTRIBUTES
        assert len({each.name for each in part}) == len(part)
        for each in part:
            assert len(each.values) <= VALUES
            names.add(each.name)
            sent.update((each.name, value.value) for value in each.values)
    assert names == {each.name for each in attributes}
    assert set(sent.values()) <= {1}
    assert sum(sent.values()) == sum(sizes)
