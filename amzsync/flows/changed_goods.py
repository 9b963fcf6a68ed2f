"""Product stocks or prices that have to go out: changed, never sent, to be sent again, or asked for
by SKU.

Not yet listed ones wait without penalty; those somebody is at work on are left alone until that is
over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import Change, ObjectRef, Value, feed_in_flight, is_older
from amzsync.flows.reference_data import catalog
from amzsync.http.overlap import overlap
from amzsync.omnitron.assumptions import PAGE_LIMIT
from amzsync.omnitron.paging import Page
from amzsync.state.listings import Listing

if TYPE_CHECKING:
    from amzsync.omnitron.models.channels import Catalog

# Never-sent rows may be those of products that wait to be listed, by the thousand: so many pages
# without anything to send are looked at in a run, and the next run goes on where this one stopped.
INSERT_PAGES = 3
RESENDS = 500  # a run


class Row(Protocol):
    """What a product stock and a product price have in common."""

    @property
    def pk(self) -> int:
        """Its key."""

    @property
    def product(self) -> int:
        """The product it is of."""

    @property
    def modified_date(self) -> str:
        """Its version, exactly as read."""


R = TypeVar("R", bound=Row)


class Rows(Protocol[R]):
    """Omnitron's lists of one kind of row."""

    def inserts(self, page: int) -> Page[R]:
        """One page of what was never sent."""

    def updates(self, page: int) -> Page[R]:
        """One page of what changed since it was sent."""

    def by_pks(self, pks: Sequence[int]) -> Page[R]:
        """The rows with these keys."""

    def by_products(self, product_pks: Sequence[int], list_pk: int) -> Page[R]:
        """The rows of these products on one list."""


@dataclass(frozen=True, slots=True)
class Goods(Generic[R]):
    """One kind of row, and how its flow goes about it.

    `noun` is what a row is called whose SKU cannot be told; `attribute` what of a listing it sets.
    """

    flow: str
    noun: str
    content_type: str
    attribute: str
    rows: Callable[[Context], Rows[R]]
    list_of: Callable[[Catalog], int | None]


@dataclass(frozen=True, slots=True)
class Observed(Generic[R]):
    """A row as read, and what Amazon is known to have.

    `sent` is what Amazon accepted last, `confirmed` what a read-back saw last, `known` what Amazon
    is believed to show (None: unknown). `is_older`: something newer than this has been sent
    already. `dirty`, `lift` and `seen_at` as in a Change.
    """

    sku: str
    row: R
    sent: str | None
    confirmed: str | None
    known: str | None
    is_older: bool
    dirty: bool = True
    lift: bool = False
    seen_at: datetime | None = None


def change_of(goods: Goods[R], observed: Observed[R], value: str) -> Change:
    """The change that gives the SKU this value."""
    row = observed.row
    return Change(
        sku=observed.sku,
        product_pk=row.product,
        objects=(ObjectRef(row.pk, goods.content_type, row.modified_date),),
        values=(Value(goods.attribute, value, row.modified_date),),
        before=observed.sent,
        unchanged=observed.known == value or observed.is_older,
        dirty=observed.dirty,
        lift=observed.lift,
        seen_at=observed.seen_at,
    )


def fetch(ctx: Context, goods: Goods[R]) -> Iterator[Observed[R] | Outcome]:
    """What is to be sent again, what changed, and what was never sent of listed products."""
    seen_at = ctx.clock.now()
    yield from _resends(ctx, goods)
    held = 0
    for page in _updates(ctx, goods):
        found = list(_observed(ctx, goods, page, seen_at=seen_at))
        held += len(page) + len(page.malformed) - len(found)
        yield from found
    _ask_for_a_turn(ctx, goods, held)
    yield from _inserts(ctx, goods, seen_at)


def _ask_for_a_turn(ctx: Context, goods: Goods[R], held: int) -> None:
    """Note whether feeds hold so many changed rows that they will need a feed of their own.

    Otherwise the flow whose feeds they are would submit its next one before they can be seen here.
    """
    if ctx.options.dry_run:
        return
    turns = ctx.state.feed_turns
    if held > ctx.config.stock.patch_limit:
        turns.want(ctx.channel, goods.flow, ctx.clock.now())
    else:
        turns.content(ctx.channel, goods.flow)


def refetch(ctx: Context, goods: Goods[R], keys: Sequence[str]) -> Iterator[Observed[R] | Outcome]:
    """The present rows of these SKUs, whatever Omnitron's dirty lists say."""
    for start in range(0, len(keys), 100):
        yield from _again(ctx, goods, keys[start : start + 100])


def _again(ctx: Context, goods: Goods[R], keys: Sequence[str]) -> Iterator[Observed[R] | Outcome]:
    """The present rows of some keys; those Omnitron has none for are not ours to send."""
    known = ctx.state.listings.by_skus(ctx.channel, keys, goods.attribute)
    products = {listing.product_pk: sku for sku, listing in known.items()}
    missing = [key for key in keys if key not in known]
    if missing:
        products |= {row.pk: row.sku for row in ctx.omnitron.products.by_skus(missing)}
    found = [_of_products(ctx, goods, sorted(products)), _malformed_before(ctx, goods, keys)]
    yield from _observed(ctx, goods, found[0], lift=True)
    yield from _observed(ctx, goods, found[1], lift=True)
    there = {products.get(row.product, "") for row in found[0]}
    there |= {_malformed_key(goods, broken.pk) for page in found for broken in page.malformed}
    for key in keys:
        if key not in there:
            reason = f"Omnitron has no such {goods.noun} for this channel"
            yield Outcome(key, "skipped", f"no_{goods.noun}", reason)


def _malformed_before(ctx: Context, goods: Goods[R], keys: Sequence[str]) -> Page[R]:
    """The rows among the keys that could not be read when they were penalised."""
    prefix = _malformed_key(goods, None)
    pks = [int(pk) for key in keys if (pk := key.removeprefix(prefix)) != key and pk.isdigit()]
    return goods.rows(ctx).by_pks(pks) if pks else Page(())


def _malformed_key(goods: Goods[R], pk: int | None) -> str:
    return f"{goods.noun} {'' if pk is None else pk}"


def _resends(ctx: Context, goods: Goods[R]) -> Iterator[Observed[R] | Outcome]:
    listings = ctx.state.listings.to_resend(ctx.channel, RESENDS, goods.attribute)
    if not listings:
        return
    page = _of_products(ctx, goods, sorted(listing.product_pk for listing in listings))
    yield from _observed(ctx, goods, page, dirty=False)
    if ctx.options.dry_run:
        return
    there = {row.product for row in page}
    for listing in listings:
        if listing.product_pk not in there:
            ctx.state.listings.settle_difference(ctx.channel, listing.sku, goods.attribute)


def _of_products(ctx: Context, goods: Goods[R], products: Sequence[int]) -> Page[R]:
    list_pk = goods.list_of(catalog(ctx))
    if list_pk is None or not products:
        return Page(())
    return goods.rows(ctx).by_products(products, list_pk)


def _updates(ctx: Context, goods: Goods[R]) -> Iterator[Page[R]]:
    """Every page of what changed; where their number is known, several at once."""
    updates = goods.rows(ctx).updates
    first = updates(1)
    yield first
    if not first.more:
        return
    if first.count is None:
        yield from _one_by_one(updates)
        return
    last = -(-first.count // max(1, len(first) + len(first.malformed)))
    for done in overlap(updates, range(2, last + 1), ctx.in_flight):
        if done.error is not None:
            raise done.error
        if done.value is not None:
            yield done.value


def _one_by_one(pages: Callable[[int], Page[R]]) -> Iterator[Page[R]]:
    number, more = 2, True
    while more:
        page = pages(number)
        yield page
        number, more = number + 1, page.more and len(page) > 0


def _inserts(ctx: Context, goods: Goods[R], seen_at: datetime) -> Iterator[Observed[R] | Outcome]:
    """Rows never sent, from where the last run stopped looking.

    Pages that hold something to send are followed by others, unless a feed is in flight and little
    could be sent. What is sent leaves the list, so the next run's place is counted in what stays.
    """
    name = f"{goods.noun}.inserts:{ctx.channel}"
    stored = ctx.state.cursors.get(name)
    first = number = int(stored or 1)
    held = ctx.state.penalties.held(ctx.channel, goods.flow, ctx.clock.now())
    crowded = feed_in_flight(ctx)
    barren = staying = 0
    while barren < INSERT_PAGES:
        page = goods.rows(ctx).inserts(number)
        to_send = 0
        for found in _observed(ctx, goods, page, sent_before=False, seen_at=seen_at):
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
    ctx: Context,
    goods: Goods[R],
    page: Page[R],
    *,
    dirty: bool = True,
    lift: bool = False,
    sent_before: bool = True,
    seen_at: datetime | None = None,
) -> Iterator[Observed[R] | Outcome]:
    """The page's rows with their listings; the unlisted wait, the fenced are left alone."""
    for broken in page.malformed:
        key = _malformed_key(goods, broken.pk)
        object_id = None if broken.pk is None else str(broken.pk)
        yield Outcome(key, "failed", "malformed", broken.problem, object_id=object_id)
    listings = _listings(ctx, goods, page, sent_before=sent_before)
    unlisted = [row.product for row in page if row.product not in listings]
    skus = _skus(ctx, goods, unlisted)
    for product in unlisted:
        sku = skus.get(product, f"product {product}")
        reason = "the product is not listed on Amazon yet"
        yield Outcome(sku, "waiting", "not_listed", reason, object_id=str(product))
    for row in page:
        listing = listings.get(row.product)
        if listing is None or listing.holder is not None:
            continue
        if listing.withdrawn_at is not None and seen_at is None:
            yield Outcome(listing.sku, "skipped", "withdrawn", "the product is not in the catalog")
            continue
        # An order takes units off Amazon's quantity, and a read-back may have seen another: then
        # there is no value that was sent, and what was seen last decides.
        version = listing.version if listing.sent is not None else None
        yield Observed(
            sku=listing.sku,
            row=row,
            sent=listing.sent,
            confirmed=listing.confirmed,
            known=listing.confirmed if listing.resend else listing.sent,
            is_older=version is not None and is_older(row.modified_date, version),
            dirty=dirty,
            lift=lift,
            seen_at=seen_at,
        )


def _listings(
    ctx: Context, goods: Goods[R], page: Page[R], *, sent_before: bool
) -> dict[int, Listing]:
    """The listing of each product that has one, Omnitron asked for those not known here."""
    if not page:
        return {}
    look_up = ctx.state.listings.by_products
    known = look_up(ctx.channel, [row.product for row in page], goods.attribute)
    missing = [row for row in page if row.product not in known]
    if not missing:
        return known
    linked = dict(_linked(ctx, "product", {row.product: row.product for row in missing}))
    left = {row.pk: row.product for row in missing if row.product not in linked}
    if left and sent_before:
        # The product's last sending failed: what it has been sent before is linked all the same.
        linked |= dict(_linked(ctx, goods.content_type, left))
    if not ctx.options.dry_run and linked:
        ctx.state.listings.know(ctx.channel, [(sku, pk) for pk, sku in linked.items()])
        return known | look_up(ctx.channel, linked, goods.attribute)
    return known | {pk: Listing(sku=sku, product_pk=pk) for pk, sku in linked.items()}


def _linked(
    ctx: Context, content_type: str, products: Mapping[int, int]
) -> Iterator[tuple[int, str]]:
    """(product, SKU) of the objects among these that are linked; `products` by object."""
    find = ctx.omnitron.integration_actions.by_object_ids
    for action in find(content_type, products, status="success"):
        if action.remote_id:
            yield products[action.object_id], action.remote_id


def _skus(ctx: Context, goods: Goods[R], products: Sequence[int]) -> dict[int, str]:
    """The SKUs of products without a listing; those that waited before are known from then."""
    if not products:
        return {}
    waiting = ctx.state.waiting.keys_of(ctx.channel, goods.flow, map(str, products))
    known = {int(object_id): key for object_id, key in waiting.items()}
    missing = [pk for pk in products if pk not in known]
    fresh = ctx.omnitron.products.by_pks(missing) if missing else Page(())
    return known | {row.pk: row.sku for row in fresh}
