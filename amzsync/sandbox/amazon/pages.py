"""Continuation tokens: opaque to the caller, with a life of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from amzsync.sandbox.amazon.replies import invalid
from amzsync.sandbox.seeds import seeded


class PageTokens:
    """What each token stands for; a token may be used again until it expires."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        self._now = now
        self._random = seeded("pages", seed)
        self._tokens: dict[str, tuple[datetime, Any]] = {}

    def issue(self, meaning: Any, hours: float = 24) -> str:
        """A token for that meaning."""
        now = self._now()
        self._tokens = {token: row for token, row in self._tokens.items() if row[0] > now}
        token = f"{self._random.getrandbits(160):040x}"
        self._tokens[token] = (now + timedelta(hours=hours), meaning)
        return token

    def meaning(self, token: str) -> Any:
        """What the token stands for. Errors: 400 when unknown or expired."""
        expires, meaning = self._tokens.get(token, (None, None))
        if expires is None or expires <= self._now():
            raise invalid("The pagination token is invalid or has expired.")
        return meaning
