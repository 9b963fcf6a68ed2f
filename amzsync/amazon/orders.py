"""Orders: searched by time, read one by one, and their shipments confirmed.

Orders of a search stay raw JSON, so that one malformed order does not cost the page; `parse_order`
turns one into a model. Reading is Orders 2026-01-01; confirmShipment has stayed in v0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field, ValidationError

from amzsync.amazon.assumptions import SEARCH_LAG
from amzsync.amazon.calls import Calls, csv, instant, read
from amzsync.amazon.models.orders import Order, PackageDetail
from amzsync.amazon.models.payload import Payload, Text, UtcDatetime
from amzsync.amazon.operations import CONFIRM_SHIPMENT, GET_ORDER, SEARCH_ORDERS
from amzsync.errors import ProtocolError, RecordError
from amzsync.redaction import validation_problems

ORDER_ID: Final = re.compile(r"[A-Z0-9]{3}-[0-9]{7}-[0-9]{7}")
"""An order id of Amazon's, 3-7-7 (§2.1.4); all digits but for orders that are no goods."""

INCLUDED_DATA: Final = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
)
"""Always asked for in full: what is not asked for is absent, the status included (§6.1)."""


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """A page of a search: the orders as sent, where the next page is, and how far it looked.

    `next_token` is None on the last page and otherwise lives 24 hours. `upper_edge` is the end of
    the searched window, from which the next search goes on.
    """

    orders: list[dict[str, Any]]
    next_token: str | None
    upper_edge: datetime


class Orders:
    """The orders of the account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def search_orders(
        self,
        *,
        marketplace_ids: Sequence[str],
        last_updated_after: datetime | None = None,
        created_after: datetime | None = None,
        fulfilled_by: Sequence[str] = (),
        pagination_token: str | None = None,
        included_data: Sequence[str] = INCLUDED_DATA,
        max_results_per_page: int = 100,
        reserve: int = 0,
        max_wait: float | None = None,
    ) -> OrdersPage:
        """One page of the orders changed, or created, since a moment.

        Exactly one of the two moments is given. A further page takes the same arguments and the
        token. Errors: ValueError, and those of Session.call.
        Source: SP-API Orders 2026-01-01, searchOrders.
        """
        if (last_updated_after is None) == (created_after is None):
            raise ValueError("exactly one of last_updated_after and created_after is needed")
        wanted = {
            "lastUpdatedAfter": last_updated_after and instant(last_updated_after),
            "createdAfter": created_after and instant(created_after),
            "marketplaceIds": csv(marketplace_ids),
            "fulfilledBy": csv(fulfilled_by),
            "maxResultsPerPage": str(max_results_per_page),
            "includedData": csv(included_data),
            "paginationToken": pagination_token,
        }
        asked_at = self._calls.session.deadline.clock.now()
        reply = self._calls.call(
            SEARCH_ORDERS,
            query=[(name, value) for name, value in wanted.items() if value],
            reserve=reserve,
            max_wait=max_wait,
        )
        page = read(_Page, SEARCH_ORDERS, reply)
        return OrdersPage(
            orders=[row for row in page.orders if isinstance(row, dict)],
            next_token=page.pagination.next_token or None,
            upper_edge=page.last_updated_before or page.created_before or asked_at - SEARCH_LAG,
        )

    def get_order(self, order_id: str, *, included_data: Sequence[str] = INCLUDED_DATA) -> Order:
        """One order. Errors: RecordError if it is malformed, and those of Session.call."""
        return parse_order(self.get_order_raw(order_id, included_data))

    def get_order_raw(
        self, order_id: str, included_data: Sequence[str] = INCLUDED_DATA
    ) -> dict[str, Any]:
        """One order as sent. Errors: those of Session.call; an unknown order is refused with 404.

        Source: SP-API Orders 2026-01-01, getOrder.
        """
        reply = self._calls.call(
            GET_ORDER, path={"orderId": order_id}, query=[("includedData", csv(included_data))]
        )
        raw = reply.data.get("order") if isinstance(reply.data, dict) else None
        if not isinstance(raw, dict):
            raise ProtocolError(
                "the reply holds no order",
                operation=GET_ORDER.name,
                status=reply.status,
                request_id=reply.request_id,
            )
        return raw

    def confirm_shipment(
        self, order_id: str, marketplace_id: str, package: PackageDetail
    ) -> str | None:
        """Tell Amazon that a package has left; the same package reference again edits it.

        Gives Amazon's request id.

        Source: SP-API Orders v0, confirmShipment.
        """
        body = {
            "marketplaceId": marketplace_id,
            "packageDetail": package.model_dump(by_alias=True, exclude_none=True),
        }
        reply = self._calls.call(CONFIRM_SHIPMENT, path={"orderId": order_id}, json=body)
        return reply.request_id


def parse_order(raw: Mapping[str, Any]) -> Order:
    """An order of a search as a model.

    Errors: RecordError "malformed" naming the fields that do not fit, never their values.
    """
    try:
        return Order.model_validate(raw)
    except ValidationError as error:
        # Not chained: pydantic's own message repeats the values, which are personal data.
        raise RecordError(
            f"Amazon's order does not fit the contract: {validation_problems(error)}",
            code="malformed",
        ) from None


class _Pagination(Payload):
    next_token: Text = ""


class _Page(Payload):
    orders: list[Any]
    pagination: _Pagination = Field(default_factory=_Pagination)
    last_updated_before: UtcDatetime | None = None
    created_before: UtcDatetime | None = None
