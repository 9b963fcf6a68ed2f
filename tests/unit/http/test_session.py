"""The request loop: what is repeated, what is not, and what leaves it as which error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import respx

from amzsync.clock import Deadline
from amzsync.errors import (
    AuthError,
    DeadlineError,
    DryRunError,
    InterruptedRunError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from amzsync.http.error_bodies import error_text
from amzsync.http.operation import Operation, Pacer, Signer
from amzsync.http.session import Session
from tests.unit.http.http_fakes import CutStream, FakeClock, FakePacer, FakeSigner

READ = Operation("getThing", "GET", "/things/{id}", rate=5)
RARE = Operation("searchThings", "GET", "/things", rate=0.0056, burst=20)
WRITE = Operation("putThing", "PUT", "/things/{id}", mutates=True, rate=5)
CREATE = Operation("createThing", "POST", "/things", mutates=True, repeatable=False, rate=5)
HOST = "https://api.example.com"
HTML = "<html><body>Bad Request</body></html>"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


def open_session(
    clock: FakeClock,
    *,
    signer: Signer | None = None,
    pacer: Pacer | None = None,
    dry_run: bool = False,
    max_runtime: float | None = None,
) -> Session:
    deadline = Deadline(clock, max_runtime)
    return Session(HOST, deadline=deadline, signer=signer, pacer=pacer, dry_run=dry_run)


def test_a_reply_carries_data_headers_and_request_id(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(json={"name": "ş"}, headers={"x-amzn-RequestId": "req-1"})
    session = open_session(clock)
    reply = session.call(READ, path={"id": "1"})
    assert (reply.status, reply.data, reply.request_id) == (200, {"name": "ş"}, "req-1")
    assert session.calls == {"getThing": 1}


def test_an_empty_2xx_is_a_reply_without_data(clock: FakeClock, api: respx.Router) -> None:
    api.post("/things").respond(204)
    assert open_session(clock).call(CREATE, json={}).data is None


@pytest.mark.parametrize(
    ("sku", "raw"),
    [
        ("A/B", b"A%2FB"),
        (".", b"%2E"),
        ("..", b"%2E%2E"),
        ("A+B", b"A%2BB"),
        ("50%", b"50%25"),
        ("A%2FB", b"A%252FB"),
        ("A B", b"A%20B"),
        ("A#B?C", b"A%23B%3FC"),
        ("ŞAPKA-ı", b"%C5%9EAPKA-%C4%B1"),
    ],
)
def test_a_key_stays_one_path_segment(
    clock: FakeClock, api: respx.Router, sku: str, raw: bytes
) -> None:
    route = api.route(method="GET").respond(json={})
    open_session(clock).call(READ, path={"id": sku})
    assert route.calls.last.request.url.raw_path == b"/things/" + raw


def test_a_throttled_call_waits_and_is_repeated(clock: FakeClock, api: respx.Router) -> None:
    route = api.get("/things/1").mock(
        side_effect=[httpx.Response(429), httpx.Response(200, json=1)]
    )
    assert open_session(clock).call(READ, path={"id": "1"}).data == 1
    assert route.call_count == 2
    assert clock.slept > 0


def test_a_throttled_call_empties_its_bucket(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").mock(side_effect=[httpx.Response(429), httpx.Response(200, json=1)])
    pacer = FakePacer(tokens=20, wait=0.2)
    open_session(clock, pacer=pacer).call(READ, path={"id": "1"})
    assert pacer.emptied == ["getThing"]
    assert clock.slept >= 0.2


def test_a_token_minutes_away_is_left_to_the_next_run(clock: FakeClock, api: respx.Router) -> None:
    route = api.get("/things").respond(429)
    with pytest.raises(ThrottledError) as caught:
        open_session(clock, pacer=FakePacer(tokens=20)).call(RARE)
    assert caught.value.wait == pytest.approx(1 / 0.0056)
    assert (route.call_count, clock.slept) == (1, 0)


def test_without_a_token_nothing_is_sent(clock: FakeClock, api: respx.Router) -> None:
    session = open_session(clock, pacer=FakePacer(tokens=0, wait=60))
    with pytest.raises(ThrottledError):
        session.call(READ, path={"id": "1"})
    assert api.calls.call_count == 0
    assert not session.calls


def test_a_reserve_is_left_for_others(clock: FakeClock, api: respx.Router) -> None:
    session = open_session(clock, pacer=FakePacer(tokens=5, wait=60))
    with pytest.raises(ThrottledError):
        session.call(READ, path={"id": "1"}, reserve=5)
    assert api.calls.call_count == 0


def test_a_token_is_waited_for_if_the_caller_allows_it(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(json=1)
    session = open_session(clock, pacer=FakePacer(tokens=0, wait=60))
    session.call(READ, path={"id": "1"}, max_wait=90)
    assert 60 <= clock.slept < 61  # a moment late, never early


def test_a_stated_rate_is_learnt(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(200, json={}, headers={"x-amzn-RateLimit-Limit": "12.5"})
    pacer = FakePacer(tokens=20)
    open_session(clock, pacer=pacer).call(READ, path={"id": "1"})
    assert pacer.rates == {"getThing": 12.5}


def test_a_steady_request_leaves_on_time(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(json=1)
    session = open_session(clock, pacer=FakePacer(tokens=0, wait=0.2))
    session.call(replace(READ, steady=True), path={"id": "1"})
    assert clock.slept == pytest.approx(0.2)


def test_a_stated_rate_is_learnt_from_refusals_too(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(404, json={}, headers={"x-amzn-RateLimit-Limit": "0.5"})
    pacer = FakePacer(tokens=20)
    with pytest.raises(RefusedError):
        open_session(clock, pacer=pacer).call(READ, path={"id": "1"})
    assert pacer.rates == {"getThing": 0.5}


def test_retry_after_wins_over_our_own_backoff(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").mock(
        side_effect=[httpx.Response(503, headers={"retry-after": "7"}), httpx.Response(200, json=1)]
    )
    open_session(clock).call(READ, path={"id": "1"})
    assert clock.slept == pytest.approx(7)


@pytest.mark.parametrize("operation", [READ, WRITE])
def test_a_fault_of_theirs_is_tried_four_times_if_repeatable(
    clock: FakeClock, api: respx.Router, operation: Operation
) -> None:
    route = api.route(path="/things/1").respond(500, text=HTML)
    with pytest.raises(UnavailableError) as caught:
        open_session(clock).call(operation, path={"id": "1"})
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert route.call_count == 4


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_of_theirs_leaves_a_creation_unknown(
    clock: FakeClock, api: respx.Router, status: int
) -> None:
    route = api.post("/things").respond(status)
    with pytest.raises(OutcomeUnknownError):
        open_session(clock).call(CREATE, json={})
    assert route.call_count == 1


def test_a_creation_that_never_left_is_repeated(clock: FakeClock, api: respx.Router) -> None:
    route = api.post("/things").mock(
        side_effect=[httpx.ConnectError("refused"), httpx.Response(202, json={"id": "1"})]
    )
    assert open_session(clock).call(CREATE, json={}).data == {"id": "1"}
    assert route.call_count == 2


@pytest.mark.parametrize("fault", [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")])
def test_a_creation_cut_after_it_left_is_unknown(
    clock: FakeClock, api: respx.Router, fault: Exception
) -> None:
    route = api.post("/things").mock(side_effect=fault)
    with pytest.raises(OutcomeUnknownError):
        open_session(clock).call(CREATE, json={})
    assert route.call_count == 1


def test_a_repeatable_write_cut_after_it_left_is_repeated(
    clock: FakeClock, api: respx.Router
) -> None:
    route = api.put("/things/1").mock(
        side_effect=[httpx.ReadError("cut"), httpx.Response(200, json={})]
    )
    open_session(clock).call(WRITE, path={"id": "1"}, json={})
    assert route.call_count == 2


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(202, stream=CutStream(b'{"id":')),
        httpx.Response(202, text='{"id":'),
        httpx.Response(202, text=HTML),
    ],
    ids=["cut", "half a JSON", "HTML"],
)
def test_a_creation_answered_unreadably_is_unknown(
    clock: FakeClock, api: respx.Router, reply: httpx.Response
) -> None:
    api.post("/things").mock(return_value=reply)
    with pytest.raises(OutcomeUnknownError):
        open_session(clock).call(CREATE, json={})


def test_a_reading_cut_in_its_body_is_repeated(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").mock(
        side_effect=[
            httpx.Response(200, stream=CutStream(b'{"na')),
            httpx.Response(200, json={"name": "x"}),
        ]
    )
    assert open_session(clock).call(READ, path={"id": "1"}).data == {"name": "x"}


def test_lasting_html_with_a_200_is_a_protocol_error(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(200, html=HTML, headers={"x-amzn-RequestId": "req-9"})
    with pytest.raises(ProtocolError) as caught:
        open_session(clock).call(READ, path={"id": "1"})
    assert caught.value.request_id == "req-9"


def test_half_of_a_refusal_is_asked_for_again_for_it_may_say_that_all_is_well(
    clock: FakeClock, api: respx.Router
) -> None:
    api.post("/things").mock(
        side_effect=[
            httpx.Response(406, text='{"non_field_errors": "hash_da'),
            httpx.Response(406, json={"non_field_errors": "hash_data:12 is there"}),
        ]
    )
    with pytest.raises(RefusedError) as caught:
        open_session(clock).call(CREATE, json={})
    assert caught.value.body == {"non_field_errors": "hash_data:12 is there"}


def test_a_refusal_that_stays_half_is_a_protocol_error_and_no_records_fault(
    clock: FakeClock, api: respx.Router
) -> None:
    api.post("/things").respond(406, text='{"non_field_errors": "hash_da')
    with pytest.raises(ProtocolError):
        open_session(clock).call(CREATE, json={})


def test_an_html_400_is_a_refusal_and_not_repeated(clock: FakeClock, api: respx.Router) -> None:
    route = api.get("/things/1").respond(400, html=HTML)
    with pytest.raises(RefusedError) as caught:
        open_session(clock).call(READ, path={"id": "1"})
    assert (caught.value.status, caught.value.body, route.call_count) == (400, None, 1)


def test_a_refusal_keeps_amazons_code_and_words(clock: FakeClock, api: respx.Router) -> None:
    body = {"errors": [{"code": "InvalidInput", "message": "Bad SKU", "details": "sku"}]}
    api.get("/things/1").respond(400, json=body)
    with pytest.raises(RefusedError) as caught:
        open_session(clock).call(READ, path={"id": "1"})
    assert (caught.value.code, caught.value.detail) == ("InvalidInput", "Bad SKU sku")


def test_a_redirect_is_not_followed_with_our_token(clock: FakeClock, api: respx.Router) -> None:
    route = api.get("/things/1").respond(302, headers={"location": "https://evil.example/"})
    with pytest.raises(ProtocolError, match="redirect"):
        open_session(clock, signer=FakeSigner()).call(READ, path={"id": "1"})
    assert (route.call_count, api.calls.call_count) == (1, 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_renewed_once(clock: FakeClock, api: respx.Router, status: int) -> None:
    signer = FakeSigner()
    route = api.get("/things/1").mock(
        side_effect=[httpx.Response(status), httpx.Response(200, json=1)]
    )
    assert open_session(clock, signer=signer).call(READ, path={"id": "1"}).data == 1
    assert signer.renewals == [{"x-amz-access-token": "token-1"}]
    assert route.calls.last.request.headers["x-amz-access-token"] == "token-2"


@pytest.mark.parametrize("status", [401, 403])
def test_a_renewed_token_refused_again_needs_a_person(
    clock: FakeClock, api: respx.Router, status: int
) -> None:
    signer = FakeSigner()
    route = api.get("/things/1").respond(status, json={"errors": [{"code": "Unauthorized"}]})
    with pytest.raises(AuthError):
        open_session(clock, signer=signer).call(READ, path={"id": "1"})
    assert (route.call_count, len(signer.renewals)) == (2, 1)


def test_a_dry_run_sends_no_change(clock: FakeClock, api: respx.Router) -> None:
    session = open_session(clock, dry_run=True)
    for operation in (WRITE, CREATE):
        with pytest.raises(DryRunError):
            session.call(operation, path={"id": "1"}, json={})
    assert api.calls.call_count == 0


def test_a_dry_run_reads(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(json=1)
    assert open_session(clock, dry_run=True).call(READ, path={"id": "1"}).data == 1


def test_nothing_is_sent_when_the_time_is_over(clock: FakeClock, api: respx.Router) -> None:
    session = open_session(clock, max_runtime=10)
    clock.sleep(10)
    with pytest.raises(DeadlineError):
        session.call(READ, path={"id": "1"})
    assert api.calls.call_count == 0


def test_a_wait_beyond_the_time_left_is_not_begun(clock: FakeClock, api: respx.Router) -> None:
    api.get("/things/1").respond(503, headers={"retry-after": "15"})
    with pytest.raises(UnavailableError):
        open_session(clock, max_runtime=10).call(READ, path={"id": "1"})
    assert clock.slept == 0


def test_a_signal_ends_the_run_before_the_next_request(clock: FakeClock, api: respx.Router) -> None:
    session = open_session(clock)
    session.deadline.interrupt(15)
    with pytest.raises(InterruptedRunError):
        session.call(READ, path={"id": "1"})
    assert api.calls.call_count == 0


def test_no_token_reaches_logs_or_errors(
    clock: FakeClock, api: respx.Router, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.get("/things/1").respond(500, json={"errors": [{"message": "token Atza|canary refused"}]})
    with pytest.raises(UnavailableError) as caught:
        open_session(clock, signer=FakeSigner()).call(READ, path={"id": "1"})
    seen = caplog.text + str(caught.value)
    assert "getThing" in seen
    assert "canary" not in seen
    assert "token-1" not in seen


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"errors": [{"code": "400", "message": "m"}]}, "400", "m"),
        ({"error": "invalid_grant", "error_description": "d"}, "invalid_grant", "invalid_grant; d"),
        ({"detail": "Not found."}, "", "Not found."),
        ({"non_field_errors": ["a", "b"]}, "", "a b"),
        ({"sku": ["required"]}, "", "sku: required"),
        ({"errors": []}, "", ""),
        (["nonsense"], "", ""),
        (None, "", ""),
    ],
)
def test_error_bodies_of_both_sides_are_read(body: object, code: str, text: str) -> None:
    assert error_text(body) == (code, text)
