"""Replies no contract describes, from both sides, in both flows: one clear line, nothing lost."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import trustme

from amzsync.http import session
from amzsync.sandbox.dispatch import Delivery
from amzsync.sandbox.server import Sandbox
from tests.e2e.stock_shop import change, listed, live, warm
from tests.odd_replies import Call, OddReplies, reply
from tests.shop import FakeClock, Ran, Shop

ORDERS, STOCKS = 3, 3
HTML = "<html><body><h1>Bad Gateway</h1></body></html>"


@pytest.fixture
def odd(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> OddReplies:
    return OddReplies(sandbox, monkeypatch)


class Job:
    """A flow with work to do, and whether that work was done in full, once."""

    def __init__(self, shop: Shop, flow: str) -> None:
        self.shop = shop
        self.argv = tuple(flow.split())
        if flow == "orders pull":
            shop.sandbox.reset(orders=ORDERS, skus=12, plain=True)
        else:
            shop.sandbox.reset(skus=12)
            warm(shop)
            self.wanted = change(shop, listed(shop, STOCKS))

    def run(self, *argv: str) -> Ran:
        return self.shop.run(*self.argv, *argv)

    def is_done(self) -> bool:
        if self.argv[0] == "stock":
            return live(self.shop, self.wanted) == self.wanted
        return len(self.shop.sandbox.world.omnitron.snapshot("orders")) == ORDERS

    def goes_on(self, minutes: int = 10) -> bool:
        """Whether the next run is fine and all work is done after it, nobody penalised."""
        self.shop.clock.advance(minutes=minutes)
        ran = self.run()
        free = self.shop.rows("SELECT * FROM penalties") == []
        return (ran.code, ran.err) == (0, "") and self.is_done() and free


# What the far side did all the same.
ACTED = ("half a JSON", "a body that ends too soon")
# flow, method, path, operation, side
CALLS = [
    ("orders pull", "GET", "/orders/2026-01-01/orders", "searchOrders", "Amazon"),
    ("orders pull", "GET", "/integration_actions/", "list_integration_actions", "Omnitron"),
    ("orders pull", "POST", "/addresses/$", "create_address", "Omnitron"),
    ("stock push", "GET", "/product_stocks/updates/", "list_product_stock_updates", "Omnitron"),
    ("stock push", "PATCH", "/listings/2021-08-01/", "patchListingsItem", "Amazon"),
    ("stock push", "POST", "/batch_requests/$", "create_batch_request", "Omnitron"),
]


def half(call: Call) -> Delivery:
    body = call.sandbox().body
    return reply(body[: len(body) // 2])


def too_short(call: Call) -> Delivery:
    body = call.sandbox().body
    return reply(body[: len(body) // 2], length=len(body))


def gigantic(_call: Call) -> Delivery:
    return reply(json.dumps({"results": ["x" * 200_000], "orders": []}))


ODD: dict[str, Callable[[Call], Delivery]] = {
    "HTML with 200": lambda _call: reply(HTML, kind="text/html"),
    "HTML with 502": lambda _call: reply(HTML, 502, "text/html"),
    "half a JSON": half,
    "an empty body": lambda _call: reply(""),
    "a body that ends too soon": too_short,
    "a list": lambda _call: reply("[1, 2]"),
    "a text": lambda _call: reply('"fine"'),
    "an object of another kind": lambda _call: reply('{"weather": "fine"}'),
    "a body without end": gigantic,
    "a redirect": lambda _call: reply("", 302, location="http://127.0.0.1:9/elsewhere"),
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[3])
@pytest.mark.parametrize("kind", ODD)
def test_an_odd_reply_ends_the_run_with_one_clear_line_and_nothing_lost(
    shop: Shop,
    odd: OddReplies,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[str, str, str, str, str],
    kind: str,
) -> None:
    monkeypatch.setattr(session, "MAX_BODY", 100_000)
    flow, method, path, operation, side = call
    job = Job(shop, flow)
    odd.on(method, path, ODD[kind])

    ran = job.run()

    assert odd.answered
    assert (ran.code, ran.out) == (5, "")
    (line,) = ran.err.splitlines()
    assert operation in line
    assert side in line
    assert "req-odd" in line
    assert (kind in ACTED) or not job.is_done()
    odd.clear()
    assert job.goes_on()


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("path", ["/create_orders/$", "/customers/$"])
def test_a_creation_answered_oddly_is_looked_for_and_never_repeated_blindly(
    shop: Shop,
    odd: OddReplies,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: str,
    acts: bool,
) -> None:
    monkeypatch.setattr(session, "MAX_BODY", 100_000)
    job = Job(shop, "orders pull")

    def answer(call: Call) -> Delivery:
        if acts:
            call.sandbox()
            return ODD[kind](Call(call.method, call.target, call.body, lambda: reply("{} " * 9)))
        return ODD[kind](Call(call.method, call.target, call.body, lambda: reply("{} " * 9)))

    odd.on("POST", path, answer)
    ran = job.run()
    assert ran.code in (0, 5)
    assert len(ran.err.splitlines()) == (1 if ran.code else 0)
    odd.clear()
    assert job.goes_on()
    customers = shop.sandbox.world.omnitron.snapshot("customers")
    assert len({row["email"] for row in customers}) == len(customers) == ORDERS


def test_an_amazon_token_that_expires_mid_run_is_renewed_once(shop: Shop) -> None:
    shop.sandbox.reset(orders=250, skus=12, plain=True)
    shop.sandbox.faults.add("expired_token", "searchOrders", after=1)
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.err) == (0, "")
    assert shop.calls("amazon")["getAccessToken"] == 2
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 250


def test_an_omnitron_token_that_expires_mid_run_is_renewed_once(shop: Shop) -> None:
    job = Job(shop, "orders pull")
    shop.sandbox.faults.add("expired_token", "create_orders.create", "omnitron", after=1)
    ran = job.run()
    assert (ran.code, ran.err, job.is_done()) == (0, "", True)
    assert shop.calls("omnitron")["auth.login"] == 2


@pytest.mark.parametrize(
    ("flow", "method", "path", "status", "side"),
    [
        ("orders pull", "GET", "/orders/2026-01-01/orders", 403, "Amazon"),
        ("stock push", "PATCH", "/listings/", 403, "Amazon"),
        ("orders pull", "POST", "/create_orders/$", 401, "Omnitron"),
        ("stock push", "GET", "/product_stocks/updates/", 401, "Omnitron"),
    ],
)
def test_access_refused_for_good_needs_a_person_and_penalises_nobody(
    shop: Shop, odd: OddReplies, flow: str, method: str, path: str, status: int, side: str
) -> None:
    job = Job(shop, flow)
    odd.on(method, path, reply('{"detail": "no"}', status))
    ran = job.run()
    assert ran.code == 4
    (line,) = ran.err.splitlines()
    url = shop.sandbox.amazon_url if side == "Amazon" else shop.sandbox.omnitron_url
    assert url in line
    assert "req-odd" in line
    odd.clear()
    assert job.goes_on()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[3])
@pytest.mark.parametrize("stated", ["", "2", "soon"])
def test_a_throttled_call_is_repeated_when_its_time_has_come(
    shop: Shop, odd: OddReplies, call: tuple[str, str, str, str, str], stated: str
) -> None:
    job = Job(shop, call[0])
    odd.on(call[1], call[2], reply("{}", 429, retry_after=stated), times=1)
    ran = job.run()
    assert (ran.code, ran.err, odd.answered) == (0, "", 1)
    assert job.is_done() or job.goes_on()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[3])
def test_throttling_without_end_penalises_nobody(
    shop: Shop, odd: OddReplies, call: tuple[str, str, str, str, str]
) -> None:
    job = Job(shop, call[0])
    odd.on(call[1], call[2], reply("{}", 429, retry_after="3600"))
    assert job.run().code in (0, 5)
    odd.clear()
    assert job.goes_on(minutes=20)


def test_a_page_seen_before_is_harmless(shop: Shop) -> None:
    shop.sandbox.reset(orders=250, skus=12, plain=True)
    shop.sandbox.faults.add("repeated_page", "searchOrders", after=1)
    assert shop.run("orders", "pull").code == 0
    orders = shop.sandbox.world.omnitron.snapshot("orders")
    assert len({order["number"] for order in orders}) == len(orders) == 250


def test_the_same_page_without_end_is_noticed(shop: Shop) -> None:
    shop.sandbox.reset(orders=250, skus=12, plain=True)
    shop.sandbox.faults.add("repeated_page", "searchOrders", after=1, times=50)
    ran = shop.run("orders", "pull")
    assert ran.code == 5
    (line,) = ran.err.splitlines()
    assert "searchOrders" in line
    shop.sandbox.faults.clear()
    shop.clock.advance(hours=1)
    assert shop.run("orders", "pull").code == 0
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 250


@pytest.mark.parametrize("flow", ["orders pull", "stock push"])
@pytest.mark.parametrize("side", ["omnitron", "amazon"])
def test_a_side_that_never_answers_is_given_up(shop: Shop, flow: str, side: str) -> None:
    job = Job(shop, flow)
    shop.configure(http={"read_timeout": 0.2, "attempts": 2})
    operation = {"omnitron": "integration_actions.list", "amazon": "patchListingsItem"}[side]
    if (flow, side) == ("orders pull", "amazon"):
        operation = "searchOrders"
    if (flow, side) == ("stock push", "omnitron"):
        operation = "product_stocks.updates"
    shop.sandbox.faults.add("hang_after", operation, side, times=20, seconds=0.6)
    ran = job.run()
    assert ran.code == 5
    (line,) = ran.err.splitlines()
    assert "no answer in time" in line
    shop.sandbox.faults.clear()
    shop.configure()
    assert job.goes_on()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(side: str, url: str) -> dict[str, Any]:
    """Settings that lead one side elsewhere."""
    if side == "Amazon":
        return {"base_url": url}
    if side == "Omnitron":
        return {"omnitron": {"url": url}}
    return {"amazon": {"lwa_url": f"{url}/auth/o2/token"}}


@pytest.mark.parametrize("side", ["Amazon", "Login with Amazon", "Omnitron"])
def test_a_refused_connection_is_told_as_one(shop: Shop, side: str) -> None:
    job = Job(shop, "orders pull")
    url = f"http://127.0.0.1:{closed_port()}"
    shop.configure(**settings(side, url))
    ran = job.run()
    assert ran.code == 5
    (line,) = ran.err.splitlines()
    assert side in line
    assert url in line
    assert "the connection was refused" in line
    shop.configure()
    assert job.goes_on()


@pytest.mark.parametrize("side", ["Login with Amazon", "Omnitron"])
def test_a_name_nobody_knows_is_told_as_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    known = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **named: Any) -> Any:
        if str(host).endswith("invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    job = Job(shop, "orders pull")
    shop.configure(**settings(side, "https://side.invalid"))
    ran = job.run()
    assert ran.code == 5
    (line,) = ran.err.splitlines()
    assert side in line
    assert "https://side.invalid" in line
    assert "its name cannot be resolved" in line
    shop.configure()
    assert job.goes_on()


@contextmanager
def serving(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on a port of its own that hands every connection to the function."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        handle(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(15)


@pytest.mark.parametrize("side", ["Amazon", "Login with Amazon", "Omnitron"])
def test_a_certificate_of_an_unknown_authority_is_never_accepted(shop: Shop, side: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    received: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            received.append(secured.recv(1_000))

    job = Job(shop, "orders pull")
    with serving(handle) as port:
        url = f"https://127.0.0.1:{port}"
        shop.configure(**settings(side, url))
        ran = job.run()
    assert ran.code == 5
    (line,) = ran.err.splitlines()
    assert side in line
    assert url in line
    assert "TLS certificate is not trusted" in line
    assert b"".join(received) == b""
    shop.configure()
    assert job.goes_on()


@pytest.mark.parametrize("side", ["Amazon", "Login with Amazon", "Omnitron"])
def test_a_reply_that_drips_ends_with_max_runtime(shop: Shop, clock: FakeClock, side: str) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")
        for _ in range(5_000):
            clock.advance(seconds=1)
            connection.sendall(b" ")

    job = Job(shop, "orders pull")
    started = clock.now()
    with serving(drip) as port:
        shop.configure(**settings(side, f"http://127.0.0.1:{port}"))
        ran = job.run("--max-runtime", "60")
    assert ran.code == 10
    (line,) = ran.err.splitlines()
    assert "--max-runtime" in line
    assert (clock.now() - started).total_seconds() < 6_000
    shop.configure()
    assert job.goes_on()
