"""The crontab lines of a channel: absolute paths, nothing a shell profile would have to give."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from amzsync.config import Config
from amzsync.config.document import read
from amzsync.config.known import value_at
from amzsync.config.secrets import variable_of
from amzsync.ops.schedule import Job, Phase, command_line, jobs, moved, phase

_HEAD = """\
# amzsync, channel {channel} ({name}). Printed by
#   {command}
# Add it with crontab -e, as the user who owns the config and the state file.
#
# - A successful run prints nothing, so cron writes a mail only when something went wrong; a line
#   MAILTO=you@example.com at the top says to whom.
# - A run that is still going when the next one is due holds a lock; the next one leaves quietly.
# - --max-runtime ends a run that hangs. Work it leaves is the next run's.
# - The minutes and seconds at which a job starts follow from the channel, so that many channels on
#   one machine do not start at once. How often it starts is always the same.
# - Cron starts without your shell's profile: secrets the config names by env: have to be set at the
#   top, as AMAZON_CLIENT_SECRET=..., or named by file: instead.
# - Times are the machine's. % has a meaning of its own here and is written \\%."""


def crontab(config: Config, program: Sequence[str]) -> str:
    """The lines of everything the channel runs by itself, explained."""
    path = config.path.absolute()
    command = shlex.join(["amzsync", "cron", "print", "--config", str(path)])
    name = " ".join(config.channel_name.split())
    parts = [_HEAD.format(channel=config.omnitron.channel_id, name=name, command=command)]
    for job in jobs(config):
        flag = f" ({job.flag})" if job.flag else ""
        parts.append(f"# {job.summary}{flag}.\n{line(job, phase(config, job), program, path)}")
    return "\n\n".join(parts)


def line(job: Job, moves: Phase, program: Sequence[str], config: Path) -> str:
    """One crontab line."""
    command = shlex.join(command_line(job, program, config))
    escaped = command.replace("%", r"\%")  # cron reads a bare % as the end of the line
    pause = f"sleep {moves.seconds}; " if moves.seconds else ""
    return f"{moved(job.cron, moves.minutes)} {pause}{escaped}"


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
