"""`amzsync report`: the manual's dashboard figures, and the differences behind them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import render, report_files
from amzsync.cli.account import looked_into
from amzsync.cli.files import check_writable
from amzsync.cli.flows import DryRun, LockWait, MaxRuntime, OverrideGuard, Quiet, signals
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import moment, out, print_json, relative, say, table, verbatim
from amzsync.cli.wiring import channel_key
from amzsync.clock import Deadline
from amzsync.errors import AlreadyRunningError, AmzsyncError, UsageError
from amzsync.flows import entry

if TYPE_CHECKING:
    from amzsync.cli.app import Session
    from amzsync.flows.flow import Context
    from amzsync.flows.runner import Result
    from amzsync.ops.figures import Report

SHOWN = 50  # differences of a kind on a terminal

# In the manual's order and words.
LABELS = {
    "total_sku_in_catalog": "TOTAL SKU IN CATALOG",
    "skus_on_sale": "NUMBER OF SKUs ON SALE",
    "total_sku_difference": "TOTAL SKU DIFFERENCE",
    "skus_with_price_difference": "NUMBER OF SKUs WITH PRICE DIFFERENCE (FIXED)",
    "total_stock_in_catalog": "TOTAL STOCK IN CATALOG",
    "total_stock_on_sale": "TOTAL STOCK ON SALE",
    "total_stock_difference": "TOTAL STOCK DIFFERENCE",
    "skus_with_stock_difference": "TOTAL NUMBER OF SKUs WITH STOCK DIFFERENCE",
}
_TITLES = {
    "not on sale": "Sellable, but not on sale on Amazon",
    "price": "Another price on Amazon than in Omnitron",
    "stock": "Another stock on Amazon than in Omnitron, less buffer_stock",
}

Fix = Annotated[
    bool, typer.Option("--fix", help="Have the prices and stocks that differ sent to Amazon.")
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Stay until the snapshot is there that Amazon is asked for.")
]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit 9 when differences stand.")]
Csv = Annotated[
    str | None,
    typer.Option("--csv", metavar="FILE|-", help="Write the differences as CSV; - is stdout."),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one web page.")
]


@dataclass
class _Ran:
    """What an invocation did, before it is told what is known."""

    results: list[tuple[str, Result]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    error: AmzsyncError | None = None


def command(name: str) -> Any:
    """The `report` command."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name)(report)
    return typer.main.get_command(app)


def report(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    fix: Fix = False,
    wait: Wait = False,
    exit_code: ExitCode = False,
    to_csv: Csv = None,
    to_html: Html = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
    override_guard: OverrideGuard = False,
    lock_wait: LockWait = 0,
    max_runtime: MaxRuntime = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> int:
    """Tell the dashboard's figures, what is not on sale, and which prices and stocks differ.

    It rests on a snapshot of Amazon's listings: one run asks for it when the last is six hours old,
    a later one takes it in, or this one with --wait. Until then the newest report is shown, which
    costs no call. Each difference was looked at twice, and what is on its way is none. With --fix
    nothing is printed when all went well and nobody is at a terminal.
    """
    # After the options: wrong usage should cost little.
    from amzsync.cli.wiring import open_context
    from amzsync.config import load_config
    from amzsync.flows.flow import Options
    from amzsync.ops.report import run, told

    session = session_of(context)
    session.about = {**_BLANK, "dry_run": dry_run}
    _check_files(to_csv, to_html, as_json=as_json)
    loaded = session.config = load_config(config)
    deadline = Deadline(session.clock, max_runtime)
    voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)
    options = Options(dry_run=dry_run, override_guard=override_guard)
    ran = _Ran()
    with signals(deadline, voice), voice.listening(session):
        try:
            with open_context(loaded, session.clock, deadline, options, voice.progress) as ctx:
                _work(ctx, ran, run(ctx, wait=wait, fixing=fix, lock_wait=lock_wait))
        except AmzsyncError as error:
            ran.error = error  # told after what is known all the same
    with looked_into(loaded, session.clock) as state:
        found = told(state, loaded, channel_key(loaded), session.clock.now())
    session.about |= _as_json(found, ran)
    if to_csv == "-":
        verbatim(report_files.csv_text(found).rstrip("\n"))
    elif to_csv is not None:
        report_files.write_csv(Path(to_csv), found)
    if to_html is not None:
        report_files.write_page(to_html, found, session.clock.now())
    shows = not as_json and to_csv != "-" and not quiet
    shows = shows and (not fix or verbose > 0 or sys.stdout.isatty())
    if shows:
        _show(found, session.clock.now())
    return _ended(session, voice, found, ran, shows=shows, exit_code=exit_code)


def _check_files(to_csv: str | None, to_html: Path | None, *, as_json: bool) -> None:
    if as_json and to_csv == "-":
        raise UsageError("--json and --csv - would both print to stdout: name a file")
    if to_csv not in (None, "-"):
        check_writable(Path(str(to_csv)))
    if to_html is not None:
        check_writable(to_html)


def _work(ctx: Context, ran: _Ran, results: Iterable[tuple[str, Result]]) -> None:
    try:
        ran.results.extend(results)
    finally:
        ran.notes, ran.calls = list(dict.fromkeys(ctx.notes)), ctx.calls()


def _ended(
    session: Session,
    voice: render.Voice,
    found: Report,
    ran: _Ran,
    *,
    shows: bool,
    exit_code: bool,
) -> int:
    """Tell what was done; the exit code. Errors: the one that ended the work."""
    if isinstance(ran.error, AlreadyRunningError) and shows:
        say("report: another run of it goes on; this is what is known until it ends")
    elif shows or voice.talks:
        for note in session.about["notes"]:
            say(f"report: {note}")
    if not voice.as_json:
        for flow, result in ran.results:
            voice.result(entry(flow), {}, result)
    if ran.error is not None:
        raise ran.error
    failed = any(result.exit_code for _, result in ran.results)
    code = 1 if failed else 9 if exit_code and found.differences else 0
    if voice.as_json:
        print_json({**session.about, "exit_code": code})
    elif code == 9 and not shows:
        say(f"report: {len(found.differences)} differences stand")
    return code


# The JSON of a report of which nothing is known yet: every key, whatever becomes of it.
_BLANK: dict[str, Any] = {
    "flow": "report",
    "channel": None,
    "dry_run": False,
    "exit_code": None,
    "at": None,
    "snapshot_at": None,
    "figures": None,
    "differences": [],
    "fixes": [],
    "notes": [],
    "calls": {},
    "error": None,
}


def _as_json(found: Report, ran: _Ran) -> dict[str, Any]:
    known = found.figures is not None
    return {
        "channel": found.channel,
        "at": found.at.isoformat() if known else None,
        "snapshot_at": found.snapshot_at.isoformat() if found.snapshot_at else None,
        "figures": asdict(found.figures) if found.figures else None,
        "differences": [asdict(row) for row in found.differences],
        "fixes": [{"flow": flow, **render.result_json(each)} for flow, each in ran.results],
        "notes": [*found.notes, *ran.notes],
        "calls": ran.calls,
    }


def _show(found: Report, now: datetime) -> None:
    """The figures, then the differences by kind; a terminal gets the first of each."""
    if found.figures is None or found.snapshot_at is None:
        return
    values = asdict(found.figures)
    title = (
        f"{found.channel_name}: report of {moment(found.at)}, on a snapshot of"
        f" {relative(found.snapshot_at, now)}"
    )
    table(title, ("figure", "count"), [(label, values[name]) for name, label in LABELS.items()])
    most = SHOWN if sys.stdout.isatty() else len(found.differences)
    for kind, heading in _TITLES.items():
        rows = [row for row in found.differences if row.kind == kind]
        if not rows:
            continue
        cells = [(row.sku, row.omnitron, row.amazon, row.reason, row.cure) for row in rows[:most]]
        table(f"{heading}: {len(rows)}", ("SKU", "Omnitron", "Amazon", "why", "cure"), cells)
        if len(rows) > most:
            out(f"  and {len(rows) - most} more: --csv FILE or --html FILE has all")
