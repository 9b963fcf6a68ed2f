"""Amazon's side: the one seller account and everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from amzsync.sandbox.amazon.agenda import Agenda
from amzsync.sandbox.amazon.auth import Tokens
from amzsync.sandbox.amazon.browseseed import seeded_tree
from amzsync.sandbox.amazon.documents import Documents
from amzsync.sandbox.amazon.feedbook import FeedBook
from amzsync.sandbox.amazon.listingbook import ListingBook
from amzsync.sandbox.amazon.listingsreport import Copy
from amzsync.sandbox.amazon.orderbook import OrderBook
from amzsync.sandbox.amazon.pages import PageTokens
from amzsync.sandbox.amazon.producttypes import TypeBook
from amzsync.sandbox.amazon.quotas import Quotas
from amzsync.sandbox.amazon.reportbook import ReportBook
from amzsync.sandbox.amazon.returnbook import ReturnBook
from amzsync.sandbox.seeds import ProductSeed


class Clock(Protocol):
    """What the world asks of a clock."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""


@dataclass(slots=True)
class Delays:
    """How long Amazon takes, in seconds of sandbox time."""

    apply: float = 60  # an accepted listings submission, until it is live
    feed_queue: float = 60
    feed_process: float = 240
    report_queue: float = 30
    report_process: float = 60
    listings_copy: float = 3600  # the listings report is given again; six times as long if large


class AmazonWorld:
    """The account: what its operations read and change.

    `refused_data`: the includedData values it refuses for now, `silent_refusal` without naming one.
    `missing_roles`: operations the application may not call. `warehouse`: units of each SKU that
    Amazon has, where it fulfils. `listings_copies`: its last listings report of each marketplace.
    """

    def __init__(
        self, products: Sequence[ProductSeed], clock: Clock, seed: int = 1, *, quotas: bool = True
    ) -> None:
        self._clock = clock
        self._requests = 0
        self.delays = Delays()
        self.agenda = Agenda()
        self.tokens = Tokens(self.now, seed)
        self.quotas = Quotas(self.now, enforced=quotas)
        self.pages = PageTokens(self.now, seed)
        self.documents = Documents(self.now, seed)
        self.orders = OrderBook(self.now)
        self.refused_data: set[str] = set()
        self.silent_refusal = False
        self.missing_roles: set[str] = set()
        self.warehouse: dict[str, int] = {}
        self.listings_copies: dict[str, Copy] = {}
        self.browse = seeded_tree()
        self.types = TypeBook()
        self.listings = ListingBook(products, self.agenda, self.delays, self.now())
        self.feeds = FeedBook(self)
        self.reports = ReportBook(self)
        self.returns = ReturnBook(self)

    def now(self) -> datetime:
        """The present moment in whole milliseconds, as Amazon's times are."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def settle(self) -> None:
        """Catch up with everything that was due until now."""
        self.agenda.settle(self.now())

    def request_id(self) -> str:
        """The next x-amzn-RequestId."""
        self._requests += 1
        return f"00000000-0000-4000-8000-{self._requests:012d}"

    def summary(self) -> dict[str, Any]:
        """Counts, for the control endpoint."""
        self.settle()
        statuses: dict[str, int] = {}
        for order in self.orders:
            status = order["fulfillment"]["fulfillmentStatus"]
            statuses[status] = statuses.get(status, 0) + 1
        return {
            "orders": len(self.orders),
            "order_statuses": statuses,
            "listings": len(self.listings),
            "browse": len(self.browse),
            "types": len(self.types),
            "feeds": len(self.feeds),
            "reports": len(self.reports),
            "invoices": len(self.feeds.invoices),
            "returns": len(self.returns),
        }

    def snapshot(self, kind: str) -> list[Any]:
        """Everything of a kind: orders, listings, feeds, reports, invoices, returns, browse, types.

        Nodes that were grown are not told.
        """
        self.settle()
        if kind == "orders":
            return list(self.orders)
        if kind == "listings":
            return [listing.dump() for listing in self.listings]
        if kind == "feeds":
            return [feed.body() for feed in self.feeds]
        if kind == "reports":
            return [report.body() for report in self.reports]
        if kind == "invoices":
            return list(self.feeds.invoices)
        if kind == "returns":
            return [row.dump() for row in self.returns]
        if kind == "browse":
            return [asdict(node) for node in self.browse]
        if kind == "types":
            return [{"name": one.name, "version": one.version} for one in self.types]
        raise ValueError(
            "kind must be orders, listings, feeds, reports, invoices, returns, browse or types"
        )
