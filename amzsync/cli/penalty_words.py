"""How penalties, their causes and cures are worded, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from amzsync.cli.printing import Cell, moment, relative, span
from amzsync.config import Config
from amzsync.ops.causes import CauseFound
from amzsync.ops.cure import Cure
from amzsync.ops.cures import cures_of
from amzsync.ops.penalties import Explained, Group
from amzsync.ops.records import cause_command, clearing_command, commands_of, running_command
from amzsync.state.penalties import Penalty
from amzsync.state.waiting import Waiting

COLUMNS = (
    "flow",
    "key",
    "stands",
    "next try",
    "tries left",
    "cause",
    "reason",
)
_SHOWN = 10  # keys of a cause


def row(found: Explained) -> Sequence[Cell]:
    """A record in the list."""
    penalty = found.penalty
    return (
        _words(penalty.flow),
        penalty.key,
        "stopped" if penalty.stopped else "waiting",
        "none" if penalty.stopped else moment(penalty.next_try_at),
        found.tries_left,
        penalty.code,
        penalty.reason,
    )


def told(group: Group, config: Config) -> Iterator[str]:
    """A cause in the list: how many, what they say, what it means, its cure and the command."""
    oldest = group.rows[0].penalty
    stopped = f", {group.stopped} stopped" if group.stopped else ""
    yield (
        f"  {len(group.rows)} x {group.code}, {_words(group.flow)}{stopped}"
        f" (since {moment(oldest.first_failed_at)})"
    )
    yield f"    says:  {oldest.reason}"
    yield from (f"    {line}" for line in _cured(group.cures))
    yield from (f"    then:  {each}" for each in commands_of(config, group.cures, group.flow))
    yield f"    then:  {cause_command(config, group.code, group.flow)}"


def explained_lines(found: Explained, config: Config, now: datetime) -> Iterator[str]:
    """All there is to say of one penalty."""
    penalty, rules = found.penalty, found.rules
    request = f" (request {penalty.request_id})" if penalty.request_id else ""
    if penalty.stopped:
        next_try = "none: its tries or its time are used up"
    else:
        next_try = relative(penalty.next_try_at, now)
    yield f"{penalty.key}, {_words(penalty.flow)}"
    yield f"  why:           {penalty.code}: {penalty.reason}{request}"
    for cure in found.cures:
        yield f"  means:         {cure.means}"
        yield f"  cure:          {cure.cure}"
    yield f"  first failure: {relative(penalty.first_failed_at, now)}"
    yield f"  last failure:  {relative(penalty.last_failed_at, now)}"
    yield (
        f"  tries used:    {penalty.failures} of {found.tries}; time is up"
        f" {moment(found.time_up_at)}"
    )
    yield f"  tries left:    {found.tries_left}"
    yield f"  next try:      {next_try}"
    yield (
        f"  settings:      [failed_integration.{rules.table}]"
        f" RETRY_INTERVAL {_seconds(rules.retry_interval)},"
        f" EXPIRATION_DATE {_seconds(rules.expiration_date)},"
        f" MAX_RETRY_COUNT {rules.max_retry_count}; they count from the next failure on"
    )
    for command in commands_of(config, found.cures, penalty.flow, penalty.key):
        yield f"  goes with it:  {command}"
    yield f"  set it free:   {clearing_command(config, penalty)}"
    yield f"  then send it:  {running_command(config, penalty.flow, penalty.key)}"


def waiting_lines(found: Waiting, config: Config, now: datetime) -> Iterator[str]:
    """All there is to say of one record that waits without penalty."""
    cures = cures_of(found.flow, found.code, found.reason)
    yield f"{found.key}, {_words(found.flow)}: waits without penalty and is tried in every run"
    yield f"  why:           {found.code}: {found.reason}"
    for cure in cures:
        yield f"  means:         {cure.means}"
        yield f"  cure:          {cure.cure}"
    yield f"  since:         {relative(found.since, now)}"
    for command in commands_of(config, cures, found.flow, found.key):
        yield f"  goes with it:  {command}"
    yield f"  try it now:    {running_command(config, found.flow, found.key)}"


def cause_lines(found: CauseFound, config: Config, now: datetime) -> Iterator[str]:
    """All there is to say of a cause or a message."""
    for cure in found.cures:
        yield f"{cure.cause}: {cure.message}"
        yield from (f"  {line}" for line in _cured([cure]))
    flow = found.groups[0].flow if found.groups else ""
    for command in commands_of(config, found.cures, flow):
        yield f"  then:  {command}"
    for group in found.groups:
        keys = [row.penalty.key for row in group.rows]
        stopped = f", {group.stopped} stopped" if group.stopped else ""
        yield (
            f"in penalty, {_words(group.flow)}: {len(keys)}{stopped}, the oldest since"
            f" {relative(group.rows[0].penalty.first_failed_at, now)}: {_some(keys)}"
        )
        yield f"  set them free: {cause_command(config, group.code, group.flow)}"
    if found.waiting:
        keys = [row.key for row in found.waiting]
        yield f"waiting without penalty: {len(keys)}: {_some(keys)}"
    if not found.groups and not found.waiting:
        yield "it holds back no record now"


def row_json(found: Explained) -> dict[str, Any]:
    """A penalty of the list as data; its cures stand with its cause. Keys are never taken away."""
    return {
        **penalty_json(found.penalty),
        "tries": found.tries,
        "tries_left": found.tries_left,
        "time_up_at": found.time_up_at.isoformat(),
    }


def explained_json(found: Explained, config: Config) -> dict[str, Any]:
    """A penalty with all there is to say of it, as data."""
    penalty, rules = found.penalty, found.rules
    return {
        **row_json(found),
        "settings": {
            "table": rules.table,
            "RETRY_INTERVAL": rules.retry_interval,
            "EXPIRATION_DATE": rules.expiration_date,
            "MAX_RETRY_COUNT": rules.max_retry_count,
        },
        "cures": cures_json(found.cures, config, penalty.flow, penalty.key),
        "clear": clearing_command(config, penalty),
    }


def penalty_json(penalty: Penalty) -> dict[str, Any]:
    """A penalty by itself as data."""
    return {
        "flow": penalty.flow,
        "key": penalty.key,
        "content_type": penalty.content_type,
        "object_id": penalty.object_id,
        "code": penalty.code,
        "reason": penalty.reason,
        "request_id": penalty.request_id,
        "failures": penalty.failures,
        "stopped": penalty.stopped,
        "first_failed_at": penalty.first_failed_at.isoformat(),
        "last_failed_at": penalty.last_failed_at.isoformat(),
        "next_try_at": None if penalty.stopped else penalty.next_try_at.isoformat(),
    }


def group_json(group: Group, config: Config) -> dict[str, Any]:
    """A cause of the list as data."""
    oldest = group.rows[0].penalty
    return {
        "flow": group.flow,
        "cause": group.code,
        "count": len(group.rows),
        "stopped": group.stopped,
        "oldest_failed_at": oldest.first_failed_at.isoformat(),
        "reason": oldest.reason,
        "cures": cures_json(group.cures, config, group.flow),
        "clear": cause_command(config, group.code, group.flow),
    }


def waiting_json(found: Waiting, config: Config) -> dict[str, Any]:
    """A record that waits without penalty as data."""
    cures = cures_of(found.flow, found.code, found.reason)
    return {
        "flow": found.flow,
        "key": found.key,
        "code": found.code,
        "reason": found.reason,
        "since": found.since.isoformat(),
        "cures": cures_json(cures, config, found.flow, found.key),
    }


def cause_json(found: CauseFound, config: Config) -> list[dict[str, Any]]:
    """A cause or message as data, a row for each of its cures."""
    flow = found.groups[0].flow if found.groups else ""
    groups = [group_json(group, config) for group in found.groups]
    waiting = len(found.waiting)
    return [
        {**row, "groups": groups, "waiting": waiting}
        for row in cures_json(found.cures, config, flow)
    ]


def cures_json(
    cures: Iterable[Cure], config: Config, flow: str, key: str = ""
) -> list[dict[str, Any]]:
    """Cures as data."""
    return [
        {
            "cause": cure.cause,
            "message": cure.message,
            "means": cure.means,
            "cure": cure.cure,
            "commands": commands_of(config, [cure], flow, key),
        }
        for cure in cures
    ]


def _cured(cures: Iterable[Cure]) -> Iterator[str]:
    for cure in cures:
        yield f"means: {cure.means}"
        yield f"cure:  {cure.cure}"


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _words(flow: str) -> str:
    return flow.replace(".", " ")


def _seconds(seconds: int) -> str:
    return f"{seconds} s ({span(timedelta(seconds=seconds))})"
