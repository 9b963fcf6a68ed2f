"""Login. Source: omnitron-api §1.1."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.replies import RefusedError, body_of, invalid
from amzsync.sandbox.omnitron.routing import open_route, route

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

CREDENTIALS = {"username": "amzsync", "password": "sandbox-password"}
LOGIN_WINDOW = timedelta(seconds=360)


def login(world: OmnitronWorld, request: Request) -> Reply:
    """A token for the right credentials.

    Errors: 400 for wrong ones; 429 after `world.login_limit` logins in six minutes. That there is a
    limit is known, its size is not.
    """
    now = world.timeline.now()
    while world.logins and now - world.logins[0] >= LOGIN_WINDOW:
        world.logins.popleft()
    if len(world.logins) >= world.login_limit:
        raise RefusedError(429, {"detail": "Request was throttled.", "code": "throttled"})
    world.logins.append(now)
    body = body_of(request)
    if {name: body.get(name) for name in CREDENTIALS} != CREDENTIALS:
        invalid("non_field_errors", "Unable to log in with provided credentials.")
    key = world.timeline.new_token()
    world.tokens.add(key)
    return Reply(200, {"key": key})


def active_user(_world: OmnitronWorld, _request: Request) -> Reply:
    """Who the token belongs to; the reference uses it to try a token."""
    return Reply(200, {"pk": 1, "username": CREDENTIALS["username"], "is_active": True})


ROUTES = [
    open_route("POST", "auth/login/", "auth.login", login),
    route("GET", "active_user/", "active_user.get", active_user),
]
