"""`amzsync status`: how a channel stands, on one screen, as JSON or as metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli import status_words as words
from amzsync.cli.account import looked_into
from amzsync.cli.files import check_writable, replace_file
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, table
from amzsync.cli.wiring import channel_key
from amzsync.config import load_config
from amzsync.ops.overview import overview

Prometheus = Annotated[
    Path | None,
    typer.Option(
        "--prometheus",
        metavar="FILE",
        help="Write the figures to FILE for node_exporter's textfile collector.",
    ),
]


def command(name: str) -> Any:
    """The `status` command."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name)(status)
    return typer.main.get_command(app)


def status(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    prometheus: Prometheus = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show how the channel stands: runs, what is due, backlog, penalties, alarms, quota.

    All of it is read from the state file: no far side is asked, nothing is changed. A flow is LATE
    when cron should have started it long ago. With --prometheus nothing is printed: FILE is
    replaced in one step, so name it *.prom in the collector's folder and have cron do it.

    \b
    Examples:
      amzsync status --config /etc/amzsync/tr.toml
      amzsync status --prometheus /var/lib/node_exporter/amzsync-tr.prom
    """
    session = session_of(context)
    if prometheus is not None:
        check_writable(prometheus)
    loaded = load_config(config)
    channel, now = channel_key(loaded), session.clock.now()
    with looked_into(loaded, session.clock) as state:
        found = overview(loaded, state, channel, now)
    if prometheus is not None:
        from amzsync.ops.metrics import exposition  # here, because its library is an extra

        replace_file(prometheus, exposition(loaded, channel, found))
    if as_json:
        print_json(words.as_json(channel, found, now))
    elif prometheus is None or verbose:
        table(
            words.title(loaded, channel, now),
            words.COLUMNS,
            [words.row(flow, now) for flow in found.rows],
        )
        out("\n".join(words.lines(found, now)))
