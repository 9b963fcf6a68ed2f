"""`amzsync orders recover`: take orders by id, past every window and penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import render
from amzsync.cli.flows import DryRun, MaxRuntime, Quiet, run_locked, signals
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out
from amzsync.clock import Deadline
from amzsync.flows import Entry, entry

if TYPE_CHECKING:
    from amzsync.flows.flow import Context
    from amzsync.flows.runner import Result

LockWait = Annotated[
    float,
    typer.Option(
        "--lock-wait",
        min=0,
        metavar="SECONDS",
        envvar="AMZSYNC_LOCK_WAIT",
        help="Seconds to wait for a run of orders pull that goes on.",
    ),
]


def add_to(group: typer.Typer) -> None:
    """Make `recover` a command of the `orders` group."""
    group.command("recover")(recover)


def recover(
    context: typer.Context,
    orders: Annotated[
        list[str],
        typer.Argument(metavar="ORDER", help="Amazon order ids, or numbers in Omnitron."),
    ],
    config: ConfigPath = DEFAULT_PATH,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    lock_wait: LockWait = 60,
    max_runtime: MaxRuntime = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> int:
    """Take orders by id from Amazon into Omnitron, past every window and penalty.

    It runs although get_orders is false, and searches for no other orders.
    """
    from amzsync.config import load_config  # after the options: wrong usage should cost little
    from amzsync.flows.flow import Options
    from amzsync.ops.recovery import recover as recover_orders

    flow, session = entry("orders.pull"), session_of(context)
    deadline = Deadline(session.clock, max_runtime)
    session.about = {**render.blank(flow, dry_run=dry_run), "orders": []}
    voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)
    session.config = load_config(config)
    rows: list[dict[str, Any]] = session.about["orders"]

    def work(_flow: Entry, ctx: Context) -> Result:
        recovery = recover_orders(ctx, orders)
        rows.extend({"key": row.order_id, "told": row.told} for row in recovery.orders)
        return recovery.result

    with signals(deadline, voice):
        options = Options(dry_run=dry_run)
        found = run_locked(flow, session, options, deadline, voice, lock_wait, work)
    if isinstance(found, str):
        return voice.idle(flow, session.about, found)
    failed = {outcome.key for outcome in found.failures}
    for row in rows if not as_json else ():
        line = f"{row['key']}: {row['told']}"
        if row["key"] not in failed and line not in found.planned:
            out(line)
    return voice.result(flow, session.about, found)
