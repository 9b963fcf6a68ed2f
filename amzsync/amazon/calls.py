"""What the sections share: one call of the seller account, its reply read, pages followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from amzsync.amazon.auth import REFUSAL_CAUSES, LoginError
from amzsync.errors import AuthError, ProtocolError
from amzsync.http.operation import Operation, Reply
from amzsync.http.session import Session
from amzsync.redaction import validation_problems

M = TypeVar("M", bound=BaseModel)

Query = Sequence[tuple[str, str]]


class Calls:
    """Requests of one seller account in one marketplace."""

    def __init__(self, session: Session, seller_id: str, marketplace_id: str) -> None:
        self.session = session
        self.seller_id = seller_id
        self.marketplace_id = marketplace_id

    def call(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Query = (),
        json: object = None,
        reserve: int = 0,
        max_wait: float | None = None,
    ) -> Reply:
        """See Session.call. Errors: an AuthError names what may be behind a lasting refusal."""
        try:
            return self.session.call(
                operation, path=path, query=query, json=json, reserve=reserve, max_wait=max_wait
            )
        except LoginError:
            raise
        except AuthError as error:
            raise AuthError(f"{error}; {REFUSAL_CAUSES}") from error

    def pages(self, operation: Operation, query: Query) -> Iterator[Reply]:
        """All pages of getFeeds or getReports; nextToken has to stand alone (sp-api.md §2.4.6).

        Errors: ProtocolError when a token comes twice, which would never end.
        """
        seen: set[str] = set()
        while True:
            reply = self.call(operation, query=query)
            yield reply
            token = reply.data.get("nextToken")
            if not token:
                return
            if token in seen:
                raise ProtocolError(
                    "the same page token came twice",
                    operation=operation.name,
                    status=reply.status,
                    request_id=reply.request_id,
                )
            seen.add(token)
            query = [("nextToken", token)]


def read(model: type[M], operation: Operation, reply: Reply) -> M:
    """The reply as its model. Errors: ProtocolError naming the fields, never their values."""
    try:
        return model.model_validate(reply.data)
    except ValidationError as error:
        # Not chained: pydantic's own message repeats the reply, and with it personal data.
        raise ProtocolError(
            f"the reply does not fit its contract: {validation_problems(error)}",
            operation=operation.name,
            status=reply.status,
            request_id=reply.request_id,
        ) from None


def csv(values: Sequence[str]) -> str:
    """A query parameter with several values; none of them may hold a comma."""
    return ",".join(values)


def instant(moment: datetime) -> str:
    """A moment as SP-API takes it: ISO 8601, UTC, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
