"""The sandbox as a pair of HTTP servers on the loopback address, one for each far side."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from amzsync.sandbox import control
from amzsync.sandbox.amazon import account
from amzsync.sandbox.clock import SandboxClock
from amzsync.sandbox.dispatch import Delivery, Dispatcher
from amzsync.sandbox.faults import Faults
from amzsync.sandbox.http import Reply
from amzsync.sandbox.journal import Exchange, Journal
from amzsync.sandbox.omnitron import CREDENTIALS
from amzsync.sandbox.sides import AMAZON, OMNITRON, Side
from amzsync.sandbox.world import World

_NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What both worlds accept; channel 1 is Türkiye, 2 Amazon-fulfilled there, 3 Germany."""

    client_id: str = account.CLIENT_ID
    client_secret: str = account.CLIENT_SECRET
    refresh_token: str = account.REFRESH_TOKEN
    seller_id: str = account.SELLER_ID
    marketplace_id: str = account.TURKIYE.id
    marketplace_ids: tuple[str, ...] = tuple(account.MARKETPLACES)
    omnitron_username: str = CREDENTIALS["username"]
    omnitron_password: str = CREDENTIALS["password"]
    omnitron_channel_id: int = 1
    omnitron_channel_ids: tuple[int, ...] = (1, 2, 3)


class Sandbox:
    """Both far sides; starts empty or seeded, answers until `stop`.

    `latency` is added to every answer, in seconds; `time_scale` makes sandbox time run faster; a
    `now` handed in owns it. Port 0 takes a free one. Without `quotas` nothing is throttled.
    """

    def __init__(
        self,
        orders: int = 0,
        skus: int = 0,
        seed: int = 1,
        *,
        plain: bool = False,
        latency: float = 0.0,
        time_scale: float = 1.0,
        now: Callable[[], datetime] | None = None,
        amazon_port: int = 0,
        omnitron_port: int = 0,
        quotas: bool = True,
    ) -> None:
        self.credentials = Credentials()
        self.clock = SandboxClock(now, time_scale=time_scale)
        self.latency = latency
        self.quotas = quotas
        self.faults = Faults(
            {side.name: {route.operation for route in side.routes} for side in (AMAZON, OMNITRON)}
        )
        self.lock = threading.RLock()
        self._servers = {
            "amazon": _Server(self, AMAZON, amazon_port),
            "omnitron": _Server(self, OMNITRON, omnitron_port),
        }
        self.reset(orders, skus, seed, plain=plain)
        self._threads: list[threading.Thread] = []

    def reset(self, orders: int = 0, skus: int = 0, seed: int = 1, *, plain: bool = False) -> None:
        """A new world, its clock at the present again, without faults or memory of calls."""
        with self.lock:
            self.clock.reset()
            self.skew = {"amazon": 0.0, "omnitron": 0.0}
            self.faults.clear()
            self.world = World(orders, skus, seed, self.clock, plain=plain, quotas=self.quotas)
            self.world.amazon.documents.base_url = self.amazon_url
            self.world.omnitron.base_url = self.omnitron_url
            self.journal = Journal()
            self._dispatchers = {
                side.name: Dispatcher(side, self.world, self.faults, self.journal)
                for side in (AMAZON, OMNITRON)
            }

    def start(self) -> Self:
        """Answer from now on."""
        for server in self._servers.values():
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        """Close the ports and every connection."""
        for server in self._servers.values():
            if self._threads:
                server.shutdown()
            server.server_close()
            server.hang_up()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def amazon_url(self) -> str:
        """SP-API's base URL."""
        return self._url("amazon")

    @property
    def omnitron_url(self) -> str:
        """Omnitron's base URL."""
        return self._url("omnitron")

    @property
    def lwa_url(self) -> str:
        """The token endpoint of Login with Amazon."""
        return f"{self.amazon_url}/auth/o2/token"

    @property
    def exchanges(self) -> list[Exchange]:
        """The last exchanges, oldest first."""
        with self.lock:
            return list(self.journal.exchanges)

    def count(self, operation: str, side: str | None = None) -> int:
        """Calls of an operation since the last reset, answered or not."""
        with self.lock:
            return sum(
                count
                for (where, name), count in self.journal.calls.items()
                if name == operation and side in (None, where)
            )

    def answer(
        self, side: str, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Delivery:
        """What goes out for a request; the lock is held no longer than the handler runs."""
        with self.lock:
            if target.startswith(control.PREFIX):
                reply = control.answer(self, method, target, body)
                return Delivery(reply, reply.encoded())
            delivery = self._dispatchers[side].answer(method, target, headers, body)
        delivery.delay += self.latency
        return delivery

    def told_time(self, side: str) -> float:
        """What a side says is the time, in epoch seconds: `skew` is how far its clock is ahead."""
        return self.clock.now().timestamp() + self.skew[side]

    def _url(self, side: str) -> str:
        return f"http://127.0.0.1:{self._servers[side].server_address[1]}"


class _Server(ThreadingHTTPServer):
    """One side's port; knows its open connections so that `stop` can close them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, side: Side, port: int) -> None:
        self.sandbox = sandbox
        self.side = side
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def opened(self, connection: socket.socket) -> None:
        """A connection came in."""
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """It is gone."""
        with self._guard:
            self._open.discard(connection)

    def hang_up(self) -> None:
        """End the connections that are still open; their threads end with them."""
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; anything else is a bug of the sandbox."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other off a connection; writes each answer at once."""

    protocol_version = "HTTP/1.1"
    # Unbuffered writes cost 44 ms a request on a keep-alive connection (delayed ACK).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Note the connection."""
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        """Forget it."""
        self.server.closed(self.connection)
        super().finish()

    def handle_expect_100(self) -> bool:
        """Send the go-ahead at once: writes are buffered here."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _serve(self) -> None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self._write(Delivery(Reply(411), b""))
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            delivery = self.server.sandbox.answer(
                self.server.side.name, self.command, self.path, headers, body
            )
        except Exception:  # noqa: BLE001 - a bug over here must reach the client as a 500
            text = traceback.format_exc()
            sys.stderr.write(text)
            delivery = Delivery(Reply(500), text.encode())
        if delivery.delay:
            self.wfile.flush()
            time.sleep(delivery.delay)
        if delivery.cut:
            self.close_connection = True
            return
        self._write(delivery)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _write(self, delivery: Delivery) -> None:
        status, body = delivery.reply.status, delivery.body
        size = delivery.file.stat().st_size if delivery.file else len(body)
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in delivery.reply.headers.items()]
        told = self.server.sandbox.told_time(self.server.side.name)
        lines.append(f"date: {self.date_time_string(told)}")
        if status not in _NO_BODY:
            length = size if delivery.length is None else delivery.length
            lines.append(f"content-length: {length}")
            self.close_connection = self.close_connection or length != size
        if self.close_connection:
            lines.append("connection: close")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        if delivery.file is not None:
            with delivery.file.open("rb") as stream:
                shutil.copyfileobj(stream, self.wfile)
        self.wfile.flush()
