"""What happens in the demo's shop, and the runs that bring it across."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from amzsync.cli.stage import Ran, Stage

FEW = 3
FEED_TIME = 600  # seconds in which Amazon works a feed off and shows its values
REPORT_TIME = 600  # seconds in which Amazon writes a report
CARRIER, SLUG = "MNG Kargo", "mng"

Row = dict[str, Any]
Run = Callable[[str, str], Ran]


@dataclass(frozen=True, slots=True)
class Cast:
    """The orders something happens to; the ERP knows them all.

    `shipped` leave and arrive, `returned` is one of them and comes back; `cancelled` is cancelled
    whole, of `trimmed` one unit.
    """

    shipped: tuple[Row, ...]
    cancelled: Row
    trimmed: Row

    @property
    def returned(self) -> Row:
        """The order a unit of comes back."""
        return self.shipped[0]


def cast(orders: Sequence[Row]) -> Cast:
    """Choose them among the orders that are still to be shipped."""
    waiting = [
        order for order in orders if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    ]
    trimmed = next(order for order in waiting if _units(order) > 1)
    others = [order for order in waiting if order is not trimmed]
    return Cast(tuple(others[:FEW]), others[FEW], trimmed)


def play(stage: Stage, run: Run, cast: Cast) -> Iterator[Ran]:
    """The runs, one after the other, with what happens in the shop between them."""
    skus = sorted(stage.stocks())
    yield run("new orders", "orders pull")
    stage.change_stocks(skus[:FEW], by=7)
    yield run(f"{FEW} stocks changed", "stock push")
    stage.change_stocks(skus[FEW:], by=5)
    yield run(f"{len(skus) - FEW} stocks changed", "stock push")
    for order in (*cast.shipped, cast.cancelled, cast.trimmed):
        stage.erp("set_order_is_send", order["orderId"])
    for number, order in enumerate(cast.shipped, start=1):
        tracking_number = f"MNG{number:09}"
        stage.erp("ship", order["orderId"], tracking_number=tracking_number, shipping_company=SLUG)
    yield run(f"{FEW} orders shipped", "orders push")
    stage.change_order(cast.cancelled["orderId"], cancelled_by="BUYER")
    line = _line_of(cast.trimmed)
    stage.change_order(
        cast.trimmed["orderId"],
        cancel_items={line["orderItemId"]: 1},
        cancelled_by="MERCHANT",
        cancel_reason="NO_INVENTORY",
    )
    stage.advance(FEED_TIME)
    yield run("feed worked off", "stock push")
    yield run("an order and a unit cancelled", "cancellations pull --sweep")
    for order in cast.shipped:
        stage.change_order(order["orderId"], delivered=True)
    yield run(f"{FEW} orders delivered", "orders refresh")
    sku = cast.returned["orderItems"][0]["product"]["sellerSku"]
    stage.give_back(cast.returned["orderId"], sku)
    yield run("a unit comes back", "refunds pull")
    stage.advance(REPORT_TIME)
    yield run("returns report ready", "refunds pull")


def play_again(run: Run) -> Iterator[Ran]:
    """Nothing has happened since: these runs have nothing to do."""
    for words in ("orders pull", "orders push", "products push", "prices push", "stock push"):
        yield run("once more", words)


def _units(order: Row) -> int:
    return max(int(line["quantityOrdered"]) for line in order["orderItems"])


def _line_of(order: Row) -> Row:
    """The line with the most units."""
    line: Row = max(order["orderItems"], key=lambda line: line["quantityOrdered"])
    return line
