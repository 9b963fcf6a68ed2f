"""Category trees and their nodes: one forest for all channels, as materialised paths.

A node's path is its parent's path and four characters more; `numchild` counts its children. The
brand's own shop has a tree here too, so a channel's tree is never the only one.
Source: omnitron-api §2.11.
"""

from __future__ import annotations

import uuid
from typing import Any

from amzsync.sandbox.omnitron.rows import Node, Table
from amzsync.sandbox.omnitron.timeline import Timeline

SHOP_TREE = 1
SHOP_CATEGORIES = 3
_FIRST_NODE = 700_001
_NAMESPACE = uuid.UUID("6e6f6465-7472-4f6e-8000-000000000000")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Categories:
    """All trees (`pk`, `name`, `_root`) and all nodes."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.trees: Table[dict[str, Any]] = Table()
        self.nodes: Table[Node] = Table("parent")
        shop = self.plant("Örnek Mağaza")
        for number in range(1, SHOP_CATEGORIES + 1):
            self.grow(self.root(shop), f"Kategori {number}")

    def plant(self, name: str) -> dict[str, Any]:
        """A new tree with its root."""
        date = self.timeline.tick()
        root = self._node(name, None, len(self.trees) + 1, date)
        return self.trees.add(
            {
                "pk": self.timeline.next_pk("categorytree", SHOP_TREE),
                "name": name,
                "modified_date": date,
                "created_date": date,
                "_root": root.pk,
            }
        )

    def grow(self, parent: Node, name: str) -> Node:
        """A new node below another."""
        date = self.timeline.tick()
        node = self._node(name, parent, parent.numchild + 1, date)
        self.nodes.change(parent, numchild=parent.numchild + 1)
        return node

    def root(self, tree: dict[str, Any]) -> Node:
        """The root of a tree."""
        return self.nodes.rows[tree["_root"]]

    def children(self, node: Node) -> list[Node]:
        """The nodes right below a node, oldest first."""
        return self.nodes.find("parent", node.pk)

    def holds(self, tree: int | None, node: Node) -> bool:
        """Whether the node is one of that tree."""
        row = self.trees.get(tree)
        return row is not None and node.path.startswith(self.root(row).path)

    def shop_node(self, product: int) -> Node:
        """The category in which the brand's own shop shows a product."""
        shelves = self.children(self.root(self.trees.rows[SHOP_TREE]))
        return shelves[product % SHOP_CATEGORIES]

    def _node(self, name: str, parent: Node | None, order: int, date: str) -> Node:
        return self.nodes.add(
            Node(
                pk=self.timeline.next_pk("categorynode", _FIRST_NODE),
                name=name,
                parent=parent.pk if parent else None,
                order=order,
                depth=parent.depth + 1 if parent else 1,
                path=(parent.path if parent else "") + _step(order),
                modified_date=date,
                created_date=date,
            )
        )


def node_wire(node: Node) -> dict[str, Any]:
    """A category node as the wire shows it; its parent shows in the path alone."""
    return {
        "pk": node.pk,
        "name": node.name,
        "order": node.order,
        "numchild": node.numchild,
        "depth": node.depth,
        "path": node.path,
        "sort_option": None,
        "uuid": str(uuid.uuid5(_NAMESPACE, str(node.pk))),
        "modified_date": node.modified_date,
        "created_date": node.created_date,
    }


def tree_wire(categories: Categories, tree: dict[str, Any]) -> dict[str, Any]:
    """A category tree as the wire shows it, its root in full."""
    return {
        "pk": tree["pk"],
        "name": tree["name"],
        "category_root": node_wire(categories.root(tree)),
        "modified_date": tree["modified_date"],
        "created_date": tree["created_date"],
    }


def _step(number: int) -> str:
    """A place among siblings as four characters, which sort as the numbers do."""
    text = ""
    for _ in range(4):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text
