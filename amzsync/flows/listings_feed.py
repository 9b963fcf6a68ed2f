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
from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    ProtocolError,
    RemoteError,
)
from amzsync.flows.batch_lifecycle import OpenBatch, hand_over, let_go, open_batch
from amzsync.flows.feed_results import batch_object, poll, release, settle
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import (
    BATCH,
    FEED,
    Change,
    Writes,
    chunks,
    feed_in_flight,
)
from amzsync.mapping.stock import quantity_patches
from amzsync.state.batches import Batch
from amzsync.state.jobs import FeedItem, Job

log = logging.getLogger(__name__)

# createFeed answered nothing and no feed is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
# How old staged values may be when their feed is submitted; beyond that they are read anew.
FRESH = timedelta(minutes=15)
_LAST = "listings_feed.last"  # the id of the account's last feed, so that it is not found again


def submit(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Stage the changes, commit their objects batch by batch, and submit the feed after the last.

    What does not fit into one document stays dirty for the next run.
    """
    changes = _fitting(ctx, changes)
    jobs = ctx.state.jobs
    with ctx.state.store.atomic():
        if feed_in_flight(ctx):  # another channel of the account was quicker
            ctx.note("another feed of the account is in flight: all changes wait for it")
            return
        job_id = jobs.open(ctx.channel, writes.flow, FEED, ctx.clock.now())
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
            yield from settle(ctx, writes, current)


def _move_on(ctx: Context, writes: Writes, job: Job) -> None:
    if job.state == "staging":
        _resume(ctx, writes, job)
    elif job.state == "submitting":
        _find(ctx, writes, job)
    elif job.state == "submitted":
        poll(ctx, job)


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
        objects = [batch_object(writes, item) for item in items]
        batch = open_batch(ctx, writes.flow, writes.content_type, objects, job_id)
        ctx.state.jobs.batched(job_id, [item.message_id for item in items], batch.id)
        hand_over(ctx, batch, job_id)
        ctx.progress(f"{items[-1].message_id} changes staged")


def _resume(ctx: Context, writes: Writes, job: Job) -> None:
    """Go on with a feed whose staging was cut short, as long as its values are fresh."""
    if ctx.clock.now() - job.created_at > FRESH:
        release(ctx, job, "the feed could not be submitted in time")
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
    known = ctx.state.jobs.remote_ids(FEED) | {ctx.state.cursors.get(_LAST)}
    feeds = ctx.amazon.feeds.get_feeds([JSON_LISTINGS_FEED], asked - CLOCK_SKEW)
    candidates = [feed for feed in feeds if feed.feed_id not in known]
    if candidates:
        found = min(candidates, key=lambda feed: feed.created_time)
        _submitted(ctx, job.id, found.feed_id)
        ctx.note(f"feed {found.feed_id} was created after all")
    elif ctx.clock.now() - asked > GRACE:
        ctx.state.jobs.staging(job.id)
        _resume(ctx, writes, job)
