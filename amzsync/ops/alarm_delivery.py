"""Telling: every target learns the news of each alarm, at least once, and never in a storm.

What a target was last told is a row, and so is how the alarm stands; what differs is sent. Hence
one message when an alarm starts and one when it ends, whatever is killed when. The row is written
after the target has answered: a process killed between the two sends that one message again (its
`id` is the same), where a row written before would lose it. Of an alarm nobody hears of, everybody
believes that all is well; of one heard of twice, nobody believes anything wrong.

Two processes do not both tell, for the caller holds a lock. A target that does not answer keeps the
others from nothing; it is tried again at the next look, then less and less often. What has come and
gone meanwhile is told in one message, not in two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.clock import Clock
from amzsync.config import Config
from amzsync.ops.alarm_messages import News, message
from amzsync.ops.alarm_targets import Target
from amzsync.state.alarms import Alarm, Told
from amzsync.state.state import State

ONE_BY_ONE = 5  # alarms told in messages of their own; more at once share one
FIRST_WAIT = timedelta(minutes=5)  # before telling is tried again; doubled each time
LONGEST_WAIT = timedelta(hours=1)
_EARLY = timedelta(seconds=30)  # cron is not to miss its turn by a second

Due = tuple[News, Told]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one message. `failures` counts the tries in a row that came to nothing."""

    target: str
    alarms: tuple[str, ...]
    ok: bool
    answer: str
    failures: int = 0


def deliver(
    config: Config, state: State, channel: str, targets: list[Target], clock: Clock
) -> list[Delivery]:
    """Tell every target what it does not know yet."""
    done: list[Delivery] = []
    for target in targets:
        for group in _groups(_due(state, channel, target.name, clock.now())):
            news = [one for one, _ in group]
            answer = target.send(message(config, channel, news))
            names = tuple(one.alarm.rule.name for one in news)
            failures = 0 if answer.ok else 1 + max(told.failures for _, told in group)
            done.append(Delivery(target.name, names, answer.ok, answer.text, failures))
            if answer.ok:
                told_now = [(one.alarm.rule.name, one.alarm.standing) for one in news]
                state.alarms.tell(channel, target.name, told_now, clock.now())
            else:
                next_try = clock.now() + wait(failures) - _EARLY
                state.alarms.miss(channel, target.name, names, answer.text, next_try)
            if not answer.reached:
                break  # nobody is there: the rest would wait for nothing
    return done


def wait(failures: int) -> timedelta:
    """How long after so many failures in a row the next try may be."""
    doubled = FIRST_WAIT * (1 << min(failures - 1, 10))
    return min(LONGEST_WAIT, doubled)


def _due(state: State, channel: str, target: str, now: datetime) -> list[Due]:
    """What the target is to be told now, the oldest news first."""
    alarms = {alarm.rule.name: alarm for alarm in state.alarms.all(channel)}
    found = []
    for told in state.alarms.told(channel):
        alarm = alarms[told.alarm]
        its_turn = told.next_try_at is None or told.next_try_at <= now
        if told.target == target and told.is_news(alarm.standing) and its_turn:
            found.append((News(alarm, _late(alarm, told)), told))
    return sorted(found, key=lambda row: row[0].alarm.standing.raised_at or now)


def _late(alarm: Alarm, told: Told) -> bool:
    return not alarm.standing.raised and told.episode != alarm.standing.episode


def _groups(due: list[Due]) -> Iterator[list[Due]]:
    if len(due) > ONE_BY_ONE:
        yield due
    else:
        yield from ([one] for one in due)
