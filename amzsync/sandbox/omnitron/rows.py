"""Rows and tables: what Omnitron's database holds, kept in the shape the wire shows.

Dates are 27-character texts (`2023-12-19T08:38:48.476005Z`), so comparing texts compares moments;
decimals are texts. Rows met 100,000 times are slotted records, the others plain dictionaries; both
are read as `row["field"]`. Keys that start with `_` are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar


class Row(Protocol):
    """Anything read and written by field name."""

    def __getitem__(self, name: str, /) -> Any: ...

    def __setitem__(self, name: str, value: Any, /) -> None: ...


R = TypeVar("R", bound=Row)


class Record:
    """A slotted row."""

    __slots__ = ()

    def __getitem__(self, name: str, /) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any, /) -> None:
        setattr(self, name, value)


@dataclass(slots=True, eq=False)
class Product(Record):
    """A product of the catalogue; every channel that sells it shares this row."""

    pk: int
    sku: str
    name: str
    ean: str
    attributes: dict[str, str]
    modified_date: str
    base_code: str = ""
    is_active: bool = True
    product_type: str = "0"
    description: str = ""


@dataclass(slots=True, eq=False)
class Stock(Record):
    """What one stock list says of one product."""

    pk: int
    product: int
    stock: int
    stock_list: int
    modified_date: str
    created_date: str


@dataclass(slots=True, eq=False)
class Price(Record):
    """What one price list says of one product."""

    pk: int
    product: int
    price: str
    price_list: int
    currency_type: str
    modified_date: str
    created_date: str
    retail_price: str | None = None


@dataclass(slots=True, eq=False)
class Image(Record):
    """An image of a product."""

    pk: int
    product: int
    image: str
    modified_date: str
    created_date: str
    order: int = 0


@dataclass(slots=True, eq=False)
class Node(Record):
    """A node of a category tree; a root has no parent."""

    pk: int
    name: str
    parent: int | None
    order: int
    depth: int
    path: str
    modified_date: str
    created_date: str
    numchild: int = 0


@dataclass(slots=True, eq=False)
class Action(Record):
    """An integration action: the link of an object to the marketplace.

    `synced` is the version the last success covered; None when the object was never over there.
    """

    pk: int
    channel: int
    model: str
    object_id: int
    remote_id: str | None
    version_date: str
    modified_date: str
    created_date: str
    status: str | None = None
    local_batch_id: str | None = None
    synced: str | None = None
    state: dict[str, Any] | None = None


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A dictionary row without its private keys."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


class Table(Generic[R]):
    """Rows by key, with an index on each field named; None is not indexed.

    `revision` moves with every change, so that a remembered listing knows when it is stale.
    """

    def __init__(self, *indexed: str, key: str = "pk") -> None:
        self.key = key
        self.rows: dict[int, R] = {}
        self.revision = 0
        self._indexes: dict[str, dict[Any, tuple[int, ...]]] = {name: {} for name in indexed}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows.values())

    def get(self, pk: int | None) -> R | None:
        """The row of that key."""
        return None if pk is None else self.rows.get(pk)

    def indexes(self, name: str) -> bool:
        """Whether `find` answers for that field."""
        return name == self.key or name in self._indexes

    def find(self, name: str, value: Any) -> list[R]:
        """The rows whose indexed field has that value."""
        if name == self.key:
            row = self.rows.get(value)
            return [] if row is None else [row]
        return [self.rows[pk] for pk in self._indexes[name].get(value, ())]

    def add(self, row: R) -> R:
        """Insert a row under its key."""
        pk = row[self.key]
        self.rows[pk] = row
        for name in self._indexes:
            self._put(name, row)
        self.revision += 1
        return row

    def change(self, row: R, **values: Any) -> None:
        """Set fields of a row that is in the table."""
        for name, value in values.items():
            if name in self._indexes and row[name] != value:
                self._drop(name, row)
                row[name] = value
                self._put(name, row)
            else:
                row[name] = value
        self.revision += 1

    def remove(self, row: R) -> None:
        """Take a row out."""
        for name in self._indexes:
            self._drop(name, row)
        del self.rows[row[self.key]]
        self.revision += 1

    def _put(self, name: str, row: R) -> None:
        index, value = self._indexes[name], row[name]
        if value is not None:  # most rows have none, and nobody asks for it
            index[value] = (*index.get(value, ()), row[self.key])

    def _drop(self, name: str, row: R) -> None:
        index, value = self._indexes[name], row[name]
        left = tuple(pk for pk in index.get(value, ()) if pk != row[self.key])
        if left:
            index[value] = left
        else:
            index.pop(value, None)


def moment_text(moment: datetime) -> str:
    """A moment as Omnitron writes it: UTC, always six digits of microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(text: str) -> str:
    """Any ISO 8601 text in Omnitron's spelling; a text without a zone is taken as UTC.

    Errors: ValueError when it is no date.
    """
    moment = datetime.fromisoformat(text)
    return moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
