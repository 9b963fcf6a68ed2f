"""Attributes as a product type's JSON Schema describes them: arrays of objects, with selectors.

Texts for people are `Words`, Turkish and English, until `spoken` picks the language of a locale.
Source: the meta-schema v1 of product type definitions and the envelopes of Listings Items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Schema = dict[str, Any]

PLACE = {"$ref": "#/$defs/marketplace_id"}
LANGUAGE = {"$ref": "#/$defs/language_tag"}


class Words(NamedTuple):
    """A text in the two languages the sandbox speaks."""

    turkish: str
    english: str


Choices = Mapping[str, Words]


def spoken(schema: Any, language: str) -> Any:
    """The schema with every text in Turkish for `tr`, otherwise in English."""
    if isinstance(schema, Words):
        return schema.turkish if language == "tr" else schema.english
    if isinstance(schema, dict):
        return {name: spoken(value, language) for name, value in schema.items()}
    if isinstance(schema, list):
        return [spoken(value, language) for value in schema]
    return schema


def attribute(
    title: Words,
    members: Schema,
    required: Sequence[str],
    *,
    selectors: Sequence[str] = ("marketplace_id",),
    most: int = 1,
) -> Schema:
    """An attribute of these members; at most so many instances for each set of selector values."""
    return {
        "title": title,
        "description": Words(f"{title.turkish} bilgisi.", f"The {title.english.lower()}."),
        "type": "array",
        "minItems": 1,
        "minUniqueItems": 1,
        "maxUniqueItems": most,
        "selectors": list(selectors),
        "items": {
            "type": "object",
            "required": list(required),
            "properties": members,
            "additionalProperties": False,
        },
    }


def member(title: Words, kind: str, *, editable: bool = True, **keywords: Any) -> Schema:
    """One member of an attribute's instances."""
    return {"title": title, "editable": editable, "hidden": False, "type": kind, **keywords}


def value(title: Words, kind: str, **keywords: Any) -> Schema:
    """An attribute with one value and no language."""
    members = {"value": member(title, kind, **keywords), "marketplace_id": PLACE}
    return attribute(title, members, ["value"])


def text(
    turkish: str, english: str, longest: int, *, most: int = 1, editable: bool = True, **more: Any
) -> Schema:
    """A text with a language; `more` are keywords of its value, such as maxUtf8ByteLength."""
    title = Words(turkish, english)
    members = {
        "value": member(title, "string", editable=editable, maxLength=longest, **more),
        "language_tag": LANGUAGE,
        "marketplace_id": PLACE,
    }
    return attribute(
        title,
        members,
        ["language_tag", "value"],
        selectors=("marketplace_id", "language_tag"),
        most=most,
    )


def open_list(turkish: str, english: str, suggestions: Sequence[Words], **more: Any) -> Schema:
    """A text with suggestions, where any other text will do as well."""
    names = list(suggestions)
    listed = {"type": "string", "enum": names, "enumNames": names}
    return text(turkish, english, 100, anyOf=[{"type": "string"}, listed], **more)


def choice(turkish: str, english: str, choices: Choices) -> Schema:
    """One of a closed list of codes."""
    return value(Words(turkish, english), "string", **listed(choices))


def listed(choices: Choices) -> Schema:
    """The keywords of a closed list: codes, and beside each its name."""
    return {"enum": list(choices), "enumNames": list(choices.values())}


def flag(turkish: str, english: str) -> Schema:
    """Yes or no."""
    names = [Words("Evet", "Yes"), Words("Hayır", "No")]
    return value(Words(turkish, english), "boolean", enum=[True, False], enumNames=names)


def whole(turkish: str, english: str, lowest: int, highest: int) -> Schema:
    """A whole number."""
    return value(Words(turkish, english), "integer", minimum=lowest, maximum=highest)


def measure(turkish: str, english: str, units: Choices) -> Schema:
    """A number with its unit."""
    title = Words(turkish, english)
    members = {**_measured(title, units)["properties"], "marketplace_id": PLACE}
    return attribute(title, members, ["unit", "value"])


def dimensions(turkish: str, english: str) -> Schema:
    """Length, width and height, each a number with its unit."""
    sides = {
        "length": Words("Uzunluk", "Length"),
        "width": Words("Genişlik", "Width"),
        "height": Words("Yükseklik", "Height"),
    }
    members = {name: _measured(title, LENGTHS) for name, title in sides.items()}
    title = Words(turkish, english)
    return attribute(title, {**members, "marketplace_id": PLACE}, list(sides))


def group(turkish: str, english: str, parts: Mapping[str, Schema], required: Sequence[str]) -> Any:
    """An attribute whose members are arrays of objects in their turn.

    `parts` are attributes themselves; within a group they have no marketplace of their own.
    """
    members = {name: _inner(part) for name, part in parts.items()}
    return attribute(Words(turkish, english), {**members, "marketplace_id": PLACE}, required)


def image(turkish: str, english: str) -> Schema:
    """A picture by its address."""
    title = Words(turkish, english)
    place = member(title, "string", format="uri", pattern="^https?://", maxLength=2000)
    return attribute(title, {"media_location": place, "marketplace_id": PLACE}, ["media_location"])


def _measured(title: Words, units: Choices) -> Schema:
    unit = Words(f"{title.turkish} birimi", f"{title.english} unit")
    return {
        "type": "object",
        "required": ["unit", "value"],
        "properties": {
            "unit": member(unit, "string", **listed(units)),
            "value": member(title, "number", minimum=0),
        },
        "additionalProperties": False,
    }


def _inner(part: Schema) -> Schema:
    items = part["items"]
    members = {name: one for name, one in items["properties"].items() if name != "marketplace_id"}
    selectors = [name for name in part["selectors"] if name != "marketplace_id"]
    inner = {**part, "items": {**items, "properties": members}, "selectors": selectors}
    if not selectors:
        del inner["selectors"]
    return inner


LENGTHS: Choices = {
    "centimeters": Words("Santimetre", "Centimeters"),
    "meters": Words("Metre", "Meters"),
    "millimeters": Words("Milimetre", "Millimeters"),
}
WEIGHTS: Choices = {"grams": Words("Gram", "Grams"), "kilograms": Words("Kilogram", "Kilograms")}
VOLUMES: Choices = {
    "liters": Words("Litre", "Liters"),
    "milliliters": Words("Mililitre", "Milliliters"),
}
