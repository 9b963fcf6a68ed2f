"""What buyers, the seller, the ERP, carriers and Amazon do to an order, each as one step.

A step does what its name says if it can be done to the order as it stands on that side, and tells
whether it was; so a story may ask for it at any moment. Nobody here knows of amzsync.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.amazon.world import AmazonWorld
from amzsync.sandbox.omnitron.world import OmnitronWorld
from amzsync.sandbox.order_corners import UNKNOWN_SKU, UNKNOWN_TOWNSHIP
from amzsync.sandbox.server import Sandbox

Order = dict[str, Any]
Row = dict[str, Any]

MERCHANT, BY_AMAZON = 1, 2  # the channel that ships itself, the one Amazon ships for
SHARED = 20  # the first products are sold by Amazon's own fulfilment too
CARRIERS = {"mng": "MNG Kargo", "yurtici": "Yurtiçi Kargo", "aras": "Aras Kargo"}
UNMAPPED_CARRIER = "surat"
# By whether Amazon ships.
RETURNS = {
    False: "GET_XML_RETURNS_DATA_BY_RETURN_DATE",
    True: "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
}
CAN_BE_CANCELLED = ("PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED")


class Life:
    """The hands of everyone, on both sides of one sandbox."""

    def __init__(self, sandbox: Sandbox, draw: random.Random) -> None:
        self.sandbox = sandbox
        self.draw = draw
        self._parcels = 0

    @property
    def amazon(self) -> AmazonWorld:
        """Amazon's side."""
        return self.sandbox.world.amazon

    @property
    def omnitron(self) -> OmnitronWorld:
        """Omnitron's side."""
        return self.sandbox.world.omnitron

    # -- at Amazon ----------------------------------------------------------------------------

    def place(self, channel: int = MERCHANT, *, age: float = 0, pending: bool = False) -> str:
        """A buyer orders, some seconds ago; `pending` until the payment is authorised."""
        (order_id,) = self.sandbox.world.add_orders(1, age=age)

        def edit(order: Order) -> None:
            if channel == BY_AMAZON:
                order["fulfillment"]["fulfilledBy"] = "AMAZON"
                goods = [row.sku for row in self.sandbox.world.products[:SHARED] if row.listed]
                skus = self.draw.sample(goods, len(order["orderItems"]))
                for item, sku in zip(order["orderItems"], skus, strict=True):
                    item["product"]["sellerSku"] = sku
            if pending:
                order["fulfillment"]["fulfillmentStatus"] = "PENDING"

        self._change(order_id, edit, touch=False)
        return order_id

    def replace(self, order_id: str) -> str:
        """Amazon sends the goods once more: an order of its own that costs nothing."""
        original = self.order(order_id)
        again = self.place(channel_of(original))

        def edit(order: Order) -> None:
            nothing = {"amount": "0.00", "currencyCode": "TRY"}
            (item, *_) = order["orderItems"]
            item["product"]["sellerSku"] = original["orderItems"][0]["product"]["sellerSku"]
            item["quantityOrdered"] = 1
            item["fulfillment"] = {"quantityFulfilled": 0, "quantityUnfulfilled": 1}
            item["product"]["price"]["unitPrice"] = nothing
            item["proceeds"] = {
                "breakdowns": [{"type": "ITEM", "subtotal": nothing}],
                "proceedsTotal": nothing,
            }
            order["orderItems"] = [item]
            order["proceeds"] = {
                "grandTotal": nothing,
                "breakdowns": [{"type": "ITEM", "subtotal": nothing}],
            }
            order.pop("payment", None)
            order["associatedOrders"] = [
                {"orderId": order_id, "associationType": "REPLACEMENT_ORIGINAL_ID"}
            ]

        self._change(again, edit, touch=False)
        return again

    def spoil_place(self, order_id: str) -> None:
        """The buyer lives where Omnitron knows no township."""

        def edit(order: Order) -> None:
            order["recipient"]["deliveryAddress"]["districtOrCounty"] = UNKNOWN_TOWNSHIP

        self._change(order_id, edit, touch=False)

    def spoil_sku(self, order_id: str) -> None:
        """The buyer ordered what Omnitron does not sell."""

        def edit(order: Order) -> None:
            order["orderItems"][0]["product"]["sellerSku"] = UNKNOWN_SKU

        self._change(order_id, edit, touch=False)

    def authorise(self, order_id: str) -> bool:
        """The payment of a pending order went through."""
        if self._status(order_id) != "PENDING":
            return False
        self._change(order_id, {"status": "UNSHIPPED"})
        return True

    def ask_to_cancel(self, order_id: str) -> bool:
        """The buyer asks the seller to cancel."""
        if self._status(order_id) != "UNSHIPPED":
            return False
        self._change(order_id, {"cancellation_requested": "NO_LONGER_NEEDED"})
        return True

    def cancel(self, order_id: str, by: str = "BUYER") -> bool:
        """All that has not been shipped is cancelled by BUYER, MERCHANT or AMAZON."""
        order = self.order(order_id)
        if order["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED":
            return self.cancel_units(order_id, open_units(order), by)
        if order["fulfillment"]["fulfillmentStatus"] not in CAN_BE_CANCELLED:
            return False
        self._change(order_id, {"cancelled_by": by})
        return True

    def cancel_units(
        self,
        order_id: str,
        units: Mapping[str, int],
        by: str = "MERCHANT",
        *,
        keep_quantity: bool = False,
    ) -> bool:
        """So many units of these lines are cancelled, as far as they have not been shipped."""
        order = self.order(order_id)
        if order["fulfillment"]["fulfillmentStatus"] not in CAN_BE_CANCELLED[1:]:
            return False
        still = open_units(order)
        wanted = {line: min(count, still.get(line, 0)) for line, count in units.items()}
        wanted = {line: count for line, count in wanted.items() if count}
        if not wanted:
            return False
        wish = {"cancel_items": wanted, "cancelled_by": by}
        self._change(order_id, wish | ({"keep_quantity": True} if keep_quantity else {}))
        return True

    def cancel_some(self, order_id: str, *, keep_quantity: bool = False) -> bool:
        """A part of an order of several units is cancelled: a line, or some units of it."""
        still = open_units(self.order(order_id))
        if sum(still.values()) < 2:
            return False
        line = self.draw.choice(sorted(still))
        count = self.draw.randint(1, still[line])
        if count == sum(still.values()):
            count -= 1
        return self.cancel_units(order_id, {line: count}, keep_quantity=keep_quantity)

    def ship_by_amazon(self, order_id: str) -> bool:
        """Amazon's own warehouse sends all that is left."""
        order = self.order(order_id)
        if channel_of(order) != BY_AMAZON or self._status(order_id) != "UNSHIPPED":
            return False
        self._pack(order, open_units(order), self._tracking())
        return True

    def ship_by_hand(self, order_id: str) -> bool:
        """The seller confirms in Seller Central what the ERP ships at the same moment."""
        order = self.order(order_id)
        there = self._unshipped(order_id)
        units = count_lines(there)
        if channel_of(order) == BY_AMAZON or not units or units != open_units(order):
            return False
        tracking, company = self._tracking(), "mng"
        if not self._ship(order_id, units, tracking, company):
            return False
        self._pack(order, units, tracking, CARRIERS[company])
        return True

    def deliver(self, order_id: str, *, part: bool = False, touch: bool = True) -> bool:
        """The carrier hands over the packages that are on their way; `part`: one of them."""
        packages = self.order(order_id).get("packages", [])
        under_way = [row for row in packages if row["packageStatus"]["status"] != "DELIVERED"]
        if not under_way:
            return False
        chosen = under_way[:1] if part else under_way
        references = [row["packageReferenceId"] for row in chosen]
        self._change(order_id, {"deliver": references}, touch=touch)
        return True

    def send_back(self, order_id: str, *, status: str = "Approved") -> str | None:
        """The buyer asks to return a unit or two of one line that has arrived; the RMA id."""
        order = self.order(order_id)
        if order["fulfillment"]["fulfillmentStatus"] != "SHIPPED":
            return None
        if channel_of(order) == BY_AMAZON:
            status = "Approved"  # Amazon's own report tells only of what has come back
        left = {
            item["product"]["sellerSku"]: item["fulfillment"]["quantityFulfilled"]
            for item in order["orderItems"]
        }
        for row in self.amazon.returns:
            if row.order_id == order_id:
                left[row.sku] -= row.quantity
        skus = sorted(sku for sku, count in left.items() if count > 0)
        if not skus:
            return None
        sku = self.draw.choice(skus)
        quantity = self.draw.randint(1, left[sku])
        reason = self.draw.choice(("CR-DEFECTIVE", "CR-SWITCHEROO", "CR-UNWANTED_ITEM"))
        return self.amazon.returns.add(order_id, sku, quantity, reason=reason, status=status)

    def refuse_data(self, names: Iterable[str], *, silent: bool = False) -> None:
        """Amazon gives these data sets no longer; `silent`: it does not say which it means."""
        self.amazon.refused_data = set(names)
        self.amazon.silent_refusal = silent

    def spoil_report(self, by_amazon: bool, status: str) -> None:
        """The next report of returns ends FATAL or CANCELLED."""
        self.amazon.reports.fate(RETURNS[by_amazon], status)

    # -- at the brand: the ERP and its people, through Omnitron -------------------------------

    def report(self, order_id: str) -> bool:
        """The ERP learns of the order."""
        order = self._there(order_id)
        if order is None or order["is_send"]:
            return False
        self.omnitron.set_order_is_send(order_id, channel=order["channel"])
        return True

    def ship(
        self,
        order_id: str,
        count: int | None = None,
        *,
        company: str = "yurtici",
        tracked: bool = True,
    ) -> bool:
        """The ERP sends so many units, else all; `tracked` false: the number comes later."""
        order = self._there(order_id)
        if order is None or not order["is_send"]:
            return False
        chosen = self._unshipped(order_id)[:count]
        tracking = self._tracking() if tracked else None
        return self._ship(order_id, count_lines(chosen), tracking, company)

    def track(self, order_id: str) -> bool:
        """The tracking numbers of units that were shipped without one, one for each company."""
        order = self._there(order_id)
        if order is None:
            return False
        channel = self.omnitron.channels[order["channel"]]
        companies: dict[str, list[int]] = {}
        for row in channel.order_items.find("order", order["pk"]):
            if row["status"] == "500" and not row["tracking_number"]:
                companies.setdefault(row["shipping_company"], []).append(row["pk"])
        for pks in companies.values():
            values = {"tracking_number": self._tracking()}
            self.omnitron.change_items(order_id, pks, channel=channel.pk, **values)
        return bool(companies)

    def bill(self, order_id: str) -> bool:
        """The ERP writes the invoice."""
        order = self._there(order_id)
        if order is None or order["invoice_number"]:
            return False
        self.omnitron.invoice(order_id, f"ABC{order['pk']:013d}", channel=order["channel"])
        return True

    def decide(self, order_id: str) -> bool:
        """The brand agrees to the cancellations that wait for it."""
        order = self._there(order_id)
        if order is None or not any(row["status"] == "50" for row in self.units(order_id)):
            return False
        self.omnitron.complete_cancellations(order_id, channel=order["channel"])
        return True

    def refund(self, order_id: str) -> bool:
        """The goods are back, the brand refunds them."""
        order = self._there(order_id)
        if order is None:
            return False
        channel = self.omnitron.channels[order["channel"]]
        waiting = [
            request["id"]
            for unit in self.units(order_id)
            for request in channel.cancellation_requests.find("order_item", unit["pk"])
            if request["status"] == "waiting_approval"
        ]
        for request_id in waiting:
            self.omnitron.complete_request(request_id)
        return bool(waiting)

    def finish(self, order_id: str) -> None:
        """What the brand's people owe an order in the end."""
        for step in (self.report, self.decide, self.track, self.refund):
            step(order_id)

    # -- looking ------------------------------------------------------------------------------

    def order(self, order_id: str) -> Order:
        """The order as Amazon has it."""
        order = self.amazon.orders.get(order_id)
        assert order is not None, order_id
        return order

    def channel(self, order_id: str) -> int:
        """The channel it belongs to."""
        return channel_of(self.order(order_id))

    def units(self, order_id: str) -> list[Row]:
        """The order's units in Omnitron; none while it is not there."""
        order = self._there(order_id)
        return [] if order is None else self.omnitron.units(order_id, channel=order["channel"])

    def _there(self, order_id: str) -> Row | None:
        channel = self.omnitron.channels[channel_of(self.order(order_id))]
        return next(iter(channel.orders.find("number", order_id)), None)

    def _unshipped(self, order_id: str) -> list[Row]:
        return [
            row
            for row in self.units(order_id)
            if row["status"] in ("400", "450") and not row["cancel_status"]
        ]

    def _status(self, order_id: str) -> str:
        return self.amazon.orders.facts(order_id).status

    def _tracking(self) -> str:
        self._parcels += 1
        return f"TR{self._parcels:010d}"

    # -- doing --------------------------------------------------------------------------------

    def _ship(
        self, order_id: str, units: dict[str, int], tracking: str | None, company: str
    ) -> bool:
        if not units:
            return False
        self.omnitron.ship(
            order_id,
            units,
            tracking_number=tracking,
            shipping_company=company,
            channel=channel_of(self.order(order_id)),
        )
        return True

    def _pack(
        self, order: Order, units: dict[str, int], tracking: str, carrier: str = "MNG Kargo"
    ) -> None:
        """A package at Amazon, beside those it knows."""
        packages = order.get("packages", [])
        references = [int(row["packageReferenceId"]) for row in packages]
        now = iso(self.amazon.now())
        package = {
            "packageReferenceId": str(max(references, default=0) + 1),
            "createdTime": now,
            "packageStatus": {"status": "SHIPPED"},
            "carrier": carrier,
            "shipTime": now,
            "shippingService": "Standard",
            "trackingNumber": tracking,
            "packageItems": [
                {"orderItemId": line, "quantity": count} for line, count in units.items()
            ],
        }
        self._change(order["orderId"], {"packages": [*packages, package]})

    def _change(self, order_id: str, wish: Any, *, touch: bool = True) -> None:
        edit = wish if callable(wish) else lambda order: change_order(order, wish)
        self.amazon.orders.change(order_id, edit, touch=touch)


def channel_of(order: Order) -> int:
    """The channel an order of Amazon's belongs to."""
    return BY_AMAZON if order["fulfillment"].get("fulfilledBy") == "AMAZON" else MERCHANT


def open_units(order: Order) -> dict[str, int]:
    """The units of each line that are still to be shipped."""
    left = {
        item["orderItemId"]: item["fulfillment"]["quantityUnfulfilled"]
        for item in order["orderItems"]
    }
    return {line: count for line, count in left.items() if count > 0}


def count_lines(units: list[Row]) -> dict[str, int]:
    """How many of Omnitron's units each order line has."""
    lines: dict[str, int] = {}
    for row in units:
        lines[row["remote_id"]] = lines.get(row["remote_id"], 0) + 1
    return lines
