"""The crontab lines of a channel: absolute paths, nothing a shell profile would have to give."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from amzsync.config import Config
from amzsync.config.document import read
from amzsync.config.known import value_at
from amzsync.config.secrets import variable_of
from amzsync.flows import FLOWS, Entry

# A run that hangs ends after a quarter of an hour, and its lock with it. Shorter than that a feed
# of 25,000 changes would be cut; a flow's next run leaves quietly while this one goes on.
MAX_RUNTIME = 900


def line(entry: Entry, program: Sequence[str], config: Path) -> str:
    """One crontab line."""
    words = [*program, *entry.command.split(), "--config", str(config)]
    command = shlex.join([*words, "--max-runtime", str(MAX_RUNTIME)])
    escaped = command.replace("%", r"\%")  # cron reads a bare % as the end of the line
    return f"{entry.cron} {escaped}"


def lines(config: Config, program: Sequence[str]) -> list[str]:
    """The lines of every flow the channel runs by itself."""
    path = config.path.absolute()
    return [
        line(entry, program, path) for entry in FLOWS if entry.cron and not entry.why_off(config)
    ]


def variables(config: Config) -> list[str]:
    """The environment variables the config rests on: cron starts without those of a shell."""
    given = (origin.removeprefix("environment ") for origin in config.origins.values())
    overlaid = {name for name in given if name.startswith("AMZSYNC_")}
    return sorted(overlaid | set(_referenced(read(config.path).values, config.origins)))


def _referenced(values: object, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        name = variable_of(value_at(values, tuple(key.split("."))))
        if name:
            yield name
