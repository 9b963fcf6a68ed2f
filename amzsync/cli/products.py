"""`amzsync products trigger` and `amzsync products touch`: products by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import render
from amzsync.cli.flows import DryRun, MaxRuntime, Quiet, run_locked, signals
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, say
from amzsync.clock import Deadline
from amzsync.flows import Entry, entry

if TYPE_CHECKING:
    from amzsync.flows.flow import Context
    from amzsync.flows.runner import Result
    from amzsync.ops.cure import Cure

FLOW = "products.push"

LockWait = Annotated[
    float,
    typer.Option(
        "--lock-wait",
        min=0,
        metavar="SECONDS",
        envvar="AMZSYNC_LOCK_WAIT",
        help="Seconds to wait for a run of products push that goes on.",
    ),
]


def add_to(group: typer.Typer) -> None:
    """Make `trigger` and `touch` commands of the `products` group."""
    group.command("trigger")(trigger)
    group.command("touch")(touch)


def trigger(
    context: typer.Context,
    skus: Annotated[list[str], typer.Argument(metavar="SKU", help="SKUs in Omnitron.")],
    config: ConfigPath = DEFAULT_PATH,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    lock_wait: LockWait = 60,
    max_runtime: MaxRuntime = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> int:
    """Send new products now, those whose tries are used up too.

    It runs although send_products is false. For products that were sent before there is
    `products touch`.
    """
    from amzsync.config import load_config  # after the options: wrong usage should cost little
    from amzsync.flows.flow import Options
    from amzsync.ops.products import trigger as trigger_products

    flow, session = entry(FLOW), session_of(context)
    deadline = Deadline(session.clock, max_runtime)
    session.about = {**render.blank(flow, dry_run=dry_run), "products": [], "cures": []}
    voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)
    session.config = load_config(config)
    rows: list[dict[str, Any]] = session.about["products"]

    def work(_flow: Entry, ctx: Context) -> Result:
        triggered = trigger_products(ctx, skus)
        rows.extend({"key": sku, "told": told} for sku, told in triggered.sent.items())
        return triggered.result

    with signals(deadline, voice):
        options = Options(dry_run=dry_run)
        found = run_locked(flow, session, options, deadline, voice, lock_wait, work)
    if isinstance(found, str):
        return voice.idle(flow, session.about, found)
    for row in rows if not as_json and not dry_run else ():
        out(f"{row['key']}: {row['told']}")
    cures = _cures(found)
    session.about["cures"] = [{"cause": cure.cause, "cure": cure.cure} for cure in cures]
    code = voice.result(flow, session.about, found)
    for cure in cures if not as_json else ():
        say(f"{cure.means}; {cure.cure}")
    return code


def _cures(result: Result) -> list[Cure]:
    """What mends the failures, each said once; the manual's words where it has them."""
    from amzsync.ops.cures import cures_of

    every = (cures_of(FLOW, row.code, row.reason) for row in result.failures)
    return list(dict.fromkeys(cure for cures in every for cure in cures))


def touch(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="SKUs: one a line, or a column sku; as any spreadsheet writes it.",
        ),
    ],
    config: ConfigPath = DEFAULT_PATH,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    lock_wait: LockWait = 60,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> int:
    """Have products sent anew: the manual's Update Product Version Date in Bulk.

    Their version date in Omnitron is set back, and the next run of `products push` sends all that
    is mapped of them. If any line of the file is not fit, nothing is touched (exit 2).
    """
    from amzsync.cli.wiring import open_context
    from amzsync.config import load_config
    from amzsync.flows.flow import Options
    from amzsync.ops.products import touch as touch_products
    from amzsync.state.lock import flow_lock, locked

    session = session_of(context)
    deadline = Deadline(session.clock)
    session.about = {"channel": None, "dry_run": dry_run, "touched": []}
    voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)
    loaded = session.config = load_config(config)
    with (
        signals(deadline, voice),
        voice.listening(session),
        open_context(
            loaded, session.clock, deadline, Options(dry_run=dry_run), voice.progress
        ) as ctx,
    ):
        session.about["channel"] = ctx.channel
        path = flow_lock(ctx.state.store, ctx.channel, FLOW)
        with locked(path, wait=lock_wait, deadline=deadline):
            skus = touch_products(ctx, file)
    if as_json:
        print_json({**session.about, "touched": skus, "exit_code": 0, "error": None})
    else:
        out(f"{len(skus)} products {'would be' if dry_run else 'are'} sent anew by products push")
    return 0
