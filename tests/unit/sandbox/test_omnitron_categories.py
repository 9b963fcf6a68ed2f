"""Omnitron's side of the sandbox: category trees, category nodes and the products in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, committed


@pytest.fixture
def far() -> Far:
    """A brand that has just connected the marketplace."""
    far = Far()
    far.world.open_catalogue()
    return far


def tree(far: Far, name: str = "Sales Channel Tree 1") -> Any:
    """A new tree that is the channel's from now on."""
    row = far.created("category_trees/", {"name": name})
    assert far.call("PATCH", "channels/1/", {"category_tree": row["pk"]})[0] == 200
    return row


def node(far: Far, parent: dict[str, Any], name: str) -> Any:
    return far.created("category_nodes/", {"node": parent["pk"], "name": name})


def link(far: Far, model: str, pk: int, remote_id: str) -> Any:
    """An integration action made by hand."""
    (content_type,) = far.call("GET", f"content_types/?model={model}")[1]["results"]
    body = {
        "channel_id": 1,
        "content_type_id": content_type["id"],
        "object_id": pk,
        "remote_id": remote_id,
        "version_date": far.world.timeline.tick(),
    }
    return far.created("integration_actions/", body)


def test_a_channel_has_no_tree_until_one_is_made_and_set(far: Far) -> None:
    assert far.call("GET", "channels/1/")[1]["category_tree"] is None
    made = tree(far)
    assert far.call("GET", "channels/1/")[1]["category_tree"] == made["pk"]
    assert far.get(f"category_trees/{made['pk']}/") == made
    root = far.get(f"category_nodes/{made['category_root']['pk']}/")
    assert (root["depth"], root["numchild"]) == (1, 0)


def test_a_tree_that_is_not_there_cannot_be_set(far: Far) -> None:
    status, body = far.call("PATCH", "channels/1/", {"category_tree": 99})
    assert status == 400
    assert "category_tree" in body


def test_a_path_has_four_characters_a_level_and_starts_with_its_parents(far: Far) -> None:
    root = tree(far)["category_root"]
    parent = node(far, root, "Ev")
    child = node(far, parent, "Mutfak, Banyo")
    sister = node(far, parent, "Salon")
    assert [len(row["path"]) for row in (root, parent, child)] == [4, 8, 12]
    assert child["path"].startswith(parent["path"])
    assert child["path"] < sister["path"]
    assert (child["depth"], child["order"], sister["order"]) == (3, 1, 2)
    assert far.get(f"category_nodes/{parent['pk']}/")["numchild"] == 2


def test_the_thirty_seventh_sibling_sorts_after_the_others(far: Far) -> None:
    root = tree(far)["category_root"]
    paths = [node(far, root, f"Kategori {number}")["path"] for number in range(40)]
    assert paths == sorted(set(paths))


def test_a_name_is_taken_once_under_a_parent(far: Far) -> None:
    root = tree(far)["category_root"]
    first = node(far, root, "Ev")
    other = node(far, root, "Bahçe")
    status, body = far.send("POST", "category_nodes/", {"node": root["pk"], "name": "Ev"})
    assert status == 406
    assert isinstance(body["non_field_errors"], str)
    assert far.send("PATCH", f"category_nodes/{other['pk']}/", {"name": "Ev"})[0] == 406
    node(far, first, "Ev")
    detailed = far.get(f"category_nodes/{root['pk']}/detailed/")
    assert [(row["pk"], row["name"]) for row in detailed["children"]] == [
        (first["pk"], "Ev"),
        (other["pk"], "Bahçe"),
    ]


@pytest.mark.parametrize(
    "body",
    [{"name": "Ev"}, {"node": 1, "name": "Ev"}, {"node": 700_001}, {"node": 700_001, "name": 7}],
)
def test_a_node_needs_a_parent_and_a_name(far: Far, body: dict[str, Any]) -> None:
    assert far.send("POST", "category_nodes/", body)[0] == 400


def test_an_empty_change_moves_the_date_alone(far: Far) -> None:
    made = node(far, tree(far)["category_root"], "Ev")
    status, touched = far.send("PATCH", f"category_nodes/{made['pk']}/", {})
    assert status == 200
    assert touched.pop("modified_date") > made.pop("modified_date")
    assert touched == made
    renamed = far.send("PATCH", f"category_nodes/{made['pk']}/", {"name": "Ev ve Yaşam"})[1]
    assert renamed["name"] == "Ev ve Yaşam"


def test_leaves_are_those_of_every_tree_the_shops_too(far: Far) -> None:
    root = tree(far)["category_root"]
    parent = node(far, root, "Ev")
    leaf = node(far, parent, "Mutfak")
    leaves = far.rows("category_nodes/?numchild=0&limit=10000")
    own = [row for row in leaves if row["path"].startswith(root["path"])]
    assert own == [leaf]
    assert len(leaves) == 4


def test_a_node_is_found_by_the_remote_id_it_was_linked_to(far: Far) -> None:
    made = node(far, tree(far)["category_root"], "Ev")
    action = link(far, "categorynode", made["pk"], "12466781031")
    listed = far.rows(
        "integration_actions/?content_type_name=categorynode&remote_id__exact=12466781031"
        "&channel_id=1"
    )
    assert listed == [action]
    assert far.world.category_node("12466781031") == made["pk"]
    with pytest.raises(KeyError):
        far.world.category_node("1")


@pytest.mark.parametrize("model", ["categorynode", "categorytree", "marketplaceattribute"])
def test_an_object_that_is_not_there_cannot_be_linked(far: Far, model: str) -> None:
    (content_type,) = far.call("GET", f"content_types/?model={model}")[1]["results"]
    body = {"channel_id": 1, "content_type_id": content_type["id"], "object_id": 99}
    date = far.world.timeline.tick()
    status, answer = far.send("POST", "integration_actions/", {**body, "version_date": date})
    assert status == 400
    assert "object_id" in answer


def test_the_least_recently_refreshed_nodes_come_first(far: Far) -> None:
    root = tree(far)["category_root"]
    nodes = [node(far, root, f"Kategori {number}") for number in range(3)]
    actions = [link(far, "categorynode", row["pk"], str(row["pk"])) for row in nodes]
    touched = far.send("PATCH", f"category_nodes/{nodes[0]['pk']}/", {})[1]
    far.send(
        "PATCH",
        f"integration_actions/{actions[0]['pk']}/",
        {"version_date": touched["modified_date"]},
    )
    listed = far.rows("integration_actions/?content_type_name=categorynode&sort=version_date")
    assert [row["object_id"] for row in listed] == [nodes[n]["pk"] for n in (1, 2, 0)]


def test_a_mapped_product_lies_in_its_category_and_still_in_the_shops(far: Far) -> None:
    root = tree(far)["category_root"]
    first, second = (node(far, root, name) for name in ("Ev", "Bahçe"))
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]

    def categories() -> list[Any]:
        rows = far.rows(f"product_categories/detailed/?product={pk}")
        assert {row["product"] for row in rows} == {pk}
        paths = [row["category"]["path"] for row in rows]
        assert sum(not path.startswith(root["path"]) for path in paths) == 1
        return [row["category"] for row in rows if row["category"]["path"].startswith(root["path"])]

    assert categories() == []
    far.world.map_category("SKU-1", second["pk"])
    assert categories() == [far.get(f"category_nodes/{second['pk']}/")]
    far.world.map_category("SKU-1", first["pk"], second["pk"])
    assert [row["pk"] for row in categories()] == [first["pk"], second["pk"]]
    far.world.map_category("SKU-1")
    assert categories() == []
    assert far.get("products/updates/")["count"] == 0


def test_an_unknown_node_or_product_is_not_mapped(far: Far) -> None:
    for sku, pk in (("SKU-1", 99), ("NONE", 700_001)):
        with pytest.raises(KeyError):
            far.world.map_category(sku, pk)


def test_without_an_opened_catalogue_the_shops_tree_is_the_channels() -> None:
    far = Far()
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    number = far.call("GET", "channels/1/")[1]["category_tree"]
    root = far.get(f"category_trees/{number}/")["category_root"]
    (row,) = far.rows(f"product_categories/detailed/?product={pk}")
    assert row["category"]["path"].startswith(root["path"])
    made = node(far, root, "Ev")
    far.world.map_category("SKU-1", made["pk"])
    (row,) = far.rows(f"product_categories/detailed/?product={pk}")
    assert row["category"]["pk"] == made["pk"]


def test_a_batch_may_list_a_category_node(far: Far) -> None:
    made = node(far, tree(far)["category_root"], "Ev")
    far.commit([made], "categorynode")
    (action,) = far.rows("integration_actions/?content_type_name=categorynode")
    assert (action["object_id"], action["status"]) == (made["pk"], "processing")
    batch = far.batch()
    gone = [committed({**made, "pk": 99}, "categorynode")]
    assert far.move(batch, "commit", content_type="product", objects=gone)[0] == 400


def test_trees_and_nodes_show_in_the_snapshots(far: Far) -> None:
    made = tree(far)
    assert made in far.world.snapshot("category_trees")
    assert made["category_root"] in far.world.snapshot("category_nodes")
