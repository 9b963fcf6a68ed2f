"""The journal read back: which runs and records somebody wants to see, and those still to come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from amzsync.clock import Clock
from amzsync.state.journal import Journal, Record, Sought
from amzsync.state.runs import Run
from amzsync.state.state import State

POLL: Final = 1.0  # seconds between two looks at the journal
_PORTION = 1000  # rows read at once
_OPEN = 200  # runs whose end is awaited; killed ones never end and are given up, the oldest first


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be seen: runs, records, or both; None leaves out one of them."""

    runs: Sought | None
    records: Sought | None


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of what there is, newest first; `more` there would be."""

    runs: list[Run] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    more: bool = False


def look(state: State, channel: str, wish: Wish, limit: int) -> Portion:
    """The newest of what is wished for, at most so many of each."""
    runs = state.journal.runs(channel, wish.runs, limit + 1) if wish.runs else []
    records = state.journal.records(channel, wish.records, limit + 1) if wish.records else []
    more = len(runs) > limit or len(records) > limit
    return Portion(runs[:limit], records[:limit], more)


class StateFile:
    """The state file at a path, opened anew when another file has taken its place."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._known: tuple[int, int] | None = None
        self._state: State | None = None

    def now(self) -> tuple[State, bool] | None:
        """The open file, and whether it is another than the last time; None while there is none.

        It is never created: that is for the runs. Errors: StateError, StateUnavailableError.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116 - as for a Path, without making one a second
        except FileNotFoundError:
            self.close()
            return None
        if self._state is not None and self._known == (found.st_dev, found.st_ino):
            return self._state, False
        self.close()
        self._state = State.open(self._path, self._clock)
        self._known = (found.st_dev, found.st_ino)
        return self._state, True

    def close(self) -> None:
        """Close it, if it is open."""
        if self._state is not None:
            self._state.close()
            self._state = None


@dataclass(slots=True)
class _Place:
    """How far somebody has followed: the last run and record, and the runs that go on."""

    run: int
    record: int
    going_on: list[int]


def follow(
    file: StateFile, clock: Clock, channel: str, wish: Wish, backlog: int, wait: Callable[[], None]
) -> Iterator[Run | Record]:
    """The last of what there is, oldest first, then all that comes, for ever.

    A run comes when it has ended. `wait` is called whenever there is nothing new; what it raises
    ends it. Rows that are pruned and a file that is replaced break nothing and repeat nothing.
    """
    place: _Place | None = None
    looked_at: datetime | None = None
    while True:
        found = file.now()
        if found is not None:
            state, other = found
            journal = state.journal
            if looked_at is None:
                place = _begin(journal, channel)
                yield from _backlog(journal, channel, wish, backlog, place)
            elif place is None or other or _went_back(journal, place):
                place = _begin(journal, channel, looked_at)
            looked_at = clock.now()
            yield from _news(journal, channel, wish, place)
        elif looked_at is None:
            place, looked_at = _Place(0, 0, []), clock.now()
        wait()


def _begin(journal: Journal, channel: str, at: datetime | None = None) -> _Place:
    run, record = journal.ends(at)
    going_on = journal.runs(channel, Sought(results=("open",), until=at), _OPEN)
    return _Place(run, record, [each.id for each in going_on if each.id <= run])


def _went_back(journal: Journal, place: _Place) -> bool:
    """Whether numbers are given anew: all that was noted has been dropped since."""
    run, record = journal.ends()
    return run < place.run or record < place.record


def _backlog(
    journal: Journal, channel: str, wish: Wish, limit: int, place: _Place
) -> list[Run | Record]:
    found: list[Run | Record] = []
    if wish.runs:
        runs = journal.runs(channel, wish.runs, limit)
        found += [run for run in runs if run.id <= place.run and run.id not in place.going_on]
    if wish.records:
        records = journal.records(channel, wish.records, limit)
        found += [record for record in records if record.id <= place.record]
    return sorted(found, key=_place_in_time)[-limit:]


def _news(journal: Journal, channel: str, wish: Wish, place: _Place) -> list[Run | Record]:
    """What has come since; the place moves on."""
    found: list[Run | Record] = []
    found += _new_records(journal, channel, wish.records, place)
    found += _new_ends(journal, channel, wish.runs, place)
    return sorted(found, key=_place_in_time)


def _new_records(
    journal: Journal, channel: str, sought: Sought | None, place: _Place
) -> Iterator[Record]:
    if sought is None:
        return
    _, end = journal.ends()
    sought = replace(sought, since=None)
    while rows := journal.records(channel, sought, _PORTION, place.record, oldest=True):
        yield from rows
        place.record = rows[-1].id
        if len(rows) < _PORTION:
            break
    place.record = max(place.record, end)


def _new_ends(journal: Journal, channel: str, sought: Sought | None, place: _Place) -> list[Run]:
    if sought is None:
        return []
    while rows := journal.runs(channel, Sought(), _PORTION, place.run, oldest=True):
        place.going_on += [run.id for run in rows]
        place.run = rows[-1].id
    runs = journal.of(place.going_on)
    place.going_on = [run.id for run in runs if run.ended_at is None][-_OPEN:]
    return [run for run in runs if run.ended_at is not None and _fits(run, sought)]


def _fits(run: Run, sought: Sought) -> bool:
    return (
        (not sought.flows or run.flow in sought.flows)
        and (not sought.results or result_of(run) in sought.results)
        and (not sought.exit_codes or run.exit_code in sought.exit_codes)
    )


def result_of(run: Run) -> str:
    """ok, failed, or open: it still goes on, or was killed."""
    if run.exit_code is None:
        return "open"
    return "failed" if run.exit_code else "ok"


def _place_in_time(found: Run | Record) -> tuple[datetime, bool]:
    """A run's end comes after its records."""
    if isinstance(found, Record):
        return found.at, False
    return found.ended_at or found.started_at, True
