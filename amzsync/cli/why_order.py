"""How `amzsync why` words what is known of an order, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from amzsync.cli.printing import moment
from amzsync.ops.order_story import CancelledLine, OrderStory
from amzsync.state.inbox import InboxRow
from amzsync.state.invoices import InvoiceRow
from amzsync.state.packages import Package
from amzsync.state.returns import Return, ReturnRequest

_STANDS = {
    "new": "waits to be imported into Omnitron",
    "created": "is in Omnitron, its link is still to be made",
    "imported": "is in Omnitron",
    "pending": "is not imported yet",
    "ignored": "is not imported",
}
_REQUESTS = {
    "asked": "asked of Omnitron and not answered",
    "made": "in Omnitron, its link is still to be made",
    "linked": "in Omnitron",
}


def told(story: OrderStory) -> Iterator[str]:
    """How the order stands, a line a fact."""
    row = story.row
    number = f" as {row.number}" if row.number else ""
    reason = f": {row.reason}" if row.reason else ""
    yield f"order {_STANDS[row.state]}{number}{reason}"
    if row.missing and row.state != "pending":
        yield (
            f"its newest version came without {_missing(row)}; it is completed as soon as Amazon"
            " gives it"
        )
    if row.cancel_request:
        yield f"the buyer asks to cancel it: {row.cancel_request}"
    for line in story.cancelled:
        yield _cancelled(line)
    if story.cancelled and row.state in ("created", "imported"):
        yield (
            "Omnitron was told of the cancellation"
            if story.cancellation_told
            else f"Omnitron is still to be told of the cancellation (asked {row.cancel_calls}x)"
        )
    yield from map(_package, story.packages)
    yield from map(_invoice, story.invoices)
    for each in story.returns:
        yield _return(each)
        for request in _requests_of(story, each):
            pk = f" {request.request_id}" if request.request_id is not None else ""
            yield f"  request{pk} for unit {request.unit}: {_REQUESTS[request.state]}"


def as_json(story: OrderStory) -> dict[str, Any]:
    """The same as data; keys are never taken away."""
    row = story.row
    return {
        "order_id": row.order_id,
        "state": row.state,
        "amazon_status": row.status,
        "code": row.code,
        "reason": row.reason,
        "number": row.number,
        "omnitron_pk": row.omnitron_pk,
        "first_seen_at": _iso(row.first_seen_at),
        "seen_at": _iso(row.seen_at),
        "imported_at": _iso(row.imported_at),
        "missing": row.missing.split(",") if row.missing else [],
        "cancel_request": row.cancel_request or None,
        "cancelled": [
            {
                "order_item_id": line.order_item_id,
                "sku": line.sku,
                "standing": line.standing,
                "cancelled_by": line.cancelled_by,
                "reason": line.reason,
            }
            for line in story.cancelled
        ],
        "cancellation_told": story.cancellation_told,
        "cancel_calls": row.cancel_calls,
        "packages": [
            {
                "reference": package.reference,
                "carrier": package.carrier,
                "tracking_number": package.tracking_number,
                "units": len(package.units),
                "confirmed": package.confirmed == package.wanted,
            }
            for package in story.packages
        ],
        "invoices": [
            {
                "number": invoice.number,
                "state": invoice.state,
                "feed_id": invoice.feed_id,
                "submitted_at": _iso(invoice.submitted_at),
                "code": invoice.code,
                "reason": invoice.reason,
            }
            for invoice in story.invoices
        ],
        "returns": [
            {
                "rma_id": each.rma_id,
                "sku": each.sku,
                "quantity": each.quantity,
                "reason_code": each.reason_code,
                "amazon_status": each.status,
                "requested_at": _iso(each.requested_at),
                "state": each.state,
                "code": each.code,
                "reason": each.reason,
                "requests": [
                    {"unit": row.unit, "request_id": row.request_id, "state": row.state}
                    for row in _requests_of(story, each)
                ],
            }
            for each in story.returns
        ],
    }


def _missing(row: InboxRow) -> str:
    return row.missing.replace(",", ", ")


def _cancelled(line: CancelledLine) -> str:
    by = f" by {line.cancelled_by}" if line.cancelled_by else ""
    reason = f" ({line.reason})" if line.reason else ""
    return f"cancelled on Amazon{by}{reason}: {line.sku}, units left: {line.standing}"


def _package(package: Package) -> str:
    how = f"{package.carrier} {package.tracking_number}".strip()
    done = package.confirmed == package.wanted
    stands = "confirmed to Amazon" if done else "asked of Amazon and not answered"
    return f"package {package.reference} ({how}, units: {len(package.units)}): {stands}"


def _invoice(invoice: InvoiceRow) -> str:
    feed = f" as feed {invoice.feed_id}" if invoice.feed_id else ""
    code = f" ({invoice.code})" if invoice.code else ""
    reason = f": {invoice.reason}" if invoice.reason else ""
    at = moment(invoice.submitted_at)
    return f"invoice {invoice.number} handed over{feed} {at}, {invoice.state}{code}{reason}"


def _return(each: Return) -> str:
    code = f" ({each.code})" if each.code else ""
    reason = f": {each.reason}" if each.reason else ""
    return (
        f"return {each.rma_id}, {each.quantity} x {each.sku} ({each.reason_code}), asked for"
        f" {moment(each.requested_at)}: {each.state}{code}{reason}"
    )


def _requests_of(story: OrderStory, each: Return) -> Iterator[ReturnRequest]:
    return (row for row in story.requests if (row.rma_id, row.sku) == (each.rma_id, each.sku))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
