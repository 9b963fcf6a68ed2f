"""Deliveries: orders under way in Omnitron become delivered there once Amazon has delivered them.

Orders count from "preparing" on; an order of which a package is still under way stays as it is.
Statuses only move forwards, so everything can be repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial

from amzsync.errors import AmzsyncError, RecordError, RefusedError, RejectedError
from amzsync.flows.delivered_orders import Delivered, UnderWay, forget, remember, remembered
from amzsync.flows.delivery_search import delivered_of
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.deliveries import UNDER_WAY, units_to_mark
from amzsync.omnitron.assumptions import DELIVERED


def fetch(ctx: Context) -> Iterator[Delivered | Outcome]:
    """Delivered orders Omnitron does not know of: found by an earlier run, then found now."""
    if ctx.config.is_fba_channel:
        ctx.note("Amazon gives no delivered status for orders it fulfils; nothing is marked")
        return
    known = remembered(ctx)
    yield from known.values()
    only = ctx.options.only
    under_way = {
        order.remote_id: UnderWay(order.remote_id, order.pk, order.date_placed)
        for order in ctx.omnitron.orders.with_status(UNDER_WAY)
        if order.remote_id and order.remote_id not in known
        if not only or order.remote_id in only
    }
    yield from delivered_of(ctx, under_way)


def describe(order: Delivered) -> str:
    """What a dry run says of an order."""
    return f"{order.order_id}: {_units(sum(order.lines.values()))} delivered"


def send(ctx: Context, items: Sequence[Item[Delivered]]) -> Iterator[Sequence[Outcome]]:
    """Mark the units of these orders; noted before, so that a cut run's orders are finished.

    Repeating it changes only what is not marked yet.
    """
    remember(ctx, [item.payload for item in items])
    stop: AmzsyncError | None = None
    stopped = threading.Event()
    done_with: list[str] = []
    for done in overlap(partial(_mark, ctx, stopped), items, ctx.in_flight):
        if done.value is not None:
            done_with.append(done.item.key)
            yield [_marked(done.item.payload, done.value)]
        elif isinstance(done.error, RecordError):
            yield [outcome_of(done.item.key, done.error, str(done.item.payload.pk))]
        elif done.error is not None:
            stop = stop or done.error
            stopped.set()
    forget(ctx, done_with)
    if stop is not None:
        raise stop


def _mark(ctx: Context, stopped: threading.Event, item: Item[Delivered]) -> int | None:
    """How many units are delivered now that were not; None if the run has been stopped.

    Errors: RejectedError when Omnitron refuses a unit, after the others have been marked.
    """
    if stopped.is_set():
        return None
    ctx.deadline.check()
    order, refusal = item.payload, None
    units = units_to_mark(ctx.omnitron.order_items.of_order(order.pk), order.lines)
    for unit in units:
        try:
            ctx.omnitron.order_items.update(unit.pk, status=DELIVERED)
        except RefusedError as error:
            refusal = error
    if refusal is not None:
        raise RejectedError(
            f"Omnitron refuses the status delivered: {refusal.detail}",
            code="status",
            request_id=refusal.request_id,
        )
    return len(units)


def _marked(order: Delivered, units: int) -> Outcome:
    if units == 0:
        reason = "delivered; none of its units is under way"
        return Outcome(order.order_id, "unchanged", "delivered", reason, object_id=str(order.pk))
    reason = f"{_units(units)} delivered"
    return Outcome(order.order_id, "sent", "delivered", reason, object_id=str(order.pk))


def _units(count: int) -> str:
    return f"{count} unit{'s' if count != 1 else ''}"


FLOW: Flow[Delivered, Delivered] = Flow(
    fetch=fetch,
    key=lambda order: order.order_id,
    transform=lambda _ctx, order: order,
    send=send,
    describe=describe,
)
