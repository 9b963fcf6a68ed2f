"""What Amazon wants to know of products, as Omnitron's attribute sets ask the brand for it.

A set belongs to a category. An attribute has Amazon's name (`type_schema.name_of`), which is its
remote id too: mapped values find their place in a listing by it. Source: omnitron-api.md §2.12.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Final

from amzsync.mapping.type_schema import Choice, TypeAttribute

PRODUCT_TYPE: Final = "product_type"
"""Asked for where products of several types may lie in one category: which of them a product is."""

# What a listing gets from the product's price, stock, family and the channel's settings (see
# mapping.products): a mapped value would have no effect, so the Mapper does not ask for it.
FILLED: Final = (
    "purchasable_offer",
    "list_price",
    "fulfillment_availability.fulfillment_channel_code",
    "fulfillment_availability.quantity",
    "fulfillment_availability.is_inventory_available",
    "supplier_declared_has_product_identifier_exemption",
    "parentage_level",
    "child_parent_sku_relationship",
    "variation_theme",
    "skip_offer",
)

# The manual's "predefined fields (such as remote_id, title, etc.)": true of any product, whatever
# its category, so they are mapped once and for all. Each under Amazon's name.
PREDEFINED: Final = (
    "remote_id",  # the SKU Amazon knows the product by
    "item_name",  # the title
    "product_description",
    "bullet_point",
    "brand",
    "externally_assigned_product_identifier",  # the barcode: EAN, UPC, GTIN
    "externally_assigned_product_identifier.type",
    "condition_type",
    "main_product_image_locator.media_location",
    "recommended_browse_nodes",
)

# Where nothing is mapped, the product's own name, pictures and category stand in, and "new" for its
# condition (see mapping.products): the Mapper may leave them.
_STAND_IN: Final = ("item_name", "condition_type", "recommended_browse_nodes")
_IMAGES: Final = ("main_product_image_locator", "other_product_image_locator_")


@dataclass(frozen=True, slots=True)
class Fact:
    """What one product type says of one attribute, as far as a Mapper shows it."""

    name: str
    required: bool = False
    is_variant: bool = False
    is_hidden: bool = False
    is_open: bool = True
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """An attribute as an attribute set asks for it.

    `is_custom`: other values than the choices are taken. `is_meta`: a predefined field, or one
    Amazon hides. `is_limited`: other sets offer other choices, so this one has to name its own.
    """

    name: str
    is_required: bool
    is_variant: bool
    is_custom: bool
    is_image_attribute: bool
    is_meta: bool
    is_limited: bool
    choices: tuple[Choice, ...]

    @property
    def digest(self) -> str:
        """The same text for the same attribute; another for any other."""
        return digest_of(json.dumps(asdict(self), ensure_ascii=False))


def facts_of(attributes: Iterable[TypeAttribute]) -> tuple[Fact, ...]:
    """What the Mapper needs of a product type's attributes."""
    return tuple(
        Fact(each.name, each.required, each.is_variant, each.is_hidden, each.is_open, each.choices)
        for each in attributes
    )


def facts_text(facts: Iterable[Fact]) -> str:
    """Facts as JSON, for keeping."""
    return json.dumps([asdict(fact) for fact in facts], ensure_ascii=False)


def read_facts(text: str) -> tuple[Fact, ...]:
    """The facts a text of `facts_text` stands for."""
    return tuple(
        Fact(**{**row, "choices": tuple(Choice(**choice) for choice in row["choices"])})
        for row in json.loads(text)
    )


def digest_of(text: str) -> str:
    """A short text that stands for a long one."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def limited_names(types: Iterable[Iterable[Fact]]) -> set[str]:
    """The attributes with a closed list that is not the same for all these product types."""
    lists: dict[str, set[str]] = {}
    for facts in types:
        for fact in facts:
            if fact.choices:
                values = sorted(choice.value for choice in fact.choices)
                lists.setdefault(fact.name, set()).add(digest_of(json.dumps(values)))
    return {name for name, found in lists.items() if len(found) > 1}


def set_attributes(
    types: Mapping[str, Sequence[Fact]], limited: Collection[str]
) -> tuple[SetAttribute, ...]:
    """What the set of a category with these product types asks for.

    With several types it asks for which of them a product is, and requires what all of them do:
    the rest is told when the product is sent. `limited` is `limited_names` of all types in use.
    """
    merged: dict[str, list[Fact]] = {}
    if len(types) > 1:
        choices = tuple(Choice(name, name) for name in types)
        merged[PRODUCT_TYPE] = [Fact(PRODUCT_TYPE, True, is_open=False, choices=choices)] * len(
            types
        )
        limited = {*limited, PRODUCT_TYPE}
    for facts in types.values():
        for fact in facts:
            if not is_filled(fact.name):
                merged.setdefault(fact.name, []).append(fact)
    return tuple(_merged(facts, len(types), limited) for facts in merged.values())


def predefined_attributes(types: Iterable[Iterable[Fact]]) -> tuple[SetAttribute, ...]:
    """The predefined fields with the choices any of the product types offers."""
    facts: dict[str, list[Fact]] = {name: [] for name in PREDEFINED}
    for each in types:
        for fact in each:
            if fact.name in facts:
                facts[fact.name].append(fact)
    return tuple(_merged(found or [Fact(name)], 0, ()) for name, found in facts.items())


def united(sets: Iterable[Iterable[SetAttribute]]) -> list[SetAttribute]:
    """Each attribute once, with the choices of all the sets."""
    found: dict[str, SetAttribute] = {}
    for attributes in sets:
        for each in attributes:
            known = found.get(each.name, each)
            choices = {choice.value: choice for choice in (*known.choices, *each.choices)}
            found[each.name] = replace(each, choices=tuple(choices.values()))
    return list(found.values())


def is_filled(name: str) -> bool:
    """Whether amzsync fills the attribute by itself, from elsewhere."""
    return any(name == each or name.startswith(f"{each}.") for each in FILLED)


def _merged(facts: Sequence[Fact], of: int, limited: Collection[str]) -> SetAttribute:
    """One attribute of so many types, as those that have it say."""
    name = facts[0].name
    choices = {choice.value: choice for fact in facts for choice in fact.choices}
    is_custom = not choices or any(fact.is_open for fact in facts)
    stands_in = name.startswith(_IMAGES) or name in _STAND_IN
    return SetAttribute(
        name=name,
        is_required=len(facts) == of and all(fact.required for fact in facts) and not stands_in,
        is_variant=any(fact.is_variant for fact in facts),
        is_custom=is_custom,
        is_image_attribute=name.startswith(_IMAGES),
        is_meta=name in PREDEFINED or all(fact.is_hidden for fact in facts),
        is_limited=name in limited and not is_custom,
        choices=tuple(choices.values()),
    )
