"""From a request to what goes out on the wire: route, fault, handler, record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote

from amzsync.sandbox.faults import Fault, Faults
from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.journal import Exchange, Journal
from amzsync.sandbox.sides import Side
from amzsync.sandbox.world import World

_FOR_HANDLERS = ("half_refused_feed", "ignored_sku")
_BEGINNING = 1 << 20
_HTML = (
    b"<html><head><title>Error</title></head>"
    b"<body><center><h1>The server is temporarily unable to service your request</h1></center>"
    b"</body></html>"
)


@dataclass(slots=True)
class Delivery:
    """What the server sends: after `delay` seconds, or nothing at all when `cut`.

    `length` is the Content-Length it claims, where that is not the body's. A `file` is sent in
    place of the body.
    """

    reply: Reply
    body: bytes
    delay: float = 0.0
    cut: bool = False
    length: int | None = None
    file: Path | None = None


class Dispatcher:
    """Answers requests to one side. The caller holds the world's lock."""

    def __init__(self, side: Side, world: World, faults: Faults, journal: Journal) -> None:
        self._side = side
        self._world = world
        self._faults = faults
        self._journal = journal
        self._last: dict[str, Delivery] = {}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Route the request, act on it, and say what goes out."""
        path, _, query = target.partition("?")
        request = Request(
            method,
            "/".join(map(unquote, path.split("/"))),
            parse_qs(query, keep_blank_values=True),
            headers,
            body,
        )
        route, params = self._route(method, path)
        fault: Fault | None = None
        if route is None:
            delivery = _sent(self._side.unknown_path())
            operation = "unknown"
        else:
            operation = route.operation
            fault = self._faults.take(self._side.name, operation)
            delivery = self._deliver(route, replace(request, params=params, fault=fault), fault)
        self._note(operation, path, request, delivery, fault)
        return delivery

    def _route(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        for route in self._side.routes:
            if route.method == method and (match := route.pattern.match(path)):
                return route, {name: unquote(raw) for name, raw in match.groupdict().items()}
        return None, {}

    def _deliver(self, route: Route, request: Request, fault: Fault | None) -> Delivery:
        if fault is None or fault.kind in _FOR_HANDLERS:
            return self._remember(route, self._serve(route, request))
        early = self._before(route, request, fault)
        return early or self._after(self._serve(route, request), route, fault)

    def _serve(self, route: Route, request: Request) -> Delivery:
        return _sent(self._side.serve(self._world, route, request))

    def _remember(self, route: Route, delivery: Delivery) -> Delivery:
        if delivery.reply.status == 200:
            self._last[route.operation] = delivery
        return delivery

    def _before(self, route: Route, request: Request, fault: Fault) -> Delivery | None:
        """The answer of a fault that leaves no effect; None when the handler is to run."""
        options = fault.options
        match fault.kind:
            case "throttle":
                return self._fault_reply(route, 429)
            case "server_error_before":
                return self._server_error(
                    route, options.get("status", 503), html=options.get("html", False)
                )
            case "html":
                return self._server_error(route, options.get("status", 502), html=True)
            case "cut_before":
                return Delivery(Reply(0), b"", cut=True)
            case "repeated_page" if (last := self._last.get(route.operation)) is not None:
                return replace(last, delay=0.0)
            case "expired_token":
                self._side.expire(self._world, request)
        return None

    def _after(self, done: Delivery, route: Route, fault: Fault) -> Delivery:
        """What a fault makes of an answer whose effect is there."""
        options = fault.options
        match fault.kind:
            case "server_error_after":
                return self._server_error(
                    route, options.get("status", 502), html=options.get("html", True)
                )
            case "cut_after":
                return Delivery(Reply(0), b"", cut=True)
            case "hang_after":
                return Delivery(Reply(0), b"", cut=True, delay=float(options.get("seconds", 30)))
            case "slow":
                done.delay = float(options.get("seconds", 1))
            case "truncated":
                full = options.get("length", "half") == "full"
                _cut_in_half(done)
                done.length = done.length if full else None
        return done

    def _server_error(self, route: Route, status: int, *, html: bool) -> Delivery:
        if html:
            page = Reply(status, _HTML, {"content-type": "text/html"})
            return _sent(self._side.dress(self._world, route.operation, page))
        return self._fault_reply(route, status)

    def _fault_reply(self, route: Route, status: int) -> Delivery:
        reply = self._side.fault_reply(status)
        return _sent(self._side.dress(self._world, route.operation, reply))

    def _note(
        self, operation: str, path: str, request: Request, delivery: Delivery, fault: Fault | None
    ) -> None:
        self._journal.note(
            Exchange(
                self._side.name,
                operation,
                request.method,
                path,
                request.query,
                request.headers,
                request.body,
                delivery.reply.status,
                delivery.reply.headers,
                delivery.body,
                self._world.clock.now(),
                fault.kind if fault else "",
            )
        )


def _sent(reply: Reply) -> Delivery:
    return Delivery(reply, reply.encoded(), file=reply.file)


def _cut_in_half(delivery: Delivery) -> None:
    """Leave half of a body, or the beginning of a file; `length` becomes what was there."""
    if delivery.file is None:
        delivery.length = len(delivery.body)
        delivery.body = delivery.body[: delivery.length // 2]
        return
    delivery.length = delivery.file.stat().st_size
    with delivery.file.open("rb") as stream:
        delivery.body = stream.read(min(_BEGINNING, delivery.length // 2))
    delivery.file = None
