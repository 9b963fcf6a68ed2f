"""Variations: the family a product belongs to, and the parent that holds it together.

Every child names its parent and the theme by which it differs from the others; the parent is not
for sale. Source: sp-api.md §2.5.8 (7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from amzsync.mapping.products import IDENTIFIERS, OFFER, Attributes
from amzsync.mapping.type_schema import TypeAttribute

LEVEL: Final = "parentage_level"
PARENT: Final = "child_parent_sku_relationship"
THEME: Final = "variation_theme"
MEMBERSHIP: Final = (LEVEL, PARENT, THEME)

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Family:
    """Products that differ by the attributes of a theme, under one parent."""

    parent_sku: str
    theme: str


def theme_for(known: Sequence[TypeAttribute], attributes: Attributes) -> str | None:
    """The theme with the most attributes of those that a listing has all of; None for none."""
    themes = [
        choice.value
        for each in known
        if each.path[0] == THEME
        for choice in each.choices
        if all(name in attributes for name in _names(choice.value, attributes))
    ]
    return max(themes, key=lambda theme: len(_parts(theme)), default=None)


def as_child(attributes: Attributes, family: Family) -> Attributes:
    """The listing as a member of the family."""
    place = _marketplace(attributes)
    relation = {"child_relationship_type": "variation", "parent_sku": family.parent_sku}
    return attributes | {
        LEVEL: [{"value": "child"} | place],
        PARENT: [relation | place],
        THEME: [{"name": family.theme} | place],
    }


def as_parent(child: Attributes, family: Family) -> Attributes:
    """The parent of the family, made from one of its children: what all have in common."""
    place = _marketplace(child)
    own = {*OFFER, *IDENTIFIERS, *MEMBERSHIP, *_names(family.theme, child)}
    shared = {name: rows for name, rows in child.items() if name not in own}
    return shared | {
        LEVEL: [{"value": "parent"} | place],
        THEME: [{"name": family.theme} | place],
    }


def fits(attributes: Attributes, family: Family) -> bool:
    """Whether a listing has all by which the members of the family differ."""
    return all(name in attributes for name in _names(family.theme, attributes))


def _names(theme: str, attributes: Attributes) -> Iterator[str]:
    """The attributes a theme is made of: COLOR/SIZE, and of old SizeName-ColorName."""
    for part in _parts(theme):
        name = _CAMEL.sub("_", part).lower()
        short = name.removesuffix("_name")
        yield short if short in attributes else name


def _parts(theme: str) -> list[str]:
    return re.split(r"[/-]", theme)


def _marketplace(attributes: Attributes) -> dict[str, str]:
    """The marketplace of a listing, as its instances name it."""
    named = [
        row["marketplace_id"]
        for rows in attributes.values()
        for row in rows[:1]
        if "marketplace_id" in row
    ]
    return {"marketplace_id": named[0]} if named else {}
