"""Cancellations: what was cancelled on Amazon is cancelled in Omnitron.

From the shared inbox: an order of which fewer units stand than Omnitron was told has fallen. All
its cancelled units go in one call, which makes one cancellation plan. What the ERP does not know
yet, or what waits for the brand's decision, waits here without penalty and is tried every run.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from amzsync.amazon.models.orders import CANCELLED
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    RecordError,
    RemoteError,
    UnmappedError,
    WaitingError,
)
from amzsync.flows.cancel_calls import cancel, open_plan, settle
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.fallen_orders import GONE, Fallen, look_at, tolerated
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.order_intake import take_in
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping import lines
from amzsync.mapping.cancellations import choose
from amzsync.omnitron.models.orders import Order, OrderItem
from amzsync.redaction import mask
from amzsync.state.inbox import InboxRow

log = logging.getLogger(__name__)

NAME = "cancellations.pull"
_CONTENT_TYPE = "order"
_PAGE = 100
_REQUESTED = "cancellation_requested"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The units to cancel; none if nothing is left to do. `order` is None if it never got there.

    `complete`: with them Omnitron says what Amazon says.
    """

    row: InboxRow
    order: Order | None
    units: tuple[OrderItem, ...] = ()
    chosen: tuple[OrderItem, ...] = ()
    reason_id: int = 0
    complete: bool = True


def fetch(ctx: Context) -> Iterator[Fallen | Outcome]:
    """The orders that fell, then those whose buyers ask to cancel, then what waits no longer."""
    if ctx.options.dry_run:
        ctx.note("a dry run takes no orders in: it knows the cancellations earlier runs have seen")
    else:
        try:
            take_in(ctx)
        except (RemoteError, AuthError) as error:
            ctx.postpone(error)  # what is in the inbox already needs no Amazon
    waiting = ctx.state.waiting.keys(ctx.channel, NAME)
    seen: set[str] = set()
    last = ""
    while rows := ctx.state.inbox.fallen(ctx.channel, _PAGE, last):
        seen.update(row.order_id for row in rows)
        yield from look_at(ctx, NAME, rows)
        last = rows[-1].order_id
    last = ""
    while rows := ctx.state.inbox.asking(ctx.channel, _PAGE, last):
        for row in rows:
            if row.order_id not in waiting:
                log.warning("order %s: the buyer asks to cancel it", row.order_id)
            seen.add(row.order_id)
            yield _asking(row)
        last = rows[-1].order_id
    for order_id in sorted(waiting - seen):
        row_now = ctx.state.inbox.get(order_id)
        where = f": {row_now.status} on Amazon" if row_now else ""
        yield Outcome(order_id, "unchanged", "over", f"waits no longer{where}")


def _asking(row: InboxRow) -> Outcome:
    wish = f"the buyer asks to cancel it ({row.cancel_request}): cancel it on Amazon, or ship it"
    return Outcome(row.order_id, "waiting", _REQUESTED, mask(wish))


def transform(ctx: Context, found: Fallen) -> Cancellation:
    """Which units to cancel. Errors: RecordError, WaitingError."""
    row, order = found.row, found.order
    if row.omnitron_pk is None:
        return Cancellation(row, None)  # it never got there
    if order is None:
        code = "order_gone" if found.problem == GONE else "malformed"
        raise RecordError(found.problem, code=code)
    standing = lines.of_text(row.lines)
    if not standing and row.status != CANCELLED:
        raise WaitingError(
            "Amazon last sent the order without lines that can be read: nothing is cancelled"
            " before it sends it again",
            code="unreadable",
        )
    if ctx.config.cancellation_reason_id is None:
        raise UnmappedError("cancellation_reason_id is not set", code="cancellation_reason")
    choice = choose(found.units, standing)
    if choice.busy and not choice.units:
        raise open_plan("a cancellation or return of its units is under way")
    if choice.units and order.cancel_status == "waiting":
        raise open_plan("an earlier cancellation or return of the order is undecided")
    return Cancellation(
        row,
        order,
        found.units,
        choice.units,
        ctx.config.cancellation_reason_id,
        complete=not choice.busy,
    )


def describe(cancellation: Cancellation) -> str:
    """What a dry run says of an order."""
    order_id = cancellation.row.order_id
    if cancellation.order is None:
        return f"{order_id}: cancelled before it was imported, nothing to cancel"
    if not cancellation.chosen:
        return f"{order_id}: cancelled in Omnitron already"
    count, of = len(cancellation.chosen), len(cancellation.units)
    return f"{order_id}: cancel {count} of {of} units (reason {cancellation.reason_id})"


def send(ctx: Context, items: Sequence[Item[Cancellation]]) -> Iterator[Sequence[Outcome]]:
    """Cancel, one call an order. Repeating it cancels what is left, and nothing twice."""
    failures: list[Failure] = []
    stop: AmzsyncError | None = None
    stopped = threading.Event()
    for done in overlap(partial(_carry_out, ctx, stopped), items, ctx.in_flight):
        row, order = done.item.payload.row, done.item.payload.order
        if isinstance(done.error, RecordError | WaitingError):
            yield [outcome_of(row.order_id, done.error, str(order.pk) if order else None)]
            if order is not None and isinstance(done.error, RecordError):
                failures.append(Failure(order.pk, order.modified_date, done.error))
        elif done.error is not None:
            if not tolerated(ctx, done.error):
                stop = stop or done.error
                stopped.set()
        elif done.value:
            yield [_outcome(done.item.payload)]
            if done.item.payload.complete:
                ctx.state.inbox.told_lines(row.order_id, row.lines)
    if stop is not None:
        raise stop
    report_failures(ctx, _CONTENT_TYPE, failures)


def _carry_out(ctx: Context, stopped: threading.Event, item: Item[Cancellation]) -> bool:
    """Whether the order is as Amazon has it now; False when the run is to end before it."""
    if stopped.is_set():
        return False
    ctx.deadline.check()
    todo = item.payload
    if todo.order is None:
        return True
    settle(ctx, item.key, todo.units)
    if todo.chosen:
        cancel(ctx, item.key, todo.order, {unit.pk: todo.reason_id for unit in todo.chosen})
    return True


def _outcome(done: Cancellation) -> Outcome:
    order_id = done.row.order_id
    if done.order is None:
        reason = "cancelled before it was imported: nothing was created"
        return Outcome(order_id, "skipped", "cancelled", reason)
    if not done.chosen:
        return Outcome(order_id, "unchanged", "cancelled", "cancelled in Omnitron already")
    count = len(done.chosen)
    reason = f"{count} {'unit' if count == 1 else 'units'} cancelled{_by_whom(done)}"
    return Outcome(order_id, "sent", "cancelled", reason, object_id=str(done.order.pk))


def _by_whom(done: Cancellation) -> str:
    """Who cancelled the chosen units and why, as Amazon words it."""
    chosen = {unit.remote_id for unit in done.chosen}
    told = {
        f"{fact['by']} ({fact['reason']})" if fact["reason"] else fact["by"]
        for fact in json.loads(done.row.facts).get("cancelled", ())
        if fact["order_item_id"] in chosen and fact["by"]
    }
    return f" by {', '.join(sorted(told))}" if told else " on Amazon"


FLOW: Flow[Fallen, Cancellation] = Flow(
    fetch=fetch,
    key=lambda found: found.row.order_id,
    transform=transform,
    send=send,
    describe=describe,
    batch_size=_PAGE,
)
