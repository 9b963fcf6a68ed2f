"""Which orders Amazon has delivered: told by the inbox, asked one by one, or found by one sweep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial

from amzsync.amazon.orders import ORDER_ID
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    RecordError,
    RefusedError,
    RemoteError,
    ThrottledError,
)
from amzsync.flows.delivered_orders import Delivered, UnderWay
from amzsync.flows.delivery_sweep import DATA, swept
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.deliveries import lines_delivered, lines_remembered
from amzsync.mapping.lines import of_text

FEW = 30  # getOrder's burst: so many orders are asked for one by one
_KNOWN_AT_ONCE = 500

Orders = Mapping[str, UnderWay]
Found = Iterator[Delivered | Outcome]


def delivered_of(ctx: Context, orders: Orders) -> Found:
    """Those of these orders that have been delivered, from the cheapest source that says so.

    Where quota is spent or Amazon cannot be used, what was found so far is all; the run says so.
    """
    left = {key: order for key, order in orders.items() if ORDER_ID.fullmatch(key)}
    for order in _told_by_inbox(ctx, dict(left)):
        del left[order.order_id]
        yield order
    progress = 0
    found = _one_by_one(ctx, left) if ctx.options.only or len(left) <= FEW else swept(ctx, left)
    try:
        for step in found:
            progress += 1
            yield from step
    except (RemoteError, AuthError) as error:
        _cut_short(ctx, error, progress)


def _told_by_inbox(ctx: Context, orders: Orders) -> Iterator[Delivered]:
    ids = list(orders)
    for start in range(0, len(ids), _KNOWN_AT_ONCE):
        known = ctx.state.inbox.known(ids[start : start + _KNOWN_AT_ONCE])
        for order_id, row in known.items():
            lines = lines_remembered(of_text(row.lines), json.loads(row.facts))
            if lines is not None:
                yield Delivered(order_id, orders[order_id].pk, lines)


def _one_by_one(ctx: Context, orders: Orders) -> Iterator[list[Delivered | Outcome]]:
    """What each order comes to. Errors: as Session.call, but for an order Amazon does not know."""
    for done in overlap(partial(_ask, ctx), orders.values(), ctx.in_flight):
        order_id, error = done.item.order_id, done.error
        if isinstance(error, RefusedError) and error.status == 404:
            reason = f"Amazon knows no such order: {error.detail}"
            yield [Outcome(order_id, "failed", "unknown_order", reason, error.request_id)]
        elif isinstance(error, RecordError):
            yield [outcome_of(order_id, error)]
        elif error is not None:
            raise error
        else:
            yield [] if done.value is None else [done.value]


def _ask(ctx: Context, order: UnderWay) -> Delivered | None:
    lines = lines_delivered(ctx.amazon.orders.get_order(order.order_id, included_data=DATA))
    return None if lines is None else Delivered(order.order_id, order.pk, lines)


def _cut_short(ctx: Context, error: AmzsyncError, progress: int) -> None:
    """The search ends here; what it has found is marked all the same."""
    if isinstance(error, ThrottledError) and progress:
        ctx.note(f"quota spent, the next run goes on: {error}")
    else:
        ctx.postpone(error)
