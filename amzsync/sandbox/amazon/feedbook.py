"""Feeds: queued, worked on one after the other, done.

A feed waits `Delays.feed_queue`, then for the feed before it, then takes `Delays.feed_process`; its
effects come at the end. An accepted message still takes `Delays.apply` to be live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.feeddocument import process_listings
from amzsync.sandbox.amazon.invoices import Refusal, process_invoice
from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.faults import Fault

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

RESULT_DAYS = 28

LISTINGS = "JSON_LISTINGS_FEED"
INVOICE = "UPLOAD_VAT_INVOICE"
RETIRED = (
    "POST_PRODUCT_DATA",
    "POST_INVENTORY_AVAILABILITY_DATA",
    "POST_PRODUCT_PRICING_DATA",
    "POST_PRODUCT_OVERRIDES_DATA",
    "POST_PRODUCT_IMAGE_DATA",
    "POST_PRODUCT_RELATIONSHIP_DATA",
    "POST_FLAT_FILE_INVLOADER_DATA",
    "POST_FLAT_FILE_LISTINGS_DATA",
    "POST_FLAT_FILE_BOOKLOADER_DATA",
    "POST_FLAT_FILE_CONVERGENCE_LISTINGS_DATA",
    "POST_FLAT_FILE_PRICEANDQUANTITYONLY_UPDATE_DATA",
    "POST_UIEE_BOOKLOADER_DATA",
)


@dataclass(slots=True)
class Feed:
    """One feed and where it stands."""

    id: str
    type: str
    marketplace_ids: list[str]
    content: bytes
    created: datetime
    options: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    result_document_id: str = ""

    def body(self) -> dict[str, Any]:
        """The feed as getFeed shows it."""
        shown: dict[str, Any] = {
            "feedId": self.id,
            "feedType": self.type,
            "marketplaceIds": self.marketplace_ids,
            "createdTime": iso(self.created),
            "processingStatus": self.status,
        }
        if self.started is not None:
            shown["processingStartTime"] = iso(self.started)
        if self.ended is not None:
            shown["processingEndTime"] = iso(self.ended)
        if self.result_document_id:
            shown["resultFeedDocumentId"] = self.result_document_id
        return shown


class FeedBook:
    """Feeds by id, and the invoices that came in through them."""

    def __init__(self, world: AmazonWorld) -> None:
        self._world = world
        self._feeds: dict[str, Feed] = {}
        self.invoices: list[dict[str, Any]] = []
        self._refusals: dict[str, Refusal] = {}

    def __len__(self) -> int:
        """How many feeds there are."""
        return len(self._feeds)

    def __iter__(self) -> Iterator[Feed]:
        """Every feed, oldest first."""
        return iter(self._feeds.values())

    def get(self, feed_id: str) -> Feed | None:
        """The feed of an id."""
        return self._feeds.get(feed_id)

    def submit(
        self,
        feed_type: str,
        marketplace_ids: list[str],
        content: bytes,
        options: dict[str, str],
        fault: Fault | None,
    ) -> Feed:
        """Queue a feed."""
        now = self._world.now()
        feed_id = str(50_000_000 + len(self._feeds) + 1)
        feed = Feed(feed_id, feed_type, marketplace_ids, content, now, options, fault)
        self._feeds[feed_id] = feed
        self._world.agenda.at(now + self._delay("feed_queue"), self._start_next)
        return feed

    def cancel(self, feed: Feed) -> bool:
        """Take a feed out of the queue; False when it is past that."""
        if feed.status != "IN_QUEUE":
            return False
        feed.status, feed.ended = "CANCELLED", self._world.now()
        return True

    def refuse_invoice(self, order_id: str, code: str, message: str) -> None:
        """Have Amazon refuse the next invoice of an order."""
        self._refusals[order_id] = (code, message)

    def _delay(self, name: str) -> timedelta:
        return timedelta(seconds=getattr(self._world.delays, name))

    def _start_next(self, now: datetime) -> None:
        if any(feed.status == "IN_PROGRESS" for feed in self):
            return
        for feed in self:
            if feed.status == "IN_QUEUE" and feed.created + self._delay("feed_queue") <= now:
                feed.status, feed.started = "IN_PROGRESS", now
                self._world.agenda.at(now + self._delay("feed_process"), partial(self._end, feed))
                return

    def _end(self, feed: Feed, now: datetime) -> None:
        feed.status, report = self._process(feed, now)
        feed.ended = now
        if report:
            document = self._world.documents.store(
                report, "application/json; charset=UTF-8", RESULT_DAYS
            )
            feed.result_document_id = document.id
        feed.content = b""
        self._start_next(now)

    def _process(self, feed: Feed, now: datetime) -> tuple[str, bytes]:
        """(processing status, processing report)."""
        if feed.type == LISTINGS:
            return process_listings(self._world, feed.id, feed, now)
        if feed.type == INVOICE:
            refusal = self._refusals.pop(feed.options.get("metadata:orderid", ""), None)
            return process_invoice(self._world, feed, refusal)
        return "FATAL", b""
