"""Rows of many objects from one list, where nobody has proven that its filter works.

A filter the server does not know gives everything back (omnitron-api.md §1.5). That shows in the
first row nobody asked for: then the list is left, and the caller asks for one object at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from pydantic import BaseModel

from amzsync.errors import RefusedError
from amzsync.http.operation import Operation
from amzsync.omnitron.api import Api
from amzsync.omnitron.paging import Malformed, Page, filters

M = TypeVar("M", bound=BaseModel)


class FilteredList(Generic[M]):
    """A list asked for by the values of one field; `key` gives that field of a row."""

    def __init__(
        self, api: Api, operation: Operation, model: type[M], field: str, key: Callable[[M], int]
    ) -> None:
        self._api = api
        self._operation = operation
        self._model = model
        self._field = field
        self._key = key
        self._ignored = False

    def of(self, keys: set[int]) -> Page[M]:
        """The rows of these objects, as far as the list gives them; all on one page.

        Of an object it gives either all rows or none.
        """
        rows: list[M] = []
        malformed: list[Malformed] = []
        for chosen in filters(self._field, sorted(keys)):
            for page in self._pages(chosen, keys):
                rows += page
                malformed += page.malformed
        return Page(tuple(rows), malformed=tuple(malformed))

    def _pages(self, chosen: Mapping[str, str], keys: set[int]) -> list[Page[M]]:
        """All pages of some objects; none as soon as the filter proves unknown."""
        pages: list[Page[M]] = []
        while not self._ignored and (not pages or pages[-1].more):
            try:
                page = self._api.page(self._operation, self._model, chosen, page=len(pages) + 1)
            except RefusedError:
                return []  # a server may also refuse what it does not know
            self._ignored = any(self._key(row) not in keys for row in page)
            pages.append(page)
        return [] if self._ignored else pages
