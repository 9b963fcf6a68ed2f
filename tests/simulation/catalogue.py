"""A brand's whole catalogue: its goods, what it maps in the Mapper, and what Amazon sells of it.

The brand answers what the Mapper asks; it knows its goods, so units and numbers have an answer
here, and every closed list without one is answered by its first entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from tests.e2e.catalogue_shop import CARE_ROOT, HOME_ROOT, ROOT
from tests.shop import Shop

ROOTS: Final = f"{ROOT} {HOME_ROOT} {CARE_ROOT}"
_SIDES: Final = ("length", "width", "height")

# What the brand says of any of its goods that have such an attribute.
ANSWERS: Final = {
    "batteries_required": "Hayır",
    "capacity": "0,5",
    "capacity.unit": "Litre",
    "connectivity_technology": "Bluetooth",
    "cosmetic_notification": "12345678",
    "gem_type": "Taşsız",
    "heel.height": "7",
    "heel.height.unit": "Santimetre",
    "ingredients": "Su, gliserin, gül yağı",
    "is_assembly_required": "Hayır",
    "is_dishwasher_safe": "Evet",
    "item_weight": "1,25",
    "item_weight.unit": "Kilogram",
    "manufacturer_minimum_age": "36",
    "model_name": "Deniz",
    "model_number": "M-100",
    "neck.neck_style": "Bisiklet yaka",
    "number_of_compartments": "3",
    "number_of_items": "6",
    "number_of_pieces": "24",
    "supplier_declared_dg_hz_regulation": "Geçerli değil",
    "total_diamond_weight": "0,2",
    "total_diamond_weight.unit": "Gram",
    "unit_count": "50",
    "unit_count.unit": "Mililitre",
    "voltage": "220",
    "voltage.unit": "Volt",
    "water_resistance_depth": "30",
    "water_resistance_depth.unit": "Metre",
    **{f"item_dimensions.{side}": "20" for side in _SIDES},
    **{f"item_dimensions.{side}.unit": "Santimetre" for side in _SIDES},
}


class Brand:
    """The people of a brand at the Mapper of channel 1."""

    def __init__(self, shop: Shop) -> None:
        self._omnitron = shop.sandbox.world.omnitron
        self._forms: dict[str, list[dict[str, Any]]] = {}

    def map(self, product: dict[str, Any], member: int, category: str, product_type: str) -> None:
        """Put a product into a category of Amazon's, and answer what the Mapper asks then.

        `member`: which of its family it is, from 0.
        """
        sku = product["sku"]
        self._omnitron.map_category(sku, self._omnitron.category_node(category))
        if category not in self._forms:  # the same for every product in it
            self._forms[category] = self._omnitron.mapper_form(sku)
        own = _facts(product, member) | {"product_type": product_type}
        answers = dict(_answers(self._forms[category], own, member))
        self._omnitron.map_attributes(sku, answers)


def _answers(
    form: list[dict[str, Any]], own: dict[str, str], member: int
) -> Iterator[tuple[str, str]]:
    for row in form:
        name, is_closed = row["name"], row["values"] and not row["is_custom"]
        if is_closed and row["is_variant"]:
            yield name, row["values"][member]
        elif name in own or name in ANSWERS:
            yield name, own.get(name) or ANSWERS[name]
        elif row["is_required"]:
            yield name, row["values"][0] if row["values"] else own["item_name"]


def _facts(product: dict[str, Any], member: int) -> dict[str, str]:
    """What is said of this product alone; no two of a family are the same."""
    attributes = product["attributes"]
    shade = f"{attributes['renk']} {attributes['boyut']}"
    return {
        "item_name": product["name"],
        "brand": attributes["marka"],
        "product_description": product["description"],
        "externally_assigned_product_identifier": attributes["barcode"],
        "color": shade,
        "size": attributes["boyut"],
        "scent": shade,
        "ring_size": str(10 + member),
        "material": attributes["materyal"],
    }


def shelves(shop: Shop) -> dict[str, str]:
    """Product type -> a category of Amazon's whose goods are of it, of it alone if there is one."""
    leaves = [node for node in shop.sandbox.world.amazon.browse if node.product_types]
    leaves.sort(key=lambda node: -len(node.product_types))
    return {name: node.id for node in leaves for name in node.product_types}


def map_all(shop: Shop) -> None:
    """Map every product of the channel, family by family over all product types."""
    brand, places = Brand(shop), sorted(shelves(shop).items())
    families: dict[str, list[dict[str, Any]]] = {}
    for product in shop.sandbox.world.omnitron.snapshot("products"):
        if product["channel"] == shop.channel:
            families.setdefault(product["base_code"], []).append(product)
    for number, family in enumerate(families.values()):
        product_type, category = places[number % len(places)]
        for member, product in enumerate(family):
            brand.map(product, member, category, product_type)


def wrong_on_amazon(shop: Shop) -> dict[str, str]:
    """SKU -> what of it is not as Omnitron has it; SKUs without fault are left out."""
    world = shop.sandbox.world
    world.amazon.settle()
    stocks, prices = (
        {row["sku"]: row for row in world.omnitron.snapshot(kind) if row["channel"] == shop.channel}
        for kind in ("stocks", "prices")
    )
    return {sku: fault for sku in stocks if (fault := _wrong(shop, sku, stocks[sku], prices[sku]))}


def _wrong(shop: Shop, sku: str, stock: dict[str, Any], price: dict[str, Any]) -> str:
    listing = shop.sandbox.world.amazon.listings.get(sku)
    if listing is None:
        return "not listed"
    if not listing.buyable():
        return f"cannot be bought: {listing.issues}"
    if listing.quantity() != stock["stock"]:
        return f"quantity {listing.quantity()} instead of {stock['stock']}"
    if listing.price() != Decimal(price["price"]):
        return f"price {listing.price()} instead of {price['price']}"
    return ""
