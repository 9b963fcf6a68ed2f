"""A listing's attributes checked against the JSON Schema of their product type, before sending.

The standard part is JSON Schema 2019-09 and the jsonschema package's; ours are Amazon's keywords
that constrain: `maxUniqueItems` and `minUniqueItems` count instances by their `selectors`,
`minUtf8ByteLength` and `maxUtf8ByteLength` count bytes. `editable`, `hidden` and `enumNames` only
tell. No schema is ever fetched: Amazon's meta-schema is a name, not an address. Source: sp-api.md
§2.9.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from amzsync.amazon.documents import plain_numbers
from amzsync.errors import ProtocolError
from amzsync.mapping.schema_faults import Fault, faults_of, utf8_length

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.protocols import Validator

META_SCHEMA: Final = (
    "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
)


class SchemaCheck:
    """The rules of one product type; making it costs more than using it, so keep it for the run."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _validator(schema)

    def faults(self, attributes: Mapping[str, Any]) -> tuple[Fault, ...]:
        """What is wrong with a listing's attributes; nothing if Amazon should take them.

        Shape: as they are sent, {"brand": [{"value": …, "marketplace_id": …}]}; numbers may be
        Decimals. What a condition requires (if this, then that) is required like anything else.
        Errors: ProtocolError when the schema refers to another, or has a type nobody knows.
        """
        from jsonschema.exceptions import UnknownType
        from referencing.exceptions import Unresolvable

        plain, found = _plain(attributes)
        broken = {fault.attribute for fault in found}
        try:
            for error in self._validator.iter_errors(plain):
                found += (each for each in faults_of(error) if each.attribute not in broken)
        except Unresolvable as error:
            raise ProtocolError(f"a product type's schema refers to {error.ref}") from error
        except UnknownType as error:
            raise ProtocolError(f"a product type's schema has the type {error.type}") from error
        return tuple(dict.fromkeys(found))


def _plain(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The attributes with numbers as JSON has them, and a fault for each that it cannot hold."""
    plain: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in attributes.items():
        try:
            plain[name] = plain_numbers(value)
        except ValueError:
            faults.append(Fault(name, f"{name}: a number has more digits than Amazon keeps"))
    return plain, faults


def _validator(schema: Mapping[str, Any]) -> Validator:
    from referencing import Registry
    from referencing.jsonschema import DRAFT201909

    dialect, formats = _dialect()
    # With a registry of its own, jsonschema looks nothing up in the network.
    known = Registry().with_resource(META_SCHEMA, DRAFT201909.create_resource({}))
    return dialect(dict(schema), registry=known, format_checker=formats)


@cache
def _dialect() -> tuple[type[Validator], FormatChecker]:
    """JSON Schema 2019-09 with Amazon's keywords; imported late, for few runs validate anything."""
    from jsonschema import Draft201909Validator, FormatChecker
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def keyword(name: str, holds: Callable[[Any, Any, Any], bool]) -> Callable[..., Any]:
        def check(
            _: Validator, rule: Any, value: Any, schema: Mapping[str, Any]
        ) -> Iterator[ValidationError]:
            if not holds(rule, value, schema):
                yield ValidationError(f"{name} is violated")

        return check

    formats = FormatChecker(formats=())
    formats.checks("date", raises=ValueError)(_is_date)
    formats.checks("date-time", raises=ValueError)(_is_moment)
    checks = {name: keyword(name, holds) for name, holds in _KEYWORDS.items()}
    dialect = extend(Draft201909Validator, checks)  # type: ignore[no-untyped-call]  # in its stubs
    return dialect, formats


def _matches(pattern: str, value: Any, _: Mapping[str, Any]) -> bool:
    """As JSON Schema has it, but a pattern Python cannot read forbids nothing: Amazon will."""
    try:
        return not isinstance(value, str) or re.search(pattern, value) is not None
    except re.error:
        return True


def _is_multiple(rule: float, value: Any, _: Mapping[str, Any]) -> bool:
    """In decimals: by floating point, 0.29 is no multiple of 0.01."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return Decimal(repr(value)) % Decimal(repr(rule)) == 0


def _at_most(rule: int, value: Any, schema: Mapping[str, Any]) -> bool:
    """So many instances with the same selector values, as with bullet points of one language."""
    if not isinstance(value, list):
        return True
    return max(_instances(value, schema.get("selectors", ())).values(), default=0) <= rule


def _instances(rows: list[Any], selectors: Iterable[str]) -> Counter[str]:
    """How often each set of selector values occurs."""
    return Counter(
        json.dumps([row.get(name) for name in selectors], sort_keys=True)
        for row in rows
        if isinstance(row, dict)
    )


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


_KEYWORDS: Final[Mapping[str, Callable[[Any, Any, Any], bool]]] = {
    "maxUniqueItems": _at_most,
    "minUniqueItems": lambda rule, value, _: not isinstance(value, list) or len(value) >= rule,
    "minUtf8ByteLength": lambda rule, value, _: (
        not isinstance(value, str) or utf8_length(value) >= rule
    ),
    "maxUtf8ByteLength": lambda rule, value, _: (
        not isinstance(value, str) or utf8_length(value) <= rule
    ),
    "pattern": _matches,
    "multipleOf": _is_multiple,
}
