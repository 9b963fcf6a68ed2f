"""Refunds: from Amazon's returns reports to return requests in Omnitron, one a unit and RMA.

The report is a durable job (report_jobs): a run asks for it, a later one takes it in. Its rows are
kept, so that re-reading the same sixty days changes nothing, and an order that is not ready yet is
tried again without any report.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from amzsync.amazon.returns import (
    FBA_RETURNS,
    XML_RETURNS,
    ReturnedItem,
    UnreadableReturn,
    read_returns,
)
from amzsync.errors import AmzsyncError, WaitingError
from amzsync.flows import report_jobs
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.order_links import already_linked
from amzsync.flows.refund_plans import Refund, Returned, Verdict, place, plan, unreadable
from amzsync.flows.return_requests import (
    Handled,
    OrderClaims,
    end_left_behind,
    link,
    request_units,
)
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.refunds import mapped_reason
from amzsync.state.inbox import InboxRow
from amzsync.state.returns import Return

log = logging.getLogger(__name__)

NAME = "refunds.pull"
# sp-api.md §2.4.1: sixty days a report; less what Amazon's clock may be ahead of ours.
WINDOW = timedelta(days=60) - timedelta(hours=1)
_PAGE = 100


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Take in the report that has arrived, ask for the next; link what a killed run did not."""
    intake = report_jobs.Intake(read=read_returns, store=lambda rows: _store(ctx, rows))
    report_jobs.collect(ctx, NAME, intake)
    now = ctx.clock.now()
    start = max(ctx.config.refund_start_date or now - WINDOW, now - WINDOW)
    if start < now:
        report_type = FBA_RETURNS if ctx.config.is_fba_channel else XML_RETURNS
        report_jobs.request(ctx, NAME, report_jobs.Wanted(report_type, start))
    end_left_behind(ctx, NAME)
    link(ctx, NAME)
    yield []


def fetch(ctx: Context) -> Iterator[Returned]:
    """Orders with returns that are not settled, by id."""
    after = ""
    while page := ctx.state.returns.open_orders(ctx.channel, _PAGE, after):
        orders = ctx.state.inbox.known(list(page))
        requests = ctx.state.returns.requests(ctx.channel, page)
        for order_id, rows in page.items():
            yield Returned(order_id, rows, orders.get(order_id), requests.get(order_id, ()))
        after = max(page)


def transform(ctx: Context, found: Returned) -> Refund:
    """What is to be requested. Errors: as refund_plans.plan."""
    return plan(ctx.config, ctx.channel, found)


def describe(refund: Refund) -> str:
    """What a dry run shows of an order."""
    parts = [
        f"request back {claim.row.quantity} of {claim.row.sku} under RMA {claim.row.rma_id},"
        f" reason {claim.reason_id}"
        for claim in refund.claims
    ]
    parts += [f"{verdict.state}: {verdict}" for verdict in refund.verdicts]
    parts += [f"not readable: {row.reason}" for row in refund.faulty]
    return f"{refund.order_id}: {'; '.join(parts)}"


def send(ctx: Context, items: Sequence[Item[Refund]]) -> Iterator[Sequence[Outcome]]:
    """Request the units back and link the requests. Repeating it requests nothing twice."""
    refunds = _placed(ctx, [item.payload for item in items])
    for claim in (claim for refund in refunds for claim in refund.claims):
        _note_unmapped(ctx, claim.row.reason_code)
    stop: AmzsyncError | None = None
    stopped = threading.Event()

    def handle(refund: Refund) -> Handled | None:
        if stopped.is_set():
            return None
        if refund.order_pk is None or not refund.claims:
            return Handled()
        ctx.deadline.check()
        order = OrderClaims(refund.order_pk, refund.claims, _lines(refund.order), refund.known)
        return request_units(ctx, order)

    for done in overlap(handle, refunds, ctx.in_flight):
        if done.error is not None:
            stop = stop or done.error
            stopped.set()
        elif done.value is not None:
            yield from _settle(ctx, done.item, done.value)
    if stop is not None:
        raise stop
    link(ctx, NAME)


def _settle(ctx: Context, refund: Refund, handled: Handled) -> Iterator[Sequence[Outcome]]:
    """Journal first, then mark the rows: killed in between, a line is written twice, never none."""
    verdicts = [
        *refund.verdicts,
        *(
            Verdict(row, "requested", "", f"{count} of {row.quantity} requested back")
            for row, count in handled.done
        ),
    ]
    if verdicts:
        yield [_progress(refund.order_id, verdicts, sum(count for _, count in handled.done))]
        with ctx.state.store.atomic():
            for verdict in verdicts:
                ctx.state.returns.decide(
                    ctx.channel, verdict.row, verdict.state, verdict.code, verdict.reason
                )
    trouble = [*handled.trouble, *([unreadable(refund.faulty)] if refund.faulty else [])]
    if trouble:
        # A fault before a wait: one outcome is recorded, and the fault needs a person.
        first = min(trouble, key=lambda error: isinstance(error, WaitingError))
        yield [outcome_of(refund.order_id, first)]


def _progress(order_id: str, verdicts: Sequence[Verdict], requested: int) -> Outcome:
    reason = "; ".join(map(str, verdicts))
    if requested:
        return Outcome(order_id, "sent", "", reason)
    first = verdicts[0]
    ignored = all(verdict.state == "ignored" for verdict in verdicts)
    return Outcome(order_id, "skipped" if ignored else "unchanged", first.code, reason)


def _placed(ctx: Context, refunds: Sequence[Refund]) -> list[Refund]:
    """The same refunds, those of orders this state file does not know found by their links."""
    unknown = {refund.order_id for refund in refunds if refund.claims and refund.order_pk is None}
    if not unknown:
        return list(refunds)
    linked = already_linked(ctx, sorted(unknown))
    orders = {order.pk: order for order in ctx.omnitron.orders.by_pks(linked.values())}
    return [
        place(ctx.config, refund, orders.get(linked.get(refund.order_id, 0)))
        if refund.order_id in unknown
        else refund
        for refund in refunds
    ]


def _lines(order: InboxRow | None) -> dict[str, frozenset[str]]:
    """Amazon's line ids of each SKU, as the order said when it was taken in."""
    lines: dict[str, frozenset[str]] = {}
    for item in json.loads(order.facts)["items"] if order else ():
        lines[item["sku"]] = lines.get(item["sku"], frozenset()) | {item["order_item_id"]}
    return lines


def _note_unmapped(ctx: Context, code: str) -> None:
    """Say once that the mapping lacks a reason of Amazon's."""
    cursor = f"refund_reason:{ctx.channel}:{code}"
    if mapped_reason(code, ctx.config.refund_reason_mapping) is not None:
        return
    if ctx.state.cursors.get(cursor) is None:
        ctx.state.cursors.put(cursor, code, ctx.clock.now())
        text = f"refund_reason_mapping does not know {code!r}: default_reason_id is used"
        ctx.note(text)
        log.warning(text)


def _store(ctx: Context, items: Sequence[ReturnedItem | UnreadableReturn]) -> None:
    """The report's rows into the state; an order whose faulty rows are gone is forgiven them."""
    now = ctx.clock.now()
    rows = [_row(item, now) for item in items]
    for row in rows:
        if row.state == "faulty":
            log.warning("a returned item of order %r cannot be read: %s", row.order_id, row.reason)
    nameless = sum(not row.order_id for row in rows)
    if nameless:
        ctx.note(f"{nameless} rows of the returns report name no order and were left out")
    mended = ctx.state.returns.take(ctx.channel, [row for row in rows if row.order_id], now)
    ctx.state.penalties.forgive(ctx.channel, NAME, mended)


def _row(item: ReturnedItem | UnreadableReturn, now: datetime) -> Return:
    if isinstance(item, UnreadableReturn):
        return Return(
            item.order_id,
            item.rma_id,
            item.sku,
            quantity=0,
            reason_code="",
            status="",
            requested_at=now,
            state="faulty",
            reason=item.problem,
        )
    return Return(
        item.order_id,
        item.rma_id,
        item.sku,
        item.quantity,
        item.reason_code,
        item.status,
        item.requested_at,
    )


FLOW: Flow[Returned, Refund] = Flow(
    fetch=fetch,
    key=lambda found: found.order_id,
    transform=transform,
    send=send,
    describe=describe,
    collect=collect,
    batch_size=_PAGE,
)
