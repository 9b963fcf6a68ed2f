"""What is to be done about a changed order: packages, invoices, answers to tell, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amzsync.errors import RecordError, RejectedError, WaitingError
from amzsync.flows.changed_orders import ChangedOrder, confirms, sends_invoices
from amzsync.flows.flow import Context
from amzsync.flows.package_confirmation import Confirmation, Problem, confirmations
from amzsync.omnitron.models.orders import STATUS_CODES, is_open
from amzsync.state.invoices import InvoiceRow

if TYPE_CHECKING:
    from amzsync.flows.invoices import Invoice

_CANCELED = STATUS_CODES["canceled"]
_RETURNING = frozenset(
    STATUS_CODES[name]
    for name in ("cancellation_waiting", "review_started", "review_waiting", "refunded")
)
_BEING_ASKED = frozenset({"asked", "made"})  # return requests Omnitron may not show yet
_FORGOTTEN = (
    "placed longer ago than orders are remembered (state.retention_order_days): what Amazon was"
    " told of it is not known any more, so nothing is told anew"
)


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be done about an order.

    `left_alone` is (code, reason) when nothing is. `answered` are invoices whose result is news,
    `doubtful` those whose time was up, `under_way` the numbers of those Amazon has.
    """

    changed: ChangedOrder
    left_alone: tuple[str, str] | None = None
    confirmations: tuple[Confirmation, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    answered: tuple[InvoiceRow, ...] = ()
    doubtful: tuple[InvoiceRow, ...] = ()
    under_way: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Ending:
    """How far an order has come in this run: what was told, what has left, what is in the way.

    `request_id` is Amazon's of the package told last.
    """

    update: Update
    told: list[str] = field(default_factory=list)
    request_id: str | None = None
    submitted: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def error(self) -> RecordError | None:
        """The fault the order is penalised for."""
        return next((row for row in self.problems if isinstance(row, RecordError)), None)


def transform(ctx: Context, changed: ChangedOrder) -> Update:
    """What of the order Amazon does not know yet."""
    if not changed.order_id:
        reason = "Omnitron does not say which of Amazon's orders it is"
        return Update(changed, left_alone=("no_amazon_id", reason))
    if changed.forgotten:
        return Update(changed, left_alone=("forgotten", _FORGOTTEN))
    if changed.problem is not None:
        return Update(changed, problems=(changed.problem,))
    if _is_returning(ctx, changed):
        reason = "a return or cancellation is under way: the order is not updated"
        return Update(changed, left_alone=("return", reason), answered=_answered(changed))
    found: tuple[Confirmation, ...] = ()
    problems: tuple[Problem, ...] = ()
    if confirms(ctx):
        found, problems = confirmations(ctx, changed)
    return _with_invoices(ctx, Update(changed, confirmations=found, problems=problems))


def describe(update: Update) -> str:
    """What a dry run says of an order."""
    if update.left_alone is not None:
        return f"{update.changed.key}: {update.left_alone[1]}"
    parts = [f"{'note' if row.adopted else 'confirm'} {row.text}" for row in update.confirmations]
    parts += [f"send invoice {row.number}" for row in update.invoices]
    parts += [f"not yet: {problem}" for problem in update.problems]
    return f"{update.changed.key}: {'; '.join(parts) or 'nothing to send'}"


def _is_returning(ctx: Context, changed: ChangedOrder) -> bool:
    """Whether any unit of the order is on its way back, or is to be cancelled."""
    units = [unit for unit in changed.units if unit.status != _CANCELED]
    if is_open(changed.order.cancel_status) or any(
        is_open(unit.cancel_status) or unit.status in _RETURNING for unit in units
    ):
        return True
    requests = ctx.state.returns.requests(ctx.channel, [changed.order_id])
    return any(row.state in _BEING_ASKED for row in requests.get(changed.order_id, ()))


def _with_invoices(ctx: Context, update: Update) -> Update:
    """The update with what there is to do about the order's invoices."""
    changed = update.changed
    rows = {row.number: row for row in changed.invoices}
    to_send: list[Invoice] = []
    doubtful: list[InvoiceRow] = []
    if sends_invoices(ctx):
        from amzsync.flows.invoices import NO_ANSWER, invoices_of

        living = [unit for unit in changed.units if unit.status != _CANCELED]
        for invoice in invoices_of(changed.order_id, changed.order, living):
            row = rows.get(invoice.number)
            if row is None:
                to_send.append(invoice)
            elif row.state == "refused" and row.told:
                # Its penalty is over. What may still be processed is asked for, never sent again.
                if row.code == NO_ANSWER:
                    doubtful.append(row)
                else:
                    to_send.append(invoice)
    problems = [
        WaitingError(
            f"Amazon did not answer invoice {row.number}; it is looked for among the feeds before"
            " it is sent again",
            code="outcome_unknown",
        )
        for row in rows.values()
        if row.state == "submitting"
    ]
    return replace(
        update,
        invoices=tuple(to_send),
        answered=_answered(changed),
        doubtful=tuple(doubtful),
        under_way=tuple(row.number for row in rows.values() if row.state == "submitted"),
        problems=(*update.problems, *problems),
    )


def _answered(changed: ChangedOrder) -> tuple[InvoiceRow, ...]:
    return tuple(
        row for row in changed.invoices if row.state in ("accepted", "refused") and not row.told
    )


def take_answers(ending: Ending, rows: Iterable[InvoiceRow]) -> None:
    """What Amazon says of the order's invoices, as news or as its fault."""
    for row in rows:
        if row.state == "accepted":
            more = f" ({row.reason})" if row.reason else ""
            ending.told.append(f"invoice {row.number} accepted, feed {row.feed_id}{more}")
        elif row.state == "refused":
            ending.problems.append(
                RejectedError(
                    f"invoice {row.number} refused: {row.reason}",
                    code=row.code,
                    request_id=row.feed_id,
                )
            )
