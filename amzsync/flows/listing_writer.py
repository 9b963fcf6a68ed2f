"""Staged changes of listings to Amazon: few by patchListingsItem, many by one feed.

Absolute values of one attribute per SKU, so that any call may be repeated. Every change answers for
an Omnitron object in a batch request, which is finished with the version read for the payload.
ACCEPTED is not "applied": accepted values are read back by a later run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.amazon.assumptions import OFFER_PRODUCT_TYPE
from amzsync.amazon.listings import raise_if_invalid
from amzsync.errors import (
    AmzsyncError,
    RecordError,
    RefusedError,
    RejectedError,
    ThrottledError,
)
from amzsync.flows.batch_lifecycle import finish, let_go, open_batch, recover
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.reference_data import content_type_id
from amzsync.http.overlap import overlap
from amzsync.mapping.stock import quantity_patches
from amzsync.omnitron.batch_requests import BatchObject

BATCH = 100  # objects of one Omnitron batch request


@dataclass(frozen=True, slots=True)
class Writes:
    """Whose changes they are: the flow, and Omnitron's content type of their objects."""

    flow: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Change:
    """One SKU's new quantity, and the Omnitron object and version it comes from.

    `before` is what Amazon was last told (None: unknown); `unchanged` changes are not sent to
    Amazon; `dirty` and `lift` as in the flow's observation.
    """

    sku: str
    product_pk: int
    object_pk: int
    version: str
    value: int
    before: int | None
    unchanged: bool
    dirty: bool
    lift: bool


def is_older(version: str, than: str) -> bool:
    """Whether one modified_date lies before another."""
    return datetime.fromisoformat(version) < datetime.fromisoformat(than)


def send(ctx: Context, writes: Writes, changes: Sequence[Change]) -> Iterator[Sequence[Outcome]]:
    """Send the changes by the way their number asks for; outcomes as they become known.

    While a feed of the account is in flight no second one is made: what PATCH can carry goes out,
    the rest stays dirty for a later run.
    """
    from amzsync.flows import listings_feed  # the larger half; most runs never need it

    _lift(ctx, writes, [change for change in changes if change.lift])
    to_send = [change for change in changes if not change.unchanged]
    limit = ctx.config.stock.patch_limit
    if len(to_send) <= limit:
        yield from _patch_all(ctx, writes, changes)
    elif listings_feed.in_flight(ctx):
        ctx.note(f"a feed is in flight: {len(to_send) - limit} changes wait for it")
        unchanged = [change for change in changes if change.unchanged]
        yield from _patch_all(ctx, writes, [*unchanged, *to_send[:limit]])
    else:
        yield from listings_feed.submit(ctx, writes, changes)


def collect(ctx: Context, writes: Writes) -> Iterator[Sequence[Outcome]]:
    """End what a killed run left open, bring in feed results, read accepted values back."""
    from amzsync.flows import read_back  # most idle runs have nothing to read back

    for batch in recover(ctx, writes.flow):
        # Which of its values Amazon took is in the listings; free again, they cost no second call.
        let_go(ctx, batch)
    if ctx.state.jobs.under_way(ctx.channel, writes.flow):
        from amzsync.flows import listings_feed

        try:
            yield from listings_feed.collect(ctx, writes)
        except ThrottledError as error:
            ctx.note(f"feed results wait for a token: {error}")
    yield from read_back.check(ctx)


def batch_objects(
    writes: Writes, changes: Sequence[Change], failed: frozenset[str] = frozenset()
) -> list[BatchObject]:
    """The batch objects of these changes, those of the failed SKUs marked so."""
    return [
        BatchObject(
            pk=change.object_pk,
            content_type=writes.content_type,
            version_date=change.version,
            remote_id=change.sku,
            failed_reason_type="remote" if change.sku in failed else None,
        )
        for change in changes
    ]


def check_time(ctx: Context) -> datetime:
    """When what is accepted now is read back."""
    return ctx.clock.now() + timedelta(minutes=ctx.config.stock.read_back_minutes)


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
    same = [change for change in changes if change.unchanged]
    _accept(ctx, [change for change in same if not change.dirty])
    outcomes = [Outcome(change.sku, "unchanged") for change in same]
    failures: list[Failure] = []
    stop: AmzsyncError | None = None
    to_send = [change for change in changes if not change.unchanged]
    for done in overlap(lambda change: _patch(ctx, change), to_send, ctx.in_flight):
        change = done.item
        if done.error is None:
            _accept(ctx, [change])
            yield [Outcome(change.sku, "sent", "", str(change.value), done.value)]
        elif isinstance(done.error, RecordError):
            ctx.state.listings.refused(ctx.channel, change.sku)
            failures.append(Failure(change.object_pk, change.version, done.error))
            outcomes.append(_failed(change, done.error))
        else:
            stop = stop or done.error
    if stop is not None:
        # An outage is nobody's fault: all objects are let go, and those sent are remembered here.
        if batch is not None:
            let_go(ctx, batch)
        raise stop
    if batch is not None:
        failed = frozenset(outcome.key for outcome in outcomes if outcome.status == "failed")
        finish(ctx, batch, batch_objects(writes, dirty, failed))
    yield outcomes
    report_failures(ctx, writes.content_type, failures)


def _patch(ctx: Context, change: Change) -> str | None:
    """One PATCH; Amazon's request id. Errors: RecordError when Amazon refuses this SKU."""
    try:
        submission = ctx.amazon.listings.patch_listings_item(
            change.sku, quantity_patches(change.value), OFFER_PRODUCT_TYPE
        )
    except RefusedError as error:
        what = "Amazon does not know the SKU" if error.status == 404 else error.detail
        raise RejectedError(
            what, code=error.code or str(error.status), request_id=error.request_id
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


def chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in pieces of one batch request each."""
    for start in range(0, len(changes), BATCH):
        yield changes[start : start + BATCH]
