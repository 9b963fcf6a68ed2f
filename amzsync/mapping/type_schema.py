"""What a product type's JSON Schema says about its attributes, as a Mapper can show it.

In a listing an attribute is a list of instances, each with the marketplace and the language it is
for. Those two are ours to fill in; everything else an instance may hold is a value for the brand to
map, down to units and the parts of a group. Source: sp-api.md §2.9, §2.5.8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

_OURS: Final = ("marketplace_id", "language_tag")
_THEME: Final = "variation_theme"
_DEEPEST: Final = 12  # steps of a path; a schema that refers to itself has no end
_BRANCHES: Final = ("anyOf", "oneOf", "allOf")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values Amazon offers: what to send, and what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class TypeAttribute:
    """One value that a listing of the type may hold.

    `name`: "brand", "item_weight.unit", "bed.height"; see `name_of`.
    `path`: where it stands among a listing's attributes, in the first instance of each list:
    ("item_weight", 0, "unit").
    `kind`: string, number, integer or boolean; "" where the schema leaves it open.
    `required`: always; what is required under conditions is SchemaCheck's matter.
    `choices`, `is_open`: what Amazon offers, and whether it takes other values too.
    `units`: the units of a number; the unit is an attribute of its own beside it.
    `selectors`: the members that tell instances apart; `most`: instances of one such set.
    """

    name: str
    path: Path
    title: str
    kind: str
    required: bool
    is_variant: bool
    is_hidden: bool
    choices: tuple[Choice, ...]
    is_open: bool
    units: tuple[Choice, ...]
    selectors: tuple[str, ...]
    most: int | None


def read_attributes(schema: Schema) -> tuple[TypeAttribute, ...]:
    """The attributes of a product type, in the schema's order."""
    return tuple(_Reader(schema).attributes())


def name_of(path: Sequence[str | int]) -> str:
    """What the value at a place of a listing's attributes is called.

    The names on the way, joined by dots, without the `value` at the end: ("brand", 0, "value") is
    "brand".
    """
    names = [step for step in path if isinstance(step, str)]
    if len(names) > 1 and names[-1] == "value":
        names.pop()
    return ".".join(names)


def part_at(schema: Schema, path: Path) -> Schema:
    """The part of a schema that describes the value at a place of a listing's attributes."""
    reader = _Reader(schema)
    found = schema
    for step in path:
        members = found.get("properties", {})
        found = reader.resolved(members.get(step) if isinstance(step, str) else found.get("items"))
    return found


def text_of(value: object) -> str:
    """A choice's value as text: texts as they are, everything else as JSON writes it (true, 5)."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def choices_of(schema: Schema) -> tuple[Choice, ...]:
    """The values a schema lists itself, each with its label, or else as its own label."""
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    labels = schema.get("enumNames") or ()
    if len(labels) != len(values):
        labels = values
    return tuple(
        Choice(text_of(value), text_of(label)) for value, label in zip(values, labels, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Value:
    """A plain value somewhere in an attribute."""

    path: Path
    titles: tuple[str, ...]
    required: bool
    schema: Schema
    units: tuple[Choice, ...] = ()


class _Reader:
    """Walks one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def attributes(self) -> Iterator[TypeAttribute]:
        variants = self._variants()
        required = self._schema.get("required", ())
        for top, described in self._schema.get("properties", {}).items():
            attribute = self.resolved(described)
            start = _Value((top,), (attribute.get("title", top),), top in required, attribute)
            for found in self._values(start):
                offered, is_open = self._offered(found.schema)
                yield TypeAttribute(
                    name=name_of(found.path),
                    path=found.path,
                    title=" - ".join(dict.fromkeys(found.titles)),
                    kind=self._kind(found.schema),
                    required=found.required,
                    is_variant=top in variants,
                    is_hidden=bool(attribute.get("hidden") or found.schema.get("hidden")),
                    choices=offered,
                    is_open=is_open,
                    units=found.units,
                    selectors=tuple(attribute.get("selectors", ())),
                    most=attribute.get("maxUniqueItems"),
                )

    def _values(self, place: _Value) -> Iterator[_Value]:
        """The plain values at or below a place, through lists and groups."""
        schema = place.schema
        if len(place.path) > _DEEPEST:
            return
        if isinstance(schema.get("items"), Mapping):
            items = self.resolved(schema["items"])
            yield from self._values(_Value((*place.path, 0), place.titles, place.required, items))
        elif schema.get("properties"):
            yield from self._members(place)
        elif schema.get("type") not in ("array", "object"):
            yield place

    def _members(self, group: _Value) -> Iterator[_Value]:
        members = {
            name: self.resolved(member)
            for name, member in group.schema["properties"].items()
            if name not in _OURS
        }
        units = self._offered(members["unit"])[0] if "unit" in members else ()
        for name, member in members.items():
            own = () if name == "value" else (self._title(name, member),)
            needed = group.required and name in group.schema.get("required", ())
            path = (*group.path, name)
            below = _Value(
                path, (*group.titles, *own), needed, member, units if name == "value" else ()
            )
            yield from self._values(below)

    def _title(self, name: str, member: Schema) -> str:
        """A member's own title, or that of the value it holds."""
        value = self.resolved(member.get("properties", {}).get("value", {}))
        return str(member.get("title") or value.get("title") or name)

    def _offered(self, schema: Schema) -> tuple[tuple[Choice, ...], bool]:
        """The choices of a value, and whether others are taken as well."""
        if own := choices_of(schema):
            return own, False
        found: dict[str, Choice] = {}
        is_open = True
        for keyword in _BRANCHES:
            branches = [self._offered(self.resolved(each)) for each in schema.get(keyword, ())]
            found |= {choice.value: choice for offered, _ in branches for choice in offered}
            if branches:
                # All of allOf has to hold, of the others only one.
                is_open = is_open and (all if keyword == "allOf" else any)(
                    open_ for _, open_ in branches
                )
        if not found and self._kind(schema) == "boolean":
            return (Choice("true", "true"), Choice("false", "false")), False
        return tuple(found.values()), is_open

    def _kind(self, schema: Schema) -> str:
        """The JSON type of a value: its own, or else that of its first alternative with one."""
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]
        for keyword in _BRANCHES:
            kinds += [self._kind(self.resolved(each)) for each in schema.get(keyword, ())]
        return next((kind for kind in kinds if kind), "")

    def _variants(self) -> set[str]:
        """The attributes in which the members of a family may differ, by the variation themes.

        Themes are called after them: COLOR, COLOR/SIZE, and of old SizeName-ColorName.
        """
        theme = self.resolved(self._schema.get("properties", {}).get(_THEME, {}))
        themes = [
            choice.value
            for value in self._values(_Value((_THEME,), (), False, theme))
            for choice in self._offered(value.schema)[0]
        ]
        parts = {part for each in themes for part in re.split(r"[/-]", each)}
        names = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", part).lower() for part in parts}
        return names | {name.removesuffix("_name") for name in names}

    def resolved(self, described: object) -> Schema:
        """A part of the schema, found where a `$ref` points to."""
        found: Any = described
        for _ in range(_DEEPEST):
            if not isinstance(found, Mapping) or "$ref" not in found:
                break
            beside = {name: each for name, each in found.items() if name != "$ref"}
            found = {**self._pointed(found["$ref"]), **beside}
        return found if isinstance(found, Mapping) else {}

    def _pointed(self, pointer: object) -> Schema:
        """What a reference within the document points to; nothing for any other."""
        start, *steps = str(pointer).split("/")
        found: Any = self._schema if start == "#" else {}
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}
