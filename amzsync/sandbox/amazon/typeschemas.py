"""The JSON Schema of a product type, put together for what a caller wants to do with it.

Source: Product Type Definitions 2020-09-01, getDefinitionsProductType, and the meta-schema v1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amzsync.sandbox.amazon.account import Marketplace
from amzsync.sandbox.amazon.producttypes import ProductType
from amzsync.sandbox.amazon.typeattributes import Schema, spoken
from amzsync.sandbox.amazon.typecommon import IDENTITY, OFFER, VARIATION, offer
from amzsync.sandbox.amazon.typerules import IDENTIFIED, IS_CHILD, IS_PARENT, says, when

_ROOT = "https://schemas.amazon.com/selling-partners/definitions/product-types"
META_SCHEMA = f"{_ROOT}/meta-schema/v1"
VOCABULARY = f"{_ROOT}/vocabulary/v1"
_STANDARD = "https://json-schema.org/draft/2019-09"

_SOLD = ("condition_type", "purchasable_offer")  # what an offer cannot be without


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a schema is for."""

    market: Marketplace
    language: str = "tr"
    requirements: str = "LISTING"
    enforced: bool = True
    parentage: str = ""
    brands: tuple[str, ...] = ()


def schema_of(product_type: ProductType, wanted: Wanted) -> Schema:
    """The schema: `required` and conditions are left out where they are not enforced."""
    properties = _properties(product_type, wanted)
    schema: Schema = {
        "$schema": META_SCHEMA,
        "$id": f"{_ROOT}/schema/v1/{product_type.name}",
        "$comment": f"Amazon product type definition for {product_type.name} product type",
        "$defs": _definitions(wanted.market),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if wanted.enforced:
        needed = _required(product_type, wanted)
        schema["required"] = sorted(name for name in needed if name in properties)
        schema["allOf"] = _rules(product_type, wanted, properties)
    spoken_schema: Schema = spoken(schema, wanted.language)
    return spoken_schema


def meta_schema() -> Schema:
    """The schema of such schemas: the standard one and eight keywords more."""
    texts = {"type": "array", "items": {"type": "string"}}
    count = {"type": "integer", "minimum": 0}
    return {
        "$schema": f"{_STANDARD}/schema",
        "$id": META_SCHEMA,
        "$vocabulary": {
            **{
                f"{_STANDARD}/vocab/{name}": True
                for name in ("core", "applicator", "validation", "meta-data")
            },
            VOCABULARY: False,
        },
        "$recursiveAnchor": True,
        "title": "Amazon product type definitions, as the sandbox writes them",
        "allOf": [{"$ref": f"{_STANDARD}/schema"}],
        "properties": {
            "editable": {"type": "boolean"},
            "enumNames": texts,
            "hidden": {"type": "boolean"},
            "maxUniqueItems": count,
            "maxUtf8ByteLength": count,
            "minUniqueItems": count,
            "minUtf8ByteLength": count,
            "selectors": texts,
        },
    }


def _definitions(market: Marketplace) -> Schema:
    def one(value: str, label: str) -> Schema:
        listed = {"type": "string", "enum": [value], "enumNames": [label]}
        common = {"default": value, "editable": False, "hidden": True, "type": "string"}
        return {**common, "anyOf": [{"type": "string"}, listed]}

    return {
        "marketplace_id": one(market.id, market.name),
        "language_tag": one(market.language, market.language),
    }


def _properties(product_type: ProductType, wanted: Wanted) -> Schema:
    every = {**product_type.attributes, **offer(wanted.market)}
    if wanted.brands and "brand" in every:
        every["brand"] = _with_brands(every["brand"], wanted.brands)
    if wanted.parentage == "NONE":
        every = {name: one for name, one in every.items() if name not in VARIATION}
    if wanted.requirements == "LISTING_PRODUCT_ONLY":
        return {name: one for name, one in every.items() if name not in OFFER}
    if wanted.requirements == "LISTING_OFFER_ONLY":
        return {name: every[name] for name in (*IDENTITY, *OFFER) if name in every}
    return every


def _with_brands(attribute: Schema, brands: tuple[str, ...]) -> Schema:
    listed = {"type": "string", "enum": list(brands), "enumNames": list(brands)}
    items = attribute["items"]
    value = {**items["properties"]["value"], "anyOf": [{"type": "string"}, listed]}
    members = {**items["properties"], "value": value}
    return {**attribute, "items": {**items, "properties": members}}


def _required(product_type: ProductType, wanted: Wanted) -> set[str]:
    if wanted.requirements == "LISTING_OFFER_ONLY":
        return {*_SOLD, "fulfillment_availability"}
    found = set(product_type.required) - set(OFFER)
    if wanted.parentage == "PARENT":
        found |= {"parentage_level", "variation_theme"}
    elif wanted.parentage == "CHILD":
        found |= set(VARIATION)
    if wanted.parentage in ("", "PARENT"):
        found -= set(product_type.variant)
    return found


def _rules(product_type: ProductType, wanted: Wanted, properties: Schema) -> list[Any]:
    """A parent has no offer, no barcode, and nothing its children differ by."""
    if wanted.requirements == "LISTING_OFFER_ONLY":
        return [IDENTIFIED]
    rules = list(product_type.rules)
    if wanted.parentage == "PARENT":
        return rules
    by_nature = wanted.parentage in ("NONE", "CHILD")
    differing = [name for name in product_type.variant if name in product_type.required]
    if differing and not by_nature:
        rules.append(_unless_parent({"required": differing}))
    rules.append(IDENTIFIED if by_nature else _unless_parent(IDENTIFIED))
    if "parentage_level" in properties and not by_nature:
        rules += [when(IS_PARENT, ["variation_theme"]), when(IS_CHILD, list(VARIATION))]
    if wanted.requirements != "LISTING_PRODUCT_ONLY":
        sold = [*_SOLD, *(name for name in product_type.required if name in OFFER)]
        skipped = says("skip_offer", True)
        condition = skipped if by_nature else {"anyOf": [IS_PARENT, skipped]}
        rules.append({"if": condition, "else": {"required": sold}})
    return rules


def _unless_parent(rule: Schema) -> Schema:
    return {"if": IS_PARENT, "else": rule}
