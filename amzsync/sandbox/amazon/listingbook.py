"""The truth about listings: what was submitted, and what of it is live.

A submission shows in `attributes` at once; stock and offers go live when `Delays.apply` is over. A
new SKU gets its ASIN then, and issues that come with processing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import TURKIYE
from amzsync.sandbox.amazon.agenda import Agenda
from amzsync.sandbox.amazon.asins import Asins, codes
from amzsync.sandbox.amazon.attributes import Attributes, patched
from amzsync.sandbox.amazon.family import parent_of
from amzsync.sandbox.amazon.listing import Listing, places_of
from amzsync.sandbox.amazon.listingjudge import Judge
from amzsync.sandbox.seeds import ProductSeed

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import Delays


class ListingBook:
    """Listings by SKU."""

    def __init__(
        self, products: Sequence[ProductSeed], agenda: Agenda, delays: Delays, now: datetime
    ) -> None:
        self._agenda = agenda
        self._delays = delays
        created = now - timedelta(days=30)
        self.asins = Asins((product.asin, product.ean) for product in products if product.listed)
        self._judge = Judge(self.get)
        self._families: defaultdict[str, set[str]] = defaultdict(set)
        self._listings = {
            product.sku: Listing(
                product.sku,
                product.asin,
                product.ean,
                "HOME",
                places_of(product),
                created,
                created,
                seed=product,
            )
            for product in products
            if product.listed
        }

    def __len__(self) -> int:
        """How many listings there are."""
        return len(self._listings)

    def __iter__(self) -> Iterator[Listing]:
        """Every listing."""
        return iter(self._listings.values())

    def get(self, sku: str) -> Listing | None:
        """The listing of a SKU."""
        return self._listings.get(sku)

    def children(self, sku: str) -> list[str]:
        """The SKUs whose parent a SKU is; none for a listing that is no parent."""
        return sorted(self._families.get(sku, ()))

    def make_fba(self, sku: str) -> None:
        """Let Amazon fulfil the SKU from now on."""
        listing = self._listings[sku]
        channel: dict[str, Any] = {"fulfillment_channel_code": "AMAZON_EU"}
        listing.submitted = {**listing.submitted, "fulfillment_availability": [channel]}
        listing.live = listing.submitted

    def refuse_later(
        self,
        sku: str,
        code: str,
        message: str,
        attribute: str = "",
        category: str = "INVALID_ATTRIBUTE",
        severity: str = "ERROR",
    ) -> None:
        """Accept what is submitted of a SKU, and find this fault when it is processed.

        It stands until the attribute has another value than the one it was found with, without an
        attribute until `forgive`. A SKU not yet listed can be refused as well.
        """
        self._judge.refuse(sku, code, message, attribute, category, severity)
        self._rejudge(sku)

    def expect_price(
        self, sku: str, lowest: Decimal | str, highest: Decimal | str, place: str = TURKIYE.id
    ) -> None:
        """Take a price of the SKU outside of these for an error: it is not buyable there then."""
        self._judge.expect_price(sku, place, Decimal(lowest), Decimal(highest))
        self._rejudge(sku)

    def forgive(self, sku: str) -> None:
        """Take back what `refuse_later` and `expect_price` said of a SKU."""
        self._judge.forgive(sku)
        self._rejudge(sku)

    def know_asin(self, asin: str, ean: str = "") -> None:
        """Have a product in Amazon's catalogue that the seller does not sell yet."""
        self.asins.know(asin, ean)

    def patch(
        self, sku: str, patches: list[dict[str, Any]], now: datetime, *, applied: bool = True
    ) -> None:
        """Take patches in; with `applied` false they never go live."""
        listing = self._listings[sku]
        listing.submitted = patched(listing.submitted, patches)
        if applied:
            self._later(now, partial(self._patched, listing, patches))

    def put(
        self,
        sku: str,
        product_type: str,
        attributes: Attributes,
        marketplace_id: str,
        now: datetime,
        *,
        applied: bool = True,
    ) -> None:
        """Take a full set of attributes in; a new SKU gets its ASIN when it goes live."""
        listing = self._listings.get(sku)
        if listing is None:
            listing = Listing(sku, "", "", product_type, (), now, now)
            self._listings[sku] = listing
        listing.product_type, listing.submitted = product_type, attributes
        listing.ean = next(iter(codes(attributes)), listing.ean)
        if applied:
            self._later(now, partial(self._put, listing, attributes, marketplace_id))

    def delete(self, sku: str, now: datetime) -> None:
        """Take the SKU out."""
        self._later(now, partial(self._remove, sku))

    def _patched(self, listing: Listing, patches: list[dict[str, Any]], due: datetime) -> None:
        listing.live = patched(listing.live, patches)
        listing.updated = due
        self._settled(listing)

    def _put(
        self, listing: Listing, attributes: Attributes, marketplace_id: str, due: datetime
    ) -> None:
        listing.live = attributes
        listing.updated = due
        listing.asin = listing.asin or self.asins.match(attributes) or self.asins.make(attributes)
        if marketplace_id not in listing.marketplace_ids:
            listing.marketplace_ids = (*listing.marketplace_ids, marketplace_id)
        self._settled(listing)

    def _remove(self, sku: str, _due: datetime) -> None:
        if (listing := self._listings.pop(sku, None)) is not None:
            self._families[listing.parent].discard(sku)
            self._rejudge_family(sku)

    def _settled(self, listing: Listing) -> None:
        """Look at a listing that was just processed, and at those whose parent it is."""
        self._families[listing.parent].discard(listing.sku)
        listing.parent = parent_of(listing.submitted)
        if listing.parent:
            self._families[listing.parent].add(listing.sku)
        self._rejudge(listing.sku)
        self._rejudge_family(listing.sku)

    def _rejudge_family(self, parent: str) -> None:
        for sku in self.children(parent):
            self._rejudge(sku)

    def _rejudge(self, sku: str) -> None:
        listing = self._listings.get(sku)
        if listing is not None:
            listing.issues = self._judge.issues(listing)

    def _later(self, now: datetime, action: Any) -> None:
        self._agenda.at(now + timedelta(seconds=self._delays.apply), action)
