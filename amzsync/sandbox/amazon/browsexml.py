"""Browse nodes as GET_XML_BROWSE_TREE_DATA has them: a flat list of XML, parents first.

Source: the browse tree report's reference and the parsers of its readers; the inner shape of the
refinements is in no source that was read and is the sandbox's choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.browsetree import Path

_NODES_A_CHUNK = 500


def document(paths: Iterator[Path]) -> Iterator[bytes]:
    """The document of these nodes, piece by piece."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<Result>\n'
    while chunk := list(islice(paths, _NODES_A_CHUNK)):
        yield "".join(map(_node, chunk)).encode()
    yield b"</Result>\n"


def _node(path: Path) -> str:
    node = path[-1]
    children = "".join(f"<id>{child}</id>" for child in node.children)
    keyword = node.product_types[0].lower() if node.product_types else ""
    attributes = f'<attribute name="item_type_keyword">{keyword}</attribute>' if keyword else ""
    return (
        "<Node>"
        f"<browseNodeId>{node.id}</browseNodeId>"
        f'<browseNodeAttributes count="{int(bool(keyword))}">{attributes}</browseNodeAttributes>'
        f"<browseNodeName>{escape(node.name)}</browseNodeName>"
        f"<browseNodeStoreContextName>{escape(node.store_name)}</browseNodeStoreContextName>"
        f"<browsePathById>{','.join(one.id for one in path)}</browsePathById>"
        f"<browsePathByName>{escape(','.join(one.name for one in path))}</browsePathByName>"
        f"<hasChildren>{'true' if node.children else 'false'}</hasChildren>"
        f'<childNodes count="{len(node.children)}">{children}</childNodes>'
        f"<productTypeDefinitions>{','.join(node.product_types)}</productTypeDefinitions>"
        f"{_refinements(keyword)}"
        "</Node>\n"
    )


def _refinements(keyword: str) -> str:
    if not keyword:
        return '<refinementsInformation count="0"/>'
    return (
        '<refinementsInformation count="1"><refinementName name="Renk"><refinementField>'
        "<acceptedValues>Siyah</acceptedValues><hasModifier>false</hasModifier><modifiers/>"
        "<refinementAttribute>color</refinementAttribute>"
        "</refinementField></refinementName></refinementsInformation>"
    )
