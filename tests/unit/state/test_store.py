"""The state file: opening, migrating, transactions, faults, and what stays on the disk."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlite_utils import Database

import amzsync
from amzsync.clock import Clock, Deadline
from amzsync.errors import AmzsyncError, StateError, StateUnavailableError
from amzsync.state.cursors import Cursors
from amzsync.state.lock import locked
from amzsync.state.migrations import MIGRATIONS, known_steps
from amzsync.state.steps import STEPS
from amzsync.state.store import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(amzsync.__file__).parents[1])}

OPENER = """
import sys
from pathlib import Path
from amzsync.clock import Clock
from amzsync.state.store import Store
print("ready", flush=True)
sys.stdin.readline()
with Store.open(Path(sys.argv[1]), Clock()) as store:
    for _ in range(20):
        with store.atomic():
            value = store.row("SELECT value FROM cursors WHERE name = 'count'")
            count = int(value["value"]) + 1 if value else 1
            store.execute("INSERT OR REPLACE INTO cursors VALUES ('count', ?, '')", [str(count)])
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from amzsync.clock import Clock
from amzsync.state.store import Store
store = Store.open(Path(sys.argv[1]), Clock())
with store.atomic():
    store.execute("INSERT INTO cursors VALUES ('committed', '1', '')")
with store.atomic():
    store.execute("INSERT INTO cursors VALUES ('half', '1', '')")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, Clock()) as opened:
        yield opened


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(store: Store) -> list[str]:
    return [row["name"] for row in store.rows("SELECT name FROM cursors ORDER BY name")]


def put(store: Store, name: str, value: str = "x") -> None:
    Cursors(store).put(name, value, NOW)


# Opening


@pytest.mark.usefixtures("open_umask")
def test_files_are_private_from_the_start_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "state.sqlite3"
    with Store.open(path, Clock()) as store:
        put(store, "x")
        files = sorted(path.parent.iterdir())
        assert {f"{path.name}{end}" for end in ("", "-wal", "-shm")} <= {f.name for f in files}
        assert [mode(file) for file in files] == [0o600] * len(files)
    assert [mode(folder) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]


def test_a_restored_file_readable_by_all_is_made_private(path: Path) -> None:
    Store.open(path, Clock()).close()
    path.chmod(0o644)
    with Store.open(path, Clock()) as store:
        put(store, "x")
        assert mode(path) == mode(path.with_name(path.name + "-wal")) == 0o600


def test_the_connection_is_set_up_as_the_state_needs_it(store: Store) -> None:
    pragmas = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "secure_delete")
    found = [store.db.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert found == ["wal", 1, 30_000, 1, 1]


def test_a_place_nobody_may_write_to_is_a_passing_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateUnavailableError, match=r"state\.path"):
        Store.open(tmp_path / "file" / "state.sqlite3", Clock())


def test_a_folder_in_place_of_the_file_is_a_passing_fault(tmp_path: Path) -> None:
    with pytest.raises(StateUnavailableError, match="cannot be opened"):
        Store.open(tmp_path, Clock())


def test_processes_that_open_a_new_file_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.sqlite3"
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for _ in range(4)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    assert [(opener.communicate()[1], opener.returncode) for opener in openers] == [("", 0)] * 4
    with Store.open(path, Clock()) as store:
        assert Cursors(store).get("count") == "80"


def test_one_process_at_a_time_makes_a_new_file_a_wal_one(path: Path) -> None:
    opened = Event()

    def open_it() -> None:
        Store.open(path, Clock()).close()
        opened.set()

    with locked(path.with_name(f"{path.name}.open.lock"), wait=0, deadline=Deadline(Clock())):
        opener = Thread(target=open_it)
        opener.start()
        assert not opened.wait(0.1)
    opener.join(10)
    assert opened.is_set()


def test_the_usual_opening_needs_no_write_lock(path: Path, store: Store) -> None:
    with store.atomic(), Store.open(path, Clock()) as second:
        assert second.rows("SELECT * FROM cursors") == []


# Migrations


def test_a_new_file_has_taken_every_step(store: Store) -> None:
    assert {step.name for step in MIGRATIONS.applied(store.db)} == known_steps() == STEPS
    assert MIGRATIONS.pending(store.db) == []


def test_later_steps_keep_the_rows_of_earlier_ones(path: Path) -> None:
    old = Database(sqlite3.connect(path))
    later = {step.name for step in MIGRATIONS.pending(old)} - {"m001_account"}
    MIGRATIONS.apply(old, stop_before=later)
    old.execute("INSERT INTO cursors VALUES ('kept', 'one', '')")
    old.close()
    with Store.open(path, Clock()) as store:
        assert Cursors(store).get("kept") == "one"
        assert MIGRATIONS.pending(store.db) == []


def test_a_file_of_a_newer_amzsync_is_refused_with_a_cure(path: Path, store: Store) -> None:
    store.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('amzsync', 'm999_future', '')"
    )
    with pytest.raises(StateError, match=r"newer amzsync \(m999_future\); upgrade") as refused:
        Store.open(path, Clock())
    assert refused.value.exit_code == 8


# Transactions


def test_a_failed_block_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.atomic():
        put(store, "a")
        raise RuntimeError
    assert names(store) == []


def test_a_failed_inner_block_takes_only_its_own_part_back(store: Store) -> None:
    with store.atomic():
        put(store, "outer")
        with pytest.raises(RuntimeError), store.atomic():
            put(store, "inner")
            raise RuntimeError
    assert names(store) == ["outer"]


def test_an_inner_block_goes_with_a_failed_outer_one(store: Store) -> None:
    with pytest.raises(RuntimeError), store.atomic():
        with store.atomic():
            put(store, "inner")
        raise RuntimeError
    assert names(store) == []


def test_many_rows_are_written_all_or_none(store: Store) -> None:
    rows = [("a", "1", ""), ("b", "1", ""), ("a", "2", "")]
    with pytest.raises(AmzsyncError, match="UNIQUE"):
        store.execute_many("INSERT INTO cursors VALUES (?, ?, ?)", rows)
    assert names(store) == []


def test_threads_take_turns(store: Store) -> None:
    cursors = Cursors(store)

    def count(_: int) -> None:
        with store.atomic():
            cursors.put("count", str(int(cursors.get("count") or 0) + 1), NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(200)))
    assert cursors.get("count") == "200"


def test_a_killed_process_loses_nothing_it_committed(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=ENVIRONMENT, check=False)
    assert done.returncode == -9
    with Store.open(path, Clock()) as store:
        assert names(store) == ["committed"]


# Faults


def test_a_file_that_is_no_database_is_refused_and_says_what_is_lost(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(StateError, match=r"corrupt.*12 hours.*none is doubled") as refused:
        Store.open(path, Clock())
    assert refused.value.exit_code == 8
    assert path.read_bytes() == b"not a database " * 1000


def test_a_damaged_database_is_told_as_such(path: Path) -> None:
    with Store.open(path, Clock()) as store, store.atomic():
        for number in range(2000):
            put(store, f"name-{number}", "x" * 100)
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StateError, match="corrupt"), Store.open(path, Clock()) as store:
        store.rows("SELECT * FROM cursors")


def test_a_full_disk_loses_nothing_earlier_and_passes(store: Store) -> None:
    put(store, "earlier")
    connection = store.db.conn
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StateUnavailableError, match="disk is full") as refused, store.atomic():
        for number in range(100):
            with store.atomic():
                put(store, f"late-{number}", "x" * 5000)
    assert refused.value.exit_code == 5
    assert names(store) == ["earlier"]
    connection.execute("PRAGMA max_page_count = 1000000")
    put(store, "afterwards")
    assert names(store) == ["afterwards", "earlier"]
    assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_a_lock_nobody_lets_go_is_a_passing_fault(path: Path, store: Store) -> None:
    store.db.conn.execute("PRAGMA busy_timeout = 0")
    with Store.open(path, Clock()) as other, other.atomic():
        with pytest.raises(StateUnavailableError, match="another process keeps it locked"):
            put(store, "x")
        with pytest.raises(StateUnavailableError), store.atomic():
            pytest.fail("two writers")
    put(store, "x")
    assert names(store) == ["x"]


def test_a_file_this_user_may_only_read_is_a_passing_fault(store: Store) -> None:
    store.db.conn.execute("PRAGMA query_only = ON")
    with pytest.raises(StateUnavailableError, match="read-only"):
        put(store, "x")


def test_a_mistake_in_our_own_sql_is_a_bug(store: Store) -> None:
    with pytest.raises(AmzsyncError) as bug:
        store.rows("SELECT nonsense FROM cursors")
    assert (type(bug.value), bug.value.exit_code) == (AmzsyncError, 70)


# What stays on the disk


def raw(path: Path) -> bytes:
    """Every byte of the state's files."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_the_wal_is_emptied(path: Path, store: Store) -> None:
    put(store, "x")
    wal = path.with_name(path.name + "-wal")
    assert wal.stat().st_size > 0
    assert store.truncate_wal()
    assert wal.stat().st_size == 0


def test_a_reader_of_an_older_state_keeps_the_wal_from_being_emptied(
    path: Path, store: Store
) -> None:
    store.db.conn.execute("PRAGMA busy_timeout = 0")
    put(store, "x")
    with Store.open(path, Clock()) as reader:
        reader.db.conn.execute("BEGIN")
        reader.rows("SELECT * FROM cursors")
        put(store, "y")
        assert not store.truncate_wal()
        reader.db.conn.execute("COMMIT")
        assert store.truncate_wal()


def test_a_deleted_text_is_nowhere_in_the_files(path: Path, store: Store) -> None:
    put(store, "buyer", "Zumrut Anka " * 900)
    put(store, "other", "kept")
    assert store.truncate_wal()
    assert b"Zumrut Anka" in raw(path)
    Cursors(store).drop("buyer")
    assert store.truncate_wal()
    assert b"Zumrut Anka" not in raw(path)
    assert b"kept" in raw(path)


@pytest.mark.parametrize("seed", [7, 9, 14, 26, 32])
def test_a_rewritten_table_leaves_nothing_of_rows_that_moved_between_pages(
    path: Path, store: Store, seed: int
) -> None:
    # With SQLite 3.40 secure_delete alone leaves copies behind in each of these histories.
    chance = random.Random(seed)  # noqa: S311 - the same history each time, guards nothing
    live: set[str] = set()
    for _ in range(600):
        if chance.random() < 0.6 or not live:
            name = f"{chance.randrange(10**6):06d}"
            put(store, name, f"BUYER{name}-" * chance.choice([1, 3, 20, 100, 400]))
            live.add(name)
        else:
            name = chance.choice(sorted(live))
            Cursors(store).drop(name)
            live.remove(name)
    for name in chance.sample(sorted(live), len(live) * 9 // 10):
        Cursors(store).drop(name)
        live.remove(name)
    store.rewrite("cursors")
    assert store.truncate_wal()
    assert {found.decode() for found in re.findall(rb"BUYER(\d{6})", raw(path))} == live
    assert set(names(store)) == live


def test_only_a_plain_table_name_can_be_rewritten(store: Store) -> None:
    with pytest.raises(ValueError, match="not a table name"):
        store.rewrite("cursors; DROP TABLE runs")


def test_any_text_names_a_lock_file_of_its_own(path: Path, store: Store) -> None:
    locks = {store.lock_path(name) for name in ("a/b", "a_b", "stock.push", "../x", "ğ")}
    assert len(locks) == 5
    assert {lock.parent for lock in locks} == {path.parent}
