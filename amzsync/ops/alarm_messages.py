"""What a webhook or a command is told: a sentence for people, and the same as fields.

Shape: `{"text": …, "amzsync": {test, channel, channel_name, alarms: [{id, name, rule, when, flow,
event, since, until, findings, look}]}}`. Slack, Mattermost and Teams show `text` as it is; the
fields stand in a table of their own because such services have a meaning for `channel` themselves.
`id` is the same however often one piece of news is sent: who must not act twice goes by it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.config import Config
from amzsync.ops.alarm_measures import lasted
from amzsync.ops.alarm_rules import KINDS, flow_words, worded
from amzsync.redaction import mask
from amzsync.state.alarms import Alarm

_FINDINGS = 10  # of an alarm, in its message
# Chat services read <!channel> and @here as calls to everybody; a far side's error may hold them.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠"})


@dataclass(frozen=True, slots=True)
class News:
    """An alarm as a target has to be told of it. `late`: its end, and its start was never told."""

    alarm: Alarm
    late: bool = False


def message(config: Config, channel: str, news: Sequence[News]) -> bytes:
    """The message about these alarms, one or several at once."""
    texts = [_sentence(config, one) for one in news]
    if len(texts) > 1:
        texts = [f"{len(texts)} alarms", *texts]
    return _document(config, channel, "\n".join(texts), [_fields(config, channel, n) for n in news])


def test_message(config: Config, channel: str) -> bytes:
    """A message that says it is none."""
    return _document(config, channel, "this is a test; no alarm has been raised", [], test=True)


def looking_command(config: Config, words: str) -> str:
    """The command line that shows what is behind an alarm."""
    return shlex.join(["amzsync", *words.split(), "--config", str(config.path.absolute())])


def _document(
    config: Config,
    channel: str,
    text: str,
    alarms: list[dict[str, Any]],
    *,
    test: bool = False,
) -> bytes:
    name = config.channel_name
    body = {
        "text": f"[amzsync] {mask(name)}: {mask(text)}".translate(_HARMLESS),
        "amzsync": {
            "test": test,
            "channel": channel,
            "channel_name": mask(name),
            "alarms": alarms,
        },
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _sentence(config: Config, news: News) -> str:
    standing, name = news.alarm.standing, news.alarm.rule.name
    if standing.raised_at is None:
        raise ValueError(f"alarm {name} was never raised")
    found = "; ".join(_shown(news.alarm))
    if standing.ended_at is None:
        look = looking_command(config, KINDS[news.alarm.rule.kind].look)
        return f"ALARM {name}, since {_moment(standing.raised_at)}: {found}. See {look}"
    times = f"{_moment(standing.raised_at)} to {_moment(standing.ended_at)}"
    length = lasted(standing.ended_at - standing.raised_at)
    why = "its rule was removed" if news.alarm.removed else f"{length}, {times}"
    late = f". It could not be told while it lasted: {found}" if news.late else ""
    return f"over: {name} ({why}){late}"


def _fields(config: Config, channel: str, news: News) -> dict[str, Any]:
    rule, standing = news.alarm.rule, news.alarm.standing
    return {
        "id": f"{channel}/{rule.name}/{standing.episode}/{standing.event}",
        "name": rule.name,
        "rule": rule.kind,
        "when": worded(rule),
        "flow": flow_words(rule),
        "event": standing.event,
        "since": standing.raised_at and standing.raised_at.isoformat(),
        "until": standing.ended_at and standing.ended_at.isoformat(),
        "findings": _shown(news.alarm),
        "look": looking_command(config, KINDS[rule.kind].look),
    }


def _shown(alarm: Alarm) -> list[str]:
    found = [mask(finding) for finding in alarm.standing.findings]
    more = [f"and {len(found) - _FINDINGS} more"] if len(found) > _FINDINGS else []
    return [*found[:_FINDINGS], *more]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
