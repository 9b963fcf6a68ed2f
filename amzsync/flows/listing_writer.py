"""Staged changes of listings to Amazon: few by patchListingsItem, many by one feed.

Absolute values of one attribute per SKU, so that any call may be repeated. Every change answers for
an Omnitron object in a batch request, which is finished with the version read for the payload.
ACCEPTED is not "applied": accepted values are read back by a later run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from amzsync.amazon.assumptions import OFFER_PRODUCT_TYPE
from amzsync.amazon.listings import raise_if_invalid
from amzsync.errors import AmzsyncError, RecordError, RefusedError, RejectedError
from amzsync.flows import listings_feed, read_back
from amzsync.flows.batch_lifecycle import finish, let_go, open_batch, recover
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import (
    Change,
    Writes,
    batch_objects,
    check_time,
    chunks,
    feed_in_flight,
)
from amzsync.flows.reference_data import content_type_id
from amzsync.http.overlap import overlap
from amzsync.mapping.stock import quantity_patches


def send(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Send the changes by the way their number asks for; outcomes as they become known.

    While a feed of the account is in flight no second one is made: what PATCH can carry goes out,
    the rest stays dirty for a later run.
    """
    # Neither Amazon nor Omnitron wait to hear of these; they were only in doubt here.
    certain = [change for change in changes if change.unchanged and not change.dirty]
    _accept(ctx, certain)
    yield [Outcome(change.sku, "unchanged") for change in certain]
    changes = [change for change in changes if change.dirty or not change.unchanged]

    _lift(ctx, writes, [change for change in changes if change.lift])
    to_send = [change for change in changes if not change.unchanged]
    limit = ctx.config.stock.patch_limit
    if len(to_send) <= limit:
        yield from _patch_all(ctx, writes, changes)
    elif feed_in_flight(ctx):
        ctx.note(f"a feed is in flight: {len(to_send) - limit} changes wait for it")
        unchanged = [change for change in changes if change.unchanged]
        yield from _patch_all(ctx, writes, [*unchanged, *to_send[:limit]])
    else:
        yield from listings_feed.submit(ctx, writes, changes)


def collect(ctx: Context, writes: Writes) -> Iterator[Sequence[Outcome]]:
    """End what a killed run left open, bring in feed results, read accepted values back."""
    for batch in recover(ctx, writes.flow):
        # Which of its values Amazon took is in the listings; free again, they cost no second call.
        let_go(ctx, batch)
    yield from listings_feed.collect(ctx, writes)
    yield from read_back.check(ctx)


def _patch_all(
    ctx: Context, writes: Writes, changes: Sequence[Change]
) -> Iterator[Sequence[Outcome]]:
    for chunk in chunks(changes):
        yield from _patch_chunk(ctx, writes, chunk)


def _patch_chunk(
    ctx: Context, writes: Writes, changes: Sequence[Change]
) -> Iterator[Sequence[Outcome]]:
    """One batch request: commit, a PATCH for each changed SKU, done with every outcome."""
    dirty = [change for change in changes if change.dirty]
    batch = None
    if dirty:
        batch = open_batch(ctx, writes.flow, writes.content_type, batch_objects(writes, dirty))
    failures: list[Failure] = []
    failed: set[str] = set()
    stopped: list[AmzsyncError] = []
    # After an error that is no record's own nothing new is begun; what is under way still counts.
    to_send = takewhile(
        lambda _change: not stopped, (change for change in changes if not change.unchanged)
    )
    for done in overlap(lambda change: _patch(ctx, change), to_send, ctx.in_flight):
        change = done.item
        if done.error is None:
            _accept(ctx, [change])
            yield [Outcome(change.sku, "sent", "", str(change.value), done.value)]
        elif isinstance(done.error, RecordError):
            ctx.state.listings.refused(ctx.channel, change.sku)
            failures.append(Failure(change.object_pk, change.version, done.error))
            failed.add(change.sku)
            yield [_failed(change, done.error)]
        else:
            stopped.append(done.error)
    if stopped:
        # An outage is nobody's fault: all objects are let go, and those sent are remembered here.
        if batch is not None:
            let_go(ctx, batch)
        raise stopped[0]
    if batch is not None:
        finish(ctx, batch, batch_objects(writes, dirty, frozenset(failed)))
    yield [Outcome(change.sku, "unchanged") for change in changes if change.unchanged]
    report_failures(ctx, writes.content_type, failures)


def _patch(ctx: Context, change: Change) -> str | None:
    """One PATCH; Amazon's request id. Errors: RecordError when Amazon refuses this SKU."""
    try:
        submission = ctx.amazon.listings.patch_listings_item(
            change.sku, quantity_patches(change.value), OFFER_PRODUCT_TYPE
        )
    except RefusedError as error:
        raise RejectedError(
            error.detail, code=error.code or str(error.status), request_id=error.request_id
        ) from error
    raise_if_invalid(submission)
    return submission.request_id


def _accept(ctx: Context, changes: Sequence[Change]) -> None:
    ctx.state.listings.accepted(
        ctx.channel,
        [(change.sku, change.value, change.version) for change in changes],
        ctx.clock.now(),
        check_time(ctx),
    )


def _failed(change: Change, error: RecordError) -> Outcome:
    return Outcome(
        change.sku, "failed", error.code, str(error), error.request_id, str(change.object_pk)
    )


def _lift(ctx: Context, writes: Writes, changes: Sequence[Change]) -> None:
    """Remove Omnitron's own penalties of objects whose time has come here."""
    if not changes:
        return
    content_type = content_type_id(ctx, writes.content_type)

    def lift(change: Change) -> None:
        for row in ctx.omnitron.failed_integrations.of(content_type, change.object_pk):
            ctx.omnitron.failed_integrations.lift(row.pk)

    for done in overlap(lift, changes, ctx.in_flight):
        if done.error is not None:
            raise done.error
