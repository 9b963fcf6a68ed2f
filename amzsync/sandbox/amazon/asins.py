"""Amazon's catalogue: which ASINs there are, and which barcode leads to which."""

from __future__ import annotations

from collections.abc import Iterable

from amzsync.sandbox.amazon.attributes import Attributes


class Asins:
    """ASINs by barcode. A new product gets a new ASIN."""

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        self._known: set[str] = set()
        self._of_code: dict[str, str] = {}
        self._made = 0
        for asin, code in known:
            self.know(asin, code)

    def know(self, asin: str, code: str = "") -> None:
        """Have a product in the catalogue, whoever sells it, with its barcode."""
        self._known.add(asin)
        if code:
            self._of_code[code] = asin

    def match(self, attributes: Attributes) -> str:
        """The ASIN a listing with these attributes belongs to; empty where there is none yet."""
        for row in attributes.get("merchant_suggested_asin", []):
            if row.get("value") in self._known:
                return str(row["value"])
        for code in codes(attributes):
            if code in self._of_code:
                return self._of_code[code]
        return ""

    def make(self, attributes: Attributes) -> str:
        """A new ASIN for a product that is in the catalogue from now on."""
        self._made += 1
        asin = f"B0N{self._made:07d}"
        self._known.add(asin)
        for code in codes(attributes):
            self._of_code[code] = asin
        return asin


def codes(attributes: Attributes) -> list[str]:
    """The barcodes among the attributes."""
    rows = attributes.get("externally_assigned_product_identifier", [])
    return [str(row.get("value", "")) for row in rows if isinstance(row, dict)]
