"""Feeds 2021-06-30 and the processing report of JSON_LISTINGS_FEED.

Source: sp-api.md §2.5.5, §2.5.6.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from amzsync.amazon.models.listings import ERROR, Issue, ListingsItem
from amzsync.amazon.models.payload import Payload, Rows, Text, UtcDatetime

# processingStatus of a feed or a report
IN_QUEUE: Final = "IN_QUEUE"
IN_PROGRESS: Final = "IN_PROGRESS"
DONE: Final = "DONE"
CANCELLED: Final = "CANCELLED"
FATAL: Final = "FATAL"
FINISHED: Final = frozenset({DONE, CANCELLED, FATAL})


class Feed(Payload):
    """A feed. DONE does not mean that its messages were accepted: read the processing report."""

    feed_id: str
    feed_type: str
    marketplace_ids: Rows[str] = ()
    created_time: UtcDatetime
    processing_status: str
    processing_start_time: UtcDatetime | None = None
    processing_end_time: UtcDatetime | None = None
    result_feed_document_id: Text = ""


class FeedDocument(Payload):
    """A document to fill or to fetch; the presigned URL lives five minutes and is secret."""

    feed_document_id: str
    url: str = Field(repr=False)
    compression_algorithm: Text = ""


class CreatedFeed(Payload):
    """The answer of createFeed."""

    feed_id: str


class FeedPage(Payload):
    """A page of getFeeds."""

    feeds: Rows[Feed] = ()


class ReportIssue(Payload):
    """One complaint of a processing report; without `message_id` it concerns the document."""

    message_id: int | None = None
    sku: Text = ""
    code: Text = ""
    severity: str
    message: Text = ""
    attribute_name: Text = ""
    attribute_names: Rows[str] = ()

    @property
    def is_error(self) -> bool:
        """Whether the message was refused for it."""
        return self.severity == ERROR

    @property
    def issue(self) -> Issue:
        """The same as an issue of a listing; a report tells no categories."""
        return Issue(
            code=self.code,
            message=self.message,
            severity=self.severity,
            attribute_names=self.attribute_names or tuple(filter(None, [self.attribute_name])),
        )


class ReportSummary(Payload):
    """Counts of a processing report."""

    errors: int = 0
    warnings: int = 0
    messages_processed: int = 0
    messages_accepted: int = 0
    messages_invalid: int = 0


class ReportHeader(Payload):
    """Whose feed the report is about."""

    seller_id: Text = ""
    version: Text = ""
    feed_id: Text = ""


class ProcessingReport(Payload):
    """What became of the messages of a JSON_LISTINGS_FEED.

    `items` is there only when the feed's header asked for it.
    """

    header: ReportHeader = Field(default_factory=ReportHeader)
    issues: Rows[ReportIssue] = ()
    summary: ReportSummary
    items: Rows[ListingsItem] = ()
