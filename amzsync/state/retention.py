"""What bounds each table of the state file, and how the file gives room back.

- runs, outcomes: `retention_days`, and the newest `retention_rows` of each (`Runs.prune`).
- inbox: `retention_order_days`, here. order_payloads: gone with the import, or after 30 days.
- packages, invoices, returns, return_requests: go with their order, here.
- penalties, waiting: the record goes through, or here.
- listings, listing_values, products: a row a SKU in the catalog; withdrawn ones go here.
- cursors: one a channel, flow and purpose. One of a cancel call goes with its answer, or here.
- lookups: each has an end of its own (`Lookups.prune`).
- jobs, feed_items, batches, fences: closed with Amazon's answer, or after EXPIRATION_HOUR.
- reports: `retention_days`. differences, snapshots, snapshot_rows, report_goods: the newest report
  and Amazon's listings.
- category_nodes, category_sightings, arriving_nodes, product_types, type_schemas: Amazon's tree
  under the channel's main categories, and what is gone from it while Omnitron keeps its node.
- quota, tokens, feed_turns, channels, alarms, alarm_told, alarm_flows: a handful, by operations,
  logins, flows, channels, rules and targets.

Orders are remembered so that none is imported, confirmed, invoiced, cancelled or requested back
twice. That holds for as long as a far side may bring one up again: Amazon shows orders for two
years (sp-api.md §2.1.6), and any of them comes back into the search when it changes; its returns
report reaches back 60 days, its feeds 90. Omnitron brings orders up by its own dirty lists; for
them the number is unique over there whatever is forgotten here, and an order is looked up by it
before it is created.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from amzsync.state.store import Store, to_text

_PORTION = 1000  # orders of a transaction, so that other runs get their turn
_STEP = 500  # pages of 4 kB of a transaction
_ROOM = 4  # a quarter of the file may be empty: that room is used again
_LEAST = 1024  # pages: below 4 MB nobody misses the room

# An order nobody has anything to do about any more. One whose units stand otherwise than Omnitron
# was told, or of which a far side was asked something it has not answered, is kept.
_DONE = """state IN ('imported', 'ignored', 'pending')
    AND last_updated_time < :before AND coalesce(seen_at, '') < :before
    AND (lines = lines_told OR state = 'pending' OR (state = 'ignored' AND code <> 'cancelled'))
    AND order_id NOT IN (SELECT key FROM penalties)
    AND order_id NOT IN (SELECT order_id FROM returns WHERE state = 'open')
    AND order_id NOT IN (SELECT order_id FROM return_requests WHERE state <> 'linked')
    AND order_id NOT IN (SELECT order_id FROM invoices WHERE state LIKE 'submitt%')
    AND 'cancel_asked:' || order_id NOT IN (SELECT name FROM cursors)"""


class Retention:
    """Drops what no far side can bring up again, and shrinks the file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def drop_records(self, before: datetime, catalogue_flows: Collection[str]) -> None:
        """Penalties that were stopped before that moment, and goods that waited since before it.

        Both come back by themselves where the record is still there: Omnitron's lists bring it. An
        order that waits is kept, for nothing else would bring it.
        """
        at = to_text(before)
        self._store.execute("DELETE FROM penalties WHERE stopped AND last_failed_at < ?", [at])
        self._store.execute(
            "DELETE FROM waiting WHERE since < ? AND flow IN (SELECT value FROM json_each(?))",
            [at, json.dumps(list(catalogue_flows))],
        )
        self._store.execute(
            "DELETE FROM cursors WHERE name LIKE 'cancel\\_asked:%' ESCAPE '\\' AND updated_at < ?",
            [at],
        )

    def drop_orders(self, before: datetime) -> int:
        """Orders done that neither Amazon changed nor we saw since; how many.

        With them goes what was told of them. Penalties first: an order in penalty is kept.
        """
        at = {"before": to_text(before)}
        gone = 0
        while True:
            with self._store.atomic():
                rows = self._store.rows(
                    f"""DELETE FROM inbox WHERE order_id IN (
                        SELECT order_id FROM inbox WHERE {_DONE} LIMIT {_PORTION})
                    RETURNING order_id""",  # noqa: S608 - constant conditions
                    at,
                )
                ids = json.dumps([row["order_id"] for row in rows])
                for table in ("order_payloads", "packages", "invoices", "return_requests"):
                    self._of_orders(table, ids)
                self._of_orders("returns", ids)
            gone += len(rows)
            if len(rows) < _PORTION:
                break
        self._drop_orderless(at)
        return gone

    def drop_withdrawn(self, before: datetime) -> None:
        """SKUs whose products left the catalog before then and that Amazon shows no listing of."""
        with self._store.atomic():
            rows = self._store.rows(
                """SELECT channel, sku FROM listings AS l
                WHERE withdrawn_at < ? AND unlinked = 1
                AND NOT EXISTS (SELECT 1 FROM listing_values AS v WHERE v.channel = l.channel
                    AND v.sku = l.sku AND (v.check_at IS NOT NULL OR v.resend = 1))
                AND (channel, sku) NOT IN (SELECT channel, sku FROM fences)
                AND (channel, sku) NOT IN (SELECT channel, key FROM penalties)
                AND (channel, sku) NOT IN (SELECT channel, sku FROM snapshot_rows)""",
                [to_text(before)],
            )
            for table in ("listings", "listing_values", "products"):
                self._store.execute_many(
                    f"DELETE FROM {table} WHERE channel = ? AND sku = ?",  # noqa: S608 - constant names
                    [(row["channel"], row["sku"]) for row in rows],
                )

    def give_back(self) -> int:
        """Return empty pages to the disk where they are more than a quarter of the file; how many.

        In small steps, between which other processes write. A file made before amzsync asked SQLite
        to keep track of its pages (auto_vacuum) only uses its room again.
        """
        pages, free = self._pragma("page_count"), self._pragma("freelist_count")
        if self._pragma("auto_vacuum") == 0 or free < max(_LEAST, pages // _ROOM):
            return 0
        left = free
        while left > _LEAST // 2:
            with self._store.atomic() as connection:
                # SQLite moves a page with each row that is read.
                connection.execute(f"PRAGMA incremental_vacuum({_STEP})").fetchall()
            before, left = left, self._pragma("freelist_count")
            if left >= before:
                break  # others need the room as fast as it is given back
        self._store.truncate_wal()
        return free - left

    def _of_orders(self, table: str, ids: str) -> None:
        self._store.execute(
            f"DELETE FROM {table} WHERE order_id IN (SELECT value FROM json_each(?))",  # noqa: S608 - constant names
            [ids],
        )

    def _drop_orderless(self, at: dict[str, str]) -> None:
        """What was told of orders that an earlier state file had, or of another channel's."""
        conditions = {
            "packages": "confirmed_at < :before",
            "invoices": "submitted_at < :before AND state NOT LIKE 'submitt%'",
            "returns": "seen_at < :before AND state <> 'open'",
            "return_requests": """state = 'linked' AND coalesce(attempted_at, '') < :before
                AND (channel, order_id, rma_id, sku) NOT IN
                    (SELECT channel, order_id, rma_id, sku FROM returns)""",
        }
        for table, condition in conditions.items():
            self._store.execute(
                f"""DELETE FROM {table} WHERE {condition}
                AND order_id NOT IN (SELECT order_id FROM inbox)""",  # noqa: S608 - constant conditions
                at,
            )

    def _pragma(self, name: str) -> int:
        (row,) = self._store.rows(f"PRAGMA {name}")
        return int(row[name])
