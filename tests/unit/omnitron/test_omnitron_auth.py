"""Logging in: seldom, once for all, and never again for want of permission."""

from __future__ import annotations

import httpx
import pytest

from amzsync.clock import Deadline
from amzsync.errors import AuthError, ProtocolError, RefusedError, ThrottledError
from amzsync.http.retry import RetryPolicy
from amzsync.http.session import Session
from amzsync.omnitron.auth import OmnitronLogin
from amzsync.omnitron.client import OmnitronClient
from amzsync.redaction import mask

from .omnitron_fakes import CHANNEL, HOST, FakeCache, FakeClock, Omnitron

LOGIN = "/auth/login/"
ACTIVE = "/active_user/"
OK = httpx.Response(200, json={"pk": 1})
EXPIRED = httpx.Response(401, json={"detail": "Invalid token."})


def key(token: str) -> httpx.Response:
    return httpx.Response(200, json={"key": token})


class Side:
    """A client that signs with a login."""

    def __init__(self, cache: FakeCache | None = None, *, dry_run: bool = False) -> None:
        self.clock = FakeClock()
        self.cache = cache or FakeCache()
        deadline = Deadline(self.clock)
        once = Session(HOST, deadline=deadline, retry=RetryPolicy(attempts=1))
        self.login = OmnitronLogin(once, "sync", "invented-password", self.cache)
        signed = Session(HOST, deadline=deadline, signer=self.login, dry_run=dry_run)
        self.client = OmnitronClient(signed, CHANNEL)


def tokens_used(omnitron: Omnitron) -> list[str | None]:
    return [
        request.headers.get("authorization")
        for request in omnitron.requests
        if "auth/login" not in str(request.url)
    ]


def logins(omnitron: Omnitron) -> int:
    return len(omnitron.bodies("POST", LOGIN))


def test_a_login_carries_the_credentials_and_no_authorization(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"))
    omnitron.answer("GET", ACTIVE, OK)
    Side().client.active_user()
    login, asked = omnitron.requests
    assert "authorization" not in login.headers
    assert omnitron.bodies("POST", LOGIN) == [{"username": "sync", "password": "invented-password"}]
    assert asked.headers["authorization"] == "Token token-1"


def test_one_login_serves_every_later_run(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"))
    omnitron.answer("GET", ACTIVE, OK)
    cache = FakeCache()
    for _ in range(3):
        Side(cache).client.active_user()
    assert logins(omnitron) == 1
    assert tokens_used(omnitron) == ["Token token-1"] * 3


def test_users_of_different_systems_do_not_share_a_token(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"), key("token-2"))
    cache = FakeCache()
    deadline = Deadline(FakeClock())
    for user in ("one", "other"):
        OmnitronLogin(Session(HOST, deadline=deadline), user, "invented", cache).headers()
    assert sorted(cache.tokens.values()) == ["token-1", "token-2"]
    assert not any("one" in name or "other" in name for name in cache.tokens)


def test_a_401_renews_the_token_once_and_repeats_the_request(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"), key("token-2"))
    omnitron.answer("GET", ACTIVE, EXPIRED, OK)
    side = Side()
    side.client.active_user()
    assert tokens_used(omnitron) == ["Token token-1", "Token token-2"]
    assert list(side.cache.tokens.values()) == ["token-2"]


def test_a_second_401_is_a_credentials_problem(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"), key("token-2"))
    omnitron.answer("GET", ACTIVE, EXPIRED)
    with pytest.raises(AuthError, match=r"Invalid token\."):
        Side().client.active_user()
    assert logins(omnitron) == 2


def test_a_403_is_about_permission_and_renews_nothing(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"))
    omnitron.answer("GET", ACTIVE, httpx.Response(403, json={"detail": "Not for you."}))
    with pytest.raises(AuthError, match="Not for you"):
        Side().client.active_user()
    assert logins(omnitron) == 1


def test_a_token_another_process_has_renewed_is_used(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"))
    omnitron.answer("GET", ACTIVE, EXPIRED, OK)
    side = Side()
    side.login.headers()
    side.cache.arriving = "token-of-another"
    side.client.active_user()
    assert logins(omnitron) == 1
    assert tokens_used(omnitron)[-1] == "Token token-of-another"


def test_a_token_another_thread_has_renewed_is_used(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"), key("token-2"))
    side = Side()
    refused = side.login.headers()
    side.login.renew(refused)
    side.login.renew(refused)
    assert logins(omnitron) == 2
    assert side.login.headers() == {"authorization": "Token token-2"}


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_need_a_person(omnitron: Omnitron, status: int) -> None:
    body = {"non_field_errors": ["Unable to log in with provided credentials."]}
    omnitron.answer("POST", LOGIN, httpx.Response(status, json=body))
    side = Side()
    with pytest.raises(AuthError, match=r"Unable to log in.*Check the user name") as caught:
        side.client.active_user()
    assert "invented-password" not in str(caught.value)
    assert side.cache.tokens == {}


def test_a_wrong_address_is_no_credentials_problem(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, httpx.Response(404, text="<html>not here</html>"))
    with pytest.raises(RefusedError):
        Side().client.active_user()


def test_a_throttled_login_ends_the_run_for_now(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, httpx.Response(429, headers={"retry-after": "120"}))
    with pytest.raises(ThrottledError) as caught:
        Side().client.active_user()
    assert caught.value.wait == 120
    assert logins(omnitron) == 1


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": None}, []])
def test_a_login_without_a_key_breaks_the_contract(omnitron: Omnitron, body: object) -> None:
    omnitron.answer("POST", LOGIN, httpx.Response(200, json=body))
    with pytest.raises(ProtocolError):
        Side().client.active_user()


def test_no_fourth_login_leaves_within_six_minutes(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, *(key(f"token-{number}") for number in range(1, 6)))
    side = Side()
    for _ in range(2):
        side.login.renew(side.login.headers())
    side.clock.sleep(100)
    with pytest.raises(ThrottledError) as caught:
        side.login.renew(side.login.headers())
    assert caught.value.wait == 260
    assert logins(omnitron) == 3
    side.clock.sleep(260)
    assert side.login.headers() == {"authorization": "Token token-4"}


def test_token_and_password_are_masked_from_then_on(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("0123456789abcdef"))
    Side().login.headers()
    assert mask("0123456789abcdef and invented-password") == "*** and ***"


def test_a_dry_run_may_log_in(omnitron: Omnitron) -> None:
    omnitron.answer("POST", LOGIN, key("token-1"))
    omnitron.answer("GET", ACTIVE, OK)
    Side(dry_run=True).client.active_user()
    assert logins(omnitron) == 1
