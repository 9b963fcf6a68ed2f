"""The account's quota, operation by operation, and what of the configured cron would not fit in it.

What a flow needs at least is a fact of the flow: the operations below, each run or at an interval
of its own. The account's channels share the quota; of the others the journal tells which flows run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from amzsync.amazon.operations import OPERATIONS
from amzsync.config import Config
from amzsync.flows import FLOWS
from amzsync.flows.categories_fetch import TREE_AGE
from amzsync.flows.report_jobs import INTERVAL
from amzsync.http.operation import Operation
from amzsync.http.pacing import SLOWEST
from amzsync.ops import schedule
from amzsync.ops.report import REPORT
from amzsync.state.quota import BucketRow
from amzsync.state.standing import Standing
from amzsync.state.state import State

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_REPORTS: Final = ("createReport", "getReport", "getReportDocument")
_SEARCHING: Final = ("orders.pull", "cancellations.pull")

NEVER: Final = datetime.min.replace(tzinfo=UTC)

# What a run that finds one record to move asks of Amazon at least.
_EACH_RUN: Final = {
    "orders.push": ("confirmShipment",),
    "orders.refresh": ("getOrder",),
    "stock.push": ("patchListingsItem", "searchListingsItems"),
    "prices.push": ("patchListingsItem", "searchListingsItems"),
    "products.push": ("putListingsItem", "searchListingsItems"),
    "products.delete": ("patchListingsItem", "searchListingsItems"),
    "attributes.compare": ("searchDefinitionsProductTypes",),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation: its bucket now, and who needs how much of it.

    Units: `rate` tokens a second; `needed` calls an hour by flow, over all channels; `used` calls
    of the last hour. `stated`: Amazon itself gave the rate. `updated_at` is None for an operation
    this account never called: what is told of it is the published plan.
    """

    operation: str
    tokens: float
    rate: float
    burst: int
    stated: bool
    updated_at: datetime | None
    next_call_at: datetime
    used: int
    needed: Mapping[str, float]

    @property
    def per_hour(self) -> float:
        """The calls an hour Amazon allows in the long run."""
        return self.rate * 3600

    @property
    def needed_per_hour(self) -> float:
        """The calls an hour all flows need."""
        return sum(self.needed.values())


@dataclass(frozen=True, slots=True)
class Excess:
    """An operation of which cron needs more than there is, the flow that needs most, the cure."""

    operation: str
    flow: str
    needed_per_hour: float
    per_hour: float
    burst_lasts: timedelta
    cure: str


def plans(config: Config, state: State, channel: str, now: datetime) -> list[Plan]:
    """Every operation, those this account has called first."""
    standing = Standing(state.store)
    running = standing.flows(now - _DAY)
    running[channel] = {job.name for job in schedule.jobs(config)}
    needed = needs(config, running)
    used = standing.calls(now - _HOUR)
    rows = {row.bucket: row for row in state.ledger.rows()}
    found = []
    for name, operation in OPERATIONS.items():
        row = rows.pop(operation.bucket_name, None) or _published(operation)
        found.append(_plan(name, row, now, used[name], needed.get(name, {})))
    # Limits that are no operation's: how often a feed of a type may be sent.
    found += [_plan(row.bucket, row, now, 0, {}) for row in rows.values()]
    return sorted(found, key=lambda plan: plan.updated_at is None)


def excesses(found: list[Plan]) -> list[Excess]:
    """What does not fit: in the long run a bucket gives its rate, and its burst only once."""
    return [_excess(plan) for plan in found if plan.needed_per_hour > plan.per_hour]


def needs(config: Config, running: Mapping[str, set[str]]) -> dict[str, dict[str, float]]:
    """Operation → flow → calls an hour, when these flows run on these channels."""
    found: dict[str, dict[str, float]] = {}
    for operation, flow, count in _needs(config, running):
        by_flow = found.setdefault(operation, {})
        by_flow[flow] = by_flow.get(flow, 0.0) + count
    return found


def _needs(config: Config, running: Mapping[str, set[str]]) -> Iterator[tuple[str, str, float]]:
    yield from _searches(config, running)
    for flows in running.values():
        for flow in flows:
            for operation in _EACH_RUN.get(flow, ()):
                yield operation, flow, runs_per_hour(flow)
        for operation in _REPORTS:
            if "refunds.pull" in flows:
                yield operation, "refunds.pull", _HOUR / INTERVAL
            if "categories.fetch" in flows:
                trees = max(1, len(config.category_ids))
                yield operation, "categories.fetch", trees * (_HOUR / TREE_AGE)
            if REPORT.name in flows:
                yield operation, REPORT.name, _HOUR / _DAY


def _searches(config: Config, running: Mapping[str, set[str]]) -> Iterator[tuple[str, str, float]]:
    """One search for all channels and both flows, by whichever run comes first when it is time."""
    runs = Counter(flow for flows in running.values() for flow in flows if flow in _SEARCHING)
    if runs:
        all_runs = sum(count * runs_per_hour(flow) for flow, count in runs.items())
        most = 3600 / config.orders.intake_interval
        yield "searchOrders", max(_SEARCHING, key=runs.__getitem__), min(all_runs, most)


def runs_per_hour(flow: str) -> float:
    """How often cron starts the flow."""
    cron = next(each.cron for each in (*FLOWS, REPORT) if each.name == flow)
    return schedule.runs_per_day(cron) / 24


def _published(operation: Operation) -> BucketRow:
    """The bucket of an operation this account never called; its date is that of no call."""
    full, rate = operation.capacity, operation.rate or SLOWEST
    return BucketRow(operation.bucket_name, float(full), rate, full, stated=False, updated_at=NEVER)


def _plan(name: str, row: BucketRow, now: datetime, used: int, needed: Mapping[str, float]) -> Plan:
    return Plan(
        operation=name,
        tokens=row.tokens,
        rate=row.rate,
        burst=row.burst,
        stated=row.stated,
        updated_at=None if row.updated_at is NEVER else row.updated_at,
        next_call_at=now + timedelta(seconds=max(0.0, 1 - row.tokens) / row.rate),
        used=used,
        needed=needed,
    )


def _excess(plan: Plan) -> Excess:
    flow = max(plan.needed, key=plan.needed.__getitem__)
    over = plan.needed_per_hour - plan.per_hour
    return Excess(
        operation=plan.operation,
        flow=flow.replace(".", " "),
        needed_per_hour=plan.needed_per_hour,
        per_hour=plan.per_hour,
        burst_lasts=timedelta(hours=plan.burst / over),
        cure=_cure(plan, flow),
    )


def _cure(plan: Plan, flow: str) -> str:
    if flow in _SEARCHING:
        least = ceil(1 / plan.rate)
        return f"set intake_interval under [orders] to {least} or more, on all channels"
    between = INTERVAL if flow == "refunds.pull" else _HOUR / runs_per_hour(flow)
    minutes = ceil(between * (plan.needed_per_hour / plan.per_hour) / timedelta(minutes=1))
    return (
        f"have cron start {flow.replace('.', ' ')} every {minutes} minutes or more seldom, on all"
        " channels; or ask Amazon for a higher rate"
    )
