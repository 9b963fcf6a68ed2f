"""Category trees and nodes, and the categories of products.

Vanished categories are never removed: products may still hang on them (§5.10).
Source: omnitron-api.md §2.11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from amzsync.omnitron.api import Api, create_or_find
from amzsync.omnitron.filtered_lists import FilteredList
from amzsync.omnitron.models.categories import (
    CategoryChildren,
    CategoryNode,
    CategoryTree,
    ProductCategory,
)
from amzsync.omnitron.operations import (
    CREATE_CATEGORY_NODE,
    CREATE_CATEGORY_TREE,
    GET_CATEGORY_CHILDREN,
    GET_CATEGORY_NODE,
    GET_CATEGORY_TREE,
    LIST_CATEGORY_NODES,
    LIST_PRODUCT_CATEGORIES,
    UPDATE_CATEGORY_NODE,
)


class Categories:
    """The category trees of the channel. Lists may hold other trees' nodes: CategoryTree.holds."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._listed = FilteredList(
            api,
            LIST_PRODUCT_CATEGORIES,
            ProductCategory,
            "product__pk",
            lambda row: row.product,
        )

    def create_tree(self, name: str) -> CategoryTree:
        """A new tree; `channels.set_category_tree` makes it the channel's.

        Not safe to repeat, but a tree no channel knows harms nobody.
        """
        return self._api.one(CREATE_CATEGORY_TREE, CategoryTree, json={"name": name})

    def tree(self, pk: int) -> CategoryTree:
        """One tree."""
        return self._api.one(GET_CATEGORY_TREE, CategoryTree, pk=pk)

    def nodes(self) -> Iterator[CategoryNode]:
        """Every node, lazily, by id."""
        return self._api.rows(LIST_CATEGORY_NODES, CategoryNode)

    def children(self, pk: int) -> tuple[CategoryNode, ...]:
        """The nodes directly below one."""
        return self._api.one(GET_CATEGORY_CHILDREN, CategoryChildren, pk=pk).children

    def create_node(
        self, parent: int, name: str, fits: Callable[[CategoryNode], bool] = lambda _node: True
    ) -> CategoryNode:
        """The node of this name below a parent, created unless one that `fits` is there already.

        Errors: RefusedError also where one is in its way that does not.
        """
        return create_or_find(
            lambda: self._api.one(
                CREATE_CATEGORY_NODE, CategoryNode, json={"node": parent, "name": name}
            ),
            lambda: (node for node in self.children(parent) if node.name == name and fits(node)),
        )

    def rename_node(self, pk: int, name: str) -> CategoryNode:
        """The node under its new name."""
        return self._update(pk, {"name": name})

    def touch_node(self, pk: int) -> CategoryNode:
        """The node, its `modified_date` set to now."""
        return self._update(pk, {})

    def of_products(self, pks: Iterable[int]) -> dict[int, tuple[CategoryNode, ...]]:
        """The categories of each product, of all trees; () for one that has none.

        Two calls for a hundred products where the list can be filtered (A-39), else one each.
        """
        wanted = set(pks)
        rows = self._listed.of(wanted).rows
        listed = {row.product for row in rows}
        alone = (row for pk in sorted(wanted - listed) for row in self._of_product(pk))
        found: dict[int, dict[int, CategoryNode]] = {pk: {} for pk in sorted(wanted)}
        for row in (*rows, *alone):
            found[row.product][row.category.pk] = row.category
        return {pk: tuple(nodes.values()) for pk, nodes in found.items()}

    def _of_product(self, pk: int) -> Iterator[ProductCategory]:
        rows = self._api.rows(LIST_PRODUCT_CATEGORIES, ProductCategory, {"product": pk})
        return (row for row in rows if row.product == pk)

    def _update(self, pk: int, changes: dict[str, str]) -> CategoryNode:
        return self._api.update(UPDATE_CATEGORY_NODE, GET_CATEGORY_NODE, CategoryNode, pk, changes)
