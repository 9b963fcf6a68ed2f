"""The categories of a marketplace: what is inside GET_XML_BROWSE_TREE_DATA.

The document is a flat list of nodes, parents first; a node may lie under several parents and then
comes once for each path, so that only path or (id, parent) tell two entries apart. Elements we do
not know are passed over. Source: sp-api.md §2.8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element  # the type only: defusedxml does the parsing

from amzsync.amazon.xml_documents import local_name, rows
from amzsync.errors import ProtocolError

BROWSE_TREE: Final = "GET_XML_BROWSE_TREE_DATA"

_LEVEL_1: Final = 2  # ids in the path of a top category: an invisible root comes before it


@dataclass(frozen=True, slots=True)
class BrowseNode:
    """A category under one of its parents.

    `path`: ids from the invisible root of the store down to the node itself. `parent` is "" for
    that root. `product_types`: what may be sold in it, if it is a leaf.
    """

    id: str
    name: str
    path: tuple[str, ...]
    parent: str
    has_children: bool
    product_types: tuple[str, ...]


def read_browse_tree(path: Path, content_type: str) -> Iterator[BrowseNode]:
    """The nodes of a report one after the other, in a memory that does not grow with it.

    None at all where Amazon does not know the node that was asked for. Errors: ProtocolError when
    the document is no browse tree, is broken or cut off; that may come after some nodes.
    """
    for element in rows(path, content_type, "Result", "Node", "a browse tree report"):
        yield _node(element)


def _node(element: Element) -> BrowseNode:
    texts = {local_name(child): (child.text or "").strip() for child in element}
    ids = _listed(texts.get("browsePathById", ""))
    own = texts.get("browseNodeId") or (ids[-1] if ids else "")
    if not own:
        raise ProtocolError("a node of the browse tree has no id")
    path = ids if ids[-1:] == (own,) else (*ids, own)
    return BrowseNode(
        id=own,
        name=_name(texts, path),
        path=path,
        parent=path[-2] if len(path) > 1 else "",
        has_children=texts.get("hasChildren", "").casefold() == "true",
        product_types=_listed(texts.get("productTypeDefinitions", "")),
    )


def _name(texts: Mapping[str, str], path: tuple[str, ...]) -> str:
    """What people call the node: for a top category the store has a better name, if any."""
    store_name = texts.get("browseNodeStoreContextName", "")
    return (store_name if len(path) <= _LEVEL_1 else "") or texts.get("browseNodeName", "")


def _listed(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
