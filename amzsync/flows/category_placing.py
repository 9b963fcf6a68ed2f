"""One category into Omnitron: its node made or renamed, and linked to Amazon's id.

A node stays where it was made, wherever Amazon has moved its category since: Omnitron knows no call
that moves it. So a name may be taken there by a category that is not its sibling any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from amzsync.errors import ProtocolError, RefusedError
from amzsync.flows.flow import Context
from amzsync.mapping.categories import own_name
from amzsync.omnitron.models.categories import CategoryNode, CategoryTree
from amzsync.state.category_nodes import Category

_CONTENT_TYPE = "categorynode"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Place:
    """A category, the node above it (None for the top), its name in Omnitron, its node if known."""

    node: Category
    parent: int | None
    name: str
    pk: int | None


def place(ctx: Context, tree: CategoryTree, wanted: Place) -> int:
    """The category's node in the tree. What a killed run made of it is found and used.

    Killed before the link, the node is found by its name; after it, by the link. Errors:
    RefusedError where Omnitron will not have it.
    """
    if wanted.pk is not None:
        found = _renamed(ctx, wanted, wanted.pk)
        if found is not None and (wanted.node.pk is not None or tree.holds(found)):
            return found.pk
    parent = tree.category_root.pk if wanted.parent is None else wanted.parent
    node = _made(ctx, parent, wanted)
    if node.modified_date is None:
        raise ProtocolError(f"category node {node.pk} has no modified_date")
    ctx.omnitron.integration_actions.create(
        _CONTENT_TYPE, node.pk, wanted.node.node_id, node.modified_date
    )
    return node.pk


def _renamed(ctx: Context, wanted: Place, pk: int) -> CategoryNode | None:
    """The node under its name, or under its own where that is taken; None for one that is gone."""
    try:
        return ctx.omnitron.categories.rename_node(pk, wanted.name)
    except RefusedError as error:
        if error.status == _NOT_FOUND:
            return None
        if wanted.name == own_name(wanted.node):
            raise
    return _renamed(ctx, replace(wanted, name=own_name(wanted.node)), pk)


def _made(ctx: Context, parent: int, wanted: Place) -> CategoryNode:
    """A node for the category: new, or one that a killed run made and linked to nothing."""
    others: list[int] = []

    def fits(node: CategoryNode) -> bool:
        linked = bool(ctx.omnitron.integration_actions.by_object_ids(_CONTENT_TYPE, [node.pk]))
        others.extend([node.pk] if linked else [])
        return not linked

    try:
        return ctx.omnitron.categories.create_node(parent, wanted.name, fits)
    except RefusedError:
        if not others:
            raise
        return ctx.omnitron.categories.create_node(parent, own_name(wanted.node))
