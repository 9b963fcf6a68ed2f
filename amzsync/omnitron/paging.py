"""Lists of Omnitron: both shapes they come in, page after page, and filters by many values.

A page is `{"count", "next", "previous", "results"}` or a bare array, which is everything there is
(omnitron-api.md §1.4). `next` is only read for whether there is more: pages are asked for by
number, so that the token never follows a URL a reply named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from amzsync.errors import ProtocolError

T = TypeVar("T")

CHUNK = 50  # values an `__in` filter, as the reference client asks
_LONGEST = 3000  # encoded characters of one: common servers refuse request lines beyond 4,094


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row that fits no contract: which one, as far as it says, and what is wrong with it."""

    pk: int | None
    modified_date: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of a list, parsed; iterating gives them.

    `count` is the length of the whole list where the server tells, `more` whether another page
    follows. A server may give more rows than were asked for.
    """

    rows: tuple[T, ...]
    count: int | None = None
    more: bool = False
    malformed: tuple[Malformed, ...] = ()

    def __iter__(self) -> Iterator[T]:
        """The rows that could be read."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many rows could be read."""
        return len(self.rows)

    def keep(self, fits: Callable[[T], bool]) -> Page[T]:
        """The page without the rows that do not fit."""
        return replace(self, rows=tuple(row for row in self.rows if fits(row)))


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as it came; `next` is the URL of the following one, None on the last."""

    rows: list[Any]
    count: int | None = None
    next: str | None = None


def raw_page(data: object, operation: str, request_id: str | None = None) -> RawPage:
    """The page a reply holds.

    Errors: ProtocolError when it is no list of either shape, or one of something else than objects.
    """
    if isinstance(data, list):
        page = RawPage(data, len(data))
    elif isinstance(data, dict) and isinstance(data.get("results"), list):
        count = data.get("count")
        page = RawPage(
            data["results"], count if isinstance(count, int) else None, data.get("next") or None
        )
    else:
        raise ProtocolError("the reply is no list", operation=operation, request_id=request_id)
    if not all(isinstance(row, dict) for row in page.rows):
        raise ProtocolError(
            "the reply is no list of objects", operation=operation, request_id=request_id
        )
    return page


def pages(fetch: Callable[[int], RawPage | None], operation: str) -> Iterator[RawPage]:
    """All pages from the first to the last; `fetch` gives page n, None past the end (A-04).

    Errors: ProtocolError when a page or its `next` comes a second time, for that never ends.
    """
    seen: set[str | bytes] = set()
    number = 1
    while (page := fetch(number)) is not None:
        content = hashlib.sha256(json.dumps(page.rows, sort_keys=True).encode()).digest()
        if page.rows and (content in seen or page.next in seen):
            raise ProtocolError(f"page {number} repeats an earlier one", operation=operation)
        yield page
        if not page.rows or page.next is None:
            return
        seen.update((content, page.next))
        number += 1


def filters(field: str, values: Iterable[str | int]) -> Iterator[dict[str, str]]:
    """The filters that together ask for all these values of a field, each value once.

    A value with a comma in it is asked for alone: in a list it would be two.
    """
    chunk: list[str] = []
    length = 0
    for value in dict.fromkeys(str(value) for value in values):
        if not value:
            continue  # an empty filter is no filter: everything would come back
        if "," in value:
            yield {f"{field}__exact": value}
            continue
        size = len(quote(value, safe="")) + len("%2C")
        if chunk and (len(chunk) == CHUNK or length + size > _LONGEST):
            yield {f"{field}__in": ",".join(chunk)}
            chunk, length = [], 0
        chunk.append(value)
        length += size
    if chunk:
        yield {f"{field}__in": ",".join(chunk)}
