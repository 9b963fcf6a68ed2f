"""Feeds: a document, its upload, the feed that processes it, and what became of it.

createFeed is not repeatable. After an OutcomeUnknownError look with `get_feeds` whether a feed of
that type has been created since, before another is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from amzsync.amazon.calls import Calls, csv, instant, read
from amzsync.amazon.documents import fetch, read_json
from amzsync.amazon.models.feeds import CreatedFeed, Feed, FeedDocument, FeedPage, ProcessingReport
from amzsync.amazon.operations import (
    CANCEL_FEED,
    CREATE_FEED,
    CREATE_FEED_DOCUMENT,
    GET_FEED,
    GET_FEED_DOCUMENT,
    GET_FEEDS,
)
from amzsync.errors import ProtocolError
from amzsync.http.transfer import Downloaded, Transfers
from amzsync.redaction import validation_problems

JSON_LISTINGS_FEED: Final = "JSON_LISTINGS_FEED"
JSON_CONTENT_TYPE: Final = "application/json; charset=UTF-8"
"""Given to createFeedDocument and, byte by byte the same, to the upload."""

UPLOAD_VAT_INVOICE: Final = "UPLOAD_VAT_INVOICE"
PDF_CONTENT_TYPE: Final = "application/pdf"

_MAX_REPORT: Final = 32 * 1024 * 1024  # bytes; 25,000 messages with two issues each stay below


def invoice_options(order_id: str, number: str, total: Decimal | None) -> dict[str, str]:
    """The feedOptions of an UPLOAD_VAT_INVOICE feed, which carries one invoice as a PDF.

    `total` is the invoice's amount, where it is known. Source: sp-api.md §2.7.1.
    """
    options = {
        "metadata:orderid": order_id,
        "metadata:invoicenumber": number,
        "metadata:documenttype": "Invoice",
    }
    return options if total is None else options | {"metadata:totalamount": f"{total:.2f}"}


class Feeds:
    """The feeds of the account."""

    def __init__(self, calls: Calls, transfers: Transfers) -> None:
        self._calls = calls
        self._transfers = transfers

    def create_feed_document(self, content_type: str = JSON_CONTENT_TYPE) -> FeedDocument:
        """A slot to upload to: its URL lives five minutes, its id two days."""
        reply = self._calls.call(CREATE_FEED_DOCUMENT, json={"contentType": content_type})
        return read(FeedDocument, CREATE_FEED_DOCUMENT, reply)

    def upload(self, url: str, content_type: str, content: bytes | Path) -> None:
        """Fill the slot; `content_type` as it was asked for. Errors: see Transfers.upload."""
        self._transfers.upload(url, content_type, content)

    def create_feed(
        self,
        feed_type: str,
        document_id: str,
        marketplace_ids: Sequence[str],
        feed_options: Mapping[str, str] | None = None,
        *,
        reserve: int = 0,
        max_wait: float | None = None,
    ) -> str:
        """Have an uploaded document processed; the feed's id.

        `reserve` tokens of the bucket all feed types share are left for others. Errors:
        OutcomeUnknownError when the feed may or may not have been created.
        """
        body = {
            "feedType": feed_type,
            "marketplaceIds": list(marketplace_ids),
            "inputFeedDocumentId": document_id,
            **({"feedOptions": dict(feed_options)} if feed_options else {}),
        }
        reply = self._calls.call(CREATE_FEED, json=body, reserve=reserve, max_wait=max_wait)
        return read(CreatedFeed, CREATE_FEED, reply).feed_id

    def get_feed(self, feed_id: str) -> Feed:
        """A feed and how far it is."""
        reply = self._calls.call(GET_FEED, path={"feedId": feed_id})
        return read(Feed, GET_FEED, reply)

    def get_feeds(self, feed_types: Sequence[str], created_since: datetime) -> list[Feed]:
        """All feeds of these types created since a moment, at most 90 days ago; newest first."""
        query = [
            ("feedTypes", csv(feed_types)),
            ("createdSince", instant(created_since)),
            ("pageSize", "100"),
        ]
        pages = self._calls.pages(GET_FEEDS, query)
        return [feed for reply in pages for feed in read(FeedPage, GET_FEEDS, reply).feeds]

    def cancel_feed(self, feed_id: str) -> None:
        """Take back a feed that is still IN_QUEUE; later it is refused."""
        self._calls.call(CANCEL_FEED, path={"feedId": feed_id})

    def get_feed_document(self, document_id: str) -> FeedDocument:
        """Where a result document can be fetched for the next five minutes."""
        reply = self._calls.call(GET_FEED_DOCUMENT, path={"feedDocumentId": document_id})
        return read(FeedDocument, GET_FEED_DOCUMENT, reply)

    def download(self, document_id: str, into: Path | BinaryIO, max_bytes: int) -> Downloaded:
        """Fetch a result document of any feed type. Errors: see Transfers.download."""
        return fetch(
            self._transfers, lambda: self.get_feed_document(document_id).url, into, max_bytes
        )

    def processing_report(self, document_id: str) -> ProcessingReport:
        """What became of the messages of a JSON_LISTINGS_FEED.

        Errors: ProtocolError if the document is no processing report.
        """
        stream = io.BytesIO()
        self.download(document_id, stream, _MAX_REPORT)
        data = read_json(stream.getvalue())
        try:
            return ProcessingReport.model_validate(data)
        except ValidationError as error:
            # Not chained: pydantic's own message would repeat pages of the document.
            raise ProtocolError(
                f"the document is no processing report: {validation_problems(error)}"
            ) from None
