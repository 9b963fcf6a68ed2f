"""Alarms looked at: every rule is judged, and its standing follows.

An alarm is a rule, not each thing the rule finds: an outage that reaches flow after flow is one
alarm, told once when it starts and once when it ends, and `alarms list` shows what it is made of at
present. Who wants a flow told by itself gives it a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from amzsync.config import Config
from amzsync.errors import UsageError
from amzsync.flows import FLOWS
from amzsync.ops.alarm_measures import Look
from amzsync.ops.alarm_rules import DEFAULTS, KINDS
from amzsync.state.alarms import Alarm, Rule, Standing
from amzsync.state.state import State

QUIET_LOOKS = 2  # an alarm ends at the second look in a row that finds nothing: no flapping


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to: the alarms that are raised, and those that ended by it."""

    raised: tuple[Alarm, ...]
    started: tuple[str, ...]
    ended: tuple[str, ...]


def look(config: Config, state: State, channel: str, targets: list[str], now: datetime) -> Looked:
    """Judge every rule of the channel and note how it stands. The caller holds the lock.

    `targets` are those to be told, by name: one that is new learns nothing of what is over.
    """
    alarms = state.alarms
    alarms.seed(channel, DEFAULTS)
    alarms.meet(channel, targets)
    on = [flow.name for flow in FLOWS if not flow.why_off(config)]
    seen = Look(config, state, channel, now, alarms.watch_flows(channel, on, now))
    before = alarms.all(channel)
    after = [replace(alarm, standing=_judged(alarm, seen)) for alarm in before]
    with state.store.atomic():
        for alarm in after:
            alarms.stand(channel, alarm.rule.name, alarm.standing)
        state.cursors.put(looked_cursor(channel), now.isoformat(), now)
    turned = [new for old, new in zip(before, after, strict=True) if _turned(old, new)]
    return Looked(
        raised=tuple(alarm for alarm in after if alarm.standing.raised),
        started=tuple(alarm.rule.name for alarm in turned if alarm.standing.raised),
        ended=tuple(alarm.rule.name for alarm in turned if not alarm.standing.raised),
    )


def following(before: Standing, findings: tuple[str, ...], now: datetime) -> Standing:
    """How an alarm stands after a look."""
    if findings and not before.raised:
        return Standing(before.episode + 1, raised_at=now, findings=findings)
    if findings:
        return replace(before, findings=findings, quiet=0)
    if not before.raised:
        return before
    quiet = before.quiet + 1
    return replace(before, quiet=quiet, ended_at=now if quiet >= QUIET_LOOKS else None)


def watched(state: State, channel: str) -> list[Alarm]:
    """The channel's alarms, by name."""
    state.alarms.seed(channel, DEFAULTS)
    return [alarm for alarm in state.alarms.all(channel) if not alarm.removed]


def create(state: State, channel: str, rule: Rule) -> None:
    """Watch a rule from now on. Errors: UsageError if there is one of that name."""
    if rule.name in {alarm.rule.name for alarm in watched(state, channel)}:
        raise UsageError(f"there is an alarm {rule.name} already; amzsync alarms change changes it")
    state.alarms.put(channel, rule)


def named(state: State, channel: str, name: str) -> Rule:
    """The rule of that name. Errors: UsageError."""
    rules = {alarm.rule.name: alarm.rule for alarm in watched(state, channel)}
    if name not in rules:
        raise UsageError(f"there is no alarm {name!r}; the alarms are: {', '.join(rules)}")
    return rules[name]


def untold(state: State, channel: str) -> bool:
    """Whether there is news a target has not learnt yet."""
    standings = {alarm.rule.name: alarm.standing for alarm in state.alarms.all(channel)}
    return any(told.is_news(standings[told.alarm]) for told in state.alarms.told(channel))


def looked_cursor(channel: str) -> str:
    """Where it is noted when the channel's alarms were last looked at."""
    return f"alarms:{channel}"


def last_look(state: State, channel: str) -> datetime | None:
    """When the channel's alarms were last looked at."""
    text = state.cursors.get(looked_cursor(channel))
    return None if text is None else datetime.fromisoformat(text)


def _judged(alarm: Alarm, seen: Look) -> Standing:
    standing = alarm.standing
    if not alarm.removed:
        found = tuple(KINDS[alarm.rule.kind].measure(seen, alarm.rule))
        return following(standing, found, seen.now)
    return replace(standing, ended_at=seen.now) if standing.raised else standing


def _turned(old: Alarm, new: Alarm) -> bool:
    return (old.standing.episode, old.standing.event) != (new.standing.episode, new.standing.event)
