"""What `amzsync status` says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from amzsync.cli.printing import moment, span
from amzsync.config import Config
from amzsync.ops.overview import FlowStatus, Overview, UnderWay
from amzsync.state.quota import BucketRow
from amzsync.state.runs import Run

COLUMNS = ("flow", "last run", "came to", "next due")
WIDTH = 80  # characters of a line: what is longer is cut, --json and logs have all of it
SHOWN = 3  # jobs, alarms and operations named
_CAME_TO = 33  # characters of that column


def title(config: Config, channel: str, now: datetime) -> str:
    """The screen's first line."""
    return _cut(f"Channel {channel}, {moment(now)}, {config.channel_name}", WIDTH)


def row(flow: FlowStatus, now: datetime) -> tuple[str, ...]:
    """A flow's line of the table."""
    run = flow.last_run
    return (
        flow.entry.command,
        f"{span(now - run.started_at)} ago" if run else "never",
        _cut(_came_to(flow, run), _CAME_TO) if run else "",
        _due(flow, now),
    )


def lines(found: Overview, now: datetime) -> Iterator[str]:
    """The lines below the table."""
    if found.inactive:
        yield "INACTIVE in Omnitron: nothing of this channel runs"
    for flow in found.rows:
        if flow.last_run is not None and flow.last_run.error:
            yield _cut(f"{flow.entry.command}: {flow.last_run.error}", WIDTH)
    until = found.orders_until
    known = f"known until {moment(until)} ({_age(until, now)})" if until else "not searched yet"
    yield from _line("orders", f"{known}; inbox: {_counted(found.inbox) or 'empty'}")
    yield from _line("backlog", _counted(found.backlog) or "none that the state knows of")
    in_flight = [_job(flow, each, now) for flow in found.rows for each in flow.jobs]
    yield from _line("in flight", _some(in_flight) or "nothing")
    yield from _line("penalties", _penalties(found, now))
    yield from _line("waiting", _waiting(found))
    yield from _line("alarms", _alarms(found, now))
    yield from _line("report", _report(found, now))
    yield from _line("quota", _quota(found.quota))


def as_json(channel: str, found: Overview, now: datetime) -> dict[str, Any]:
    """All of it, for machines."""
    report, alarms = found.report, found.alarms
    return {
        "channel": channel,
        "at": now.isoformat(),
        "inactive": found.inactive,
        "flows": [_flow_json(flow) for flow in found.flows],
        "orders_until": _text(found.orders_until),
        "inbox": found.inbox,
        "backlog": found.backlog,
        "next_try_at": _text(found.next_try_at),
        "alarms": {
            "looked_at": _text(alarms.looked_at),
            "overdue": alarms.overdue,
            "raised": [
                {
                    "name": alarm.rule.name,
                    "since": _text(alarm.standing.raised_at),
                    "findings": list(alarm.standing.findings),
                }
                for alarm in alarms.raised
            ],
        },
        "report": {
            **_flow_json(found.report_run),
            "at": _text(report.told.at if report else None),
            "snapshot_at": _text(report.told.snapshot_at if report else None),
            "figures": dict(report.told.figures) if report else None,
            "differences": report.differences if report else None,
        },
        "quota": [
            {
                "operation": bucket.bucket,
                "tokens": round(bucket.tokens, 3),
                "rate": bucket.rate,
                "burst": bucket.burst,
            }
            for bucket in found.quota
        ],
        "exit_code": 0,
        "error": None,
    }


def _flow_json(flow: FlowStatus) -> dict[str, Any]:
    run = flow.last_run
    return {
        "flow": flow.entry.name,
        "enabled": flow.enabled,
        "last_run": run
        and {
            "run": run.id,
            "started_at": run.started_at.isoformat(),
            "ended_at": _text(run.ended_at),
            "exit_code": run.exit_code,
            "counts": run.counts,
            "calls": run.calls,
            "error": run.error,
        },
        "running": flow.running,
        "next_due": _text(flow.due_at),
        "overdue": flow.overdue,
        "jobs": [
            {
                "kind": each.job.kind,
                "remote_id": each.job.remote_id,
                "state": each.job.state,
                "created_at": each.job.created_at.isoformat(),
                "changes": each.size,
            }
            for each in flow.jobs
        ],
        "in_penalty": flow.held,
        "stopped": flow.stopped,
        "waiting": flow.waiting,
    }


def _came_to(flow: FlowStatus, run: Run) -> str:
    if run.exit_code is None:
        return "goes on" if flow.running else "was killed"
    return f"exit {run.exit_code}" + (f": {_counted(run.counts)}" if run.counts else "")


def _due(flow: FlowStatus, now: datetime) -> str:
    if not flow.enabled:
        return "off"
    if flow.due_at is None:
        return "on demand" if not flow.entry.cron else "inactive"
    if flow.overdue:
        return f"LATE {span(now - flow.due_at)}"
    return f"in {span(flow.due_at - now)}" if flow.due_at > now else "now"


def _job(flow: FlowStatus, each: UnderWay, now: datetime) -> str:
    job = each.job
    name = f" {job.remote_id}" if job.remote_id else ""
    size = f" with {each.size} changes" if each.size else ""
    return f"{flow.entry.command}: {job.kind}{name}{size}, {job.state}, {_age(job.created_at, now)}"


def _penalties(found: Overview, now: datetime) -> str:
    held = [
        f"{flow.entry.command}: {_counted({'held': flow.held, 'stopped': flow.stopped})}"
        for flow in found.rows
        if flow.held or flow.stopped
    ]
    if not held:
        return "none"
    due = found.next_try_at
    if due is None:
        return "; ".join(held)
    next_try = f"in {span(due - now)}" if due > now else "at the next run"
    return f"{'; '.join(held)}; next try {next_try}"


def _waiting(found: Overview) -> str:
    held = [f"{f.entry.command}: {_counted(f.waiting)}" for f in found.rows if f.waiting]
    return "; ".join(held) or "none"


def _alarms(found: Overview, now: datetime) -> str:
    alarms = found.alarms
    if alarms.looked_at is None:
        return "never looked at: cron is to call amzsync alarms"
    late = "LATE: " if alarms.overdue else ""
    looked = f"{late}looked at {_age(alarms.looked_at, now)}"
    raised = [
        f"{alarm.rule.name} for {span(now - (alarm.standing.raised_at or now))}"
        for alarm in alarms.raised
    ]
    return f"{f'RAISED {_some(raised)}' if raised else 'none raised'}; {looked}"


def _report(found: Overview, now: datetime) -> str:
    report = found.report
    if report is None:
        return "none yet: amzsync report --wait makes one"
    told, differences = report.told, report.differences
    return (
        f"{told.figures['skus_on_sale']} of {told.figures['total_sku_in_catalog']} SKUs on sale;"
        f" {_counted(differences) or 'no differences'}; {_age(told.at, now)}, on a snapshot of"
        f" {_age(told.snapshot_at, now)}"
    )


def _quota(buckets: tuple[BucketRow, ...]) -> str:
    """The operations that are nearest to being used up."""
    if not buckets:
        return "no call has been made to Amazon yet"
    begun = [bucket for bucket in buckets if bucket.tokens < bucket.burst]
    begun.sort(key=lambda bucket: bucket.tokens / bucket.burst)
    told = [f"{row.bucket} {max(0.0, row.tokens):.0f} of {row.burst}" for row in begun]
    return _some(told) or "every operation has all its calls"


def _line(name: str, text: str) -> Iterator[str]:
    """A named line, folded where it is longer than the screen."""
    yield from textwrap.wrap(text, WIDTH, initial_indent=f"{name:<10} ", subsequent_indent=" " * 11)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _age(at: datetime, now: datetime) -> str:
    return f"{span(now - at)} ago"


def _cut(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
