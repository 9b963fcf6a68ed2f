"""Return requests in Omnitron: one per unit and RMA, never twice, then linked to the RMA.

Omnitron keeps no second request about a unit away (A-34). So what is there already is looked at
before anything is asked for, which also finds what an earlier run asked for without an answer, and
all of it when the state file was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from amzsync.errors import (
    AmzsyncError,
    OutcomeUnknownError,
    ProtocolError,
    RecordError,
    RefusedError,
    RejectedError,
    WaitingError,
)
from amzsync.flows.batch_lifecycle import finish, let_go, open_batch, recover
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import products_by_sku
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.omnitron.models.cancellation_requests import REJECTED, CancellationRequest
from amzsync.omnitron.models.orders import SHIPPED, STATUS_CODES, OrderItem
from amzsync.state.returns import Return, ReturnRequest

log = logging.getLogger(__name__)

CONTENT_TYPE = "cancellationrequest"
# How long an unanswered request may still be under way over there, as with orders.
GRACE = timedelta(minutes=3)
_PAGE = 100
_OUT = frozenset(
    STATUS_CODES[name] for name in ("cancellation_waiting", "canceled", "refunded")
)  # such a unit cannot be sent back


@dataclass(frozen=True, slots=True)
class Claim:
    """A return to be requested: its row, and Omnitron's reason."""

    row: Return
    reason_id: int


@dataclass(frozen=True, slots=True)
class OrderClaims:
    """What is to be requested of one order.

    `lines` are Amazon's line ids of each SKU; a SKU without is known by its product. `known` is
    what was requested of the order before.
    """

    order_pk: int
    claims: Sequence[Claim]
    lines: Mapping[str, frozenset[str]]
    known: Sequence[ReturnRequest]


@dataclass(slots=True)
class Handled:
    """What became of an order's claims: how many requests each row has by now, and got just now."""

    done: list[tuple[Return, int]] = field(default_factory=list)
    trouble: list[RecordError | WaitingError] = field(default_factory=list)


def request_units(ctx: Context, order: OrderClaims) -> Handled:
    """See that Omnitron has a request for every unit claimed. Repeating it adds nothing.

    Errors: RemoteError when Omnitron cannot be used; what a claim itself is to blame for is in the
    result, and keeps no other claim of the order back.
    """
    handled = Handled()
    units = _units(ctx, order)
    there = _requests(ctx, {unit.pk for units_of_sku in units.values() for unit in units_of_sku})
    busy = {request.order_item for request in there if request.status != REJECTED}
    busy |= {row.order_item_pk for row in order.known if row.state == "asked"}
    for claim in order.claims:
        work = _Claimed(ctx, claim, units[claim.row.sku], there, order.known, busy)
        try:
            handled.done.append((claim.row, work.complete()))
        except (RecordError, WaitingError) as error:
            handled.trouble.append(error)
    return handled


class _Claimed:
    """One claim at work."""

    def __init__(
        self,
        ctx: Context,
        claim: Claim,
        units: Sequence[OrderItem],
        there: Sequence[CancellationRequest],
        known: Iterable[ReturnRequest],
        busy: set[int],
    ) -> None:
        self._ctx = ctx
        self._claim = claim
        self._row = claim.row
        self._units = {unit.pk: unit for unit in units}
        self._there = [request for request in there if request.order_item in self._units]
        self._known = [
            row for row in known if (row.rma_id, row.sku) == (self._row.rma_id, self._row.sku)
        ]
        self._busy = busy

    def complete(self) -> int:
        """Adopt what is there, request the rest; how many were requested just now.

        Errors: RecordError, WaitingError while an earlier attempt may still take effect.
        """
        asked = {row.order_item_pk: row for row in self._known if row.state == "asked"}
        numbers = {row.unit for row in self._known if row.state != "asked"}
        mine = {row.request_id for row in self._known}
        for request in self._there:
            is_ours = request.remote_id == self._row.rma_id or (
                request.remote_id is None and request.order_item in asked
            )
            if is_ours and request.pk not in mine:
                attempt = asked.pop(request.order_item, None)
                number = attempt.unit if attempt else _next(numbers)
                numbers.add(number)
                self._made(number, request)
        self._end_attempts(asked.values())
        missing = self._row.quantity - len(numbers)
        for unit in self._free(missing):
            number = _next(numbers)
            numbers.add(number)
            self._made(number, self._ask(number, unit))
        return max(missing, 0)

    def _end_attempts(self, asked: Iterable[ReturnRequest]) -> None:
        """Attempts of which nothing is to be seen: wait for the fresh ones, forget the others."""
        for row in asked:
            if row.attempted_at and self._ctx.clock.now() - row.attempted_at < GRACE:
                raise _unanswered()
            self._ctx.state.returns.unattempt(self._ctx.channel, self._row, row.unit)
            self._busy.discard(row.order_item_pk)

    def _free(self, missing: int) -> list[OrderItem]:
        """So many units that can be sent back, shipped ones first. Errors: RecordError if fewer."""
        if missing <= 0:
            return []
        free = [
            unit
            for unit in self._units.values()
            if unit.status not in _OUT and not unit.cancel_status and unit.pk not in self._busy
        ]
        if len(free) < missing:
            raise RecordError(
                f"Amazon reports {missing} more units of {self._row.sku} sent back under RMA"
                f" {self._row.rma_id}, but only {len(free)} of the order can be requested back in"
                " Omnitron",
                code="too_few_units",
            )
        free.sort(key=lambda unit: (not _is_shipped(unit), unit.pk))
        return free[:missing]

    def _ask(self, number: int, unit: OrderItem) -> CancellationRequest:
        ctx, row = self._ctx, self._row
        ctx.deadline.check()
        self._busy.add(unit.pk)
        ctx.state.returns.attempt(ctx.channel, row, number, unit.pk, ctx.clock.now())
        try:
            return ctx.omnitron.cancellation_requests.create(
                unit.pk,
                "refund",
                reason=self._claim.reason_id,
                remote_id=row.rma_id,
                description=row.reason_code,
            )
        except OutcomeUnknownError:
            found = [
                request
                for request in _requests(ctx, {unit.pk})
                if request.remote_id in (None, row.rma_id) and request.status != REJECTED
            ]
            if not found:
                raise _unanswered() from None
            return found[0]
        except AmzsyncError as error:
            if not isinstance(error, ProtocolError):
                # It never reached Omnitron, or Omnitron said no.
                ctx.state.returns.unattempt(ctx.channel, row, number)
                self._busy.discard(unit.pk)
            if isinstance(error, RefusedError):
                raise RejectedError(
                    f"Omnitron refuses the return request of {row.sku} (RMA {row.rma_id}):"
                    f" {error.detail}",
                    code=error.code or "refused",
                    request_id=error.request_id,
                ) from error
            raise

    def _made(self, number: int, request: CancellationRequest) -> None:
        self._ctx.state.returns.made(
            self._ctx.channel,
            self._row,
            number,
            request.order_item,
            (request.pk, request.modified_date),
        )


def _unanswered() -> WaitingError:
    return WaitingError(
        "Omnitron did not answer a return request; it is looked for again before it is asked for"
        " anew",
        code="outcome_unknown",
    )


def _next(numbers: set[int]) -> int:
    return next(number for number in range(1, len(numbers) + 2) if number not in numbers)


def _is_shipped(unit: OrderItem) -> bool:
    return unit.status.isdecimal() and int(unit.status) >= int(SHIPPED)


def _units(ctx: Context, order: OrderClaims) -> dict[str, list[OrderItem]]:
    """The order's units of each claimed SKU."""
    skus = {claim.row.sku for claim in order.claims}
    items = ctx.omnitron.order_items.of_order(order.order_pk)
    products = products_by_sku(ctx, sorted(skus - order.lines.keys()))
    found: dict[str, list[OrderItem]] = {}
    for sku in skus:
        if sku in order.lines:
            found[sku] = [item for item in items if item.remote_id in order.lines[sku]]
        else:
            product = products.get(sku)
            found[sku] = [item for item in items if product and item.product == product]
    return found


def _requests(ctx: Context, item_pks: set[int]) -> list[CancellationRequest]:
    """The return requests about these units, with the RMAs they are linked to."""
    found = ctx.omnitron.cancellation_requests.of_items(item_pks, "refund")
    unnamed = [request.pk for request in found if request.remote_id is None]
    if not unnamed:
        return found
    # A reply need not show the remote id a request was created with (omnitron-api.md §2.9).
    actions = ctx.omnitron.integration_actions.by_object_ids(CONTENT_TYPE, unnamed)
    names = {action.object_id: action.remote_id for action in actions}
    return [
        request.model_copy(update={"remote_id": request.remote_id or names.get(request.pk)})
        for request in found
    ]


def link(ctx: Context, flow: str) -> None:
    """Link all requests that are not, a hundred a batch request. Repeatable.

    One that Omnitron will not link keeps no other from it: what it is for is done.
    """
    while rows := ctx.state.returns.unlinked(ctx.channel, _PAGE):
        try:
            _link(ctx, flow, rows)
        except RefusedError as error:
            if len(rows) > 1:
                for row in rows:
                    _link_alone(ctx, flow, row)
            else:
                _give_up(ctx, rows[0], error)


def _link_alone(ctx: Context, flow: str, row: ReturnRequest) -> None:
    try:
        _link(ctx, flow, [row])
    except RefusedError as error:
        _give_up(ctx, row, error)


def _give_up(ctx: Context, row: ReturnRequest, error: RefusedError) -> None:
    ctx.note(f"return request {row.request_id} cannot be linked to RMA {row.rma_id}: {error}")
    log.warning("return request %s of %s cannot be linked: %s", row.request_id, row.rma_id, error)
    ctx.state.returns.linked(ctx.channel, [row])


def _link(ctx: Context, flow: str, rows: Sequence[ReturnRequest]) -> None:
    objects = [
        BatchObject(
            pk=row.request_id,
            content_type=CONTENT_TYPE,
            version_date=row.version,
            remote_id=row.rma_id,
        )
        for row in rows
        if row.request_id is not None
    ]
    finish(ctx, open_batch(ctx, flow, CONTENT_TYPE, objects), objects)
    ctx.state.returns.linked(ctx.channel, rows)


def end_left_behind(ctx: Context, flow: str) -> None:
    """End batch requests a killed run left open; what they were to link is linked again."""
    for batch in recover(ctx, flow):
        let_go(ctx, batch)
