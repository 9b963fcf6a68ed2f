"""Invoices to Amazon as UPLOAD_VAT_INVOICE feeds: one PDF a feed, each once, its answer read back.

A createFeed without an answer is looked for among Amazon's feeds before it is repeated. The feeds
do not show whose invoice they carry, so while one is in doubt no other is submitted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from amzsync.amazon.feeds import PDF_CONTENT_TYPE, UPLOAD_VAT_INVOICE, invoice_options
from amzsync.amazon.models.feeds import DONE, FINISHED, IN_QUEUE, Feed
from amzsync.errors import (
    AmzsyncError,
    AuthError,
    OutcomeUnknownError,
    ProtocolError,
    RecordError,
    RefusedError,
    RejectedError,
    RemoteError,
    ThrottledError,
    WaitingError,
)
from amzsync.flows.flow import Context
from amzsync.http.pdf import download_pdf, host_of
from amzsync.omnitron.models.orders import Order, OrderItem
from amzsync.state.invoices import InvoiceRow, InvoiceState

log = logging.getLogger(__name__)

# createFeed gives 0.0083 a second, 30 an hour; invoices take at most half, the rest is stock's.
PERIOD = timedelta(hours=1)
LIMIT = 14
RESERVE = 1  # tokens left in the bucket for a listings feed
# createFeed answered nothing and no feed is to be seen: how long one may still turn up.
GRACE = timedelta(minutes=3)
CLOCK_SKEW = timedelta(minutes=2)
# How long a result that cannot be read is fetched anew.
READABLE_WITHIN = timedelta(hours=1)
NO_ANSWER = "no_answer"
_FULL = f"{LIMIT} were submitted within the hour, half of what createFeed allows"
_BUSY = "it is not known yet what became of an earlier one"


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of an order: its number, where its PDF is, and its amount where that is known."""

    order_id: str
    order_pk: int
    number: str
    url: str
    total: Decimal | None


def invoices_of(order_id: str, order: Order, units: Iterable[OrderItem]) -> list[Invoice]:
    """The order's invoices, each once. Omnitron names them with the units, or with the order."""
    found = {
        unit.invoice_number: unit.e_archive_url
        for unit in units
        if unit.invoice_number and unit.e_archive_url
    }
    if not found and order.invoice_number and order.e_archive_url:
        found = {order.invoice_number: order.e_archive_url}
    total = order.amount if len(found) == 1 else None
    return [Invoice(order_id, order.pk, number, url, total) for number, url in found.items()]


class InvoiceDesk:
    """Submits invoices, until something says that no more can go in this run.

    `closed` is that reason, "" while it is open; hosts that do not answer are asked once.
    """

    def __init__(self, ctx: Context) -> None:
        self.closed = ""
        self._ctx = ctx
        self._down: set[str] = set()

    def submit(self, invoice: Invoice) -> str:
        """Hand it to Amazon; what there is to say of it.

        Errors: RecordError for what is wrong with this invoice, WaitingError when it has to wait
        for a later run, DeadlineError and InterruptedRunError.
        """
        if not self.closed and self._ctx.state.invoices.recent(self._now - PERIOD) >= LIMIT:
            self.closed = _FULL
        if self.closed:
            raise self._later(invoice)
        row = self._row(invoice)
        try:
            return self._submit(invoice, row, self._fetched(invoice))
        except AuthError as error:
            self._ctx.postpone(error)
            self.closed = "Amazon refuses access"
        except ThrottledError:
            self.closed = "Amazon's quota is spent"
        except (OutcomeUnknownError, ProtocolError) as error:
            self.closed = f"it is not known what became of one: {error}"
        except RecordError as error:
            self._ctx.state.invoices.failed(row, error.code, str(error))
            raise
        except RemoteError as error:
            self.closed = f"Amazon cannot be used: {error}"
        raise self._later(invoice)

    @property
    def _now(self) -> datetime:
        return self._ctx.clock.now()

    def _fetched(self, invoice: Invoice) -> bytes:
        """Its PDF. Errors: RecordError; WaitingError when the host is down."""
        host = host_of(invoice.url)
        if host not in self._down:
            try:
                return download_pdf(self._ctx.amazon.transfers, invoice.url)
            except RemoteError as error:
                self._down.add(host)
                log.info("invoice %s: %s: %s", invoice.number, host, error)
        raise self._later(invoice, f"{host} does not answer")

    def _later(self, invoice: Invoice, why: str = "") -> WaitingError:
        reason = why or self.closed
        return WaitingError(f"invoice {invoice.number} waits: {reason}", code="invoice_later")

    def _row(self, invoice: Invoice) -> InvoiceRow:
        return InvoiceRow(
            channel=self._ctx.channel,
            order_id=invoice.order_id,
            number=invoice.number,
            order_pk=invoice.order_pk,
            state="submitting",
            feed_id=None,
            submitted_at=self._now,
            code="",
            reason="",
            told=0,
        )

    def _submit(self, invoice: Invoice, row: InvoiceRow, content: bytes) -> str:
        """createFeedDocument, upload, createFeed. Errors: RejectedError when Amazon refuses it."""
        ctx = self._ctx
        feeds = ctx.amazon.feeds
        document = feeds.create_feed_document(PDF_CONTENT_TYPE)
        feeds.upload(document.url, PDF_CONTENT_TYPE, content)
        claim = ctx.state.invoices.claim(row, period=PERIOD, limit=LIMIT)
        if claim != "claimed":
            self.closed = _FULL if claim == "full" else _BUSY
            raise self._later(invoice)
        try:
            feed_id = feeds.create_feed(
                UPLOAD_VAT_INVOICE,
                document.feed_document_id,
                [ctx.amazon.marketplace_id],
                invoice_options(invoice.order_id, invoice.number, invoice.total),
                reserve=RESERVE,
            )
        except AmzsyncError as error:
            if not isinstance(error, OutcomeUnknownError | ProtocolError):
                ctx.state.invoices.unclaim(row)  # it never reached Amazon, or Amazon said no
            if isinstance(error, RefusedError):
                raise RejectedError(
                    f"Amazon refuses invoice {invoice.number}: {error.detail}",
                    code=error.code or "refused",
                    request_id=error.request_id,
                ) from error
            raise
        ctx.state.invoices.submitted(row, feed_id)
        return f"invoice {invoice.number} submitted as feed {feed_id}"


def collect(ctx: Context) -> None:
    """Bring in what became of the invoices under way; what cannot be told now waits."""
    for row in ctx.state.invoices.under_way(ctx.channel):
        ctx.deadline.check()
        try:
            if row.state == "submitting":
                _find(ctx, row)
            else:
                poll(ctx, row)
        except AuthError as error:
            ctx.postpone(error)  # shipments may need none of this
            return
        except RemoteError as error:
            ctx.note(f"invoice {row.number} of {row.order_id} waits for a later run: {error}")


def poll(ctx: Context, row: InvoiceRow) -> None:
    """Ask for the invoice's feed and note Amazon's answer, if there is one or its time is up."""
    try:
        feed = ctx.amazon.feeds.get_feed(row.feed_id or "")
    except RefusedError as error:
        log.warning("feed %s: %s", row.feed_id, error)
        feed = None
    if feed is None or feed.processing_status not in FINISHED:
        _wait(ctx, row, feed)
        return
    code, reason = _judged(ctx, row, feed)
    state: InvoiceState = "refused" if code else "accepted"
    ctx.state.invoices.answered(row, state, ctx.clock.now(), code, reason)


def _judged(ctx: Context, row: InvoiceRow, feed: Feed) -> tuple[str, str]:
    """(code, Amazon's words) of a refusal; ("", what else there is to say) when it was taken.

    Nothing public shows the result of this feed. It is taken to be a processing report as of a
    listings feed; a feed that is DONE and says nothing of the kind counts as taken in the end.
    Errors: ProtocolError while a result that cannot be read may be a broken one.
    """
    report = None
    if feed.result_feed_document_id:
        try:
            report = ctx.amazon.feeds.processing_report(feed.result_feed_document_id)
        except (RefusedError, ProtocolError) as error:
            young = ctx.clock.now() - row.submitted_at < READABLE_WITHIN
            if young and isinstance(error, ProtocolError):
                raise
            log.warning("the result of feed %s cannot be read: %s", feed.feed_id, error)
    errors = [issue for issue in report.issues if issue.is_error] if report else []
    if errors:
        return errors[0].code or "refused", "; ".join(issue.message for issue in errors)
    if feed.processing_status != DONE:
        return feed.processing_status, f"feed {feed.feed_id} ended {feed.processing_status}"
    return "", "" if report else "Amazon's result gives no details"


def _wait(ctx: Context, row: InvoiceRow, feed: Feed | None) -> None:
    """Leave it to a later run, or give up waiting when Amazon's time is up."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    if ctx.clock.now() - row.submitted_at <= timedelta(hours=hours):
        return
    if feed is not None and feed.processing_status == IN_QUEUE:
        with suppress(RefusedError):
            ctx.amazon.feeds.cancel_feed(feed.feed_id)
    reason = f"no response from Amazon within {hours} hours"
    ctx.state.invoices.answered(row, "refused", ctx.clock.now(), NO_ANSWER, reason)


def _find(ctx: Context, row: InvoiceRow) -> None:
    """createFeed was asked for and never answered: is the feed there?

    Only a single unknown one is certain to be it; where there are several, the first after it was
    asked for is taken in the end, for to send an invoice twice is worse.
    """
    known = ctx.state.invoices.feed_ids()
    feeds = ctx.amazon.feeds.get_feeds([UPLOAD_VAT_INVOICE], row.submitted_at - CLOCK_SKEW)
    candidates = [feed for feed in feeds if feed.feed_id not in known]
    settled = ctx.clock.now() - row.submitted_at > GRACE
    if len(candidates) == 1 or (candidates and settled):
        found = min(candidates, key=lambda feed: abs(feed.created_time - row.submitted_at))
        ctx.state.invoices.submitted(row, found.feed_id)
        ctx.note(f"feed {found.feed_id} with invoice {row.number} was created after all")
    elif settled:
        ctx.state.invoices.unclaim(row)
