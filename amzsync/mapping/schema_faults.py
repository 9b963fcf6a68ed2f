"""What the violations of a JSON Schema are called: sentences a person can act on.

A missing attribute is told as the manual tells it: "brand attribute is required". Everything else
names the attribute, what is wrong with its value, and what Amazon takes instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from amzsync.mapping.type_schema import choices_of, name_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_SHOWN: Final = 5  # choices
_LONGEST: Final = 60  # characters of a value
_KINDS: Final = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of values",
    "null": "nothing",
}
_FORMATS: Final = {"date": "a date (2026-11-23)", "date-time": "a moment (2026-11-23T08:00:00Z)"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one attribute, called as the Mapper calls it."""

    attribute: str
    message: str


def required(name: str) -> Fault:
    """The attribute is missing, in the manual's words."""
    return Fault(name, f"{name} attribute is required")


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """One violation in our words; several where one violation is about several attributes."""
    path = list(error.absolute_path)
    name = name_of(path) or "the listing"
    rule: Any = error.validator_value
    if error.validator in ("required", "dependentRequired"):
        yield from (required(name_of([*path, each])) for each in _missing(error))
    elif error.validator == "additionalProperties":
        names = [name_of([*path, each]) for each in _unknown(error)]
        yield from (Fault(each, f"Amazon knows no attribute {each} here") for each in names)
    elif error.validator == "not" and isinstance(rule, Mapping) and "required" in rule:
        names = [name_of([*path, each]) for each in rule["required"]]
        yield Fault(names[0], f"{_joined(names)} attribute is not allowed here")
    elif error.validator in ("anyOf", "oneOf"):
        yield from _of_branches(error, name)
    elif error.instance == [] and error.validator in ("minItems", "minUniqueItems", "contains"):
        yield required(name)
    else:
        yield Fault(name, f"{name}: {_sentence(error)}")


def _sentence(error: ValidationError) -> str:
    sentence = _SENTENCES.get(str(error.validator))
    if sentence is None:
        return f"{_shown(error.instance)} does not fit Amazon's rules ({error.validator})"
    return sentence(error.validator_value, error.instance, error.schema)


def _missing(error: ValidationError) -> list[str]:
    """The members a violation is about.

    A validator reports each missing member by itself without naming it: repeats are dropped later.
    """
    rule: Any = error.validator_value
    given: Any = error.instance
    if isinstance(rule, Mapping):
        rule = [each for name, names in rule.items() if name in given for each in names]
    return [name for name in rule if name not in given]


def _unknown(error: ValidationError) -> list[str]:
    schema: Any = error.schema
    given: Any = error.instance
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    return [
        name
        for name in given
        if name not in known and not any(re.search(each, name) for each in patterns)
    ]


def _of_branches(error: ValidationError, name: str) -> Iterator[Fault]:
    """None of the alternatives holds, or more than the one that may."""
    context = error.context or []
    branches: dict[object, list[ValidationError]] = {}
    for each in context:
        branches.setdefault(each.schema_path[0], []).append(each)
    lacking = [
        [fault.attribute for each in errors for fault in faults_of(each)]
        for errors in branches.values()
        if all(each.validator == "required" for each in errors)
    ]
    if lacking:
        ways = list(dict.fromkeys(_joined(names) for names in lacking))
        yield Fault(lacking[0][0], f"{_either(ways)} attribute is required")
    elif context:
        from jsonschema.exceptions import relevance  # imported where something is wrong, only there

        yield from faults_of(min(context, key=relevance))
    else:
        yield Fault(name, f"{name}: several of Amazon's alternatives are given, only one may be")


def _joined(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _choices(schema: Mapping[str, Any]) -> str:
    offered = choices_of(schema)
    shown = [
        each.label if each.label == each.value else f"{each.label} ({each.value})"
        for each in offered[:_SHOWN]
    ]
    more = len(offered) - len(shown)
    return f"{', '.join(shown)} and {more} more" if more else ", ".join(shown)


def utf8_length(text: str) -> int:
    """How many bytes a text takes; ş counts two."""
    return len(text.encode("utf-8", errors="surrogatepass"))


def _type(rule: Any, value: Any, _schema: Any) -> str:
    kinds = [rule] if isinstance(rule, str) else rule
    return f"{_shown(value)} is not {_either([_KINDS.get(kind, kind) for kind in kinds])}"


# keyword → what its violation is called, from its value, the instance and the schema around it
_SENTENCES: Final[Mapping[str, Callable[[Any, Any, Any], str]]] = {
    "type": _type,
    "enum": lambda _, value, schema: (
        f"{_shown(value)} is not among Amazon's choices: {_choices(schema)}"
    ),
    "const": lambda rule, value, _: f"{_shown(value)} is not {_shown(rule)}, the only choice",
    "minLength": lambda rule, value, _: f"{len(value)} characters; at least {rule} are needed",
    "maxLength": lambda rule, value, _: f"{len(value)} characters; at most {rule} are allowed",
    "minUtf8ByteLength": lambda rule, value, _: (
        f"{utf8_length(value)} bytes in UTF-8; at least {rule} are needed"
    ),
    "maxUtf8ByteLength": lambda rule, value, _: (
        f"{utf8_length(value)} bytes in UTF-8, where ş counts two; at most {rule} are allowed"
    ),
    "minimum": lambda rule, value, _: f"{_shown(value)} is less than {rule}",
    "maximum": lambda rule, value, _: f"{_shown(value)} is more than {rule}",
    "exclusiveMinimum": lambda rule, value, _: f"{_shown(value)} is not more than {rule}",
    "exclusiveMaximum": lambda rule, value, _: f"{_shown(value)} is not less than {rule}",
    "multipleOf": lambda rule, value, _: f"{_shown(value)} is no multiple of {rule}",
    "pattern": lambda rule, value, _: f"{_shown(value)} has not the form Amazon wants ({rule})",
    "format": lambda rule, value, _: f"{_shown(value)} is not {_FORMATS.get(rule, rule)}",
    "minItems": lambda rule, value, _: f"{len(value)} values; at least {rule} are needed",
    "maxItems": lambda rule, value, _: f"{len(value)} values; at most {rule} are allowed",
    "minUniqueItems": lambda rule, value, _: f"{len(value)} values; at least {rule} are needed",
    "maxUniqueItems": lambda rule, value, _: (
        f"{len(value)} values; at most {rule} are allowed for one marketplace and language"
    ),
    "uniqueItems": lambda *_: "the same value is given twice",
    "contains": lambda *_: "none of its values is one that Amazon asks for here",
}
