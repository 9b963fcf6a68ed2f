"""`amzsync config`: write a channel's file, check it, show what it comes to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import options
from amzsync.cli.printing import print_json, say
from amzsync.config import Config, load_config
from amzsync.config.example import example
from amzsync.config.listing import as_toml, effective
from amzsync.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from amzsync.cli.from_omnitron import Place
    from amzsync.ops.channel_settings import Taken

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
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = DEFAULT_PATH,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    from_omnitron: Annotated[
        str | None,
        typer.Option(
            "--from-omnitron",
            metavar="URL",
            help="Fill it in from the channel's settings in this Omnitron. Never overwrites.",
        ),
    ] = None,
    username: Annotated[
        str | None, typer.Option("--username", help="Omnitron's user, with --from-omnitron.")
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option("--channel", min=1, help="Id of the channel, with --from-omnitron."),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            "--password",
            metavar="PLACE",
            help="Where the user's password is: env:NAME, file:PATH or cmd:COMMAND. The file will"
            " say the same. Without it you are asked, and what you type is written to the file.",
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a config file with every setting explained, for you to fill in.

    With --from-omnitron the settings of the channel are filled in already, secrets included: they
    are written out, in a file only you may read. What Omnitron does not have stays REQUIRED.
    """
    if from_omnitron is None:
        if username or channel or password:
            raise UsageError("--username, --channel and --password go with --from-omnitron")
        _write(path, example(), force=force)
        if as_json:
            print_json({"file": str(path)})
        _say_next(path)
        return
    from amzsync.cli.from_omnitron import place, settings_at  # the other commands call nobody

    where = place(from_omnitron, username, channel, password)
    if force:
        raise UsageError("--from-omnitron overwrites nothing, so it has no use for --force")
    if path.exists():
        raise UsageError(f"{path} is there already; write elsewhere, and compare with doctor")
    taken = settings_at(where, path.parent, options.session_of(context).clock)
    _write(path, _filled_in(taken, where), force=False)
    if as_json:
        body = {"file": str(path), "channel": where.channel_id, "settings": sorted(taken.values)}
        print_json({**body, "not_taken": taken.left, "missing": list(taken.missing)})
    _say_taken(path, taken, where)
    _say_next(path)


def _filled_in(taken: Taken, where: Place) -> str:
    own = {
        "url": where.url,
        "username": where.username,
        "password": where.password,
        "channel_id": where.channel_id,
    }
    origin = (
        f"Filled in from channel {where.channel_id} of {where.url}. The secrets below came from"
        " there: keep this file readable by its owner alone (mode 0600), or move each to a place"
        " named by env:, file: or cmd:."
    )
    return example({**taken.values, "omnitron": own}, origin)


def _say_taken(path: Path, taken: Taken, where: Place) -> None:
    say(f"{len(taken.values)} settings of channel {where.channel_id} ({taken.name}) taken over")
    for key, why in taken.left.items():
        say(f"not taken: {key} {why}")
    for key in taken.missing:
        say(f"missing: Omnitron has no {key}; it is REQUIRED in {path}")


def _say_next(path: Path) -> None:
    say(
        f"{path} written; only you may read it. Next:\n"
        "  1. fill in what says REQUIRED, and put the secrets where it says they are\n"
        "  2. switch on the flags you need under [feature_flags]\n"
        f"  3. amzsync config check --config {path}"
    )


def _write(path: Path, text: str, *, force: bool) -> None:
    """The file with mode 0600, whole or not at all. Errors: UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if force:
            draft.replace(path)
        else:
            path.hardlink_to(draft)  # fails if somebody else has made one meanwhile
    except FileExistsError:
        raise UsageError(f"{path} is there already; --force overwrites it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


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
