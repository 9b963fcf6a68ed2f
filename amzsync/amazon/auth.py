"""Login with Amazon: the access token on every SP-API request, exchanged about once an hour.

The token lives in a cache that all processes of the account share, so a cron job a minute makes 24
exchanges a day and not 1,440. An exchange is no SP-API call: it has its own URL, no usage plan, and
errors of OAuth's shape (sp-api.md §1.3).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic import BaseModel, Field, ValidationError

from amzsync.errors import AuthError, ProtocolError, RefusedError, UnavailableError
from amzsync.http.operation import Operation, Reply
from amzsync.http.session import Session
from amzsync.redaction import hide, validation_problems

HEADER: Final = "x-amz-access-token"

# The whole URL is the session's base: tests and the sandbox have another one.
_EXCHANGE: Final = Operation("token", "POST", "")
_TRANSIENT: Final = frozenset({"server_error", "temporarily_unavailable"})
_CURES: Final = {
    "invalid_grant": "the refresh token is revoked, expired or of another application: authorise"
    " the application again in Seller Central and configure the new refresh token",
    "invalid_client": "client id or client secret is wrong, or the secret has expired: rotate it in"
    " Developer Central and configure the new one",
    "unauthorized_client": "the application may not use refresh tokens: check its registration",
    "access_denied": "the seller has withdrawn the authorisation: authorise the application again",
    "invalid_scope": "the application asks for more than it was granted",
    "invalid_request": "a credential is empty or malformed: check client id, client secret and"
    " refresh token",
}

REFUSAL_CAUSES: Final = (
    "a new access token did not help, so it is one of: a role is missing; a role was added after"
    " the seller authorised (authorise again); the host is another region's; the token is of the"
    " wrong kind (restricted or not); or the authorisation itself has ended"
)
"""The five causes of a lasting 403. Source: sp-api.md §6.6."""


class LoginError(AuthError):
    """Login with Amazon gives us no token; the message names the cure."""


class TokenCache(Protocol):
    """Where access tokens are kept for all processes of the account."""

    def get(self, name: str) -> str | None:
        """The token, or None when there is none or less than a minute of it is left."""

    def put(self, name: str, value: str, expires_at: datetime) -> None:
        """Keep a token that ends then."""

    def drop(self, name: str, value: str) -> None:
        """Forget this token; a newer one under the same name stays."""

    def exchange_lock(self, name: str) -> AbstractContextManager[object]:
        """Held while a token is exchanged, so that one process does it for all."""


class _Grant(BaseModel):
    access_token: str = Field(min_length=1, repr=False)
    expires_in: int = Field(gt=0)


class LoginWithAmazon:
    """Signs requests with the seller's access token; thread-safe. See http.operation.Signer.

    `session` is one of its own whose base URL is the token URL.
    """

    def __init__(
        self,
        session: Session,
        cache: TokenCache,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
    ) -> None:
        hide([client_secret, refresh_token])
        self._session = session
        self._cache = cache
        self._form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        # Another authorisation (say, after a role was added) must not meet the old one's token.
        digest = hashlib.sha256(f"{client_id}\n{refresh_token}".encode()).hexdigest()
        self._name = f"lwa:{digest[:16]}"
        self._one_at_a_time = threading.Lock()

    def headers(self) -> Mapping[str, str]:
        """The token header. Errors: LoginError, UnavailableError, ProtocolError, the deadline's."""
        token = self._cache.get(self._name) or self._replace(None)
        hide([token])
        return {HEADER: token}

    def renew(self, refused: Mapping[str, str]) -> None:
        """See that the next request has another token than the refused one.

        If another process has replaced it already, its token is used.
        """
        self._replace(refused.get(HEADER))

    def refused(self, status: int) -> bool:
        """401 and 403: SP-API answers either to an expired token (sp-api.md §1.7)."""
        return status in (401, 403)

    def _replace(self, refused: str | None) -> str:
        with self._one_at_a_time, self._cache.exchange_lock(self._name):
            current = self._cache.get(self._name)
            if current is not None and current != refused:
                return current
            if current is not None:
                self._cache.drop(self._name, current)
            grant = self._exchange()
            hide([grant.access_token])
            ends = self._session.deadline.clock.now() + timedelta(seconds=grant.expires_in)
            self._cache.put(self._name, grant.access_token, ends)
            return grant.access_token

    def _exchange(self) -> _Grant:
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = self._session.call(_EXCHANGE, form=self._form)
            except RefusedError as error:
                delay = self._session.retry.delay(attempt)
                if error.code not in _TRANSIENT:
                    raise LoginError(_explain(error)) from error
                if delay is None or delay >= self._session.deadline.remaining():
                    raise UnavailableError(
                        f"Login with Amazon: {error.code}", operation="token", status=error.status
                    ) from error
                self._session.deadline.sleep(delay)
            else:
                return _grant(reply)


def _grant(reply: Reply) -> _Grant:
    try:
        return _Grant.model_validate(reply.data)
    except ValidationError as error:
        problems = validation_problems(error)
        # Not chained: pydantic's own message would repeat the reply, token included.
        raise ProtocolError(
            f"Login with Amazon answered something else than a token: {problems}",
            operation="token",
            status=reply.status,
        ) from None


def _explain(error: RefusedError) -> str:
    cure = _CURES.get(error.code, "check client id, client secret and refresh token")
    return f"Login with Amazon refuses ({error.code or f'HTTP {error.status}'}): {cure}"
