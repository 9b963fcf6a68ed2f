"""Category trees, their nodes, and which of them a product is in. Source: omnitron-api.md §2.11."""

from __future__ import annotations

from amzsync.omnitron.models.fields import Key, OptionalKey, Ref, Row, Timestamp


class CategoryNode(Row):
    """A category; `path` is materialised, four characters a level, and starts with its root's.

    `modified_date` is what the node's integration action is set to when it has been worked on.
    """

    pk: Key
    name: str = ""
    path: str = ""
    numchild: int = 0
    modified_date: Timestamp | None = None


class CategoryChildren(CategoryNode):
    """A category with those directly below it."""

    children: tuple[CategoryNode, ...] = ()


class CategoryTree(Row):
    """A channel's categories; the root is a node that stands for none."""

    pk: Key
    category_root: CategoryNode

    def holds(self, node: CategoryNode) -> bool:
        """Whether a category belongs to this tree; other channels' trees are in the same lists."""
        root = self.category_root
        return node.pk != root.pk and bool(root.path) and node.path.startswith(root.path)


class ProductCategory(Row):
    """A category a product is in, of whichever channel's tree."""

    pk: OptionalKey = None
    product: Ref
    category: CategoryNode
