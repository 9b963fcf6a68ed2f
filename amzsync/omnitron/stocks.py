"""Product stocks: what changed, and what they are.

Source: omnitron-api.md §2.7, §4.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amzsync.omnitron.api import Api
from amzsync.omnitron.assumptions import PAGE_LIMIT
from amzsync.omnitron.models.products import ProductStock
from amzsync.omnitron.operations import LIST_STOCK_INSERTS, LIST_STOCK_UPDATES, LIST_STOCKS
from amzsync.omnitron.paging import Page


class ProductStocks:
    """The product stocks of the channel.

    `inserts` and `updates` shrink as their rows are committed: ask for page 1 again then, for a
    later page only past rows that were left alone.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def inserts(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[ProductStock]:
        """One page of the stocks never sent, by id; their product may not be listed yet."""
        return self._api.page(LIST_STOCK_INSERTS, ProductStock, page=page, limit=limit)

    def updates(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[ProductStock]:
        """One page of the stocks changed since they were sent, by id."""
        return self._api.page(LIST_STOCK_UPDATES, ProductStock, page=page, limit=limit)

    def of_list(self, stock_list: int) -> Iterator[Page[ProductStock]]:
        """Every page of one stock list, by id."""
        for page in self._api.walk(LIST_STOCKS, ProductStock, {"stock_list": stock_list}):
            yield page.keep(lambda row: row.stock_list in (None, stock_list))

    def by_pks(self, pks: Iterable[int]) -> Page[ProductStock]:
        """The stocks with these keys."""
        wanted = set(pks)
        found = self._api.page_by(LIST_STOCKS, ProductStock, "pk", wanted)
        return found.keep(lambda stock: stock.pk in wanted)

    def by_products(self, product_pks: Iterable[int], stock_list: int) -> Page[ProductStock]:
        """The stocks of these products on one stock list."""
        wanted = set(product_pks)
        query = {"stock_list": stock_list}
        found = self._api.page_by(LIST_STOCKS, ProductStock, "product__pk", wanted, query)
        return found.keep(
            lambda stock: stock.product in wanted and stock.stock_list in (None, stock_list)
        )
