"""A word to somebody outside: one short request, no repeat, no redirect, no URL in what it tells.

The addresses of webhooks and dead man's switches are secrets, for whoever knows one can write to
it; a page that says "not found" may repeat them. So of an answer only its status is told, and the
code chat services put beside it (`invalid_payload`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from amzsync.clock import Clock, Deadline
from amzsync.http.exchange import Timeouts, authorities, exchange, nobody, open_client

TIMEOUTS = Timeouts(connect=5.0, read=10.0)
LONGEST = 20.0  # seconds, for an answer that comes drop by drop
_MAX_REPLY = 64 * 1024  # bytes
_CODE = re.compile(rb"[a-z_]{2,40}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of telling somebody. `reached`: somebody was there, whatever they said."""

    ok: bool
    text: str
    reached: bool = True


def post(url: str, document: bytes, clock: Clock) -> Answer:
    """Hand a JSON document over."""
    return _send("POST", url, document, clock)


def get(url: str, clock: Clock) -> Answer:
    """Call an address for the sake of calling it."""
    return _send("GET", url, None, clock)


def _send(method: str, url: str, content: bytes | None, clock: Clock) -> Answer:
    trust = nobody() if url.startswith("http://") else authorities()
    headers = {"content-type": "application/json"} if content is not None else {}
    with open_client(TIMEOUTS, 1, "amzsync", trust=trust) as client:
        try:
            request = client.build_request(method, url, content=content, headers=headers)
        except httpx.InvalidURL:
            return Answer(ok=False, text="its address is no URL", reached=False)
        status, _, body, fault = exchange(client, request, Deadline(clock, LONGEST), _MAX_REPLY)
    if status is None:
        return Answer(ok=False, text=fault or "connection failed", reached=False)
    if 200 <= status < 300:
        return Answer(ok=True, text=f"HTTP {status}")  # taken, even if the rest was cut off
    if status < 400:
        return Answer(ok=False, text=f"HTTP {status}, a redirect, which is not followed")
    code = f" {body.strip().decode()}" if _CODE.fullmatch(body.strip()) else ""
    return Answer(ok=False, text=f"HTTP {status}{code}")
