"""Amazon's spellings: times, error bodies, and the checks every handler begins with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.http import Reply, Request


class ApiError(Exception):
    """A refusal; becomes the error body every current operation has."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def reply(self) -> Reply:
        """The reply it becomes."""
        error = {"code": self.code, "message": self.message, "details": self.details}
        headers = {"x-amzn-errortype": self.code}
        return Reply(self.status, {"errors": [error]}, headers)


def invalid(details: str, code: str = "InvalidInput") -> ApiError:
    """400: the request is at fault."""
    return ApiError(400, code, "Invalid Input", details)


def not_found(details: str, code: str = "NotFound") -> ApiError:
    """404: no such thing."""
    return ApiError(404, code, "Resource not found.", details)


def denied(details: str) -> ApiError:
    """403: the token or the seller may not."""
    return ApiError(403, "Unauthorized", "Access to requested resource is denied.", details)


def xml_error(status: int, code: str, message: str) -> Reply:
    """An error of the document store, which speaks XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Reply(status, body.encode(), {"content-type": "application/xml"})


def iso(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def moment_of(text: object, name: str) -> datetime:
    """A date-time parameter. Errors: 400 unless it is ISO 8601 with an offset."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(f"{name} is not an ISO 8601 date-time.") from None
    if moment.tzinfo is None:
        raise invalid(f"{name} has no time zone.")
    return moment.astimezone(UTC)


def choices(request: Request, name: str, allowed: tuple[str, ...]) -> list[str]:
    """A csv parameter of an enumeration. Errors: 400 for a value outside it."""
    values = request.csv(name)
    if unknown := [value for value in values if value not in allowed]:
        raise invalid(f"{name}: {unknown[0]} is not one of {', '.join(allowed)}.")
    return values


def whole_number(request: Request, name: str, default: int, lowest: int, highest: int) -> int:
    """An integer parameter within bounds. Errors: 400."""
    text = request.first(name, str(default))
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise invalid(f"{name} must be a number from {lowest} to {highest}.")
    return int(text)


def marketplaces(request: Request, *, at_most: int, required: bool = True) -> list[str]:
    """The csv parameter marketplaceIds. Errors: 400 when missing, too many or not the seller's."""
    return known_marketplaces(request.csv("marketplaceIds"), at_most=at_most, required=required)


def known_marketplaces(value: object, *, at_most: int, required: bool = True) -> list[str]:
    """Marketplace ids out of a query or a body. Errors: as `marketplaces`."""
    ids = value if isinstance(value, list) else []
    if required and not ids:
        raise invalid("marketplaceIds is required.")
    if len(ids) > at_most:
        raise invalid(f"marketplaceIds has more than {at_most} entries.")
    if unknown := [one for one in ids if one not in MARKETPLACES]:
        raise invalid(f"Invalid marketplace id: {unknown[0]}.")
    return ids


def json_object(request: Request) -> dict[str, Any]:
    """The body. Errors: 400 unless it is a JSON object."""
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("Request has missing or invalid parameters and cannot be parsed.")
    return body
