"""systemd's units of a channel: a service and a timer for each job, as strict as the job allows.

System units, for they run as the owner of the config and wake up without anybody logged in. Units
by name and not a template by config: each has the phase of its channel.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amzsync.config import Config
from amzsync.ops.crontab import variables
from amzsync.ops.schedule import MAX_RUNTIME, SECONDS, Job, command_line, jobs, moved, phase

GRACE: Final = 60  # seconds beyond --max-runtime after which systemd ends a run that does not end

# Exit 7 (another run goes on) and 10 (time was over) are no failures: the next run goes on.
_SERVICE = """\
[Unit]
Description=amzsync, channel {channel}: {summary}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
ExecStart={command}
{environment}SuccessExitStatus=7 10
TimeoutStartSec={timeout}
Nice=10
UMask=0077
NoNewPrivileges=true
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

# The delay is the same at every start (FixedRandomDelay): it is the seconds of the phase.
# Without AccuracySec systemd starts a job of every minute whenever within it.
_TIMER = """\
[Unit]
Description=amzsync, channel {channel}: {summary}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec={seconds}s
FixedRandomDelay=true
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit file."""

    name: str
    text: str

    @property
    def is_timer(self) -> bool:
        """Whether it is the one to be enabled."""
        return self.name.endswith(".timer")


def units(config: Config, program: Sequence[str]) -> list[Unit]:
    """The units of everything the channel runs by itself."""
    return [unit for job in jobs(config) for unit in _units(config, job, program)]


def prefix(config: Config) -> str:
    """What the names of the channel's units begin with, and no other's: the config's name."""
    return f"amzsync-{re.sub(r'[^A-Za-z0-9_]+', '-', config.path.stem).strip('-')}."


def environment_file(config: Config) -> Path | None:
    """Where the units read the variables the config rests on; None where there are none."""
    return config.path.absolute().with_suffix(".env") if variables(config) else None


def owner(config: Config) -> str:
    """The user who owns the config, and so runs the channel."""
    uid = config.path.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def writable(config: Config) -> list[Path]:
    """The folders a run writes to; systemd wants them to be there."""
    log = config.logs.json_to
    paths = [_state_path(config)]
    if log not in ("", "stderr"):
        paths.append(config.path.parent / Path(log).expanduser())
    return list(dict.fromkeys(path.absolute().parent for path in paths))


def _state_path(config: Config) -> Path:
    """The owner's state file, whoever prints: the default one is in that user's home."""
    uid = config.path.stat().st_uid
    if config.state.path or uid == os.getuid():
        return config.state_path()
    try:
        home = Path(pwd.getpwuid(uid).pw_dir)
    except KeyError:
        return config.state_path()
    return home / ".local" / "state" / "amzsync" / config.state_path().name


def _units(config: Config, job: Job, program: Sequence[str]) -> Iterator[Unit]:
    name = prefix(config) + job.command.replace(" ", "-")
    about = {"channel": config.omnitron.channel_id, "summary": job.summary}
    moves = phase(config, job)
    variables_at = environment_file(config)
    yield Unit(
        f"{name}.service",
        _SERVICE.format(
            **about,
            user=owner(config),
            command=command_text(command_line(job, program, config.path.absolute())),
            environment=f"EnvironmentFile={_escaped(variables_at)}\n" if variables_at else "",
            timeout=MAX_RUNTIME + GRACE,
            writable=" ".join(quoted(str(path)) for path in writable(config)),
        ),
    )
    yield Unit(
        f"{name}.timer",
        _TIMER.format(**about, calendar=calendar(moved(job.cron, moves.minutes)), seconds=SECONDS),
    )


def calendar(cron: str) -> str:
    """A schedule of ours as systemd writes it: `2-59/5 * * * *` is `*-*-* *:02/5:00`."""
    minute, hour, *_ = cron.split()
    return f"*-*-* {_field(hour)}:{_field(minute)}:00"


def quoted(word: str) -> str:
    """A word as systemd reads it from a list."""
    if word and all(letter.isalnum() or letter in "/.,:=@+-_" for letter in word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(escaped)}"'


def command_text(words: Sequence[str]) -> str:
    """A command line for ExecStart, where $ begins a variable."""
    return " ".join(quoted(word).replace("$", "$$") for word in words)


def _escaped(text: object) -> str:
    return str(text).replace("%", "%%")  # % begins a specifier


def _field(field: str) -> str:
    span, _, step = field.partition("/")
    first, _, last = span.partition("-")
    if first == "*":
        return f"00/{step}" if step else "*"
    if step:
        return f"{int(first):02}/{step}"
    return f"{int(first):02}..{int(last):02}" if last else f"{int(first):02}"
