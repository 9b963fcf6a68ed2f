"""Stock: what changed in Omnitron, less the buffer, to Amazon's listings.

Changed and never-sent product stocks are read, not yet listed ones wait, values Amazon has already
only clear Omnitron's mark. How values travel is the listing writer's business. A channel fulfilled
by Amazon never writes a quantity: Amazon owns that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from amzsync.errors import GuardError
from amzsync.flows import listing_writer
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_writer import Change
from amzsync.flows.reference_data import catalog
from amzsync.http.overlap import overlap
from amzsync.mapping.stock import quantity_to_send
from amzsync.omnitron.models.products import ProductStock
from amzsync.omnitron.paging import Page
from amzsync.state.listings import Listing

NAME = "stock.push"
CONTENT_TYPE = "productstock"
# Never-sent stocks may be those of products that wait to be listed, by the thousand: so many pages
# of them are looked at in a run, and the next run goes on where this one stopped.
INSERT_PAGES = 3
MOST = 25_000  # one feed's worth; the rest is the next run's

ListPage = Callable[[int], Page[ProductStock]]


@dataclass(frozen=True, slots=True)
class Observed:
    """A product stock as read, and what Amazon is known to have.

    `dirty`: Omnitron waits to hear that this version arrived. `lift`: it keeps a penalty of its own
    that has to go first.
    """

    sku: str
    product_pk: int
    object_pk: int
    version: str
    stock: int
    listing: Listing
    dirty: bool = True
    lift: bool = False


def fetch(ctx: Context) -> Iterator[Observed | Outcome]:
    """Listings to be sent again, changed stocks, and stocks never sent whose product is listed."""
    if ctx.config.is_fba_channel:
        ctx.note("is_fba_channel is on: Amazon owns the quantity, nothing is pushed")
        return
    yield from _resends(ctx)
    for page in _updates(ctx):
        yield from _observed(ctx, page)
    for page in _inserts(ctx):
        yield from _observed(ctx, page)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Observed | Outcome]:
    """The present stock of these SKUs, whatever Omnitron's dirty lists say."""
    if ctx.config.is_fba_channel:
        return
    for start in range(0, len(keys), 100):
        chunk = keys[start : start + 100]
        known = ctx.state.listings.by_skus(ctx.channel, chunk)
        missing = [sku for sku in chunk if sku not in known]
        products = {listing.product_pk for listing in known.values()}
        products |= {row.pk for row in ctx.omnitron.products.by_skus(missing)} if missing else set()
        page = _stocks_of(ctx, sorted(products))
        yield from _observed(ctx, page, lift=True)


def transform(ctx: Context, observed: Observed) -> Change:
    """What Amazon is to be told."""
    quantity = quantity_to_send(Decimal(observed.stock), ctx.config.buffer_stock)
    listing = observed.listing
    # An order takes units off Amazon's quantity, and a read-back may have seen another: then there
    # is no value that was sent, and what was seen last decides.
    known = listing.confirmed_quantity if listing.resend else listing.sent_quantity
    return Change(
        sku=observed.sku,
        product_pk=observed.product_pk,
        object_pk=observed.object_pk,
        version=observed.version,
        value=quantity,
        before=listing.sent_quantity,
        unchanged=known == quantity or _is_older(observed),
        dirty=observed.dirty,
        lift=observed.lift,
    )


def describe(change: Change) -> str:
    """What a dry run says of a change."""
    if change.unchanged:
        return f"{change.sku}: {change.value}, Amazon has it already"
    before = "unknown" if change.before is None else change.before
    return f"{change.sku}: {before} -> {change.value}"


def guard(ctx: Context, items: Sequence[Item[Observed, Change]]) -> None:
    """Stop before a broken stock import closes the shop."""
    if ctx.options.override_guard:
        return
    changes = [item.payload for item in items]
    zeroed = [row for row in changes if row.value == 0 and row.before != 0 and not row.unchanged]
    live = max(ctx.state.listings.live_count(ctx.channel), sum(row.before != 0 for row in changes))
    limits = ctx.config.guards
    if len(zeroed) < limits.zeroing_minimum or len(zeroed) * 100 <= limits.zeroing_percent * live:
        return
    raise GuardError(
        f"{len(zeroed)} of {live} live SKUs would go to zero, more than "
        f"{limits.zeroing_percent} %; nothing was sent. If that is right: "
        f"amzsync stock push --override-guard --config {ctx.config.path}"
    )


def _resends(ctx: Context) -> Iterator[Observed | Outcome]:
    listings = ctx.state.listings.to_resend(ctx.channel, 500)
    products = sorted(listing.product_pk for listing in listings)
    if products:
        yield from _observed(ctx, _stocks_of(ctx, products), dirty=False)


def _stocks_of(ctx: Context, products: Sequence[int]) -> Page[ProductStock]:
    stock_list = catalog(ctx).stock_list
    if stock_list is None or not products:
        return Page(())
    return ctx.omnitron.stocks.by_products(products, stock_list)


def _updates(ctx: Context) -> Iterator[Page[ProductStock]]:
    """Every page of the changed stocks; where their number is known, several at once."""
    first = ctx.omnitron.stocks.updates(1)
    yield first
    if not first.more:
        return
    if first.count is None:
        yield from _one_by_one(ctx.omnitron.stocks.updates)
        return
    last = -(-first.count // max(1, len(first) + len(first.malformed)))
    for done in overlap(ctx.omnitron.stocks.updates, range(2, last + 1), ctx.in_flight):
        if done.error is not None:
            raise done.error
        if done.value is not None:
            yield done.value


def _one_by_one(pages: ListPage) -> Iterator[Page[ProductStock]]:
    number, more = 2, True
    while more:
        page = pages(number)
        yield page
        number, more = number + 1, page.more and len(page) > 0


def _inserts(ctx: Context) -> Iterator[Page[ProductStock]]:
    """Some pages of the stocks never sent, from where the last run stopped."""
    name = f"stock.inserts:{ctx.channel}"
    stored = ctx.state.cursors.get(name)
    number = int(stored or 1)
    for _ in range(INSERT_PAGES):
        page = ctx.omnitron.stocks.inserts(number)
        yield page
        number = number + 1 if page.more else 1
        if number == 1:
            break
    if not ctx.options.dry_run and str(number) != (stored or "1"):
        ctx.state.cursors.put(name, str(number), ctx.clock.now())


def _observed(
    ctx: Context, page: Page[ProductStock], *, dirty: bool = True, lift: bool = False
) -> Iterator[Observed | Outcome]:
    """The page's stocks with their listings; the unlisted wait, the fenced are left alone."""
    for broken in page.malformed:
        key = f"stock {broken.pk}"
        yield Outcome(key, "failed", "malformed", broken.problem, object_id=_text(broken.pk))
    listings = _listings(ctx, [row.product for row in page])
    unlisted = [row for row in page if row.product not in listings]
    skus = _skus(ctx, [row.product for row in unlisted])
    for row in unlisted:
        sku = skus.get(row.product, f"product {row.product}")
        reason = "the product is not listed on Amazon yet"
        yield Outcome(sku, "waiting", "not_listed", reason, object_id=str(row.product))
    for row in page:
        listing = listings.get(row.product)
        if listing is not None and listing.job_id is None:
            yield Observed(
                sku=listing.sku,
                product_pk=row.product,
                object_pk=row.pk,
                version=row.modified_date,
                stock=row.stock,
                listing=listing,
                dirty=dirty,
                lift=lift,
            )


def _listings(ctx: Context, products: Sequence[int]) -> dict[int, Listing]:
    """The listing of each product that has one, Omnitron asked for those not known here."""
    if not products:
        return {}
    known = ctx.state.listings.by_products(ctx.channel, products)
    missing = [pk for pk in products if pk not in known]
    if not missing:
        return known
    actions = ctx.omnitron.integration_actions.by_object_ids("product", missing, status="success")
    linked = [(row.remote_id, row.object_id) for row in actions if row.remote_id]
    if not ctx.options.dry_run and linked:
        ctx.state.listings.know(ctx.channel, linked)
        return known | ctx.state.listings.by_products(ctx.channel, [pk for _, pk in linked])
    return known | {pk: Listing(sku=sku, product_pk=pk) for sku, pk in linked}


def _skus(ctx: Context, products: Sequence[int]) -> dict[int, str]:
    """The SKUs of products without a listing; those that waited before are known from then."""
    if not products:
        return {}
    rows = ctx.state.waiting.list(ctx.channel, NAME)
    known = {int(row.object_id): row.key for row in rows if row.object_id}
    missing = [pk for pk in products if pk not in known]
    fresh = ctx.omnitron.products.by_pks(missing) if missing else Page(())
    return known | {row.pk: row.sku for row in fresh}


def _is_older(observed: Observed) -> bool:
    """Whether something newer than this observation has been sent already."""
    sent = observed.listing.sent_version
    same = observed.listing.sent_quantity is not None
    return same and sent is not None and listing_writer.is_older(observed.version, sent)


def _text(pk: int | None) -> str | None:
    return None if pk is None else str(pk)


def send(ctx: Context, items: Sequence[Item[Observed, Change]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: absolute values, so a repeat changes nothing."""
    return listing_writer.send(ctx, WRITES, [item.payload for item in items])


def collect(ctx: Context) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.collect."""
    return listing_writer.collect(ctx, WRITES)


WRITES = listing_writer.Writes(flow=NAME, content_type=CONTENT_TYPE)

FLOW: Flow[Observed, Change] = Flow(
    fetch=fetch,
    key=lambda observed: observed.sku,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    refetch=refetch,
    guard=guard,
    batch_size=MOST,
    batches=1,
)
