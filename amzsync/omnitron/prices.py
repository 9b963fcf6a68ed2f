"""Product prices: what changed, and what they are.

Source: omnitron-api.md §2.7, §4.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amzsync.omnitron.api import Api
from amzsync.omnitron.assumptions import PAGE_LIMIT
from amzsync.omnitron.models.products import ProductPrice
from amzsync.omnitron.operations import LIST_PRICE_INSERTS, LIST_PRICE_UPDATES, LIST_PRICES
from amzsync.omnitron.paging import Page


class ProductPrices:
    """The product prices of the channel.

    `inserts` and `updates` shrink as their rows are committed: ask for page 1 again then, for a
    later page only past rows that were left alone.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def inserts(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[ProductPrice]:
        """One page of the prices never sent, by id; their product may not be listed yet."""
        return self._api.page(LIST_PRICE_INSERTS, ProductPrice, page=page, limit=limit)

    def updates(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[ProductPrice]:
        """One page of the prices changed since they were sent, by id."""
        return self._api.page(LIST_PRICE_UPDATES, ProductPrice, page=page, limit=limit)

    def of_list(self, price_list: int) -> Iterator[Page[ProductPrice]]:
        """Every page of one price list, by id."""
        for page in self._api.walk(LIST_PRICES, ProductPrice, {"price_list": price_list}):
            yield page.keep(lambda row: row.price_list in (None, price_list))

    def by_pks(self, pks: Iterable[int]) -> Page[ProductPrice]:
        """The prices with these keys."""
        wanted = set(pks)
        found = self._api.page_by(LIST_PRICES, ProductPrice, "pk", wanted)
        return found.keep(lambda price: price.pk in wanted)

    def by_products(self, product_pks: Iterable[int], price_list: int) -> Page[ProductPrice]:
        """The prices of these products on one price list."""
        wanted = set(product_pks)
        query = {"price_list": price_list}
        found = self._api.page_by(LIST_PRICES, ProductPrice, "product__pk", wanted, query)
        return found.keep(
            lambda price: price.product in wanted and price.price_list in (None, price_list)
        )
