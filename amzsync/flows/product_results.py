"""What became of listings after Amazon took them, and who is told of what went wrong.

Accepted is not buyable: issues may come with the processing (sp-api.md §2.5.8). So every listing is
looked at, 20 a call and ever more seldom, until it can be bought, is refused, or time is up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Final

from amzsync.amazon.listings import PAGE_SIZE
from amzsync.amazon.models.listings import BUYABLE, ERROR, Issue, ListingsItem, Summary
from amzsync.errors import (
    AmzsyncError,
    RecordError,
    RejectedError,
    RemoteError,
)
from amzsync.flows.batch_lifecycle import finish, open_batch
from amzsync.flows.failure_reports import Failure, report_failures
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.listing_changes import BATCH, QUANTITY, check_time
from amzsync.flows.product_goods import Lacking
from amzsync.http.overlap import overlap
from amzsync.mapping.issues import told
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.state.products import SentProduct

FLOW: Final = "products.push"
CONTENT_TYPE: Final = "product"
MOST: Final = 400  # SKUs a run looks at; at 20 a call that is 4 seconds of the quota
CLOCK_SKEW: Final = timedelta(minutes=2)


def tell(ctx: Context, lacking: Sequence[Lacking]) -> None:
    """Tell Omnitron which products cannot be sent and why; nothing in a dry run. Repeatable.

    Its own penalty keeps them out of the waiting lists for a while.
    """
    if ctx.options.dry_run:
        return
    failed = [(row.product, row.error) for row in lacking if isinstance(row.error, RecordError)]
    for start in range(0, len(failed), BATCH):
        chunk = failed[start : start + BATCH]
        objects = [
            BatchObject(
                pk=product.pk,
                content_type=CONTENT_TYPE,
                version_date=product.modified_date,
                failed_reason_type=error.reason_type,
            )
            for product, error in chunk
        ]
        finish(ctx, open_batch(ctx, FLOW, CONTENT_TYPE, objects), objects)
        failures = [Failure(product.pk, product.modified_date, error) for product, error in chunk]
        report_failures(ctx, CONTENT_TYPE, failures)


def check(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Look at the listings whose time has come.

    What cannot be read now stays due: it is no reason to hold back what is to be sent.
    """
    due = ctx.state.products.due_checks(ctx.channel, ctx.clock.now(), MOST)
    chunks = (due[start : start + PAGE_SIZE] for start in range(0, len(due), PAGE_SIZE))
    stopped: list[AmzsyncError] = []
    to_read = takewhile(lambda _chunk: not stopped, chunks)
    for done in overlap(partial(_shown, ctx), to_read, ctx.in_flight):
        if done.error is not None:
            stopped.append(done.error)
        else:
            yield _judged(ctx, done.item, done.value or {})
    for error in stopped:
        if not isinstance(error, RemoteError):
            raise error
        ctx.note(f"listings are looked at by a later run: {error}")


def _shown(ctx: Context, rows: Sequence[SentProduct]) -> dict[str, ListingsItem]:
    found = ctx.amazon.listings.search_listings_items(
        [row.sku for row in rows], included_data=("summaries", "issues")
    )
    return {item.sku: item for item in found}


def _judged(
    ctx: Context, rows: Sequence[SentProduct], shown: Mapping[str, ListingsItem]
) -> list[Outcome]:
    """Note what was seen; outcomes for what is live now, and for what is refused."""
    sold_out = _sold_out(ctx, rows)
    live: list[str] = []
    later: list[SentProduct] = []
    refused: list[tuple[SentProduct, RejectedError]] = []
    for row in rows:
        verdict = _verdict(ctx, row, shown.get(row.sku), for_sale=row.sku not in sold_out)
        if isinstance(verdict, RejectedError):
            refused.append((row, verdict))
        elif verdict:
            live.append(row.sku)
        else:
            later.append(row)
    products = ctx.state.products
    with ctx.state.store.atomic():
        products.live(ctx.channel, live)
        products.look_later(ctx.channel, [(row.sku, _next_look(ctx, row)) for row in later])
        products.refused(ctx.channel, [row.sku for row, _ in refused])
    known = [
        Failure(row.product_pk, row.version, error) for row, error in refused if row.product_pk
    ]
    report_failures(ctx, CONTENT_TYPE, known)
    return [
        *(Outcome(sku, "unchanged", "live", "Amazon has it as it was sent") for sku in live),
        *(_failed(row, error) for row, error in refused),
    ]


def _verdict(
    ctx: Context, row: SentProduct, item: ListingsItem | None, *, for_sale: bool
) -> RejectedError | bool:
    """Whether the listing is as it should be, or why it never will be."""
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    sent_at = row.sent_at or ctx.clock.now()
    overdue = ctx.clock.now() - sent_at >= timedelta(hours=hours)
    summary = _summary(ctx, item)
    if item is None or summary is None or not (overdue or _is_processed(summary, row)):
        if overdue:
            return RejectedError(f"no response from Amazon within {hours} hours", code="no_answer")
        return False
    if errors := [issue for issue in item.issues if _counts(ctx, issue)]:
        return RejectedError("; ".join(map(told, errors)), code=errors[0].code or "issue")
    if BUYABLE in summary.status or (not for_sale and summary.asin):
        return True
    if overdue:
        reason = f"cannot be bought {hours} hours after it was sent, and Amazon gives no reason"
        return RejectedError(reason, code="not_buyable")
    return False


def _sold_out(ctx: Context, rows: Sequence[SentProduct]) -> set[str]:
    """SKUs nobody is to buy: parents, what is out of stock, and what Amazon has the stock of."""
    if ctx.config.is_fba_channel:
        return {row.sku for row in rows}
    known = ctx.state.listings.by_skus(ctx.channel, [row.sku for row in rows], QUANTITY)
    return {
        row.sku
        for row in rows
        if row.theme
        or (row.sku in known and "0" in (known[row.sku].sent, known[row.sku].confirmed))
    }


def _summary(ctx: Context, item: ListingsItem | None) -> Summary | None:
    place = ctx.amazon.marketplace_id
    rows = item.summaries if item else ()
    return next((row for row in rows if row.marketplace_id == place), None)


def _is_processed(summary: Summary, row: SentProduct) -> bool:
    """Whether what Amazon shows is as young as what it was sent; it does not say for certain."""
    if summary.last_updated_date is None or row.sent_at is None:
        return True
    return summary.last_updated_date >= row.sent_at - CLOCK_SKEW


def _counts(ctx: Context, issue: Issue) -> bool:
    here = not issue.marketplace_ids or ctx.amazon.marketplace_id in issue.marketplace_ids
    return issue.severity == ERROR and here and not issue.is_internal


def _next_look(ctx: Context, row: SentProduct) -> datetime:
    """Twice as long from now as the last time, but not long past the end of Amazon's time."""
    now, first = ctx.clock.now(), check_time(ctx) - ctx.clock.now()
    hours = ctx.config.failed_integration.sent_to_remote.expiration_hour
    end = (row.sent_at or now) + timedelta(hours=hours)
    later: datetime = now + first * 2 ** min(row.checks, 10)
    return min(later, end) if end > now else later


def _failed(row: SentProduct, error: RejectedError) -> Outcome:
    object_id = str(row.product_pk) if row.product_pk else None
    return Outcome(row.sku, "failed", error.code, str(error), error.request_id, object_id)
