"""The goods both far sides know: one catalogue, built from a number and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ProductSeed:
    """One product: Omnitron has it in its catalogue, Amazon lists its SKU.

    `listed`: Amazon knows the SKU and Omnitron has its integration action; otherwise the product
    waits to be listed.
    """

    number: int
    sku: str
    asin: str
    ean: str
    name: str
    price: Decimal
    stock: int
    listed: bool = True
