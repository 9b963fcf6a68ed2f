"""`amzsync demo`: the whole product against both far sides, simulated, in one command.

The sandbox is a thread of this process and every run a process of its own, started as cron would
start it, so what is shown is what an operator gets.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import typer

import amzsync
from amzsync.cli.options import Verbose
from amzsync.cli.printing import out, say, table
from amzsync.cli.sandbox import config_text, write_config
from amzsync.errors import InterruptedRunError
from amzsync.ops.rehearsal import order_faults, planted, stock_faults

app = typer.Typer(rich_markup_mode=None, add_completion=False)

ORDERS, SKUS = 100, 350  # every corner of the sandbox's orders; more changes than go out by PATCH
BUFFER = 2
FEW = 3
PATIENCE = 60.0  # seconds a run may take before it counts as hung
FEED_TIME = 600  # seconds in which Amazon works a feed off and shows its values

_NOTHING: dict[str, Any] = {"counts": {}, "failures": [], "calls": {}}


def command(_name: str) -> Any:
    """The `demo` command."""
    return typer.main.get_command(app)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: its command, its JSON, and the calls the sandbox counted on each side."""

    step: str
    words: str
    result: Mapping[str, Any]
    amazon: int
    omnitron: int


@app.command()
def demo(verbose: Verbose = 0) -> int:
    """Run orders pull and stock push against a sandbox, twice, and show what moved."""
    from amzsync.sandbox.order_corners import UNKNOWN_SKU, UNKNOWN_TOWNSHIP
    from amzsync.sandbox.server import Sandbox

    started = time.monotonic()
    with (
        _sigterm_as_interrupt(),
        TemporaryDirectory(prefix="amzsync-demo-") as folder,
        Sandbox(ORDERS, SKUS) as sandbox,
    ):
        config = Path(folder) / "channel.toml"
        write_config(config, config_text(sandbox, buffer_stock=BUFFER))
        out(
            f"Both far sides on loopback: Amazon {sandbox.amazon_url} with {ORDERS} orders and"
            f" {SKUS} products, Omnitron {sandbox.omnitron_url}."
        )
        stage = _Stage(sandbox.amazon_url, config)
        runs = list(_play(stage))
        expected = planted(
            stage.snapshot("amazon", "orders"),
            sandbox.credentials.marketplace_id,
            UNKNOWN_TOWNSHIP,
            UNKNOWN_SKU,
        )
        faults = [
            *_run_faults(runs),
            *order_faults(expected, stage.snapshot("omnitron", "orders"), _penalised(runs)),
            *stock_faults(stage.snapshot("amazon", "listings"), stage.stocks(), BUFFER),
        ]
        _show(runs, stage)
    took = time.monotonic() - started
    if faults:
        for fault in faults:
            say(f"wrong: {fault}")
        out(f"{len(faults)} things are wrong after {took:.0f} s.")
        return 1
    out(
        f"All is well after {took:.0f} s: {len(expected.good)} orders are in Omnitron, each once;"
        f" Amazon sells Omnitron's stock less {BUFFER}; the second round changed nothing."
    )
    return 0


class _Stage:
    """The sandbox as anybody may use it, over its control endpoint, and the command line."""

    def __init__(self, url: str, config: Path) -> None:
        self._url = url
        self._config = config

    def run(self, step: str, words: str) -> Ran:
        """Run a flow as cron would, in a process of its own."""
        before = self._calls()
        argv = [sys.executable, "-m", "amzsync", *words.split(), "--json"]
        done = subprocess.run(  # noqa: S603 - this very program, with our own words
            [*argv, "--config", str(self._config)],
            cwd=self._config.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        after = self._calls()
        try:
            result = json.loads(done.stdout)
        except ValueError:
            error = {"message": done.stderr.strip() or "it printed nothing"}
            result = {**_NOTHING, "exit_code": done.returncode, "error": error}
        return Ran(step, words, result, *(after[side] - before[side] for side in after))

    def stocks(self) -> dict[str, int]:
        """Omnitron's stock by SKU."""
        rows = self.snapshot("omnitron", "stocks")
        return {row["sku"]: row["stock"] for row in rows if row["channel"] == 1}

    def change_stocks(self, skus: list[str], by: int) -> None:
        """Let the ERP change these stocks."""
        now = self.stocks()
        self.ask("POST", "omnitron/stocks", {sku: now[sku] + by for sku in skus})

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
        with urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310 - the same
            return json.load(reply)

    def _calls(self) -> dict[str, int]:
        return {side: sum(counts.values()) for side, counts in self.ask("GET", "calls").items()}


def _play(stage: _Stage) -> Iterator[Ran]:
    """The runs, one after the other, with what happens in the shop between them."""
    skus = sorted(stage.stocks())
    yield stage.run("new orders", "orders pull")
    stage.change_stocks(skus[:FEW], by=7)
    yield stage.run(f"{FEW} stocks changed", "stock push")
    stage.change_stocks(skus[FEW:], by=5)
    yield stage.run(f"{len(skus) - FEW} stocks changed", "stock push")
    stage.advance(FEED_TIME)
    yield stage.run("Amazon has worked the feed off", "stock push")
    yield stage.run("once more", "orders pull")
    yield stage.run("once more", "stock push")


def _penalised(runs: list[Ran]) -> set[str]:
    pulls = [run for run in runs if run.words == "orders pull"]
    return {row["key"] for run in pulls for row in run.result["failures"]}


def _run_faults(runs: list[Ran]) -> Iterator[str]:
    """Runs that ended otherwise than they should, and a second round that changed something."""
    for run in runs:
        expected = 1 if run.step == "new orders" else 0  # the orders nobody can take are penalised
        code, error = run.result["exit_code"], run.result["error"]
        if code != expected:
            why = error["message"] if error else f"{expected} was expected"
            yield f"{run.words} ({run.step}) ended with exit code {code}: {why}"
    changing = ("create_order", "patchListingsItem", "createFeed")
    for run in runs[-2:]:
        yield from (
            f"{run.words} ({run.step}) made {count} {operation} calls"
            for operation, count in run.result["calls"].items()
            if operation in changing
        )


def _show(runs: list[Ran], stage: _Stage) -> None:
    """What moved, and what could not."""
    counted = ("sent", "submitted", "waiting", "held", "failed")
    rows = [
        (
            run.step,
            run.words,
            run.amazon,
            run.omnitron,
            *(run.result["counts"].get(status, 0) for status in counted),
        )
        for run in runs
    ]
    columns = (
        "what happened",
        "amzsync",
        "Amazon calls",
        "Omnitron calls",
        *counted[:3],
        "in penalty",
        "failed",
    )
    table("Runs", columns, rows)
    units = [row for row in stage.snapshot("omnitron", "order_items") if row["channel"] == 1]
    feeds = stage.snapshot("amazon", "feeds")
    table(
        "Moved",
        ("what", "number"),
        [
            ("orders in Omnitron", len(stage.snapshot("omnitron", "orders"))),
            ("units of them", len(units)),
            ("stocks by patchListingsItem", _sum(runs, "patchListingsItem")),
            ("stocks by listings feed", _collected(runs)),
            ("feeds for them", len(feeds)),
        ],
    )
    failures = [(row["key"], row["reason"]) for run in runs for row in run.result["failures"]]
    if failures:
        table("Failed, and in penalty", ("key", "reason"), failures)


def _sum(runs: list[Ran], operation: str) -> int:
    return sum(run.result["calls"].get(operation, 0) for run in runs)


def _collected(runs: list[Ran]) -> int:
    return sum(run.result["counts"].get("submitted", 0) for run in runs)


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


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C: the run at hand is killed, the folder is removed."""

    def stop(signum: int, _frame: object) -> None:
        raise InterruptedRunError(signum)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
