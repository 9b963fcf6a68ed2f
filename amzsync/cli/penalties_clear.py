"""`amzsync penalties clear`: records let go again, one by one, by a CSV file, by cause, or all."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli.account import looked_into
from amzsync.cli.app import Session
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.penalty_words import penalty_json
from amzsync.cli.printing import out, print_json, say
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key, open_context
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import UsageError
from amzsync.flows.flow import Context, Options
from amzsync.ops.csv_keys import Line, read_lines
from amzsync.ops.key_lists import FREE, Judged, judge, settle_unknown
from amzsync.ops.penalties import Cleared, clear
from amzsync.ops.records import entry_of, ids_of
from amzsync.state.penalties import Penalty
from amzsync.state.state import State

Flow = Annotated[
    str | None, typer.Option("--flow", metavar="FLOW", help='Only of this flow, as "stock push".')
]
Cause = Annotated[
    str | None,
    typer.Option("--cause", metavar="CODE", help="Only of this cause, as the list shows it."),
]
Skus = Annotated[
    list[str] | None, typer.Option("--sku", metavar="SKU", help="This SKU; may be repeated.")
]
Orders = Annotated[
    list[str] | None,
    typer.Option(
        "--order",
        metavar="ID",
        help="This order, by Amazon's id or its number in Omnitron; may be repeated.",
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="All keys of a CSV file as spreadsheets write it: one a line, or a column sku or"
        " order. If a line is not fit, nothing is cleared.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Every penalty of the channel; asks first.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")
]


@dataclass(slots=True)
class _Chosen:
    """What is to be cleared: the penalties, and for lists of keys what is to be said of each."""

    penalties: list[Penalty]
    rows: list[Judged] = field(default_factory=list)


def clear_(
    context: typer.Context,
    sku: Skus = None,
    order: Orders = None,
    csv: Csv = None,
    cause: Cause = None,
    flow: Flow = None,
    everything: All = False,
    yes: Yes = False,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Let records go again, here and in Omnitron.

    By key (--sku, --order, --csv), by cause, or all: of a flow with --flow alone, of the channel
    with --all; these two ask first. Options narrow one another.

    If Omnitron cannot be used (exit 4 or 5) the records are free all the same: the next run lifts
    them there and sends them. To run the command again does no harm.
    """
    session = session_of(context)
    session.about = {"channel": None, "cleared": [], "due": [], "not_in_penalty": [], "lines": []}
    lines = _lines(sku, order, csv)
    asks = _check(lines, cause, flow, everything=everything)
    if asks and not yes and not sys.stdin.isatty():
        raise UsageError(f"{asks} asks before it clears, and there is no terminal: add --yes")
    loaded = session.config = load_config(config)
    channel = session.about["channel"] = channel_key(loaded)
    with looked_into(loaded, session.clock) as state:
        chosen = _choose(state, channel, lines, entry_of(flow).name if flow else None, cause)
    if asks and not yes and chosen.penalties and not _confirmed(len(chosen.penalties)):
        say("nothing was cleared")
        return
    cleared = _carry_out(session, loaded, chosen, csv)
    _tell(session, chosen, cleared)


def _lines(sku: list[str] | None, order: list[str] | None, csv: Path | None) -> list[Line]:
    """The keys asked for; those of the command line have no line number."""
    named = dict.fromkeys([*(sku or ()), *(order or ())])
    return [*(Line(0, key, key) for key in named), *(read_lines(csv) if csv else ())]


def _check(lines: list[Line], cause: str | None, flow: str | None, *, everything: bool) -> str:
    """The option that asks for confirmation, "" for none. Errors: UsageError."""
    if everything and (lines or cause):
        raise UsageError("--all goes without --sku, --order, --csv and --cause")
    if lines or cause:
        return ""
    if everything:
        return "--all"
    if flow:
        return "--flow by itself"
    raise UsageError("say which: --sku SKU, --order ID, --csv FILE, --cause CODE or --all")


def _confirmed(count: int) -> bool:
    return typer.confirm(f"Clear all {count} penalties?", err=True)


def _choose(
    state: State, channel: str, lines: list[Line], flow: str | None, cause: str | None
) -> _Chosen:
    if not lines:
        return _Chosen(state.penalties.list(channel, flow, code=cause))
    ids = ids_of(state, channel, (line.key for line in lines))
    found = state.penalties.list(channel, flow, ids.values(), code=cause)
    return _Chosen(found, judge(state, channel, lines, found))


def _carry_out(session: Session, config: Config, chosen: _Chosen, csv: Path | None) -> Cleared:
    """Clear what is chosen, if every line is fit. Errors: UsageError that tells every other one."""
    if any(row.unknown for row in chosen.rows) or chosen.penalties:
        return _with_omnitron(session, config, chosen, csv)
    _refuse_unfit(session, chosen, csv)
    return Cleared((), (), None)


def _with_omnitron(session: Session, config: Config, chosen: _Chosen, csv: Path | None) -> Cleared:
    voice = Voice(verbose=session.verbose, as_json=session.as_json)
    deadline = Deadline(session.clock)
    with (
        voice.listening(session),
        open_context(config, session.clock, deadline, Options(), voice.progress) as ctx,
    ):
        chosen.rows = settle_unknown(
            ctx.state, ctx.channel, chosen.rows, lambda keys: _in_catalog(ctx, keys)
        )
        _refuse_unfit(session, chosen, csv)
        return clear(ctx, chosen.penalties)


def _in_catalog(ctx: Context, keys: Sequence[str]) -> Collection[str]:
    return {row.sku for row in ctx.omnitron.products.by_skus(keys)}


def _refuse_unfit(session: Session, chosen: _Chosen, csv: Path | None) -> None:
    unfit = [row for row in chosen.rows if row.fault]
    if not unfit:
        return
    session.about["lines"] = [_line_json(row, "") for row in chosen.rows]
    source = f"{csv}: " if csv else ""
    told = [f"  {_where(row.line)}: {row.fault}" for row in unfit]
    raise UsageError("\n".join([f"{source}nothing was cleared", *told]))


def _where(line: Line) -> str:
    return f"line {line.number}: {line.text}" if line.number else line.text


def _tell(session: Session, chosen: _Chosen, cleared: Cleared) -> None:
    """What was done; the far side's error is raised after it. Errors: that error."""
    due = {(row.flow, row.key) for row in cleared.due}
    free = [row for row in chosen.rows if not row.penalties]
    session.about |= {
        "cleared": [penalty_json(row) for row in cleared.freed],
        "due": [penalty_json(row) for row in cleared.due],
        "not_in_penalty": sorted(row.key for row in free),
        "lines": list(_lines_json(chosen.rows, due)),
    }
    for row in free:
        say(f"{FREE}: {_where(row.line)}")
    if cleared.error is not None:
        say(
            f"{len(cleared.freed)} cleared; {len(cleared.due)} more are free here but not lifted in"
            " Omnitron: the next run lifts them there and sends them"
        )
        raise cleared.error
    if session.as_json:
        print_json({**session.about, "exit_code": 0, "error": None})
    else:
        out(f"{len(cleared.freed)} cleared")


def _lines_json(rows: Sequence[Judged], due: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        waits = any((penalty.flow, penalty.key) in due for penalty in row.penalties)
        yield _line_json(row, "due" if waits else "cleared" if row.penalties else FREE)


def _line_json(row: Judged, result: str) -> dict[str, Any]:
    """A line as data; its result is "unfit" with a reason, "" for a fit one of an unfit list."""
    return {
        "line": row.line.number or None,
        "text": row.line.text,
        "key": row.key or None,
        "result": "unfit" if row.fault else result,
        "reason": row.fault or None,
    }
