"""The truth about orders: each as the JSON text Amazon would send in full, and two indexes."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.sandbox.amazon.replies import iso, moment_of

Order = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a search needs without reading the order."""

    created: str
    updated: str
    status: str
    fulfilled_by: str
    marketplace_id: str


class OrderBook:
    """Orders by id. What is handed out is a copy; changes go through `put` or `change`.

    Times are kept as ISO texts of one shape, which sort as the moments do.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._texts: dict[str, str] = {}
        self._facts: dict[str, Facts] = {}
        self._keys: dict[str, list[Key]] = {"createdTime": [], "lastUpdatedTime": []}

    def __len__(self) -> int:
        """How many orders there are."""
        return len(self._texts)

    def __contains__(self, order_id: object) -> bool:
        """Whether there is such an order."""
        return order_id in self._texts

    def __iter__(self) -> Iterator[Order]:
        """Every order in full, by id."""
        return (json.loads(self._texts[order_id]) for order_id in sorted(self._texts))

    def facts(self, order_id: str) -> Facts:
        """The searchable part of an order."""
        return self._facts[order_id]

    def get(self, order_id: str) -> Order | None:
        """The order in full; None when there is none."""
        text = self._texts.get(order_id)
        return None if text is None else json.loads(text)

    def put(self, order: Order) -> None:
        """Add the order, or replace the one with its id."""
        order_id = order["orderId"]
        for name in self._keys:
            order[name] = iso(moment_of(order[name], name))
        fulfillment = order["fulfillment"]
        facts = Facts(
            order["createdTime"],
            order["lastUpdatedTime"],
            fulfillment["fulfillmentStatus"],
            fulfillment.get("fulfilledBy", "MERCHANT"),
            order["salesChannel"].get("marketplaceId", ""),
        )
        if (old := self._facts.get(order_id)) is not None:
            self._unlist("createdTime", (old.created, order_id))
            self._unlist("lastUpdatedTime", (old.updated, order_id))
        insort(self._keys["createdTime"], (facts.created, order_id))
        insort(self._keys["lastUpdatedTime"], (facts.updated, order_id))
        self._facts[order_id] = facts
        self._texts[order_id] = json.dumps(order, ensure_ascii=False, separators=(",", ":"))

    def change(
        self, order_id: str, edit: Callable[[Order], object], *, touch: bool = True
    ) -> Order:
        """Edit an order in place; `touch` moves lastUpdatedTime. Errors: KeyError when unknown."""
        order: Order = json.loads(self._texts[order_id])
        edit(order)
        if touch:
            order["lastUpdatedTime"] = iso(self._now())
        self.put(order)
        return order

    def window(self, field: str, after: str, before: str, behind: Key | None) -> Iterator[Key]:
        """Keys (time, id) with after <= time <= before, in order, those behind `behind` only."""
        keys = self._keys[field]
        start = bisect_left(keys, (after, "")) if behind is None else bisect_right(keys, behind)
        for position in range(start, len(keys)):
            if keys[position][0] > before:
                return
            yield keys[position]

    def _unlist(self, field: str, key: Key) -> None:
        keys = self._keys[field]
        del keys[bisect_left(keys, key)]
