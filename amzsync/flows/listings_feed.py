"""Many changes as one JSON_LISTINGS_FEED: staged, submitted once, collected by a later run.

Killed at any point the next run goes on: staged messages keep their Omnitron batches, a document
without a feed is harmless and made anew, and a createFeed without an answer is looked for among
Amazon's feeds before it is repeated. One listings feed of an account is in flight at a time, so the
one we find is ours.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from amzsync.amazon.assumptions import LISTINGS_FEED_BYTES, LISTINGS_FEED_MESSAGES
from amzsync.amazon.feeds import JSON_CONTENT_TYPE, JSON_LISTINGS_FEED
from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    ProtocolError,
    RemoteError,
)
from amzsync.flows import listing_claims
from amzsync.flows.batch_lifecycle import OpenBatch, hand_over, let_go, open_batch
from amzsync.flows.feed_results import close, poll, release, settle
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import (
    BATCH,
    FEED,
    Change,
    Writes,
    batch_objects,
    chunks,
    feed_in_flight,
    feed_message,
    message_of,
)
from amzsync.state.batches import Batch
from amzsync.state.jobs import NO_BATCH, FeedItem, Job

log = logging.getLogger(__name__)

# createFeed answered nothing and no feed is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
# How old staged values may be when their feed is submitted; beyond that they are read anew.
FRESH = timedelta(minutes=15)
_HEADER = 1_000  # bytes kept for what is around the messages
_CLAIM = 500  # SKUs fenced by one statement
_LAST = "listings_feed.last"  # the id of the account's last feed, so that it is not found again


def submit(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Stage the changes, commit their objects batch by batch, and submit the feed after the last.

    What does not fit into one document stays dirty for the next run.
    """
    jobs = ctx.state.jobs
    fitting = _fitting(ctx, changes)
    with ctx.state.store.atomic():
        if feed_in_flight(ctx):  # another channel of the account was quicker
            ctx.note("another feed of the account is in flight: all changes wait for it")
            return
        job_id = jobs.open(ctx.channel, writes.flow, FEED, ctx.clock.now())
        staged = _add_items(ctx, writes, job_id, fitting)
        if not jobs.sent_count(job_id):
            ctx.note("other runs are at work on these SKUs: all changes wait for them")
            close(ctx, job_id)
            return
        ctx.state.feed_turns.serve(ctx.channel, writes.flow, ctx.clock.now())
    _stage(ctx, writes, job_id)
    _submit(ctx, job_id)
    for chunk in chunks(staged):
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
        poll(ctx, writes, job)


def _fitting(ctx: Context, changes: Sequence[Change]) -> Sequence[Change]:
    """As many changes as one document holds, and at least one."""
    size, sent = _HEADER, 0
    for index, change in enumerate(changes):
        if change.unchanged:
            continue
        size += len(_message(index + 1, change.sku, feed_message(message_of(ctx, change))))
        if sent and (size > LISTINGS_FEED_BYTES or sent == LISTINGS_FEED_MESSAGES):
            ctx.note(f"{len(changes) - index} changes are left for the next feed")
            return changes[:index]
        sent += 1
    return changes


def _add_items(
    ctx: Context, writes: Writes, job_id: str, changes: Sequence[Change]
) -> list[Change]:
    """Stage those of the changes that may be sent now; which they are."""
    staged: list[Change] = []
    for start in range(0, len(changes), _CLAIM):
        free = listing_claims.claim(ctx, writes, changes[start : start + _CLAIM], job_id)
        first = len(staged) + 1
        ctx.state.jobs.add_items(
            _item(ctx, job_id, number, change) for number, change in enumerate(free, start=first)
        )
        staged += free
    return staged


def _item(ctx: Context, job_id: str, number: int, change: Change) -> FeedItem:
    return FeedItem(
        job_id=job_id,
        message_id=number,
        sku=change.sku,
        product_pk=change.product_pk,
        message="" if change.unchanged else feed_message(message_of(ctx, change)),
        objects=change.objects,
        values=change.values,
        batch_id=None if change.objects else NO_BATCH,
    )


def _stage(ctx: Context, writes: Writes, job_id: str) -> None:
    """Put the objects of all messages that are in no batch yet into batches, and hand those over.

    Repeating it goes on where it stopped.
    """
    while items := ctx.state.jobs.unbatched(job_id, BATCH):
        ctx.deadline.check()
        objects = batch_objects(ctx, writes, items)
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
    items = (item for item in ctx.state.jobs.items(job_id) if item.sent)
    with path.open("wb") as stream:
        stream.write(json.dumps(header)[:-1].encode() + b', "messages": [')
        for item in items:
            stream.write(_message(item.message_id, item.sku, item.message))
        stream.seek(-1, os.SEEK_CUR)  # no comma after the last
        stream.write(b"]}")


def _message(message_id: int, sku: str, message: str) -> bytes:
    """One message of the document, with the comma before the next."""
    head = json.dumps({"messageId": message_id, "sku": sku}, ensure_ascii=False)
    return f"{head[:-1]}, {message[1:]},".encode()


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
