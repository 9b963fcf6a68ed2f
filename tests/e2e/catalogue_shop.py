"""A brand before its first run, and what its category tree has to look like afterwards."""

from __future__ import annotations

from typing import Any

from tests.shop import Ran, Shop

ROOT = "21324944031"  # one of the sandbox's invisible roots: fashion
TOP = "21324945031"  # its one child
HOME_ROOT = "12466781031"
CARE_ROOT = "12467009031"
REPORT = "GET_XML_BROWSE_TREE_DATA"

CATEGORIES = ("categories", "fetch", "--json")
ATTRIBUTES = ("attributes", "fetch", "--json")
COMPARE = ("attributes", "compare", "--json")


def open_shop(shop: Shop, category_ids: str = ROOT, skus: int = 0, **settings: Any) -> None:
    """A brand with this many goods and nothing of Amazon's in its Omnitron."""
    shop.sandbox.reset(skus=skus)
    shop.sandbox.world.omnitron.open_catalogue()
    shop.configure(category_ids=category_ids, **settings)


def open_corner(shop: Shop, skus: int = 0, **settings: Any) -> None:
    """The same with one small main category: women's, 18 categories of 16 product types."""
    open_shop(shop, skus=skus)
    shop.configure(category_ids=node_id(shop, "Kadın"), **settings)


def fetch_categories(shop: Shop, rounds: int = 1) -> Ran:
    """Ask for a report; then, so many times, come back ten minutes later."""
    ran = shop.run(*CATEGORIES)
    for _ in range(rounds):
        shop.clock.advance(minutes=10)
        ran = shop.run(*CATEGORIES)
    return ran


def fetch_all(shop: Shop) -> None:
    """Categories and attributes."""
    assert fetch_categories(shop).code == 0
    assert shop.run(*ATTRIBUTES).code == 0


def node_id(shop: Shop, *names: str) -> str:
    """Amazon's id of the category at the end of these names, from the top down."""
    for path in shop.sandbox.world.amazon.browse.walk():
        if tuple(node.name for node in path[-len(names) :]) == names:
            return path[-1].id
    raise KeyError(names)


def linked(shop: Shop) -> dict[str, dict[str, Any]]:
    """Amazon's id -> the node in Omnitron that is linked to it."""
    omnitron = shop.sandbox.world.omnitron
    nodes = {row["pk"]: row for row in omnitron.snapshot("category_nodes")}
    return {
        action["remote_id"]: nodes[action["object_id"]]
        for action in omnitron.snapshot("integration_actions")
        if action["content_type"]["model"] == "categorynode"
    }


def tree_problems(shop: Shop, *roots: str) -> list[str]:
    """What of the tree in Omnitron is not as Amazon has it below these roots; empty if all is."""
    places: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for root in roots:
        for path in shop.sandbox.world.amazon.browse.walk(root):
            places.setdefault(path[-1].id, set()).add(path[-2].id if len(path) > 1 else "")
            names[path[-1].id] = path[-1].name
    nodes = linked(shop)
    by_path = {node["path"]: key for key, node in nodes.items()}
    found = [f"{key} is missing" for key in names.keys() - nodes.keys()]
    found += [f"{key} is not Amazon's" for key in nodes.keys() - names.keys()]
    for key in names.keys() & nodes.keys():
        parent = by_path.get(nodes[key]["path"][:-4])
        if names[key] != nodes[key]["name"]:
            found.append(f"{key} is called {nodes[key]['name']}")
        if parent is not None and parent not in places[key]:
            found.append(f"{key} lies under {parent}")
        if parent is None and places[key] & names.keys():
            found.append(f"{key} lies at the top")
    actions = [
        action["object_id"]
        for action in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if action["content_type"]["model"] == "categorynode"
    ]
    trees = shop.sandbox.world.omnitron.snapshot("category_trees")
    tree = shop.sandbox.world.omnitron.channels[1].row["category_tree"]
    (own,) = [row["category_root"]["path"] for row in trees if row["pk"] == tree]
    inside = [
        row
        for row in shop.sandbox.world.omnitron.snapshot("category_nodes")
        if row["path"].startswith(own) and row["path"] != own
    ]
    if len(actions) != len(set(actions)) or len(inside) != len(actions):
        found.append(f"{len(inside)} nodes have {len(actions)} links")
    return found


def table(shop: Shop, kind: str) -> list[dict[str, Any]]:
    """Every row of an attribute table of channel 1."""
    return list(shop.sandbox.world.omnitron.channels[1].attribute_tables[kind])


def configs(shop: Shop, category: str) -> dict[str, dict[str, Any]]:
    """Attribute -> its config in the set of a category."""
    (found,) = [row for row in table(shop, "attribute_sets") if row["remote_id"] == category]
    names = {row["pk"]: row["name"] for row in table(shop, "attributes")}
    return {
        names[row["attribute"]]: row
        for row in table(shop, "attribute_configs")
        if row["attribute_set"] == found["id"]
    }


def allowed(shop: Shop, category: str, attribute: str) -> set[str]:
    """The values of an attribute that the category's set names."""
    (found,) = [row for row in table(shop, "attribute_sets") if row["remote_id"] == category]
    (pk,) = [row["pk"] for row in table(shop, "attributes") if row["name"] == attribute]
    named = {
        row["attribute_value"]
        for row in table(shop, "attribute_value_configs")
        if row["attribute_set"] == found["id"]
    }
    return {
        row["value"]
        for row in table(shop, "attribute_values")
        if row["attribute"] == pk and row["pk"] in named
    }
