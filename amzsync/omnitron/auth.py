"""Omnitron's login token: kept between runs, renewed once when it is refused.

The reference client logs in at most three times in six minutes, and the server answers 429 to more
(omnitron-api.md §1.1), so a token is never asked for while one is at hand (A-01).
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from amzsync.errors import AuthError, ProtocolError, RefusedError, ThrottledError
from amzsync.http.session import Session
from amzsync.omnitron.assumptions import LOGIN_LIMIT, LOGIN_WINDOW
from amzsync.omnitron.operations import LOGIN
from amzsync.redaction import hide


class TokenCache(Protocol):
    """Tokens kept between runs and shared between processes."""

    def get(self, name: str) -> str | None:
        """The token of that name, if there is one that is still good."""

    def put(self, name: str, value: str, expires_at: datetime | None) -> None:
        """Keep a token; None means that it has no known end."""

    def drop(self, name: str, value: str) -> None:
        """Forget the token, if it is still this one."""

    def exchange_lock(self, name: str) -> AbstractContextManager[object]:
        """Held while a new token is fetched, so that several processes fetch one."""


class OmnitronLogin:
    """Signs requests with the token of one Omnitron user.

    `session` has to be one without a signer on the same base URL: logins carry no Authorization.
    """

    def __init__(self, session: Session, username: str, password: str, cache: TokenCache) -> None:
        hide([password])
        self._session = session
        self._username = username
        self._password = password
        self._cache = cache
        digest = hashlib.sha256(f"{session.base_url} {username}".encode()).hexdigest()
        self._name = f"omnitron:{digest[:16]}"  # error messages repeat it; a user name is private
        self._token: str | None = None
        self._lock = threading.Lock()
        self._logins: deque[datetime] = deque(maxlen=LOGIN_LIMIT)

    def headers(self) -> Mapping[str, str]:
        """The Authorization header.

        Errors: AuthError when the login is refused, ThrottledError when there were too many.
        """
        with self._lock:
            if self._token is None:
                self._token = self._cached() or self._exchange()
            return {"authorization": f"Token {self._token}"}

    def renew(self, refused: Mapping[str, str]) -> None:
        """Replace the refused token, unless another thread or process already has."""
        stale = refused.get("authorization", "").removeprefix("Token ")
        with self._lock:
            if self._token is not None and self._token != stale:
                return
            self._token = None
            self._cache.drop(self._name, stale)
            self._token = self._exchange()

    def refused(self, status: int) -> bool:
        """401 is about the token; 403 is about permission, which no login mends (§1.1)."""
        return status == 401

    def _cached(self) -> str | None:
        token = self._cache.get(self._name)
        hide([token])
        return token

    def _exchange(self) -> str:
        with self._cache.exchange_lock(self._name):
            # Another process may have logged in while this one waited for the lock.
            token = self._cached()
            if token is None:
                token = self._login()
                self._cache.put(self._name, token, None)
            return token

    def _login(self) -> str:
        self._count_login()
        try:
            reply = self._session.call(
                LOGIN, json={"username": self._username, "password": self._password}
            )
        except RefusedError as error:
            if error.status in (400, 401, 403):  # wrong credentials are a 400 here (§1.1)
                raise AuthError(
                    f"Omnitron refuses the login: {error.detail}. Check the user name and password."
                ) from error
            raise
        token = reply.data.get("key") if isinstance(reply.data, dict) else None
        if not isinstance(token, str) or not token:
            raise ProtocolError("the login answers without a key", operation=LOGIN.name)
        hide([token])
        return token

    def _count_login(self) -> None:
        now = self._session.deadline.clock.now()
        if len(self._logins) == LOGIN_LIMIT:
            free = self._logins[0] + timedelta(seconds=LOGIN_WINDOW)
            if now < free:
                raise ThrottledError(
                    f"{LOGIN_LIMIT} logins in {LOGIN_WINDOW:.0f} s; Omnitron gets no more",
                    wait=(free - now).total_seconds(),
                    operation=LOGIN.name,
                )
        self._logins.append(now)
