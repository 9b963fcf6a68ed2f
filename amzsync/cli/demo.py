"""`amzsync demo`: the whole product against both far sides, simulated, in one command.

The sandbox is a thread of this process and every run a process of its own, started as cron would
start it, so what is shown is what an operator gets.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from amzsync.cli.options import Verbose
from amzsync.cli.printing import out, say, table
from amzsync.cli.sandbox import config_text, write_config
from amzsync.cli.stage import Ran, Stage
from amzsync.errors import InterruptedRunError
from amzsync.ops.rehearsal import Planted, order_faults, planted, stock_faults

app = typer.Typer(rich_markup_mode=None, add_completion=False)

ORDERS, SKUS = 100, 350  # every corner of the sandbox's orders; more changes than go out by PATCH
BUFFER = 2
FEW = 3
FEED_TIME = 600  # seconds in which Amazon works a feed off and shows its values


def command(_name: str) -> Any:
    """The `demo` command."""
    return typer.main.get_command(app)


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
        stage = Stage(sandbox.amazon_url, config)
        runs = list(_play(stage))
        expected = planted(
            stage.snapshot("amazon", "orders"),
            sandbox.credentials.marketplace_id,
            UNKNOWN_TOWNSHIP,
            UNKNOWN_SKU,
        )
        faults = _faults(stage, runs, expected)
        _show(runs, stage)
    took = f"{time.monotonic() - started:.0f} s"
    for fault in faults:
        say(f"wrong: {fault}")
    if faults:
        out(f"{len(faults)} things are wrong after {took}.")
        return 1
    out(
        f"All is well after {took}: {len(expected.good)} orders are in Omnitron, each once; Amazon"
        f" sells Omnitron's stock less {BUFFER}; the second round changed nothing."
    )
    return 0


def _play(stage: Stage) -> Iterator[Ran]:
    """The runs, one after the other, with what happens in the shop between them."""
    skus = sorted(stage.stocks())
    yield _run(stage, "new orders", "orders pull")
    stage.change_stocks(skus[:FEW], by=7)
    yield _run(stage, f"{FEW} stocks changed", "stock push")
    stage.change_stocks(skus[FEW:], by=5)
    yield _run(stage, f"{len(skus) - FEW} stocks changed", "stock push")
    stage.advance(FEED_TIME)
    yield _run(stage, "feed worked off", "stock push")
    yield _run(stage, "once more", "orders pull")
    yield _run(stage, "once more", "stock push")


def _run(stage: Stage, step: str, words: str) -> Ran:
    if sys.stderr.isatty():
        say(f"{step}: amzsync {words}")
    return stage.run(step, words)


def _faults(stage: Stage, runs: list[Ran], expected: Planted) -> list[str]:
    """Everything that is not as it should be."""
    return [
        *_run_faults(runs),
        *order_faults(expected, stage.snapshot("omnitron", "orders"), _penalised(runs)),
        *stock_faults(stage.snapshot("amazon", "listings"), stage.stocks(), BUFFER),
    ]


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


def _show(runs: list[Ran], stage: Stage) -> None:
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
        "Amazon",
        "Omnitron",
        *counted[:3],
        "in penalty",
        "failed",
    )
    table("Runs, with the calls to each side", columns, rows)
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
