"""`amzsync penalties list` and `explain`: the manual's Failed Integration by hand."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Annotated, Any

import typer

from amzsync.cli import penalty_words as words
from amzsync.cli.account import looked_into
from amzsync.cli.durations import duration
from amzsync.cli.options import (
    DEFAULT_PATH,
    AsJson,
    ConfigPath,
    Verbose,
    group,
    session_of,
)
from amzsync.cli.penalties_clear import Cause, Flow, Orders, Skus, clear_
from amzsync.cli.printing import out, print_json, say, table
from amzsync.cli.wiring import channel_key
from amzsync.config import Config, load_config
from amzsync.ops.causes import CauseFound, cause_of
from amzsync.ops.penalties import Explained, explained, grouped
from amzsync.ops.records import entry_of, ids_of
from amzsync.state.waiting import Waiting

app = group("penalties", "Records held back after a failure: list, explain, clear.")


def command(_name: str) -> Any:
    """The `penalties` group."""
    return typer.main.get_command(app)


OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than", metavar="AGE", help="First failed longer ago than that, as 2h or 3d."
    ),
]
NewerThan = Annotated[
    str | None,
    typer.Option(
        "--newer-than", metavar="AGE", help="First failed within that time, as 30min or 1d12h."
    ),
]
Stopped = Annotated[
    bool | None,
    typer.Option(
        "--stopped/--waiting",
        show_default=False,
        help="Only those that are not tried any more, or only those that wait for their next try.",
    ),
]
ByCause = Annotated[
    bool, typer.Option("--group", help="The causes alone, with counts and cures, no records.")
]


@app.command("list")
def list_(
    context: typer.Context,
    flow: Flow = None,
    cause: Cause = None,
    sku: Skus = None,
    order: Orders = None,
    older_than: OlderThan = None,
    newer_than: NewerThan = None,
    stopped: Stopped = None,
    by_cause: ByCause = False,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """List the records that are held back, then their causes with what mends each.

    Several options narrow the list together. Records that wait for something without being in
    penalty are told by `amzsync status` and `amzsync why`.
    """
    session = session_of(context)
    now = session.clock.now()
    before = now - duration(older_than) if older_than else None
    after = now - duration(newer_than) if newer_than else None
    loaded = session.config = load_config(config)
    channel = channel_key(loaded)
    keys = [*(sku or ()), *(order or ())]
    with looked_into(loaded, session.clock) as state:
        found = state.penalties.list(
            channel,
            entry_of(flow).name if flow else None,
            ids_of(state, channel, keys).values() if keys else None,
            code=cause,
            stopped=stopped,
            failed_before=before,
            failed_after=after,
        )
    rows = [explained(loaded, row) for row in found]
    groups = grouped(rows)
    if as_json:
        told = [] if by_cause else [words.row_json(row) for row in rows]
        by = [words.group_json(each, loaded) for each in groups]
        print_json({"channel": channel, "penalties": told, "groups": by})
    elif rows:
        if not by_cause:
            table("Penalties", words.COLUMNS, [words.row(each) for each in rows])
        out(
            "\n".join(["By cause", *(line for each in groups for line in words.told(each, loaded))])
        )
    else:
        narrowed = flow or cause or keys or before or after or stopped is not None
        say("no such record is in penalty" if narrowed else "no record is in penalty")


@app.command()
def explain(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY|CAUSE|MESSAGE",
            help="A SKU or order, a cause as `penalties list` shows it, or an error message.",
        ),
    ],
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Explain why a record is held back, how many tries are left, and what mends it.

    Of a cause or a message: what it means, its cure, and how many records it holds back. Exit 1 if
    the record is not held back.
    """
    session = session_of(context)
    loaded = session.config = load_config(config)
    channel = channel_key(loaded)
    with looked_into(loaded, session.clock) as state:
        record = ids_of(state, channel, [key])[key]
        rows = [explained(loaded, row) for row in state.penalties.list(channel, keys=[record])]
        waiting = state.waiting.list(channel, keys=[record])
        cause = None if rows or waiting else cause_of(loaded, state, channel, key)
    if as_json:
        print_json(
            {
                "channel": channel,
                "key": record,
                "penalties": [words.explained_json(row, loaded) for row in rows],
                "waiting": [words.waiting_json(row, loaded) for row in waiting],
                "causes": words.cause_json(cause, loaded) if cause else [],
            }
        )
    else:
        _tell(loaded, session.clock.now(), rows, waiting, cause, key)
    return 0 if rows or waiting or cause else 1


def _tell(
    config: Config,
    now: datetime,
    rows: list[Explained],
    waiting: list[Waiting],
    cause: CauseFound | None,
    key: str,
) -> None:
    for row in rows:
        out("\n".join(words.explained_lines(row, config, now)))
    for each in waiting:
        out("\n".join(words.waiting_lines(each, config, now)))
    if cause:
        out("\n".join(words.cause_lines(cause, config, now)))
    elif not rows and not waiting:
        say(f"{key} is not in penalty; amzsync why {shlex.quote(key)} tells what is known of it")


app.command("clear")(clear_)
