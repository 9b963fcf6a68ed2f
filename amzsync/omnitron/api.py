"""One channel's calls: the channel filled in, replies parsed, lists walked.

What every section of the client builds on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from amzsync.errors import OutcomeUnknownError, ProtocolError, RefusedError
from amzsync.http.operation import Operation, Reply
from amzsync.http.session import Session
from amzsync.omnitron.assumptions import PAGE_LIMIT, PAST_THE_END, WALK_LIMIT
from amzsync.omnitron.paging import Malformed, Page, RawPage, filters, pages, raw_page
from amzsync.redaction import validation_problems

M = TypeVar("M", bound=BaseModel)
Query = Mapping[str, str | int]


class Api:
    """Operations of one channel on a session."""

    def __init__(self, session: Session, channel_id: int) -> None:
        self.session = session
        self.channel_id = channel_id

    def send(
        self,
        operation: Operation,
        *,
        pk: int | None = None,
        query: Query | None = None,
        json: object = None,
    ) -> Reply:
        """Send one operation of the channel. Errors: as Session.call."""
        return self.session.call(
            operation,
            path={"channel": str(self.channel_id), "pk": str(pk)},
            query=[(name, str(value)) for name, value in (query or {}).items()],
            json=json,
        )

    def one(
        self, operation: Operation, model: type[M], *, pk: int | None = None, json: object = None
    ) -> M:
        """The object an operation answers with (A-03).

        Errors: OutcomeUnknownError when a create was accepted and its answer cannot be read, for
        then the object exists; ProtocolError otherwise.
        """
        reply = self.send(operation, pk=pk, json=json)
        try:
            return model.model_validate(reply.data)
        except ValidationError as error:
            unclear = operation.mutates and not operation.repeatable
            kind = OutcomeUnknownError if unclear else ProtocolError
            raise kind(
                f"the reply fits no contract: {validation_problems(error)}",
                operation=operation.name,
                status=reply.status,
                request_id=reply.request_id,
            ) from error

    def update(
        self, change: Operation, read: Operation, model: type[M], pk: int, json: object
    ) -> M:
        """The object after a PATCH; read again where the answer is empty, which is legal (§1.2)."""
        reply = self.send(change, pk=pk, json=json)
        if not reply.data:
            return self.one(read, model, pk=pk)
        return _strict(model, reply.data, change)

    def page(
        self,
        operation: Operation,
        model: type[M],
        query: Query | None = None,
        *,
        page: int = 1,
        limit: int = PAGE_LIMIT,
    ) -> Page[M]:
        """One page, sorted by id. Rows that cannot be read are listed beside those that can."""
        raw = self._fetch(operation, query or {}, page, limit)
        if raw is None:
            return Page(())
        rows, malformed = _lenient(model, raw.rows)
        return Page(rows, raw.count, raw.next is not None and bool(raw.rows), malformed)

    def walk(
        self, operation: Operation, model: type[M], query: Query | None = None
    ) -> Iterator[Page[M]]:
        """Every page of a list, lazily, sorted by id, as large as the server gives them.

        Rows that cannot be read are listed beside those that can.
        """
        for raw in pages(
            lambda number: self._fetch(operation, query or {}, number, WALK_LIMIT), operation.name
        ):
            rows, malformed = _lenient(model, raw.rows)
            yield Page(rows, raw.count, raw.next is not None, malformed)

    def rows(self, operation: Operation, model: type[M], query: Query | None = None) -> Iterator[M]:
        """Every row of a list, lazily, page after page, sorted by id.

        Errors: ProtocolError at a row that cannot be read: leaving it out would say "not there".
        """
        for raw in self._pages(operation, query or {}):
            for row in raw.rows:
                yield _strict(model, row, operation)

    def rows_by(
        self,
        operation: Operation,
        model: type[M],
        field: str,
        values: Iterable[str | int],
        query: Query | None = None,
    ) -> Iterator[M]:
        """Every row whose field has one of the values, asked for in chunks. Errors: as `rows`.

        More may come back where the server ignores the filter, but nothing twice.
        """
        for row in self._raw_by(operation, field, values, query or {}):
            yield _strict(model, row, operation)

    def page_by(
        self,
        operation: Operation,
        model: type[M],
        field: str,
        values: Iterable[str | int],
        query: Query | None = None,
    ) -> Page[M]:
        """As `rows_by`, all at once, with the rows that cannot be read listed beside the others."""
        rows, malformed = _lenient(model, self._raw_by(operation, field, values, query or {}))
        return Page(rows, malformed=malformed)

    def _raw_by(
        self, operation: Operation, field: str, values: Iterable[str | int], query: Query
    ) -> Iterator[Any]:
        seen: set[str] = set()
        for chosen in filters(field, values):
            for raw in self._pages(operation, {**query, **chosen}):
                for row in raw.rows:
                    # An ignored filter gives the same rows for every chunk.
                    identity = repr(_key(row) or row)
                    if identity not in seen:
                        seen.add(identity)
                        yield row

    def _pages(self, operation: Operation, query: Query) -> Iterator[RawPage]:
        return pages(
            lambda number: self._fetch(operation, query, number, PAGE_LIMIT), operation.name
        )

    def _fetch(self, operation: Operation, query: Query, page: int, limit: int) -> RawPage | None:
        asked = {**query, "sort": "id", "limit": limit, "page": page}
        try:
            reply = self.send(operation, query=asked)
        except RefusedError as error:
            if error.status == PAST_THE_END and page > 1:
                return None
            raise
        return raw_page(reply.data, operation.name, reply.request_id)


def create_or_find(create: Callable[[], M], duplicates: Callable[[], Iterable[M]]) -> M:
    """A new row, or the one that is in its way where a server refuses duplicates.

    Errors: the RefusedError when there is none, for then it was refused for another reason.
    """
    try:
        return create()
    except RefusedError:
        found = next(iter(duplicates()), None)
        if found is None:
            raise
        return found


def _strict(model: type[M], row: Any, operation: Operation) -> M:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        raise ProtocolError(
            f"a row fits no contract: {validation_problems(error)}", operation=operation.name
        ) from error


def _lenient(
    model: type[M], raw_rows: Iterable[Any]
) -> tuple[tuple[M, ...], tuple[Malformed, ...]]:
    rows: list[M] = []
    malformed: list[Malformed] = []
    for row in raw_rows:
        try:
            rows.append(model.model_validate(row))
        except ValidationError as error:
            malformed.append(_malformed(row, validation_problems(error)))
    return tuple(rows), tuple(malformed)


def _malformed(row: object, problem: str) -> Malformed:
    pk = _key(row)
    modified_date = row.get("modified_date") if isinstance(row, dict) else None
    return Malformed(
        pk if isinstance(pk, int) else None,
        modified_date if isinstance(modified_date, str) else None,
        problem,
    )


def _key(row: object) -> object:
    return row.get("pk", row.get("id")) if isinstance(row, dict) else None
