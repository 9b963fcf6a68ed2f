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
from dataclasses import dataclass
from functools import partial

from amzsync.amazon.models.orders import CANCELLED
from amzsync.amazon.orders import parse_order
from amzsync.errors import AmzsyncError, RecordError, WaitingError
from amzsync.flows.batch_lifecycle import OpenBatch, finish, let_go, open_batch, recover
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.inbox_rows import hide_buyer
from amzsync.flows.order_creation import Created, Work, create, existing
from amzsync.flows.order_intake import preview, take_in
from amzsync.flows.reference_data import products_by_sku
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.orders import order_number, order_plan
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.omnitron.models.orders import Order
from amzsync.state.inbox import InboxRow

log = logging.getLogger(__name__)

NAME = "orders.pull"
CONTENT_TYPE = "order"
_PAGE = 100

Orders = Sequence[Item[InboxRow, "Pulled"]]


@dataclass(frozen=True, slots=True)
class Pulled:
    """An inbox order ready to go: its number, and its plan unless it is in Omnitron already."""

    order_id: str
    number: str
    omnitron_pk: int | None
    work: Work | None
    units: int = 0
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An order in Omnitron that is still to be linked to its Amazon id; `order` if just read."""

    order_id: str
    order_pk: int
    order: Order | None = None


def fetch(ctx: Context) -> Iterator[InboxRow]:
    """The channel's open orders, oldest first, after the inbox was brought up to date."""
    if ctx.options.dry_run:
        yield from preview(ctx)
    else:
        take_in(ctx)
    after = None
    while rows := ctx.state.inbox.open_orders(ctx.channel, _PAGE, after):
        yield from rows
        after = (rows[-1].created_time, rows[-1].order_id)


def transform(ctx: Context, row: InboxRow) -> Pulled:
    """The order as Omnitron is told of it. Errors: RecordError when it cannot be."""
    number = order_number(row.order_id, ctx.config.order_number_format)
    if row.state == "created" or row.payload is None:
        return Pulled(row.order_id, row.number or number, row.omnitron_pk, None)
    order = parse_order(json.loads(row.payload))
    hide_buyer(order)
    plan = order_plan(order, ctx.config)
    return Pulled(
        row.order_id,
        plan.number,
        None,
        Work(plan, row.attempted_at),
        units=len(plan.units),
        amount=f"{plan.amount} {plan.currency.upper()}",
    )


def describe(pulled: Pulled) -> str:
    """What a dry run says of an order; no buyer data."""
    if pulled.work is None:
        return f"{pulled.order_id}: look up as {pulled.number} and link"
    return f"{pulled.order_id}: create as {pulled.number}, {pulled.units} units, {pulled.amount}"


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """End batch requests a killed run left open: what they committed are facts, so: done."""
    for batch in recover(ctx, NAME):
        if batch.state == "commit" and batch.local_batch_id and batch.pk is not None:
            actions = ctx.omnitron.integration_actions.by_batch(
                batch.local_batch_id, status="processing"
            )
            objects = [
                BatchObject(
                    pk=action.object_id,
                    content_type=action.content_type.model or CONTENT_TYPE,
                    version_date=action.version_date,
                    remote_id=action.remote_id,
                )
                for action in actions
                if action.version_date is not None
            ]
            finish(ctx, OpenBatch(batch.id, batch.pk), objects)
        else:
            let_go(ctx, batch)
    yield []


def tidy(ctx: Context) -> None:
    """Leave no byte of the buyer data of orders that are in Omnitron now."""
    ctx.state.inbox.purge()


def send(ctx: Context, items: Orders) -> Iterator[Sequence[Outcome]]:
    """Create and link. Repeating it finds what is there and creates nothing twice."""
    links: list[Unlinked] = []
    fresh: list[Item[InboxRow, Pulled]] = []
    linked = _already_linked(ctx, items)
    ctx.state.inbox.imported(linked, ctx.clock.now())
    yield [Outcome(order_id, "unchanged", "linked") for order_id in sorted(linked)]
    for item in items:
        if item.key in linked:
            continue
        if item.payload.omnitron_pk is not None:
            links.append(Unlinked(item.key, item.payload.omnitron_pk))
        else:
            fresh.append(item)
    stop: AmzsyncError | None = None
    if fresh:
        stop = yield from _create_all(ctx, fresh, links)
    if links:
        _link(ctx, links)
    if stop is not None:
        raise stop


def _already_linked(ctx: Context, items: Orders) -> set[str]:
    """Those Omnitron has linked already: one call for fifty orders."""
    actions = ctx.omnitron.integration_actions.by_remote_ids(
        CONTENT_TYPE, [item.key for item in items if item.payload.omnitron_pk is None]
    )
    return {action.remote_id for action in actions if action.remote_id is not None}


def _create_all(
    ctx: Context, items: list[Item[InboxRow, Pulled]], links: list[Unlinked]
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
                ctx.state.inbox.created(item.key, result.order.pk, item.payload.number)
                links.append(Unlinked(item.key, result.order.pk, result.order))
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
    group: Sequence[Item[InboxRow, Pulled]],
) -> list[tuple[Item[InboxRow, Pulled], Result]]:
    """One buyer's orders, one after the other, so that the buyer is created once."""
    results: list[tuple[Item[InboxRow, Pulled], Result]] = []
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


def _attempt(
    ctx: Context, item: Item[InboxRow, Pulled], products: Mapping[str, int]
) -> Created | None:
    """The order created, or None when it was cancelled meanwhile and never got there."""
    ctx.deadline.check()
    work = item.payload.work
    if work is None or item.source.status == CANCELLED:
        order = existing(ctx, item.payload.number)
        return None if order is None else Created(order, found=True)
    return create(ctx, work, products)


def _arrived(item: Item[InboxRow, Pulled], created: Created) -> Outcome:
    mismatch = item.payload.work.plan.mismatch if item.payload.work else ""
    if mismatch:
        log.warning("order %s: %s", item.key, mismatch)
    how = "found in Omnitron" if created.found else "created"
    reason = f"{how} as {item.payload.number}" + (f"; {mismatch}" if mismatch else "")
    return Outcome(
        item.key, "sent", "amounts" if mismatch else "", reason, object_id=str(created.order.pk)
    )


def _link(ctx: Context, links: Sequence[Unlinked]) -> None:
    """Commit the orders and their units, so that later flows find them by Amazon's ids."""
    for start in range(0, len(links), _PAGE):
        chunk = links[start : start + _PAGE]
        objects: list[BatchObject] = []
        for done in overlap(lambda link: _objects(ctx, link), chunk, ctx.in_flight):
            if done.error is not None:
                raise done.error
            objects.extend(done.value or ())
        batch = open_batch(ctx, NAME, CONTENT_TYPE, objects)
        finish(ctx, batch, objects)
        ctx.state.inbox.imported([link.order_id for link in chunk], ctx.clock.now())


def _objects(ctx: Context, link: Unlinked) -> list[BatchObject]:
    """The order and its units as batch objects, with the versions they have now."""
    order = link.order or ctx.omnitron.orders.get(link.order_pk)
    units = ctx.omnitron.order_items.of_order(link.order_pk)
    return [
        BatchObject(
            pk=order.pk,
            content_type="order",
            version_date=order.modified_date,
            remote_id=link.order_id,
        ),
        *(
            BatchObject(
                pk=unit.pk,
                content_type="orderitem",
                version_date=unit.modified_date,
                remote_id=unit.remote_id,
            )
            for unit in units
        ),
    ]


def _by_buyer(items: Sequence[Item[InboxRow, Pulled]]) -> list[list[Item[InboxRow, Pulled]]]:
    groups: dict[str, list[Item[InboxRow, Pulled]]] = {}
    for item in items:
        work = item.payload.work
        buyer = work.plan.customer.email.casefold() if work else item.key
        groups.setdefault(buyer, []).append(item)
    return list(groups.values())


def _skus(items: Sequence[Item[InboxRow, Pulled]]) -> set[str]:
    return {sku for item in items if item.payload.work for sku in item.payload.work.plan.skus}


FLOW: Flow[InboxRow, Pulled] = Flow(
    fetch=fetch,
    key=lambda row: row.order_id,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    tidy=tidy,
    batch_size=_PAGE,
)
