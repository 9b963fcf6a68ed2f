"""Error replies in the shapes Omnitron uses, raised from handlers. Source: omnitron-api §1.6."""

from __future__ import annotations

from typing import Any, Never

from amzsync.sandbox.http import Reply, Request


class RefusedError(Exception):
    """Ends a handler with an error reply."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.reply = Reply(status, body)


def invalid(field: str, message: str, code: str = "invalid") -> Never:
    """400: a field is missing or wrong, or names an object that is not there."""
    raise RefusedError(400, {field: [message], "code": code})


def missing_object(field: str, pk: Any) -> Never:
    """400: a foreign key without its object."""
    invalid(field, f'Invalid pk "{pk}" - object does not exist.', "does_not_exist")


def refused(message: str, code: str = "not_acceptable") -> Never:
    """406: a business rule says no; `non_field_errors` is a string here, not a list."""
    raise RefusedError(406, {"non_field_errors": message, "code": code})


def not_found() -> Never:
    """404: no such object."""
    raise RefusedError(404, {"detail": "Not found."})


def unauthorized(message: str, code: str) -> Never:
    """401: no token, or one that is not valid any more."""
    raise RefusedError(401, {"detail": message, "code": code})


def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object."""
    try:
        body = request.json()
    except ValueError:
        raise RefusedError(400, {"detail": "JSON parse error", "code": "parse_error"}) from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        invalid("non_field_errors", "Invalid data. Expected a dictionary.")
    return body


def pk_of(request: Request, name: str = "pk") -> int:
    """A key from the path; anything that is no number is no object."""
    text = request.params[name]
    if not text.isascii() or not text.isdigit():
        not_found()
    return int(text)
