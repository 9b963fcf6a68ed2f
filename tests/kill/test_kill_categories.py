"""`categories fetch` and `attributes fetch`, killed anywhere: each node and set is made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.catalogue_shop import (
    ATTRIBUTES,
    CATEGORIES,
    TOP,
    linked,
    open_shop,
    table,
    tree_problems,
)
from tests.kill.walk import walk
from tests.kill.wrapper import Kind, When
from tests.shop import Shop

Tree = Mapping[str, Mapping[str, str]]

_TREE: Tree = {
    "Kadın": {"Elbiseler": "DRESS", "Çoraplar": "SOCKS"},
    "Erkek": {"Çoraplar": "SOCKS"},
}
_TINY: Tree = {"Kadın": {"Elbiseler": "DRESS"}}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_while_the_tree_is_taken_in_every_node_is_made_once(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, list(CATEGORIES), kind, when, _reported, _judge_categories)
    assert points > 10


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_attributes_are_sent_every_row_is_made_once(shop: Shop, when: When) -> None:
    points = walk(shop, list(ATTRIBUTES), "call", when, _fetched, _judge_attributes)
    assert points > 10


def test_killed_while_attributes_are_made_one_by_one_every_row_is_made_once(shop: Shop) -> None:
    def prepare(shop: Shop) -> None:
        _fetched(shop, _TINY)
        shop.sandbox.world.omnitron.no_bulk = True

    points = walk(shop, list(ATTRIBUTES), "call", "after", prepare, _judge_attributes)
    assert points > 20


def _reported(shop: Shop, tree: Tree = _TREE) -> None:
    """A small tree whose report is ready."""
    open_shop(shop)
    browse, types = shop.sandbox.world.amazon.browse, shop.sandbox.world.amazon.types
    root = browse.add(TOP, "Küçük")
    for parent, leaves in tree.items():
        above = browse.add(root, parent)
        for leaf, name in leaves.items():
            browse.add(above, leaf, [name])
            types.change(name, _shrink)
    shop.configure(category_ids=root, http={"in_flight": 1})
    assert shop.run(*CATEGORIES).code == 0
    shop.clock.advance(minutes=10)


def _fetched(shop: Shop, tree: Tree = _TREE) -> None:
    """Its nodes are in Omnitron."""
    _reported(shop, tree)
    assert shop.run(*CATEGORIES).code == 0


def _shrink(one: Any) -> None:
    """A type of few attributes beside those of the offer: each is some points of the walk."""
    kept = ("brand", "department")
    one.attributes = {name: one.attributes[name] for name in kept}
    one.rules = []


def _judge_categories(shop: Shop) -> list[str]:
    found = _next_runs(shop, CATEGORIES)
    (root,) = [node.id for node in shop.sandbox.world.amazon.browse if node.name == "Küçük"]
    return found + tree_problems(shop, root)


def _judge_attributes(shop: Shop) -> list[str]:
    found = _next_runs(shop, ATTRIBUTES)
    keys = {
        "attribute_sets": ("remote_id",),
        "attribute_set_configs": ("attribute_set", "object_id"),
        "attributes": ("name",),
        "attribute_values": ("attribute", "value"),
        "attribute_value_configs": ("attribute_set", "attribute_value"),
    }
    for kind, fields in keys.items():
        rows = [tuple(row[field] for field in fields) for row in table(shop, kind)]
        if not rows and kind != "attribute_value_configs":
            found.append(f"no {kind}")
        if len(rows) != len(set(rows)):
            found.append(f"{kind} doubled")
    shelves = [node for node in linked(shop).values() if not node["numchild"]]
    if len(table(shop, "attribute_sets")) != len(shelves):
        found.append(f"{len(table(shop, 'attribute_sets'))} sets for {len(shelves)} categories")
    actions = [
        row["object_id"]
        for row in shop.sandbox.world.omnitron.snapshot("integration_actions")
        if row["content_type"]["model"].startswith("marketplace")
    ]
    wanted = len(table(shop, "attributes")) + len(table(shop, "attribute_values"))
    if len(actions) != wanted:
        found.append(f"{len(actions)} links instead of {wanted}")
    return found


def _next_runs(shop: Shop, command: tuple[str, ...]) -> list[str]:
    """Two more runs, ten minutes apart as cron has them."""
    found = []
    for _ in range(2):
        shop.clock.advance(minutes=10)
        ran = shop.run(*command)
        if ran.code != 0:
            found.append(f"a next run ended {ran.code}: {ran.err}")
    return found
