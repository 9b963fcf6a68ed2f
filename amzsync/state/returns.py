"""Returns as Amazon's reports tell them, and the request made in Omnitron for each returned unit.

A report shows a window and is read again and again: a row is how a return stands, not an event.
What was decided about it stays, unless its status or its number of units changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from amzsync.state.store import Store, to_moment, to_text

ReturnState = Literal["open", "faulty", "requested", "ignored"]
RequestState = Literal["asked", "made", "linked"]

_RETURN = "order_id, rma_id, sku, quantity, reason_code, status, requested_at, state, code, reason"
_REQUEST = "order_id, rma_id, sku, unit, order_item_pk, request_id, version, attempted_at, state"


@dataclass(frozen=True, slots=True)
class Return:
    """Units of one SKU that a buyer sends back under one RMA.

    `state`: open (to be worked on), faulty (the row could not be read; `reason` says why),
    requested or ignored (`code` and `reason` say why).
    """

    order_id: str
    rma_id: str
    sku: str
    quantity: int
    reason_code: str
    status: str
    requested_at: datetime
    state: ReturnState = "open"
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """The request of one unit.

    `state`: asked (Omnitron may or may not have it: look before repeating), made (`request_id` is
    Omnitron's id, `version` its modified_date as read), linked (to Amazon's RMA, by a batch).
    """

    order_id: str
    rma_id: str
    sku: str
    unit: int
    order_item_pk: int
    request_id: int | None
    version: str
    attempted_at: datetime | None
    state: RequestState


class Returns:
    """The tables `returns` and `return_requests`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, channel: str, rows: Sequence[Return], now: datetime) -> list[str]:
        """Bring in a report; one transaction. The orders whose faulty rows are gone with it.

        What has changed is open again, save what was ignored for good; rows no report shows any
        more stay as they are, faulty ones are always those of the last report.
        """
        with self._store.atomic():
            gone = self._store.rows(
                "DELETE FROM returns WHERE channel = ? AND state = 'faulty' RETURNING order_id",
                [channel],
            )
            self._store.execute_many(
                f"""INSERT INTO returns (channel, seen_at, {_RETURN})
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (channel, order_id, rma_id, sku) DO UPDATE SET
                    state = CASE
                        WHEN state = 'ignored' AND code <> 'denied' THEN state
                        WHEN quantity = excluded.quantity AND status = excluded.status THEN state
                        ELSE 'open' END,
                    quantity = excluded.quantity, reason_code = excluded.reason_code,
                    status = excluded.status, requested_at = excluded.requested_at,
                    seen_at = excluded.seen_at
                WHERE excluded.state <> 'faulty'""",  # noqa: S608 - constant columns
                ((channel, to_text(now), *_values(row)) for row in rows),
            )
        faulty = {row.order_id for row in rows if row.state == "faulty"}
        return sorted({row["order_id"] for row in gone} - faulty)

    def reason_codes(self, channel: str) -> dict[str, int]:
        """How many returns each of Amazon's reasons was given for, as far as they are kept."""
        rows = self._store.rows(
            """SELECT reason_code, count(*) AS times FROM returns
            WHERE channel = ? AND reason_code <> '' GROUP BY reason_code ORDER BY reason_code""",
            [channel],
        )
        return {row["reason_code"]: row["times"] for row in rows}

    def open_orders(self, channel: str, limit: int, after: str = "") -> dict[str, list[Return]]:
        """Open and faulty returns of the next orders by id, after that one."""
        rows = self._store.rows(
            f"""SELECT {_RETURN} FROM returns WHERE channel = ? AND state IN ('open', 'faulty')
            AND order_id IN (
                SELECT DISTINCT order_id FROM returns WHERE channel = ?
                AND state IN ('open', 'faulty') AND order_id > ? ORDER BY order_id LIMIT ?)
            ORDER BY order_id, requested_at, rma_id, sku""",  # noqa: S608 - constant columns
            [channel, channel, after, limit],
        )
        orders: dict[str, list[Return]] = {}
        for row in rows:
            found = Return(**{**row, "requested_at": to_moment(row["requested_at"])})
            orders.setdefault(found.order_id, []).append(found)
        return orders

    def of_orders(self, channel: str, order_ids: Iterable[str]) -> dict[str, list[Return]]:
        """The returns of these orders, however they stand, by the time they were asked for."""
        rows = self._store.rows(
            f"""SELECT {_RETURN} FROM returns WHERE channel = ?
            AND order_id IN (SELECT value FROM json_each(?))
            ORDER BY requested_at, rma_id, sku""",  # noqa: S608 - constant columns
            [channel, json.dumps(list(order_ids))],
        )
        orders: dict[str, list[Return]] = {}
        for row in rows:
            found = Return(**{**row, "requested_at": to_moment(row["requested_at"])})
            orders.setdefault(found.order_id, []).append(found)
        return orders

    def decide(
        self, channel: str, row: Return, state: ReturnState, code: str = "", reason: str = ""
    ) -> None:
        """What is done about the return, if it is still as it was read."""
        self._store.execute(
            """UPDATE returns SET state = ?, code = ?, reason = ? WHERE channel = ?
            AND order_id = ? AND rma_id = ? AND sku = ? AND quantity = ? AND status = ?""",
            [
                state,
                code,
                reason,
                channel,
                row.order_id,
                row.rma_id,
                row.sku,
                row.quantity,
                row.status,
            ],
        )

    def requests(self, channel: str, order_ids: Iterable[str]) -> dict[str, list[ReturnRequest]]:
        """The requests of these orders, by order and unit."""
        rows = self._store.rows(
            f"""SELECT {_REQUEST} FROM return_requests WHERE channel = ?
            AND order_id IN (SELECT value FROM json_each(?))
            ORDER BY order_id, rma_id, sku, unit""",  # noqa: S608 - constant columns
            [channel, json.dumps(list(order_ids))],
        )
        orders: dict[str, list[ReturnRequest]] = {}
        for row in map(_request, rows):
            orders.setdefault(row.order_id, []).append(row)
        return orders

    def attempt(self, channel: str, row: Return, unit: int, item_pk: int, now: datetime) -> None:
        """Note durably that Omnitron is about to be asked for the request of that unit."""
        self._store.execute(
            """INSERT INTO return_requests
            (channel, order_id, rma_id, sku, unit, order_item_pk, attempted_at, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'asked')
            ON CONFLICT DO UPDATE SET order_item_pk = excluded.order_item_pk,
                attempted_at = excluded.attempted_at""",
            [channel, row.order_id, row.rma_id, row.sku, unit, item_pk, to_text(now)],
        )

    def unattempt(self, channel: str, row: Return, unit: int) -> None:
        """The attempt has ended without effect."""
        self._store.execute(
            """DELETE FROM return_requests WHERE channel = ? AND order_id = ? AND rma_id = ?
            AND sku = ? AND unit = ? AND state = 'asked'""",
            [channel, row.order_id, row.rma_id, row.sku, unit],
        )

    def made(
        self, channel: str, row: Return, unit: int, item_pk: int, request: tuple[int, str]
    ) -> None:
        """Omnitron has the request of that unit, under this id and of this version."""
        request_id, version = request
        self._store.execute(
            """INSERT INTO return_requests
            (channel, order_id, rma_id, sku, unit, order_item_pk, request_id, version, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'made')
            ON CONFLICT DO UPDATE SET order_item_pk = excluded.order_item_pk,
                request_id = excluded.request_id, version = excluded.version, state = 'made'""",
            [channel, row.order_id, row.rma_id, row.sku, unit, item_pk, request_id, version],
        )

    def unlinked(self, channel: str, limit: int) -> list[ReturnRequest]:
        """Requests Omnitron has and that are still to be linked to their RMA."""
        rows = self._store.rows(
            f"""SELECT {_REQUEST} FROM return_requests WHERE channel = ? AND state = 'made'
            ORDER BY request_id LIMIT ?""",  # noqa: S608 - constant columns
            [channel, limit],
        )
        return [_request(row) for row in rows]

    def linked(self, channel: str, requests: Iterable[ReturnRequest]) -> None:
        """These requests are linked."""
        self._store.execute(
            """UPDATE return_requests SET state = 'linked' WHERE channel = ? AND state = 'made'
            AND request_id IN (SELECT value FROM json_each(?))""",
            [channel, json.dumps([row.request_id for row in requests])],
        )


def _values(row: Return) -> tuple[object, ...]:
    return (
        row.order_id,
        row.rma_id,
        row.sku,
        row.quantity,
        row.reason_code,
        row.status,
        to_text(row.requested_at),
        row.state,
        row.code,
        row.reason,
    )


def _request(row: dict[str, Any]) -> ReturnRequest:
    attempted = row["attempted_at"]
    return ReturnRequest(**{**row, "attempted_at": attempted and to_moment(attempted)})
