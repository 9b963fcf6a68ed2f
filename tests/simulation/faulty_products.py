"""Sixty products with one fault each: how it is planted, what is told of it, how it is mended.

Unless told otherwise a fault is something the brand maps wrongly, and mended by mapping it right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from amzsync.sandbox.amazon.producttypes import ProductType
from tests.e2e.product_shop import SHIRT, map_attributes
from tests.shop import Shop

MAPPER: Final = ": mend it in Omnitron's Mapper"
BARCODE: Final = "externally_assigned_product_identifier"
_IMAGE: Final = "main_product_image_locator.media_location"
_SALE: Final = "purchasable_offer.discounted_price.schedule"
_SIDES: Final = ("length", "width", "height")
_COMMON: Final = {name: SHIRT[name] for name in ("brand", "product_description", "color")}

# What the brand maps of a product without fault, by its type; a barcode comes on top.
GOOD: Final[Mapping[str, Mapping[str, str]]] = {
    "SHIRT": SHIRT,
    "PLATE": {
        **_COMMON,
        "material": "Porselen",
        "number_of_items": "6",
        "is_dishwasher_safe": "true",
    },
    "LAMP": {
        **_COMMON,
        "batteries_required": "false",
        "supplier_declared_dg_hz_regulation": "not_applicable",
        "voltage": "220",
        "voltage.unit": "volts",
    },
    "CHAIR": {
        **_COMMON,
        "size": "L",
        "material": "Ahşap",
        "is_assembly_required": "false",
        "item_weight": "4,5",
        "item_weight.unit": "kilograms",
        **{f"item_dimensions.{side}": "50" for side in _SIDES},
        **{f"item_dimensions.{side}.unit": "centimeters" for side in _SIDES},
    },
    "SANDAL": {
        **_COMMON,
        "size": "40",
        "department": "womens",
        "sole_material": "Deri",
    },
    "RING": {
        **_COMMON,
        "metal_type": "gold",
        "gem_type": "no_gemstone",
        "ring_size": "17",
    },
    "PERSONAL_FRAGRANCE": {
        **_COMMON,
        "scent": "Gül",
        "unit_count": "50",
        "unit_count.unit": "Millilitre",
        "ingredients": "Su, gül yağı",
        "cosmetic_notification": "12345678",
    },
}

Hand = Callable[[Shop, str], object]


@dataclass(frozen=True)
class Fault:
    """One fault. `reason` is what is told of it, from its beginning; `cure` how that ends."""

    reason: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    kind: str = "SHIRT"
    plant: Hand | None = None
    mend: Hand | None = None
    cure: str = ""

    def strike(self, shop: Shop, sku: str) -> None:
        """Make the product of this SKU faulty."""
        map_attributes(shop, sku, self.values)
        if self.plant:
            self.plant(shop, sku)

    def heal(self, shop: Shop, sku: str) -> None:
        """Mend what was done to it."""
        good = {**GOOD[self.kind], BARCODE: barcode(shop, sku)}
        map_attributes(shop, sku, {name: good.get(name) for name in self.values})
        if self.mend:
            self.mend(shop, sku)


def barcode(shop: Shop, sku: str) -> str:
    """A barcode no other product has."""
    (row,) = shop.sandbox.world.omnitron.channels[shop.channel].products.find("sku", sku)
    return f"869{row.pk:010d}"


def node_of(shop: Shop, product_type: str) -> int:
    """The node in Omnitron of a category whose goods are of this type alone ("": of none)."""
    wanted = (product_type,) if product_type else ()
    amazon = shop.sandbox.world.amazon.browse
    found = next(node for node in amazon if node.product_types == wanted and not node.children)
    return shop.sandbox.world.omnitron.category_node(found.id)


def _mapped(kind: str, reason: str, values: Mapping[str, str | None]) -> Fault:
    return Fault(reason, values, kind, cure=MAPPER)


def _missing(kind: str, name: str) -> Fault:
    return _mapped(kind, f"{name} attribute is required", {name: None})


def _placed(reason: str, *kinds: str) -> Fault:
    """In the categories of these types instead of its own."""

    def put(shop: Shop, sku: str, *types: str) -> None:
        nodes = [node_of(shop, each) for each in types]
        shop.sandbox.world.omnitron.map_category(sku, *nodes)

    return Fault(
        reason,
        plant=lambda shop, sku: put(shop, sku, *kinds),
        mend=lambda shop, sku: put(shop, sku, "SHIRT"),
    )


def _refused(
    reason: str, message: str, attribute: str, category: str, mend: Hand | None = None
) -> Fault:
    """Accepted by Amazon, and refused when it is processed; another value is taken."""

    def refuse(shop: Shop, sku: str) -> None:
        shop.sandbox.world.amazon.listings.refuse_later(sku, "18027", message, attribute, category)

    def change(shop: Shop, sku: str) -> None:
        map_attributes(shop, sku, {attribute: f"{barcode(shop, sku)[:-1]}X"})

    return Fault(reason, plant=refuse, mend=mend or change)


def _unstocked(shop: Shop, sku: str) -> None:
    shop.sandbox.world.omnitron.remove_stock(sku)


def _unpriced(shop: Shop, sku: str) -> None:
    shop.sandbox.world.omnitron.remove_price(sku)


def _stocked(shop: Shop, sku: str) -> None:
    shop.sandbox.world.omnitron.set_stock(sku, 10)


def _priced(shop: Shop, sku: str) -> None:
    shop.sandbox.world.omnitron.set_price(sku, "100.00", currency_type="try")


def _at(price: str, currency: str = "try") -> Hand:
    return lambda shop, sku: shop.sandbox.world.omnitron.set_price(
        sku, price, currency_type=currency
    )


def _named(name: str) -> Hand:
    return lambda shop, sku: shop.sandbox.world.omnitron.set_product(sku, name=name)


def _pictured(url: str | None) -> Hand:
    return lambda shop, sku: shop.sandbox.world.omnitron.set_image(sku, url)


def _both(first: Hand, second: Hand) -> Hand:
    return lambda shop, sku: (first(shop, sku), second(shop, sku))


def _bullets(keyword: str, number: int) -> Hand:
    """Let Amazon want another number of bullet points of a sandal."""

    def edit(one: ProductType) -> None:
        one.attributes["bullet_point"][keyword] = number

    return lambda shop, _sku: shop.sandbox.world.amazon.types.change("SANDAL", edit)


_GOODS: Final = {
    "no stock": Fault("Stock data not found", plant=_unstocked, mend=_stocked),
    "no price": Fault("Price data not found", plant=_unpriced, mend=_priced),
    "neither": Fault(
        "Stock data not found; Price data not found",
        plant=_both(_unstocked, _unpriced),
        mend=_both(_stocked, _priced),
    ),
    "no category": _placed("Category data not found"),
    "two categories": _placed("2 categories instead of exactly one: ", "SHIRT", "PLATE"),
    "no goods there": _placed("Amazon has no product type for the category Hediye Kartları", ""),
    "no picture": Fault(
        "Image data not found",
        plant=_pictured(None),
        mend=_pictured("https://cdn.example.com/2.jpg"),
    ),
    "euros": Fault(
        "the price is in EUR, the marketplace sells in TRY",
        plant=_at("10.00", "eur"),
        mend=_priced,
    ),
    "for nothing": Fault("the price is 0.00 TRY, not above 0", plant=_at("0.00"), mend=_priced),
    "no mapping": Fault(
        "Mapping is missing for product ",
        plant=lambda shop, sku: shop.sandbox.world.omnitron.unmapped.add(sku),
        mend=lambda shop, sku: shop.sandbox.world.omnitron.unmapped.discard(sku),
    ),
    "long name": Fault(
        "item_name: 201 characters; at most 200 are allowed",
        plant=_named("x" * 201),
        mend=_named("Ad"),
        cure=MAPPER,
    ),
    "long name in bytes": Fault(
        "item_name: 800 bytes in UTF-8, where ş counts two; at most 500 are allowed",
        plant=_named("🧵" * 200),
        mend=_named("Ad"),
        cure=MAPPER,
    ),
}

_MISSING: Final = {
    f"{kind} without {name}": _missing(kind, name)
    for kind, name in (
        *(("SHIRT", name) for name in SHIRT),
        ("PLATE", "is_dishwasher_safe"),
        ("LAMP", "voltage.unit"),
        ("CHAIR", "item_dimensions.height"),
    )
} | {
    "no barcode": _mapped(
        "SHIRT", f"{BARCODE}, merchant_suggested_asin or supplier_declared", {BARCODE: None}
    ),
    "blank": _mapped("SHIRT", "size attribute is required", {"size": " "}),
    "no unit named": _mapped(
        "SHIRT", "item_weight.unit attribute is required", {"item_weight": "2,5"}
    ),
    # What only some values of another attribute make necessary.
    "batteries": _mapped(
        "LAMP", "batteries_included attribute is required", {"batteries_required": "true"}
    ),
    "cells": _mapped("LAMP", "battery attribute is required", {"batteries_included": "true"}),
    "cargo": _mapped(
        "LAMP",
        "item_weight attribute is required",
        {"supplier_declared_dg_hz_regulation": "transportation"},
    ),
    "diamond": _mapped(
        "RING", "total_diamond_weight attribute is required", {"gem_type": "diamond"}
    ),
    "to assemble": _mapped(
        "CHAIR", "assembly_instructions attribute is required", {"is_assembly_required": "true"}
    ),
    "perishable": _mapped(
        "PERSONAL_FRAGRANCE",
        "fc_shelf_life attribute is required",
        {"is_expiration_dated_product": "true"},
    ),
}

_VALUES: Final = {
    "short barcode": _mapped(
        "SHIRT", f"{BARCODE}: 2 characters; at least 8 are needed", {BARCODE: "12"}
    ),
    "kind of barcode": _mapped(
        "SHIRT",
        f'{BARCODE}.type: "isbn" is not among Amazon\'s choices: ',
        {f"{BARCODE}.type": "isbn"},
    ),
    "short ASIN": _mapped(
        "SHIRT",
        "merchant_suggested_asin: 6 characters; at least 10 are needed",
        {"merchant_suggested_asin": "B0KISA"},
    ),
    "long text": _mapped(
        "SHIRT",
        "product_description: 2001 characters; at most 2000 are allowed",
        {"product_description": "x" * 2001},
    ),
    "few letters, many bytes": _mapped(
        "SHIRT", "model_number: 42 bytes in UTF-8", {"model_number": "ş" * 21}
    ),
    "no department": _mapped(
        "SHIRT", 'department: "kedi" is not among Amazon\'s choices: ', {"department": "kedi"}
    ),
    "unknown unit": _mapped(
        "SHIRT",
        'item_weight.unit: "okka" is not among Amazon\'s choices: ',
        {"item_weight": "2", "item_weight.unit": "okka"},
    ),
    "no truth": _mapped(
        "PLATE",
        'is_dishwasher_safe: "belki" is not true or false',
        {"is_dishwasher_safe": "belki"},
    ),
    "no number": _mapped(
        "PLATE", 'number_of_items: "altı" is not a whole number', {"number_of_items": "altı"}
    ),
    "not whole": _mapped(
        "PLATE", "number_of_items: 2.5 is not a whole number", {"number_of_items": "2,5"}
    ),
    "two separators": _mapped("LAMP", 'voltage: "1.234,5" is not a number', {"voltage": "1.234,5"}),
    "too many digits": _mapped(
        "LAMP", "voltage: a number has more digits than Amazon keeps", {"voltage": "0," + "1" * 40}
    ),
    "too small": _mapped("PLATE", "number_of_items: 0 is less than 1", {"number_of_items": "0"}),
    "too great": _mapped("RING", "ring_size: 41 is more than 40", {"ring_size": "41"}),
    "below zero": _mapped("CHAIR", "item_weight: -1 is less than 0", {"item_weight": "-1"}),
    "list price": _mapped(
        "LAMP",
        "list_price: 0 is not more than 0",
        {"list_price": "0", "list_price.currency": "TRY"},
    ),
    "pattern": _mapped(
        "PERSONAL_FRAGRANCE",
        'cosmetic_notification: "TR-1" has not the form Amazon wants',
        {"cosmetic_notification": "TR-1"},
    ),
    "picture's address": _mapped(
        "SHIRT", f'{_IMAGE}: "ftp://x" has not the form Amazon wants', {_IMAGE: "ftp://x"}
    ),
    "no date": _mapped(
        "SHIRT",
        'fulfillment_availability.restock_date: "yarın" is not a date',
        {"fulfillment_availability.restock_date": "yarın"},
    ),
    "no moment": _mapped(
        "SHIRT",
        f'{_SALE}.start_at: "dün" is not a moment',
        {f"{_SALE}.start_at": "dün", f"{_SALE}.value_with_tax": "90"},
    ),
    "too few values": Fault(
        "bullet_point: 1 values; at least 2 are needed",
        {"bullet_point": "Rahat"},
        "SANDAL",
        plant=_bullets("minUniqueItems", 2),
        mend=_bullets("minUniqueItems", 1),
        cure=MAPPER,
    ),
}

_BY_AMAZON: Final = {
    "no such category": Fault(
        "recommended_browse_nodes: The value '999' for",
        {"recommended_browse_nodes": "999"},
        cure=MAPPER,
    ),
    "brand refused": _refused(
        f"brand: The brand is not yours{MAPPER}",
        "The brand is not yours.",
        "brand",
        "INVALID_ATTRIBUTE",
    ),
    "asked for later": _refused(
        "manufacturer: The manufacturer is missing: map it in Omnitron's Mapper",
        "The manufacturer is missing.",
        "manufacturer",
        "MISSING_ATTRIBUTE",
    ),
    "picture refused": _refused(
        "main_product_image_locator: The picture has a frame: give the product another picture",
        "The picture has a frame.",
        "main_product_image_locator",
        "INVALID_IMAGE",
        _pictured("https://cdn.example.com/3.jpg"),
    ),
    "there already": _refused(
        f"{BARCODE}: Another product has it: map the ASIN of the product Amazon has already",
        "Another product has it.",
        BARCODE,
        "DUPLICATE",
    ),
    "not approved": _refused(
        "You need approval to list this: ask Amazon for approval in Seller Central",
        "You need approval to list this.",
        "",
        "QUALIFICATION_REQUIRED",
        lambda shop, sku: shop.sandbox.world.amazon.listings.forgive(sku),
    ),
    "dear": Fault(
        "purchasable_offer: The price of the item is a potential pricing error",
        plant=lambda shop, sku: shop.sandbox.world.amazon.listings.expect_price(sku, "80", "95"),
        mend=_at("90.00"),
        cure=": check the price in Omnitron, and the prices allowed in Seller Central",
    ),
    "no answer": Fault(
        "no response from Amazon within 6 hours",
        plant=lambda shop, sku: shop.sandbox.faults.add(
            "ignored_sku",
            "putListingsItem",
            sku=sku,
            times=999,  # each call of any SKU counts
        ),
        mend=lambda shop, _sku: shop.sandbox.faults.clear(),
    ),
}

FAULTS: Final[Mapping[str, Fault]] = {**_GOODS, **_MISSING, **_VALUES, **_BY_AMAZON}
"""SKU -> the fault of that product."""
