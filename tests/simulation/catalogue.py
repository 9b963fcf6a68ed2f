"""A brand's whole catalogue: its goods, what it maps in the Mapper, and what Amazon sells of it.

The brand answers what the Mapper asks; it knows its goods, so units and numbers have an answer
here, and every closed list without one is answered by its first entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from amzsync.sandbox.amazon.account import TURKIYE
from amzsync.sandbox.omnitron.goods import FAMILY
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
    "unit_count": "50",
    "unit_count.unit": "Mililitre",
    "voltage": "220",
    "water_resistance_depth": "30",
    "water_resistance_depth.unit": "Metre",
    **{f"item_dimensions.{side}": "20" for side in _SIDES},
    **{f"item_dimensions.{side}.unit": "Santimetre" for side in _SIDES},
}
# What tells the members of a family apart, where the Mapper has no better word for it.
_VARIANTS: Final = ("color", "size", "scent", "ring_size")


class Brand:
    """The people of a brand at the Mapper of channel 1."""

    def __init__(self, shop: Shop) -> None:
        self._omnitron = shop.sandbox.world.omnitron
        self._forms: dict[str, list[dict[str, Any]]] = {}

    def map(self, product: dict[str, Any], category: str, product_type: str) -> None:
        """Put a product into a category of Amazon's, and answer what the Mapper asks then."""
        sku = product["sku"]
        self._omnitron.map_category(sku, self._omnitron.category_node(category))
        if category not in self._forms:  # the same for every product in it
            self._forms[category] = self._omnitron.mapper_form(sku)
        answers = dict(self._answers(self._forms[category], product))
        if "product_type" in answers:
            answers["product_type"] = product_type
        self._omnitron.map_attributes(sku, answers)

    def _answers(
        self, form: list[dict[str, Any]], product: dict[str, Any]
    ) -> Iterator[tuple[str, str]]:
        own = _facts(product)
        for row in form:
            name = row["name"]
            if name in own:
                closed = row["values"] and not row["is_custom"]
                yield name, row["values"][own["member"]] if closed else own[name]
            elif name in ANSWERS:
                yield name, ANSWERS[name]
            elif row["is_required"]:
                yield name, row["values"][0] if row["values"] else product["name"]


def _facts(product: dict[str, Any]) -> dict[str, Any]:
    """What is said of this product alone; no two of a family have the same."""
    member = (product["pk"] - 1) % FAMILY
    attributes = product["attributes"]
    shade = f"{attributes['renk']} {attributes['boyut']}"
    return {
        "member": member,
        "brand": attributes["marka"],
        "product_description": product["description"],
        "externally_assigned_product_identifier": product["ean"],
        "color": shade,
        "size": attributes["boyut"],
        "scent": shade,
        "ring_size": str(10 + member),
        "material": attributes["materyal"],
    }
