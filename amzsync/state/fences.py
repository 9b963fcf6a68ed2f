"""Who is at work on a SKU: nothing of it is sent by anybody else until that is over."""

from __future__ import annotations

import json
from collections.abc import Iterable

from amzsync.state.store import Store


class Fences:
    """The table `fences`, a row a fenced SKU of a channel.

    The holder is a feed, by the id of its job, or a run that is sending, by its flow's name.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, channel: str, skus: Iterable[str], holder: str) -> frozenset[str]:
        """Fence those of the SKUs that nobody holds; which they are."""
        rows = self._store.rows(
            """INSERT INTO fences (channel, sku, holder)
            SELECT ?, value, ? FROM json_each(?) WHERE true
            ON CONFLICT (channel, sku) DO NOTHING RETURNING sku""",
            [channel, holder, json.dumps(list(skus))],
        )
        return frozenset(row["sku"] for row in rows)

    def release(self, channel: str, holder: str) -> None:
        """Free all that a holder has in the channel."""
        self._store.execute(
            "DELETE FROM fences WHERE channel = ? AND holder = ?", [channel, holder]
        )

    def free(self, channel: str, holder: str, skus: Iterable[str]) -> None:
        """Free some of what a holder has."""
        self._store.execute(
            """DELETE FROM fences WHERE channel = ? AND holder = ?
            AND sku IN (SELECT value FROM json_each(?))""",
            [channel, holder, json.dumps(list(skus))],
        )

    def holders(self, channel: str) -> frozenset[str]:
        """Everybody who holds something of the channel."""
        rows = self._store.rows("SELECT DISTINCT holder FROM fences WHERE channel = ?", [channel])
        return frozenset(row["holder"] for row in rows)

    def held(self, channel: str, skus: Iterable[str]) -> dict[str, str]:
        """Who holds those of the SKUs that somebody holds."""
        rows = self._store.rows(
            """SELECT sku, holder FROM fences WHERE channel = ?
            AND sku IN (SELECT value FROM json_each(?))""",
            [channel, json.dumps(list(skus))],
        )
        return {row["sku"]: row["holder"] for row in rows}
