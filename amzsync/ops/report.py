"""`report`: a snapshot of Amazon's listings held against Omnitron, told as the manual's dashboard.

A run moves the snapshot on by what is possible now. One that has arrived is compared at once, and
what comes of that is kept: telling it again costs no call of either side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from amzsync.config import Config
from amzsync.flows import Entry, listing_snapshot, runner
from amzsync.flows.flow import Context, Flow, Outcome
from amzsync.flows.reference_data import channel_is_active
from amzsync.flows.runner import Result
from amzsync.ops.figures import Difference, Figures, Report
from amzsync.ops.report_facts import Facts, facts_of, listed
from amzsync.ops.report_fix import fix
from amzsync.ops.report_goods import gather
from amzsync.ops.report_judge import judge
from amzsync.state.lock import flow_lock, locked
from amzsync.state.reports import Found, Told
from amzsync.state.state import State

REPORT: Final = Entry(
    name=listing_snapshot.NAME,
    module=__name__,
    summary="Report what differs between Omnitron and Amazon, and put it right",
    flag="",
    content_type="DEFAULT",
    key="SKU",
    # Amazon takes from minutes to an hour: asked for at the first, collected by a later one; the
    # rest of the morning's runs find nothing to do and cost no call.
    cron="*/10 4-6 * * *",
    reports=True,
)
INACTIVE: Final = "the channel is inactive in Omnitron: no new snapshot, and nothing is put right"

_PIECE = 100  # suspects looked at a second time at once
_PAUSE = 20.0  # seconds between two looks at a snapshot that is waited for


def run(
    ctx: Context, *, wait: bool, fixing: bool, lock_wait: float
) -> Iterator[tuple[str, Result]]:
    """Move the snapshot on, compare, put right: (flow, its run) of each flow that does so.

    Errors: AlreadyRunningError when another run of the report goes on, GuardError before a flow
    sends anything, and what both sides and the state raise.
    """
    path = flow_lock(ctx.state.store, ctx.channel, REPORT.name)
    with locked(path, wait=lock_wait, deadline=ctx.deadline):
        standing = _fixable(ctx) if fixing else []
        if (_has_work(ctx) or standing) and not channel_is_active(ctx):
            ctx.note(INACTIVE)
            return
        runner.run(REPORT, ctx, _FLOW)
        while wait and not ctx.options.dry_run and listing_snapshot.is_under_way(ctx):
            ctx.deadline.sleep(_PAUSE)
            runner.run(REPORT, ctx, _FLOW)
        if fixing:
            yield from fix(ctx, _fixable(ctx))


def told(state: State, config: Config, channel: str, now: datetime) -> Report:
    """What is known: the figures of the newest snapshot, and which of its differences stand."""
    history = state.reports.history(channel)
    newest = history[-1] if history else None
    since = now - timedelta(days=config.state.retention_days)
    return Report(
        channel=channel,
        channel_name=config.channel_name,
        currency=config.marketplace.currency,
        at=newest.at if newest else now,
        snapshot_at=newest.snapshot_at if newest else None,
        figures=Figures(**newest.figures) if newest else None,
        differences=tuple(_difference(row) for row in state.reports.standing(channel)),
        trend=tuple((row.at, Figures(**row.figures)) for row in history[:-1]),
        days=tuple(state.runs.days(channel, since)),
        notes=tuple(_notes(state, channel, newest)),
    )


def _collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    listing_snapshot.move_on(ctx)
    snapshot = ctx.state.snapshots.get(ctx.channel)
    if snapshot is not None and snapshot.compared_at is None:
        _compare(ctx, snapshot.taken_at)
    yield []


_FLOW: Flow[Any, Any] = Flow(
    fetch=lambda _ctx: (),
    key=str,
    transform=lambda _ctx, record: record,
    send=lambda _ctx, _items: (),
    describe=str,
    collect=_collect,
)


def _compare(ctx: Context, taken_at: datetime) -> None:
    """Hold a snapshot against Omnitron; killed half way, the next run does it again."""
    state, channel, by_amazon = ctx.state, ctx.channel, ctx.config.is_fba_channel
    if by_amazon:
        for page in ctx.amazon.inventory.summaries():
            state.snapshots.stock(channel, [(row.seller_sku, row.sellable) for row in page])
    gather(ctx)
    now = ctx.clock.now()
    in_flight = after = 0
    while suspects := state.snapshots.suspects(channel, _PIECE, after, by_amazon=by_amazon):
        ctx.deadline.check()
        facts = list(facts_of(ctx, suspects))
        verdicts = [verdict for each in facts for verdict in judge(ctx, each)]
        found = [verdict for verdict in verdicts if isinstance(verdict, Found)]
        in_flight += len(verdicts) - len(found)
        state.reports.find(channel, found, now)
        _correct(ctx, facts)
        after = suspects[-1].product_pk
        ctx.progress(f"{after} looked at")
    figures = state.snapshots.totals(channel, by_amazon=by_amazon)
    figures |= state.reports.counted(channel, now)
    before = now - timedelta(days=ctx.config.state.retention_days)
    with state.store.atomic():
        state.reports.tell(channel, Told(now, taken_at, in_flight, figures), before)
        state.snapshots.compared(channel, now)


def _correct(ctx: Context, facts: Sequence[Facts]) -> None:
    """What was seen just now is truer than the snapshot, and the figures are made of it."""
    snapshots = ctx.state.snapshots
    with ctx.state.store.atomic():
        snapshots.see(ctx.channel, [listed(each.shown) for each in facts if each.shown])
        snapshots.miss(ctx.channel, [each.sku for each in facts if each.shown is None])


def _has_work(ctx: Context) -> bool:
    snapshot = ctx.state.snapshots.get(ctx.channel)
    pending = snapshot is not None and snapshot.compared_at is None
    return pending or listing_snapshot.is_busy(ctx)


def _fixable(ctx: Context) -> list[Found]:
    return [row for row in ctx.state.reports.standing(ctx.channel) if row.fixable]


def _difference(row: Found) -> Difference:
    kind: Any = row.kind
    return Difference(row.sku, kind, row.omnitron, row.amazon, row.reason, row.cure)


def _notes(state: State, channel: str, newest: Told | None) -> Iterator[str]:
    jobs = state.jobs.under_way(channel, REPORT.name)
    if jobs:
        asked = jobs[0].submitted_at or jobs[0].created_at
        yield (
            f"a snapshot was requested at {asked:%Y-%m-%d %H:%M}Z and Amazon is making it:"
            " amzsync report --wait stays until it is here"
        )
    elif newest is None:
        yield "there is no snapshot of Amazon's listings yet: amzsync report --wait gets one"
    if newest is None:
        return
    if newest.in_flight:
        yield (
            "left out as on their way (sent within six hours, about to be sent, or ordered):"
            f" {newest.in_flight}"
        )
    if sent := state.reports.sent_since(channel):
        yield (
            f"{sent} of the differences have been sent since, or are being sent: the next snapshot,"
            " six hours after this one, tells whether they are gone"
        )
