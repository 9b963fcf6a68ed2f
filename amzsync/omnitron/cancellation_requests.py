"""Cancellation requests: what a buyer asks for about one unit, and the brand decides.

Source: omnitron-api.md §2.9, §5.9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from amzsync.omnitron.api import Api, Query
from amzsync.omnitron.models.cancellation_requests import CancellationRequest
from amzsync.omnitron.operations import CREATE_CANCELLATION_REQUEST, LIST_CANCELLATION_REQUESTS

CancellationType = Literal["cancel", "refund"]


class CancellationRequests:
    """The cancellation requests of the channel, one a unit."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def of_items(
        self, order_items: Iterable[int], cancellation_type: CancellationType
    ) -> list[CancellationRequest]:
        """The requests about these order items, by id: one call an item.

        A filter for several is not documented.
        """
        found: dict[int, CancellationRequest] = {}
        for pk in sorted(set(order_items)):
            query: Query = {"cancellation_type": cancellation_type, "order_item": pk}
            for row in self._api.rows(LIST_CANCELLATION_REQUESTS, CancellationRequest, query):
                if row.order_item == pk and row.cancellation_type == cancellation_type:
                    found[row.pk] = row
        return [found[pk] for pk in sorted(found)]

    def create(
        self,
        order_item: int,
        cancellation_type: CancellationType,
        *,
        reason: int,
        remote_id: str,
        description: str,
    ) -> CancellationRequest:
        """Request that one unit be cancelled or taken back.

        Not safe to repeat: nothing keeps a second one away (A-34). After an OutcomeUnknownError
        look with `of_items`. Errors: RefusedError with Omnitron's sentence.
        """
        body = {
            "order_item": order_item,
            "reason": reason,
            "remote_id": remote_id,
            "description": description,
            "cancellation_type": cancellation_type,
        }
        return self._api.one(CREATE_CANCELLATION_REQUEST, CancellationRequest, json=body)
