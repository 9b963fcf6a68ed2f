"""A scripted Omnitron: what each path answers, and which requests came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from amzsync.clock import Clock, Deadline
from amzsync.http.session import Session
from amzsync.omnitron.client import OmnitronClient

HOST = "https://omnitron.example.com"
CHANNEL = 137
MOMENT = "2026-11-20T08:38:48.476005Z"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class FakeClock(Clock):
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class FakeCache:
    """Tokens in memory. `arriving` is what another process puts there while we wait."""

    def __init__(self, tokens: dict[str, str] | None = None) -> None:
        self.tokens = tokens or {}
        self.arriving: str | None = None
        self.locked = 0

    def get(self, name: str) -> str | None:
        return self.tokens.get(name)

    def put(self, name: str, value: str, expires_at: datetime | None) -> None:
        assert expires_at is None
        self.tokens[name] = value

    def drop(self, name: str, value: str) -> None:
        if self.tokens.get(name) == value:
            del self.tokens[name]

    def exchange_lock(self, name: str) -> AbstractContextManager[None]:
        return self._hold(name)

    @contextmanager
    def _hold(self, name: str) -> Iterator[None]:
        self.locked += 1
        if self.arriving is not None:
            self.tokens[name] = self.arriving
        yield


class Omnitron:
    """Answers by method and path, in the order they were given; the last one stays."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def answer(self, method: str, path: str, *answers: Answer) -> None:
        """What a path below /api/v1/ answers; a path within the channel starts without slash."""
        self._answers[method, _full(path)] = list(answers)

    def rows(self, path: str, rows: list[dict[str, Any]]) -> None:
        """A list that knows no filter but pages as it should."""
        self.answer("GET", path, lambda request: paged(request, rows))

    def handle(self, request: httpx.Request) -> httpx.Response:
        """The next answer of the path asked for."""
        self.requests.append(request)
        answers = self._answers.get((request.method, request.url.path))
        if not answers:
            raise AssertionError(f"unexpected {request.method} {request.url}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def bodies(self, method: str, path: str) -> list[Any]:
        """The JSON bodies that came for a path, in order."""
        return [
            json.loads(request.content)
            for request in self.requests
            if (request.method, request.url.path) == (method, _full(path))
        ]

    def queries(self, path: str) -> list[dict[str, str]]:
        """The queries of all GETs that came for a path, in order, without the paging."""
        return [
            {
                name: value
                for name, value in request.url.params.items()
                if name not in ("page", "limit", "sort")
            }
            for request in self.requests
            if request.method == "GET" and request.url.path == _full(path)
        ]


def _full(path: str) -> str:
    return f"/api/v1{path}" if path.startswith("/") else f"/api/v1/channel/{CHANNEL}/{path}"


def paged(request: httpx.Request, rows: list[dict[str, Any]]) -> httpx.Response:
    """One page of the rows, as Omnitron gives it."""
    limit, page = int(request.url.params["limit"]), int(request.url.params["page"])
    end = page * limit
    body = {
        "count": len(rows),
        "next": f"{HOST}/?page={page + 1}" if end < len(rows) else None,
        "previous": None,
        "results": rows[end - limit : end],
    }
    return httpx.Response(200, json=body)


def session() -> Session:
    """A session without a signer, whose waits cost no time."""
    return Session(HOST, deadline=Deadline(FakeClock()))


def client(mapping_prefix: str = "137_") -> OmnitronClient:
    """A client of channel 137."""
    return OmnitronClient(session(), CHANNEL, mapping_prefix)
