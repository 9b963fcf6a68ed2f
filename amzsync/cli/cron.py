"""`amzsync cron`: the crontab lines of a channel, or its systemd units."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli.files import check_folder, replace_file
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, group
from amzsync.cli.printing import print_json, say, verbatim
from amzsync.cli.wiring import channel_key
from amzsync.config import Config, load_config
from amzsync.ops import systemd
from amzsync.ops.crontab import crontab, line, variables
from amzsync.ops.schedule import command_line, jobs, moved, phase

NOTHING = "no flow of the channel is on, so there is nothing to run"

app = group("cron", "What starts a channel's flows by itself.")

Systemd = Annotated[
    str | None,
    typer.Option(
        "--systemd",
        metavar="DIR|-",
        help="Write systemd services and timers to this folder instead; - prints them.",
    ),
]


def command(_name: str) -> Any:
    """The `cron` group."""
    return typer.main.get_command(app)


@app.command("print")
def print_(
    config: ConfigPath = DEFAULT_PATH,
    to_systemd: Systemd = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Print the crontab lines of a channel: the flows whose flag is on, report --fix and alarms.

    They start as often as the manual says, at minutes and seconds that follow from the channel:
    many channels on one machine do not start at once. Paths are absolute, and no line needs more
    of the environment than the config itself asks for.

    \b
    Examples:
      amzsync cron print --config tr.toml
      for file in /etc/amzsync/*.toml; do
          amzsync cron print --config "$file"; done | crontab -
      sudo amzsync cron print --config tr.toml --systemd /etc/systemd/system
    """
    loaded = load_config(config)
    units = [] if to_systemd is None else systemd.units(loaded, _program())
    if to_systemd not in (None, "-"):
        check_folder(Path(str(to_systemd)))
    if as_json:
        print_json(_as_json(loaded, units))
    elif to_systemd is None:
        verbatim(crontab(loaded, _program()))
    elif to_systemd == "-":
        verbatim("\n".join(f"# {unit.name}\n{unit.text}" for unit in units).rstrip("\n"))
    if to_systemd not in (None, "-"):
        _install(loaded, Path(str(to_systemd)), units)
    if not jobs(loaded):
        say(NOTHING)
    _say_needs(loaded, to_systemd)


def _install(config: Config, folder: Path, units: list[systemd.Unit]) -> None:
    for unit in units:
        replace_file(folder / unit.name, unit.text.encode())
    say(f"{len(units)} units written to {folder}; to start them: systemctl daemon-reload, then")
    timers = [unit.name for unit in units if unit.is_timer]
    say(f"  systemctl enable --now {shlex.join(timers)}")
    wanted = {unit.name for unit in units}
    present = {path.name for path in folder.glob(f"{systemd.prefix(config)}*.timer")}
    if stale := sorted(present - wanted):
        say(f"no longer wanted: systemctl disable --now {shlex.join(stale)}, and remove the files")


def _say_needs(config: Config, to_systemd: str | None) -> None:
    """What has to be there besides the lines."""
    if needed := variables(config):
        names = ", ".join(needed)
        if to_systemd is None:
            say(
                f"the config reads {names} from the environment, which cron does not have: set"
                " them at the top of the crontab, or use file: in the config"
            )
        else:
            say(
                f"the config reads {names} from the environment: write them to"
                f" {systemd.environment_file(config)} (NAME=value, mode 0600)"
            )
    if to_systemd is not None:
        for folder in systemd.writable(config):
            if not folder.is_dir():
                user = systemd.owner(config)
                say(f"make first: install -d -m 0700 -o {user} {shlex.quote(str(folder))}")


def _as_json(config: Config, units: list[systemd.Unit]) -> dict[str, Any]:
    program, path = _program(), config.path.absolute()
    rows = []
    for job in jobs(config):
        moves = phase(config, job)
        rows.append(
            {
                "name": job.name,
                "flag": job.flag or None,
                "every": job.cron,
                "schedule": moved(job.cron, moves.minutes),
                "delay_seconds": moves.seconds,
                "command": command_line(job, program, path),
                "line": line(job, moves, program, path),
            }
        )
    return {
        "channel": channel_key(config),
        "jobs": rows,
        "units": {unit.name: unit.text for unit in units},
        "variables": variables(config),
        "exit_code": 0,
        "error": None,
    }


def _program() -> list[str]:
    """How this very program is started, whatever the PATH of cron is."""
    script = Path(sys.executable).with_name("amzsync")
    return [str(script)] if script.exists() else [sys.executable, "-m", "amzsync"]
