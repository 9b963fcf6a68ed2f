"""Staged changes of listings to Amazon: few by patchListingsItem or putListingsItem, many by feed.

Absolute values, so that any call may be repeated. Every change answers for Omnitron objects in a
batch request, which is finished with the versions read for the payload. ACCEPTED is not "applied":
accepted values are read back by a later run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import takewhile

from amzsync.amazon.listings import raise_if_invalid
from amzsync.errors import AmzsyncError, RecordError, RefusedError, RejectedError, WaitingError
from amzsync.flows import feed_turns, listing_claims, listings_feed
from amzsync.flows.batch_lifecycle import finish, let_go, open_batch, recover
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import (
    Change,
    Ended,
    Patch,
    Writes,
    accept,
    batch_objects,
    chunks,
    doubt,
    message_of,
)
from amzsync.flows.server_penalties import lift
from amzsync.http.overlap import overlap
from amzsync.mapping.issues import told


def send(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Send the changes by the way their number asks for; outcomes as they become known.

    When no feed can be made now, what single calls can carry goes out and the rest stays dirty for
    a later run, as does what another run or a feed is at work on: it has no outcome.
    """
    # Neither Amazon nor Omnitron wait to hear of these; they were only in doubt here.
    certain = [change for change in changes if change.unchanged and not change.in_batch]
    yield from _note(ctx, writes, certain)
    changes = [change for change in changes if change.in_batch or not change.unchanged]

    due = [row for change in changes if change.lift for row in change.objects]
    lift(ctx, [(row.content_type, row.pk) for row in due])
    to_send = [change for change in changes if not change.unchanged]
    limit = ctx.config.stock.patch_limit
    if len(to_send) <= limit:
        yield from _send_all(ctx, writes, changes)
    elif why := feed_turns.refusal(ctx, writes.flow):
        ctx.note(f"{why}: {len(to_send) - limit} changes wait for it")
        unchanged = [change for change in changes if change.unchanged]
        yield from _send_all(ctx, writes, [*unchanged, *to_send[:limit]])
    else:
        yield from listings_feed.submit(ctx, writes, changes)


def collect(ctx: Context, writes: Writes) -> Iterator[Sequence[Outcome]]:
    """End what a killed run left open, and bring in feed results."""
    listing_claims.recover(ctx, writes.flow)
    for batch in recover(ctx, writes.flow):
        # Which of its values Amazon took is in the listings; free again, they cost no second call.
        let_go(ctx, batch)
    yield from listings_feed.collect(ctx, writes)


def _note(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Values Amazon has already, of which nobody needs to hear."""
    for chunk in chunks(changes):
        free = listing_claims.claim(ctx, writes, chunk, writes.flow)
        accept(ctx, writes, free)
        ctx.state.fences.release(ctx.channel, writes.flow)
        yield [Outcome(change.sku, "unchanged") for change in free]


def _send_all(
    ctx: Context, writes: Writes, changes: Sequence[Change]
) -> Iterator[Sequence[Outcome]]:
    # A run that ends badly leaves its fences as a killed one does: whoever comes next frees them.
    for chunk in chunks(changes):
        free = listing_claims.claim(ctx, writes, chunk, writes.flow)
        yield from _send_chunk(ctx, writes, free)
        ctx.state.fences.release(ctx.channel, writes.flow)


def _send_chunk(
    ctx: Context, writes: Writes, changes: Sequence[Change]
) -> Iterator[Sequence[Outcome]]:
    """One batch request: commit, a call for each changed SKU, done with every outcome."""
    heard = [change for change in changes if change.in_batch]
    batch = None
    if heard:
        batch = open_batch(ctx, writes.flow, writes.content_type, batch_objects(ctx, writes, heard))
    failures: list[Failure] = []
    not_taken: dict[str, Ended] = {}
    stopped: list[AmzsyncError] = []
    # After an error that is no record's own nothing new is begun; what is under way still counts.
    to_send = takewhile(
        lambda _change: not stopped, (change for change in changes if not change.unchanged)
    )
    for done in overlap(partial(_call, ctx, writes), to_send, ctx.in_flight):
        change = done.item
        if done.error is None:
            accept(ctx, writes, [change])
            yield [Outcome(change.sku, "sent", "", change.shown, done.value)]
        elif isinstance(done.error, RecordError):
            _refuse(ctx, change)
            not_taken[change.sku] = "refused"
            failures += [
                Failure(row.pk, row.version, done.error)
                for row in change.objects
                if row.content_type == writes.content_type
            ]
            yield [_failed(change, done.error)]
        elif isinstance(done.error, WaitingError):
            doubt(ctx, [change])
            not_taken[change.sku] = "undone"
            yield [_waiting(change, done.error)]
        else:
            stopped.append(done.error)
    if stopped:
        # An outage is nobody's fault: all objects are let go, and those sent are remembered here.
        if batch is not None:
            let_go(ctx, batch)
        raise stopped[0]
    if batch is not None:
        ended = batch_objects(ctx, writes, heard, lambda row: not_taken.get(row.sku, "taken"))
        finish(ctx, batch, ended)
    yield [Outcome(change.sku, "unchanged") for change in changes if change.unchanged]
    report_failures(ctx, writes.content_type, failures)


def _call(ctx: Context, writes: Writes, change: Change) -> str | None:
    """One PATCH or PUT; Amazon's request id.

    Errors: RecordError when Amazon refuses this SKU, WaitingError when that is Amazon's trouble.
    """
    message, listings = message_of(ctx, change), ctx.amazon.listings
    try:
        if isinstance(message, Patch):
            submission = listings.patch_listings_item(
                change.sku, message.patches, message.product_type
            )
        else:
            submission = listings.put_listings_item(
                change.sku,
                message.attributes,
                message.product_type,
                requirements=message.requirements,
            )
    except RefusedError as error:
        raise RejectedError(
            error.detail, code=error.code or str(error.status), request_id=error.request_id
        ) from error
    raise_if_invalid(submission, partial(told, mapped=writes.mapped))
    return submission.request_id


def _refuse(ctx: Context, change: Change) -> None:
    values = [(change.sku, value.attribute) for value in change.values]
    ctx.state.listings.refused(ctx.channel, values)


def _failed(change: Change, error: RecordError) -> Outcome:
    return Outcome(change.sku, "failed", error.code, str(error), error.request_id, change.object_id)


def _waiting(change: Change, error: WaitingError) -> Outcome:
    # What waits of a flow is known by its product, whatever the flow's own objects are.
    product = str(change.product_pk) if change.product_pk else None
    return Outcome(change.sku, "waiting", error.code, str(error), object_id=product)
