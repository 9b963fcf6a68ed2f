"""Products that have to go out: refused ones that may be tried again, changed, never sent, or asked
for by SKU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amzsync.errors import WaitingError
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import feed_in_flight
from amzsync.flows.listing_makers import Makers
from amzsync.flows.product_families import Families, base_code
from amzsync.flows.product_goods import Lacking, gather
from amzsync.flows.product_payloads import Reading, Ready, Workshop, prepare
from amzsync.flows.product_results import tell
from amzsync.flows.runner import outcome_of
from amzsync.omnitron.models.products import Product
from amzsync.omnitron.paging import Page
from amzsync.state.products import SentProduct

FLOW = "products.push"
# Looked at in a run: few enough that a first run over a great catalogue ends, that they take little
# memory, and that a feed of whole listings (some 3 KB each) keeps to one document.
MOST = 1_000
PAGE = 100
MALFORMED = "product "  # before the pk: what a product is called whose SKU cannot be told


@dataclass(slots=True)
class _Round:
    """One look at the products: how many more may be looked at, those looked at already, and those
    that cannot be sent.
    """

    shop: Workshop
    room: int
    seen: set[int] = field(default_factory=set)
    lacking: list[Lacking] = field(default_factory=list)


def fetch(ctx: Context) -> Iterator[Ready | Outcome]:
    """Everything Omnitron waits to hear of, as far as one run can carry it."""
    held = ctx.state.penalties.held(ctx.channel, FLOW, ctx.clock.now())
    # While a feed is in flight, no more than single calls can carry leaves anyway.
    room = max(1, ctx.config.stock.patch_limit) if feed_in_flight(ctx) else MOST
    refused = ctx.state.products.to_send_again(ctx.channel, sorted(held), min(room, MOST))
    round_ = _round(ctx, min(room, MOST), refused)
    seen_at = ctx.clock.now()
    yield from _again(ctx, round_, refused, Reading())
    lists = (ctx.omnitron.products.updates, True), (ctx.omnitron.products.inserts, False)
    for pages, changed in lists:
        number, more = 1, True
        while more and round_.room > 0:
            page = pages(number)
            yield from _of_page(ctx, round_, page, held, Reading(changed=changed, seen_at=seen_at))
            number, more = number + 1, page.more and len(page) > 0
    # Not before: what is told leaves the lists, and the pages behind it would move up unseen.
    tell(ctx, round_.lacking)


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[Ready | Outcome]:
    """These SKUs as they are now, whatever Omnitron's waiting lists say."""
    round_ = _round(ctx, len(keys), keys)
    yield from _again(ctx, round_, keys, Reading(lift=True))
    tell(ctx, round_.lacking)


def _round(ctx: Context, room: int, again: Iterable[str]) -> _Round:
    return _Round(Workshop(Makers(ctx), Families(ctx, frozenset(again))), room)


def _of_page(
    ctx: Context, round_: _Round, page: Page[Product], held: frozenset[str], reading: Reading
) -> Iterator[Ready | Outcome]:
    yield from _malformed(page)
    for product in page:
        if product.sku in held:
            yield Outcome(product.sku, "skipped", "held", "in penalty")
    free = [row for row in page if row.sku not in held and row.pk not in round_.seen]
    chosen = {product.sku: product for product in free[: round_.room]}
    yield from _of_products(ctx, round_, chosen, reading)


def _malformed(page: Page[Product]) -> Iterator[Outcome]:
    for broken in page.malformed:
        object_id = None if broken.pk is None else str(broken.pk)
        key = f"{MALFORMED}{broken.pk}"
        yield Outcome(key, "failed", "malformed", broken.problem, object_id=object_id)


def _again(
    ctx: Context, round_: _Round, skus: Sequence[str], reading: Reading
) -> Iterator[Ready | Outcome]:
    """Some SKUs by name; those the catalog does not have are not ours to send."""
    for start in range(0, len(skus), PAGE):
        chunk = skus[start : start + PAGE]
        known = ctx.state.products.by_skus(ctx.channel, chunk)
        parents = [sku for sku in chunk if sku in known and known[sku].theme]
        wanted = [sku for sku in chunk if sku not in parents]
        found = ctx.omnitron.products.by_skus(wanted)
        products = {row.sku: row for row in found}
        others = [known[sku] for sku in wanted if sku not in products and sku in known]
        products |= _by_other_skus(ctx, others)
        broken = [*_malformed(found), *_malformed_before(ctx, wanted)]
        yield from broken
        yield from _of_products(ctx, round_, products, reading)
        for parent in parents:
            yield from _parent(ctx, round_, parent, reading)
        gone = set(wanted) - products.keys() - {outcome.key for outcome in broken}
        if not ctx.options.dry_run:
            ctx.state.products.forget(ctx.channel, gone)
        for sku in sorted(gone):
            yield Outcome(sku, "skipped", "no_product", "the catalog has no such product")


def _malformed_before(ctx: Context, keys: Sequence[str]) -> list[Outcome]:
    """Those of the keys that stood for a product nobody could read, and still do."""
    pks = [int(pk) for key in keys if (pk := key.removeprefix(MALFORMED)) != key and pk.isdigit()]
    return list(_malformed(ctx.omnitron.products.by_pks(pks))) if pks else []


def _by_other_skus(ctx: Context, rows: Sequence[SentProduct]) -> dict[str, Product]:
    """Products of the catalog that Amazon knows by another SKU than Omnitron, by that SKU."""
    names = {row.product_pk: row.sku for row in rows if row.product_pk}
    if not names:
        return {}
    # Found by their key, products that left the catalog would come as well.
    skus = [product.sku for product in ctx.omnitron.products.by_pks(list(names))]
    return {names[row.pk]: row for row in ctx.omnitron.products.by_skus(skus) if row.pk in names}


def _parent(
    ctx: Context, round_: _Round, parent: str, reading: Reading
) -> Iterator[Ready | Outcome]:
    """The parent of a family, made anew from whichever of its children can be listed."""
    members = list(ctx.omnitron.products.by_base_codes([base_code(parent)]))[:PAGE]
    for found in prepare(ctx, round_.shop, gather(ctx, members), reading):
        if isinstance(found, Ready) and found.change.sku == parent:
            yield found
            return
    if not ctx.options.dry_run:
        ctx.state.products.forget(ctx.channel, [parent])
    yield Outcome(parent, "skipped", "no_child", "no product of its family can be listed now")


def _of_products(
    ctx: Context, round_: _Round, products: Mapping[str, Product], reading: Reading
) -> Iterator[Ready | Outcome]:
    """What becomes of these products; what cannot be sent goes by the SKU it was asked for by."""
    round_.room -= len(products)
    round_.seen.update(product.pk for product in products.values())
    names = {product.pk: sku for sku, product in products.items()}
    for found in prepare(ctx, round_.shop, gather(ctx, list(products.values())), reading):
        if isinstance(found, Ready):
            yield found
            continue
        if not isinstance(found.error, WaitingError):
            round_.lacking.append(found)
        yield outcome_of(names[found.product.pk], found.error, str(found.product.pk))
