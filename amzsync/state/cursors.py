"""Named positions: how far a search has come, where an interrupted paging goes on."""

from __future__ import annotations

from datetime import datetime

from amzsync.state.store import Store, to_text


class Cursors:
    """Named positions; what a value means is its owner's business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> str | None:
        """The position; None when there is none yet."""
        row = self._store.row("SELECT value FROM cursors WHERE name = ?", [name])
        return None if row is None else str(row["value"])

    def put(self, name: str, value: str, now: datetime) -> None:
        """Set the position."""
        self._store.execute(
            "INSERT INTO cursors (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            [name, value, to_text(now)],
        )

    def drop(self, name: str) -> None:
        """Forget the position."""
        self._store.execute("DELETE FROM cursors WHERE name = ?", [name])
