"""Many changes as one JSON_LISTINGS_FEED: staged, submitted once, collected by a later run.

Killed at any point the next run goes on: staged messages keep their Omnitron batches, a document
without a feed is harmless and made anew, and a createFeed without an answer is looked for among
Amazon's feeds before it is repeated. One listings feed of an account is in flight at a time, so the
one we find is ours.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from amzsync.amazon.assumptions import LISTINGS_FEED_BYTES, OFFER_PRODUCT_TYPE
from amzsync.amazon.feeds import JSON_CONTENT_TYPE, JSON_LISTINGS_FEED
from amzsync.amazon.models.feeds import DONE, FINISHED, IN_QUEUE, Feed, ProcessingReport
from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    RejectedError,
    RemoteError,
)
from amzsync.flows.batch_lifecycle import OpenBatch, end, hand_over, let_go, open_batch
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import BATCH, Change, Writes, check_time, chunks
from amzsync.mapping.stock import quantity_patches
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.state.batches import Batch
from amzsync.state.jobs import FeedItem, Job

log = logging.getLogger(__name__)

KIND = "listings_feed"
# createFeed answered nothing and no feed is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
# How old staged values may be when their feed is submitted; beyond that they are read anew.
FRESH = timedelta(minutes=15)
_LAST = "listings_feed.last"  # the id of the account's last feed, so that it is not found again


def in_flight(ctx: Context) -> bool:
    """Whether the account has a listings feed under way, whichever channel's."""
    return bool(ctx.state.jobs.in_flight(KIND))


def submit(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Stage the changes, commit their objects batch by batch, and submit the feed after the last.

    What does not fit into one document stays dirty for the next run.
    """
    changes = _fitting(ctx, changes)
    jobs = ctx.state.jobs
    with ctx.state.store.atomic():
        if in_flight(ctx):  # another channel of the account was quicker
            ctx.note("another feed of the account is in flight: all changes wait for it")
            return
        job_id = jobs.open(ctx.channel, writes.flow, KIND, ctx.clock.now())
        jobs.add_items(_items(job_id, changes))
        ctx.state.listings.fence(ctx.channel, job_id)
    _stage(ctx, writes, job_id)
    _submit(ctx, job_id)
    for chunk in chunks(changes):
        yield [
            Outcome(
                change.sku, "unchanged" if change.unchanged else "submitted", "", f"feed {job_id}"
            )
            for change in chunk
        ]


def collect(ctx: Context, writes: Writes) -> Iterator[Sequence[Outcome]]:
    """Move every feed of the flow on by what is possible now.

    A feed that cannot be moved on now holds nothing else up: its SKUs are fenced, others are not.
    """
    for job in ctx.state.jobs.under_way(ctx.channel, writes.flow):
        try:
            _move_on(ctx, writes, job)
        except RemoteError as error:
            ctx.note(f"feed {job.remote_id or job.id} waits for a later run: {error}")
            log.warning("feed %s waits for a later run: %s", job.remote_id or job.id, error)
        current = ctx.state.jobs.get(job.id)
        if current is not None and current.state == "settling":
            yield from _settle(ctx, writes, current)


def _move_on(ctx: Context, writes: Writes, job: Job) -> None:
    if job.state == "staging":
        _resume(ctx, writes, job)
    elif job.state == "submitting":
        _find(ctx, writes, job)
    elif job.state == "submitted":
        _poll(ctx, job)


def _fitting(ctx: Context, changes: Sequence[Change]) -> Sequence[Change]:
    """As many changes as one document holds."""
    size = 1_000
    for index, change in enumerate(changes):
        size += 0 if change.unchanged else len(_message(index + 1, change.sku, change.value)) + 1
        if size > LISTINGS_FEED_BYTES:
            ctx.note(f"{len(changes) - index} changes are left for the next feed")
            return changes[:index]
    return changes


def _items(job_id: str, changes: Iterable[Change]) -> Iterator[FeedItem]:
    for number, change in enumerate(changes, start=1):
        yield FeedItem(
            job_id=job_id,
            message_id=number,
            sku=change.sku,
            object_pk=change.object_pk,
            product_pk=change.product_pk,
            version=change.version,
            value=change.value,
            sent=not change.unchanged,
        )


def _stage(ctx: Context, writes: Writes, job_id: str) -> None:
    """Put the objects of all messages that are in no batch yet into batches, and hand those over.

    Repeating it goes on where it stopped.
    """
    while items := ctx.state.jobs.unbatched(job_id, BATCH):
        ctx.deadline.check()
        objects = [_object(writes, item) for item in items]
        batch = open_batch(ctx, writes.flow, writes.content_type, objects, job_id)
        ctx.state.jobs.batched(job_id, [item.message_id for item in items], batch.id)
        hand_over(ctx, batch, job_id)
        ctx.progress(f"{items[-1].message_id} changes staged")


def _resume(ctx: Context, writes: Writes, job: Job) -> None:
    """Go on with a feed whose staging was cut short, as long as its values are fresh."""
    if ctx.clock.now() - job.created_at > FRESH:
        _release(ctx, job, "the feed could not be submitted in time")
        return
    for batch in ctx.state.batches.of_job(job.id):
        if batch.state == "commit" and batch.pk is not None and _has_items(ctx, job, batch):
            hand_over(ctx, OpenBatch(batch.id, batch.pk), job.id)
        elif batch.state != "sent_to_remote":
            let_go(ctx, batch)  # its objects are still unbatched here and get another
    _stage(ctx, writes, job.id)
    _submit(ctx, job.id)


def _has_items(ctx: Context, job: Job, batch: Batch) -> bool:
    return next(ctx.state.jobs.items(job.id, batch.id), None) is not None


def _submit(ctx: Context, job_id: str) -> None:
    """createFeedDocument, upload, createFeed. Errors leave the job where the next run finds it."""
    jobs, feeds = ctx.state.jobs, ctx.amazon.feeds
    document = feeds.create_feed_document(JSON_CONTENT_TYPE)
    with tempfile.TemporaryDirectory(prefix="amzsync-") as folder:
        path = Path(folder) / "feed.json"
        _write(ctx, job_id, path)
        feeds.upload(document.url, JSON_CONTENT_TYPE, path)
    jobs.submitting(job_id, ctx.clock.now())
    try:
        feed_id = feeds.create_feed(
            JSON_LISTINGS_FEED, document.feed_document_id, [ctx.amazon.marketplace_id]
        )
    except AmzsyncError as error:
        if not isinstance(error, OutcomeUnknownError | ProtocolError):
            jobs.staging(job_id)  # it never reached Amazon, or Amazon said no
        raise
    _submitted(ctx, job_id, feed_id)
    ctx.note(f"feed {feed_id} submitted with {jobs.sent_count(job_id)} changes")


def _submitted(ctx: Context, job_id: str, feed_id: str) -> None:
    with ctx.state.store.atomic():
        ctx.state.jobs.submitted(job_id, feed_id)
        ctx.state.cursors.put(_LAST, feed_id, ctx.clock.now())


def _write(ctx: Context, job_id: str, path: Path) -> None:
    """The feed document, message by message."""
    header = {
        "header": {"sellerId": ctx.amazon.seller_id, "version": "2.0", "issueLocale": "en_US"}
    }
    with path.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(header)[:-1] + ', "messages": [')
        separator = ""
        for item in ctx.state.jobs.items(job_id):
            if item.sent:
                stream.write(separator + _message(item.message_id, item.sku, item.value).decode())
                separator = ","
        stream.write("]}")


def _message(message_id: int, sku: str, quantity: int) -> bytes:
    message = {
        "messageId": message_id,
        "sku": sku,
        "operationType": "PATCH",
        "productType": OFFER_PRODUCT_TYPE,
        "patches": quantity_patches(quantity),
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _find(ctx: Context, writes: Writes, job: Job) -> None:
    """createFeed was asked for and never answered: is the feed there?"""
    asked = job.submitted_at or job.created_at
    known = ctx.state.jobs.remote_ids(KIND) | {ctx.state.cursors.get(_LAST)}
    feeds = ctx.amazon.feeds.get_feeds([JSON_LISTINGS_FEED], asked - CLOCK_SKEW)
    candidates = [feed for feed in feeds if feed.feed_id not in known]
    if candidates:
        found = min(candidates, key=lambda feed: feed.created_time)
        _submitted(ctx, job.id, found.feed_id)
        ctx.note(f"feed {found.feed_id} was created after all")
    elif ctx.clock.now() - asked > GRACE:
        ctx.state.jobs.staging(job.id)
        _resume(ctx, writes, job)


def _poll(ctx: Context, job: Job) -> None:
    """Ask for the feed; take its results when it has ended, give up when it takes too long."""
    try:
        feed = ctx.amazon.feeds.get_feed(job.remote_id or "")
    except RefusedError as error:
        log.warning("feed %s: %s", job.remote_id, error)
        feed = None
    if feed is None or feed.processing_status not in FINISHED:
        _wait(ctx, job, feed)
    elif feed.processing_status == DONE:
        _take_results(ctx, job, feed.result_feed_document_id)
    else:
        # The whole feed ended, no record is to blame; what was applied a read-back would tell.
        _release(ctx, job, f"feed {job.remote_id} ended {feed.processing_status}")


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


def _take_results(ctx: Context, job: Job, document_id: str) -> None:
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
        _release(ctx, job, f"Amazon refused the document of feed {job.remote_id}")
        return
    if report is not None:
        _judge(ctx, job, report)
    _answered(ctx, job)


def _is_refused_whole(report: ProcessingReport) -> bool:
    """Whether the document was at fault, and so none of its messages."""
    errors = [issue for issue in report.issues if issue.is_error]
    return (
        report.summary.messages_accepted == 0
        and bool(errors)
        and all(issue.message_id is None for issue in errors)
    )


def _judge(ctx: Context, job: Job, report: ProcessingReport) -> None:
    """Note which messages Amazon refused and why."""
    refusals: dict[int, tuple[str, str]] = {}
    for issue in report.issues:
        if not issue.is_error:
            continue
        if issue.message_id is None:
            log.warning("feed %s as a whole: %s %s", job.remote_id, issue.code, issue.message)
            continue
        names = ", ".join(issue.attribute_names) or issue.attribute_name
        text = f"{names}: {issue.message}" if names else issue.message
        code, earlier = refusals.get(issue.message_id, (issue.code, ""))
        refusals[issue.message_id] = (code, f"{earlier}; {text}" if earlier else text)
    ctx.state.jobs.refuse(
        job.id, ((number, code, text) for number, (code, text) in refusals.items())
    )


def _answered(ctx: Context, job: Job) -> None:
    """Every message has its outcome: what is not refused is accepted."""
    with ctx.state.store.atomic():
        ctx.state.jobs.accept_open(job.id)
        ctx.state.jobs.settling(job.id)


def _settle(ctx: Context, writes: Writes, job: Job) -> Iterator[Sequence[Outcome]]:
    """Write every outcome back, batch by batch; what is told is dropped here. Repeatable."""
    state = ctx.state
    for batch in state.batches.of_job(job.id):
        items = list(state.jobs.items(job.id, batch.id))
        if batch.pk is not None:
            end(ctx, batch.pk, [_object(writes, item) for item in items])
        _remember(ctx, items)
        yield [
            _outcome(item, job)
            for item in items
            if item.sent and not _is_recorded(ctx, writes, item, job)
        ]
        with state.store.atomic():
            state.jobs.drop_batch(job.id, batch.id)
            state.batches.drop(batch.id)
        report_failures(ctx, writes.content_type, _failures(items))
    with state.store.atomic():
        state.listings.unfence(job.id)
        state.jobs.close(job.id)


def _remember(ctx: Context, items: Sequence[FeedItem]) -> None:
    accepted = [
        (item.sku, item.value, item.version)
        for item in items
        if item.sent and item.state == "accepted"
    ]
    with ctx.state.store.atomic():
        ctx.state.listings.accepted(ctx.channel, accepted, ctx.clock.now(), check_time(ctx))
        for item in items:
            if item.state == "refused":
                ctx.state.listings.refused(ctx.channel, item.sku)


def _is_recorded(ctx: Context, writes: Writes, item: FeedItem, job: Job) -> bool:
    """Whether a run that was killed right after it has penalised this refusal already."""
    if item.state != "refused":
        return False
    penalty = ctx.state.penalties.get(ctx.channel, writes.flow, item.sku)
    return penalty is not None and penalty.request_id == job.remote_id


def _object(writes: Writes, item: FeedItem) -> BatchObject:
    return BatchObject(
        pk=item.object_pk,
        content_type=writes.content_type,
        version_date=item.version,
        remote_id=item.sku,
        failed_reason_type="remote" if item.state == "refused" else None,
    )


def _outcome(item: FeedItem, job: Job) -> Outcome:
    if item.state == "refused":
        return Outcome(
            item.sku, "failed", item.code, item.reason, job.remote_id, str(item.object_pk)
        )
    return Outcome(item.sku, "sent", "", str(item.value), job.remote_id)


def _failures(items: Sequence[FeedItem]) -> list[Failure]:
    return [
        Failure(item.object_pk, item.version, RejectedError(item.reason, code=item.code))
        for item in items
        if item.state == "refused"
    ]


def _release(ctx: Context, job: Job, why: str) -> None:
    """Let all objects of the feed go: they are dirty again, nobody is penalised."""
    for batch in ctx.state.batches.of_job(job.id):
        let_go(ctx, batch)
    with ctx.state.store.atomic():
        if job.remote_id is not None:
            ctx.state.listings.doubt(item.sku for item in ctx.state.jobs.items(job.id) if item.sent)
        ctx.state.listings.unfence(job.id)
        ctx.state.jobs.close(job.id)
    ctx.note(f"{why}; its changes are sent again")
    log.warning("%s; its changes are sent again", why)


def _overdue(ctx: Context, job: Job) -> bool:
    """Whether Amazon has had longer than the manual's sent_to_remote allows."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    return ctx.clock.now() - (job.submitted_at or job.created_at) > timedelta(hours=hours)
