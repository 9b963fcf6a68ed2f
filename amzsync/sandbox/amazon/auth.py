"""Login with Amazon: the token exchange, and the check every operation makes.

Errors of the exchange are OAuth's (`error`, `error_description`), not SP-API's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from amzsync.sandbox.amazon import account
from amzsync.sandbox.amazon.replies import denied
from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.seeds import seeded

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

LIFETIME = 3600  # seconds


class Tokens:
    """The access tokens in force. `revoked_refresh` turns the refresh token away for good."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        self.revoked_refresh = False
        self._now = now
        self._random = seeded("tokens", seed)
        self._issued: dict[str, tuple[datetime, bool]] = {}

    def issue(self, *, grantless: bool = False) -> str:
        """A new access token."""
        now = self._now()
        self._issued = {token: row for token, row in self._issued.items() if row[0] > now}
        token = f"Atza|sandbox-{self._random.getrandbits(128):032x}"
        self._issued[token] = (now + timedelta(seconds=LIFETIME), grantless)
        return token

    def revoke(self, token: str) -> None:
        """The token is no longer good."""
        self._issued.pop(token, None)

    def revoke_all(self) -> None:
        """No access token is good any more; the refresh token still is."""
        self._issued.clear()

    def check(self, token: str) -> None:
        """Let a seller's token pass. Errors: 403 for a missing, unknown, old or grantless one."""
        if not token:
            raise denied("Access token is missing in the request header.")
        expires, grantless = self._issued.get(token, (None, False))
        if expires is None or expires <= self._now():
            raise denied("The access token you provided has expired.")
        if grantless:
            raise denied("The token is not authorized by a selling partner.")


def get_access_token(world: AmazonWorld, request: Request) -> Reply:
    """POST /auth/o2/token, both grants."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return _refused(400, "invalid_request", "The request must be form encoded")
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if form.get("client_id") != account.CLIENT_ID:
        return _refused(401, "invalid_client", "Client authentication failed")
    if form.get("client_secret") != account.CLIENT_SECRET:
        return _refused(401, "invalid_client", "Client authentication failed")
    grant = form.get("grant_type")
    if grant == "refresh_token":
        good = form.get("refresh_token") == account.REFRESH_TOKEN
        if not good or world.tokens.revoked_refresh:
            return _refused(400, "invalid_grant", "The request has an invalid grant parameter")
        return _granted(world.tokens.issue(), refresh_token=account.REFRESH_TOKEN)
    if grant == "client_credentials":
        if not form.get("scope", "").startswith("sellingpartnerapi::"):
            return _refused(400, "invalid_scope", "The scope is unknown")
        return _granted(world.tokens.issue(grantless=True), scope=form["scope"])
    return _refused(400, "unsupported_grant_type", "The grant type is not supported")


def _granted(token: str, **extra: str) -> Reply:
    body = {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME, **extra}
    return Reply(200, body, {"cache-control": "no-store"})


def _refused(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})


ROUTES = [Route("POST", "/auth/o2/token", "getAccessToken", get_access_token)]
