"""What became of a listings feed: polled, judged message by message, written back, or let go."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import islice

from amzsync.amazon.listings import AMAZONS_TROUBLE, refusal
from amzsync.amazon.models.feeds import DONE, FINISHED, IN_QUEUE, Feed, ProcessingReport
from amzsync.amazon.models.listings import Issue
from amzsync.errors import ProtocolError, RefusedError, RejectedError
from amzsync.flows.batch_lifecycle import end, let_go
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import (
    BATCH,
    Change,
    Ended,
    Writes,
    accept,
    batch_objects,
    doubt,
    shown,
)
from amzsync.mapping.issues import told
from amzsync.state.jobs import NO_BATCH, FeedItem, Job

log = logging.getLogger(__name__)


def poll(ctx: Context, writes: Writes, job: Job) -> None:
    """Ask for the feed; take its results when it has ended, give up when it takes too long."""
    try:
        feed = ctx.amazon.feeds.get_feed(job.remote_id or "")
    except RefusedError as error:
        log.warning("feed %s: %s", job.remote_id, error)
        feed = None
    if feed is None or feed.processing_status not in FINISHED:
        _wait(ctx, job, feed)
    elif feed.processing_status == DONE:
        _take_results(ctx, writes, job, feed.result_feed_document_id)
    else:
        # The whole feed ended, no record is to blame; what was applied a read-back would tell.
        release(ctx, job, f"feed {job.remote_id} ended {feed.processing_status}")


def _wait(ctx: Context, job: Job, feed: Feed | None) -> None:
    """Leave the feed to a later run, or blame its records when Amazon's time is up."""
    status = feed.processing_status if feed else "not to be seen"
    if not _overdue(ctx, job):
        ctx.note(f"feed {job.remote_id} is {status}")
        return
    if status == IN_QUEUE:
        # Processed one day after all it would overwrite what has been sent since.
        with suppress(RefusedError):
            ctx.amazon.feeds.cancel_feed(job.remote_id or "")
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    ctx.state.jobs.refuse_open(job.id, "no_answer", f"no response from Amazon within {hours} hours")
    _answered(ctx, job)


def _take_results(ctx: Context, writes: Writes, job: Job, document_id: str) -> None:
    """Note what the processing report says; without one all is taken as accepted.

    A read-back finds out what really arrived (sp-api.md §6.3).
    """
    try:
        report = ctx.amazon.feeds.processing_report(document_id) if document_id else None
    except RefusedError as error:
        log.warning("the result of feed %s is gone: %s", job.remote_id, error)
        report = None
    except ProtocolError:
        if not _overdue(ctx, job):
            raise
        report = None
    if report is not None and _is_refused_whole(report):
        release(ctx, job, f"Amazon refused the document of feed {job.remote_id}")
        return
    if report is not None:
        _judge(ctx, writes, job, report)
    _answered(ctx, job)


def _is_refused_whole(report: ProcessingReport) -> bool:
    """Whether the document was at fault, and so none of its messages."""
    errors = [issue for issue in report.issues if issue.is_error]
    return (
        report.summary.messages_accepted == 0
        and bool(errors)
        and all(issue.message_id is None for issue in errors)
    )


def _judge(ctx: Context, writes: Writes, job: Job, report: ProcessingReport) -> None:
    """Note which messages Amazon refused and why."""
    found: defaultdict[int, list[Issue]] = defaultdict(list)
    for row in report.issues:
        if not row.is_error:
            continue
        if row.message_id is None:
            log.warning("feed %s as a whole: %s %s", job.remote_id, row.code, row.message)
            continue
        found[row.message_id].append(row.issue)
    word = partial(told, mapped=writes.mapped)
    refusals = ((number, refusal(issues, word)) for number, issues in found.items())
    ctx.state.jobs.refuse(job.id, ((number, why.code, str(why)) for number, why in refusals))


def _answered(ctx: Context, job: Job) -> None:
    """Every message has its outcome: what is not refused is accepted."""
    with ctx.state.store.atomic():
        ctx.state.jobs.accept_open(job.id)
        ctx.state.jobs.settling(job.id)


def settle(ctx: Context, writes: Writes, job: Job) -> Iterator[Sequence[Outcome]]:
    """Write every outcome back, batch by batch; what is told is dropped here. Repeatable."""
    state = ctx.state
    for batch in state.batches.of_job(job.id):
        items = list(state.jobs.items(job.id, batch.id))
        if batch.pk is not None:
            end(ctx, batch.pk, batch_objects(ctx, writes, items, _ended))
        _remember(ctx, writes, items)
        yield _outcomes(ctx, writes, items, job)
        with state.store.atomic():
            state.jobs.drop_batch(job.id, batch.id)
            state.batches.drop(batch.id)
        report_failures(ctx, writes.content_type, _failures(writes, items))
    unbatched = state.jobs.items(job.id, NO_BATCH)
    while items := list(islice(unbatched, BATCH)):
        _remember(ctx, writes, items)
        yield _outcomes(ctx, writes, items, job)
    close(ctx, job.id)


def close(ctx: Context, job_id: str) -> None:
    """The feed is over, its SKUs are free."""
    with ctx.state.store.atomic():
        ctx.state.fences.release(ctx.channel, job_id)
        ctx.state.jobs.close(job_id)


def _remember(ctx: Context, writes: Writes, items: Sequence[FeedItem]) -> None:
    accepted = [item for item in items if item.sent and item.state == "accepted"]
    refused = [item for item in items if _ended(item) == "refused"]
    with ctx.state.store.atomic():
        accept(ctx, writes, accepted)
        doubt(ctx, (item for item in items if _ended(item) == "undone"))
        ctx.state.listings.refused(
            ctx.channel, [(item.sku, value.attribute) for item in refused for value in item.values]
        )


def _outcomes(ctx: Context, writes: Writes, items: Sequence[FeedItem], job: Job) -> list[Outcome]:
    return [
        _outcome(item, job)
        for item in items
        if item.sent and not _is_recorded(ctx, writes, item, job)
    ]


def _is_recorded(ctx: Context, writes: Writes, item: FeedItem, job: Job) -> bool:
    """Whether a run that was killed right after it has penalised this refusal already."""
    if _ended(item) != "refused":
        return False
    penalty = ctx.state.penalties.get(ctx.channel, writes.flow, item.sku)
    return penalty is not None and penalty.request_id == job.remote_id


def _ended(item: Change | FeedItem) -> Ended:
    """What came of a message; one that was in no feed is as Amazon has it."""
    if not isinstance(item, FeedItem) or item.state != "refused":
        return "taken"
    return "undone" if item.code == AMAZONS_TROUBLE else "refused"


def _outcome(item: FeedItem, job: Job) -> Outcome:
    end = _ended(item)
    if end == "undone":
        product = str(item.product_pk) if item.product_pk else None
        return Outcome(item.sku, "waiting", item.code, item.reason, job.remote_id, product)
    if end == "refused":
        object_id = str(item.objects[0].pk) if item.objects else None
        return Outcome(item.sku, "failed", item.code, item.reason, job.remote_id, object_id)
    return Outcome(item.sku, "sent", "", shown(item.values), job.remote_id)


def _failures(writes: Writes, items: Sequence[FeedItem]) -> list[Failure]:
    return [
        Failure(row.pk, row.version, RejectedError(item.reason, code=item.code))
        for item in items
        if _ended(item) == "refused"
        for row in item.objects
        if row.content_type == writes.content_type
    ]


def release(ctx: Context, job: Job, why: str) -> None:
    """Let all objects of the feed go: they are dirty again, nobody is penalised."""
    for batch in ctx.state.batches.of_job(job.id):
        let_go(ctx, batch)
    with ctx.state.store.atomic():
        if job.remote_id is not None:
            # Some of it may have been applied.
            doubt(ctx, (item for item in ctx.state.jobs.items(job.id) if item.sent))
        close(ctx, job.id)
    ctx.note(f"{why}; its changes are sent again")
    log.warning("%s; its changes are sent again", why)


def _overdue(ctx: Context, job: Job) -> bool:
    """Whether Amazon has had longer than the manual's sent_to_remote allows."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    return ctx.clock.now() - (job.submitted_at or job.created_at) > timedelta(hours=hours)
