"""Product stocks that have to go out: changed, never sent, to be sent again, or asked for by SKU.

Not yet listed ones wait without penalty; those a feed carries are left alone until it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import feed_in_flight, is_older
from amzsync.flows.reference_data import catalog
from amzsync.http.overlap import overlap
from amzsync.omnitron.assumptions import PAGE_LIMIT
from amzsync.omnitron.models.products import ProductStock
from amzsync.omnitron.paging import Page
from amzsync.state.listings import Listing

FLOW = "stock.push"
# Never-sent stocks may be those of products that wait to be listed, by the thousand: so many pages
# without anything to send are looked at in a run, and the next run goes on where this one stopped.
INSERT_PAGES = 3
RESENDS = 500  # a run
MALFORMED = "stock "  # before the pk: what a stock is called whose SKU cannot be told

ListPage = Callable[[int], Page[ProductStock]]


@dataclass(frozen=True, slots=True)
class Observed:
    """A product stock as read, and what Amazon is known to have.

    `sent` is what Amazon accepted last, `known` what it is believed to show (None: unknown).
    `is_older`: something newer than this has been sent already. `dirty`: Omnitron waits to hear
    that this version arrived. `lift`: it keeps a penalty of its own that has to go first.
    """

    sku: str
    product_pk: int
    object_pk: int
    version: str
    stock: int
    sent: int | None
    known: int | None
    is_older: bool
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
    yield from _inserts(ctx)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Observed | Outcome]:
    """The present stock of these SKUs, whatever Omnitron's dirty lists say."""
    if ctx.config.is_fba_channel:
        return
    from amzsync.flows import read_back  # seldom needed, and it brings half of Amazon's client

    penalties = ctx.state.penalties.list(ctx.channel, FLOW, keys)
    suspects = [row.key for row in penalties if row.code == read_back.BY_AMAZON]
    by_amazon = list(read_back.still_by_amazon(ctx, suspects))
    yield from by_amazon
    ours = sorted(set(keys) - {outcome.key for outcome in by_amazon})
    for start in range(0, len(ours), 100):
        yield from _again(ctx, ours[start : start + 100])


def _again(ctx: Context, keys: Sequence[str]) -> Iterator[Observed | Outcome]:
    """The present stock of some keys; those Omnitron has no stock for are not ours to send."""
    known = ctx.state.listings.by_skus(ctx.channel, keys)
    products = {listing.product_pk: sku for sku, listing in known.items()}
    missing = [key for key in keys if key not in known]
    if missing:
        products |= {row.pk: row.sku for row in ctx.omnitron.products.by_skus(missing)}
    found = [_stocks_of(ctx, sorted(products)), _malformed_before(ctx, keys)]
    yield from _observed(ctx, found[0], lift=True)
    yield from _observed(ctx, found[1], lift=True)
    there = {products.get(row.product, "") for row in found[0]}
    there |= {_malformed_key(broken.pk) for page in found for broken in page.malformed}
    for key in keys:
        if key not in there:
            yield Outcome(key, "skipped", "no_stock", "Omnitron has no such stock for this channel")


def _malformed_before(ctx: Context, keys: Sequence[str]) -> Page[ProductStock]:
    """The stocks among the keys that could not be read when they were penalised."""
    pks = [int(pk) for key in keys if (pk := key.removeprefix(MALFORMED)) != key and pk.isdigit()]
    return ctx.omnitron.stocks.by_pks(pks) if pks else Page(())


def _malformed_key(pk: int | None) -> str:
    return f"{MALFORMED}{pk}"


def _resends(ctx: Context) -> Iterator[Observed | Outcome]:
    listings = ctx.state.listings.to_resend(ctx.channel, RESENDS)
    if not listings:
        return
    page = _stocks_of(ctx, sorted(listing.product_pk for listing in listings))
    yield from _observed(ctx, page, dirty=False)
    if ctx.options.dry_run:
        return
    there = {row.product for row in page}
    for listing in listings:
        if listing.product_pk not in there:
            ctx.state.listings.settle_difference(ctx.channel, listing.sku)


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


def _inserts(ctx: Context) -> Iterator[Observed | Outcome]:
    """Stocks never sent, from where the last run stopped looking.

    Pages that hold something to send are followed by others, unless a feed is in flight and little
    could be sent. What is sent leaves the list, so the next run's place is counted in what stays.
    """
    name = f"stock.inserts:{ctx.channel}"
    stored = ctx.state.cursors.get(name)
    first = number = int(stored or 1)
    held = ctx.state.penalties.held(ctx.channel, FLOW, ctx.clock.now())
    crowded = feed_in_flight(ctx)
    barren = staying = 0
    while barren < INSERT_PAGES:
        page = ctx.omnitron.stocks.inserts(number)
        to_send = 0
        for found in _observed(ctx, page):
            to_send += isinstance(found, Observed) and found.sku not in held
            yield found
        barren += to_send == 0 or crowded
        staying += len(page) + len(page.malformed) - to_send
        if not page.more:
            first, staying = 1, 0
            break
        number += 1
    place = str(first + staying // PAGE_LIMIT)
    if not ctx.options.dry_run and place != (stored or "1"):
        ctx.state.cursors.put(name, place, ctx.clock.now())


def _observed(
    ctx: Context, page: Page[ProductStock], *, dirty: bool = True, lift: bool = False
) -> Iterator[Observed | Outcome]:
    """The page's stocks with their listings; the unlisted wait, the fenced are left alone."""
    for broken in page.malformed:
        key = _malformed_key(broken.pk)
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
            yield _seen_with(listing, row, dirty=dirty, lift=lift)


def _seen_with(listing: Listing, row: ProductStock, *, dirty: bool, lift: bool) -> Observed:
    # An order takes units off Amazon's quantity, and a read-back may have seen another: then there
    # is no value that was sent, and what was seen last decides.
    known = listing.confirmed_quantity if listing.resend else listing.sent_quantity
    sent_version = listing.sent_version if listing.sent_quantity is not None else None
    return Observed(
        sku=listing.sku,
        product_pk=row.product,
        object_pk=row.pk,
        version=row.modified_date,
        stock=row.stock,
        sent=listing.sent_quantity,
        known=known,
        is_older=sent_version is not None and is_older(row.modified_date, sent_version),
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
    waiting = ctx.state.waiting.keys_of(ctx.channel, FLOW, map(str, products))
    known = {int(object_id): key for object_id, key in waiting.items()}
    missing = [pk for pk in products if pk not in known]
    fresh = ctx.omnitron.products.by_pks(missing) if missing else Page(())
    return known | {row.pk: row.sku for row in fresh}


def _text(pk: int | None) -> str | None:
    return None if pk is None else str(pk)
