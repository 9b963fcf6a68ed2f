"""The inbox: every order Amazon told us about, and how far it has come.

Buyer data lives in a table of its own (`order_payloads`), and only until the order is in Omnitron;
what later flows need to know of an order (status, items, packages) is kept in `facts`, which holds
no buyer data. `purge` leaves no byte of the deleted payloads in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from amzsync.state.store import Store, to_moment, to_text

InboxState = Literal["new", "created", "imported", "pending", "ignored"]
_COLUMNS = (
    "order_id, channel, status, created_time, last_updated_time, state, code, reason, facts, "
    "digest, attempted_at, omnitron_pk, number, seen_at, parcels, lines, cancel_request, missing, "
    "cancel_calls, first_seen_at, imported_at, lines_told"
)

_TIMES = (
    *("created_time", "last_updated_time", "attempted_at"),
    *("seen_at", "first_seen_at", "imported_at"),
)
_REWRITTEN = 5_000  # payloads of about 3 kB each


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One order.

    `state`: new (to be imported), created (in Omnitron, not yet linked), imported, pending (payment
    not authorised) or ignored (`code` and `reason` say why). `payload` is the order as Amazon sent
    it (JSON), `facts` what of it is no buyer data (JSON). `attempted_at` is set before its creation
    is asked of Omnitron, so that a killed run leaves a trace. `parcels` is how its units travel
    (mapping.shipments), "" while none does. `lines` is which units still stand (mapping.lines),
    `lines_told` which of them Omnitron was told of; `cancel_request` is why the buyer asks to
    cancel, "" if nobody does; `cancel_calls` how often Omnitron was asked to cancel. `missing`
    names the data sets Amazon refused to give with it.
    """

    order_id: str
    channel: str
    status: str
    created_time: datetime
    last_updated_time: datetime
    state: InboxState
    payload: str | None
    facts: str
    digest: str
    code: str = ""
    reason: str = ""
    attempted_at: datetime | None = None
    omnitron_pk: int | None = None
    number: str | None = None
    seen_at: datetime | None = None
    parcels: str = ""
    lines: str = ""
    cancel_request: str = ""
    missing: str = ""
    cancel_calls: int = 0
    first_seen_at: datetime | None = None
    imported_at: datetime | None = None
    lines_told: str = ""


class Inbox:
    """The table `inbox`; one row an order of the account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, order_id: str) -> InboxRow | None:
        """The order's row, without its payload."""
        return self.known([order_id]).get(order_id)

    def known(self, order_ids: Sequence[str]) -> dict[str, InboxRow]:
        """Those of these orders that are in the inbox, without their payload; at most 500 ids."""
        marks = ", ".join("?" * len(order_ids))
        sql = f"SELECT {_COLUMNS}, NULL AS payload FROM inbox WHERE order_id IN ({marks})"  # noqa: S608 - marks only
        return {row["order_id"]: _row(row) for row in self._store.rows(sql, list(order_ids))}

    def put(self, rows: Iterable[InboxRow]) -> None:
        """Insert or replace what Amazon says of these orders.

        How far they came (attempt, pk, number) stays as it is; a payload of None deletes it.
        """
        rows = list(rows)
        with self._store.atomic():
            self._store.execute_many(
                """
                INSERT INTO inbox (order_id, channel, status, created_time, last_updated_time,
                    state, code, reason, facts, digest, first_seen_at, seen_at, parcels, lines,
                    cancel_request, missing)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (order_id) DO UPDATE SET status = excluded.status,
                    channel = excluded.channel, last_updated_time = excluded.last_updated_time,
                    state = excluded.state, code = excluded.code, reason = excluded.reason,
                    facts = excluded.facts, digest = excluded.digest, seen_at = excluded.seen_at,
                    parcels = excluded.parcels, lines = excluded.lines,
                    cancel_request = excluded.cancel_request, missing = excluded.missing
                """,
                [_values(row) for row in rows],
            )
            self._store.execute_many(
                """INSERT INTO order_payloads (order_id, payload) VALUES (?, ?)
                ON CONFLICT (order_id) DO UPDATE SET payload = excluded.payload""",
                [(row.order_id, row.payload) for row in rows if row.payload is not None],
            )
            self._forget([row.order_id for row in rows if row.payload is None])

    def open_orders(
        self, channel: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[InboxRow]:
        """Orders still to be imported or linked, payload included, oldest first, after there."""
        created, order_id = ("", "") if after is None else (to_text(after[0]), after[1])
        rows = self._store.rows(
            f"""SELECT {_COLUMNS}, payload FROM inbox LEFT JOIN order_payloads USING (order_id)
            WHERE channel = ? AND state IN ('new', 'created')
            AND (created_time, order_id) > (?, ?) ORDER BY created_time, order_id LIMIT ?""",  # noqa: S608 - constant columns
            [channel, created, order_id, limit],
        )
        return [_row(row) for row in rows]

    def attempt(self, order_id: str, number: str, now: datetime) -> None:
        """Note durably that Omnitron is about to be asked to create the order."""
        self._store.execute(
            "UPDATE inbox SET attempted_at = ?, number = ? WHERE order_id = ? AND state = 'new'",
            [to_text(now), number, order_id],
        )

    def unattempt(self, order_id: str) -> None:
        """The attempt has ended without effect."""
        self._store.execute(
            "UPDATE inbox SET attempted_at = NULL, number = NULL WHERE order_id = ?", [order_id]
        )

    def created(
        self,
        order_id: str,
        omnitron_pk: int,
        number: str,
        parcels_told: str = "",
        lines_told: str = "",
    ) -> None:
        """The order is in Omnitron: its buyer data goes, its link is still to be made.

        `parcels_told` and `lines_told` are what Omnitron knows of it by that; "" is unknown.
        """
        with self._store.atomic():
            self._store.execute(
                """UPDATE inbox SET state = 'created', omnitron_pk = ?, number = ?, code = '',
                reason = '', parcels_told = ?, lines_told = ? WHERE order_id = ?""",
                [omnitron_pk, number, parcels_told, lines_told, order_id],
            )
            self._forget([order_id])

    def fallen(self, channel: str, limit: int, after: str = "") -> list[InboxRow]:
        """Orders of which fewer units stand than Omnitron was told, by id, after that one.

        Those in Omnitron, and those that were cancelled before they got there; without payload.
        """
        rows = self._store.rows(
            f"""SELECT {_COLUMNS}, NULL AS payload FROM inbox
            WHERE channel = ? AND lines <> lines_told AND order_id > ?
            AND (state = 'imported' OR (state = 'ignored' AND code = 'cancelled'))
            ORDER BY order_id LIMIT ?""",  # noqa: S608 - constant columns
            [channel, after, limit],
        )
        return [_row(row) for row in rows]

    def told_lines(self, order_id: str, lines: str) -> None:
        """Omnitron knows that these units of the order stand."""
        self._store.execute("UPDATE inbox SET lines_told = ? WHERE order_id = ?", [lines, order_id])

    def asking(self, channel: str, limit: int, after: str = "") -> list[InboxRow]:
        """Orders whose buyer asks to cancel them, by id, after that one; without payload."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS}, NULL AS payload FROM inbox
            WHERE channel = ? AND cancel_request <> '' AND order_id > ?
            ORDER BY order_id LIMIT ?""",  # noqa: S608 - constant columns
            [channel, after, limit],
        )
        return [_row(row) for row in rows]

    def count_cancel(self, order_id: str) -> None:
        """Note that Omnitron was asked once more to cancel units of it, with effect."""
        self._store.execute(
            "UPDATE inbox SET cancel_calls = cancel_calls + 1 WHERE order_id = ?", [order_id]
        )

    def incomplete(self, limit: int, after: str = "") -> list[InboxRow]:
        """Orders of the account that came without a data set, by id, after that one and round."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS}, NULL AS payload FROM inbox WHERE missing <> ''
            ORDER BY order_id <= ?, order_id LIMIT ?""",  # noqa: S608 - constant columns
            [after, limit],
        )
        return [_row(row) for row in rows]

    def hold_back(self, row: InboxRow) -> None:
        """Note that a newer version came which is not to be used; the order stays as it was."""
        self._store.execute(
            "UPDATE inbox SET last_updated_time = ?, digest = ?, missing = ? WHERE order_id = ?",
            [to_text(row.last_updated_time), row.digest, row.missing, row.order_id],
        )

    def not_missing(self, order_id: str) -> None:
        """Nothing of the order is awaited any more."""
        self._store.execute("UPDATE inbox SET missing = '' WHERE order_id = ?", [order_id])

    def by_number(self, channel: str, number: str) -> InboxRow | None:
        """The order that has this number in Omnitron, without its payload."""
        row = self._store.row(
            f"""SELECT {_COLUMNS}, NULL AS payload FROM inbox
            WHERE channel = ? AND number = ?""",  # noqa: S608 - constant columns
            [channel, number],
        )
        return None if row is None else _row(row)

    def travelling(self, channel: str, limit: int, after: str = "") -> list[InboxRow]:
        """Imported orders whose parcels Omnitron was not told as they are, by id, after that one.

        Without payload.
        """
        rows = self._store.rows(
            f"""SELECT {_COLUMNS}, NULL AS payload FROM inbox
            WHERE channel = ? AND state = 'imported' AND parcels <> parcels_told
            AND order_id > ? ORDER BY order_id LIMIT ?""",  # noqa: S608 - constant columns
            [channel, after, limit],
        )
        return [_row(row) for row in rows]

    def told_parcels(self, order_id: str, parcels: str) -> None:
        """Omnitron knows of these parcels of the order."""
        self._store.execute(
            "UPDATE inbox SET parcels_told = ? WHERE order_id = ?", [parcels, order_id]
        )

    def waive_parcels(self, channel: str) -> None:
        """Omnitron is not to be told of any parcel seen so far: it is where they come from."""
        if self.travelling(channel, 1):
            self._store.execute(
                "UPDATE inbox SET parcels_told = parcels WHERE channel = ? AND state = 'imported'"
                " AND parcels <> parcels_told",
                [channel],
            )

    def imported(self, order_ids: Iterable[str], now: datetime) -> None:
        """The orders are in Omnitron and linked there."""
        ids = list(order_ids)
        with self._store.atomic():
            self._store.execute_many(
                """UPDATE inbox SET state = 'imported', code = '', reason = '', imported_at = ?
                WHERE order_id = ?""",
                [(to_text(now), order_id) for order_id in ids],
            )
            self._forget(ids)

    def ignore(self, order_id: str, code: str, reason: str) -> None:
        """The order will not be imported; its buyer data goes."""
        with self._store.atomic():
            self._store.execute(
                "UPDATE inbox SET state = 'ignored', code = ?, reason = ? WHERE order_id = ?",
                [code, reason, order_id],
            )
            self._forget([order_id])

    def seen_anew(self, order_id: str, now: datetime) -> None:
        """Count the time its buyer data may be kept from now on."""
        self._store.execute(
            "UPDATE inbox SET first_seen_at = ? WHERE order_id = ?", [to_text(now), order_id]
        )

    def expire(self, before: datetime) -> list[str]:
        """Drop buyer data first seen before that moment; the order ids it was dropped of."""
        with self._store.atomic():
            rows = self._store.rows(
                """UPDATE inbox SET state = 'ignored', code = 'buyer_data_expired',
                reason = 'could not be imported for 30 days; its buyer data was deleted'
                WHERE state = 'new' AND first_seen_at < ? RETURNING order_id""",
                [to_text(before)],
            )
            expired = [row["order_id"] for row in rows]
            self._forget(expired)
        return expired

    def purge(self) -> None:
        """Leave no byte of deleted buyer data in the file or its WAL.

        What remains is written anew, in memory; a backlog too long for that is left to the run that
        has worked it off.
        """
        (remaining,) = self._store.rows("SELECT count(*) AS n FROM order_payloads")
        if remaining["n"] <= _REWRITTEN:
            self._store.rewrite("order_payloads")
            self._store.truncate_wal()

    def counts(self, channel: str) -> dict[str, int]:
        """How many orders are in which state."""
        rows = self._store.rows(
            "SELECT state, count(*) AS n FROM inbox WHERE channel = ? GROUP BY state", [channel]
        )
        return {row["state"]: row["n"] for row in rows}

    def _forget(self, order_ids: Iterable[str]) -> None:
        self._store.execute_many(
            "DELETE FROM order_payloads WHERE order_id = ?",
            [(order_id,) for order_id in order_ids],
        )


def _values(row: InboxRow) -> tuple[object, ...]:
    seen = None if row.seen_at is None else to_text(row.seen_at)
    return (
        row.order_id,
        row.channel,
        row.status,
        to_text(row.created_time),
        to_text(row.last_updated_time),
        row.state,
        row.code,
        row.reason,
        row.facts,
        row.digest,
        seen,
        seen,
        row.parcels,
        row.lines,
        row.cancel_request,
        row.missing,
    )


def _row(row: dict[str, Any]) -> InboxRow:
    values = dict(row)
    for name in _TIMES:
        values[name] = None if values[name] is None else to_moment(values[name])
    return InboxRow(**values)
