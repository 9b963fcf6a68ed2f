"""A rehearsal's stage: a sandbox as anybody may use it, and the command line as cron starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import amzsync
from amzsync.errors import UsageError

PATIENCE = 60.0  # seconds a run may take before it counts as hung

_NOTHING: dict[str, Any] = {"counts": {}, "failures": [], "calls": {}}


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its command, its JSON, and the calls the sandbox counted on each side."""

    step: str
    words: str
    result: Mapping[str, Any]
    amazon: int
    omnitron: int


class Stage:
    """The sandbox as anybody may use it, over its control endpoint, and the command line."""

    def __init__(self, url: str, config: Path) -> None:
        self._url = url
        self._config = config
        self._opener = build_opener(ProxyHandler({}))  # no proxy stands between us and loopback

    def run(self, step: str, words: str) -> Ran:
        """Run a flow as cron would, in a process of its own."""
        before = self._calls()
        done = self._start([*words.split(), "--json"])
        after = self._calls()
        try:
            result = {**_NOTHING, **json.loads(done.stdout)}
        except ValueError:
            error = {"message": done.stderr.strip() or "it printed nothing"}
            result = {**_NOTHING, "exit_code": done.returncode, "error": error}
        return Ran(step, words, result, *(after[side] - before[side] for side in after))

    def screen(self, *words: str) -> str:
        """What a command prints for people. Errors: UsageError when it does not end well."""
        done = self._start(words)
        if done.returncode != 0:
            raise UsageError(f"amzsync {words[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout.rstrip("\n")

    def stocks(self) -> dict[str, int]:
        """Omnitron's stock by SKU."""
        rows = self.snapshot("omnitron", "stocks")
        return {row["sku"]: row["stock"] for row in rows if row["channel"] == 1}

    def change_stocks(self, skus: list[str], by: int) -> None:
        """Let the ERP change these stocks."""
        now = self.stocks()
        self.ask("POST", "omnitron/stocks", {sku: now[sku] + by for sku in skus})

    def change_order(self, order_id: str, **wish: Any) -> None:
        """Let something happen to an order on Amazon's side."""
        self.ask("PATCH", f"amazon/orders/{order_id}", wish)

    def give_back(self, order_id: str, sku: str) -> None:
        """Let a buyer send a unit back."""
        self.ask("POST", "amazon/returns", {"order_id": order_id, "sku": sku})

    def erp(self, hand: str, number: str, **arguments: Any) -> None:
        """Let the ERP do something to an order in Omnitron."""
        self.ask("POST", f"omnitron/orders/{number}/{hand}", arguments)

    def advance(self, seconds: int) -> None:
        """Let time pass over there."""
        self.ask("POST", "advance", {"seconds": seconds})

    def snapshot(self, side: str, kind: str) -> list[dict[str, Any]]:
        """All rows of a kind."""
        rows: list[dict[str, Any]] = self.ask("GET", f"state?side={side}&kind={kind}")
        return rows

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self._url}/_sandbox/{path}", data, method=method)  # noqa: S310 - our own loopback address
        with self._opener.open(request, timeout=PATIENCE) as reply:
            return json.load(reply)

    def _start(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - this very program, with our own words
            [sys.executable, "-m", "amzsync", *words, "--config", str(self._config)],
            cwd=self._config.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    def _calls(self) -> dict[str, int]:
        return {side: sum(counts.values()) for side, counts in self.ask("GET", "calls").items()}


def _environment() -> dict[str, str]:
    """This process's environment without what would lead the runs elsewhere.

    Their config is the demo's own, and a proxy has no business between two programs on loopback.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AMZSYNC_") and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": str(Path(amzsync.__file__).parents[1])}
