"""Products that left the catalog: their stock goes to zero on Amazon, and Omnitron forgets them.

The listing stays, with its reviews and its ASIN (sp-api.md §2.5.8). Once Amazon has taken the zero,
the product's links in Omnitron are removed, stock and price with them: it is in no list of deleted
products any more, and a product that comes back to the catalog is sent anew. The state remembers
that it left, so that no stock push reopens it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from amzsync.amazon.assumptions import LISTINGS_FEED_MESSAGES
from amzsync.errors import RecordError
from amzsync.flows import guards
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import QUANTITY, Change, Value, Writes
from amzsync.omnitron.models.sync import IntegrationAction
from amzsync.omnitron.paging import Page
from amzsync.state.listings import Listing

WRITES = Writes("products.delete", "integrationaction", withdraws=True)
RESENDS = 500  # a run
# What a product is linked by; the product itself last, for it keeps the others to be found.
_LINKS = ("productstock", "productprice", "productimage", "product")
_GONE = "it is not on Amazon any more"


@dataclass(frozen=True, slots=True)
class Removed:
    """A product that left the catalog, and what Amazon was last told of its stock.

    `replaced`: another product of the catalog has its SKU, whose listing it is now.
    """

    sku: str
    product_pk: int
    sent: str | None
    replaced: bool = False


def fetch(ctx: Context) -> Iterator[Removed | Outcome]:
    """Zeros to be sent again, products that left the catalog, and links left by a killed run."""
    if ctx.config.is_fba_channel:
        ctx.note("is_fba_channel is on: Amazon owns the quantity, nothing is set to zero")
        return
    for row in ctx.state.listings.to_resend(ctx.channel, RESENDS, withdrawn=True):
        yield Removed(row.sku, row.product_pk, row.sent)
    number, more = 1, True
    while more:
        page = ctx.omnitron.integration_actions.deleted(number)
        yield from _removed(ctx, page)
        number, more = number + 1, page.more and len(page) > 0
    left = dict(ctx.state.listings.linked_still(ctx.channel))
    known = ctx.state.listings.by_skus(ctx.channel, left)
    yield from (_of(row) for row in known.values() if row.holder is None)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Removed | Outcome]:
    """What there is to do for these SKUs; one that is withdrawn and unlinked is in no list."""
    wanted, known = frozenset(keys), ctx.state.listings.by_skus(ctx.channel, keys)
    yield from (_of(row) for row in known.values() if row.withdrawn_at and row.holder is None)
    left = wanted - {row.sku for row in known.values() if row.withdrawn_at or row.holder}
    for found in fetch(ctx):
        key = found.key if isinstance(found, Outcome) else found.sku
        if key in wanted:
            left -= {key}
            yield found
    for key in sorted(left):
        yield Outcome(key, "skipped", "in_catalog", "there is nothing to take off sale any more")


def _removed(ctx: Context, page: Page[IntegrationAction]) -> Iterator[Removed | Outcome]:
    """The products of a page of `integration_actions/deleted/`."""
    for broken in page.malformed:
        yield Outcome(f"action {broken.pk}", "failed", "malformed", broken.problem)
    linked = {row.remote_id: row.object_id for row in page if row.remote_id}
    known = ctx.state.listings.by_skus(ctx.channel, linked)
    there = {row.sku: row.pk for row in ctx.omnitron.products.by_skus(linked)} if linked else {}
    for sku, product_pk in linked.items():
        listing = known.get(sku) or Listing(sku, product_pk)
        if there.get(sku, product_pk) != product_pk:
            yield Removed(sku, product_pk, None, replaced=True)
        elif listing.holder is None:
            yield _of(listing)


def _of(listing: Listing) -> Removed:
    return Removed(listing.sku, listing.product_pk, listing.sent)


def transform(_ctx: Context, removed: Removed) -> tuple[Removed, Change]:
    """The zero Amazon is to be told. It comes from no version of a stock, so none is newer."""
    change = Change(
        sku=removed.sku,
        product_pk=removed.product_pk,
        objects=(),
        values=(Value(QUANTITY, "0"),),
        before=removed.sent,
        unchanged=removed.sent == "0",
    )
    return removed, change


def describe(found: tuple[Removed, Change]) -> str:
    """What a dry run says of a product."""
    removed, change = found
    if removed.replaced:
        return f"{removed.sku}: another product has its SKU now, only the old link goes"
    before = "unknown" if change.before is None else change.before
    return f"{removed.sku}: {before} -> 0, the product is not in the catalog"


def guard(ctx: Context, items: Sequence[Item[tuple[Removed, Change]]]) -> None:
    """Stop before a catalog that came back empty closes the shop."""
    if ctx.options.override_guard:
        return
    going = sum(
        not removed.replaced and not change.unchanged
        for removed, change in (item.payload for item in items)
    )
    if going < ctx.config.guards.zeroing_minimum:
        return
    live = max(ctx.state.listings.live_count(ctx.channel), going)
    what = "left the catalog and would go to zero"
    guards.check_zeroing(ctx, going, live, what, "products delete")


def send(
    ctx: Context, items: Sequence[Item[tuple[Removed, Change]]]
) -> Iterator[Sequence[Outcome]]:
    """Zero by the listing writer, then unlink; a repeat finds less to do and does no harm."""
    from amzsync.flows import listing_writer

    pairs = [item.payload for item in items]
    replaced = [removed for removed, _ in pairs if removed.replaced]
    if replaced:
        _unlink(ctx, {row.sku: row.product_pk for row in replaced}, ("product",))
        yield [Outcome(row.sku, "unchanged", "", "its SKU is another's now") for row in replaced]
    changes = [change for removed, change in pairs if not removed.replaced]
    ours: list[Change] = []
    yield from _sorted_out(ctx, changes, ours)
    yield from _followed(ctx, listing_writer.send(ctx, WRITES, ours))


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """What earlier runs left; most have nothing under way and are spared the writer's imports."""
    state, channel = ctx.state, ctx.channel
    now = ctx.clock.now()
    if not (
        state.fences.holders(channel)
        or state.jobs.under_way(channel, WRITES.flow)
        or state.listings.due_checks(channel, now, 1, withdrawn=True)
    ):
        return
    from amzsync.flows import listing_writer, read_back

    yield from _followed(ctx, listing_writer.collect(ctx, WRITES))
    yield from read_back.check(ctx, withdrawn=True)


def _sorted_out(
    ctx: Context, changes: Sequence[Change], ours: list[Change]
) -> Iterator[Sequence[Outcome]]:
    """Outcomes of what Amazon does not have or fulfils itself; the rest is put into `ours`."""
    from amzsync.amazon.listings import PAGE_SIZE
    from amzsync.flows import read_back

    ours += [change for change in changes if change.unchanged]
    to_send = [change for change in changes if not change.unchanged]
    for start in range(0, len(to_send), PAGE_SIZE):
        chunk = to_send[start : start + PAGE_SIZE]
        live = read_back.shown_now(ctx, [change.sku for change in chunk])
        absent = {row.sku: row.product_pk for row in chunk if row.sku not in live}
        if absent:
            _unlink(ctx, absent, _LINKS)
            ctx.state.listings.forget(ctx.channel, absent)
        yield [Outcome(sku, "unchanged", "", _GONE) for sku in absent]
        theirs = {row.sku for row in chunk if read_back.is_by_amazon(live.get(row.sku))}
        yield [read_back.by_amazon(sku) for sku in sorted(theirs)]
        ours += [row for row in chunk if row.sku in live and row.sku not in theirs]


def _followed(ctx: Context, groups: Iterable[Sequence[Outcome]]) -> Iterator[Sequence[Outcome]]:
    """The outcomes, and what follows from them in Omnitron: links removed, failures reported."""
    for group in groups:
        yield group
        zeroed = [row.key for row in group if row.status in ("sent", "unchanged")]
        known = ctx.state.listings.by_skus(ctx.channel, zeroed) if zeroed else {}
        if known:
            _unlink(ctx, {row.sku: row.product_pk for row in known.values()}, _LINKS)
            ctx.state.listings.unlinked(ctx.channel, known)
        _report(ctx, [row for row in group if row.status == "failed"])


def _unlink(ctx: Context, products: dict[str, int], models: Sequence[str]) -> None:
    """Remove the links of these products; what is gone already is as good."""
    actions = ctx.omnitron.integration_actions
    for model in models:
        if model == "product":
            links = actions.by_object_ids(model, products.values())
        else:
            links = actions.by_remote_ids(model, products)
        for link in links:
            if link.pk is not None:
                ctx.deadline.check()
                actions.delete(link.pk)


def _report(ctx: Context, failed: Sequence[Outcome]) -> None:
    """Tell Omnitron's logs, where an operator looks for the product."""
    if not failed:
        return
    from amzsync.flows.failure_reports import Failure, report_failures

    known = ctx.state.listings.by_skus(ctx.channel, [row.key for row in failed])
    now = ctx.clock.now().isoformat()
    failures = [
        Failure(known[row.key].product_pk, now, RecordError(row.reason, code=row.code))
        for row in failed
        if row.key in known
    ]
    report_failures(ctx, "product", failures)


FLOW: Flow[Removed, tuple[Removed, Change]] = Flow(
    fetch=fetch,
    key=lambda removed: removed.sku,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    refetch=refetch,
    guard=guard,
    batch_size=LISTINGS_FEED_MESSAGES,  # the rest is the next run's
    batches=1,
)
