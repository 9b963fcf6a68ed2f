"""Options that mean the same on every command, and how a command gets at its session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli.app import Session

DEFAULT_PATH = Path("amzsync.toml")


def session_of(context: typer.Context) -> Session:
    """What this invocation carries."""
    session: Session = context.obj
    return session


# Noted as soon as they are read: an error on the way to the command is told by them too.
def _noted_json(context: typer.Context, value: bool) -> bool:
    session_of(context).as_json = value
    return value


def _noted_verbose(context: typer.Context, value: int) -> int:
    session_of(context).verbose = value
    return value


ConfigPath = Annotated[
    Path,
    typer.Option(
        "--config", metavar="PATH", envvar="AMZSYNC_CONFIG", help="The channel's config file."
    ),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        envvar="AMZSYNC_JSON",
        callback=_noted_json,
        help="Print the result as JSON.",
    ),
]
Sweep = Annotated[
    bool,
    typer.Option(
        "--sweep",
        help="Look over Amazon's orders of the last 12 hours once more, now.",
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        envvar="AMZSYNC_VERBOSE",
        callback=_noted_verbose,
        show_default=False,
        help="Say more; twice: every request.",
    ),
]


def group(name: str, summary: str) -> typer.Typer:
    """A group of commands that shows its help when it is called without one; exit 2."""
    made = typer.Typer(name=name, help=summary, rich_markup_mode=None, add_completion=False)

    @made.callback(invoke_without_command=True)
    def _alone(context: typer.Context) -> None:
        help_if_alone(context)

    return made


def help_if_alone(context: Any) -> None:
    """Show the help of a group called without a command; exit 2, or a cron line would seem fine."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)
