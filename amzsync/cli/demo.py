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
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import catalogue_plot, plot
from amzsync.cli.files import check_writable
from amzsync.cli.options import Verbose
from amzsync.cli.plot import Cast, cast, play, play_again
from amzsync.cli.printing import out, say, table
from amzsync.cli.sandbox import config_text, write_config
from amzsync.cli.stage import Ran, Stage
from amzsync.errors import InterruptedRunError
from amzsync.ops.rehearsal import (
    Planted,
    order_faults,
    planted,
    shipment_faults,
    stock_faults,
    unit_faults,
)

if TYPE_CHECKING:
    from amzsync.sandbox.server import Sandbox

app = typer.Typer(rich_markup_mode=None, add_completion=False)

ORDERS, SKUS = 100, 350  # every corner of the sandbox's orders; more changes than go out by PATCH
BUFFER = 2
CANCELLATION_WAITING, APPROVED, DELIVERED = "50", "400", "550"


Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the last report as a web page.")
]


def command(_name: str) -> Any:
    """The `demo` command."""
    return typer.main.get_command(app)


@app.command()
def demo(to_html: Html = None, verbose: Verbose = 0) -> int:
    """Run every flow against a sandbox, some twice, and show what moved and how it all stands."""
    from amzsync.sandbox.order_corners import UNKNOWN_SKU, UNKNOWN_TOWNSHIP
    from amzsync.sandbox.server import Sandbox

    if to_html is not None:
        check_writable(to_html)
    started = time.monotonic()
    with (
        _sigterm_as_interrupt(),
        TemporaryDirectory(prefix="amzsync-demo-") as folder,
        Sandbox(ORDERS, SKUS) as sandbox,
    ):
        config = Path(folder) / "channel.toml"
        write_config(config, _config(sandbox))
        out(
            f"Both far sides on loopback: Amazon {sandbox.amazon_url} with {ORDERS} orders and"
            f" {SKUS} products, Omnitron {sandbox.omnitron_url}."
        )
        stage = Stage(sandbox.amazon_url, config)
        orders = stage.snapshot("amazon", "orders")
        marketplace = sandbox.credentials.marketplace_id
        expected = planted(orders, marketplace, UNKNOWN_TOWNSHIP, UNKNOWN_SKU)
        actors = cast([order for order in orders if order["orderId"] in expected.good])
        run = partial(_run, stage)
        runs = list(play(stage, run, actors))
        faults = stock_faults(stage.snapshot("amazon", "listings"), stage.stocks(), BUFFER)
        new = catalogue_plot.new_products(stage)
        runs += catalogue_plot.play(stage, run, new)
        again = list(play_again(run))
        runs += again
        runs += catalogue_plot.compare(stage, run)
        faults += _faults(stage, runs, expected, actors)
        faults += [*catalogue_plot.faults(stage, new), *_changes(again)]
        _show(runs, stage)
        out(stage.screen("status"))
        if to_html is not None:
            stage.screen("report", "--html", str(to_html.absolute()))
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


def _run(stage: Stage, step: str, words: str) -> Ran:
    if sys.stderr.isatty():
        say(f"{step}: amzsync {words}")
    return stage.run(step, words)


def _config(sandbox: Sandbox) -> str:
    """A channel that ships itself, with every flow of orders and stock switched on."""
    return config_text(
        sandbox,
        buffer_stock=BUFFER,
        send_shipping_info=True,
        shipping_company_mapping={plot.SLUG: plot.CARRIER},
    )


def _faults(stage: Stage, runs: list[Ran], expected: Planted, actors: Cast) -> list[str]:
    """Everything that is not as it should be."""
    return [
        *_run_faults(runs),
        *_plot_faults(stage, actors),
        *order_faults(expected, stage.snapshot("omnitron", "orders"), _penalised(runs)),
    ]


def _plot_faults(stage: Stage, actors: Cast) -> Iterator[str]:
    """What of the plot has not arrived on the other side."""
    amazon = {order["orderId"]: order for order in stage.snapshot("amazon", "orders")}
    numbers = {row["pk"]: row["number"] for row in stage.snapshot("omnitron", "orders")}
    units: dict[str, list[Any]] = {}
    for row in stage.snapshot("omnitron", "order_items"):
        units.setdefault(numbers[row["order"]], []).append(row)
    for order in actors.shipped:
        order_id = order["orderId"]
        yield from shipment_faults(order, amazon[order_id])
        count = sum(line["quantityOrdered"] for line in order["orderItems"])
        yield from unit_faults(order_id, units[order_id], {DELIVERED: count})
    for order, cancelled in ((actors.cancelled, None), (actors.trimmed, 1)):
        order_id, count = order["orderId"], len(units[order["orderId"]])
        gone = count if cancelled is None else cancelled
        wanted = {CANCELLATION_WAITING: gone, APPROVED: count - gone}
        wanted = {status: number for status, number in wanted.items() if number}
        yield from unit_faults(order_id, units[order_id], wanted)
    requests = [
        row["order_item"]
        for row in stage.snapshot("omnitron", "cancellation_requests")
        if row["cancellation_type"] == "refund"
    ]
    if len(requests) != 1:
        yield f"there are {len(requests)} return requests instead of one"


def _penalised(runs: list[Ran]) -> set[str]:
    pulls = [run for run in runs if run.words == "orders pull"]
    return {row["key"] for run in pulls for row in run.result["failures"]}


def _run_faults(runs: list[Ran]) -> Iterator[str]:
    """Runs that ended otherwise than they should."""
    for run in runs:
        # Orders nobody can take and products the brand has no category for are penalised.
        expected = 1 if run.step == "new orders" or run.step.endswith(" products mapped") else 0
        code, error = run.result["exit_code"], run.result["error"]
        if code != expected:
            why = error["message"] if error else f"{expected} was expected"
            yield f"{run.words} ({run.step}) ended with exit code {code}: {why}"


def _changes(runs: list[Ran]) -> Iterator[str]:
    """What a second round changed, which it must not."""
    changing = (
        *("create_order", "createFeed", "confirmShipment"),
        *("patchListingsItem", "putListingsItem"),
    )
    for run in runs:
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
            ("stocks by patchListingsItem", _sent(runs, "stock push")),
            ("prices by patchListingsItem", _sent(runs, "prices push")),
            ("stocks by listings feed", _collected(runs)),
            ("feeds for them", len(feeds)),
            ("packages confirmed", _sum(runs, "confirmShipment")),
            ("units cancelled", _units_with(units, CANCELLATION_WAITING)),
            ("units delivered", _units_with(units, DELIVERED)),
            ("categories in Omnitron", _sum(runs, "create_category_node")),
            ("products put on sale", _sum(runs, "putListingsItem")),
            ("return requests", len(stage.snapshot("omnitron", "cancellation_requests"))),
        ],
    )
    failures = [(row["key"], row["reason"]) for run in runs for row in run.result["failures"]]
    if failures:
        table("Failed, and in penalty", ("key", "reason"), failures)


def _sent(runs: list[Ran], words: str) -> int:
    """What these runs sent themselves, without what a feed of theirs carried."""
    direct = [run for run in runs if run.words == words and "getFeed" not in run.result["calls"]]
    return sum(run.result["counts"].get("sent", 0) for run in direct)


def _sum(runs: list[Ran], operation: str) -> int:
    return sum(run.result["calls"].get(operation, 0) for run in runs)


def _units_with(units: list[dict[str, Any]], status: str) -> int:
    return sum(unit["status"] == status for unit in units)


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
