"""Returns that buyers asked for: one row per line of an RMA, as the reports tell them.

A return changes nothing on its order: Orders 2026-01-01 does not know returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.orderbook import Order
from amzsync.sandbox.amazon.replies import iso, moment_of

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

_CHANGEABLE = ("quantity", "reason", "status", "requested", "resolution", "item_name")


@dataclass(slots=True)
class ReturnedItem:
    """One line of a return, with what the reports show of its order.

    `rma_id` is the Amazon RMA id, or the license plate number where Amazon fulfilled the order.
    """

    rma_id: str
    order_id: str
    marketplace_id: str
    by_amazon: bool
    prime: bool
    ordered: datetime
    order_amount: str
    order_quantity: int
    currency: str
    sku: str
    asin: str
    item_name: str
    quantity: int
    reason: str
    status: str
    resolution: str
    requested: datetime

    def dump(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return asdict(self) | {"ordered": iso(self.ordered), "requested": iso(self.requested)}


class ReturnBook:
    """Returned items in the order in which they came."""

    def __init__(self, world: AmazonWorld) -> None:
        self._world = world
        self._rows: list[ReturnedItem] = []

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[ReturnedItem]:
        """Every row."""
        return iter(self._rows)

    def add(
        self,
        order_id: str,
        sku: str,
        quantity: int = 1,
        *,
        reason: str = "CR-DEFECTIVE",
        status: str = "Approved",
        rma_id: str | None = None,
        requested: datetime | str | None = None,
        resolution: str = "StandardRefund",
        item_name: str | None = None,
    ) -> str:
        """Let a buyer send something back, now unless `requested` says when; its RMA id.

        The same `rma_id` again adds a line to that return. A SKU the order does not have has no
        ASIN, and its own text as its name. Errors: KeyError for an order there is not, ValueError
        for an RMA id of another order.
        """
        if (order := self._world.orders.get(order_id)) is None:
            raise KeyError(order_id)
        if any(row.rma_id == rma_id and row.order_id != order_id for row in self._rows):
            raise ValueError(f"{rma_id} is a return of another order")
        facts = _order_facts(order)
        product = _product(order, sku)
        row = ReturnedItem(
            **facts,
            rma_id=rma_id or self._next_id(by_amazon=facts["by_amazon"]),
            sku=sku,
            asin=product.get("asin", ""),
            item_name=product.get("title", sku) if item_name is None else item_name,
            quantity=int(quantity),
            reason=reason,
            status=status,
            resolution=resolution,
            requested=self._world.now() if requested is None else _moment(requested),
        )
        self._rows.append(row)
        return row.rma_id

    def change(self, rma_id: str, **values: Any) -> None:
        """Change every row of a return: quantity, reason, status, requested, resolution, item_name.

        Errors: KeyError for an RMA id there is not, ValueError for another value.
        """
        if unknown := values.keys() - set(_CHANGEABLE):
            raise ValueError(f"a return has no {sorted(unknown)[0]} to change")
        if not (rows := [row for row in self._rows if row.rma_id == rma_id]):
            raise KeyError(rma_id)
        if "requested" in values:
            values["requested"] = _moment(values["requested"])
        for row in rows:
            for name, value in values.items():
                setattr(row, name, value)

    def _next_id(self, *, by_amazon: bool) -> str:
        number = len(self._rows) + 1
        return f"LPNRR{number:09d}" if by_amazon else f"D{number:08d}RRMA"


def _order_facts(order: Order) -> dict[str, Any]:
    total = order.get("proceeds", {}).get("grandTotal", {})
    return {
        "order_id": order["orderId"],
        "marketplace_id": order["salesChannel"].get("marketplaceId", ""),
        "by_amazon": order["fulfillment"].get("fulfilledBy") == "AMAZON",
        "prime": "PRIME" in order.get("programs", []),
        "ordered": moment_of(order["createdTime"], "createdTime"),
        "order_amount": total.get("amount", ""),
        "order_quantity": sum(item["quantityOrdered"] for item in order["orderItems"]),
        "currency": total.get("currencyCode", ""),
    }


def _product(order: Order, sku: str) -> dict[str, Any]:
    products = (item["product"] for item in order["orderItems"])
    return next((one for one in products if one.get("sellerSku") == sku), {})


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else moment_of(value, "requested")
