"""The channel, its catalog, products, stocks and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx

from .omnitron_fakes import CHANNEL, MOMENT, Omnitron, client


def product(pk: int, **fields: Any) -> dict[str, Any]:
    return {"pk": pk, "sku": f"SKU-{pk}", "product_type": "0", "modified_date": MOMENT} | fields


def stock(pk: int, **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "product": pk, "stock": 46, "stock_list": 4, "modified_date": MOMENT}
    return row | fields


def price(pk: int, **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "product": pk, "price": "62.44", "currency_type": "try", "price_list": 1}
    return row | {"modified_date": MOMENT} | fields


CHANNEL_ROW = {"pk": CHANNEL, "name": "Amazon", "catalog": 1, "category_tree": None}
CHANNEL_ROW |= {"is_active": True, "conf": {}, "schema": {"a": {"key": "a"}}}


def test_the_channel_shows_its_catalog_and_form(omnitron: Omnitron) -> None:
    omnitron.answer("GET", f"/channels/{CHANNEL}/", httpx.Response(200, json=CHANNEL_ROW))
    channel = client().channels.get()
    assert (channel.catalog, channel.category_tree, channel.is_active) == (1, None, True)
    assert channel.conf_schema == {"a": {"key": "a"}}


def test_the_channel_takes_a_tree_and_a_whole_form(omnitron: Omnitron) -> None:
    path = f"/channels/{CHANNEL}/"
    omnitron.answer("PATCH", path, httpx.Response(200, json=CHANNEL_ROW))
    client().channels.set_category_tree(24)
    client().channels.set_schema({"b": {"key": "b"}})
    assert omnitron.bodies("PATCH", path) == [
        {"category_tree": 24},
        {"schema": {"b": {"key": "b"}}},
    ]


def test_a_catalog_names_its_lists(omnitron: Omnitron) -> None:
    row = {"pk": 1, "name": "c", "stock_list": 4, "price_list": None, "extra_stock_lists": [5]}
    omnitron.answer("GET", "/catalogs/1/", httpx.Response(200, json=row))
    catalog = client().catalogs.get(1)
    assert (catalog.stock_list, catalog.price_list, catalog.extra_stock_lists) == (4, None, (5,))


def test_dirty_products_are_simple_ones(omnitron: Omnitron) -> None:
    for path in ("products/inserts/", "products/updates/"):
        omnitron.rows(path, [product(1)])
    assert [row.pk for row in client().products.inserts()] == [1]
    assert [row.pk for row in client().products.updates(page=1, limit=50)] == [1]
    assert [request.url.params["limit"] for request in omnitron.requests] == ["100", "50"]
    assert omnitron.queries("products/inserts/") == [{"product_type": "0"}]
    assert omnitron.queries("products/updates/") == [{"product_type": "0"}]


def test_products_are_found_by_key_and_sku_and_checked_again(omnitron: Omnitron) -> None:
    omnitron.rows("products/", [product(1), product(2), product(3)])
    assert [row.pk for row in client().products.by_pks([1, 3])] == [1, 3]
    assert [row.pk for row in client().products.by_skus(["SKU-2", "SKU-9"])] == [2]


def test_the_catalog_is_read_in_large_pages_and_tells_broken_rows_apart(omnitron: Omnitron) -> None:
    rows = [product(1), product(2, product_type="1"), {"pk": 4}, product(3, is_active=False)]
    omnitron.rows("products/", rows)
    (page,) = client().products.catalog()
    assert [row.pk for row in page] == [1, 3]
    assert [broken.pk for broken in page.malformed] == [4]
    assert omnitron.requests[0].url.params["limit"] == "500"


def test_stocks_of_products_are_those_of_one_list(omnitron: Omnitron) -> None:
    omnitron.rows("product_stocks/", [stock(1), stock(2, stock_list=5), stock(3)])
    found = client().stocks.by_products([1, 2], 4)
    assert [(row.pk, row.stock) for row in found] == [(1, 46)]
    assert omnitron.queries("product_stocks/") == [
        {"stock_list": "4", "product__pk__in": "1,2"},
    ]


def test_stocks_of_several_chunks_come_once_each_though_the_filter_is_ignored(
    omnitron: Omnitron,
) -> None:
    omnitron.rows("product_stocks/", [stock(pk) for pk in range(1, 131)])
    found = client().stocks.by_pks(range(1, 121))
    assert [row.pk for row in found] == list(range(1, 121))
    asked = [len(query["pk__in"].split(",")) for query in omnitron.queries("product_stocks/")]
    assert asked == [50, 50, 50, 50, 20, 20]  # two pages each


def test_a_stock_that_cannot_be_read_does_not_hide_the_others(omnitron: Omnitron) -> None:
    omnitron.rows("product_stocks/", [stock(1), stock(2, stock=None), stock(3)])
    found = client().stocks.by_pks([1, 2, 3])
    assert [row.pk for row in found] == [1, 3]
    assert [(row.pk, row.problem) for row in found.malformed] == [(2, "stock: missing")]


def test_prices_of_products_are_those_of_one_list(omnitron: Omnitron) -> None:
    omnitron.rows("product_prices/", [price(1), price(2, price_list=9)])
    found = client().prices.by_products([1, 2], 1)
    assert [(row.pk, row.price) for row in found] == [(1, Decimal("62.44"))]
    assert [row.pk for row in client().prices.by_pks([2])] == [2]


def test_dirty_prices_come_from_two_lists(omnitron: Omnitron) -> None:
    omnitron.rows("product_prices/inserts/", [price(1)])
    omnitron.rows("product_prices/updates/", [price(2)])
    prices = client().prices
    assert ([row.pk for row in prices.inserts()], [row.pk for row in prices.updates()]) == (
        [1],
        [2],
    )
