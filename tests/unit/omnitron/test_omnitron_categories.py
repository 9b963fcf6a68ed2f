"""Category trees and nodes, and the categories of products."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from amzsync.errors import OutcomeUnknownError, RefusedError
from amzsync.omnitron.models.categories import CategoryNode

from .omnitron_fakes import MOMENT, Omnitron, client

NODES = "category_nodes/"
PRODUCT_CATEGORIES = "product_categories/detailed/"
TREE = {"pk": 24, "name": "Tree", "category_root": {"pk": 1, "name": "-", "path": "0001"}}
DUPLICATE = httpx.Response(400, json={"non_field_errors": ["name must be unique"]})


def node(pk: int, **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "name": f"Kategori {pk}", "path": f"0001{pk:04}", "numchild": 0}
    return row | {"modified_date": MOMENT} | fields


def membership(product: int, category: int, pk: int = 0) -> dict[str, Any]:
    key = pk or product * 1000 + category
    return {"pk": key, "product": product, "category": node(category)}


def test_a_tree_is_created_and_read(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "category_trees/", httpx.Response(201, json=TREE))
    omnitron.answer("GET", "category_trees/24/", httpx.Response(200, json=TREE))
    assert client().categories.create_tree("Tree").pk == 24
    assert client().categories.tree(24).category_root.path == "0001"
    assert omnitron.bodies("POST", "category_trees/") == [{"name": "Tree"}]


def test_a_tree_holds_the_nodes_below_its_root(omnitron: Omnitron) -> None:
    omnitron.answer("GET", "category_trees/24/", httpx.Response(200, json=TREE))
    tree = client().categories.tree(24)
    assert tree.holds(CategoryNode(pk=7, path="00010007"))
    assert not tree.holds(CategoryNode(pk=8, path="00020001"))
    assert not tree.holds(tree.category_root)


def test_nodes_are_walked(omnitron: Omnitron) -> None:
    omnitron.rows(NODES, [node(2, numchild=1), node(3), node(4)])
    assert [each.pk for each in client().categories.nodes()] == [2, 3, 4]


def test_a_node_is_created_below_its_parent(omnitron: Omnitron) -> None:
    omnitron.answer("POST", NODES, httpx.Response(201, json=node(9, name="Ayakkabı")))
    assert client().categories.create_node(1, "Ayakkabı").pk == 9
    assert omnitron.bodies("POST", NODES) == [{"node": 1, "name": "Ayakkabı"}]


def test_a_node_that_is_there_already_is_found_by_its_name(omnitron: Omnitron) -> None:
    omnitron.answer("POST", NODES, DUPLICATE)
    children = [{"pk": 8, "name": "Çanta"}, {"pk": 9, "name": "Ayakkabı"}]
    answer = httpx.Response(200, json=node(1) | {"children": children})
    omnitron.answer("GET", "category_nodes/1/detailed/", answer)
    assert client().categories.create_node(1, "Ayakkabı").pk == 9


def test_a_create_cut_off_after_it_was_done_ends_with_one_node(omnitron: Omnitron) -> None:
    omnitron.answer("POST", NODES, httpx.ReadTimeout("cut"), DUPLICATE)
    answer = httpx.Response(200, json=node(1) | {"children": [{"pk": 9, "name": "Ayakkabı"}]})
    omnitron.answer("GET", "category_nodes/1/detailed/", answer)
    assert client().categories.create_node(1, "Ayakkabı").pk == 9


def test_a_refusal_that_is_no_duplicate_stays_a_refusal(omnitron: Omnitron) -> None:
    omnitron.answer("POST", NODES, httpx.Response(400, json={"name": ["too long"]}))
    answer = httpx.Response(200, json=node(1) | {"children": []})
    omnitron.answer("GET", "category_nodes/1/detailed/", answer)
    with pytest.raises(RefusedError, match="too long"):
        client().categories.create_node(1, "Ayakkabı")


def test_a_tree_cut_off_while_it_is_made_is_not_made_again(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "category_trees/", httpx.ReadTimeout("cut"))
    with pytest.raises(OutcomeUnknownError):
        client().categories.create_tree("Tree")
    assert len(omnitron.requests) == 1


def test_a_node_is_renamed_and_touched(omnitron: Omnitron) -> None:
    path = "category_nodes/9/"
    omnitron.answer("PATCH", path, httpx.Response(200, json=node(9, name="Yeni")))
    assert client().categories.rename_node(9, "Yeni").name == "Yeni"
    omnitron.answer("PATCH", path, httpx.Response(200))
    omnitron.answer("GET", path, httpx.Response(200, json=node(9)))
    assert client().categories.touch_node(9).modified_date == MOMENT
    assert omnitron.bodies("PATCH", path) == [{"name": "Yeni"}, {}]


def list_of(rows: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
    """The list as a server gives it that knows both filters."""
    asked = request.url.params.get("product__pk__in") or request.url.params["product"]
    wanted = [row for row in rows if str(row["product"]) in asked.split(",")]
    return httpx.Response(200, json=wanted)


def test_categories_of_many_products_cost_few_calls(omnitron: Omnitron) -> None:
    rows = [membership(pk, 7) for pk in range(1, 100)] + [membership(5, 8)]
    omnitron.answer("GET", PRODUCT_CATEGORIES, lambda request: list_of(rows, request))
    found = client().categories.of_products(range(1, 101))
    assert [each.pk for each in found[5]] == [7, 8]
    assert found[100] == ()  # asked for by itself, to be certain
    assert all(len(found[pk]) == 1 for pk in range(1, 100) if pk != 5)
    assert len(omnitron.requests) == 3


def test_an_ignored_filter_does_not_make_us_read_the_whole_list(omnitron: Omnitron) -> None:
    rows = [membership(pk, 7) for pk in range(1, 1001)]

    def answer(request: httpx.Request) -> httpx.Response:
        if "product" in request.url.params:
            return list_of(rows, request)
        page = {"count": 1000, "next": "https://omnitron.example.com/?page=2"}
        return httpx.Response(200, json=page | {"results": rows[:100]})

    omnitron.answer("GET", PRODUCT_CATEGORIES, answer)
    categories = client().categories
    assert [each.pk for each in categories.of_products([3, 5])[3]] == [7]
    assert len(omnitron.requests) == 3  # the list once, then product by product
    assert [each.pk for each in categories.of_products([999])[999]] == [7]
    assert len(omnitron.requests) == 4


def test_a_filter_the_server_refuses_is_done_without(omnitron: Omnitron) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "product" in request.url.params:
            return list_of([membership(3, 7)], request)
        return httpx.Response(400, json={"detail": "unknown filter"})

    omnitron.answer("GET", PRODUCT_CATEGORIES, answer)
    assert [each.pk for each in client().categories.of_products([3])[3]] == [7]


def test_a_product_twice_in_a_category_is_in_it_once(omnitron: Omnitron) -> None:
    rows = [membership(3, 7, pk=1), membership(3, 7, pk=2)]
    omnitron.answer("GET", PRODUCT_CATEGORIES, lambda request: list_of(rows, request))
    assert [each.pk for each in client().categories.of_products([3])[3]] == [7]
