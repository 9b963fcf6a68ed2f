"""A snapshot of Amazon's listings: its listings report as a durable job, kept in the state.

Amazon caches the report for one to six hours, so a newer one may be the same copy: it is asked for
when the last is six hours old. Nothing of it is believed by itself, and texts are left alone: the
report loses letters its charset lacks. Source: sp-api.md §2.10.1, §6.5.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.amazon.documents import charset, table
from amzsync.errors import ProtocolError
from amzsync.flows import report_jobs
from amzsync.flows.flow import Context
from amzsync.mapping.prices import report_price
from amzsync.state.snapshot import Listed

NAME: Final = "report"  # the operation its jobs and journal rows go by
CACHED: Final = timedelta(hours=6)  # the oldest copy Amazon gives instead of a new one
WANTED: Final = report_jobs.Wanted(
    # Without a locale the header comes in the seller's language, and a cached copy in any.
    "GET_MERCHANT_LISTINGS_ALL_DATA",
    report_options={"preferredReportDocumentLocale": "en_US"},
)

_COLUMNS = ("seller-sku", "asin1", "price", "quantity", "fulfillment-channel", "status")
_LOST = "\N{REPLACEMENT CHARACTER}"


def move_on(ctx: Context) -> None:
    """Take in the snapshot that has arrived; ask for the next when the last is too old."""
    jobs = ctx.state.jobs.under_way(ctx.channel, NAME)
    taken_at = (jobs[0].submitted_at or jobs[0].created_at) if jobs else ctx.clock.now()
    intake = report_jobs.Intake(
        read=partial(read_listings, currency=ctx.config.marketplace.currency),
        store=lambda rows: ctx.state.snapshots.arrive(ctx.channel, rows, taken_at),
        empty=lambda: _note_empty(ctx, taken_at),
    )
    report_jobs.collect(ctx, NAME, intake)
    report_jobs.request(ctx, NAME, WANTED, CACHED)


def is_busy(ctx: Context) -> bool:
    """Whether `move_on` would have anything to do."""
    due = next_due(ctx)
    return is_under_way(ctx) or due is None or due <= ctx.clock.now()


def is_under_way(ctx: Context) -> bool:
    """Whether Amazon makes a snapshot."""
    return bool(ctx.state.jobs.under_way(ctx.channel, NAME))


def next_due(ctx: Context) -> datetime | None:
    """When the next snapshot may be asked for; None if none ever was."""
    return report_jobs.next_due(ctx, WANTED.name, CACHED)


def read_listings(path: Path, content_type: str, *, currency: str) -> Iterator[Listed]:
    """The listings of a report, read lazily, after the whole of it was looked at once.

    A SKU with a letter the charset lacks has `?` there, or the mark of a broken character: whose
    it is cannot be told, so it is left out, to be searched for by name.
    Errors: ProtocolError for a page of HTML, missing columns, or a file that ends within a row.
    """
    codec = charset(content_type)
    if any(not row["status"] for row in deque(table(path, codec, _COLUMNS), maxlen=1)):
        raise ProtocolError("the listings report ends within a row")
    lossless = codec.startswith("utf")
    return _listings(table(path, codec, _COLUMNS), currency, "" if lossless else "?")


def _listings(rows: Iterable[dict[str, str]], currency: str, lost: str) -> Iterator[Listed]:
    for row in rows:
        sku = row["seller-sku"]
        if not sku or not row["status"] or _LOST in sku or (lost and lost in sku):
            continue
        quantity = row["quantity"].strip()
        yield Listed(
            sku=sku,
            asin=row["asin1"],
            price=report_price(row["price"], currency),
            quantity=int(quantity) if quantity.isascii() and quantity.isdigit() else None,
            status=row["status"].strip(),
            by_amazon=row["fulfillment-channel"].strip() not in ("", SELLER_FULFILLED),
        )


def _note_empty(ctx: Context, taken_at: datetime) -> None:
    """Amazon cancels what has no rows, and what was asked for twice: that is no empty shop."""
    known = ctx.state.snapshots.get(ctx.channel)
    if known is None or not known.listings:
        ctx.state.snapshots.arrive(ctx.channel, (), taken_at)
