"""Orders: looked for, created, cancelled; their items, shipping infos and carriers.

Source: omnitron-api.md §2.8, §2.9.
"""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from amzsync.errors import RefusedError
from amzsync.omnitron.api import Api, Query
from amzsync.omnitron.assumptions import PAGE_LIMIT
from amzsync.omnitron.models.orders import (
    CancellationPlan,
    CancellationReason,
    CargoCompany,
    CreateOrder,
    Order,
    OrderItem,
)
from amzsync.omnitron.operations import (
    CANCEL_ORDER,
    CREATE_ORDER,
    CREATE_SHIPPING_INFO,
    GET_ORDER,
    GET_ORDER_ITEM,
    LIST_CANCELLATION_PLANS,
    LIST_CANCELLATION_REASONS,
    LIST_CARGOS,
    LIST_ORDER_ITEMS,
    LIST_ORDER_UPDATES,
    LIST_ORDERS,
    UPDATE_ORDER_ITEM,
)
from amzsync.omnitron.paging import Page

_NUMBER = re.compile(r"\bnumber\b")


class OrderExistsError(RefusedError):
    """Omnitron refuses the order because of its number: look it up, it is probably there (A-19)."""


class Orders:
    """The orders of the channel."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, pk: int) -> Order:
        """One order."""
        return self._api.one(GET_ORDER, Order, pk=pk)

    def by_number(self, number: str) -> list[Order]:
        """The orders with this number: none, one, or more if one was created twice."""
        query: Query = {"number": number, "channel_id": self._api.channel_id}
        return [
            order
            for order in self._api.rows(LIST_ORDERS, Order, query)
            if order.number == number and order.channel in (None, self._api.channel_id)
        ]

    def by_pks(self, pks: Iterable[int]) -> Page[Order]:
        """The orders with these keys."""
        wanted = set(pks)
        found = self._api.page_by(LIST_ORDERS, Order, "pk", wanted)
        return found.keep(lambda order: order.pk in wanted)

    def with_status(self, statuses: Sequence[str]) -> Iterator[Order]:
        """Every order that has one of these statuses, lazily, each once.

        One walk a status (A-06); a single one where the server ignores the filter (A-38).
        """
        seen: set[int] = set()
        for status in statuses:
            filtered = True
            query: Query = {"status": status, "channel_id": self._api.channel_id}
            for order in self._api.rows(LIST_ORDERS, Order, query):
                filtered = filtered and order.status == status
                mine = order.channel in (None, self._api.channel_id)
                if mine and order.status in statuses and order.pk not in seen:
                    seen.add(order.pk)
                    yield order
            if not filtered:
                return

    def updates(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[Order]:
        """One page of the orders changed since they were sent, by id."""
        return self._api.page(LIST_ORDER_UPDATES, Order, page=page, limit=limit)

    def create_order(self, body: CreateOrder) -> Order:
        """Create an order with its items, one row a unit.

        Not safe to repeat: look the number up before, and after an OutcomeUnknownError.
        Errors: OrderExistsError; RefusedError with the field at fault.
        """
        sent = body.model_dump(mode="json")
        sent["order"]["channel"] = self._api.channel_id
        try:
            return self._api.one(CREATE_ORDER, Order, json=sent)
        except RefusedError as error:
            if error.status in (400, 406) and _names_number(error.body):
                raise OrderExistsError(
                    error.detail,
                    operation=error.operation,
                    status=error.status,
                    code=error.code,
                    body=error.body,
                    request_id=error.request_id,
                ) from error
            raise

    def cancel(self, pk: int, reasons: Mapping[int, int]) -> None:
        """Cancel items of an order, in one plan: item pk → reason pk.

        Errors: RefusedError with Omnitron's sentence, such as "Unreported order of ERP can not be
        canceled"; OutcomeUnknownError: look at the items before asking again.
        """
        body = {
            "order": pk,
            "cancel_items": list(reasons),
            "reasons": {str(item): reason for item, reason in reasons.items()},
            "forced_refund_amount": None,
        }
        self._api.send(CANCEL_ORDER, pk=pk, json=body)

    def shipping_info(
        self, order_pk: int, number: str, shipping_company: str, *, is_send: bool
    ) -> None:
        """Name the carrier of an order by the slug of its cargo row (A-18)."""
        body = {
            "order": order_pk,
            "order_number": number,
            "shipping_company": shipping_company,
            "is_send": is_send,
        }
        self._api.send(CREATE_SHIPPING_INFO, json=body)

    def cancellation_reasons(self, cancellation_type: str) -> list[CancellationReason]:
        """The reasons in use for "cancel" or "refund"."""
        query = {"cancellation_type": cancellation_type, "is_active": "True"}
        return [
            reason
            for reason in self._api.rows(LIST_CANCELLATION_REASONS, CancellationReason, query)
            if reason.cancellation_type == cancellation_type and reason.is_active
        ]

    def cancellation_plans(self, order_pk: int) -> list[CancellationPlan] | None:
        """The plans of an order; None where the server has no such list (A-24)."""
        try:
            rows = list(
                self._api.rows(LIST_CANCELLATION_PLANS, CancellationPlan, {"order_id": order_pk})
            )
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        return [plan for plan in rows if plan.order in (None, order_pk)]


class OrderItems:
    """The order items of the channel, one a unit."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, pk: int) -> OrderItem:
        """One item."""
        return self._api.one(GET_ORDER_ITEM, OrderItem, pk=pk)

    def of_order(self, order_pk: int) -> list[OrderItem]:
        """The items of an order, by id."""
        rows = self._api.rows(LIST_ORDER_ITEMS, OrderItem, {"order": order_pk})
        return [item for item in rows if item.order == order_pk]

    def update(self, pk: int, **fields: str | Mapping[str, Any] | None) -> OrderItem:
        """Change an item: `status`, `tracking_number`, `shipping_company`, `extra_field` and so on.

        Omnitron merges `extra_field` into what is there, and replaces `attributes` whole.
        """
        return self._api.update(UPDATE_ORDER_ITEM, GET_ORDER_ITEM, OrderItem, pk, fields)


class Cargos:
    """The carriers of the channel."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def all(self) -> list[CargoCompany]:
        """Every cargo company."""
        return list(self._api.rows(LIST_CARGOS, CargoCompany))


def _names_number(body: object) -> bool:
    return _NUMBER.search(jsonlib.dumps(body)) is not None
