"""Requests, replies and routes, as the handlers of both far sides see them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amzsync.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is percent-decoded segment by segment; header names are lower case.

    `fault` is an injected fault that is the handler's to act out (`half_refused_feed`, …).
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    def json(self) -> Any:
        """The parsed body; None when empty. Errors: ValueError when it is not JSON."""
        return json.loads(self.body) if self.body.strip() else None

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def csv(self, name: str) -> list[str]:
        """A comma-separated query parameter as a list."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]


@dataclass(slots=True)
class Reply:
    """One reply. A `body` that is not bytes is sent as JSON; None is an empty body.

    A `file` is sent in place of a body, and read while it is sent.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None

    def encoded(self) -> bytes:
        """The body's bytes; sets the content type when the handler did not."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        self.headers.setdefault("content-type", "application/json")
        return json.dumps(self.body, ensure_ascii=False).encode()


Handler = Callable[[Any, Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """Method and path template to handler; `operation` is the document's name for it.

    The handler gets the side's world and the request; {name} segments are in `request.params`.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile the template; matched against the raw path, before percent-decoding."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        object.__setattr__(self, "pattern", re.compile(pattern + r"\Z"))
