"""Lists: filters, sorting and paging as Omnitron's Django views do them.

A filter nobody knows is ignored, so everything comes back; a repeated parameter means "any of";
without `sort` rows come in no promised order. Source: omnitron-api §1.4, §1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any
from urllib.parse import urlencode

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.replies import RefusedError, invalid
from amzsync.sandbox.omnitron.rows import Row, Table, moment_of

DEFAULT_LIMIT = 10
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_MEMORY = 8  # listings remembered at a time


@dataclass(frozen=True, slots=True)
class Field:
    """A filter: the row's key, or a function of the row giving all its values, and the type."""

    source: str | Callable[[Any], Iterable[Any]]
    parse: Callable[[str], Any] = str

    def values(self, row: Row) -> Iterable[Any]:
        """The values of the row that the filter looks at."""
        return (row[self.source],) if isinstance(self.source, str) else self.source(row)


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter of a request, with its parsed values."""

    field: Field
    lookup: str
    values: tuple[Any, ...]

    def holds(self, row: Row) -> bool:
        """Whether the row passes."""
        return any(self._matches(value) for value in self.field.values(row) if value is not None)

    def _matches(self, value: Any) -> bool:
        if self.lookup in ("exact", "in"):
            return value in self.values
        if self.lookup == "iexact":
            return upper(str(value)) in self.values
        day, _, ordering = self.lookup.rpartition("__")
        compared = value[:10] if day else value
        return any(_ORDERINGS[ordering](compared, wanted) for wanted in self.values)


def boolean(text: str) -> bool:
    """A boolean as requests encodes Python's."""
    return text.lower() in ("true", "1")


def ints(**names: str) -> dict[str, Field]:
    """Filters on integer fields: query name to row key."""
    return {name: Field(source, int) for name, source in names.items()}


def texts(*names: str) -> dict[str, Field]:
    """Filters on text fields of the same name."""
    return {name: Field(name) for name in names}


def dates(*names: str) -> dict[str, Field]:
    """Filters on moments of the same name."""
    return {name: Field(name, moment_of) for name in names}


PK: Fields = ints(pk="pk", id="pk")


def upper(text: str) -> str:
    """What PostgreSQL's UPPER gives outside a Turkish locale, which `iexact` compares.

    i, ı and I meet; İ stays apart from all three. One letter stays one letter (no ß to SS).
    """
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)


def conditions(request: Request, fields: Fields) -> list[Condition]:
    """The filters of a request that the resource knows."""
    known = (_condition(name, texts, fields) for name, texts in sorted(request.query.items()))
    return [each for each in known if each is not None]


def _condition(name: str, texts: list[str], fields: Fields) -> Condition | None:
    field, lookup = fields.get(name), "exact"
    if field is None:
        for suffix in ("exact", "iexact", "in", *_ORDERINGS, *(f"date__{o}" for o in _ORDERINGS)):
            stem = name.removesuffix(f"__{suffix}")
            if stem != name and stem in fields:
                field, lookup = fields[stem], suffix
    if lookup == "in":
        texts = [part for text in texts for part in text.split(",")]
    texts = [text for text in texts if text]
    if not texts:
        return None  # django-filter takes a blank value for no filter: everything comes back
    if field is None:
        return _json_condition(name, texts) if "attributes" in fields else None
    parse = field.parse if "date__" not in lookup else _day
    try:
        values = tuple((upper if lookup == "iexact" else parse)(text) for text in texts)
    except ValueError:
        invalid(name, "Enter a valid value.")
    return Condition(field, lookup, values)


def _json_condition(name: str, texts: list[str]) -> Condition | None:
    key = name.removeprefix("attributes__")
    if key == name:
        return None
    return Condition(Field(lambda row: (row["attributes"].get(key),)), "exact", tuple(texts))


def _day(text: str) -> str:
    return moment_of(text)[:10]


def select(table: Table[Any], wanted: Sequence[Condition]) -> list[Any]:
    """The table's rows that pass every condition, through an index where one serves."""
    for index, each in enumerate(wanted):
        name = each.field.source
        if each.lookup in ("exact", "in") and isinstance(name, str) and table.indexes(name):
            found = [row for value in dict.fromkeys(each.values) for row in table.find(name, value)]
            return passing(found, [*wanted[:index], *wanted[index + 1 :]])
    return passing(table, wanted)


def passing(rows: Iterable[Any], wanted: Sequence[Condition]) -> list[Any]:
    """The rows that pass every condition."""
    return [row for row in rows if all(each.holds(row) for each in wanted)]


def ordered(rows: list[Any], request: Request, fields: Fields) -> list[Any]:
    """The rows by the request's `sort`; unchanged without one or for a field unknown."""
    sort = request.first("sort")
    field = fields.get(sort.removeprefix("-"))
    if field is None or not isinstance(field.source, str):
        return rows
    name = field.source

    def place(row: Row) -> tuple[bool, Any]:
        return (row[name] is None, row[name])

    return sorted(rows, key=place, reverse=sort.startswith("-"))


class Memory:
    """The latest listings, so that walking 1,000 pages filters and sorts once, not 1,000 times."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[Any, list[Any]]] = {}

    def recall(self, key: Any, stamp: Any, build: Callable[[], list[Any]]) -> list[Any]:
        """The listing kept under the key while the stamp is the same, else built anew."""
        kept = self._kept.pop(key, None)
        rows = kept[1] if kept is not None and kept[0] == stamp else build()
        self._kept[key] = (stamp, rows)
        if len(self._kept) > _MEMORY:
            del self._kept[next(iter(self._kept))]
        return rows


def query_key(request: Request) -> tuple[Any, ...]:
    """What makes a listing, whichever page of it is asked."""
    asked = tuple(
        (name, tuple(values))
        for name, values in sorted(request.query.items())
        if name not in ("page", "limit")
    )
    return (request.path, asked)


def page(
    request: Request, rows: Sequence[Any], show: Callable[[Any], Any], *, bare: bool = False
) -> Reply:
    """One page of the rows, or all of them as a bare array.

    Errors: 404 past the end.
    """
    if bare:
        return Reply(200, [show(row) for row in rows])
    limit = _number(request, "limit") or DEFAULT_LIMIT
    number = _number(request, "page") or 1
    start = (number - 1) * limit
    if start and start >= len(rows):
        raise RefusedError(404, {"detail": "Invalid page."})
    body = {
        "count": len(rows),
        "next": _address(request, number + 1) if start + limit < len(rows) else None,
        "previous": _address(request, number - 1) if number > 1 else None,
        "results": [show(row) for row in rows[start : start + limit]],
    }
    return Reply(200, body)


def _number(request: Request, name: str) -> int:
    text = request.first(name)
    if not text:
        return 0
    if not text.isascii() or not text.isdigit():
        raise RefusedError(404, {"detail": "Invalid page."})
    return int(text)


def _address(request: Request, number: int) -> str:
    query = {name: values for name, values in request.query.items() if name != "page"}
    asked = urlencode({**query, "page": [str(number)]}, doseq=True)
    return f"http://{request.headers.get('host', 'localhost')}{request.path}?{asked}"
