"""One category into Omnitron: its node made or renamed, and linked to Amazon's id."""

from __future__ import annotations

from dataclasses import dataclass

from amzsync.errors import ProtocolError, RefusedError
from amzsync.flows.flow import Context
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
        found = _renamed(ctx, wanted.pk, wanted.name)
        if found is not None and (wanted.node.pk is not None or tree.holds(found)):
            return found.pk
    parent = tree.category_root.pk if wanted.parent is None else wanted.parent
    node = ctx.omnitron.categories.create_node(parent, wanted.name)
    if node.modified_date is None:
        raise ProtocolError(f"category node {node.pk} has no modified_date")
    ctx.omnitron.integration_actions.create(
        _CONTENT_TYPE, node.pk, wanted.node.node_id, node.modified_date
    )
    return node.pk


def _renamed(ctx: Context, pk: int, name: str) -> CategoryNode | None:
    """The node under this name; None when somebody removed it."""
    try:
        return ctx.omnitron.categories.rename_node(pk, name)
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        return None
