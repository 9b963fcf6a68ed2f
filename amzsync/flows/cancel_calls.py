"""Cancel calls to Omnitron: noted before they are made, looked for before they are repeated.

A cancel call makes a cancellation plan, and an order may have few of them: none is made twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    RecordError,
    RefusedError,
    RejectedError,
    WaitingError,
)
from amzsync.flows.flow import Context
from amzsync.flows.order_creation import GRACE
from amzsync.mapping.cancellations import CANCELLED
from amzsync.omnitron.assumptions import cancellation_waits_for
from amzsync.omnitron.models.orders import Order, OrderItem

MOST_PLANS = 6  # the manual's "maximum cancellation plan count of 6"


@dataclass(frozen=True, slots=True)
class Asked:
    """A cancel call that was noted and whose answer was not: when, and for which units."""

    at: datetime
    items: frozenset[int]


def settle(ctx: Context, order_id: str, units: Iterable[OrderItem]) -> None:
    """Clear up a call nobody answered: it is counted once its units are seen cancelled.

    Errors: WaitingError while it may still take effect.
    """
    asked = _asked(ctx, order_id)
    if asked is None:
        return
    if _shown(units, asked.items):
        _answered(ctx, order_id)
    elif ctx.clock.now() - asked.at < GRACE:
        raise WaitingError(
            "its cancellation was asked for and not answered; it is looked for again before it is"
            " asked for anew",
            code="outcome_unknown",
        )


def cancel(ctx: Context, order_id: str, order: Order, reasons: Mapping[int, int]) -> None:
    """Cancel these units in one call: item pk → reason pk.

    Errors: WaitingError when Omnitron does not take it yet or does not answer, RecordError when it
    refuses or the order has as many plans as there may be, RemoteError when it cannot be used.
    """
    _check_plans(ctx, order_id, order, len(reasons))
    _note(ctx, order_id, reasons)
    try:
        ctx.omnitron.orders.cancel(order.pk, reasons)
    except OutcomeUnknownError:
        if not _shown(ctx.omnitron.order_items.of_order(order.pk), reasons):
            raise WaitingError(
                "Omnitron did not answer its cancellation; it is looked for again before it is"
                " asked for anew",
                code="outcome_unknown",
            ) from None
    except RefusedError as error:
        ctx.state.cursors.drop(_name(order_id))
        raise _refusal(error) from error
    except AmzsyncError:
        # Stopped, throttled, not let in or not connected: nothing was done.
        ctx.state.cursors.drop(_name(order_id))
        raise
    _answered(ctx, order_id)


def _check_plans(ctx: Context, order_id: str, order: Order, units: int) -> None:
    if not order.is_send:
        return  # no plan was ever made of an order the ERP does not know, nor will one be
    plans = ctx.omnitron.orders.cancellation_plans(order.pk)
    if plans is None:  # no list there, so our own calls count
        row = ctx.state.inbox.get(order_id)
        made = row.cancel_calls if row else 0
    else:
        made = sum(plan.plan_type != "refund" for plan in plans)
    if made >= MOST_PLANS:
        raise RecordError(
            f"the order has had {made} cancellation plans in Omnitron and may have no more: cancel"
            f" {units} more {'unit' if units == 1 else 'units'} there by hand",
            code="cancellation_plans",
        )


def _refusal(error: RefusedError) -> WaitingError | RejectedError:
    code = cancellation_waits_for(error.code, error.detail)
    if code == "not_in_erp":
        return WaitingError(
            f"{error.detail}: it is cancelled as soon as the order has reached the ERP", code=code
        )
    if code:
        return open_plan(error.detail)
    return RejectedError(
        f"Omnitron refuses the cancellation: {error.detail}",
        code=error.code or "refused",
        request_id=error.request_id,
    )


def open_plan(detail: str) -> WaitingError:
    """What waits for the brand's decision on an earlier cancellation or return."""
    return WaitingError(
        f"{detail}; it goes on when the brand has decided in Omnitron", code="open_plan"
    )


def _shown(units: Iterable[OrderItem], asked: Iterable[int]) -> bool:
    """Whether the call took effect: it is all of its units or none."""
    items = set(asked)
    return any(unit.pk in items and unit.status in CANCELLED for unit in units)


def _name(order_id: str) -> str:
    return f"cancel_asked:{order_id}"


def _note(ctx: Context, order_id: str, items: Iterable[int]) -> None:
    now = ctx.clock.now()
    value = json.dumps({"at": now.isoformat(), "items": list(items)})
    ctx.state.cursors.put(_name(order_id), value, now)


def _asked(ctx: Context, order_id: str) -> Asked | None:
    text = ctx.state.cursors.get(_name(order_id))
    if text is None:
        return None
    value = json.loads(text)
    return Asked(datetime.fromisoformat(value["at"]), frozenset(value["items"]))


def _answered(ctx: Context, order_id: str) -> None:
    """The call took effect: it counts, and nothing is open any more."""
    with ctx.state.store.atomic():
        ctx.state.inbox.count_cancel(order_id)
        ctx.state.cursors.drop(_name(order_id))
