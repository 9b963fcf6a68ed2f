"""The building blocks of Omnitron's models: keys, references, times, amounts, bounded texts.

Rows name their key `pk`, some `id`; a foreign key is a number or the object it points to
(omnitron-api.md §1.3, §2.8). Fields we do not know are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from amzsync.omnitron.assumptions import CENT


class Row(BaseModel):
    """A payload. Its validation errors never show the value that is wrong."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        """Which fields may be null is documented for few of them: null takes the default."""
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data


class PrivateRow(Row):
    """A payload with buyer data or secrets: its repr shows the key and nothing else."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """The key alone, so that a log line or a traceback gives nothing away."""
        return [("pk", self.__dict__["pk"])] if "pk" in self.__dict__ else []


def _key_of(value: object) -> object:
    if isinstance(value, dict):
        return value.get("pk", value.get("id"))
    return value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _is_time(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        # without the cause, which repeats the text, and the text may be in the wrong field
        raise ValueError("not a time") from None
    return value


def _none_for_blank(value: object) -> object:
    return None if value == "" else value


def amount_text(value: Decimal) -> str:
    """An amount as Omnitron takes it: a string with two digits (A-02)."""
    return str(value.quantize(CENT, ROUND_HALF_UP))


def cut(length: int) -> Callable[[str], str]:
    """A validator that shortens a text to so many characters."""

    def shorten(value: str) -> str:
        return value[:length]

    return shorten


def moment(text: str) -> datetime:
    """The moment a timestamp names, aware, UTC."""
    return _utc(datetime.fromisoformat(text))


Key = Annotated[int, Field(validation_alias=AliasChoices("pk", "id"))]
OptionalKey = Annotated[int | None, Field(validation_alias=AliasChoices("pk", "id"))]
Ref = Annotated[int, BeforeValidator(_key_of)]
OptionalRef = Annotated[int | None, BeforeValidator(_key_of)]
# Kept as the text it came in: Omnitron compares version dates to the microsecond, so what was read
# has to go back unchanged (omnitron-api.md §4.2).
Timestamp = Annotated[str, AfterValidator(_is_time)]
Time = Annotated[datetime, AfterValidator(_utc)]
OptionalTime = Annotated[Time | None, BeforeValidator(_none_for_blank)]
Amount = Annotated[Decimal, PlainSerializer(amount_text, return_type=str, when_used="json")]
OptionalAmount = Annotated[Amount | None, BeforeValidator(_none_for_blank)]

Text20 = Annotated[str, AfterValidator(cut(20))]
Text64 = Annotated[str, AfterValidator(cut(64))]
Text128 = Annotated[str, AfterValidator(cut(128))]
Text160 = Annotated[str, AfterValidator(cut(160))]
Text254 = Annotated[str, AfterValidator(cut(254))]
Text255 = Annotated[str, AfterValidator(cut(255))]
Text256 = Annotated[str, AfterValidator(cut(256))]
Text320 = Annotated[str, AfterValidator(cut(320))]
Text512 = Annotated[str, AfterValidator(cut(512))]


class Versioned(Row):
    """A row whose changes Omnitron tracks by its `modified_date`."""

    pk: Key
    modified_date: Timestamp

    @property
    def modified_at(self) -> datetime:
        """When it was last changed, for comparing; send `modified_date` back, never this."""
        return moment(self.modified_date)
