"""When cron starts what: the manual's frequencies, moved by a phase of each channel's own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from amzsync.flows import FLOWS
from amzsync.ops.schedule import (
    OPERATIONS,
    SECONDS,
    Job,
    after,
    due_after,
    job_of,
    jobs,
    moved,
    patience,
    phase,
    runs_per_day,
)
from tests.unit.ops.schedules import all_on, loaded

JOBS = [*(job_of(flow) for flow in FLOWS if flow.cron), *OPERATIONS]
MORNING = datetime(2026, 11, 23, 5, 59, 30, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return all_on(tmp_path, monkeypatch)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A machine whose time zone the test sets; UTC first."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def starts(cron: str, count: int, moment: datetime = MORNING) -> list[str]:
    """The schedule's next moments."""
    found = [after(cron, moment)]
    while len(found) < count:
        found.append(after(cron, found[-1]))
    return [f"{each:%H:%M:%S}" for each in found]


def test_a_schedule_gives_its_next_moments(zone: pytest.MonkeyPatch) -> None:
    assert starts("* * * * *", 2) == ["06:00:00", "06:01:00"]
    assert starts("*/5 * * * *", 2) == ["06:00:00", "06:05:00"]
    assert starts("3-59/5 * * * *", 3) == ["06:03:00", "06:08:00", "06:13:00"]
    assert starts("0 6 * * *", 2) == ["06:00:00", "06:00:00"]
    assert starts("*/10 4-6 * * *", 8)[-3:] == ["06:50:00", "04:00:00", "04:10:00"]
    assert after("0 6 * * *", MORNING + timedelta(seconds=30)) == MORNING.replace(
        day=24, hour=6, minute=0, second=0
    )


def test_its_hours_are_the_machines_also_when_the_clocks_change(zone: pytest.MonkeyPatch) -> None:
    zone.setenv("TZ", "Europe/Berlin")
    time.tzset()
    assert starts("0 6 * * *", 1) == ["05:00:00"]
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the night after it, an hour is left out
    assert after("0 6 * * *", before) == datetime(2026, 3, 29, 4, tzinfo=UTC)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_no_phase_changes_how_often_a_job_starts(config: Path, job: Job) -> None:
    every = {loaded(config, n).omnitron.channel_id: phase(loaded(config, n), job) for n in (1, 2)}
    for moves in every.values():
        cron = moved(job.cron, moves.minutes)
        assert runs_per_day(cron) == runs_per_day(job.cron)
        assert cron.split()[1:] == job.cron.split()[1:]
        assert 0 <= moves.seconds < SECONDS
    if job.cron == "0 6 * * *":
        assert {moves.minutes for moves in every.values()} == {0}, "06:00 stays 06:00"


def test_a_job_of_every_five_minutes_starts_five_minutes_apart_around_the_hour() -> None:
    for minutes in range(5):
        cron = moved("*/5 * * * *", minutes)
        moment, found = MORNING, []
        for _ in range(30):
            moment = after(cron, moment)
            found.append(moment)
        assert {late - early for early, late in pairwise(found)} == {timedelta(minutes=5)}


def test_channels_of_one_machine_start_apart_and_always_at_the_same_time(config: Path) -> None:
    stock = next(job for job in JOBS if job.name == "stock.push")
    pull = next(job for job in JOBS if job.name == "orders.pull")
    one = loaded(config, 1)
    assert phase(one, pull) == phase(loaded(config, 1), pull)
    channels = [loaded(config, n) for n in range(1, 41)]
    minutes = Counter(phase(channel, pull).minutes for channel in channels)
    assert set(minutes) == set(range(5))
    assert max(minutes.values()) <= 16, "forty channels: about eight in each minute"
    seconds = Counter(phase(channel, stock).seconds for channel in channels)
    assert max(seconds.values()) <= 4


def test_what_is_due_next_follows_from_the_last_start(
    config: Path, zone: pytest.MonkeyPatch
) -> None:
    channel = loaded(config)
    for job in jobs(channel):
        moves = phase(channel, job)
        late = timedelta(seconds=moves.seconds)
        punctual = after(moved(job.cron, moves.minutes), MORNING) + late
        following = after(moved(job.cron, moves.minutes), punctual - late) + late
        assert due_after(channel, job, punctual) == following, "as `cron print` has it"
        assert due_after(channel, job, MORNING) <= punctual
    pull = job_of(FLOWS[0])
    by_systemd = MORNING + timedelta(seconds=7)
    assert due_after(channel, pull, by_systemd) <= by_systemd + timedelta(minutes=5)


def test_late_is_once_more_the_interval_and_an_hour_at_most(zone: pytest.MonkeyPatch) -> None:
    assert patience("* * * * *", MORNING) == timedelta(minutes=2)
    assert patience("*/5 * * * *", MORNING) == timedelta(minutes=6)
    assert patience("0 6 * * *", MORNING) == timedelta(minutes=61)
