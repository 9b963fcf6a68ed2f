"""A new state file gets its shape at once, from one that all the steps have made before.

What the steps do is shown by tests/unit/state, and by every amzsync the tests start as a user does.
Here thousands of files are made, and sqlite-utils takes 15 ms for each.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from amzsync.state.migrations import MIGRATIONS


def remembering() -> Callable[[Database], None]:
    """`MIGRATIONS.apply`, taking the steps for the first empty file and for every other one."""
    apply = MIGRATIONS.apply
    known: list[str] = []

    def applied(db: Database) -> None:
        if db.table_names():
            apply(db)
        elif known:
            for statement in known:
                db.conn.execute(statement)
        else:
            apply(db)
            known.extend(list(db.conn.iterdump())[1:-1])  # without its own BEGIN and COMMIT

    return applied
