"""FBA inventory: the stock of what Amazon fulfils, which its listings report leaves out.

Source: sp-api.md §2.10.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from amzsync.amazon.calls import Calls, csv, read
from amzsync.amazon.models.inventory import InventoryPage, InventorySummary
from amzsync.amazon.operations import GET_INVENTORY_SUMMARIES
from amzsync.errors import ProtocolError

PAGE_SIZE: Final = 50
"""The most SKUs one call can be asked for."""


class Inventory:
    """What Amazon's warehouses hold of the account in one marketplace."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def summaries(self, skus: Sequence[str] = ()) -> Iterator[tuple[InventorySummary, ...]]:
        """All of it page by page, or that of at most 50 SKUs; a SKU never sent there is missing.

        A page's token lives 30 seconds: ask for the next one at once. A SKU with a comma cannot
        stand in a list. Errors: ValueError beyond 50, and those of Session.call.
        """
        if len(skus) > PAGE_SIZE:
            raise ValueError(f"at most {PAGE_SIZE} SKUs a call")
        listed = [sku for sku in skus if "," not in sku]
        for sku in skus:
            if "," in sku:
                yield from self._pages([("sellerSku", sku)])
        if listed or not skus:
            yield from self._pages([("sellerSkus", csv(listed))] if listed else [])

    def _pages(self, chosen: Sequence[tuple[str, str]]) -> Iterator[tuple[InventorySummary, ...]]:
        here = self._calls.marketplace_id
        query = [
            ("details", "true"),
            ("granularityType", "Marketplace"),
            ("granularityId", here),
            ("marketplaceIds", here),
            *chosen,
        ]
        seen: set[str] = set()
        token = ""
        while True:
            asked = [*query, ("nextToken", token)] if token else query
            reply = self._calls.call(GET_INVENTORY_SUMMARIES, query=asked)
            page = read(InventoryPage, GET_INVENTORY_SUMMARIES, reply)
            yield page.payload.inventory_summaries
            token = page.pagination.next_token if page.pagination else ""
            if not token:
                return
            if token in seen:
                raise ProtocolError(
                    "the same page token came twice",
                    operation=GET_INVENTORY_SUMMARIES.name,
                    request_id=reply.request_id,
                )
            seen.add(token)
