"""What the ERP and the brand do to orders: ship, invoice, grant or reject cancellations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from amzsync.sandbox.omnitron.cancellation_requests import decide
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.invoices import Served, path_of, pdf
from amzsync.sandbox.omnitron.orders import change_item
from amzsync.sandbox.omnitron.plans import COMPLETED, REJECTED, close_plan, waiting_plans
from amzsync.sandbox.omnitron.statuses import APPROVED, OUT, SHIPPED
from amzsync.sandbox.omnitron.timeline import Timeline

_Row = dict[str, Any]


class OrderHands:
    """Hands for orders by their number, in one channel; a base of OmnitronWorld.

    Errors of all: KeyError for an order, item, field or request that is not there.
    """

    def __init__(self, channels: dict[int, Channel], timeline: Timeline) -> None:
        self.channels = channels
        self.timeline = timeline
        self.base_url = "http://127.0.0.1"
        self.invoices_served: dict[str, Served] = {}

    def units(self, number: str, channel: int = 1) -> list[_Row]:
        """The units in short: pk, remote_id (the line's), status, tracking_number, cancel_status.

        An order that was created twice has its units twice.
        """
        return [_short(row) for row in self._items(number, channel)]

    def set_order_is_send(self, number: str, is_send: bool = True, channel: int = 1) -> None:
        """Whether the ERP knows the order."""
        for order in self._orders(number, channel):
            self.channels[channel].touch("order", order, is_send=is_send)

    def change_order_items(self, number: str, channel: int = 1, **values: Any) -> None:
        """What the ERP tells of every item; of cancelled ones nothing if it tells a status."""
        for row in self._items(number, channel):
            if "status" not in values or row["status"] not in OUT:
                _tell(self.channels[channel], row, values)

    def change_items(
        self, number: str, pks: Iterable[int], channel: int = 1, **values: Any
    ) -> None:
        """What the ERP tells of some items. Errors: ValueError for a cancelled one's status."""
        own = {row["pk"]: row for row in self._items(number, channel)}
        for row in [own[pk] for pk in pks]:
            _tell(self.channels[channel], row, values)

    def ship(
        self,
        number: str,
        units: Mapping[str, int] | None = None,
        *,
        tracking_number: str | None,
        shipping_company: str,
        channel: int = 1,
    ) -> list[int]:
        """Ship the next so many units of each line (line id: units), else all left; their pks.

        Without a tracking number they are shipped all the same. Cancelled units never are.
        Errors: ValueError when a line has fewer units left.
        """
        rows = _to_ship(self._items(number, channel), units)
        values = {
            "status": SHIPPED,
            "tracking_number": tracking_number,
            "shipping_company": shipping_company,
        }
        for row in rows:
            _tell(self.channels[channel], row, values)
        return [row["pk"] for row in rows]

    def invoice(
        self, number: str, invoice_number: str, channel: int = 1, url: str | None = None
    ) -> str:
        """Invoice all items and the order; the `e_archive_url`, by default of a PDF served here."""
        rows = self._items(number, channel)
        if url is None:
            path = path_of(invoice_number)
            self.invoices_served[path] = ("application/pdf", pdf(f"Fatura {invoice_number}"))
            url = self.base_url + path
        values = {
            "invoice_number": invoice_number,
            "invoice_date": self.timeline.now_text(),
            "e_archive_url": url,
        }
        for row in rows:
            _tell(self.channels[channel], row, values)
        return url

    def complete_cancellations(self, number: str, channel: int = 1) -> None:
        """The brand's yes to all waiting plans of an order, cancels and refunds."""
        self._close_plans(number, channel, COMPLETED)

    def reject_cancellations(self, number: str, channel: int = 1) -> None:
        """The brand's no to them: the items are what they were before."""
        self._close_plans(number, channel, REJECTED)

    def complete_request(self, request_id: int) -> None:
        """The brand's yes to a cancellation request: its unit becomes 600 (refund) or 100 (cancel).

        Errors: ValueError when it is decided already.
        """
        decide(*self._request(request_id), COMPLETED)

    def reject_request(self, request_id: int) -> None:
        """The brand's no to it. Errors: ValueError when it is decided already."""
        decide(*self._request(request_id), REJECTED)

    def _orders(self, number: str, channel: int) -> list[_Row]:
        found = self.channels[channel].orders.find("number", number)
        if not found:
            raise KeyError(number)
        return found

    def _items(self, number: str, channel: int) -> list[_Row]:
        table = self.channels[channel].order_items
        orders = self._orders(number, channel)
        return [row for order in orders for row in table.find("order", order["pk"])]

    def _close_plans(self, number: str, channel: int, outcome: str) -> None:
        for order in self._orders(number, channel):
            for plan in waiting_plans(self.channels[channel], order):
                close_plan(self.channels[channel], plan, outcome)

    def _request(self, request_id: int) -> tuple[Channel, _Row]:
        for channel in self.channels.values():
            row = channel.cancellation_requests.get(request_id)
            if row is not None:
                return channel, row
        raise KeyError(request_id)


def _short(row: _Row) -> _Row:
    shown = {name: row[name] for name in ("pk", "status", "tracking_number", "cancel_status")}
    return {**shown, "remote_id": row["extra_field"].get("id")}


def _tell(channel: Channel, row: _Row, values: Mapping[str, Any]) -> None:
    if row["status"] in OUT and values.get("status", row["status"]) != row["status"]:
        raise ValueError(f"order item {row['pk']} has status {row['status']}")
    change_item(channel, row, **values)


def _to_ship(rows: Sequence[_Row], units: Mapping[str, int] | None) -> list[_Row]:
    ready = [row for row in rows if int(APPROVED) <= int(row["status"]) < int(SHIPPED)]
    if units is None:
        return ready
    left = Counter(units)
    taken = []
    for row in ready:
        line = row["extra_field"].get("id")
        if left[line] > 0:
            left[line] -= 1
            taken.append(row)
    missing = {line: count for line, count in left.items() if count > 0}
    if missing:
        raise ValueError(f"so many units more than can be shipped: {missing}")
    return taken
