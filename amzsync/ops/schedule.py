"""What cron starts for a channel, and when: the manual's frequencies, each with a phase of its own.

Many channels on one machine would start in the same second. So each job of a channel has a phase
that never changes: a job of every five minutes starts at minute 3, 8, 13 …, the one of 06:00 within
06:00; and all of them some seconds later, which cron sleeps and systemd knows itself. A phase moves
a job once and for all: its frequency stays the manual's, and no interval gets longer or shorter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from amzsync.config import Config
from amzsync.flows import FLOWS, Entry
from amzsync.ops.report import REPORT

# A run that hangs ends after a quarter of an hour, and its lock with it. Shorter than that a feed
# of 25,000 changes would be cut; a flow's next run leaves quietly while this one goes on.
MAX_RUNTIME: Final = 900
SECONDS: Final = 50
"""The phase's seconds are less than this: what starts at minute 0 still starts within it."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Job:
    """What cron starts: the words after `amzsync` besides --config, the schedule, and why.

    `flag` is the setting that has it run, "" for none.
    """

    name: str
    words: tuple[str, ...]
    summary: str
    cron: str
    flag: str = ""

    @property
    def command(self) -> str:
        """The words that name it, without options."""
        return " ".join(word for word in self.words if not word.startswith("-"))


@dataclass(frozen=True, slots=True)
class Phase:
    """By how much a job starts after its schedule's own moments."""

    minutes: int
    seconds: int


OPERATIONS: Final = (
    Job(REPORT.name, ("report", "--fix"), REPORT.summary, REPORT.cron),
    Job("alarms", ("alarms",), "Look whether something is wrong, and tell it", "*/5 * * * *"),
)


def job_of(flow: Entry) -> Job:
    """A flow as cron starts it."""
    return Job(flow.name, tuple(flow.command.split()), flow.summary, flow.cron, flow.flag)


def jobs(config: Config) -> list[Job]:
    """What is to be started for the channel: its flows that are on, and the operations."""
    flows = [job_of(flow) for flow in FLOWS if flow.cron and not flow.why_off(config)]
    return [*flows, *OPERATIONS] if flows else []


def command_line(job: Job, program: Sequence[str], config: Path) -> list[str]:
    """The job as cron starts it, with an end to it; `alarms` bounds itself."""
    limit = () if job.name == "alarms" else ("--max-runtime", str(MAX_RUNTIME))
    return [*program, *job.words, "--config", str(config), *limit]


def phase(config: Config, job: Job) -> Phase:
    """The job's phase on this channel, the same on every machine and every day."""
    name = f"{config.account} {config.omnitron.channel_id} {job.name}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    minutes, seconds = divmod(number, SECONDS)
    return Phase(minutes % _step(job.cron), seconds)


def moved(cron: str, minutes: int) -> str:
    """A schedule of ours, moved: `*/5 * * * *` by two minutes is `2-59/5 * * * *`."""
    rest = cron.split(" ", 1)[1]
    return f"{minutes}-59/{_step(cron)} {rest}" if minutes else cron


def after(cron: str, moment: datetime) -> datetime:
    """The schedule's first moment after that one; cron's hours are those of this machine."""
    minute, hour, *_ = cron.split()
    minutes, hours = list(_values(minute, 60)), list(_values(hour, 24))
    today = moment.astimezone().date()
    days = (today + timedelta(days=days) for days in range(3))
    moments = (
        datetime.combine(day, time(hour, minute)).astimezone(UTC)
        for day in days
        for hour in hours
        for minute in minutes
    )
    return next(found for found in moments if found > moment)


def due_after(config: Config, job: Job, moment: datetime) -> datetime:
    """When the job starts next after a start at that moment, by `cron print`'s schedule.

    Seconds are whoever's starts it: it is no later than its interval after the last start.
    """
    moves = phase(config, job)
    due = after(moved(job.cron, moves.minutes), moment) + timedelta(seconds=moves.seconds)
    goes_on = job.cron.split()[1] == "*"
    return min(due, moment + timedelta(minutes=_step(job.cron))) if goes_on else due


def runs_per_day(cron: str) -> int:
    """How often a schedule starts its job in a day."""
    minute, hour, *_ = cron.split()
    return len(list(_values(minute, 60))) * len(list(_values(hour, 24)))


def patience(cron: str, due: datetime) -> timedelta:
    """How late a start is no news: once more its interval, an hour at most.

    A crontab made by hand has other phases.
    """
    following = after(cron, due)
    return min(after(cron, following) - following, _HOUR) + timedelta(minutes=1)


def _step(cron: str) -> int:
    minute = cron.split()[0]
    return int(minute.removeprefix("*/")) if minute.startswith("*/") else 1


def _values(field: str, count: int) -> Iterator[int]:
    """The values of a field: `*`, `6`, `4-6`, `*/5`, `2-59/5`."""
    span, _, step = field.partition("/")
    first, _, last = span.partition("-")
    if first == "*":
        first, last = "0", str(count - 1)
    yield from range(int(first), int(last or first) + 1, int(step or 1))
