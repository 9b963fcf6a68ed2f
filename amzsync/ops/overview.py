"""How a channel stands, from the state alone: flows, backlog, alarms, quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amzsync.config import Config
from amzsync.flows import FLOWS, Entry
from amzsync.flows.order_intake import cursor_name
from amzsync.ops import alarms
from amzsync.ops.report import REPORT
from amzsync.ops.schedule import MAX_RUNTIME, OPERATIONS, Job, due_after, job_of, patience
from amzsync.state.alarms import Alarm
from amzsync.state.evidence import Evidence, Held
from amzsync.state.jobs import Job as RemoteJob
from amzsync.state.quota import BucketRow
from amzsync.state.reports import Told
from amzsync.state.runs import Run
from amzsync.state.standing import Standing
from amzsync.state.state import State

ENDED: Final = timedelta(seconds=MAX_RUNTIME + 60)
"""A run that is older and has no end was killed."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A feed or report of a flow, and how many changes it carries."""

    job: RemoteJob
    size: int


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """One flow, or the report.

    `due_at`: when cron starts it next; None where it does not. `overdue`: that was long ago.
    `running`: its last run goes on. `held` and `stopped` count its penalties, `waiting` its waiting
    records by code.
    """

    entry: Entry
    enabled: bool
    last_run: Run | None
    running: bool
    due_at: datetime | None
    overdue: bool
    jobs: tuple[UnderWay, ...]
    held: int
    stopped: int
    waiting: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """The newest report: its figures, and how many of its differences stand, by kind."""

    told: Told
    differences: dict[str, int]


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """The alarms that are raised; when they were last looked at, and whether that is long ago."""

    raised: tuple[Alarm, ...]
    watched: int
    looked_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """One channel. `orders_until`: Amazon's orders are known up to then.

    `flows` are those of the registry, `report_run` is the report's. `inactive`: Omnitron said that
    the channel does not run.
    """

    flows: tuple[FlowStatus, ...]
    report_run: FlowStatus
    inactive: bool
    orders_until: datetime | None
    inbox: dict[str, int]
    backlog: dict[str, int]
    next_try_at: datetime | None
    alarms: AlarmStatus
    report: ReportStatus | None
    quota: tuple[BucketRow, ...]

    @property
    def rows(self) -> tuple[FlowStatus, ...]:
        """The flows and the report."""
        return (*self.flows, self.report_run)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read once for all flows."""

    config: Config
    state: State
    channel: str
    now: datetime
    inactive: bool
    last: Mapping[str, Run]
    held: Mapping[str, Held]
    waiting: Mapping[tuple[str, str], int]


def overview(config: Config, state: State, channel: str, now: datetime) -> Overview:
    """How the channel stands."""
    until = state.cursors.get(cursor_name(channel))
    standing, evidence = Standing(state.store), Evidence(state.store, channel)
    known = _Known(
        config=config,
        state=state,
        channel=channel,
        now=now,
        inactive=evidence.inactive(),
        last=standing.last_runs(channel),
        held=evidence.held(),
        waiting=evidence.waiting(now),
    )
    on = {flow.name for flow in FLOWS if not flow.why_off(config)}
    return Overview(
        flows=tuple(_flow(known, flow, job_of(flow), enabled=flow.name in on) for flow in FLOWS),
        report_run=_flow(known, REPORT, _operation(REPORT.name), enabled=bool(on)),
        inactive=known.inactive,
        orders_until=datetime.fromisoformat(until) if until else None,
        inbox=state.inbox.counts(channel),
        backlog=standing.backlog(channel),
        next_try_at=standing.next_try(channel),
        alarms=_alarms(config, state, channel, now),
        report=_report(state, channel),
        quota=tuple(state.ledger.rows()),
    )


def _flow(known: _Known, flow: Entry, job: Job, *, enabled: bool) -> FlowStatus:
    run, held = known.last.get(flow.name), known.held.get(flow.name, Held(0, 0))
    running = run is not None and run.exit_code is None and known.now - run.started_at < ENDED
    started = job.cron and enabled and not known.inactive
    due = due_after(known.config, job, run.started_at if run else known.now) if started else None
    late = due is not None and known.now > due + patience(job.cron, due)
    under_way = known.state.jobs.under_way(known.channel, flow.name)
    return FlowStatus(
        entry=flow,
        enabled=enabled,
        last_run=run,
        running=running,
        due_at=due,
        overdue=late and not running,
        jobs=tuple(UnderWay(each, known.state.jobs.sent_count(each.id)) for each in under_way),
        held=held.penalised - held.stopped,
        stopped=held.stopped,
        waiting={code: n for (name, code), n in known.waiting.items() if name == flow.name},
    )


def _operation(name: str) -> Job:
    return next(job for job in OPERATIONS if job.name == name)


def _alarms(config: Config, state: State, channel: str, now: datetime) -> AlarmStatus:
    found = [alarm for alarm in state.alarms.all(channel) if not alarm.removed]
    looked_at = alarms.last_look(state, channel)
    job = _operation("alarms")
    due = due_after(config, job, looked_at) if looked_at else None
    return AlarmStatus(
        raised=tuple(alarm for alarm in found if alarm.standing.raised),
        watched=len(found),
        looked_at=looked_at,
        overdue=due is not None and now > due + patience(job.cron, due),
    )


def _report(state: State, channel: str) -> ReportStatus | None:
    history = state.reports.history(channel)
    if not history:
        return None
    return ReportStatus(history[-1], dict(Counter(r.kind for r in state.reports.standing(channel))))
