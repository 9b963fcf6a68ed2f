"""Login with Amazon: few exchanges, each failure with its cure, no secret anywhere."""

from __future__ import annotations

import logging
import traceback
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
import respx

from amzsync.amazon.auth import HEADER, LoginError, LoginWithAmazon
from amzsync.clock import Deadline
from amzsync.errors import AuthError, ProtocolError, UnavailableError
from amzsync.http.session import Session
from amzsync.redaction import MaskingFormatter, forget, mask
from tests.unit.amazon.sp_api_fakes import HOST, START, FakeClock, MemoryCache, open_client

LWA = "https://login.example.com/auth/o2/token"
SECRET = "client-secret-canary"
REFRESH = "Atzr|refresh-canary"


@pytest.fixture(autouse=True)
def no_known_secrets() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> MemoryCache:
    return MemoryCache(clock)


@pytest.fixture
def web() -> Iterator[respx.Router]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def login(
    cache: MemoryCache, *, refresh_token: str = REFRESH, dry_run: bool = False
) -> LoginWithAmazon:
    session = Session(LWA, deadline=Deadline(cache.clock), dry_run=dry_run)
    return LoginWithAmazon(
        session,
        cache,
        client_id="amzn1.application-oa2-client.example",
        client_secret=SECRET,
        refresh_token=refresh_token,
    )


def grant(number: int, expires_in: int = 3600) -> httpx.Response:
    body = {
        "access_token": f"Atza|canary-{number}",
        "token_type": "bearer",
        "expires_in": expires_in,
    }
    return httpx.Response(200, json=body)


def test_an_exchange_is_a_form_post(cache: MemoryCache, web: respx.Router) -> None:
    route = web.post(LWA).mock(return_value=grant(1))
    assert login(cache).headers() == {HEADER: "Atza|canary-1"}
    request = route.calls.last.request
    assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert dict(urllib.parse.parse_qsl(request.content.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
        "client_id": "amzn1.application-oa2-client.example",
        "client_secret": SECRET,
    }


def test_a_token_serves_all_processes_until_a_minute_before_its_end(
    clock: FakeClock, cache: MemoryCache, web: respx.Router
) -> None:
    route = web.post(LWA).mock(side_effect=[grant(1), grant(2)])
    for _minute in range(59):
        login(cache).headers()
        clock.sleep(60)
    assert route.call_count == 1
    assert login(cache).headers() == {HEADER: "Atza|canary-2"}


def test_a_day_of_minutely_runs_takes_25_exchanges_at_most(
    clock: FakeClock, cache: MemoryCache, web: respx.Router
) -> None:
    route = web.post(LWA).mock(return_value=grant(1))
    for _minute in range(24 * 60):
        login(cache).headers()
        clock.sleep(60)
    assert route.call_count <= 25


def test_a_token_is_kept_until_the_end_amazon_states(cache: MemoryCache, web: respx.Router) -> None:
    web.post(LWA).mock(return_value=grant(1, expires_in=1800))
    login(cache).headers()
    ((_token, ends),) = cache.tokens.values()
    assert ends == START + timedelta(minutes=30)


def test_many_threads_share_one_exchange(cache: MemoryCache, web: respx.Router) -> None:
    route = web.post(LWA).mock(return_value=grant(1))
    signer = login(cache)
    with ThreadPoolExecutor(8) as pool:
        tokens = {
            future.result()[HEADER] for future in [pool.submit(signer.headers) for _ in range(40)]
        }
    assert tokens == {"Atza|canary-1"}
    assert route.call_count == 1


def test_a_refused_token_is_replaced(cache: MemoryCache, web: respx.Router) -> None:
    web.post(LWA).mock(side_effect=[grant(1), grant(2)])
    signer = login(cache)
    signer.renew(signer.headers())
    assert signer.headers() == {HEADER: "Atza|canary-2"}


def test_a_token_another_process_has_replaced_costs_no_exchange(
    clock: FakeClock, cache: MemoryCache, web: respx.Router
) -> None:
    route = web.post(LWA).mock(return_value=grant(1))
    signer = login(cache)
    refused = signer.headers()
    (name,) = cache.tokens
    cache.put(name, "Atza|canary-other", clock.now() + timedelta(hours=1))
    signer.renew(refused)
    assert signer.headers() == {HEADER: "Atza|canary-other"}
    assert route.call_count == 1


def test_the_exchange_happens_inside_the_shared_lock(cache: MemoryCache, web: respx.Router) -> None:
    web.post(LWA).mock(return_value=grant(1))
    signer = login(cache)
    signer.headers()
    signer.headers()
    assert cache.locked == 1


def test_a_new_authorisation_does_not_meet_the_old_ones_token(
    cache: MemoryCache, web: respx.Router
) -> None:
    route = web.post(LWA).mock(side_effect=[grant(1), grant(2)])
    login(cache).headers()
    login(cache, refresh_token="Atzr|another-canary").headers()
    assert route.call_count == 2
    assert not any("canary" in name for name in cache.tokens)


def test_a_dry_run_may_log_in(cache: MemoryCache, web: respx.Router) -> None:
    web.post(LWA).mock(return_value=grant(1))
    assert HEADER in login(cache, dry_run=True).headers()


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        ("invalid_grant", "refresh token"),
        ("invalid_client", "rotate"),
        ("unauthorized_client", "registration"),
        ("access_denied", "authorise"),
        ("invalid_scope", "granted"),
        ("invalid_request", "malformed"),
        ("something_new", "check client id"),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_login_names_its_cure(
    cache: MemoryCache, web: respx.Router, code: str, cure: str, status: int
) -> None:
    route = web.post(LWA).respond(status, json={"error": code, "error_description": "no"})
    with pytest.raises(LoginError, match=code) as caught:
        login(cache).headers()
    assert cure in str(caught.value)
    assert (caught.value.exit_code, route.call_count) == (4, 1)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(503, text="<html/>"),
        httpx.Response(400, json={"error": "server_error"}),
        httpx.Response(400, json={"error": "temporarily_unavailable"}),
    ],
)
def test_their_trouble_is_waited_out(
    cache: MemoryCache, web: respx.Router, trouble: httpx.Response
) -> None:
    web.post(LWA).mock(side_effect=[trouble, grant(1)])
    assert login(cache).headers() == {HEADER: "Atza|canary-1"}


@pytest.mark.parametrize("status", [400, 500])
def test_lasting_trouble_is_temporary_and_needs_nobody(
    cache: MemoryCache, web: respx.Router, status: int
) -> None:
    route = web.post(LWA).respond(status, json={"error": "server_error"})
    with pytest.raises(UnavailableError) as caught:
        login(cache).headers()
    assert (caught.value.exit_code, route.call_count) == (5, 4)


def test_an_answer_without_a_token_shows_nothing_of_itself(
    cache: MemoryCache, web: respx.Router
) -> None:
    web.post(LWA).respond(json={"access_token": ["Atza|canary"], "expires_in": "soon"})
    with pytest.raises(ProtocolError, match="expires_in") as caught:
        login(cache).headers()
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert cache.tokens == {}


def test_a_fresh_token_refused_again_lists_the_causes(
    clock: FakeClock, cache: MemoryCache, web: respx.Router
) -> None:
    web.post(LWA).mock(side_effect=[grant(1), grant(2)])
    api = web.get(url__startswith=HOST).respond(403, json={"errors": [{"code": "Unauthorized"}]})
    client = open_client(clock, signer=login(cache))
    with pytest.raises(AuthError) as caught:
        client.feeds.get_feed("1")
    for cause in ("role is missing", "authorise again", "region", "restricted", "ended"):
        assert cause in str(caught.value)
    assert "getFeed, HTTP 403" in str(caught.value)
    assert api.call_count == 2


def test_a_login_failure_is_not_explained_as_a_missing_role(
    clock: FakeClock, cache: MemoryCache, web: respx.Router
) -> None:
    web.post(LWA).respond(400, json={"error": "invalid_grant"})
    with pytest.raises(LoginError) as caught:
        open_client(clock, signer=login(cache)).feeds.get_feed("1")
    assert "role" not in str(caught.value)


def test_no_secret_reaches_a_log_an_error_or_a_repr(
    clock: FakeClock, cache: MemoryCache, web: respx.Router, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"error": "invalid_client", "error_description": f"{SECRET} {REFRESH} Atza|canary-1"}
    web.post(LWA).mock(side_effect=[httpx.Response(500), grant(1), httpx.Response(400, json=echo)])
    web.get(url__startswith=HOST).respond(403, text="Atza|canary-1")
    client = open_client(clock, signer=login(cache))
    with pytest.raises(LoginError) as caught:
        client.feeds.get_feed("1")
    formatter = MaskingFormatter()
    lines = [formatter.format(record) for record in caplog.records]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("amzsync")]
    assert ours
    for text in [*lines, *ours, str(caught.value), repr(caught.value)]:
        assert "canary" not in text
    assert mask(f"said {SECRET} and canary-free {REFRESH}") == "said *** and canary-free ***"
