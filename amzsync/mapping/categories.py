"""What Amazon's categories are called in Omnitron, where siblings have different names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Named(Protocol):
    """What a category's name in Omnitron rests on; state.category_nodes.Category has it."""

    @property
    def node_id(self) -> str:
        """Amazon's id."""

    @property
    def parent(self) -> str:
        """Amazon's id of the category above."""

    @property
    def name(self) -> str:
        """Amazon's name."""

    @property
    def pk(self) -> int | None:
        """Its node in Omnitron, if it has one."""

    @property
    def sent_name(self) -> str | None:
        """Amazon's name when the node was made or renamed."""


def node_names(
    nodes: Iterable[Named], namesakes: Iterable[Named], parents: Mapping[str, int]
) -> dict[str, str]:
    """What each category is called in Omnitron: as at Amazon, with its id where that is taken.

    `namesakes`: every category of these names. `parents`: the node of each parent that has one; the
    others' children lie at the top. Of several with one name under one parent the one that has it
    already keeps it, else the smallest id gets it, whatever the order they come in.
    """
    owners: dict[tuple[int | None, str], Named] = {}
    for each in namesakes:
        place = (parents.get(each.parent), each.name)
        if place not in owners or _claim(each) < _claim(owners[place]):
            owners[place] = each
    return {
        node.node_id: node.name
        if owners[parents.get(node.parent), node.name].node_id == node.node_id
        else own_name(node)
        for node in nodes
    }


def own_name(node: Named) -> str:
    """A name no other category can have."""
    return f"{node.name} ({node.node_id})"


def _claim(node: Named) -> tuple[bool, bool, str]:
    has_it = node.pk is not None and node.sent_name == node.name
    return (not has_it, node.pk is None, node.node_id)
