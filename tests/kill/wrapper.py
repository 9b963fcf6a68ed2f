"""One command line in a process of its own, killed at a point of the test's choice.

The product has no switch for this: the wrapper stands between it and its two ways out, httpx and
SQLite. What outlives a process changes at these points only: at a remote call, and at a commit of
the state file. The far sides and the state file live on, memory and locks are gone, as after any
`kill -9`.

A fork server has everything imported, so that a process costs a fork and not the start-up.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import pkgutil
import signal
import sqlite3
import sys
import threading
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
from sqlite_utils import Database

from amzsync import amazon, cli, config, flows, http, mapping, omnitron, state
from amzsync.cli.app import run
from amzsync.clock import Clock
from amzsync.http.exchange import authorities, nobody
from amzsync.state.migrations import MIGRATIONS
from tests.e2e.new_state import remembering

_PACKAGES = (amazon, cli, config, flows, http, mapping, omnitron, state)
_new_state = remembering()


def _warm() -> None:
    """Have all that is built which each process would build anew: modules, commands, settings.

    A config without a word in it ends each run before it has begun.
    """
    for package in _PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    importlib.import_module("httpcore")
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for flow in flows.FLOWS:
            run([*flow.command.split(), "--config", os.devnull])
    authorities()
    nobody()
    with closing(sqlite3.connect(":memory:")) as empty:
        _new_state(Database(empty))
    gc.freeze()  # else the first collection of a process copies the memory it shares with this one


_warm()

Kind = Literal["call", "commit"]
When = Literal["before", "after"]

# The first words of statements that are committed as soon as they are through.
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "WITH"})
_WRITING_PRAGMAS = ("PRAGMA journal_mode=", "PRAGMA wal_checkpoint")


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is killed: before or after its n-th remote call or commit, n from 1."""

    kind: Kind
    number: int
    when: When


class Watch:
    """Counts the remote calls and commits of this process, and kills it at its point."""

    def __init__(self, point: Point | None) -> None:
        self.point = point
        self.passed: list[str] = []  # "call POST /path", "commit UPDATE inbox …"
        self._counts = {"call": 0, "commit": 0}
        self._ending = False
        self._counting = threading.Lock()

    def install(self) -> None:
        """Stand in the way of every request and every statement of this process."""
        send, connect = httpx.HTTPTransport.handle_request, sqlite3.connect

        def handle_request(
            transport: httpx.HTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            after = self._pass("call", f"{request.method} {request.url.path}")
            response = send(transport, request)
            if after:
                _die()  # the far side has done it, its answer is unread
            return response

        def watched_connect(database: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(database, **options)
            if database != ":memory:":
                connection.set_trace_callback(lambda sql: self._statement(connection, sql))
            return connection

        httpx.HTTPTransport.handle_request = handle_request  # type: ignore[assignment,method-assign]  # the wrapper stands here
        sqlite3.connect = watched_connect  # type: ignore[assignment]  # and here

    def end(self) -> None:
        """The command line is through."""
        if self._ending:
            _die()

    def _statement(self, connection: sqlite3.Connection, sql: str) -> None:
        """SQLite is about to run a statement; the one before has ended."""
        if self._ending:
            _die()
        words = sql.split(None, 1)
        word = words[0].upper() if words else ""
        alone = not connection.in_transaction
        if word == "COMMIT" or (alone and (word in _WRITES or sql.startswith(_WRITING_PRAGMAS))):
            self._ending = self._pass("commit", " ".join(sql.split())[:60])

    def _pass(self, kind: Kind, label: str) -> bool:
        """Note a point, die if it is the one to die before; whether to die right after it."""
        with self._counting:
            if self._ending:
                _die()
            self._counts[kind] += 1
            self.passed.append(f"{kind} {label}")
            here = self.point is not None and (self.point.kind, self.point.number) == (
                kind,
                self._counts[kind],
            )
        if here and self.point is not None and self.point.when == "before":
            _die()
        return here


def main(argv: list[str], clock: Clock, point: Point | None, out: Path) -> None:
    """Run the command line; its output goes to files in `out`, and so do the points it passed."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        target = os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, number)
        os.close(target)
    # Nothing here speaks TLS: an empty folder of certificates spares each client 16 ms.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(out)
    MIGRATIONS.apply = _new_state  # type: ignore[assignment,method-assign]  # same tables, sooner
    watch = Watch(point)
    watch.install()
    code = run(argv, clock)
    watch.end()
    sys.stdout.flush()
    (out / "points").write_text("\n".join(watch.passed), encoding="utf-8")
    sys.exit(code)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # the signal is on its way
