"""How a channel stands, flow by flow, from the state alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from amzsync.config import Config
from amzsync.flows import FLOWS, Entry
from amzsync.flows.order_intake import cursor_name
from amzsync.state.jobs import Job
from amzsync.state.runs import Run
from amzsync.state.state import State

_LOOKED_THROUGH = 50  # runs of a flow; the last real one is behind no more dry runs than that


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A feed or report of a flow, and how many changes it carries."""

    job: Job
    size: int


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """One flow. `held` and `stopped` count its penalties, `waiting` its waiting records by code."""

    entry: Entry
    enabled: bool
    last_run: Run | None
    jobs: tuple[UnderWay, ...]
    held: int
    stopped: int
    waiting: dict[str, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """One channel. `orders_until`: Amazon's orders are known up to then."""

    flows: tuple[FlowStatus, ...]
    orders_until: datetime | None
    inbox: dict[str, int]


def overview(config: Config, state: State, channel: str) -> Overview:
    """How the channel stands."""
    until = state.cursors.get(cursor_name(channel))
    return Overview(
        tuple(_flow(entry, config, state, channel) for entry in FLOWS),
        datetime.fromisoformat(until) if until else None,
        state.inbox.counts(channel),
    )


def _flow(entry: Entry, config: Config, state: State, channel: str) -> FlowStatus:
    runs = state.runs.history(channel, entry.name, _LOOKED_THROUGH)
    penalties = state.penalties.list(channel, entry.name)
    stopped = sum(penalty.stopped for penalty in penalties)
    return FlowStatus(
        entry=entry,
        enabled=not entry.why_off(config),
        last_run=next((run for run in runs if not run.dry_run), None),
        jobs=tuple(
            UnderWay(job, state.jobs.sent_count(job.id))
            for job in state.jobs.under_way(channel, entry.name)
        ),
        held=len(penalties) - stopped,
        stopped=stopped,
        waiting=dict(Counter(row.code for row in state.waiting.list(channel, entry.name))),
    )
