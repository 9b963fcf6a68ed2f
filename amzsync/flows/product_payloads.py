"""What Amazon is told of products, or why it cannot be told.

A new SKU is sent as a whole, with its price and stock. One that Amazon has gets the facts that
changed: its price and stock travel by their own flows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from amzsync.amazon.listings import PAGE_SIZE, raise_if_invalid
from amzsync.amazon.models.listings import ListingsItem
from amzsync.errors import RecordError, RefusedError, RejectedError, WaitingError
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import (
    FEED,
    PRICE,
    QUANTITY,
    Change,
    ObjectRef,
    Patch,
    Update,
    Value,
)
from amzsync.flows.listing_makers import Makers
from amzsync.flows.product_drafts import Draft, checked, draft_of
from amzsync.flows.product_families import Families
from amzsync.flows.product_goods import Gathered, Lacking
from amzsync.http.overlap import overlap
from amzsync.mapping.issues import told
from amzsync.mapping.listing_facts import changes, facts_of
from amzsync.mapping.prices import price_text
from amzsync.mapping.products import quantity_of
from amzsync.mapping.variations import MEMBERSHIP
from amzsync.omnitron.models.products import Product
from amzsync.state.products import SentProduct


@dataclass(frozen=True, slots=True)
class Reading:
    """How products were come by: `lift` and `seen_at` as in a Change; `changed`: from the list of
    those changed since they were sent.
    """

    changed: bool = False
    lift: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A listing on its way: what Amazon is told, and what it will have been told then."""

    change: Change
    wanted: SentProduct
    product: Product | None


@dataclass(frozen=True, slots=True)
class Workshop:
    """What one run makes listings with."""

    makers: Makers
    families: Families


def prepare(
    ctx: Context, shop: Workshop, found: Iterable[Gathered | Lacking], reading: Reading
) -> Iterator[Ready | Lacking]:
    """What becomes of these products; the parent of a family comes before its children.

    What a feed carries is left out until that is answered.
    """
    rows = list(found)
    nodes = [row.category.pk for row in rows if isinstance(row, Gathered)]
    categories = ctx.state.category_nodes.by_pks(ctx.channel, nodes)
    drafts: list[Draft] = []
    for row in rows:
        if isinstance(row, Lacking):
            yield row
            continue
        try:
            drafts.append(draft_of(ctx, shop.makers, row, categories.get(row.category.pk)))
        except (RecordError, WaitingError) as error:
            yield Lacking(row.product, error)
    good: list[Draft] = []
    for draft in shop.families.joined(drafts):
        try:
            good.append(checked(draft))
        except (RecordError, WaitingError) as error:
            if draft.gathered is None:
                ctx.note(f"{draft.sku}, the parent of a family, cannot be sent: {error}")
            else:
                yield Lacking(draft.gathered.product, error)
    ready = _compared(ctx, good, reading)
    yield from _previewed(ctx, ready) if ctx.options.amazon_validate else ready


def _compared(ctx: Context, drafts: Sequence[Draft], reading: Reading) -> list[Ready]:
    """Each draft against what Amazon is known to have; of what is not known Amazon is asked."""
    skus = [draft.sku for draft in drafts]
    feeds = {job.id for job in ctx.state.jobs.in_flight(FEED)}
    holders = ctx.state.fences.held(ctx.channel, skus)
    busy = {sku for sku, holder in holders.items() if holder in feeds}
    known = ctx.state.products.by_skus(ctx.channel, skus)
    unknown = [sku for sku in skus if sku not in busy and not (sku in known and known[sku].sent)]
    there = _on_amazon(ctx, unknown)
    return [
        _ready(ctx, draft, known.get(draft.sku), draft.sku in there, reading)
        for draft in drafts
        if draft.sku not in busy
    ]


def _on_amazon(ctx: Context, skus: Sequence[str]) -> set[str]:
    """Those of the SKUs that have a listing in the marketplace.

    Amazon shows what it has taken before it has made anything of it, with no summary then: that may
    never come to be, and is sent as a whole once more.
    """
    chunks = [skus[start : start + PAGE_SIZE] for start in range(0, len(skus), PAGE_SIZE)]
    search = partial(ctx.amazon.listings.search_listings_items, included_data=("summaries",))
    found: set[str] = set()
    for done in overlap(search, chunks, ctx.in_flight):
        if done.error is not None:
            raise done.error
        found.update(item.sku for item in done.value or () if _is_here(ctx, item))
    return found


def _is_here(ctx: Context, item: ListingsItem) -> bool:
    place = ctx.amazon.marketplace_id
    return any(summary.marketplace_id == place for summary in item.summaries)


def _ready(
    ctx: Context, draft: Draft, known: SentProduct | None, is_there: bool, reading: Reading
) -> Ready:
    product = draft.gathered.product if draft.gathered else None
    wanted = SentProduct(
        sku=draft.sku,
        product_pk=product.pk if product else None,
        product_type=draft.product_type,
        wanted=facts_of(draft.attributes),
        wanted_version=product.modified_date if product else "",
        theme=draft.theme,
    )
    before = dict(known.sent) if known else {}
    if not before and not is_there:
        return Ready(_creation(ctx, draft, reading), wanted, product)
    if reading.changed and known and known.version == wanted.wanted_version:
        # Touched by hand: all is sent anew, but for its family, which is told once (§2.5.5).
        before = {name: before[name] for name in MEMBERSHIP if name in before}
    patches = changes(before, draft.attributes, draft.maker.schema)
    patch = Patch(patches, draft.product_type)
    return Ready(_change(draft, reading, patch, unchanged=not patches), wanted, product)


def _creation(ctx: Context, draft: Draft, reading: Reading) -> Change:
    """A new listing as a whole; the stock and price in it need not be sent again."""
    message = Update(draft.attributes, draft.product_type, draft.requirements)
    row = draft.gathered
    if row is None:
        return _change(draft, reading, message)
    objects = [ObjectRef(row.price.pk, "productprice", row.price.modified_date)]
    price = price_text(row.price.price, ctx.config.marketplace.currency)
    values = [Value(PRICE, price, row.price.modified_date)]
    if (quantity := quantity_of(draft.attributes)) is not None:
        objects.insert(0, ObjectRef(row.stock.pk, "productstock", row.stock.modified_date))
        values.insert(0, Value(QUANTITY, str(quantity), row.stock.modified_date))
    return _change(draft, reading, message, objects, values)


def _change(
    draft: Draft,
    reading: Reading,
    message: Patch | Update,
    objects: Sequence[ObjectRef] = (),
    values: Sequence[Value] = (),
    *,
    unchanged: bool = False,
) -> Change:
    product = draft.gathered.product if draft.gathered else None
    own = (ObjectRef(product.pk, "product", product.modified_date),) if product else ()
    return Change(
        sku=draft.sku,
        product_pk=product.pk if product else 0,
        objects=(*own, *objects),
        values=tuple(values),
        message=message,
        unchanged=unchanged,
        lift=reading.lift,
        seen_at=reading.seen_at,
    )


def _previewed(ctx: Context, rows: Sequence[Ready]) -> Iterator[Ready | Lacking]:
    """What Amazon would take, by its own word: a call for each, which changes nothing."""
    yield from (row for row in rows if row.change.unchanged)
    changed = [row for row in rows if not row.change.unchanged]
    for done in overlap(partial(_preview, ctx), changed, ctx.in_flight):
        if done.error is None:
            yield done.item
        elif not isinstance(done.error, RecordError | WaitingError):
            raise done.error
        elif done.item.product is not None:
            yield Lacking(done.item.product, done.error)
        else:
            ctx.note(f"{done.item.change.sku}: {done.error}")


def _preview(ctx: Context, row: Ready) -> None:
    message, listings, sku = row.change.message, ctx.amazon.listings, row.change.sku
    try:
        if isinstance(message, Patch):
            submission = listings.patch_listings_item(
                sku, message.patches, message.product_type, preview=True
            )
        elif message is not None:
            submission = listings.put_listings_item(
                sku,
                message.attributes,
                message.product_type,
                requirements=message.requirements,
                preview=True,
            )
    except RefusedError as error:
        raise RejectedError(
            error.detail, code=error.code or str(error.status), request_id=error.request_id
        ) from error
    raise_if_invalid(submission, told)
