"""What all payload models share: names, leniency, money and time.

Amazon adds fields and enum values without notice, so unknown fields are dropped and enumerations
stay plain text. Absent and null mean the same ("no permission or suppressed", sp-api.md §1.6):
empty text, an empty tuple, or None for a number, a time or a sum.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

T = TypeVar("T")


def _none_as_text(value: object) -> object:
    return "" if value is None else value


def _none_as_rows(value: object) -> object:
    return () if value is None else value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no moment a calendar knows in UTC") from None


Text = Annotated[str, BeforeValidator(_none_as_text)]
Rows = Annotated[tuple[T, ...], BeforeValidator(_none_as_rows)]
UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Payload(BaseModel):
    """An object as SP-API sends it: camelCase there, snake_case here, unknown fields dropped."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        defer_build=True,  # a run that fetches nothing should not pay for the schemas
    )


class Money(Payload):
    """A sum with its ISO 4217 currency; SP-API sends the amount as text."""

    amount: Decimal
    currency_code: str
