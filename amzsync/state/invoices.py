"""Invoices handed to Amazon, each once: noted before it is asked, until its answer is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from amzsync.redaction import mask
from amzsync.state.store import Store, to_moment, to_text

InvoiceState = Literal["submitting", "submitted", "accepted", "refused"]
Claim = Literal["claimed", "full", "busy"]

_COLUMNS = "channel, order_id, number, order_pk, state, feed_id, submitted_at, code, reason, told"


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice of an order.

    `state`: submitting (Amazon may or may not have it: look before repeating), submitted (`feed_id`
    is Amazon's), accepted or refused (`code` and `reason` say why). `told`: 1 when the answer has
    been recorded with the order, 2 when nothing more is to be done until the order changes.
    `order_pk` is the order's key in Omnitron.
    """

    channel: str
    order_id: str
    number: str
    order_pk: int
    state: InvoiceState
    feed_id: str | None
    submitted_at: datetime
    code: str
    reason: str
    told: int


class Invoices:
    """The table `invoices`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_orders(self, channel: str, order_ids: Iterable[str]) -> dict[str, list[InvoiceRow]]:
        """The invoices of these orders, in the order they were submitted."""
        found: dict[str, list[InvoiceRow]] = {}
        wanted = json.dumps(list(order_ids))
        where = "channel = ? AND order_id IN (SELECT value FROM json_each(?))"
        for row in self._select(where, [channel, wanted]):
            found.setdefault(row.order_id, []).append(row)
        return found

    def under_way(self, channel: str) -> list[InvoiceRow]:
        """Those Amazon has not answered yet."""
        return self._select("channel = ? AND state IN ('submitting', 'submitted')", [channel])

    def untold(self, channel: str) -> list[InvoiceRow]:
        """Those whose answer has not been recorded with their order yet."""
        where = "channel = ? AND state IN ('accepted', 'refused') AND told = 0"
        return self._select(where, [channel])

    def refused(self, channel: str) -> list[InvoiceRow]:
        """Those whose refusal is recorded with their order, and that may be tried again."""
        return self._select("channel = ? AND state = 'refused' AND told = 1", [channel])

    def claim(self, row: InvoiceRow, *, period: timedelta, limit: int) -> Claim:
        """Note durably that createFeed is about to be asked for it, if it may be.

        `full`: the account's channels have submitted `limit` in that period. `busy`: another one's
        outcome is unknown, and two at once could not be told apart among Amazon's feeds.
        """
        with self._store.atomic():
            since = to_text(row.submitted_at - period)
            (counts,) = self._store.rows(
                """SELECT count(*) AS open FROM invoices WHERE state = 'submitting'
                AND (channel = ? OR submitted_at > ?)""",
                [row.channel, since],
            )
            if counts["open"]:
                return "busy"
            if self.recent(row.submitted_at - period) >= limit:
                return "full"
            self._store.execute(
                """INSERT INTO invoices
                (channel, order_id, number, order_pk, state, submitted_at)
                VALUES (?, ?, ?, ?, 'submitting', ?)
                ON CONFLICT (channel, order_id, number) DO UPDATE SET state = 'submitting',
                    order_pk = excluded.order_pk, submitted_at = excluded.submitted_at,
                    feed_id = NULL, code = '', reason = '', told = 0""",
                [row.channel, row.order_id, row.number, row.order_pk, to_text(row.submitted_at)],
            )
        return "claimed"

    def recent(self, since: datetime) -> int:
        """How many the account's channels have submitted since."""
        (row,) = self._store.rows(
            """SELECT count(*) AS n FROM invoices WHERE submitted_at > ?
            AND (feed_id IS NOT NULL OR state = 'submitting')""",
            [to_text(since)],
        )
        return int(row["n"])

    def failed(self, row: InvoiceRow, code: str, reason: str) -> None:
        """It cannot be submitted as it is, which is recorded with its order; the texts are masked.

        Noted here too because nothing else brings an order back that Omnitron thinks is told.
        """
        self._store.execute(
            """INSERT INTO invoices
            (channel, order_id, number, order_pk, state, submitted_at, code, reason, told)
            VALUES (?, ?, ?, ?, 'refused', ?, ?, ?, 1)
            ON CONFLICT (channel, order_id, number) DO UPDATE SET state = 'refused',
                order_pk = excluded.order_pk, submitted_at = excluded.submitted_at,
                feed_id = NULL, code = excluded.code, reason = excluded.reason, told = 1""",
            [*_key(row), row.order_pk, to_text(row.submitted_at), mask(code), mask(reason)],
        )

    def unclaim(self, row: InvoiceRow) -> None:
        """It never reached Amazon."""
        self._store.execute(
            """DELETE FROM invoices
            WHERE channel = ? AND order_id = ? AND number = ? AND state = 'submitting'""",
            _key(row),
        )

    def submitted(self, row: InvoiceRow, feed_id: str) -> None:
        """Amazon has it as this feed."""
        self._store.execute(
            """UPDATE invoices SET state = 'submitted', feed_id = ?
            WHERE channel = ? AND order_id = ? AND number = ?""",
            [feed_id, *_key(row)],
        )

    def answered(
        self, row: InvoiceRow, state: InvoiceState, now: datetime, code: str = "", reason: str = ""
    ) -> None:
        """What Amazon says of it; the texts are masked."""
        self._store.execute(
            """UPDATE invoices SET state = ?, answered_at = ?, code = ?, reason = ?, told = 0
            WHERE channel = ? AND order_id = ? AND number = ?""",
            [state, to_text(now), mask(code), mask(reason), *_key(row)],
        )

    def told(self, rows: Iterable[InvoiceRow]) -> None:
        """The answers to these are recorded with their orders."""
        self._answer_is(1, rows)

    def at_rest(self, rows: Iterable[InvoiceRow]) -> None:
        """These refusals are not looked at again until their orders change."""
        self._answer_is(2, rows)

    def _answer_is(self, told: int, rows: Iterable[InvoiceRow]) -> None:
        self._store.execute_many(
            """UPDATE invoices SET told = ? WHERE channel = ? AND order_id = ? AND number = ?
            AND state IN ('accepted', 'refused')""",
            [[told, *_key(row)] for row in rows],
        )

    def feed_ids(self) -> frozenset[str]:
        """Amazon's ids of all feeds known to carry an invoice, whichever channel's."""
        rows = self._store.rows("SELECT feed_id FROM invoices WHERE feed_id IS NOT NULL")
        return frozenset(row["feed_id"] for row in rows)

    def _select(self, where: str, params: list[object]) -> list[InvoiceRow]:
        rows = self._store.rows(
            f"SELECT {_COLUMNS} FROM invoices WHERE {where} ORDER BY submitted_at, order_id",  # noqa: S608 - constant conditions
            params,
        )
        return [_invoice(row) for row in rows]


def _key(row: InvoiceRow) -> list[object]:
    return [row.channel, row.order_id, row.number]


def _invoice(row: dict[str, Any]) -> InvoiceRow:
    moment = to_moment(row["submitted_at"])
    return InvoiceRow(**{**row, "submitted_at": moment})
