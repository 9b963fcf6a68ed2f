"""The browse tree of Türkiye's marketplace: categories, which may lie under several parents.

The roots are Amazon's invisible store roots: they begin every path and are no nodes of a report. A
node is shown once for each path that leads to it. `grow` adds a branch whose nodes are worked out
as they are told, so that a tree of a million takes no memory; as telling them takes its time, it is
done at once, into a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from amzsync.sandbox.amazon.browsexml import document
from amzsync.sandbox.amazon.packedfile import packed_file

Path = tuple["BrowseNode", ...]

_SECTION = 500  # leaves a section of a grown branch has
_GROWN = 40_000_000  # the number the ids of grown nodes begin with


@dataclass(slots=True)
class BrowseNode:
    """One category. An empty `store_name` is an empty browseNodeStoreContextName."""

    id: str
    name: str
    product_types: tuple[str, ...] = ()
    store_name: str = ""
    children: list[str] = field(default_factory=list)


class BrowseTree:
    """The nodes by id. `version` changes with every change of the tree."""

    def __init__(self) -> None:
        self._nodes: dict[str, BrowseNode] = {}
        self._roots: list[str] = []
        self._grown = 0
        self._grown_types: tuple[str, ...] = ()
        self._packed: tuple[int, str, FilePath] | None = None
        self.version = 0

    def __len__(self) -> int:
        """How many nodes there are, roots apart."""
        return len(self._nodes) - len(self._roots) + self._grown

    def __contains__(self, node_id: str) -> bool:
        """Whether there is such a node (or root)."""
        return node_id in self._nodes or self._grown_number(node_id) is not None

    def __iter__(self) -> Iterator[BrowseNode]:
        """Every node that was not grown, each once, roots included."""
        return iter(self._nodes.values())

    def plant(self, node: BrowseNode, parent: str = "") -> None:
        """Put a node under a parent, a root where there is none; a known node gets a second place.

        Errors: KeyError for an unknown parent.
        """
        if parent:
            self._nodes[parent].children.append(node.id)
        else:
            self._roots.append(node.id)
        self._nodes.setdefault(node.id, node)
        self.version += 1

    def add(self, parent: str, name: str, product_types: Iterable[str] = ()) -> str:
        """A new node under a parent; its id."""
        node_id = f"{39_000_000 + self.version}031"
        self.plant(BrowseNode(node_id, name, tuple(product_types)), parent)
        return node_id

    def rename(self, node_id: str, name: str) -> None:
        """Give a node another name. Errors: KeyError."""
        self._nodes[node_id].name = name
        self.version += 1

    def remove(self, node_id: str) -> None:
        """Take a node out of every place, and what lies under no other. Errors: KeyError."""
        del self._nodes[node_id]
        for node in self._nodes.values():
            node.children = [child for child in node.children if child != node_id]
        self._roots = [root for root in self._roots if root != node_id]
        reached, waiting = set(), list(self._roots)
        while waiting:
            reached.add(here := waiting.pop())
            waiting += self._nodes[here].children
        self._nodes = {key: node for key, node in self._nodes.items() if key in reached}
        self.version += 1

    def grow(self, nodes: int) -> str:
        """Have a branch of so many nodes under the first root; the id of its top.

        A branch that was grown before gives way to it. The report of that whole root is written in
        advance; any other report that holds the branch takes as long when it is made.
        """
        types = {name for node in self._nodes.values() for name in node.product_types}
        self._grown, self._grown_types = nodes, tuple(sorted(types))
        self.version += 1
        root = self._roots[0]
        self._packed = (self.version, root, packed_file(self, document(self.walk(root))))
        return _grown_id(0)

    def packed(self, node_id: str) -> FilePath | None:
        """The report of a node as it was written in advance; None where it was not, or has aged."""
        if self._packed is None or self._packed[:2] != (self.version, node_id):
            return None
        return self._packed[2]

    def roots(self) -> Iterator[Path]:
        """The paths of the uppermost categories, a root and one node each."""
        for root in self._roots:
            yield from ((self._nodes[root], child) for child in self._children(self._nodes[root]))

    def walk(self, node_id: str = "") -> Iterator[Path]:
        """Every path at or below a node, in pre-order; of the whole tree without one.

        A path begins with its root and ends with its node. Nothing for an unknown id.
        """
        for root in self._roots:
            yield from self._below((self._nodes[root],), node_id, inside=node_id in ("", root))

    def _below(self, path: Path, wanted: str, *, inside: bool) -> Iterator[Path]:
        for child in self._children(path[-1]):
            here = (*path, child)
            within = inside or child.id == wanted
            if not within and child.id == _grown_id(0) and self._grown_number(wanted) is None:
                continue  # a grown branch can be too large to be searched in vain
            if within:
                yield here
            yield from self._below(here, wanted, inside=within)

    def _children(self, node: BrowseNode) -> Iterator[BrowseNode]:
        number = self._grown_number(node.id)
        if number is not None:
            yield from map(self._grown_node, self._grown_below(number))
            return
        yield from (self._nodes[child] for child in node.children)
        if self._grown and self._roots and node.id == self._roots[0]:
            yield self._grown_node(0)

    def _grown_below(self, number: int) -> range:
        """The numbers under a grown node: the top has sections, a section has leaves."""
        step = _SECTION + 1
        if number == 0:
            return range(1, self._grown, step)
        if number % step == 1:
            return range(number + 1, min(number + step, self._grown))
        return range(0)

    def _grown_node(self, number: int) -> BrowseNode:
        below = [_grown_id(one) for one in self._grown_below(number)]
        kinds = self._grown_types
        types = () if below or not kinds else (kinds[number % len(kinds)],)
        return BrowseNode(_grown_id(number), f"Büyüyen Kategori {number}", types, "", below)

    def _grown_number(self, node_id: str) -> int | None:
        if not self._grown or not node_id.startswith(str(_GROWN)[:1]) or not node_id.isdigit():
            return None
        number = int(node_id) // 1000 - _GROWN
        return number if 0 <= number < self._grown and _grown_id(number) == node_id else None


def _grown_id(number: int) -> str:
    return f"{_GROWN + number}031"
