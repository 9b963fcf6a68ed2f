"""Invented product types, written with the keywords and shapes Amazon's schemas have."""

from __future__ import annotations

from typing import Any

TURKEY = "A33AVAJ2PDY3EV"
PLACE = {"$ref": "#/$defs/marketplace_id"}
LANGUAGE = {"$ref": "#/$defs/language_tag"}


def attribute(members: dict[str, Any], required: list[str], **keywords: Any) -> dict[str, Any]:
    """An attribute whose instances have these members beside the marketplace."""
    instance = {
        "type": "object",
        "required": required,
        "properties": {**members, "marketplace_id": PLACE},
        "additionalProperties": False,
    }
    rules = {"minItems": 1, "minUniqueItems": 1, "maxUniqueItems": 1, "selectors": SELECTORS[:1]}
    return {"type": "array", **rules, "items": instance, **keywords}


SELECTORS = ["marketplace_id", "language_tag"]


def text(title: str, *, most: int = 1, **rules: Any) -> dict[str, Any]:
    """A text in a language."""
    value = {"title": title, "type": "string", "editable": True, "hidden": False, **rules}
    return attribute(
        {"value": value, "language_tag": LANGUAGE},
        ["value", "language_tag"],
        title=title,
        maxUniqueItems=most,
        selectors=SELECTORS,
    )


def plain(title: str, kind: str = "string", **rules: Any) -> dict[str, Any]:
    """A value without a language."""
    return attribute({"value": {"type": kind, **rules}}, ["value"], title=title)


UNIT = {"title": "Birim", "type": "string", "enum": ["cm", "m"], "enumNames": ["Santim", "Metre"]}
SIDE = {
    "type": "object",
    "required": ["value", "unit"],
    "properties": {"value": {"type": "number", "minimum": 0}, "unit": UNIT},
}
OPEN_LIST = [
    {"type": "string"},
    {"type": "string", "enum": ["Kırmızı", "Mavi"], "enumNames": ["Kırmızı", "Mavi"]},
]
THEMES = ["COLOR", "SIZE/COLOR", "MaterialName-Color"]


def product_type(**changes: Any) -> dict[str, Any]:
    """A product type with an attribute of every shape; `changes` are keywords of the schema."""
    schema: dict[str, Any] = {
        "$schema": (
            "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
        ),
        "$id": "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/BED",
        "$defs": {
            "marketplace_id": {
                "anyOf": [{"type": "string"}, {"type": "string", "enum": [TURKEY]}],
                "default": TURKEY,
            },
            "language_tag": {"type": "string", "enum": ["tr_TR", "en_US"]},
        },
        "type": "object",
        "required": ["brand", "item_name"],
        "properties": {
            "brand": text("Marka", maxLength=20),
            "item_name": text("Ürün Adı", maxUtf8ByteLength=20),
            "bullet_point": text("Madde", most=3),
            "color": text("Renk", anyOf=OPEN_LIST),
            "size": plain("Beden", enum=["s", "m", "l"], enumNames=["Küçük", "Orta", "Büyük"]),
            "material": plain("Malzeme"),
            "year": plain("Yıl", "integer", minimum=1900, maximum=2100),
            "is_fragile": plain("Kırılır", "boolean"),
            "internal_code": plain("Kod", hidden=True),
            "release_date": plain("Tarih", format="date"),
            "list_price": attribute(
                {
                    "value": {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0},
                    "currency": {"type": "string", "const": "TRY"},
                },
                ["value", "currency"],
                selectors=["marketplace_id", "currency"],
                title="Liste Fiyatı",
            ),
            "dimensions": attribute({"length": SIDE, "width": SIDE}, ["length"], title="Ölçüler"),
            "frame": attribute(
                {"height": {"title": "Yükseklik", "type": "array", "items": SIDE}},
                [],
                title="Çerçeve",
            ),
            "variation_theme": attribute({"name": {"type": "string", "enum": THEMES}}, ["name"]),
        },
        "additionalProperties": False,
    }
    return schema | changes


def listing(**changes: Any) -> dict[str, Any]:
    """Attributes the type takes; a change to None leaves one out."""
    attributes = {"brand": told("Çınar"), "item_name": told("Karyola"), **changes}
    return {name: each for name, each in attributes.items() if each is not None}


def told(*values: Any, language: str = "tr_TR") -> list[dict[str, Any]]:
    """Instances with a value in a language."""
    return [{"value": each, "language_tag": language, "marketplace_id": TURKEY} for each in values]


def valued(*values: Any, **members: Any) -> list[dict[str, Any]]:
    """Instances with a value and no language."""
    return [{"value": each, "marketplace_id": TURKEY, **members} for each in values]
