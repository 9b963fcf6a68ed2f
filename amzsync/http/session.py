"""One request loop for both far sides: pace, sign, send, classify, wait or raise.

What leaves here is a Reply or one of our own errors; nothing above sees httpx. Facts that shape it:
SP-API answers malformed requests with HTML (sp-api.md §1.4), promises `x-amzn-RateLimit-Limit` on
20x/400/404 only and no Retry-After at all (§1.7); Omnitron may answer 5xx with HTML after it did
what was asked (omnitron-api.md §1.6), and empty bodies are legal there.
"""

from __future__ import annotations

import json as jsonlib
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from amzsync.clock import Deadline
from amzsync.errors import (
    AuthError,
    DryRunError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    RemoteError,
    ThrottledError,
    UnavailableError,
)
from amzsync.http.error_bodies import error_text
from amzsync.http.exchange import Timeouts, authorities, exchange, nobody, open_client
from amzsync.http.operation import THROTTLED, Operation, Pacer, Reply, Signer
from amzsync.http.retry import RetryPolicy, stated_delay

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024 * 1024  # bytes; no JSON reply of either side comes near it
# Seconds a token is used after it is due: requests arrive less evenly than they leave. Steady ones
# have most of the far side's burst for that.
_LATE = 0.25


class Session:
    """Requests to one far side, with everything a request needs along the way.

    Thread-safe: requests of several records may be in flight at once.
    """

    def __init__(
        self,
        base_url: str,
        *,
        deadline: Deadline,
        signer: Signer | None = None,
        pacer: Pacer | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        dry_run: bool = False,
        user_agent: str = "amzsync",
        in_flight: int = 8,
        max_wait: float = 10.0,
        request_id_header: str = "x-amzn-requestid",
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self.signer = signer
        self.pacer = pacer
        self.retry = retry or RetryPolicy()
        self.timeouts = timeouts or Timeouts()
        self.dry_run = dry_run
        self.max_wait = max_wait
        self.calls: Counter[str] = Counter()
        self.dated: tuple[str, datetime] | None = None  # the last Date header, and when it came
        self._in_flight = in_flight
        self._user_agent = user_agent
        self._request_id_header = request_id_header
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def call(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Sequence[tuple[str, str]] = (),
        json: object = None,
        form: Mapping[str, str] | None = None,
        reserve: int = 0,
        max_wait: float | None = None,
    ) -> Reply:
        """Send one operation and return its 2xx reply.

        `reserve` tokens of the bucket are left for others; `max_wait` is the longest wait for a
        token, in seconds. Errors: DryRunError, ThrottledError, UnavailableError,
        OutcomeUnknownError, ProtocolError, RefusedError (4xx), AuthError, and the deadline's.
        """
        if self.dry_run and operation.mutates:
            raise DryRunError(f"dry run: {operation.name} would change something and was not sent")
        url = self.url(operation, path or {}, query)
        content, content_type = _body(json, form)
        attempt = 0
        renewed = False
        while True:
            attempt += 1
            self._pace(operation, reserve, max_wait)
            signed = dict(self.signer.headers()) if self.signer else {}
            headers = {**signed, **({"content-type": content_type} if content_type else {})}
            try:
                reply = self._send(operation, url, headers, content)
            except (UnavailableError, ProtocolError) as error:
                self._wait_or_raise(operation, attempt, error, stated=None)
                continue
            if 200 <= reply.status < 300:
                self._learn(operation, reply)
                return reply
            if self.signer and self.signer.refused(reply.status) and not renewed:
                # Once only: a second refusal is not about the token's age.
                renewed = True
                attempt -= 1
                self.signer.renew(signed)
                continue
            self._handle_refusal(operation, attempt, reply)

    def url(
        self, operation: Operation, path: Mapping[str, str], query: Sequence[tuple[str, str]] = ()
    ) -> str:
        """The operation's full URL; a SKU with / + % or blanks stays one path segment."""
        filled = operation.path.format(**{key: _segment(value) for key, value in path.items()})
        return f"{self.base_url}{filled}" + (
            f"?{urlencode(query, quote_via=quote)}" if query else ""
        )

    def client(self) -> httpx.Client:
        """The connection pool, opened at the first use: building a TLS context costs start-up."""
        with self._opening:
            if self._client is None:
                plain = self.base_url.startswith("http://")
                self._client = open_client(
                    self.timeouts,
                    self._in_flight,
                    self._user_agent,
                    trust=nobody() if plain else authorities(),
                )
            return self._client

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _pace(self, operation: Operation, reserve: int, max_wait: float | None) -> None:
        self.deadline.check()
        if self.pacer is None or operation.rate is None:
            return
        longest = min(self.max_wait if max_wait is None else max_wait, self.deadline.remaining())
        wait = self.pacer.take(operation, reserve=reserve, max_wait=longest)
        if wait > 0:
            self.deadline.sleep(wait + (0 if operation.steady else _LATE))

    def _send(
        self, operation: Operation, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """One attempt. Errors: UnavailableError, OutcomeUnknownError, ProtocolError."""
        self.calls[operation.name] += 1
        request = self.client().build_request(
            operation.method,
            url,
            headers=headers,
            content=content,
            timeout=_timeout(self.timeouts, operation, self.deadline),
        )
        started = self.deadline.clock.now()
        status, reply_headers, body, fault = exchange(
            self.client(), request, self.deadline, MAX_BODY
        )
        request_id = reply_headers.get(self._request_id_header)
        if date := reply_headers.get("date"):
            self.dated = (date, self.deadline.clock.now())
        took = (self.deadline.clock.now() - started).total_seconds()
        log.debug(
            "%s %s -> %s in %.3f s, request %s",
            operation.method,
            operation.name,
            status or fault,
            took,
            request_id,
            extra={
                "operation": operation.name,
                "method": operation.method,
                "status": status,
                "request_id": request_id,
                "duration_ms": round(took * 1000),
                "error": fault,
            },
        )
        if status is None:
            unanswered = _cut(operation, fault or "connection failed")
            if not isinstance(unanswered, OutcomeUnknownError):
                self.deadline.check()
            raise unanswered
        if fault is not None:
            # The status arrived, the body did not: it was done or it was not, as the status says.
            if status < 300 and operation.mutates and not operation.repeatable:
                raise OutcomeUnknownError(
                    f"the reply was cut off: {fault}",
                    operation=operation.name,
                    status=status,
                    request_id=request_id,
                )
            self.deadline.check()
            raise UnavailableError(
                f"the reply was cut off: {fault}",
                operation=operation.name,
                status=status,
                request_id=request_id,
            )
        data: Any = None
        if body.strip():
            try:
                data = jsonlib.loads(body)
            except ValueError as error:
                if status < 300 or _is_half_a_refusal(status, body):
                    kind: type[RemoteError] = ProtocolError
                    if status < 300 and _is_unclear(operation):
                        kind = OutcomeUnknownError
                    raise kind(
                        "the reply is not JSON",
                        operation=operation.name,
                        status=status,
                        request_id=request_id,
                    ) from error
        return Reply(status, data, reply_headers, request_id)

    def _handle_refusal(self, operation: Operation, attempt: int, reply: Reply) -> None:
        """Wait before the next attempt, or raise what a reply beyond 2xx means."""
        status, request_id = reply.status, reply.request_id
        self._learn(operation, reply)
        stated = stated_delay(reply.headers, self.deadline.clock.now())
        code, detail = error_text(reply.data)
        if status == 429:
            self.calls[operation.name + THROTTLED] += 1
            if self.pacer is not None and operation.rate is not None:
                # The ledger knows when the next token is due; it decides whether to wait for it.
                self.pacer.empty(operation)
                stated = stated or 1 / operation.rate
            throttled = ThrottledError(
                "throttled",
                wait=stated or 60.0,
                operation=operation.name,
                status=status,
                request_id=request_id,
            )
            self._wait_or_raise(operation, attempt, throttled, stated)
            return
        if status >= 500:
            message = detail or "the far side reports a fault"
            # A 503 is sent by the gateway in front; what stands behind may have acted all the same.
            kind: type[RemoteError] = (
                UnavailableError if operation.repeatable else OutcomeUnknownError
            )
            self._wait_or_raise(
                operation,
                attempt,
                kind(message, operation=operation.name, status=status, request_id=request_id),
                stated,
            )
            return
        if status < 400:
            kind = OutcomeUnknownError if _is_unclear(operation) else ProtocolError
            raise kind(
                "answered with a redirect, which is not followed: is the address right?",
                operation=operation.name,
                status=status,
                request_id=request_id,
            )
        if status in (401, 403) and self.signer is not None:
            raise AuthError(self._no_access(operation, reply, detail))
        raise RefusedError(
            detail or "the far side refuses the request",
            operation=operation.name,
            status=status,
            code=code,
            body=reply.data,
            request_id=request_id,
        )

    def _wait_or_raise(
        self, operation: Operation, attempt: int, error: RemoteError, stated: float | None
    ) -> None:
        if isinstance(error, OutcomeUnknownError) and not operation.repeatable:
            raise error
        delay = self.retry.delay(attempt, stated)
        if delay is None or delay >= self.deadline.remaining():
            raise error
        log.info(
            "%s; attempt %d, again in %.1f s",
            error,
            attempt,
            delay,
            extra={
                "operation": operation.name,
                "status": error.status,
                "request_id": error.request_id,
                "attempt": attempt,
                "wait_s": round(delay, 3),
            },
        )
        self.deadline.sleep(delay)

    def _learn(self, operation: Operation, reply: Reply) -> None:
        if self.pacer is None or operation.rate is None:
            return
        with suppress(ValueError):
            rate = float(reply.headers.get("x-amzn-ratelimit-limit", ""))
            if rate > 0:
                self.pacer.learn(operation, rate)

    def _no_access(self, operation: Operation, reply: Reply, detail: str) -> str:
        request = f", request {reply.request_id}" if reply.request_id else ""
        where = f"{operation.name}, HTTP {reply.status}{request}"
        return f"{self.base_url} refuses access: {detail or 'no reason given'} ({where})"


def _is_half_a_refusal(status: int, body: bytes) -> bool:
    """Whether a refusal begins as JSON and does not end so.

    What it would have said may be that all is well ("it exists"), so no record is to blame yet; the
    request changed nothing and is sent again. An HTML page is all a proxy has to say.
    """
    refusal = 400 <= status < 500 and status not in (401, 403, 429)
    return refusal and body.lstrip()[:1] in (b"{", b"[")


def _is_unclear(operation: Operation) -> bool:
    """Whether it matters what became of an operation nobody answered properly."""
    return operation.mutates and not operation.repeatable


def _segment(value: str) -> str:
    """One path segment. A name of dots would be taken for a step up the path."""
    dots = value in (".", "..")
    return value.replace(".", "%2E") if dots else quote(value, safe="")


def _body(json: object, form: Mapping[str, str] | None) -> tuple[bytes | None, str]:
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    if json is not None:
        return jsonlib.dumps(json, ensure_ascii=False).encode(), "application/json"
    return None, ""


def _timeout(timeouts: Timeouts, operation: Operation, deadline: Deadline) -> httpx.Timeout:
    left = max(0.1, deadline.remaining())
    read = min(operation.timeout or timeouts.read, left)
    return httpx.Timeout(read, connect=min(timeouts.connect, left))


def _cut(operation: Operation, fault: str) -> UnavailableError:
    if fault.startswith("not sent") or operation.repeatable:
        return UnavailableError(fault, operation=operation.name)
    return OutcomeUnknownError(fault, operation=operation.name)
