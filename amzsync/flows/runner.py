"""The only loop: collect → fetch → penalty filter → transform → guard → send → record.

It owns what every flow would repeat: the flag, the lock, the journal, penalties, waiting records,
batches, the dry run, `--only` and `--limit`, and what an error means for the run.
"""

from __future__ import annotations

import importlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from amzsync.errors import (
    AmzsyncError,
    RecordError,
    RemoteError,
    ThrottledError,
    WaitingError,
)
from amzsync.flows import Entry
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.redaction import mask
from amzsync.state.runs import OutcomeRow

log = logging.getLogger(__name__)

STARVED = timedelta(hours=1)  # without a single token for that long, a run says so (exit 5)
RETENTION_CHECK = timedelta(hours=24)


@dataclass(slots=True)
class Result:
    """What one run did. `planned` is filled by a dry run only.

    `differs`: there are differences, and the exit code is to tell.
    """

    run_id: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)
    waiting: list[Outcome] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    differs: bool = False
    calls: dict[str, int] = field(default_factory=dict)
    pending: str = ""

    @property
    def exit_code(self) -> int:
        """0 when every record went through, 1 when some were penalised, 9 for differences."""
        if self.counts["failed"]:
            return 1
        return 9 if self.differs else 0


def load(entry: Entry) -> Flow[Any, Any]:
    """The flow behind a registry line."""
    flow: Flow[Any, Any] = importlib.import_module(entry.module).FLOW
    return flow


def run(entry: Entry, ctx: Context, flow: Flow[Any, Any] | None = None) -> Result:
    """One run of a flow, journalled. The caller holds the flow's lock.

    `flow` stands in for the registered one: the same work on records found otherwise.
    Errors: as the far sides, the guard, the deadline and the state raise them; what was achieved
    before is recorded.
    """
    flow = flow or load(entry)
    runs = ctx.state.runs
    started = ctx.clock.now()
    result = Result(runs.begin(ctx.channel, entry.name, started, ctx.options.dry_run))
    ctx.run_id = result.run_id
    log.info("%s begins%s", entry.name, ", a dry run" if ctx.options.dry_run else "")
    error: AmzsyncError | None = None
    try:
        _run(entry, flow, ctx, result)
        if ctx.postponed:
            raise ctx.postponed[0]
        _end_starvation(entry, ctx)
    except ThrottledError as throttled:
        # Not an error: the token comes with time, and the next run goes on from here.
        result.pending = str(throttled)
        ctx.note(f"quota spent, the next run goes on: {throttled}")
        if _starving(entry, ctx, result):
            error = throttled
    except AmzsyncError as caught:
        error = caught
    except BaseException as bug:
        runs.end(
            result.run_id, ctx.clock.now(), 70, dict(result.counts), ctx.calls(), type(bug).__name__
        )
        raise
    result.notes = list(ctx.notes)
    result.differences = list(ctx.differences)
    result.differs = ctx.options.exit_code and bool(ctx.differences)
    result.calls = ctx.calls()
    code = result.exit_code if error is None else error.exit_code
    runs.end(
        result.run_id,
        ctx.clock.now(),
        code,
        dict(result.counts),
        result.calls,
        str(error) if error else None,
    )
    _log_end(entry, ctx, result, code, started)
    _keep_house(ctx)
    if error is not None:
        raise error
    return result


def _log_end(entry: Entry, ctx: Context, result: Result, code: int, started: datetime) -> None:
    log.info(
        "%s ends with exit %d",
        entry.name,
        code,
        extra={
            "exit_code": code,
            "duration_ms": round((ctx.clock.now() - started).total_seconds() * 1000),
            "counts": dict(result.counts),
            "calls": result.calls,
            "notes": result.notes,
        },
    )


def _run(entry: Entry, flow: Flow[Any, Any], ctx: Context, result: Result) -> None:
    try:
        _move(entry, flow, ctx, result)
    finally:
        if not ctx.options.dry_run:
            flow.tidy(ctx)


def _move(entry: Entry, flow: Flow[Any, Any], ctx: Context, result: Result) -> None:
    if not ctx.options.dry_run:
        for group in flow.collect(ctx):
            _record(entry, ctx, result, group)
    for number, batch in enumerate(_batches(entry, flow, ctx, result), start=1):
        ctx.deadline.check()
        flow.guard(ctx, batch)
        if ctx.options.dry_run:
            result.planned.extend(flow.describe(item.payload) for item in batch)
            result.counts["planned"] += len(batch)
        else:
            for group in flow.send(ctx, batch):
                _record(entry, ctx, result, group)
        if number == flow.batches:
            break  # before another is put together that could not be sent


def _batches(
    entry: Entry, flow: Flow[Any, Any], ctx: Context, result: Result
) -> Iterator[list[Item[Any]]]:
    """Transformed items in batches; everything that cannot be sent is recorded on the way."""
    batch: list[Item[Any]] = []
    aside: list[Outcome] = []
    taken = 0
    for found in _selected(entry, flow, ctx, result):
        if isinstance(found, Outcome):
            aside.append(found)
        else:
            key = flow.key(found)
            try:
                batch.append(Item(key, flow.transform(ctx, found)))
                taken += 1
            except (RecordError, WaitingError) as error:
                aside.append(outcome_of(key, error))
        if len(aside) >= flow.batch_size:
            _record(entry, ctx, result, aside)
            aside = []
        if len(batch) >= flow.batch_size or taken == ctx.options.limit:
            _record(entry, ctx, result, aside)
            aside = []
            yield batch
            batch = []
        if taken == ctx.options.limit:
            return
    _record(entry, ctx, result, aside)
    if batch:
        yield batch


def _selected(entry: Entry, flow: Flow[Any, Any], ctx: Context, result: Result) -> Iterator[Any]:
    """Records to work on: those whose penalty is over first, then what fetch brings; each once."""
    now = ctx.clock.now()
    penalties = ctx.state.penalties
    held = penalties.held(ctx.channel, entry.name, now)
    if ctx.options.past_penalty:
        held = frozenset()
    seen: set[str] = set()
    sources: list[Iterable[Any]] = []
    if flow.refetch is not None:
        due = [row.key for row in penalties.due(ctx.channel, entry.name, now)]
        wanted = sorted(ctx.options.only - held) if ctx.options.only else due
        if wanted:
            sources.append(flow.refetch(ctx, wanted))
    if flow.refetch is None or not ctx.options.only:
        sources.append(flow.fetch(ctx))
    if ctx.options.only & held:
        ctx.note(f"in penalty, not sent: {', '.join(sorted(ctx.options.only & held))}")
    for source in sources:
        for found in source:
            key = found.key if isinstance(found, Outcome) else flow.key(found)
            if key in seen or (ctx.options.only and key not in ctx.options.only):
                continue
            seen.add(key)
            if key in held:
                result.counts["held"] += 1
                continue
            yield found


def outcome_of(
    key: str, error: RecordError | WaitingError, object_id: str | None = None
) -> Outcome:
    """The outcome a record's own error stands for, with the id of the request that was refused."""
    # Here and now: what is known to be private of this record may be forgotten later.
    reason = mask(str(error))
    if isinstance(error, WaitingError):
        return Outcome(key, "waiting", error.code, reason, object_id=object_id)
    cause = error.__cause__
    asked = cause.request_id if isinstance(cause, RemoteError) else None
    return Outcome(key, "failed", error.code, reason, error.request_id or asked, object_id)


def _record(entry: Entry, ctx: Context, result: Result, outcomes: Sequence[Outcome]) -> None:
    """One transaction: journal rows, penalties, waiting records."""
    if not outcomes:
        return
    now = ctx.clock.now()
    for outcome in outcomes:
        result.counts[outcome.status] += 1
        if outcome.status == "failed":
            result.failures.append(outcome)
        elif outcome.status == "waiting":
            result.waiting.append(outcome)
    if ctx.options.dry_run:
        return
    state = ctx.state
    with state.store.atomic():
        for outcome in outcomes:
            if outcome.status == "failed":
                _penalise(entry, ctx, outcome, now)
            elif outcome.status == "waiting":
                state.waiting.hold(
                    ctx.channel,
                    entry.name,
                    outcome.key,
                    code=outcome.code,
                    reason=outcome.reason,
                    object_id=outcome.object_id,
                    now=now,
                )
        free = [row.key for row in outcomes if row.status in ("sent", "unchanged", "skipped")]
        state.penalties.forgive(ctx.channel, entry.name, free)
        arrived = [row.key for row in outcomes if row.status != "waiting"]
        state.waiting.release(ctx.channel, entry.name, arrived)
        # A record that only waits is the same news every minute: it has its own table.
        told = [row for row in outcomes if row.status != "waiting"]
        state.runs.record(
            result.run_id,
            ctx.channel,
            entry.name,
            [OutcomeRow(o.key, o.status, o.code, o.reason, o.request_id) for o in told],
            now,
        )
    _log_outcomes(outcomes)


def _log_outcomes(outcomes: Sequence[Outcome]) -> None:
    """A line a record: those that failed as warnings, all others for who wants to know all."""
    if not log.isEnabledFor(logging.WARNING):
        return
    for row in outcomes:
        log.log(
            logging.WARNING if row.status == "failed" else logging.DEBUG,
            "%s %s%s",
            row.key,
            row.status,
            f": {row.reason}" if row.reason else "",
            extra={
                "key": row.key,
                "result": row.status,
                "code": row.code or None,
                "request_id": row.request_id,
            },
        )


def _penalise(entry: Entry, ctx: Context, outcome: Outcome, now: datetime) -> None:
    settings = ctx.config.failed_integration.settings_for(entry.content_type)
    ctx.state.penalties.fail(
        ctx.channel,
        entry.name,
        outcome.key,
        settings=settings,
        now=now,
        content_type=entry.content_type,
        code=outcome.code,
        reason=outcome.reason,
        object_id=outcome.object_id,
        request_id=outcome.request_id,
    )


def _starving(entry: Entry, ctx: Context, result: Result) -> bool:
    """Whether nothing at all could be done for want of a token, for an hour now."""
    if sum(result.counts.values()) > 0:
        _end_starvation(entry, ctx)
        return False
    now = ctx.clock.now()
    name = starvation_cursor(ctx.channel, entry.name)
    since = ctx.state.cursors.get(name)
    if since is None:
        if not ctx.options.dry_run:
            ctx.state.cursors.put(name, now.isoformat(), now)
        return False
    return now - datetime.fromisoformat(since) >= STARVED


def _end_starvation(entry: Entry, ctx: Context) -> None:
    name = starvation_cursor(ctx.channel, entry.name)
    if not ctx.options.dry_run and ctx.state.cursors.get(name) is not None:
        ctx.state.cursors.drop(name)


def starvation_cursor(channel: str, flow: str) -> str:
    """Where it is noted since when a flow could do nothing for want of a token."""
    return f"throttled:{channel}:{flow}"


def unstarted(entry: Entry, ctx: Context, error: AmzsyncError) -> None:
    """Journal a run that failed before its flow could begin."""
    now = ctx.clock.now()
    ctx.run_id = ctx.state.runs.begin(ctx.channel, entry.name, now, ctx.options.dry_run)
    ctx.state.runs.end(ctx.run_id, now, error.exit_code, {}, ctx.calls(), str(error))
    _keep_house(ctx)  # else a channel nobody mends would fill the journal for ever


def _keep_house(ctx: Context) -> None:
    """Once a day: drop what is past its time."""
    if ctx.options.dry_run:
        return
    now = ctx.clock.now()
    last = ctx.state.cursors.get("housekeeping")
    if last is not None and now - datetime.fromisoformat(last) < RETENTION_CHECK:
        return
    from amzsync.flows.housekeeping import keep_house  # here, because once a day is often enough

    ctx.state.cursors.put("housekeeping", now.isoformat(), now)
    keep_house(ctx)
