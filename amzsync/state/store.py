"""The state file: opened, migrated, locked, and its faults worded for the person who reads them.

One connection a process, shared by its threads; every statement goes through one re-entrant lock,
because a SQLite connection has one transaction at a time and not one per thread.

`synchronous=NORMAL`: in WAL mode a commit lies in the operating system's cache, so kill -9 loses
nothing. Power loss may take the last commits, never the middle: the file is then as it was a moment
before. That is the state a kill between a far side's reply and our commit leaves too, which every
flow copes with by looking before it repeats; FULL would cost a disk flush for each token of quota
and narrow that gap without closing it.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amzsync.clock import Clock
from amzsync.errors import AmzsyncError, StateError, StateUnavailableError
from amzsync.state.steps import STEPS

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_TIMEOUT = 30.0  # seconds; transactions here last milliseconds, so longer means stuck

Params = Sequence[Any] | Mapping[str, Any]

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PASSING = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "reading or writing failed",
    sqlite3.SQLITE_READONLY: "it is read-only for this user",
    sqlite3.SQLITE_PERM: "this user may not use it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened by this user",
    sqlite3.SQLITE_BUSY: "another process keeps it locked",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked",
    sqlite3.SQLITE_PROTOCOL: "another process keeps it locked",
    sqlite3.SQLITE_NOMEM: "memory is short",
}


class Store:
    """The open state file."""

    def __init__(self, path: Path, clock: Clock, connection: sqlite3.Connection) -> None:
        self.path = path
        self.clock = clock
        self.connection = connection
        self.lock = threading.RLock()

    @cached_property
    def db(self) -> Database:
        """The connection with sqlite-utils' eyes; imported when it is first needed."""
        from sqlite_utils import Database

        # Plugins and recursive triggers are of no use here and cost time.
        return Database(self.connection, recursive_triggers=False, execute_plugins=False)

    @classmethod
    def open(cls, path: Path, clock: Clock) -> Store:
        """The state file at `path`, created (mode 0600) and migrated where that is due.

        Errors: StateError when it is corrupt or was written by a newer amzsync,
        StateUnavailableError when it cannot be opened or written now.
        """
        try:
            _create(path)
            connection = _connect(path)
        except OSError as error:
            raise StateUnavailableError(
                f"state file {path}: cannot be created: {error.strerror}; set state.path elsewhere"
                " or let this user write there"
            ) from error
        except sqlite3.Error as error:
            raise translate(error, path) from error
        store = cls(path, clock, connection)
        try:
            store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def atomic(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing; inside another one, a savepoint.

        It takes SQLite's write lock at once: a transaction that reads first and writes later fails
        in WAL mode as soon as another process wrote in between. Never call a far side inside:
        every process of the account would wait for it.
        Errors: StateError, StateUnavailableError.
        """
        with self.lock, self._translated():
            connection = self.connection
            if connection.in_transaction:
                with _savepoint(connection):
                    yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have made SQLite roll back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, params: Params = ()) -> sqlite3.Cursor:
        """Run one statement that writes; the cursor tells its rowcount and lastrowid.

        Errors: StateError, StateUnavailableError.
        """
        with self.lock, self._translated():
            return self.connection.execute(sql, params)

    def execute_many(self, sql: str, params: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, all of them or none.

        Errors: StateError, StateUnavailableError.
        """
        with self.atomic() as connection:
            connection.executemany(sql, params)

    def rows(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        """All rows of a query, read before anybody else may use the connection.

        Errors: StateError, StateUnavailableError.
        """
        with self.lock, self._translated():
            cursor = self.connection.execute(sql, params)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, params: Params = ()) -> dict[str, Any] | None:
        """The first row of a query; None without one. Errors: as `rows`."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def rewrite(self, table: str) -> None:
        """Write a table anew, so that nothing of its deleted or changed rows is left in the file.

        `secure_delete` alone does not see to it: when SQLite moves rows between pages it leaves
        copies in the gaps, which no later delete reaches. Emptying the table frees its pages whole,
        and freed pages are zeroed. Costs what the remaining rows weigh; call `truncate_wal` next.
        The table must have no triggers and take no part in a foreign key: either makes SQLite
        delete row by row.
        """
        name = _identifier(table)
        script = f"""
            CREATE TEMP TABLE kept AS SELECT * FROM main.{name};
            DELETE FROM main.{name};
            INSERT INTO main.{name} SELECT * FROM temp.kept;
            DROP TABLE temp.kept;
        """  # noqa: S608 - a checked identifier, which SQL takes no parameter for
        with self.atomic():
            self.db.executescript(script)

    def truncate_wal(self) -> bool:
        """Bring everything into the database file and empty the WAL; whether that succeeded.

        It does not while another process still reads an older state; call it outside `atomic`.
        Errors: StateError, StateUnavailableError.
        """
        (outcome,) = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(outcome["busy"] == 0)

    def lock_path(self, name: str) -> Path:
        """The lock file of that name, next to the state file; any text is a name."""
        return _lock_path(self.path, name)

    def close(self) -> None:
        """Close the file; the last one to do so empties and removes the WAL."""
        with self.lock:
            self.connection.close()

    def __enter__(self) -> Store:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _prepare(self) -> None:
        """Migrate. The usual opening finds nothing to do and takes no write lock."""
        if self._pending():
            from amzsync.state.migrations import MIGRATIONS

            with self.atomic():
                # Asked again under the write lock: another process may have migrated meanwhile.
                if self._pending():
                    MIGRATIONS.apply(self.db)

    def _pending(self) -> bool:
        applied = self._applied()
        if newer := sorted(applied - STEPS):
            raise StateError(
                f"state file {self.path} was written by a newer amzsync ({', '.join(newer)});"
                " upgrade amzsync, or point state.path elsewhere"
            )
        return applied != STEPS

    def _applied(self) -> set[str]:
        """The steps sqlite-utils has noted in the file."""
        (noted,) = self.rows(
            "SELECT count(*) AS tables FROM sqlite_master WHERE name = '_sqlite_migrations'"
        )
        if not noted["tables"]:
            return set()
        sql = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'amzsync'"
        return {row["name"] for row in self.rows(sql)}

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translate(error, self.path) from error


def translate(error: sqlite3.Error, path: Path) -> AmzsyncError:
    """What a fault of SQLite means for the run, and what mends it.

    StateError for a corrupt file, StateUnavailableError for what passes, AmzsyncError for a bug.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes keep the primary one there
    if code in _CORRUPT:
        return StateError(
            f"state file {path} is corrupt ({error}); restore a backup, or move it away and a new"
            " one is begun. What is lost with it: the next order search reaches back 12 hours, and"
            " orders are looked up before they are created, so none is doubled; penalties, the"
            " journal and orders still waiting from before that time are gone"
        )
    if code in _PASSING:
        return StateUnavailableError(
            f"state file {path}: {_PASSING[code]} ({error}); nothing was half written, and"
            " rerunning is safe"
        )
    return AmzsyncError(f"state file {path}: {type(error).__name__}: {error}")


def to_text(moment: datetime) -> str:
    """A moment as the state keeps it: ISO 8601, UTC, microseconds, so that text sorts by time."""
    if moment.tzinfo is None:
        raise ValueError("times in the state are aware")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_moment(text: str) -> datetime:
    """The aware moment a text of `to_text` stands for."""
    return datetime.fromisoformat(text)


def _create(path: Path) -> None:
    """The file with mode 0600 and missing folders with 0700, before SQLite sees them.

    SQLite gives the WAL and its index the mode of the database file.
    """
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        # Not opened here: closing a second descriptor would drop the locks of an open connection.
        if path.stat().st_mode & 0o077 and path.stat().st_uid == os.geteuid():
            path.chmod(0o600)  # a restored backup often comes back readable by all


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        _use_wal(connection, path)
        for pragma in (
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",  # sorting must not spill buyer data into a temporary file
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """A part of a transaction that is undone alone; of equal names the innermost counts."""
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Once in a file's life; SQLite's busy timeout does not cover it, so a file lock does."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        return
    descriptor = os.open(_lock_path(path, "open"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before the first table, or never: it is what lets the file shrink again (retention).
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        os.close(descriptor)


def _lock_path(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{quote(name, safe='')}.lock")


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z_]+", name):
        raise ValueError(f"not a table name: {name!r}")
    return name
