"""`amzsync config`: write a channel's file, check it, show what it comes to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli import options
from amzsync.config import Config, load_config
from amzsync.config.example import example
from amzsync.config.listing import as_toml, effective
from amzsync.errors import ConfigError, Problem, UsageError

DEFAULT_PATH = Path("amzsync.toml")

app = typer.Typer(
    name="config",
    help="Write, check and show the config file.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def command(_name: str) -> Any:
    """The `config` group."""
    return typer.main.get_command(app)


ConfigPath = Annotated[
    Path, typer.Option("--config", envvar="AMZSYNC_CONFIG", help="The channel's config file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = DEFAULT_PATH,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a config file with every setting explained, for you to fill in."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)  # a file that was there keeps its mode otherwise
            file.write(example())
    except FileExistsError:
        raise UsageError(f"{path} is there already; --force overwrites it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(
        f"{path} written; only you may read it. Next:\n"
        "  1. fill in what says REQUIRED, and put the secrets where it says they are\n"
        "  2. switch on the flags you need under [feature_flags]\n"
        f"  3. amzsync config check --config {path}",
        err=True,
    )


@app.command()
def check(config: ConfigPath = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Tell every problem of the config file at once; exit 3 if there is one."""
    try:
        loaded = load_config(config)
    except ConfigError as error:
        if as_json:
            typer.echo(_report(error.problems, ()))
        raise
    if as_json:
        typer.echo(_report((), loaded.notices()))
        return
    for notice in loaded.notices():
        typer.echo(f"notice: {notice}", err=True)
    typer.echo(f"OK: {config}", err=True)


@app.command()
def show(
    config: ConfigPath = DEFAULT_PATH,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value comes from.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show the settings in effect, secrets masked."""
    loaded = load_config(config)
    typer.echo(_as_json(loaded, origin) if as_json else as_toml(loaded, origin))


def _report(problems: tuple[Problem, ...], notices: tuple[str, ...]) -> str:
    rows = [
        {"key": row.key, "message": row.message, "cure": row.cure, "line": row.line}
        for row in problems
    ]
    body = {"ok": not problems, "problems": rows, "notices": list(notices)}
    return json.dumps(body, ensure_ascii=False)


def _as_json(config: Config, origin: bool) -> str:
    body = {
        "file": str(config.path),
        "account": config.account,
        "state_file": str(config.state_path()),
        "settings": effective(config),
    }
    if origin:
        body["origins"] = config.origins
    return json.dumps(body, ensure_ascii=False)
