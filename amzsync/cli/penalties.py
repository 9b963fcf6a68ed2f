"""`amzsync penalties`: list, explain and clear, the manual's Failed Integration by hand."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli.account import looked_into
from amzsync.cli.app import Session
from amzsync.cli.options import (
    DEFAULT_PATH,
    AsJson,
    ConfigPath,
    Verbose,
    group,
    session_of,
)
from amzsync.cli.printing import moment, out, print_json, relative, say, span, table
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key, open_context
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import UsageError
from amzsync.flows.flow import Options
from amzsync.ops.penalties import Cleared, Explained, clear, explained
from amzsync.ops.records import clearing_command, entry_of, keys_in
from amzsync.state.penalties import Penalty

app = group("penalties", "Records held back after a failure: list, explain, clear.")


def command(_name: str) -> Any:
    """The `penalties` group."""
    return typer.main.get_command(app)


Flow = Annotated[
    str | None, typer.Option("--flow", metavar="FLOW", help='Only of this flow, as "stock push".')
]
Skus = Annotated[
    list[str] | None, typer.Option("--sku", metavar="SKU", help="This SKU; may be repeated.")
]
Orders = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="ID", help="This Amazon order id; may be repeated."),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="All keys of a CSV file: one a line, or a column sku or order.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Every penalty of the channel.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --all.")]


@app.command("list")
def list_(
    context: typer.Context,
    flow: Flow = None,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """List the records that are held back or stopped."""
    session = session_of(context)
    loaded = load_config(config)
    found = _found(loaded, session, flow, None)
    if as_json:
        print_json({"channel": channel_key(loaded), "penalties": [_as_json(row) for row in found]})
    elif found:
        rows = [_row(penalty) for penalty in found]
        table("Penalties", ("flow", "key", "failures", "next try", "code", "reason"), rows)
    else:
        say("no record is in penalty")


@app.command()
def explain(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A SKU or an Amazon order id.")],
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Explain why a record is held back, until when, and what sets it free; exit 1 if it is not."""
    session = session_of(context)
    loaded = load_config(config)
    found = [explained(loaded, row) for row in _found(loaded, session, None, [key])]
    if as_json:
        body = {"channel": channel_key(loaded), "key": key}
        print_json({**body, "penalties": [_explained_json(row) for row in found]})
    elif not found:
        say(f"{key} is not in penalty; amzsync why {shlex.quote(key)} tells what is known of it")
    for row in found if not as_json else ():
        out("\n".join(_explained_lines(row, loaded, session.clock.now())))
    return 0 if found else 1


@app.command("clear")
def clear_(
    context: typer.Context,
    sku: Skus = None,
    order: Orders = None,
    csv: Csv = None,
    everything: All = False,
    flow: Flow = None,
    yes: Yes = False,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Let records go again, here and in Omnitron.

    If Omnitron cannot be used (exit 4 or 5) the records are free all the same: the next run lifts
    them there and sends them. To run the command again does no harm.
    """
    session = session_of(context)
    keys = _keys(sku, order, csv, everything)
    loaded = session.config = load_config(config)
    found = _found(loaded, session, flow, keys)
    missing = sorted(set(keys or ()) - {row.key for row in found})
    if found and everything and not yes and not _confirmed(len(found)):
        say("nothing was cleared")
        return
    cleared = _clear(loaded, session, found) if found else Cleared((), (), None)
    session.about = {
        "channel": channel_key(loaded),
        "cleared": [_as_json(row) for row in cleared.freed],
        "due": [_as_json(row) for row in cleared.due],
        "not_in_penalty": missing,
    }
    if missing:
        say(f"not in penalty: {', '.join(missing)}")
    if cleared.error is not None:
        say(
            f"{len(cleared.freed)} cleared; {len(cleared.due)} more are free here but not lifted in"
            " Omnitron: the next run lifts them there and sends them"
        )
        raise cleared.error
    if as_json:
        print_json({**session.about, "exit_code": 0, "error": None})
    else:
        out(f"{len(cleared.freed)} cleared")


def _keys(
    sku: list[str] | None, order: list[str] | None, csv: Path | None, everything: bool
) -> list[str] | None:
    """The keys asked for; None means all. Errors: UsageError."""
    named = [*(sku or ()), *(order or ())]
    if everything:
        if named or csv:
            raise UsageError("--all goes without --sku, --order and --csv")
        return None
    keys = [*named, *(keys_in(csv) if csv else ())]
    if not keys:
        raise UsageError("say which: --sku SKU, --order ID, --csv FILE or --all")
    return keys


def _confirmed(count: int) -> bool:
    """Whether a person on a terminal says yes; without one nobody can be asked."""
    if not sys.stdin.isatty():
        return True
    return typer.confirm(f"Clear all {count} penalties?", err=True)


def _found(
    config: Config, session: Session, flow: str | None, keys: list[str] | None
) -> list[Penalty]:
    wanted = entry_of(flow).name if flow else None
    with looked_into(config, session.clock) as state:
        return state.penalties.list(channel_key(config), wanted, keys)


def _clear(config: Config, session: Session, found: list[Penalty]) -> Cleared:
    voice = Voice(verbose=session.verbose, as_json=session.as_json)
    deadline = Deadline(session.clock)
    with (
        voice.listening(),
        open_context(config, session.clock, deadline, Options(), voice.progress) as ctx,
    ):
        return clear(ctx, found)


def _row(penalty: Penalty) -> tuple[str | int, ...]:
    until = "stopped" if penalty.stopped else moment(penalty.next_try_at)
    flow = penalty.flow.replace(".", " ")
    return flow, penalty.key, penalty.failures, until, penalty.code, penalty.reason


def _as_json(penalty: Penalty) -> dict[str, Any]:
    return {
        "flow": penalty.flow,
        "key": penalty.key,
        "content_type": penalty.content_type,
        "object_id": penalty.object_id,
        "code": penalty.code,
        "reason": penalty.reason,
        "request_id": penalty.request_id,
        "failures": penalty.failures,
        "stopped": penalty.stopped,
        "first_failed_at": penalty.first_failed_at.isoformat(),
        "last_failed_at": penalty.last_failed_at.isoformat(),
        "next_try_at": None if penalty.stopped else penalty.next_try_at.isoformat(),
    }


def _explained_json(row: Explained) -> dict[str, Any]:
    rules = {
        "table": row.rules.table,
        "RETRY_INTERVAL": row.rules.retry_interval,
        "EXPIRATION_DATE": row.rules.expiration_date,
        "MAX_RETRY_COUNT": row.rules.max_retry_count,
    }
    time_up = row.time_up_at.isoformat()
    return {**_as_json(row.penalty), "tries": row.tries, "time_up_at": time_up, "settings": rules}


def _explained_lines(row: Explained, config: Config, now: datetime) -> list[str]:
    penalty, rules = row.penalty, row.rules
    request = f" (request {penalty.request_id})" if penalty.request_id else ""
    if penalty.stopped:
        next_try = "none: its tries or its time are used up"
    else:
        next_try = relative(penalty.next_try_at, now)
    return [
        f"{penalty.key}, {penalty.flow.replace('.', ' ')}",
        f"  why:           {penalty.code}: {penalty.reason}{request}",
        f"  first failure: {relative(penalty.first_failed_at, now)}",
        f"  last failure:  {relative(penalty.last_failed_at, now)}",
        f"  tries used:    {penalty.failures} of {row.tries}; time is up {moment(row.time_up_at)}",
        f"  next try:      {next_try}",
        f"  settings:      [failed_integration.{rules.table}]"
        f" RETRY_INTERVAL {_seconds(rules.retry_interval)},"
        f" EXPIRATION_DATE {_seconds(rules.expiration_date)},"
        f" MAX_RETRY_COUNT {rules.max_retry_count}; they count from the next failure on",
        f"  set it free:   {clearing_command(config, penalty)}",
    ]


def _seconds(seconds: int) -> str:
    return f"{seconds} s ({span(timedelta(seconds=seconds))})"
