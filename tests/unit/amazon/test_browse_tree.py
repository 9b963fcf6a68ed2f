"""Browse trees: every node once for each path, whatever else the document holds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.browse_tree import BrowseNode, read_browse_tree
from amzsync.errors import ProtocolError

XML = "text/xml; charset=UTF-8"
EXPECTED = "a browse tree report was expected"


def node(path: str, name: str = "Ayakkabı", *, types: str = "", store: str = "") -> str:
    own = path.rpartition(",")[2]
    return (
        f"<Node><browseNodeId>{own}</browseNodeId>"
        '<browseNodeAttributes count="1"><attribute name="item_type_keyword">shoes</attribute>'
        f"</browseNodeAttributes><browseNodeName>{escape(name)}</browseNodeName>"
        f"<browseNodeStoreContextName>{escape(store)}</browseNodeStoreContextName>"
        f"<browsePathById>{path}</browsePathById><browsePathByName>A, B,C</browsePathByName>"
        f"<hasChildren>{'false' if types else 'true'}</hasChildren>"
        f'<childNodes count="1"><id>99</id></childNodes>'
        f"<productTypeDefinitions>{types}</productTypeDefinitions>"
        '<refinementsInformation count="1"><refinementName name="Renk"><refinementField>'
        "<acceptedValues>a,b</acceptedValues></refinementField></refinementName>"
        "</refinementsInformation></Node>"
    )


def tree(*nodes: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Result>{"".join(nodes)}</Result>'


def read(folder: Path, data: bytes | str, content_type: str = XML) -> list[BrowseNode]:
    path = folder / "tree"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read_browse_tree(path, content_type))


def test_a_node_tells_where_it_is_and_what_is_sold_in_it(tmp_path: Path) -> None:
    (found,) = read(tmp_path, tree(node("1,21,22", "Bot, Çizme & Ayakkabı", types="BOOT, SHOES")))
    assert found == BrowseNode(
        id="22",
        name="Bot, Çizme & Ayakkabı",
        path=("1", "21", "22"),
        parent="21",
        has_children=False,
        product_types=("BOOT", "SHOES"),
    )


def test_nodes_come_in_the_documents_order(tmp_path: Path) -> None:
    found = read(tmp_path, tree(node("1"), node("1,2"), node("1,2,3", types="BOOT")))
    assert [(each.id, each.parent, each.has_children) for each in found] == [
        ("1", "", True),
        ("2", "1", True),
        ("3", "2", False),
    ]


def test_a_node_under_two_parents_comes_once_for_each(tmp_path: Path) -> None:
    found = read(tmp_path, tree(node("1,2,9"), node("1,3,9")))
    assert [(each.id, each.parent) for each in found] == [("9", "2"), ("9", "3")]


def test_a_top_category_has_its_stores_name(tmp_path: Path) -> None:
    nodes = tree(node("1,2", "x", store="Moda"), node("1,3", "Spor"), node("1,2,4", "y", store="z"))
    assert [each.name for each in read(tmp_path, nodes)] == ["Moda", "Spor", "y"]


def test_an_unknown_category_gives_a_report_without_nodes(tmp_path: Path) -> None:
    assert read(tmp_path, tree()) == []
    assert read(tmp_path, "<Result/>") == []


def test_unknown_elements_are_passed_over(tmp_path: Path) -> None:
    odd = "<Header><Node><browseNodeId>7</browseNodeId></Node></Header><!-- note --><Extra/>"
    node_ = "<Node><new><browseNodeId>8</browseNodeId></new><browseNodeId>5</browseNodeId></Node>"
    (found,) = read(tmp_path, tree(odd, node_))
    assert found == BrowseNode("5", "", ("5",), "", False, ())


def test_a_namespace_changes_nothing(tmp_path: Path) -> None:
    document = tree(node("1,2")).replace("<Result>", '<Result xmlns="urn:invented:tree">')
    assert [each.id for each in read(tmp_path, document)] == ["2"]


@pytest.mark.parametrize(
    ("declared", "codec", "content_type"),
    [
        ("UTF-8", "utf-8", XML),
        ("UTF-16", "utf-16", XML),
        ("ISO-8859-9", "iso8859-9", "text/xml; charset=UTF-8"),
        ("", "cp1254", "text/xml; charset=windows-1254"),
        ("", "utf-8-sig", "text/xml"),
    ],
)
def test_the_declaration_names_the_charset_else_the_header(
    tmp_path: Path, declared: str, codec: str, content_type: str
) -> None:
    text = tree(node("1,2", "Çığır şöhret İĞÜ"))
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = head + text.partition("?>")[2].strip()
    assert read(tmp_path, text.encode(codec), content_type)[0].name == "Çığır şöhret İĞÜ"


@pytest.mark.parametrize(
    ("document", "came"),
    [
        ("", "an empty document"),
        ("  \n", "an empty document"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        ("\ufeff<html></html>", "an HTML page"),
        ('{"errors": []}', "JSON"),
        ("browseNodeId,browseNodeName\n1,Ayakkabı\n", "text that is no XML"),
        ("<AmazonEnvelope><Message/></AmazonEnvelope>", "XML of the kind <AmazonEnvelope>"),
        (
            '<!DOCTYPE Result [<!ENTITY a "b">]><Result>&a;</Result>',
            "XML with a document type or entities",
        ),
        (tree(node("1,2"))[:-30], "broken or cut-off XML"),
        ("<Result><Node></Result>", "broken or cut-off XML"),
    ],
)
def test_what_is_no_browse_tree_is_refused_with_what_came(
    tmp_path: Path, document: str, came: str
) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(tmp_path, document)
    assert str(caught.value).startswith(came)
    assert str(caught.value).endswith(EXPECTED)


def test_a_cut_off_document_gives_what_came_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "tree"
    path.write_text(tree(node("1,2"), node("1,3"))[:-200], encoding="utf-8")
    nodes = read_browse_tree(path, XML)
    assert next(nodes).id == "2"
    with pytest.raises(ProtocolError, match="cut-off"):
        list(nodes)


def test_a_node_without_an_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="has no id"):
        read(tmp_path, tree("<Node><browseNodeName>Ayakkabı</browseNodeName></Node>"))


def test_memory_does_not_grow_with_the_document(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / "tree"
        with path.open("w", encoding="utf-8") as out:
            out.write("<Result>")
            out.writelines(node(f"1,2,{number}") for number in range(count))
            out.write("</Result>")
        tracemalloc.start()
        found = sum(1 for _ in read_browse_tree(path, XML))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == count
        return used

    assert peak(3_000) < peak(300) + 200_000


ids = st.integers(1, 10**11).map(str)
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20)


@given(st.lists(st.tuples(st.lists(ids, min_size=1, max_size=6, unique=True), names), max_size=8))
def test_every_node_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[tuple[list[str], str]]
) -> None:
    document = tree(*(node(",".join(path), name) for path, name in nodes))
    found = read(tmp_path_factory.getbasetemp(), document)
    assert [each.path for each in found] == [tuple(path) for path, _ in nodes]
    assert [each.name for each in found] == [name.strip() for _, name in nodes]
    assert [(each.id, each.parent) for each in found] == [
        (path[-1], ["", *path][-2]) for path, _ in nodes
    ]
