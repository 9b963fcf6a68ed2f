"""Reports as durable jobs: asked for once, collected by a later run, taken in whole or not at all.

Killed at any point the next run goes on: a createReport without an answer is looked for among
Amazon's reports before it is repeated, and what a report says is stored in one transaction with the
end of its job. A report that fails is asked for again later and later.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from amzsync.amazon.calls import instant
from amzsync.amazon.models.feeds import CANCELLED, FATAL, FINISHED
from amzsync.amazon.models.reports import Report
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    RemoteError,
    ThrottledError,
)
from amzsync.flows.flow import Context
from amzsync.redaction import mask
from amzsync.state.jobs import Job

log = logging.getLogger(__name__)

T = TypeVar("T")

# Asked for sooner, Amazon cancels a report as a repeat (sp-api.md §6.4).
INTERVAL = timedelta(minutes=30)
LONGEST_INTERVAL = timedelta(hours=6)
# createReport answered nothing and no report is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
MAX_BYTES = 256 * 1024 * 1024
_MAX_EXPLANATION = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report to ask for."""

    report_type: str
    data_start_time: datetime | None = None
    data_end_time: datetime | None = None
    report_options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its interval goes by: the type, and the options where there are any."""
        return _name(self.report_type, self.report_options)


@dataclass(frozen=True, slots=True)
class Intake(Generic[T]):
    """What becomes of a report that has arrived.

    `read` gets the document and its Content-Type and raises ProtocolError when it is not what was
    asked for; `store` is one transaction with the end of the job, so it calls no far side. A report
    without data, which Amazon cancels, gets to neither: `empty` is told of it instead, in the same
    transaction; where there must be data (`may_be_empty` is false) it is asked for again as a
    failed one is.
    """

    read: Callable[[Path, str], T]
    store: Callable[[T], object]
    max_bytes: int = MAX_BYTES
    may_be_empty: bool = True
    empty: Callable[[], object] = lambda: None


def collect(ctx: Context, flow: str, intake: Intake[T]) -> None:
    """Move every report of the flow on by what is possible now, without waiting.

    What goes wrong on the way ends the run only after it has done what else it can.
    """
    collect_each(ctx, flow, lambda _options: intake)


def collect_each(
    ctx: Context, flow: str, intake_for: Callable[[Mapping[str, str]], Intake[T]]
) -> None:
    """As `collect`, where the options a report was asked for with decide what becomes of it."""
    for job in ctx.state.jobs.under_way(ctx.channel, flow):
        with_patience(ctx, partial(_move_on, ctx, job, intake_for(_options(job))))


def request(ctx: Context, flow: str, wanted: Wanted, interval: timedelta = INTERVAL) -> None:
    """Ask for the report if it is time and none of its type is under way for this channel.

    One of a type at a time, whatever its options: should createReport not be answered, it is its
    type alone by which the report can be found.
    """
    kind = wanted.report_type
    if any(job.kind == kind for job in ctx.state.jobs.under_way(ctx.channel, flow)):
        return
    due = next_due(ctx, wanted.name, interval)
    if due is None or ctx.clock.now() >= due:
        with_patience(ctx, partial(_ask, ctx, flow, wanted))


def next_due(ctx: Context, name: str, interval: timedelta = INTERVAL) -> datetime | None:
    """When the channel's next report of this name may be asked for; None if none ever was."""
    asked, failures = _last(ctx, name)
    if asked is None:
        return None
    if failures == 0:
        return asked + interval
    # Doubled ten times at most: a report that fails for years must not overflow.
    return asked + min(INTERVAL * (1 << min(failures, 10)), LONGEST_INTERVAL)


def with_patience(ctx: Context, step: Callable[[], object]) -> None:
    """Do one step with Amazon; what is wrong there now keeps nothing else from being done."""
    try:
        step()
    except ThrottledError as error:
        ctx.note(f"the report goes on when a token is due: {error}")
    except (RemoteError, AuthError) as error:
        ctx.postpone(error)


def _ask(ctx: Context, flow: str, wanted: Wanted) -> None:
    """createReport. Errors leave the job where the next run finds it, or leave none."""
    detail = {
        "data_start_time": wanted.data_start_time and instant(wanted.data_start_time),
        "data_end_time": wanted.data_end_time and instant(wanted.data_end_time),
        "report_options": dict(wanted.report_options),
    }
    job_id = ctx.state.jobs.ask(
        ctx.channel, flow, wanted.report_type, json.dumps(detail), ctx.clock.now()
    )
    try:
        report_id = ctx.amazon.reports.create_report(
            wanted.report_type,
            [ctx.amazon.marketplace_id],
            data_start_time=wanted.data_start_time,
            data_end_time=wanted.data_end_time,
            report_options=wanted.report_options,
        )
    except AmzsyncError as error:
        if not isinstance(error, OutcomeUnknownError | ProtocolError):
            # It never reached Amazon, or Amazon said no; a no is not asked for every five minutes.
            with ctx.state.store.atomic():
                ctx.state.jobs.close(job_id)
                if isinstance(error, RefusedError):
                    _count_failure(ctx, wanted.name, ctx.clock.now())
        raise
    _submitted(ctx, job_id, wanted.name, report_id, ctx.clock.now())
    ctx.note(f"report {report_id} ({wanted.report_type}) requested")


def _move_on(ctx: Context, job: Job, intake: Intake[T]) -> None:
    if job.state == "submitting":
        _find(ctx, job)
        return
    try:
        report = ctx.amazon.reports.get_report(job.remote_id or "")
    except RefusedError as error:
        log.warning("report %s: %s", job.remote_id, error)
        _wait(ctx, job, "not to be seen")
        return
    if report.processing_status not in FINISHED:
        _wait(ctx, job, report.processing_status)
    elif report.processing_status == CANCELLED:
        # Amazon cancels a report without data, and one that was asked for twice.
        with ctx.state.store.atomic():
            intake.empty()
            _end(ctx, job, failed=not intake.may_be_empty)
        ctx.note(f"report {job.remote_id} is empty")
    elif report.processing_status == FATAL:
        explanation = _explanation(ctx, report)
        _end(ctx, job, failed=True)
        raise RemoteError(f"Amazon could not make report {job.remote_id}{explanation}")
    else:
        _take_in(ctx, job, report, intake)


def _find(ctx: Context, job: Job) -> None:
    """createReport was asked for and never answered: is the report there?"""
    asked = job.submitted_at or job.created_at
    start = json.loads(job.detail)["data_start_time"]
    known = ctx.state.jobs.remote_ids(job.kind)
    candidates = [
        report
        for report in ctx.amazon.reports.get_reports([job.kind], asked - CLOCK_SKEW)
        if report.report_id not in known
        and report.report_type == job.kind
        and ctx.amazon.marketplace_id in (report.marketplace_ids or (ctx.amazon.marketplace_id,))
        and start in (None, report.data_start_time and instant(report.data_start_time))
    ]
    if candidates:
        found = min(candidates, key=lambda report: report.created_time)
        _submitted(ctx, job.id, _name_of(job), found.report_id, found.created_time)
        ctx.note(f"report {found.report_id} was created after all")
    elif ctx.clock.now() - asked > GRACE:
        ctx.state.jobs.close(job.id)
        ctx.note(f"no report came of the request made at {asked:%H:%M:%S}Z; it is made anew")


def _wait(ctx: Context, job: Job, status: str) -> None:
    """Leave the report to a later run, or give it up when Amazon's time is over."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    if ctx.clock.now() - (job.submitted_at or job.created_at) > timedelta(hours=hours):
        _end(ctx, job, failed=True)
        ctx.note(f"report {job.remote_id} was not there within {hours} hours; it is asked for anew")
        log.warning("report %s was not there within %s hours", job.remote_id, hours)
    else:
        ctx.note(f"report {job.remote_id} is {status}")


def _take_in(ctx: Context, job: Job, report: Report, intake: Intake[T]) -> None:
    """Download, read, store. A document that cannot be used ends the job as a FATAL one does."""
    with tempfile.TemporaryDirectory(prefix="amzsync-") as folder:
        path = Path(folder) / "report"
        try:
            if not report.report_document_id:
                raise ProtocolError("Amazon names no document")
            document = ctx.amazon.reports.download(
                report.report_document_id, path, intake.max_bytes
            )
            content = intake.read(path, document.content_type)
        except ProtocolError as error:
            _end(ctx, job, failed=True)
            raise ProtocolError(
                f"report {job.remote_id} ({job.kind}) was refused, what was known stays: {error}"
            ) from error
        except RefusedError as error:
            log.warning("report %s: %s", job.remote_id, error)
            _wait(ctx, job, "DONE, its document is not to be had")
            return
        with ctx.state.store.atomic():
            intake.store(content)
            _end(ctx, job)
    ctx.note(f"report {job.remote_id} taken in")


def _explanation(ctx: Context, report: Report) -> str:
    """What Amazon says of a report it could not make, as ": text"; "" if it says nothing."""
    if not report.report_document_id:
        return ""
    with tempfile.TemporaryDirectory(prefix="amzsync-") as folder:
        path = Path(folder) / "explanation"
        try:
            ctx.amazon.reports.download(report.report_document_id, path, _MAX_EXPLANATION)
        except RemoteError as error:
            return f" (its explanation cannot be had: {error})"
        text = path.read_text(encoding="utf-8", errors="replace")
    return f": {mask(' '.join(text.split()))[:300]}"


def _submitted(ctx: Context, job_id: str, name: str, report_id: str, asked: datetime) -> None:
    """Amazon has the request; the interval to the next counts from when it came to know of it."""
    _, failures = _last(ctx, name)
    with ctx.state.store.atomic():
        ctx.state.jobs.submitted(job_id, report_id)
        _remember(ctx, name, asked, failures)


def _end(ctx: Context, job: Job, *, failed: bool = False) -> None:
    name = _name_of(job)
    asked, failures = _last(ctx, name)
    with ctx.state.store.atomic():
        ctx.state.jobs.close(job.id)
        if asked is not None:
            _remember(ctx, name, asked, failures + 1 if failed else 0)


def _count_failure(ctx: Context, name: str, asked: datetime) -> None:
    _, failures = _last(ctx, name)
    _remember(ctx, name, asked, failures + 1)


def _last(ctx: Context, name: str) -> tuple[datetime | None, int]:
    """(when the last report was asked for, how many have failed since one was good)."""
    text = ctx.state.cursors.get(_cursor(ctx, name))
    if text is None:
        return None, 0
    asked, failures = json.loads(text)
    return datetime.fromisoformat(asked), int(failures)


def _remember(ctx: Context, name: str, asked: datetime, failures: int) -> None:
    text = json.dumps([asked.isoformat(), failures])
    ctx.state.cursors.put(_cursor(ctx, name), text, ctx.clock.now())


def _cursor(ctx: Context, name: str) -> str:
    return f"report:{ctx.channel}:{name}"


def _options(job: Job) -> dict[str, str]:
    """What the job's report was asked for with."""
    options: dict[str, str] = json.loads(job.detail)["report_options"]
    return options


def _name_of(job: Job) -> str:
    return _name(job.kind, _options(job))


def _name(report_type: str, options: Mapping[str, str]) -> str:
    return "&".join([report_type, *(f"{key}={value}" for key, value in sorted(options.items()))])
