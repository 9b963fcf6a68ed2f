"""`amzsync cron`: the crontab lines of a channel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from amzsync.cli.options import DEFAULT_PATH, ConfigPath, Verbose, group
from amzsync.cli.printing import say, verbatim
from amzsync.config import load_config
from amzsync.ops.crontab import lines, variables

app = group("cron", "The crontab of a channel.")


def command(_name: str) -> Any:
    """The `cron` group."""
    return typer.main.get_command(app)


@app.command("print")
def print_(config: ConfigPath = DEFAULT_PATH, verbose: Verbose = 0) -> None:
    """Print a crontab line for every flow whose flag is on."""
    loaded = load_config(config)
    found = lines(loaded, _program())
    name = " ".join(loaded.channel_name.split())
    verbatim(f"# amzsync, {name}; add these lines with crontab -e")
    for text in found:
        verbatim(text)
    if not found:
        say("no flag under [feature_flags] is on, so there is nothing to run")
    if needed := variables(loaded):
        say(
            f"the config reads {', '.join(needed)} from the environment, which cron does not have:"
            " set them at the top of the crontab, or use file: in the config"
        )


def _program() -> list[str]:
    """How this very program is started, whatever the PATH of cron is."""
    script = Path(sys.executable).with_name("amzsync")
    return [str(script)] if script.exists() else [sys.executable, "-m", "amzsync"]
