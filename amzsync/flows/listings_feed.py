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
from datetime import timedelta
from pathlib import Path

from amzsync.amazon.assumptions import LISTINGS_FEED_BYTES, OFFER_PRODUCT_TYPE
from amzsync.amazon.feeds import JSON_CONTENT_TYPE, JSON_LISTINGS_FEED
from amzsync.amazon.models.feeds import CANCELLED, DONE, FATAL, ProcessingReport
from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    ProtocolError,
    RefusedError,
    RejectedError,
)
from amzsync.flows.batch_lifecycle import OpenBatch, end, hand_over, let_go, open_batch
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_writer import Change, Writes, batch_objects, check_time, chunks
from amzsync.mapping.stock import quantity_patches
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.state.batches import Batch
from amzsync.state.jobs import FeedItem, Job

log = logging.getLogger(__name__)

KIND = "listings_feed"
# createFeed answered nothing and no feed is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
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
        ctx.state.listings.fence(ctx.channel, [change.sku for change in changes], job_id)
    first = 1
    for chunk in chunks(changes):
        ctx.deadline.check()
        objects = batch_objects(writes, chunk)
        batch = open_batch(ctx, writes.flow, writes.content_type, objects, job_id)
        jobs.batched(job_id, range(first, first + len(chunk)), batch.id)
        hand_over(ctx, batch, job_id)
        first += len(chunk)
        ctx.progress(f"{first - 1} of {len(changes)} changes staged")
    _submit(ctx, job_id)
    yield [
        Outcome(change.sku, "unchanged" if change.unchanged else "submitted", "", f"feed {job_id}")
        for change in changes
    ]


def collect(ctx: Context, writes: Writes) -> Iterator[Sequence[Outcome]]:
    """Move every feed of the flow on by what is possible now."""
    for job in ctx.state.jobs.under_way(ctx.channel, writes.flow):
        if job.state == "staging":
            _resume(ctx, job)
        elif job.state == "submitting":
            _find(ctx, job)
        elif job.state == "submitted":
            _poll(ctx, job)
        current = ctx.state.jobs.get(job.id)
        if current is not None and current.state == "settling":
            yield from _settle(ctx, writes, current)


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


def _resume(ctx: Context, job: Job) -> None:
    """Go on with a feed whose staging was cut short: what reached a batch goes, the rest waits."""
    jobs, state = ctx.state.jobs, ctx.state
    for batch in state.batches.of_job(job.id):
        if batch.state == "commit" and batch.pk is not None and _has_items(ctx, job, batch):
            hand_over(ctx, OpenBatch(batch.id, batch.pk), job.id)
        elif batch.state != "sent_to_remote":
            let_go(ctx, batch)
            jobs.drop_batch(job.id, batch.id)
    with state.store.atomic():
        jobs.drop_unbatched(job.id)
        state.listings.unfence(job.id)
        state.listings.fence(ctx.channel, (item.sku for item in jobs.items(job.id)), job.id)
    if jobs.count(job.id) == 0:
        jobs.close(job.id)
    elif ctx.clock.now() - job.created_at > _patience(ctx):
        _release(ctx, job, "the feed could not be submitted")
    else:
        _submit(ctx, job.id)


def _has_items(ctx: Context, job: Job, batch: Batch) -> bool:
    return next(ctx.state.jobs.items(job.id, batch.id), None) is not None


def _submit(ctx: Context, job_id: str) -> None:
    """createFeedDocument, upload, createFeed. Errors leave the job where the next run finds it."""
    jobs, feeds = ctx.state.jobs, ctx.amazon.feeds
    if jobs.count(job_id, sent=True) == 0:
        jobs.accept_open(job_id)
        jobs.settling(job_id)
        return
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
    ctx.note(f"feed {feed_id} submitted with {jobs.count(job_id, sent=True)} changes")


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


def _find(ctx: Context, job: Job) -> None:
    """createFeed was asked for and never answered: is the feed there?"""
    asked = job.submitted_at or job.created_at
    known = ctx.state.jobs.remote_ids(KIND)
    feeds = ctx.amazon.feeds.get_feeds([JSON_LISTINGS_FEED], asked - CLOCK_SKEW)
    candidates = [
        feed
        for feed in feeds
        if feed.feed_id not in known and feed.feed_id != ctx.state.cursors.get(_LAST)
    ]
    if candidates:
        found = min(candidates, key=lambda feed: feed.created_time)
        _submitted(ctx, job.id, found.feed_id)
        ctx.note(f"feed {found.feed_id} was created after all")
    elif ctx.clock.now() - asked > GRACE:
        ctx.state.jobs.staging(job.id)
        _submit(ctx, job.id)


def _poll(ctx: Context, job: Job) -> None:
    """Ask for the feed; take its results when it has ended, give up when it takes too long."""
    jobs = ctx.state.jobs
    try:
        feed = ctx.amazon.feeds.get_feed(job.remote_id or "")
    except RefusedError as error:
        log.warning("feed %s: %s", job.remote_id, error)
        status, document = "", ""
    else:
        status, document = feed.processing_status, feed.result_feed_document_id
    if status == DONE:
        if document:
            _judge(ctx, job, ctx.amazon.feeds.processing_report(document))
        jobs.accept_open(job.id)
        jobs.settling(job.id)
    elif status in (CANCELLED, FATAL):
        # The whole feed ended, no record is to blame; what was applied a read-back would tell.
        _release(ctx, job, f"feed {job.remote_id} ended {status}")
    elif ctx.clock.now() - (job.submitted_at or job.created_at) > _patience(ctx):
        hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
        jobs.refuse_open(job.id, "no_answer", f"no response from Amazon within {hours} hours")
        jobs.accept_open(job.id)
        jobs.settling(job.id)
    else:
        ctx.note(f"feed {job.remote_id} is {status or 'not to be seen'}")


def _judge(ctx: Context, job: Job, report: ProcessingReport) -> None:
    """Note which messages Amazon refused and why."""
    refusals: dict[int, tuple[str, str]] = {}
    for issue in report.issues:
        if not issue.is_error:
            continue
        if issue.message_id is None:
            reason = issue.message or "the feed document was refused"
            ctx.state.jobs.refuse_open(job.id, issue.code or "feed", reason)
            return
        names = ", ".join(issue.attribute_names) or issue.attribute_name
        text = f"{names}: {issue.message}" if names else issue.message
        code, earlier = refusals.get(issue.message_id, (issue.code, ""))
        refusals[issue.message_id] = (code, f"{earlier}; {text}" if earlier else text)
    ctx.state.jobs.refuse(
        job.id, ((number, code, text) for number, (code, text) in refusals.items())
    )


def _settle(ctx: Context, writes: Writes, job: Job) -> Iterator[Sequence[Outcome]]:
    """Write every outcome back, batch by batch; what is told is dropped here. Repeatable."""
    state = ctx.state
    for batch in state.batches.of_job(job.id):
        items = list(state.jobs.items(job.id, batch.id))
        if batch.pk is not None:
            end(ctx, batch.pk, [_object(writes, item) for item in items])
        _remember(ctx, items)
        yield [_outcome(ctx, item, job) for item in items]
        with state.store.atomic():
            state.jobs.drop_batch(job.id, batch.id)
            state.batches.drop(batch.id)
        report_failures(ctx, writes.content_type, _failures(items))
    state.listings.unfence(job.id)
    state.jobs.close(job.id)


def _remember(ctx: Context, items: Sequence[FeedItem]) -> None:
    accepted = [(item.sku, item.value, item.version) for item in items if item.state == "accepted"]
    with ctx.state.store.atomic():
        ctx.state.listings.accepted(ctx.channel, accepted, ctx.clock.now(), check_time(ctx))
        for item in items:
            if item.state == "refused":
                ctx.state.listings.refused(ctx.channel, item.sku)


def _object(writes: Writes, item: FeedItem) -> BatchObject:
    return BatchObject(
        pk=item.object_pk,
        content_type=writes.content_type,
        version_date=item.version,
        remote_id=item.sku,
        failed_reason_type="remote" if item.state == "refused" else None,
    )


def _outcome(ctx: Context, item: FeedItem, job: Job) -> Outcome:
    if item.state == "refused":
        return Outcome(
            item.sku, "failed", item.code, item.reason, job.remote_id, str(item.object_pk)
        )
    return Outcome(
        item.sku, "sent" if item.sent else "unchanged", "", str(item.value), job.remote_id
    )


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
        ctx.state.listings.doubt(item.sku for item in ctx.state.jobs.items(job.id))
        ctx.state.listings.unfence(job.id)
        ctx.state.jobs.close(job.id)
    ctx.note(f"{why}; its changes are sent again")
    log.warning("%s; its changes are sent again", why)


def _patience(ctx: Context) -> timedelta:
    """How long Amazon may take, the manual's sent_to_remote."""
    return timedelta(hours=ctx.config.failed_integration.sent_to_remote.expiration_hour)
