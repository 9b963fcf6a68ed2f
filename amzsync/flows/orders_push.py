"""Order updates: shipments and invoices of changed Omnitron orders, told to Amazon.

Each order comes to one end in a run: told, nothing to tell, waiting, failed, or left alone because
a return is under way. Omnitron hears of it in one batch request, after the work: it holds the type
`order` for a moment only, which other flows need too, and a killed run leaves its orders dirty. How
packages and invoices are kept from going out twice is said where they are sent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from amzsync.errors import (
    AmzsyncError,
    RecordError,
    WaitingError,
)
from amzsync.flows import changed_orders
from amzsync.flows.batch_lifecycle import finish, let_go, open_batch, recover
from amzsync.flows.changed_orders import CONTENT_TYPE, NAME, ChangedOrder
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.order_updates import Ending, Update, describe, take_answers, transform
from amzsync.flows.package_confirmation import confirm
from amzsync.flows.runner import outcome_of
from amzsync.flows.server_penalties import lift
from amzsync.http.overlap import overlap
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.state.invoices import InvoiceRow

if TYPE_CHECKING:
    from amzsync.flows.invoices import InvoiceDesk


def send(ctx: Context, items: Sequence[Item[Update]]) -> Iterator[Sequence[Outcome]]:
    """Confirm packages, then submit invoices, then tell Omnitron. Repeating it sends what is left.

    Errors: those that concern the run, after what was achieved is recorded here and in Omnitron.
    """
    updates = [item.payload for item in items]
    due = [update.changed.order.pk for update in updates if update.changed.lift]
    lift(ctx, [(CONTENT_TYPE, pk) for pk in due])
    ended: list[Ending] = []
    with_invoices: list[Ending] = []
    stop: AmzsyncError | None = None
    stopped = threading.Event()
    for done in overlap(partial(_ship, ctx, stopped), updates, ctx.in_flight):
        if done.error is not None:
            stop = stop or done.error
            stopped.set()
        elif done.value is not None and (done.item.invoices or done.item.doubtful):
            with_invoices.append(done.value)
        elif done.value is not None:
            ended.append(done.value)
            yield from _outcomes(ctx, done.value)
    try:
        if stop is None and with_invoices:
            for ending in _submit_all(ctx, sorted(with_invoices, key=_age)):
                ended.append(ending)
                yield from _outcomes(ctx, ending)
    except AmzsyncError as error:
        stop = error
    _tell_omnitron(ctx, ended)
    if stop is not None:
        raise stop


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """End batch requests a killed run left open, and see what became of invoices.

    The answers are recorded with their orders, which `fetch` brings for it.
    """
    for batch in recover(ctx, NAME):
        let_go(ctx, batch)
    if ctx.state.invoices.under_way(ctx.channel):
        from amzsync.flows import invoices  # most runs have none

        invoices.collect(ctx)
    yield []


def _ship(ctx: Context, stopped: threading.Event, update: Update) -> Ending | None:
    """The order's packages told; None when the run is stopping."""
    if stopped.is_set():
        return None
    ctx.deadline.check()
    ending = Ending(update, problems=list(update.problems))
    for row in update.confirmations:
        try:
            ending.request_id = confirm(ctx, row)
        except RecordError as error:
            ending.problems.append(error)
        else:
            ending.told.append(f"{'found at Amazon' if row.adopted else 'confirmed'}: {row.text}")
    take_answers(ending, update.answered)
    return ending


def _age(ending: Ending) -> int:
    """Sorts the oldest order first."""
    return ending.update.changed.order.pk


def _submit_all(ctx: Context, endings: Sequence[Ending]) -> Iterator[Ending]:
    """Submit the orders' invoices one by one, as far as the budget goes."""
    from amzsync.flows.invoices import InvoiceDesk

    desk = InvoiceDesk(ctx)
    later = 0
    for ending in endings:
        ctx.deadline.check()
        for row in ending.update.doubtful:
            _ask_again(ctx, ending, row)
        later += _submit(desk, ending)
        yield ending
    if later:
        ctx.note(f"invoices left for a later run: {later} ({desk.closed or 'no PDF to be had'})")


def _submit(desk: InvoiceDesk, ending: Ending) -> int:
    """The order's invoices handed over; how many have to wait."""
    later = 0
    for invoice in ending.update.invoices:
        try:
            ending.submitted.append(desk.submit(invoice))
        except RecordError as error:
            ending.problems.append(error)
        except WaitingError as error:
            ending.problems.append(error)
            later += 1
    return later


def _ask_again(ctx: Context, ending: Ending, row: InvoiceRow) -> None:
    """An invoice Amazon had not answered in time: perhaps it has by now."""
    from amzsync.flows.invoices import poll

    poll(ctx, row)
    rows = ctx.state.invoices.of_orders(ctx.channel, [row.order_id])[row.order_id]
    take_answers(ending, [now for now in rows if now.number == row.number])


def _outcomes(ctx: Context, ending: Ending) -> Iterator[Sequence[Outcome]]:
    """What became of the order: first what was told, then what is in the way or under way.

    Each group is a transaction. What is told sets the order free, so with something in the way the
    two are told apart only while Omnitron brings the order again, should we die in between.
    """
    update = ending.update
    key, pk = update.changed.key, str(update.changed.order.pk)
    told = "; ".join(ending.told)
    problem = ending.error or next(iter(ending.problems), None)
    if told and (problem is None or update.changed.dirty):
        yield [Outcome(key, "sent", "", told, ending.request_id, pk)]
        told = ""
    if problem is not None:
        outcome = outcome_of(key, problem, pk)
        yield [replace(outcome, reason=f"{outcome.reason}; {told}") if told else outcome]
    elif update.left_alone is not None:
        yield [Outcome(key, "skipped", *update.left_alone, object_id=pk)]
    elif ending.submitted:
        yield [Outcome(key, "submitted", "", "; ".join(ending.submitted), object_id=pk)]
    elif not ending.told and update.under_way:
        numbers = ", ".join(update.under_way)
        yield [Outcome(key, "submitted", "", f"invoice {numbers} is under way", object_id=pk)]
    elif not ending.told:
        yield [Outcome(key, "unchanged", object_id=pk)]
    ctx.state.invoices.told((*update.answered, *update.doubtful))
    if not (problem or update.invoices):
        ctx.state.invoices.at_rest(row for row in update.changed.invoices if row.told == 1)


def _tell_omnitron(ctx: Context, endings: Sequence[Ending]) -> None:
    """One batch request, done with the versions that were read and every fault marked."""
    dirty = [ending for ending in endings if ending.update.changed.dirty]
    if dirty:
        objects = [_batch_object(ending) for ending in dirty]
        finish(ctx, open_batch(ctx, NAME, CONTENT_TYPE, objects), objects)
    report_failures(
        ctx,
        CONTENT_TYPE,
        [
            Failure(
                ending.update.changed.order.pk, ending.update.changed.order.modified_date, error
            )
            for ending in endings
            if (error := ending.error) is not None
        ],
    )


def _batch_object(ending: Ending) -> BatchObject:
    changed, error = ending.update.changed, ending.error
    return BatchObject(
        pk=changed.order.pk,
        content_type=CONTENT_TYPE,
        version_date=changed.order.modified_date,
        remote_id=changed.order_id or None,
        failed_reason_type=None if error is None else error.reason_type,
    )


FLOW: Flow[ChangedOrder, Update] = Flow(
    fetch=changed_orders.fetch,
    key=lambda changed: changed.key,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    refetch=changed_orders.refetch,
    batch_size=changed_orders.PAGE,
)
