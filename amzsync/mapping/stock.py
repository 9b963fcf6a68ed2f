"""Stock: from what Omnitron has to what Amazon is told."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any

from amzsync.amazon.assumptions import SELLER_FULFILLED, STOCK_PATCH_OP


def quantity_to_send(stock: Decimal, buffer_stock: int) -> int:
    """The quantity Amazon may sell: the stock less the buffer, whole, never negative.

    Source: the manual, Buffer Stock.
    """
    return max(0, int(stock.to_integral_value(rounding=ROUND_FLOOR)) - buffer_stock)


def quantity_patches(quantity: int) -> list[dict[str, Any]]:
    """The JSON Patch that sets a seller-fulfilled quantity and leaves its lead time alone.

    Source: sp-api.md §2.5.3; the whole attribute instance is named by its channel code.
    """
    return [
        {
            "op": STOCK_PATCH_OP,
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": SELLER_FULFILLED, "quantity": quantity}],
        }
    ]
