"""Stands between amzsync and the sandbox: answers chosen calls otherwise, over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from amzsync.sandbox.dispatch import Delivery
from amzsync.sandbox.http import Reply
from amzsync.sandbox.server import Sandbox


@dataclass(frozen=True)
class Call:
    """A request that is answered otherwise; `sandbox` lets the sandbox act and answer it."""

    method: str
    target: str
    body: bytes
    sandbox: Callable[[], Delivery]

    @property
    def json(self) -> Any:
        """The request's body."""
        return json.loads(self.body)


Answer = Callable[[Call], Delivery]


class OddReplies:
    """Rules by method and path; the first that fits answers, so many times."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answered = 0
        self._rules: list[list[Any]] = []
        self._sandbox_answers = sandbox.answer
        monkeypatch.setattr(sandbox, "answer", self._answer)

    def on(self, method: str, path: str, answer: Answer | Delivery, times: int = 1_000) -> None:
        """Answer calls whose target (path and query) the pattern is found in."""
        self._rules.append([method, re.compile(path), answer, times])

    def clear(self) -> None:
        """Leave every call to the sandbox."""
        self._rules.clear()

    def _answer(
        self, side: str, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Delivery:
        for rule in self._rules:
            wanted, pattern, answer, times = rule
            if times > 0 and wanted == method and pattern.search(target):
                rule[3] -= 1
                self.answered += 1
                if isinstance(answer, Delivery):
                    return answer
                call = Call(
                    method,
                    target,
                    body,
                    lambda: self._sandbox_answers(side, method, target, headers, body),
                )
                delivery: Delivery = answer(call)
                return delivery
        return self._sandbox_answers(side, method, target, headers, body)


def reply(
    body: str | bytes = b"",
    status: int = 200,
    kind: str = "application/json",
    length: int | None = None,
    **headers: str,
) -> Delivery:
    """A reply with these bytes; `length` is the Content-Length it claims."""
    raw = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"content-type": kind, "x-amzn-requestid": "req-odd", "x-request-id": "req-odd", **named}
    return Delivery(Reply(status, None, sent), raw, length=length)


def json_reply(value: object, status: int = 200) -> Delivery:
    """A JSON reply."""
    return reply(json.dumps(value), status)
