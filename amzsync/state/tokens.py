"""Access tokens of both far sides, shared by all processes of the account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from amzsync.clock import Clock, Deadline
from amzsync.errors import AlreadyRunningError, StateUnavailableError
from amzsync.redaction import hide
from amzsync.state.lock import FlowLock
from amzsync.state.store import Store, to_moment, to_text

_MARGIN = timedelta(seconds=60)  # a token this near its end may be over before it arrives
_EXCHANGE = 60.0  # seconds; an exchange, retries included, is over by then


class Tokens:
    """Cached tokens by name. Every one that passes here is masked in logs from then on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, name: str) -> str | None:
        """The token; None without one, or when less than a minute of it is left."""
        row = self._store.row("SELECT value, expires_at FROM tokens WHERE name = ?", [name])
        if row is None:
            return None
        ends = row["expires_at"]
        if ends is not None and to_moment(ends) - _MARGIN <= self._clock.now():
            return None
        value = str(row["value"])
        hide([value])
        return value

    def put(self, name: str, value: str, expires_at: datetime | None) -> None:
        """Keep a token; without an end it is good until it is dropped."""
        hide([value])
        self._store.execute(
            "INSERT INTO tokens (name, value, expires_at) VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
            [name, value, to_text(expires_at) if expires_at else None],
        )

    def drop(self, name: str, value: str) -> None:
        """Forget a refused token, unless somebody has put another in its place."""
        self._store.execute("DELETE FROM tokens WHERE name = ? AND value = ?", [name, value])

    @contextmanager
    def exchange_lock(self, name: str) -> Iterator[None]:
        """Hold this while exchanging a token, so that one process does it for all.

        Look once more with `get` inside: another may have done it meanwhile.
        Errors: StateUnavailableError when another process keeps it for more than a minute.
        """
        lock = FlowLock(self._store.lock_path(f"token.{name}"))
        try:
            lock.acquire(_EXCHANGE, Deadline(self._clock))
        except AlreadyRunningError as error:
            raise StateUnavailableError(
                f"another process has been fetching the token {name} for {_EXCHANGE:.0f} s;"
                " rerunning is safe"
            ) from error
        try:
            yield
        finally:
            lock.release()
