"""What is to be done about an order's returns: which are requested, which are settled without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from amzsync.amazon.assumptions import is_denied
from amzsync.config import Config
from amzsync.errors import RecordError, UnmappedError, WaitingError
from amzsync.flows.return_requests import Claim
from amzsync.mapping.refunds import before_start, mapped_reason, too_late
from amzsync.omnitron.models.orders import Order
from amzsync.state.inbox import InboxRow
from amzsync.state.returns import Return, ReturnRequest, ReturnState


@dataclass(frozen=True, slots=True)
class Returned:
    """An order with returns to be looked at, and what is known of it here."""

    order_id: str
    rows: Sequence[Return]
    order: InboxRow | None
    known: Sequence[ReturnRequest]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A return that needs no request: what becomes of its row, and why."""

    row: Return
    state: ReturnState
    code: str
    reason: str

    def __str__(self) -> str:
        """For the journal."""
        return f"RMA {self.row.rma_id}, {self.row.sku}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Refund:
    """An order ready to go: what to request of it, and which returns are settled without.

    `order_pk` is None for an order that this state file does not know.
    """

    order_id: str
    order_pk: int | None
    order: InboxRow | None
    claims: Sequence[Claim]
    verdicts: Sequence[Verdict]
    faulty: Sequence[Return]
    known: Sequence[ReturnRequest]


def plan(config: Config, channel: str, found: Returned) -> Refund:
    """What is to be requested of the order.

    Errors: RecordError when none of its rows can be read, WaitingError while the order is not in
    Omnitron.
    """
    faulty = [row for row in found.rows if row.state == "faulty"]
    if len(faulty) == len(found.rows):
        raise unreadable(faulty)
    order, claims, verdicts = found.order, [], []
    for row in found.rows:
        if row.state == "faulty":
            continue
        verdict = _verdict(config, channel, row, found)
        if verdict is None:
            claims.append(Claim(row, _reason_id(config, row.reason_code)))
        else:
            verdicts.append(verdict)
    if claims and order is not None and order.state in ("new", "created", "pending"):
        raise WaitingError("its order is not imported into Omnitron yet", code="not_imported")
    imported = order is not None and order.state == "imported"
    pk = order.omnitron_pk if order is not None and imported else None
    return Refund(found.order_id, pk, order, claims, verdicts, faulty, found.known)


def place(config: Config, refund: Refund, order: Order | None) -> Refund:
    """The refund of an order this state file does not know, by what Omnitron says of it."""
    claims: list[Claim] = []
    verdicts = list(refund.verdicts)
    for claim in refund.claims:
        verdict = None
        if order is None:
            reason = "Omnitron has no order linked to this id"
            verdict = Verdict(claim.row, "ignored", "not_ours", reason)
        elif order.date_placed is not None:
            verdict = _late(config, claim.row, order.date_placed)
        if verdict is None:
            claims.append(claim)
        else:
            verdicts.append(verdict)
    pk = None if order is None else order.pk
    return replace(refund, order_pk=pk, claims=claims, verdicts=verdicts)


def unreadable(rows: Sequence[Return]) -> RecordError:
    """The error rows stand for that could not be read."""
    problems = sorted({row.reason for row in rows})
    return RecordError(
        f"{len(rows)} rows of the returns report cannot be read: {'; '.join(problems)}",
        code="malformed_return",
    )


def _verdict(config: Config, channel: str, row: Return, found: Returned) -> Verdict | None:
    """Whether the return needs no request (any more); None when it does."""
    requests = [each for each in found.known if (each.rma_id, each.sku) == (row.rma_id, row.sku)]
    if is_denied(row.status):
        if requests:
            reason = f"{row.status} at Amazon after it was requested: the request stays"
            return Verdict(row, "requested", "denied_later", reason)
        return Verdict(row, "ignored", "denied", f"{row.status} at Amazon")
    if sum(each.state != "asked" for each in requests) >= row.quantity:
        return Verdict(row, "requested", "", f"{row.status or 'changed'}, requested before")
    if early := before_start(row.requested_at, config.refund_start_date):
        return Verdict(row, "ignored", "before_refund_start_date", early)
    if found.order is None:
        return None
    if found.order.channel != channel:
        return Verdict(row, "ignored", "not_ours", "an order of another channel")
    return _late(config, row, found.order.created_time)


def _late(config: Config, row: Return, created_time: datetime) -> Verdict | None:
    late = too_late(row.requested_at, created_time, config.order_refundable_days)
    return Verdict(row, "ignored", "not_refundable", late) if late else None


def _reason_id(config: Config, code: str) -> int:
    mapped = mapped_reason(code, config.refund_reason_mapping)
    reason_id = config.default_reason_id if mapped is None else mapped
    if reason_id is None:
        raise UnmappedError(
            f"refund_reason_mapping has no {code} and default_reason_id is not set", code="reason"
        )
    return reason_id
