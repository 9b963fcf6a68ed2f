"""Whoever is told of alarms: a receiver on loopback, and the shop whose alarms they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.shop import Ran, Shop

TOKEN = "T0KEN-of-the-hook"  # in its address; nobody else may learn it


@dataclass
class Receiver:
    """What arrived. `status` is its answer; 0 cuts the connection instead.

    `meanwhile` is what goes on while an alarm is being told.
    """

    port: int = 0
    status: int = 200
    location: str = ""
    hooks: list[dict[str, Any]] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    meanwhile: Callable[[], object] | None = None

    @property
    def hook_url(self) -> str:
        """Where alarms are told."""
        return f"http://127.0.0.1:{self.port}/hook/{TOKEN}?thread=7"

    @property
    def ping_url(self) -> str:
        """The dead man's switch."""
        return f"http://127.0.0.1:{self.port}/ping/{TOKEN}?create=1"

    def told(self) -> list[tuple[str, str]]:
        """(alarm, event) of every message that was taken, in their order."""
        return [
            (alarm["name"], alarm["event"])
            for hook in self.hooks
            for alarm in hook["amzsync"]["alarms"]
        ]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that serves for a block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            meant = self.path == f"/hook/{TOKEN}?thread=7"
            if meant and 200 <= receiver.status < 300:
                receiver.hooks.append(json.loads(body))
                if receiver.meanwhile is not None:
                    receiver.meanwhile()
            self._answer()

        def do_GET(self) -> None:
            if receiver.status == 200:
                receiver.pings.append(self.path)
            self._answer()

        def _answer(self) -> None:
            receiver.agents.add(self.headers["user-agent"])
            if not receiver.status:
                self.close_connection = True
                return
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            with suppress(OSError):  # whoever asked was killed
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def configure(shop: Shop, receiver: Receiver, **settings: Any) -> None:
    """A channel that tells the receiver's webhook, with these settings on top."""
    monitoring = {"webhook_url": receiver.hook_url, **settings.pop("monitoring", {})}
    shop.configure(monitoring=monitoring, **settings)


def look(shop: Shop) -> list[str]:
    """One look at the alarms as cron has it, silent; the names of those that are raised."""
    ran = shop.run("alarms", "--json")
    found = [alarm["name"] for alarm in ran.json["raised"]]
    assert (ran.code, ran.err) == (1 if found else 0, ""), ran
    assert ran.json["exit_code"] == ran.code
    return found


def only(shop: Shop, *names: str) -> None:
    """Leave none of the alarms but these."""
    for alarm in shop.run("alarms", "list", "--json").json["alarms"]:
        if alarm["name"] not in names:
            assert shop.run("alarms", "remove", alarm["name"]).code == 0


def create(shop: Shop, name: str, *options: str) -> Ran:
    """A new alarm."""
    ran = shop.run("alarms", "create", name, *options)
    assert (ran.code, ran.err) == (0, ""), ran
    return ran
