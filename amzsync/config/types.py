"""Kinds of value the settings share; each is read once, here, and typed from then on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Table(BaseModel):
    """A TOML table: typed as written, immutable, no key it does not know.

    Built late, because a table is only ever validated as part of the whole file.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


def _number(value: object) -> object:
    """Omnitron's JSON writes ids as text ("7"), people write numbers."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return value


def _texts(value: object) -> object:
    """A list, or a text with commas or white space between the entries; each entry once."""
    parts = re.split(r"[\s,]+", value.strip(" \t\r\n,")) if isinstance(value, str) else value
    if not isinstance(parts, list):
        return parts
    if all(type(part) in (str, int) for part in parts):
        return tuple(dict.fromkeys(str(part) for part in parts if part != ""))
    return tuple(parts)


def _browse_node(value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("a browse node id has digits only")
    return value


def _utc(value: object) -> object:
    if isinstance(value, str):
        if not _DATE.fullmatch(value.strip()):
            raise ValueError("must look like 2024-08-29T14:30:00Z (UTC)")
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("is not a date of the calendar") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("lacks its time zone; end it with Z or +03:00")
        return value.astimezone(UTC)
    return value


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("must look like 2026-01-31") from None
    return value.date() if isinstance(value, datetime) else value


def split_url(value: str) -> SplitResult:
    """The parts of a URL we may call: https, or plain http on this machine.

    Errors: ValueError that says what is wrong, without repeating the value.
    """
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if not host or parts.scheme not in ("https", "http"):
        raise ValueError("must be a URL that starts with https://")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("must start with https://; plain http is for this machine only")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or a password")
    return parts


def _url(value: str) -> str:
    parts = split_url(value)
    if parts.query or parts.fragment:
        raise ValueError("must end before ? and #")
    return value.rstrip("/")


def _secret_url(value: SecretStr) -> SecretStr:
    split_url(value.get_secret_value())
    return value


def _number_format(value: str) -> str:
    groups = ("{n1}", "{n2}", "{n3}")
    rest = value
    for group in groups:
        rest = rest.replace(group, "")
    if "{" in rest or "}" in rest:
        raise ValueError("may hold no braces but {n1}, {n2} and {n3}")
    if value and not all(group in value for group in groups):
        raise ValueError("must hold all of {n1}, {n2} and {n3}, or two orders could share a number")
    return value


def _email_pattern(value: str) -> str:
    rest = value.replace("{order_id}", "x")
    if "{" in rest or "}" in rest or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", rest):
        raise ValueError("must be an e-mail address; {order_id} is the one placeholder")
    return value


OmnitronId = Annotated[int, BeforeValidator(_number), Field(gt=0)]
OmnitronIds = Annotated[tuple[OmnitronId, ...], BeforeValidator(_texts)]
BrowseNodeIds = Annotated[
    tuple[Annotated[str, AfterValidator(_browse_node)], ...], BeforeValidator(_texts)
]
UtcTime = Annotated[datetime, BeforeValidator(_utc)]
Day = Annotated[date, BeforeValidator(_day)]
Url = Annotated[str, AfterValidator(_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
OrderNumberFormat = Annotated[str, AfterValidator(_number_format)]
EmailPattern = Annotated[str, AfterValidator(_email_pattern)]
Percent = Annotated[int, Field(ge=1, le=100)]
