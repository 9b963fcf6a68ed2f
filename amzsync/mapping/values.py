"""The values the state keeps count of, as what Amazon is told: stock and price in one PATCH."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from amzsync.config.marketplaces import Marketplace
from amzsync.mapping.prices import price_patches
from amzsync.mapping.stock import quantity_patches


def value_patches(values: Mapping[str, str], marketplace: Marketplace) -> list[dict[str, Any]]:
    """The JSON Patches that set these values and leave the rest of the listing alone."""
    patches: list[dict[str, Any]] = []
    if "quantity" in values:
        patches += quantity_patches(int(values["quantity"]))
    if "price" in values:
        patches += price_patches(Decimal(values["price"]), marketplace)
    return patches
