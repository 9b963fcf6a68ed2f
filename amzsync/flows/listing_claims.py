"""Which changes may be sent now: nobody else is at work on their SKU, and nothing overtook them.

Stock, price and product changes come from runs of several flows at once. Who sends fences its SKUs
first, a run for as long as a chunk takes, a feed until it is answered; what is fenced stays dirty
for a later run. Under the fence the state is looked at again: an older observation never overwrites
a newer one, and stock never reopens what has left the catalog since it was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from amzsync.errors import AlreadyRunningError
from amzsync.flows import FLOWS
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import FEED, QUANTITY, Change, Writes, is_older
from amzsync.state.jobs import Job
from amzsync.state.lock import flow_lock, locked
from amzsync.state.store import to_moment

_FLOWS = frozenset(entry.name for entry in FLOWS)


def claim(ctx: Context, writes: Writes, changes: Sequence[Change], holder: str) -> list[Change]:
    """Fence the SKUs for the holder, and give the changes that may be sent."""
    listings, fences = ctx.state.listings, ctx.state.fences
    skus = [change.sku for change in changes]
    with ctx.state.store.atomic():
        ours = fences.claim(ctx.channel, skus, holder)
        sent = listings.versions(ctx.channel, skus)
        gone = {} if writes.withdraws else listings.withdrawals(ctx.channel, skus)
        good = [
            change
            for change in changes
            if change.sku in ours
            and not _is_overtaken(change, sent)
            and not _reopens(change, gone.get(change.sku))
        ]
        if left := ours.difference(change.sku for change in good):
            fences.free(ctx.channel, holder, left)
        back = [change.sku for change in good if _was_seen_since(change, gone.get(change.sku))]
        if back:
            listings.back(ctx.channel, back)
    return good


def recover(ctx: Context, flow: str) -> None:
    """Free what the dead hold: our own earlier run, other flows' killed runs, feeds given up.

    Only the holder of a flow's lock runs it. So what our own flow holds at our start is left over,
    and so is what another holds while nobody has its lock.
    """
    fences = ctx.state.fences
    holders = fences.holders(ctx.channel)
    if not holders:
        return
    jobs = {job.id: job for job in ctx.state.jobs.in_flight(FEED)}
    for holder in holders:
        job = jobs.get(holder)
        if holder in _FLOWS and holder != flow:
            path = flow_lock(ctx.state.store, ctx.channel, holder)
            with suppress(AlreadyRunningError), locked(path, wait=0, deadline=ctx.deadline):
                fences.release(ctx.channel, holder)
        elif job is None or (job.flow != flow and _is_given_up(ctx, job)):
            fences.release(ctx.channel, holder)


def _is_overtaken(change: Change, sent: dict[tuple[str, str], str]) -> bool:
    """Whether a newer value was sent since this one was read."""
    if change.unchanged:
        return False
    return any(
        value.version
        and (newer := sent.get((change.sku, value.attribute)))
        and is_older(value.version, newer)
        for value in change.values
    )


def _reopens(change: Change, withdrawn_at: str | None) -> bool:
    """Whether it would put on sale what left the catalog, seen there before it did."""
    if withdrawn_at is None or _was_seen_since(change, withdrawn_at):
        return False
    return any(value.attribute == QUANTITY and value.text != "0" for value in change.values)


def _was_seen_since(change: Change, withdrawn_at: str | None) -> bool:
    """Whether Omnitron's waiting lists showed it after it was withdrawn: it is back."""
    if withdrawn_at is None or change.seen_at is None:
        return False
    return change.seen_at > to_moment(withdrawn_at)


def _is_given_up(ctx: Context, job: Job) -> bool:
    """Whether its own flow would have settled the feed by now, if anybody still ran that flow."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    return ctx.clock.now() - (job.submitted_at or job.created_at) > timedelta(hours=hours + 1)
