"""Omnitron batch requests, opened, handed over and ended so that a killed run leaves none behind.

One batch per content type may be in `commit`; at most 100 objects each; every batch ends in done or
fail (omnitron-api.md §2.3). A batch is noted in the state before Omnitron is asked for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from amzsync.errors import AlreadyRunningError, RefusedError, UnavailableError
from amzsync.flows.flow import Context
from amzsync.omnitron.batch_requests import BatchFinishedError, BatchObject, CommitLockedError
from amzsync.state.batches import Batch
from amzsync.state.lock import flow_lock, locked

log = logging.getLogger(__name__)

# Longer than any request lasts: who still waits for a batch's name by then is dead.
ANSWERED_WITHIN = timedelta(minutes=5)
# How long a commit waits for that of another flow, whose batch is open for a few calls only.
COMMIT_WAIT = timedelta(seconds=30)
COMMIT_POLL = 1.0  # seconds between two attempts


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch in `commit` (or handed over): our id, and Omnitron's."""

    id: int
    pk: int


def open_batch(
    ctx: Context,
    flow: str,
    content_type: str,
    objects: Sequence[BatchObject],
    job_id: str | None = None,
) -> OpenBatch:
    """A new batch with these objects in commit. A lock left by somebody who died is broken.

    Repeating it leaves an empty batch at most: an initialized one locks nothing (A-34).
    Errors: CommitLockedError when another flow's run keeps its own in commit for long.
    """
    batches = ctx.state.batches
    batch_id = batches.add(ctx.channel, flow, content_type, job_id, ctx.clock.now())
    created = ctx.omnitron.batch_requests.create()
    batches.opened(batch_id, created.pk, created.local_batch_id)
    patience = ctx.clock.now() + COMMIT_WAIT
    while True:
        try:
            ctx.omnitron.batch_requests.commit(created.pk, content_type, objects)
            break
        except CommitLockedError:
            alive = _end_dead(ctx, flow, content_type, created.pk)
            if ctx.clock.now() >= patience:
                raise
            ctx.deadline.sleep(COMMIT_POLL if alive else 0)
    batches.moved(batch_id, "commit")
    return OpenBatch(batch_id, created.pk)


def hand_over(ctx: Context, batch: OpenBatch, remote_batch_id: str) -> None:
    """The objects travel with a job of ours; another batch may be opened now."""
    ctx.omnitron.batch_requests.sent_to_remote(batch.pk, remote_batch_id)
    ctx.state.batches.moved(batch.id, "sent_to_remote")


def finish(ctx: Context, batch: OpenBatch, objects: Sequence[BatchObject]) -> None:
    """Every object has its outcome. Repeatable: a finished batch stays as it is.

    Errors: UnavailableError when somebody else has failed the batch: nothing of it counts, and the
    next run does it again.
    """
    counts = end(ctx, batch.pk, objects)
    ctx.state.batches.drop(batch.id)
    if not counts:
        raise UnavailableError(
            f"batch request {batch.pk} was failed by somebody else",
            operation="update_batch_request",
        )


def end(ctx: Context, pk: int, objects: Sequence[BatchObject]) -> bool:
    """Tell Omnitron that the batch is done, and nothing here; False if it was failed before.

    Repeatable.
    """
    try:
        ctx.omnitron.batch_requests.done(pk, objects)
    except BatchFinishedError as error:
        log.info("batch %d was in %s before", pk, error.batch_status)
        return error.batch_status != "fail"
    return True


def let_go(ctx: Context, batch: OpenBatch | Batch) -> None:
    """End the batch without blaming its objects: they are dirty again. Repeatable."""
    if batch.pk is not None:
        _fail(ctx, batch.pk)
    ctx.state.batches.drop(batch.id)


def _fail(ctx: Context, pk: int) -> None:
    try:
        ctx.omnitron.batch_requests.fail(pk)
    except BatchFinishedError:
        log.info("batch %d was finished before", pk)
    except RefusedError as error:
        if error.status != 404:
            raise


def recover(ctx: Context, flow: str) -> list[Batch]:
    """The flow's batches a killed run left behind; one that was never named is ended here."""
    mine = [row for row in ctx.state.batches.unanswered(ctx.channel) if row.flow == flow]
    if mine and _end_unnamed(ctx, flow):
        for batch in mine:
            ctx.state.batches.drop(batch.id)
    return ctx.state.batches.left_behind(ctx.channel, flow)


def _end_unnamed(ctx: Context, flow: str) -> bool:
    """Fail initialized batches nobody here knows; whether that could be told.

    Each is noted here before Omnitron is asked for it. So what is listed and not in our table is a
    dead run's, unless another flow waits for the name of its own just now: the next run looks then.
    """
    listed = ctx.omnitron.batch_requests.initialized()
    alive = ctx.clock.now() - ANSWERED_WITHIN
    with ctx.state.store.atomic():
        others = [row for row in ctx.state.batches.unanswered(ctx.channel) if row.flow != flow]
        known = ctx.state.batches.holders(ctx.channel)
    if any(row.created_at > alive for row in others):
        return False
    for batch in listed:
        if batch.pk not in known:
            _fail(ctx, batch.pk)
    return True


def _end_dead(ctx: Context, flow: str, content_type: str, own_pk: int) -> bool:
    """End the batches in commit that no living run holds; whether a living one holds one.

    Several flows have objects of one content type. Whose batch it is says our table, and whether
    that flow runs says its lock, which a killed process leaves free. One that is not in our table
    is nobody's who lives: all of a channel's flows share the state.
    """
    alive = False
    holders = ctx.state.batches.holders(ctx.channel)
    for other in ctx.omnitron.batch_requests.unfinished(content_type):
        if other.pk == own_pk or other.status != "commit":
            continue
        holder = holders.get(other.pk, flow)
        if holder != flow and _runs(ctx, holder):
            alive = True
            continue
        log.warning("batch %d was left in commit by another run; it is ended", other.pk)
        _fail(ctx, other.pk)
    return alive


def _runs(ctx: Context, flow: str) -> bool:
    try:
        with locked(flow_lock(ctx.state.store, ctx.channel, flow), wait=0, deadline=ctx.deadline):
            return False
    except AlreadyRunningError:
        return True
