"""Omnitron's side of the sandbox: attribute sets, attributes, values, one by one and in bulk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far


@pytest.fixture
def far() -> Far:
    far = Far()
    far.world.open_catalogue()
    return far


def leaf(far: Far, name: str = "Valiz") -> int:
    """A new category node; its key."""
    tree = far.created("category_trees/", {"name": f"Tree of {name}"})
    body = {"node": tree["category_root"]["pk"], "name": name}
    return int(far.created("category_nodes/", body)["pk"])


def made_set(far: Far, name: str = "LUGGAGE") -> Any:
    return far.created("attribute_sets/", {"name": name, "remote_id": name, "channel": 1})


def made_attribute(far: Far, name: str = "color") -> Any:
    return far.created("attributes/", {"name": name, "channel": 1})


def made_config(far: Far, attribute_set: Any, attribute: Any, **flags: bool) -> Any:
    body = {
        "attribute_set": attribute_set["id"],
        "attribute": attribute["pk"],
        "attribute_remote_id": attribute["name"],
        **flags,
    }
    return far.created("attribute_configs/", body)


def made_value(far: Far, attribute: Any, code: str, label: str) -> Any:
    body = {"channel": 1, "attribute": attribute["pk"], "label": label, "value": code}
    return far.created("attribute_values/", body)


def wanted(name: str, values: int = 0, **more: Any) -> dict[str, Any]:
    """An attribute as the bulk calls take it."""
    choices = [
        {"label": f"{name} {number}", "value": f"{name}-{number}", "remote_id": f"{name}-{number}"}
        for number in range(values)
    ]
    return {"name": name, "remote_id": name, "values": choices, **more}


def bulk(far: Far, node: int, attributes: list[Any], name: str = "LUGGAGE") -> tuple[int, Any]:
    body = {
        "category_node_id": node,
        "remote_id": "LUGGAGE",
        "attribute_set_name": name,
        "attributes": attributes,
    }
    return far.send("POST", "bulk_category_attributes/", body)


def test_a_set_is_keyed_by_id_and_bound_to_its_category(far: Far) -> None:
    made = made_set(far)
    assert "pk" not in made
    assert far.rows("attribute_sets/?remote_id__exact=LUGGAGE&channel=1") == [made]
    node = leaf(far)
    body = {"attribute_set": made["id"], "object_id": node, "content_type": "categorynode"}
    binding = far.created("attribute_set_configs/", body)
    for filters in (
        f"attribute_set={made['id']}&content_type__model__exact=categorynode",
        f"object_id={node}&content_type__model=categorynode&sort=object_id",
    ):
        assert far.rows(f"attribute_set_configs/?{filters}") == [binding]
    assert far.rows("attribute_set_configs/?content_type__model=product") == []


def test_a_set_is_renamed(far: Far) -> None:
    made = made_set(far)
    body = {"name": "Valiz", "channel": 1}
    status, changed = far.send("PATCH", f"attribute_sets/{made['id']}/", body)
    assert (status, changed["name"], changed["remote_id"]) == (200, "Valiz", "LUGGAGE")
    assert changed["modified_date"] > made["modified_date"]


@pytest.mark.parametrize("path", ["attributes", "attribute_schemas"])
def test_attributes_and_schemas_have_a_name_once_in_a_channel(far: Far, path: str) -> None:
    body = {"name": "1 color Schema", "schema": {}, "channel": 1}
    made = far.created(f"{path}/", body)
    other = far.created(f"{path}/", {**body, "name": "1 size Schema"})
    status, answer = far.send("POST", f"{path}/", body)
    assert (status, answer["code"]) == (400, "unique")
    name = {"name": made["name"]}
    assert far.send("PATCH", f"{path}/{other['pk']}/", name)[0] == 400
    assert far.send("PATCH", f"{path}/{made['pk']}/", name)[0] == 200
    (found,) = far.rows(f"{path}/?name__exact=1 color Schema&channel=1")
    assert found["pk"] == made["pk"]
    assert far.call("POST", f"channel/2/{path}/", {**body, "channel": 2})[0] == 201


def test_a_set_has_one_config_of_an_attribute(far: Far) -> None:
    attribute_set, attribute = made_set(far), made_attribute(far)
    config = made_config(far, attribute_set, attribute, is_required=True)
    flags = ("is_required", "is_variant", "is_custom", "is_image_attribute", "is_meta")
    assert [config[flag] for flag in flags] == [True, False, False, False, False]
    body = {"attribute_set": attribute_set["id"], "attribute": attribute["pk"]}
    assert far.send("POST", "attribute_configs/", body)[0] == 400
    made_config(far, attribute_set, made_attribute(far, "size"))
    filters = f"attribute_set={attribute_set['id']}&attribute={attribute['pk']}"
    assert far.rows(f"attribute_configs/?{filters}") == [config]
    changed = far.send("PATCH", f"attribute_configs/{config['pk']}/", {"is_meta": True})[1]
    assert (changed["is_required"], changed["is_meta"]) == (True, True)


def test_detailed_configs_name_their_attribute_and_set(far: Far) -> None:
    attribute_set, attribute = made_set(far), made_attribute(far)
    made_config(far, attribute_set, attribute, is_variant=True)
    (row,) = far.rows(f"attribute_configs/detailed/?attribute_set={attribute_set['id']}")
    assert row["attribute"] == {"pk": attribute["pk"], "name": "color"}
    assert row["attribute_set"] == attribute_set
    assert (row["is_variant"], row["attribute_remote_id"]) == (True, "color")


def test_values_are_found_by_attribute_label_and_value(far: Far) -> None:
    color, size = made_attribute(far), made_attribute(far, "size")
    red = made_value(far, color, "red", "Kırmızı")
    made_value(far, color, "blue", "Mavi")
    made_value(far, size, "red", "Kırmızı")
    for filters in ("label__exact=Kırmızı", "value__exact=red"):
        assert far.rows(f"attribute_values/?attribute={color['pk']}&{filters}") == [red]
    assert len(far.rows(f"attribute_values/?attribute={color['pk']}")) == 2
    label = far.send("PATCH", f"attribute_values/{red['pk']}/", {"label": "Al"})[1]["label"]
    assert label == "Al"


def test_value_configs_are_found_by_both_their_fields(far: Far) -> None:
    attribute_set = made_set(far)
    value = made_value(far, made_attribute(far), "red", "Kırmızı")
    body = {"attribute_set": attribute_set["id"], "attribute_value": value["pk"]}
    made = far.created("attribute_value_configs/", body)
    filters = f"attribute_set={attribute_set['id']}&attribute_value={value['pk']}"
    assert far.rows(f"attribute_value_configs/?{filters}") == [made]
    assert far.rows("attribute_value_configs/?attribute_set=1") == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("attribute_sets", {"remote_id": "X", "channel": 1}, "name"),
        ("attribute_sets", {"name": "X", "channel": 2}, "channel"),
        ("attribute_sets", {"name": "X", "channel": 1, "remote_id": "x" * 256}, "remote_id"),
        ("attribute_set_configs", {"attribute_set": 9, "object_id": 9}, "content_type"),
        ("attributes", {"name": "", "channel": 1}, "name"),
        ("attributes", {"name": 7, "channel": 1}, "name"),
        ("attribute_schemas", {"name": "X", "channel": 1, "schema": []}, "schema"),
        ("attribute_configs", {"attribute_set": 9, "attribute": 9}, "attribute_set"),
        (
            "attribute_values",
            {"channel": 1, "attribute": 9, "label": "a", "value": "a"},
            "attribute",
        ),
        ("attribute_value_configs", {"attribute_set": 9, "attribute_value": 9}, "attribute_set"),
    ],
)
def test_a_wrong_field_is_named(far: Far, path: str, body: dict[str, Any], field: str) -> None:
    status, answer = far.send("POST", f"{path}/", body)
    assert status == 400
    assert field in answer


def test_a_set_is_bound_to_an_object_that_is_there(far: Far) -> None:
    body = {"attribute_set": made_set(far)["id"], "object_id": 9, "content_type": "categorynode"}
    status, answer = far.send("POST", "attribute_set_configs/", body)
    assert status == 400
    assert "object_id" in answer


def test_an_unknown_filter_gives_everything(far: Far) -> None:
    made_attribute(far)
    made_attribute(far, "size")
    assert len(far.rows("attributes/?remote_id__exact=color")) == 2


def test_a_bulk_call_makes_set_attributes_schemas_values_and_links(far: Far) -> None:
    node = leaf(far)
    color = wanted("color", 2, is_required=True, is_variant=True, is_custom=False)
    assert bulk(far, node, [color, wanted("item_name", is_custom=True)])[0] == 201

    (attribute_set,) = far.rows("attribute_sets/")
    assert (attribute_set["name"], attribute_set["remote_id"]) == ("LUGGAGE", "LUGGAGE")
    (binding,) = far.rows(f"attribute_set_configs/?object_id={node}")
    assert binding["attribute_set"] == attribute_set["id"]
    names = [row["name"] for row in far.rows("attributes/?sort=pk")]
    assert names == ["color", "item_name"]
    schemas = {row["name"] for row in far.rows("attribute_schemas/")}
    assert schemas == {"1 color Schema", "1 item_name Schema"}
    configs = far.rows("attribute_configs/detailed/?sort=pk")
    flags = [(row["is_required"], row["is_variant"], row["is_custom"]) for row in configs]
    assert flags == [(True, True, False), (False, False, True)]
    assert [row["attribute_remote_id"] for row in configs] == ["color", "item_name"]
    values = far.rows("attribute_values/?sort=pk")
    assert [(row["label"], row["value"]) for row in values] == [
        ("color 0", "color-0"),
        ("color 1", "color-1"),
    ]
    links = far.rows("integration_actions/?content_type_name=marketplaceattributevalue&sort=pk")
    assert [(row["object_id"], row["remote_id"]) for row in links] == [
        (row["pk"], row["value"]) for row in values
    ]
    links = far.rows("integration_actions/?content_type_name=marketplaceattribute&sort=pk")
    assert [row["remote_id"] for row in links] == names
    assert far.rows("attribute_value_configs/") == []


def test_the_same_bulk_call_again_changes_nothing(far: Far) -> None:
    node, attributes = leaf(far), [wanted("color", 3, is_required=True)]
    kinds = ("attribute_sets", "attribute_configs", "attribute_values", "integration_actions")
    bulk(far, node, attributes)
    before = [far.world.snapshot(kind) for kind in kinds]
    assert bulk(far, node, attributes)[0] == 201
    assert [far.world.snapshot(kind) for kind in kinds] == before


def test_a_bulk_call_brings_what_is_there_up_to_date(far: Far) -> None:
    node = leaf(far)
    bulk(far, node, [wanted("color", 2, is_required=True)])
    (config,) = far.rows("attribute_configs/")
    far.send("PATCH", f"attribute_configs/{config['pk']}/", {"is_meta": True})
    values = [{"label": "Yeni", "value": "color-0", "remote_id": "color-0"}]
    bulk(far, node, [wanted("color", values=0, is_required=False) | {"values": values}], "Valiz")

    assert [row["name"] for row in far.rows("attribute_sets/")] == ["Valiz"]
    (config,) = far.rows("attribute_configs/")
    assert (config["is_required"], config["is_meta"]) == (False, True)
    labels = [row["label"] for row in far.rows("attribute_values/?sort=pk")]
    assert labels == ["Yeni", "color 1"]


def test_a_long_list_of_values_comes_in_parts(far: Far) -> None:
    node, values = leaf(far), wanted("color", 700)["values"]
    for part in (values[:500], values[500:]):
        assert bulk(far, node, [wanted("color") | {"values": part}])[0] == 201
    (attribute,) = far.rows("attributes/")
    assert far.get(f"attribute_values/?attribute={attribute['pk']}")["count"] == 700


@pytest.mark.parametrize(
    "attributes",
    [
        [wanted(f"a{number}") for number in range(201)],
        [wanted("fine"), wanted("color", 501)],
        [{"name": "color"}],
        [wanted("color") | {"is_required": "yes"}],
        [wanted("color") | {"values": [{"label": "a", "value": "a"}]}],
        {"color": {}},
    ],
)
def test_a_bulk_call_that_is_too_long_or_wrong_makes_nothing(far: Far, attributes: Any) -> None:
    assert bulk(far, leaf(far), attributes)[0] == 400
    assert far.send("POST", "bulk_attributes/", {"attributes": attributes})[0] == 400
    assert far.rows("attributes/") == []
    assert far.rows("attribute_sets/") == []


def test_a_bulk_call_needs_its_category_node(far: Far) -> None:
    status, answer = bulk(far, 9, [wanted("color")])
    assert status == 400
    assert "category_node_id" in answer


def test_two_hundred_attributes_and_five_hundred_values_are_taken(far: Far) -> None:
    most = [wanted("color", 500), *(wanted(f"a{number}") for number in range(199))]
    assert far.send("POST", "bulk_attributes/", {"attributes": most})[0] == 201
    assert far.get("attributes/")["count"] == 200
    assert far.get("attribute_values/")["count"] == 500
    assert far.rows("attribute_configs/") == []


def test_bulk_calls_may_not_be_there(far: Far) -> None:
    node = leaf(far)
    far.world.no_bulk = True
    assert bulk(far, node, [wanted("color")])[0] == 404
    assert far.send("POST", "bulk_attributes/", {"attributes": []})[0] == 404
    assert far.rows("attributes/") == []


def test_every_kind_of_attribute_row_shows_in_its_snapshot(far: Far) -> None:
    bulk(far, leaf(far), [wanted("color", 1)])
    for path in (
        *("attribute_sets", "attribute_set_configs", "attributes", "attribute_schemas"),
        *("attribute_configs", "attribute_values"),
    ):
        assert [{**row, "channel": 1} for row in far.rows(f"{path}/")] == far.world.snapshot(path)
