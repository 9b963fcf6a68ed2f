"""What `amzsync alarms` says, to people and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from amzsync.cli.printing import out, print_json, relative, say
from amzsync.cli.wiring import channel_key
from amzsync.config import Config
from amzsync.http.notice import Answer
from amzsync.ops.alarm_delivery import Delivery
from amzsync.ops.alarm_messages import looking_command
from amzsync.ops.alarm_rules import KINDS, flow_words, worded
from amzsync.ops.alarms import Looked
from amzsync.state.alarms import Alarm, Rule, Told

NOBODY = (
    "nobody is told: set webhook_url, command or ping_url under [monitoring], then see"
    " amzsync alarms test"
)
CRON = "cron is to call it: */5 * * * * amzsync alarms --config PATH"


def say_look(
    seen: Looked, sent: list[Delivery], pinged: Answer | None, config: Config, now: datetime
) -> None:
    """What a look came to, for people."""
    for alarm in seen.raised:
        say(f"{alarm.rule.name}: raised {_since(alarm, now)}")
        for finding in alarm.standing.findings:
            say(f"  {finding}")
        say(f"  see {looking_command(config, KINDS[alarm.rule.kind].look)}")
    for name in seen.ended:
        say(f"{name}: over")
    for delivery in sent:
        names = ", ".join(delivery.alarms)
        say(f"{delivery.target}: told {names}" if delivery.ok else failed(delivery))
    if pinged is not None and not pinged.ok:
        say(f"the ping failed: {pinged.text}")
    if not seen.raised:
        say("no alarm is raised")
    if not has_target(config):
        say(NOBODY)


def look_json(
    channel: str, seen: Looked, sent: list[Delivery], pinged: Answer | None, now: datetime
) -> dict[str, Any]:
    """What a look came to."""
    return {
        "channel": channel,
        "at": now.isoformat(),
        "exit_code": None,
        "raised": [alarm_json(alarm) for alarm in seen.raised],
        "started": list(seen.started),
        "ended": list(seen.ended),
        "deliveries": [
            {
                "target": delivery.target,
                "alarms": list(delivery.alarms),
                "ok": delivery.ok,
                "answer": delivery.answer,
            }
            for delivery in sent
        ],
        "ping": pinged and answer_json(pinged),
        "error": None,
    }


def has_target(config: Config) -> bool:
    """Whether there is anybody to be told."""
    told = config.monitoring
    return bool(told.webhook_url or told.command or told.ping_url)


def failed(delivery: Delivery) -> str:
    """That telling came to nothing."""
    names = ", ".join(delivery.alarms)
    return f"{delivery.target} could not be told of {names}: {delivery.answer}; tried again later"


def _since(alarm: Alarm, now: datetime) -> str:
    standing = alarm.standing
    ending = "; nothing found at the last look" if standing.quiet else ""
    return f"since {relative(standing.raised_at or now, now)}{ending}"


def row(alarm: Alarm, told: list[Told], now: datetime) -> tuple[str | int, ...]:
    """An alarm as a row of the list."""
    standing = alarm.standing
    if standing.raised:
        stands = f"RAISED {_since(alarm, now)}"
    elif standing.ended_at:
        stands = f"quiet since {relative(standing.ended_at, now)}"
    else:
        stands = "quiet"
    times = [row.at for row in told if row.alarm == alarm.rule.name and row.at]
    last = relative(max(times), now) if times else ""
    return alarm.rule.name, _raised_when(alarm.rule), stands, last


def tell_rule(config: Config, one: Rule, *, as_json: bool, removed: bool = False) -> None:
    """The rule as it is now."""
    if as_json:
        body = {"channel": channel_key(config), "alarm": _rule_json(one), "removed": removed}
        print_json({**body, "exit_code": 0, "error": None})
        return
    out(f"{one.name}: removed" if removed else f"{one.name}: raised when {_raised_when(one)}")


def _raised_when(one: Rule) -> str:
    of = f" ({flow_words(one)})" if one.flow else ""
    return f"{worded(one)}{of}"


def _rule_json(one: Rule) -> dict[str, Any]:
    kind = KINDS[one.kind]
    return {
        "name": one.name,
        "rule": one.kind,
        "when": worded(one),
        "flow": flow_words(one),
        "threshold": None if kind.threshold is None else one.threshold,
        "minutes": None if kind.minutes is None else one.minutes,
    }


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    """A rule and how it stands."""
    standing = alarm.standing
    return {
        **_rule_json(alarm.rule),
        "raised": standing.raised,
        "since": standing.raised_at and standing.raised_at.isoformat(),
        "until": standing.ended_at and standing.ended_at.isoformat(),
        "times": standing.episode,
        "findings": list(standing.findings) if standing.raised else [],
    }


def told_json(alarm: Alarm, told: list[Told]) -> list[dict[str, Any]]:
    """What every target was told of the alarm, and how telling it goes."""
    return [
        {
            "target": row.target,
            "at": row.at and row.at.isoformat(),
            "pending": row.is_news(alarm.standing),
            "failures": row.failures,
            "fault": row.fault,
            "next_try_at": row.next_try_at and row.next_try_at.isoformat(),
        }
        for row in told
        if row.alarm == alarm.rule.name
    ]


def answer_json(answer: Answer) -> dict[str, Any]:
    """What a target answered."""
    return {"ok": answer.ok, "answer": answer.text}
