"""The browse tree report over real HTTP."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from tests.unit.sandbox.amazon_api import TURKIYE, Api

KIND = "GET_XML_BROWSE_TREE_DATA"
GERMANY = "A1PA6795UKMFR9"
ROOT, FIRST = "21324944031", "21324945031"
HOME_ROOT, CARE_ROOT = "12466781031", "12467009031"


def links(api: Api, **options: str) -> Any:
    """Id, address and packing of a report with these options."""
    body = {"reportType": KIND, "marketplaceIds": [TURKIYE], "reportOptions": options}
    made = api.call("POST", "/reports/2021-06-30/reports", json=body)
    assert made.status_code == 202, made.text
    api.time.pass_by(90)
    path = f"/reports/2021-06-30/reports/{made.json()['reportId']}"
    report = api.call("GET", path).json()
    assert report["processingStatus"] == "DONE"
    document_id = report["reportDocumentId"]
    return api.call("GET", f"/reports/2021-06-30/documents/{document_id}").json()


def nodes(api: Api, **options: str) -> list[Element]:
    """The nodes of a report, which is small and so not packed."""
    link = links(api, **options)
    assert "compressionAlgorithm" not in link
    return list(fromstring(api.http.get(link["url"]).content))


def path_of(node: Element) -> str:
    return node.findtext("browsePathById") or ""


def ids(found: list[Element]) -> list[str]:
    return [node.findtext("browseNodeId") or "" for node in found]


def test_a_subtree_is_told_flat_and_parents_first(api: Api) -> None:
    found = nodes(api, BrowseNodeId=ROOT, MarketplaceId=TURKIYE)
    seen = {ROOT}
    for node in found:
        *above, own = path_of(node).split(",")
        assert (above[0], above[-1] in seen) == (ROOT, True)
        assert own == node.findtext("browseNodeId")
        seen.add(own)
    first = found[0]
    assert (first.findtext("browseNodeId"), path_of(first)) == (FIRST, f"{ROOT},{FIRST}")
    assert len(found) > 100


def test_children_types_and_counts_fit_together(api: Api) -> None:
    found = nodes(api)
    shown = {node.findtext("browseNodeId"): node for node in found}
    for node in found:
        below = node.find("childNodes")
        assert below is not None
        children = [one.text for one in below]
        assert below.get("count") == str(len(children))
        assert (node.findtext("hasChildren") == "true") == bool(children)
        assert set(children) <= shown.keys()
        assert not (children and node.findtext("productTypeDefinitions"))
    types = {
        name
        for node in found
        for name in (node.findtext("productTypeDefinitions") or "").split(",")
        if name
    }
    assert types == {one.name for one in api.sandbox.world.amazon.types}
    assert len(types) == 40


def test_names_have_commas_and_store_names_may_be_empty(api: Api) -> None:
    found = nodes(api, BrowseNodeId=ROOT)
    names = [node.findtext("browseNodeName") or "" for node in found]
    assert any("," in name for name in names)
    assert any("ş" in name for name in names)
    stores = {bool(node.findtext("browseNodeStoreContextName")) for node in found}
    assert stores == {True, False}
    assert any(
        len((node.findtext("browsePathByName") or "").split(",")) > len(path_of(node).split(","))
        for node in found
    )


def test_a_node_under_several_parents_is_told_once_for_each_path(api: Api) -> None:
    found = nodes(api)
    paths: dict[str, set[str]] = {}
    for node in found:
        paths.setdefault(node.findtext("browseNodeId") or "", set()).add(path_of(node))
    several = {key: places for key, places in paths.items() if len(places) > 1}
    roots = [{path.partition(",")[0] for path in places} for places in several.values()]
    assert len(found) == sum(len(places) for places in paths.values())
    assert {HOME_ROOT, CARE_ROOT} in roots
    assert {ROOT, CARE_ROOT} in roots


def test_asking_for_a_node_gives_it_and_what_lies_below(api: Api) -> None:
    whole = nodes(api, BrowseNodeId=ROOT)
    below = nodes(api, BrowseNodeId=FIRST)
    assert [path_of(node) for node in below] == [path_of(node) for node in whole]
    branch = below[1].findtext("browseNodeId") or ""
    inside = nodes(api, BrowseNodeId=branch)
    assert ids(inside)[0] == branch
    assert all(f",{branch}" in path_of(node) for node in inside)
    assert len(inside) < len(below)


def test_an_unknown_id_and_another_marketplace_give_a_report_without_nodes(api: Api) -> None:
    assert nodes(api, BrowseNodeId="1") == []
    assert nodes(api, BrowseNodeId=ROOT, MarketplaceId=GERMANY) == []


def test_root_nodes_only_wins_over_the_node_asked_for(api: Api) -> None:
    assert ids(nodes(api, RootNodesOnly="true", BrowseNodeId="1")) == [
        FIRST,
        "12466782031",
        "12467010031",
    ]


def test_a_marketplace_that_is_not_the_sellers_is_refused(api: Api) -> None:
    body = {
        "reportType": KIND,
        "marketplaceIds": [TURKIYE],
        "reportOptions": {"MarketplaceId": "ATVPDKIKX0DER"},
    }
    assert api.call("POST", "/reports/2021-06-30/reports", json=body).status_code == 400


def test_nodes_are_added_renamed_and_removed(api: Api) -> None:
    added = api.control(
        "POST",
        "amazon/browse/add",
        {"parent": FIRST, "name": "Yağmurluk", "product_types": ["HAT"]},
    )["result"]
    api.control(
        "POST", "amazon/browse/rename", {"node_id": added, "name": "Yağmurluklar & Şemsiyeler"}
    )
    (node,) = nodes(api, BrowseNodeId=added)
    assert node.findtext("browseNodeName") == "Yağmurluklar & Şemsiyeler"
    assert node.findtext("productTypeDefinitions") == "HAT"
    assert added in ids(nodes(api, BrowseNodeId=ROOT))
    api.control("POST", "amazon/browse/remove", {"node_id": added})
    assert nodes(api, BrowseNodeId=added) == []
    assert added not in ids(nodes(api, BrowseNodeId=ROOT))


def test_removing_a_node_keeps_what_lies_elsewhere_too(api: Api) -> None:
    browse = api.sandbox.world.amazon.browse
    shared = next(node for node in browse if node.name == "Kahve Makineleri")
    parents = [node for node in browse if shared.id in node.children]
    assert len(parents) == 2
    browse.remove(parents[0].id)
    assert [len(path) for path in browse.walk(shared.id)] != []
    browse.remove(parents[1].id)
    assert list(browse.walk(shared.id)) == []
    with pytest.raises(KeyError):
        browse.remove(shared.id)


def unpacked(api: Api, url: str) -> Iterator[bytes]:
    """The packed document behind an address, piece by piece."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with api.http.stream("GET", url) as answer:
        assert "content-encoding" not in answer.headers
        for piece in answer.iter_raw():
            yield unpack.decompress(piece)


def test_a_grown_tree_is_packed_and_has_every_node(api: Api) -> None:
    before = len(nodes(api, BrowseNodeId=ROOT))
    api.sandbox.world.amazon.browse.grow(3000)
    link = links(api, BrowseNodeId=ROOT)
    assert link["compressionAlgorithm"] == "GZIP"
    found = list(fromstring(b"".join(unpacked(api, link["url"]))))
    assert len(found) == before + 3000
    assert len({path_of(node) for node in found}) == len(found)
    leaves = [node for node in found if node.findtext("hasChildren") == "false"]
    assert all(node.findtext("productTypeDefinitions") for node in leaves[-2900:])
    above = {child.text for node in found for child in node.find("childNodes") or ()}
    assert {key for key in ids(found) if key.startswith("4")} - above == {"40000000031"}


def test_a_grown_tree_that_changed_is_told_as_it_is_now(api: Api) -> None:
    browse = api.sandbox.world.amazon.browse
    browse.grow(1200)
    browse.rename(FIRST, "Moda")
    link = links(api, BrowseNodeId=ROOT)
    content = gzip.decompress(api.http.get(link["url"]).content)
    assert "<browseNodeName>Moda</browseNodeName>" in content.decode()
    assert content.count(b"<Node>") > 1200


def test_a_download_of_a_file_breaks_off_when_told_to(api: Api) -> None:
    api.sandbox.world.amazon.browse.grow(1200)
    link = links(api, BrowseNodeId=ROOT)
    whole = api.http.get(link["url"]).content
    api.sandbox.faults.add("truncated", "downloadDocument")
    half = api.http.get(link["url"]).content
    assert 0 < len(half) < len(whole)
    assert whole.startswith(half)


def test_both_kinds_are_told_on_the_control_endpoint(api: Api) -> None:
    counted = api.control("GET", "state")["amazon"]
    rows = api.control("GET", "state?side=amazon&kind=browse")
    assert (counted["browse"], counted["types"]) == (len(rows) - 3, 40)
