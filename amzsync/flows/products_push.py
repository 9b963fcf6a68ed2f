"""Products: what is new or changed in Omnitron's catalog, as listings on Amazon.

A new product goes out with its price and stock, a changed one with what changed of it. How
listings travel is the listing writer's business; whether they can be bought is looked at later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from amzsync.flows import changed_products
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import Patch, Writes, check_time
from amzsync.flows.product_payloads import Ready

WRITES = Writes("products.push", "product", mapped=True)


def describe(ready: Ready) -> str:
    """What a dry run says of a listing."""
    change = ready.change
    if change.unchanged:
        return f"{change.sku}: Amazon has it already"
    if isinstance(change.message, Patch):
        names = [str(patch["path"]).rpartition("/")[2] for patch in change.message.patches]
        return f"{change.sku}: changed {', '.join(names)}"
    kind = f"parent of variations by {ready.wanted.theme}" if ready.wanted.theme else "new"
    values = f", {change.shown}" if change.values else ""
    return f"{change.sku}: {kind}, {ready.wanted.product_type}{values}"


def send(ctx: Context, items: Sequence[Item[Ready]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: whole values, so a repeat changes nothing; a SKU whose outcome was
    not learnt is looked for before it is sent again.
    """
    from amzsync.flows import listing_writer

    rows = [item.payload for item in items]
    wanted = [row.wanted for row in rows if not row.change.unchanged]
    ctx.state.products.want(ctx.channel, wanted, ctx.clock.now())
    versions = {row.change.sku: row.wanted.wanted_version for row in rows}
    yield from _noted(ctx, listing_writer.send(ctx, WRITES, [row.change for row in rows]), versions)


def collect(ctx: Context) -> Iterable[Sequence[Outcome]]:
    """What earlier runs left; most have nothing under way and are spared the writer's imports."""
    state, channel = ctx.state, ctx.channel
    if state.fences.holders(channel):
        from amzsync.flows import listing_claims

        listing_claims.recover(ctx, WRITES.flow)
    if state.batches.any_open(channel) or state.jobs.under_way(channel, WRITES.flow):
        from amzsync.flows import listing_writer

        yield from _noted(ctx, listing_writer.collect(ctx, WRITES))
    if state.products.due_checks(channel, ctx.clock.now(), 1):
        from amzsync.flows import product_results

        yield from product_results.check(ctx)


def _noted(
    ctx: Context, groups: Iterable[Sequence[Outcome]], versions: Mapping[str, str] | None = None
) -> Iterator[Sequence[Outcome]]:
    """Note what Amazon took, to be looked at later, and what it refused, to be sent anew."""
    products = ctx.state.products
    for group in groups:
        taken = [row.key for row in group if row.status == "sent"]
        refused = [row.key for row in group if row.status in ("failed", "waiting")]
        same = [row.key for row in group if row.status == "unchanged" and versions]
        with ctx.state.store.atomic():
            products.accepted(ctx.channel, taken, check_time(ctx))
            products.refused(ctx.channel, refused)
            products.unchanged(ctx.channel, [(sku, (versions or {})[sku]) for sku in same])
            # A parent is no product: no stock, price or withdrawal is ever sent of it.
            known = products.by_skus(ctx.channel, taken)
            ctx.state.listings.forget(ctx.channel, [sku for sku in taken if known[sku].theme])
        yield group


FLOW: Flow[Ready, Ready] = Flow(
    fetch=changed_products.fetch,
    key=lambda ready: ready.change.sku,
    transform=lambda _ctx, ready: ready,
    send=send,
    describe=describe,
    collect=collect,
    refetch=changed_products.refetch,
    batch_size=changed_products.MOST,
)
