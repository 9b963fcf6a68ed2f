"""Orders: from the inbox into Omnitron, each exactly once.

The natural key is (channel, order number). An order already linked costs a fiftieth of a call, one
that is there without a link is linked, any other is looked up by number before it is created. What
fails stays in the inbox with its reason and is tried again by the penalty rules.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from amzsync.amazon.models.orders import CANCELLED
from amzsync.amazon.orders import parse_order
from amzsync.errors import AmzsyncError, AuthError, RecordError, RemoteError, WaitingError
from amzsync.flows.buyer_data import hide_buyer
from amzsync.flows.flow import Context, Flow, Item, Outcome, Status
from amzsync.flows.order_creation import Created, Work, create, existing
from amzsync.flows.order_intake import preview, take_in
from amzsync.flows.order_links import Unlinked, already_linked, end_left_behind, link
from amzsync.flows.order_shipments import follow
from amzsync.flows.reference_data import products_by_sku
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.orders import order_number, order_plan
from amzsync.mapping.shipments import Parcel, of_text
from amzsync.state.inbox import InboxRow

log = logging.getLogger(__name__)

_PAGE = 100

Orders = Sequence[Item["Pulled"]]


@dataclass(frozen=True, slots=True)
class Pulled:
    """An inbox order ready to go: its number, and its plan unless it is in Omnitron already.

    `parcels` are those of an imported order that Omnitron is to be told of.
    """

    row: InboxRow
    number: str
    omnitron_pk: int | None
    work: Work | None
    units: int = 0
    amount: str = ""
    parcels: tuple[Parcel, ...] | None = None

    @property
    def order_id(self) -> str:
        """Amazon's id of the order."""
        return self.row.order_id


def fetch(ctx: Context) -> Iterator[InboxRow]:
    """The channel's open orders, oldest first, after the inbox was brought up to date.

    Then the imported ones whose parcels changed, unless Omnitron is where those come from.
    """
    if ctx.options.dry_run:
        yield from preview(ctx)
    else:
        try:
            take_in(ctx)
        except (RemoteError, AuthError) as error:
            ctx.postpone(error)  # what is in the inbox already needs no Amazon
    after = None
    while rows := ctx.state.inbox.open_orders(ctx.channel, _PAGE, after):
        yield from rows
        after = (rows[-1].created_time, rows[-1].order_id)
    if not ctx.config.send_shipping_info:
        last = ""
        while rows := ctx.state.inbox.travelling(ctx.channel, _PAGE, last):
            yield from rows
            last = rows[-1].order_id
    elif not ctx.options.dry_run:
        ctx.state.inbox.waive_parcels(ctx.channel)


def transform(ctx: Context, row: InboxRow) -> Pulled:
    """The order as Omnitron is told of it. Errors: RecordError when it cannot be."""
    number = order_number(row.order_id, ctx.config.order_number_format)
    if row.state == "imported":
        return Pulled(
            row,
            row.number or number,
            row.omnitron_pk,
            None,
            parcels=of_text(row.parcels),
        )
    if row.state == "created" or row.payload is None:
        return Pulled(row, row.number or number, row.omnitron_pk, None)
    raw = json.loads(row.payload)
    hide_buyer(raw)
    order = parse_order(raw)
    plan = order_plan(order, ctx.config)
    if row.attempted_at is not None and row.number:
        # It may be there under the number it was asked for with, whatever the format is now.
        plan = replace(plan, number=row.number)
    return Pulled(
        row,
        plan.number,
        None,
        Work(plan, row.attempted_at),
        units=len(plan.units),
        amount=f"{plan.amount} {plan.currency.upper()}",
    )


def describe(pulled: Pulled) -> str:
    """What a dry run says of an order; no buyer data."""
    if pulled.parcels is not None:
        return f"{pulled.order_id}: carrier and tracking numbers of {pulled.number} follow Amazon's"
    if pulled.work is None:
        return f"{pulled.order_id}: look up as {pulled.number} and link"
    return f"{pulled.order_id}: create as {pulled.number}, {pulled.units} units, {pulled.amount}"


def tidy(ctx: Context) -> None:
    """Leave no byte of the buyer data of orders that are in Omnitron now."""
    ctx.state.inbox.purge()


def send(ctx: Context, items: Orders) -> Iterator[Sequence[Outcome]]:
    """Create, link, and have parcels follow.

    Repeating it finds what is there and creates nothing twice.
    """
    links: list[Unlinked] = []
    fresh: list[Item[Pulled]] = []
    moved = [item for item in items if item.payload.row.state == "imported"]
    to_import = [item for item in items if item.payload.row.state != "imported"]
    linked = already_linked(
        ctx, [item.key for item in to_import if item.payload.omnitron_pk is None]
    )
    for item in to_import:
        if item.key in linked:
            ctx.state.inbox.created(
                item.key, linked[item.key], item.payload.number, lines_told=_lines_there(item)
            )
    ctx.state.inbox.imported(linked, ctx.clock.now())
    yield [Outcome(order_id, "unchanged", "linked") for order_id in sorted(linked)]
    for item in to_import:
        if item.key in linked:
            continue
        if item.payload.omnitron_pk is not None:
            links.append(Unlinked(item.key, item.payload.omnitron_pk))
        else:
            fresh.append(item)
    stop: AmzsyncError | None = None
    if fresh:
        stop = yield from _create_all(ctx, fresh, links)
    yield from link(ctx, links)
    if stop is not None:
        raise stop
    if moved:
        yield from _follow_all(ctx, moved)


def _follow_all(ctx: Context, items: Orders) -> Iterator[Sequence[Outcome]]:
    """Tell Omnitron of parcels that changed. Repeating it sends only what differs there."""
    pks = [item.payload.omnitron_pk for item in items if item.payload.omnitron_pk is not None]
    orders = {order.pk: order for order in ctx.omnitron.orders.by_pks(pks)}

    def tell(item: Item[Pulled]) -> int:
        ctx.deadline.check()
        return follow(ctx, orders.get(item.payload.omnitron_pk or 0), item.payload.parcels or ())

    for done in overlap(tell, items, ctx.in_flight):
        if isinstance(done.error, RecordError):
            yield [outcome_of(done.item.key, done.error)]
        elif done.error is not None:
            raise done.error
        else:
            ctx.state.inbox.told_parcels(done.item.key, done.item.payload.row.parcels)
            status: Status = "sent" if done.value else "unchanged"
            yield [Outcome(done.item.key, status, "shipping_info", "follows Amazon's packages")]


def _create_all(
    ctx: Context, items: list[Item[Pulled]], links: list[Unlinked]
) -> Generator[Sequence[Outcome], None, AmzsyncError | None]:
    """Create the orders side by side, those of one buyer in turn; each is recorded as it arrives.

    Returns the first error that concerns the run and not an order, after all others have ended.
    """
    products = products_by_sku(ctx, sorted(_skus(items)))
    stop: AmzsyncError | None = None
    stopped = threading.Event()
    attempt = partial(_attempt_group, ctx, products, stopped)
    for done in overlap(attempt, _by_buyer(items), ctx.in_flight):
        for item, result in done.value or ():
            if isinstance(result, Created):
                ctx.state.inbox.created(
                    item.key,
                    result.order.pk,
                    item.payload.number,
                    _told(item, result),
                    _lines_there(item) if result.found else item.payload.row.lines,
                )
                links.append(
                    Unlinked(item.key, result.order.pk, result.order, fresh=not result.found)
                )
                yield [_arrived(item, result)]
            elif isinstance(result, RecordError | WaitingError):
                if not (isinstance(result, WaitingError) and result.code == "outcome_unknown"):
                    # It was refused before or at creation: nothing of it can be under way.
                    ctx.state.inbox.unattempt(item.key)
                yield [outcome_of(item.key, result)]
            elif result is None:
                ctx.state.inbox.ignore(item.key, "cancelled", "cancelled before it was imported")
                yield [
                    Outcome(item.key, "skipped", "cancelled", "cancelled before it was imported")
                ]
            else:
                stop = stop or result
                stopped.set()
    return stop


Result = Created | AmzsyncError | None


def _attempt_group(
    ctx: Context,
    products: Mapping[str, int],
    stopped: threading.Event,
    group: Sequence[Item[Pulled]],
) -> list[tuple[Item[Pulled], Result]]:
    """One buyer's orders, one after the other, so that the buyer is created once."""
    results: list[tuple[Item[Pulled], Result]] = []
    for item in group:
        if stopped.is_set():
            break
        try:
            results.append((item, _attempt(ctx, item, products)))
        except (RecordError, WaitingError) as error:
            results.append((item, error))
        except AmzsyncError as error:
            results.append((item, error))
            break
    return results


def _attempt(ctx: Context, item: Item[Pulled], products: Mapping[str, int]) -> Created | None:
    """The order created, or None when it was cancelled meanwhile and never got there."""
    ctx.deadline.check()
    work = item.payload.work
    if work is None or item.payload.row.status == CANCELLED:
        order = existing(ctx, item.payload.number)
        return None if order is None else Created(order, found=True)
    return create(ctx, work, products)


def _told(item: Item[Pulled], created: Created) -> str:
    """The parcels its creation told Omnitron of: an order has one carrier, its items have theirs.

    The others follow in a later run.
    """
    work = item.payload.work
    carriers = {parcel.carrier for parcel in work.plan.parcels} if work else set()
    whole = not created.found and len(carriers) <= 1
    return item.payload.row.parcels if whole else ""


def _lines_there(item: Item[Pulled]) -> str:
    """The lines an order that was in Omnitron already has there; "" where that must be looked at.

    Looking costs calls, and an order that shows no cancellation has nothing to find.
    """
    row = item.payload.row
    return "" if json.loads(row.facts).get("shows_cancellation", True) else row.lines


def _arrived(item: Item[Pulled], created: Created) -> Outcome:
    mismatch = item.payload.work.plan.mismatch if item.payload.work else ""
    if mismatch:
        log.warning("order %s: %s", item.key, mismatch)
    how = "found in Omnitron" if created.found else "created"
    reason = f"{how} as {item.payload.number}" + (f"; {mismatch}" if mismatch else "")
    return Outcome(
        item.key, "sent", "amounts" if mismatch else "", reason, object_id=str(created.order.pk)
    )


def _by_buyer(items: Sequence[Item[Pulled]]) -> list[list[Item[Pulled]]]:
    groups: dict[str, list[Item[Pulled]]] = {}
    for item in items:
        work = item.payload.work
        buyer = work.plan.customer.email.casefold() if work else item.key
        groups.setdefault(buyer, []).append(item)
    return list(groups.values())


def _skus(items: Sequence[Item[Pulled]]) -> set[str]:
    return {sku for item in items if item.payload.work for sku in item.payload.work.plan.skus}


FLOW: Flow[InboxRow, Pulled] = Flow(
    fetch=fetch,
    key=lambda row: row.order_id,
    transform=transform,
    send=send,
    describe=describe,
    collect=end_left_behind,
    tidy=tidy,
    batch_size=_PAGE,
)
