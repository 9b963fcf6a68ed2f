"""Checks of request bodies, as Django's serializers make them: 400 with the field's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from amzsync.sandbox.omnitron.replies import invalid, missing_object
from amzsync.sandbox.omnitron.rows import Table


def require(body: Mapping[str, Any], names: Iterable[str]) -> None:
    """Every name is there and neither null nor blank."""
    for name in names:
        if name not in body:
            invalid(name, "This field is required.", "required")
        if body[name] is None:
            invalid(name, "This field may not be null.", "null")
        if body[name] == "":
            invalid(name, "This field may not be blank.", "blank")


def check_lengths(body: Mapping[str, Any], limits: Mapping[str, int]) -> None:
    """Texts are texts and not longer than the column."""
    for name, limit in limits.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            invalid(name, "Not a valid string.")
        if len(value) > limit:
            message = f"Ensure this field has no more than {limit} characters."
            invalid(name, message, "max_length")


def related(table: Table[Any], name: str, pk: Any) -> Any:
    """The row a foreign key names."""
    row = table.get(pk) if isinstance(pk, int) else None
    if row is None:
        missing_object(name, pk)
    return row


def decimal_text(body: Mapping[str, Any], name: str, default: str | None = "0.00") -> str | None:
    """A decimal as the wire writes it: two digits. Texts and numbers are taken."""
    value = body.get(name)
    if value is None:
        return default
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        invalid(name, "A valid number is required.")
    if not number.is_finite():
        invalid(name, "A valid number is required.")
    return f"{number:.2f}"
