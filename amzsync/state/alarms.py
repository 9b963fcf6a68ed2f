"""Alarm rules by channel, how each of them stands, and what every target was told of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from amzsync.state.store import Store, to_moment, to_text

Event = Literal["raised", "ended"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alarm watches. `flow` "" is every flow; 0 is a number the rule does not take."""

    name: str
    kind: str
    flow: str = ""
    threshold: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alarm stands.

    `episode` counts how often it was raised. `quiet` counts the looks that found nothing since it
    was raised last. `findings` are what raised it, or kept it raised, at the latest.
    """

    episode: int = 0
    raised_at: datetime | None = None
    ended_at: datetime | None = None
    quiet: int = 0
    findings: tuple[str, ...] = ()

    @property
    def raised(self) -> bool:
        """Whether it goes on."""
        return self.raised_at is not None and self.ended_at is None

    @property
    def event(self) -> Event:
        """The last thing that happened to it."""
        return "raised" if self.raised else "ended"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule and how it stands. A removed one is kept: its end may still have to be told."""

    rule: Rule
    standing: Standing
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """The last thing a target was told of an alarm, and how telling it goes.

    `failures` counts the tries since that came to nothing, the last of them by `fault`.
    """

    alarm: str
    target: str
    episode: int
    event: Event
    at: datetime | None
    failures: int
    next_try_at: datetime | None
    fault: str

    def is_news(self, standing: Standing) -> bool:
        """Whether the alarm has gone on since."""
        return (self.episode, self.event) != (standing.episode, standing.event)


class Alarms:
    """The alarms of all channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seed(self, channel: str, rules: Iterable[Rule]) -> None:
        """Add those of these rules the channel never had; one that was removed stays so."""
        self._store.execute_many(
            "INSERT OR IGNORE INTO alarms (channel, name, kind, flow, threshold, minutes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(channel, r.name, r.kind, r.flow, r.threshold, r.minutes) for r in rules],
        )

    def put(self, channel: str, rule: Rule) -> None:
        """Create a rule or change it; how it stands is left as it is."""
        self._store.execute(
            "INSERT INTO alarms (channel, name, kind, flow, threshold, minutes)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (channel, name) DO UPDATE SET"
            " kind = excluded.kind, flow = excluded.flow, threshold = excluded.threshold,"
            " minutes = excluded.minutes, removed = 0",
            [channel, rule.name, rule.kind, rule.flow, rule.threshold, rule.minutes],
        )

    def remove(self, channel: str, name: str) -> None:
        """The rule watches nothing any more; if it is raised, the next look ends it."""
        self._store.execute(
            "UPDATE alarms SET removed = 1 WHERE channel = ? AND name = ?", [channel, name]
        )

    def all(self, channel: str) -> list[Alarm]:
        """All of them by name, removed ones too."""
        rows = self._store.rows("SELECT * FROM alarms WHERE channel = ? ORDER BY name", [channel])
        return [_alarm(row) for row in rows]

    def stand(self, channel: str, name: str, standing: Standing) -> None:
        """Note how an alarm stands."""
        self._store.execute(
            "UPDATE alarms SET episode = ?, raised_at = ?, ended_at = ?, quiet = ?, findings = ?"
            " WHERE channel = ? AND name = ?",
            [
                standing.episode,
                _text(standing.raised_at),
                _text(standing.ended_at),
                standing.quiet,
                json.dumps(standing.findings),
                channel,
                name,
            ],
        )

    def meet(self, channel: str, targets: Iterable[str]) -> None:
        """Know exactly these targets; one met for the first time is told nothing of the past."""
        names = json.dumps(list(targets))
        with self._store.atomic():
            self._store.execute(
                "DELETE FROM alarm_told WHERE channel = ?"
                " AND target NOT IN (SELECT value FROM json_each(?))",
                [channel, names],
            )
            self._store.execute(
                "INSERT OR IGNORE INTO alarm_told (channel, name, target, episode, event)"
                " SELECT channel, name, value, episode, 'ended' FROM alarms, json_each(?)"
                " WHERE channel = ?",
                [names, channel],
            )

    def told(self, channel: str) -> list[Told]:
        """What every target was told, by alarm."""
        rows = self._store.rows(
            "SELECT * FROM alarm_told WHERE channel = ? ORDER BY name, target", [channel]
        )
        return [_told(row) for row in rows]

    def tell(
        self, channel: str, target: str, told: Iterable[tuple[str, Standing]], now: datetime
    ) -> None:
        """Note that a target was told how these alarms stand."""
        self._store.execute_many(
            "UPDATE alarm_told SET episode = ?, event = ?, told_at = ?, failures = 0,"
            " next_try_at = NULL, fault = '' WHERE channel = ? AND name = ? AND target = ?",
            [
                (standing.episode, standing.event, to_text(now), channel, name, target)
                for name, standing in told
            ],
        )

    def miss(
        self, channel: str, target: str, names: Iterable[str], fault: str, next_try_at: datetime
    ) -> None:
        """Note that telling these alarms to a target failed."""
        self._store.execute_many(
            "UPDATE alarm_told SET failures = failures + 1, next_try_at = ?, fault = ?"
            " WHERE channel = ? AND name = ? AND target = ?",
            [(to_text(next_try_at), fault, channel, name, target) for name in names],
        )

    def watch_flows(self, channel: str, flows: Iterable[str], now: datetime) -> dict[str, datetime]:
        """Note that exactly these flows are on; since when each was seen to be."""
        names = json.dumps(list(flows))
        with self._store.atomic():
            self._store.execute(
                "DELETE FROM alarm_flows WHERE channel = ?"
                " AND flow NOT IN (SELECT value FROM json_each(?))",
                [channel, names],
            )
            self._store.execute(
                "INSERT OR IGNORE INTO alarm_flows (channel, flow, on_since)"
                " SELECT ?, value, ? FROM json_each(?)",
                [channel, to_text(now), names],
            )
            rows = self._store.rows("SELECT * FROM alarm_flows WHERE channel = ?", [channel])
        return {row["flow"]: to_moment(row["on_since"]) for row in rows}


def _alarm(row: dict[str, Any]) -> Alarm:
    standing = Standing(
        episode=row["episode"],
        raised_at=_moment(row["raised_at"]),
        ended_at=_moment(row["ended_at"]),
        quiet=row["quiet"],
        findings=tuple(json.loads(row["findings"])),
    )
    names = ("name", "kind", "flow", "threshold", "minutes")
    return Alarm(Rule(**{name: row[name] for name in names}), standing, bool(row["removed"]))


def _told(row: dict[str, Any]) -> Told:
    return Told(
        alarm=row["name"],
        target=row["target"],
        episode=row["episode"],
        event=row["event"],
        at=_moment(row["told_at"]),
        failures=row["failures"],
        next_try_at=_moment(row["next_try_at"]),
        fault=row["fault"],
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else to_moment(text)
