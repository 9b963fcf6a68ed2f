"""A small JSON Schema checker, for the keywords the sandbox's own schemas use, and Amazon's own.

Not a general one: `KNOWN` says what it understands, and a test that the planted schemas keep to it.
Source: JSON Schema 2019-09; for maxUniqueItems Amazon's example validators, which count how often
each set of selector values occurs. Defaults, titles, formats and the like assert nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
Rule = Any

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "object": (dict,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a schema has against a value: the keyword, its rule, and where in the whole.

    A missing member is named by `path`; of an anyOf, `branches` has the faults of each branch.
    """

    path: Path
    keyword: str
    rule: Any
    value: Any
    branches: tuple[tuple[Fault, ...], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the checker stands: the schema around a keyword, the whole schema, the path."""

    schema: dict[str, Any]
    root: dict[str, Any]
    path: Path

    def below(self, rule: Any, value: Any, *steps: str | int) -> Iterator[Fault]:
        return _faults(rule, value, self.root, (*self.path, *steps))


def faults(schema: dict[str, Any], value: Any) -> list[Fault]:
    """Everything a schema has against a value."""
    return list(_faults(schema, value, schema, ()))


def part_faults(schema: dict[str, Any], name: str, value: Any) -> list[Fault]:
    """What a schema has against the value of one of its properties."""
    return list(_faults(schema["properties"][name], value, schema, (name,)))


def _faults(rule: Any, value: Any, root: dict[str, Any], path: Path) -> Iterator[Fault]:
    if rule is False:
        yield Fault(path, "false", rule, value)
    if not isinstance(rule, dict):
        return
    place = _Place(rule, root, path)
    for keyword, check in _CHECKS.items():
        if keyword in rule:
            yield from check(place, rule[keyword], value)


def _holds(place: _Place, rule: Any, value: Any) -> bool:
    return next(place.below(rule, value), None) is None


def _fault(place: _Place, keyword: str, rule: Any, value: Any, *steps: str | int) -> Fault:
    return Fault((*place.path, *steps), keyword, rule, value)


def _ref(place: _Place, rule: str, value: Any) -> Iterator[Fault]:
    target: Any = place.root
    for step in rule.removeprefix("#/").split("/"):
        target = target[step]
    yield from place.below(target, value)


def _type(place: _Place, rule: str, value: Any) -> Iterator[Fault]:
    whole = rule == "integer" and isinstance(value, float) and value.is_integer()
    is_flag = isinstance(value, bool) and rule != "boolean"
    if is_flag or not (whole or isinstance(value, _TYPES[rule])):
        yield _fault(place, "type", rule, value)


def _enum(place: _Place, rule: list[Any], value: Any) -> Iterator[Fault]:
    # True equals 1 in Python, not in JSON.
    if not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in rule):
        yield _fault(place, "enum", rule, value)


def _required(place: _Place, rule: list[str], value: Any) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name in rule:
            if name not in value:
                yield _fault(place, "required", rule, value, name)


def _properties(place: _Place, rule: dict[str, Any], value: Any) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, one in rule.items():
            if name in value:
                yield from place.below(one, value[name], name)


def _additional(place: _Place, rule: Any, value: Any) -> Iterator[Fault]:
    if isinstance(value, dict) and rule is False:
        known = place.schema.get("properties", {})
        for name in value:
            if name not in known:
                yield _fault(place, "additionalProperties", rule, value[name], name)


def _items(place: _Place, rule: Any, value: Any) -> Iterator[Fault]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from place.below(rule, one, number)


def _contains(place: _Place, rule: Any, value: Any) -> Iterator[Fault]:
    if isinstance(value, list) and not any(_holds(place, rule, one) for one in value):
        yield _fault(place, "contains", rule, value)


def _all_of(place: _Place, rule: list[Any], value: Any) -> Iterator[Fault]:
    for one in rule:
        yield from place.below(one, value)


def _any_of(place: _Place, rule: list[Any], value: Any) -> Iterator[Fault]:
    branches = []
    for one in rule:
        found = tuple(place.below(one, value))
        if not found:
            return
        branches.append(found)
    yield Fault(place.path, "anyOf", rule, value, tuple(branches))


def _if(place: _Place, rule: Any, value: Any) -> Iterator[Fault]:
    branch = "then" if _holds(place, rule, value) else "else"
    yield from place.below(place.schema.get(branch, True), value)


def _not(place: _Place, rule: Any, value: Any) -> Iterator[Fault]:
    if _holds(place, rule, value):
        yield _fault(place, "not", rule, value)


def _pattern(place: _Place, rule: str, value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and not re.search(rule, value):
        yield _fault(place, "pattern", rule, value)


def _bound(
    keyword: str, kind: type | tuple[type, ...], size: Callable[[Any], float], *, most: bool
) -> _Check:
    def check(place: _Place, rule: float, value: Any) -> Iterator[Fault]:
        if isinstance(value, kind) and not isinstance(value, bool):
            found = size(value)
            if found > rule if most else found < rule:
                yield _fault(place, keyword, rule, value)

    return check


def _above(place: _Place, rule: float, value: Any) -> Iterator[Fault]:
    if isinstance(value, int | float) and not isinstance(value, bool) and value <= rule:
        yield _fault(place, "exclusiveMinimum", rule, value)


def _max_unique(place: _Place, rule: int, value: Any) -> Iterator[Fault]:
    if isinstance(value, list) and max(_sets(place, value).values(), default=0) > rule:
        yield _fault(place, "maxUniqueItems", rule, value)


def _min_unique(place: _Place, rule: int, value: Any) -> Iterator[Fault]:
    if isinstance(value, list) and len(value) < rule:
        yield _fault(place, "minUniqueItems", rule, value)


def _sets(place: _Place, rows: list[Any]) -> Counter[tuple[str, ...]]:
    """How often each set of selector values occurs; without selectors all members select."""
    selectors = place.schema.get("selectors")
    return Counter(
        tuple(f"{name}={row[name]}" for name in sorted(selectors or row) if name in row)
        for row in rows
        if isinstance(row, dict)
    )


def _bytes(text: str) -> int:
    return len(text.encode())


_Check = Callable[[_Place, Any, Any], Iterator[Fault]]
_CHECKS: dict[str, _Check] = {
    "$ref": _ref,
    "type": _type,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "contains": _contains,
    "allOf": _all_of,
    "anyOf": _any_of,
    "if": _if,
    "not": _not,
    "pattern": _pattern,
    "minItems": _bound("minItems", list, len, most=False),
    "maxItems": _bound("maxItems", list, len, most=True),
    "minLength": _bound("minLength", str, len, most=False),
    "maxLength": _bound("maxLength", str, len, most=True),
    "minimum": _bound("minimum", (int, float), float, most=False),
    "maximum": _bound("maximum", (int, float), float, most=True),
    "exclusiveMinimum": _above,
    "minUniqueItems": _min_unique,
    "maxUniqueItems": _max_unique,
    "minUtf8ByteLength": _bound("minUtf8ByteLength", str, _bytes, most=False),
    "maxUtf8ByteLength": _bound("maxUtf8ByteLength", str, _bytes, most=True),
}
_ANNOTATIONS = (
    *("$schema", "$id", "$comment", "$defs", "title", "description", "default", "format"),
    *("then", "else", "selectors", "editable", "hidden", "enumNames"),
)
KNOWN = frozenset((*_CHECKS, *_ANNOTATIONS))
