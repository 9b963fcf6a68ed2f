"""Amazon's static sandbox and Login with Amazon, built from the official models when a test runs.

A request is answered by the published case whose parameters it carries, the one with most of them
if there are several; parameters a case does not list are ignored, those the operation requires must
be there all the same. No case: 400 InvalidInput. Source: sp-api.md §1.8.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from amzsync.clock import Clock

RATE, BURST = 5.0, 15
LWA_PATH: Final = "/auth/o2/token"
CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "smoke-client", "smoke-secret", "smoke-refresh"
ACCESS_TOKEN: Final = "Atza|smoke-access"
_METHODS = ("get", "put", "post", "delete", "patch")

Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as it goes out; a body that is no bytes is sent as JSON, None as nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Published:
    """An operation of a model; tests may change its cases."""

    name: str
    method: str
    pattern: re.Pattern[str]
    required: list[tuple[str, str]]
    cases: list[tuple[int, dict[str, Any]]]

    def answer(self, path: str, query: Query, body: bytes) -> Answer:
        """The reply of the case that fits, else what Amazon refuses with."""
        match = self.pattern.fullmatch(path)
        in_path = {key: unquote(text) for key, text in (match or {}).groupdict().items()}  # type: ignore[union-attr] # found by this very pattern
        given: dict[str, Any] = {**{key: texts[0] for key, texts in query.items()}, **in_path}
        if body:
            given["body"] = json.loads(body)
        missing = [
            name
            for name, place in self.required
            if ("body" if place == "body" else name) not in given
        ]
        if missing:
            return refusal(400, "InvalidInput", f"required: {', '.join(missing)}")
        fitting = [
            (len(wanted), status, case.get("response"))
            for status, case in self.cases
            if _fits(wanted := parameters_of(case), given)
        ]
        if not fitting:
            return refusal(400, "InvalidInput", "Could not match input arguments")
        _, status, response = max(fitting, key=lambda row: row[0])
        return Answer(status, response if response != {} else None)


def parameters_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that select a case; one listed without a value may have any."""
    given = case["request"]["parameters"].items()
    return {name: each["value"] for name, each in given if "value" in each}


def refusal(status: int, code: str, message: str) -> Answer:
    """An error as SP-API words it."""
    return Answer(status, {"errors": [{"code": code, "message": message, "details": ""}]})


def _fits(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return all(name in given and _same(value, given[name]) for name, value in wanted.items())


def _same(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(given, str) and [str(each) for each in wanted] == given.split(",")
    if isinstance(wanted, dict):
        return bool(wanted == given)
    return bool(str(wanted) == given)


def published(folder: Path) -> Iterator[Published]:
    """Every operation of the models in a folder, with its static cases."""
    for file in sorted(folder.glob("*.json")):
        model = json.loads(file.read_text(encoding="utf-8"))
        for path, entry in model.get("paths", {}).items():
            for method in _METHODS:
                if method in entry:
                    yield _operation(model, path, method, entry)


def _operation(
    model: Mapping[str, Any], path: str, method: str, entry: Mapping[str, Any]
) -> Published:
    row = entry[method]
    given = [*(entry.get("parameters") or []), *row.get("parameters", [])]
    parameters = [
        model["parameters"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for each in given
    ]
    cases = [
        (int(status), case)
        for status, response in row["responses"].items()
        for case in response.get("x-amzn-api-sandbox", {}).get("static", [])
    ]
    return Published(
        name=row["operationId"],
        method=method.upper(),
        pattern=re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))),
        required=[(each["name"], each["in"]) for each in parameters if each.get("required")],
        cases=cases,
    )


class StaticSandbox:
    """The server. `faults`: what an operation answers in the place of its cases.

    `calls`: each request, in order: the operation's name and when it came.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.faults: dict[str, Answer] = {}
        self.calls: list[tuple[str, datetime]] = []
        self.logins = 0
        self._clock = clock
        self._operations = list(published(folder))
        self._tokens, self._seen = float(BURST), clock.now()
        handler = type("Handler", (_Handler,), {"sandbox": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> StaticSandbox:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def lwa_url(self) -> str:
        """Where access tokens come from."""
        return self.url + LWA_PATH

    def cases(self, name: str, status: int = 200) -> list[dict[str, Any]]:
        """The cases of an operation with this status; what is changed in them is served."""
        operation = self._named(name)
        return [case for code, case in operation.cases if code == status]

    def forget(self, name: str, status: int = 200) -> None:
        """The cases of an operation with this status are published no more."""
        operation = self._named(name)
        operation.cases = [row for row in operation.cases if row[0] != status]

    def restate(self, name: str, status: int, other: int) -> None:
        """The cases of an operation with this status have another."""
        operation = self._named(name)
        operation.cases = [
            (other if code == status else code, case) for code, case in operation.cases
        ]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The reply to a request; header names are lower case."""
        parts = urlsplit(target)
        if (method, parts.path) == ("POST", LWA_PATH):
            return self._login(parse_qs(body.decode()))
        found = self._find(method, parts.path)
        if found is None:
            return refusal(404, "NotFound", "no such operation")
        self.calls.append((found.name, self._clock.now()))
        if headers.get("x-amz-access-token") != ACCESS_TOKEN:
            return refusal(403, "Unauthorized", "Access to requested resource is denied.")
        if not self._has_token():
            return refusal(429, "QuotaExceeded", "You exceeded your quota.")
        if found.name in self.faults:
            return self.faults[found.name]
        return found.answer(parts.path, parse_qs(parts.query), body)

    def _named(self, name: str) -> Published:
        """The newest operation of that name: Orders has a getOrder in two versions."""
        named = [row for row in self._operations if row.name == name]
        return max(named, key=lambda row: "2026" in row.pattern.pattern)

    def _find(self, method: str, path: str) -> Published | None:
        for operation in self._operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None

    def _login(self, form: Query) -> Answer:
        self.logins += 1
        wanted = {
            "grant_type": ["refresh_token"],
            "refresh_token": [REFRESH_TOKEN],
            "client_id": [CLIENT_ID],
            "client_secret": [CLIENT_SECRET],
        }
        if form != wanted:
            return Answer(401, {"error": "invalid_client", "error_description": "no such client"})
        return Answer(
            200, {"access_token": ACCESS_TOKEN, "token_type": "bearer", "expires_in": 3600}
        )

    def _has_token(self) -> bool:
        now = self._clock.now()
        earned = (now - self._seen).total_seconds() * RATE
        self._tokens, self._seen = min(BURST, self._tokens + earned), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class _Handler(BaseHTTPRequestHandler):
    sandbox: StaticSandbox
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # unbuffered writes wait for the other side's delayed acknowledgements

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.sandbox.answer(self.command, self.path, headers, body)
        content = answer.body
        if not isinstance(content, bytes):
            content = b"" if content is None else json.dumps(content).encode()
        self.send_response(answer.status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(content)),
            "x-amzn-requestid": "11111111-2222-3333-4444-555555555555",
            "x-amzn-ratelimit-limit": str(RATE),
            **answer.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Nothing: tests have no use for an access log."""
