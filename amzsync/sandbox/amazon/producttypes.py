"""The product types of the marketplace, their versions, and what changes of them.

Every change makes a new version of the type and of the list of types; older ones can still be had.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from amzsync.sandbox.amazon.typeattributes import Schema, Words, listed
from amzsync.sandbox.amazon.typecommon import identity, product_facts, variations
from amzsync.sandbox.amazon.typeseeds import TYPES, themes

# What any type but HOME asks for, as far as the goods are concerned.
_FACTS = (
    "item_name",
    "brand",
    "product_description",
    "recommended_browse_nodes",
    "main_product_image_locator",
)


@dataclass(slots=True)
class ProductType:
    """One version of a product type: its attributes, those required, and its conditions.

    `required` may name attributes of the offer, which are the same for every type; `variant` names
    the attributes by which the members of a family differ.
    """

    name: str
    title: Words
    attributes: dict[str, Schema]
    required: list[str]
    rules: list[Schema]
    variant: tuple[str, ...]
    number: int = 1

    @property
    def version(self) -> str:
        """What Amazon calls this version."""
        return _version(self.name, self.number)


class TypeBook:
    """Product types by name. A change takes effect at once."""

    def __init__(self) -> None:
        self._types = {name: [_seeded(name)] for name in TYPES}
        self._changes = 1
        # Schemas that listings were judged by before: type, version, requirements, marketplace.
        self.judged_by: dict[tuple[str, str, str, str], Schema] = {}

    def __len__(self) -> int:
        """How many types there are."""
        return len(self._types)

    def __iter__(self) -> Iterator[ProductType]:
        """The latest version of every type."""
        return (versions[-1] for versions in self._types.values())

    def __contains__(self, name: str) -> bool:
        """Whether there is such a type."""
        return name in self._types

    @property
    def version(self) -> str:
        """The version of the list of types; another one whenever any type has changed."""
        return _version("every type", self._changes)

    def get(self, name: str, version: str = "") -> ProductType:
        """A type, in the version named or the latest. Errors: KeyError."""
        versions = self._types[name]
        if not version:
            return versions[-1]
        for one in versions:
            if one.version == version:
                return one
        raise KeyError(version)

    def is_latest(self, one: ProductType) -> bool:
        """Whether nothing newer of this type is known."""
        return self._types[one.name][-1] is one

    def change(self, name: str, edit: Callable[[ProductType], None]) -> str:
        """Let the type be edited into a new version; its name. Errors: KeyError."""
        one = deepcopy(self._types[name][-1])
        edit(one)
        one.number += 1
        self._types[name].append(one)
        self._changes += 1
        return one.version

    def require(self, name: str, attribute: str) -> str:
        """Ask for an attribute from now on; the new version."""
        self._attribute(name, attribute)

        def edit(one: ProductType) -> None:
            if attribute not in one.required:
                one.required.append(attribute)

        return self.change(name, edit)

    def relax(self, name: str, attribute: str) -> str:
        """Ask for it no longer; the new version."""
        return self.change(name, lambda one: _forget(one, attribute))

    def drop(self, name: str, attribute: str) -> str:
        """Let the attribute be gone from the type; the new version."""
        self._attribute(name, attribute)

        def edit(one: ProductType) -> None:
            _forget(one, attribute)
            del one.attributes[attribute]

        return self.change(name, edit)

    def set_choices(self, name: str, attribute: str, choices: Mapping[str, str]) -> str:
        """Give the list an attribute has other entries: value to label. The new version.

        Errors: KeyError for an attribute without a list.
        """
        entries = listed({value: Words(label, label) for value, label in choices.items()})

        def edit(one: ProductType) -> None:
            found = _list_of(one.attributes[attribute])
            found.update(entries)

        self._attribute(name, attribute)
        return self.change(name, edit)

    def _attribute(self, name: str, attribute: str) -> Schema:
        return self._types[name][-1].attributes[attribute]


def _forget(one: ProductType, attribute: str) -> None:
    one.required = [name for name in one.required if name != attribute]


def _list_of(attribute: Schema) -> Schema:
    value: Schema = attribute["items"]["properties"]["value"]
    for part in (value, *value.get("anyOf", ())):
        if "enum" in part:
            found: Schema = part
            return found
    raise KeyError("enum")


@cache
def _seeded(name: str) -> ProductType:
    """The first version of a type; one for all worlds, for only copies are ever edited."""
    title, family, more = TYPES[name]
    attributes = {
        **product_facts(),
        **identity(),
        **variations(themes(family)),
        **family.attributes,
    }
    facts = ("item_name",) if name == "HOME" else _FACTS
    required = list(dict.fromkeys((*facts, *family.required, *more)))
    return ProductType(name, title, attributes, required, list(family.rules), tuple(family.variant))


def _version(name: str, number: int) -> str:
    return b64encode(sha256(f"{name} {number}".encode()).digest()[:8]).decode()
