"""One sweep over Amazon's orders for those that have been delivered, a hundred a call.

It goes by the time of creation, for a delivery may leave lastUpdatedTime as it is (sp-api.md §2.3).
What a page holds is noted with where the next one is, so a killed run loses nothing; a sweep that
quota cuts short goes on in the next run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amzsync.amazon.orders import OrdersPage, parse_order
from amzsync.errors import ProtocolError, RecordError, RefusedError
from amzsync.flows.delivered_orders import Delivered, UnderWay, remember
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.order_intake import RESERVE
from amzsync.flows.order_windows import TOKEN_LIFE
from amzsync.flows.runner import outcome_of
from amzsync.mapping.deliveries import lines_delivered

DATA: Final = ("FULFILLMENT", "PACKAGES", "CANCELLATION")  # no buyer data
# What a carrier has not brought by then it will not bring; one stray order would otherwise have
# every sweep read all orders since.
REACH: Final = timedelta(days=60)

Orders = Mapping[str, UnderWay]


@dataclass(frozen=True, slots=True)
class _Sweep:
    """A sweep and how far it has come; times are ISO 8601 UTC.

    `at` is when it came there. `reached`: every order placed before that was seen; None when the
    pages come in no such order, which is undocumented.
    """

    created_after: str
    at: str
    reached: str | None
    token: str | None = None


def swept(ctx: Context, orders: Orders) -> Iterator[list[Delivered | Outcome]]:
    """The delivered ones, page by page: since the oldest, or on from where a run stopped.

    Errors: RemoteError and AuthError as Session.call; the next run goes on from the last page.
    """
    now = ctx.clock.now()
    unseen = {order.order_id for order in orders.values() if _is_recent(order, now)}
    if len(unseen) < len(orders):
        ctx.note(
            f"{len(orders) - len(unseen)} orders placed more than {REACH.days} days ago are looked "
            "at only when asked for: --only ORDER"
        )
    sweep: _Sweep | None = _stored(ctx) or _new_sweep(orders.values(), now)
    while unseen and sweep is not None:
        sweep, page = _next_page(ctx, sweep, now)
        unseen -= {str(raw.get("orderId")) for raw in page.orders}
        found = _on_page(page, orders)
        sweep = _behind(sweep, page, ctx.clock.now()) if unseen else None
        if not ctx.options.dry_run:
            _store(ctx, sweep, found)
        yield found


def _next_page(ctx: Context, sweep: _Sweep, began: datetime) -> tuple[_Sweep, OrdersPage]:
    """(the sweep, begun anew where a token of an earlier run was refused; its next page)."""
    try:
        return sweep, _search(ctx, sweep)
    except RefusedError as error:
        from_before = sweep.token is not None and datetime.fromisoformat(sweep.at) < began
        if not from_before or error.status != 400:
            raise
    sweep = _restarted(sweep, ctx.clock.now())
    return sweep, _search(ctx, sweep)


def _behind(sweep: _Sweep, page: OrdersPage, now: datetime) -> _Sweep | None:
    """Where the sweep goes on behind a page; None when that was the last."""
    if page.next_token is None:
        return None
    if page.next_token == sweep.token:
        raise ProtocolError("Amazon repeats a page", operation="searchOrders")
    reached = _reached(page, sweep.reached)
    return replace(sweep, token=page.next_token, at=now.isoformat(), reached=reached)


def _search(ctx: Context, sweep: _Sweep) -> OrdersPage:
    left = ctx.deadline.remaining()
    return ctx.amazon.orders.search_orders(
        marketplace_ids=[ctx.seller_channel.marketplace_id],
        fulfilled_by=[ctx.seller_channel.fulfilled_by],
        created_after=datetime.fromisoformat(sweep.created_after),
        pagination_token=sweep.token,
        included_data=DATA,
        reserve=RESERVE,
        max_wait=None if left == float("inf") else left,
    )


def _on_page(page: OrdersPage, orders: Orders) -> list[Delivered | Outcome]:
    found: list[Delivered | Outcome] = []
    for raw in page.orders:
        order = orders.get(str(raw.get("orderId")))
        if order is None:
            continue
        try:
            lines = lines_delivered(parse_order(raw))
        except RecordError as error:
            found.append(outcome_of(order.order_id, error))
            continue
        if lines is not None:
            found.append(Delivered(order.order_id, order.pk, lines))
    return found


def _reached(page: OrdersPage, before: str | None) -> str | None:
    """How far the pages have come, as long as they come in the order of creation."""
    times = [_time(raw.get("createdTime")) for raw in page.orders]
    known = [time for time in times if time is not None]
    if before is None or len(known) < len(times):
        return None
    if not known:
        return before
    in_order = min(known) >= datetime.fromisoformat(before)
    return _second(max(known)) if in_order else None


def _restarted(sweep: _Sweep, now: datetime) -> _Sweep:
    """The sweep without its token, from the first order that may not have been seen."""
    start = sweep.reached or sweep.created_after
    return _Sweep(start, now.isoformat(), reached=start)


def _new_sweep(orders: Iterable[UnderWay], now: datetime) -> _Sweep:
    recent = [order.placed or now - REACH for order in orders if _is_recent(order, now)]
    start = _second(min(recent))
    return _Sweep(start, now.isoformat(), reached=start)


def _is_recent(order: UnderWay, now: datetime) -> bool:
    return order.placed is None or order.placed >= now - REACH


def _stored(ctx: Context) -> _Sweep | None:
    """The sweep an earlier run could not finish."""
    text = ctx.state.cursors.get(_cursor(ctx))
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    sweep, now = _Sweep(**values), ctx.clock.now()
    expired = now - datetime.fromisoformat(sweep.at) > TOKEN_LIFE
    return _restarted(sweep, now) if expired else sweep


def _store(ctx: Context, sweep: _Sweep | None, found: Iterable[Delivered | Outcome]) -> None:
    """Where the sweep goes on (None: it is over) and what it has found, in one transaction."""
    with ctx.state.store.atomic():
        remember(ctx, [order for order in found if isinstance(order, Delivered)])
        if sweep is None:
            ctx.state.cursors.drop(_cursor(ctx))
        else:
            ctx.state.cursors.put(_cursor(ctx), json.dumps(asdict(sweep)), ctx.clock.now())


def _second(moment: datetime) -> str:
    """The whole second, as searchOrders is asked."""
    return moment.replace(microsecond=0).isoformat()


def _cursor(ctx: Context) -> str:
    return f"deliveries.sweep:{ctx.channel}"


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
