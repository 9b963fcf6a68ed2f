"""FBA Inventory v1: what Amazon's warehouses hold. Source: sp-api.md §2.10.2."""

from __future__ import annotations

from pydantic import Field

from amzsync.amazon.models.listings import Pagination
from amzsync.amazon.models.payload import Payload, Rows, Text


class InventoryDetails(Payload):
    """Units by what can be done with them; only the sellable ones matter here."""

    fulfillable_quantity: int | None = None


class InventorySummary(Payload):
    """One SKU in Amazon's warehouses."""

    seller_sku: Text = ""
    asin: Text = ""
    inventory_details: InventoryDetails = Field(default_factory=InventoryDetails)

    @property
    def sellable(self) -> int:
        """Units buyers can get."""
        return self.inventory_details.fulfillable_quantity or 0


class InventorySummaries(Payload):
    """The rows of a page."""

    inventory_summaries: Rows[InventorySummary] = ()


class InventoryPage(Payload):
    """A page of getInventorySummaries."""

    payload: InventorySummaries = Field(default_factory=InventorySummaries)
    pagination: Pagination | None = None
