"""Products of the channel's catalog.

Source: omnitron-api.md §2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amzsync.omnitron.api import Api
from amzsync.omnitron.assumptions import PAGE_LIMIT, SIMPLE_PRODUCT
from amzsync.omnitron.models.products import Product
from amzsync.omnitron.operations import (
    LIST_PRODUCT_INSERTS,
    LIST_PRODUCT_UPDATES,
    LIST_PRODUCTS,
)
from amzsync.omnitron.paging import Page

_SIMPLE = {"product_type": SIMPLE_PRODUCT}


class Products:
    """The products of the channel.

    `inserts` and `updates` shrink as their rows are committed: ask for page 1 again then, for a
    later page only past rows that were left alone.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def inserts(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[Product]:
        """One page of the simple products never sent, by id."""
        return self._api.page(LIST_PRODUCT_INSERTS, Product, _SIMPLE, page=page, limit=limit)

    def updates(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[Product]:
        """One page of the simple products changed since they were sent, by id."""
        return self._api.page(LIST_PRODUCT_UPDATES, Product, _SIMPLE, page=page, limit=limit)

    def catalog(self) -> Iterator[Page[Product]]:
        """Every page of the simple products of the catalog, inactive ones too, by id."""
        for page in self._api.walk(LIST_PRODUCTS, Product, _SIMPLE):
            yield page.keep(lambda product: product.product_type == SIMPLE_PRODUCT)

    def by_pks(self, pks: Iterable[int]) -> Page[Product]:
        """The products with these keys."""
        wanted = set(pks)
        found = self._api.page_by(LIST_PRODUCTS, Product, "pk", wanted)
        return found.keep(lambda product: product.pk in wanted)

    def by_skus(self, skus: Iterable[str]) -> Page[Product]:
        """The products with these SKUs."""
        wanted = set(skus)
        found = self._api.page_by(LIST_PRODUCTS, Product, "sku", wanted)
        return found.keep(lambda product: product.sku in wanted)

    def by_base_codes(self, base_codes: Iterable[str]) -> Page[Product]:
        """The simple products with these base codes: the members of their families."""
        wanted = set(base_codes)
        found = self._api.page_by(LIST_PRODUCTS, Product, "base_code", wanted, _SIMPLE)
        return found.keep(lambda product: product.base_code in wanted)
