"""Whether a value of JSON fits a schema, told quickly; what is wrong with it, jsonschema tells.

Each keyword becomes a function. A part that has a keyword none is here for is left to jsonschema,
so the answer is always jsonschema's own, some twenty times sooner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from jsonschema import FormatChecker
from jsonschema.protocols import Validator

Check = Callable[[Any], bool]

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
}
_OBJECT: Final = frozenset({"properties", "required", "additionalProperties", "minProperties"})
_EXCLUSIVE: Final = frozenset({"exclusiveMinimum", "exclusiveMaximum"})
"""To version 4 these are no keywords but parts of others."""


class Quick:
    """A validator's schema as one function: whether a value fits it."""

    def __init__(self, validator: Validator, formats: FormatChecker | None) -> None:
        self._validator = validator
        self._formats = formats
        self._made: dict[int, Check] = {}
        self.fits = self._check(validator.schema)

    def _check(self, schema: Any) -> Check:
        """The function of a part, made once; a part may hold itself."""
        key = id(schema)
        if key not in self._made:
            self._made[key] = lambda value: self._made[key](value)
            self._made[key] = self._new(schema)
        return self._made[key]

    def _new(self, schema: Any) -> Check:
        checks = self._checks(schema) if isinstance(schema, Mapping) else None
        if checks is None:
            judge = self._validator.evolve(schema=schema)
            return lambda value: bool(judge.is_valid(value))
        if len(checks) == 1:
            return checks[0]
        return lambda value: all(check(value) for check in checks)

    def _checks(self, schema: Mapping[str, Any]) -> list[Check] | None:
        """A function for each keyword; None if there is one that none is here for."""
        if schema.keys() & _EXCLUSIVE:
            return None
        checks: list[Check] = []
        for word, asked in schema.items():
            if word not in self._validator.VALIDATORS or word in _OBJECT:
                continue  # a word that asks for nothing, or one of those below
            made = self._keyword(word, asked)
            if made is None:
                return None
            checks.append(made)
        if not _OBJECT.isdisjoint(schema):
            checks.append(self._object(schema))
        return checks

    def _keyword(self, word: str, asked: Any) -> Check | None:
        match word:
            case "type" if asked == "integer":
                return lambda value: type(value) is int or self._is_integer(value)
            case "type" if isinstance(asked, str) and asked in _TYPES:
                kinds = _TYPES[asked]
                return lambda value: type(value) in kinds
            case "enum" if all(isinstance(one, str) for one in asked):
                choices = frozenset(asked)
                return lambda value: isinstance(value, str) and value in choices
            case "const" if isinstance(asked, str):
                return lambda value: bool(value == asked)
            case "format":
                return lambda value: self._conforms(value, asked)
            case "pattern":
                search = re.compile(asked).search
                return lambda value: not isinstance(value, str) or search(value) is not None
            case "items" if isinstance(asked, Mapping):
                item = self._check(asked)
                return lambda value: not isinstance(value, list) or all(map(item, value))
            case "oneOf":
                branches = [self._check(one) for one in asked]
                return lambda value: sum([branch(value) for branch in branches]) == 1
            case "minLength":
                return lambda value: not isinstance(value, str) or len(value) >= asked
            case "maxLength":
                return lambda value: not isinstance(value, str) or len(value) <= asked
            case "minItems":
                return lambda value: not isinstance(value, list) or len(value) >= asked
            case "maxItems":
                return lambda value: not isinstance(value, list) or len(value) <= asked
            case "minimum":
                return lambda value: type(value) not in _TYPES["number"] or value >= asked
            case "maximum":
                return lambda value: type(value) not in _TYPES["number"] or value <= asked
        return None

    def _object(self, schema: Mapping[str, Any]) -> Check:
        named = {name: self._check(part) for name, part in schema.get("properties", {}).items()}
        required = frozenset(schema.get("required", ()))
        fewest = schema.get("minProperties", 0)
        more = schema.get("additionalProperties", True)
        other: Check = (lambda _: more) if isinstance(more, bool) else self._check(more)

        def check(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            if len(value) < fewest or not required <= value.keys():
                return False
            return all(named.get(name, other)(member) for name, member in value.items())

        return check

    def _is_integer(self, value: Any) -> bool:
        """As the schema's version has it: to some of them 1.0 is one."""
        return bool(self._validator.is_type(value, "integer"))

    def _conforms(self, value: Any, name: str) -> bool:
        return self._formats is None or self._formats.conforms(value, name)
