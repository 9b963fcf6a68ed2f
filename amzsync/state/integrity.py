"""Whether the state file is still what SQLite wrote."""

from __future__ import annotations

from amzsync.state.store import Store

_SHOWN = 3  # one damaged page is told many times over


def faults(store: Store) -> list[str]:
    """What SQLite finds wrong with the file's structure; nothing when it is whole.

    Indexes are not compared with their tables, which would take as long again.
    Errors: StateError when the file is damaged so badly that it cannot be looked at.
    """
    rows = store.rows(f"PRAGMA quick_check({_SHOWN})")
    lines = [line for row in rows for line in str(next(iter(row.values()))).splitlines()]
    return [line for line in lines if line != "ok" and not line.startswith("***")]
