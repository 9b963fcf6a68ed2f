"""Which records the state has ever heard of, whatever table they stand in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from amzsync.state.store import Store, to_moment

# Table and column that name a record. Rows of an order's own tables imply one in the inbox.
_PLACES = (
    ("penalties", "key"),
    ("waiting", "key"),
    ("listings", "sku"),
    ("products", "sku"),
    ("inbox", "order_id"),
    ("outcomes", "key"),
)
# Each table is gone through once, whatever index it has.
_KNOWN = " UNION ".join(
    f"SELECT {column} AS key FROM {table} WHERE channel = :channel"  # noqa: S608 - constant names
    f" AND {column} IN (SELECT value FROM json_each(:keys))"
    for table, column in _PLACES
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A listing as Amazon's newest report told it, and when that was asked for."""

    at: datetime
    status: str
    quantity: int | None
    price: str | None


class KnownKeys:
    """Questions about keys that go over several tables; each is one query."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, channel: str, keys: Iterable[str]) -> frozenset[str]:
        """Those of the keys the channel has a record of."""
        rows = self._store.rows(_KNOWN, {"channel": channel, "keys": json.dumps([*keys])})
        return frozenset(row["key"] for row in rows)

    def orders(self, channel: str, numbers: Iterable[str]) -> dict[str, str]:
        """Omnitron's order number -> Amazon's id, of those the inbox knows."""
        rows = self._store.rows(
            """SELECT number, order_id FROM inbox WHERE channel = ?
            AND number IN (SELECT value FROM json_each(?))""",
            [channel, json.dumps([*numbers])],
        )
        return {row["number"]: row["order_id"] for row in rows}

    def like(self, channel: str, key: str, limit: int = 3) -> list[str]:
        """SKUs written otherwise: with capitals, with zeros in front that a spreadsheet drops."""
        found: set[str] = set()
        for table in ("listings", "products", "penalties", "waiting"):
            column = dict(_PLACES)[table]
            rows = self._store.rows(
                f"""SELECT {column} AS key FROM {table} WHERE channel = ?
                AND ltrim(lower({column}), '0') = ltrim(lower(?), '0') AND {column} <> ?
                ORDER BY {column} LIMIT ?""",  # noqa: S608 - constant names
                [channel, key, key, limit],
            )
            found.update(row["key"] for row in rows)
        return sorted(found)[:limit]

    def last_outcome(self, channel: str, flow: str, key: str, code: str) -> datetime | None:
        """When a run of the flow last noted this of the record."""
        row = self._store.row(
            """SELECT max(at) AS at FROM outcomes
            WHERE channel = ? AND key = ? AND flow = ? AND code = ?""",
            [channel, key, flow, code],
        )
        return to_moment(row["at"]) if row and row["at"] else None

    def seen(self, channel: str, sku: str) -> Seen | None:
        """The SKU in the newest report of all listings; None where it is not in it."""
        row = self._store.row(
            """SELECT taken_at, status, quantity, price FROM snapshot_rows
            JOIN snapshots USING (channel) WHERE channel = ? AND sku = ?""",
            [channel, sku],
        )
        if row is None:
            return None
        return Seen(to_moment(row["taken_at"]), row["status"], row["quantity"], row["price"])
