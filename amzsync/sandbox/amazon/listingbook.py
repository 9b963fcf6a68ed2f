"""The truth about listings: what was submitted, and what of it is live.

A submission shows in `attributes` at once; stock and offers go live when `Delays.apply` is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import GERMANY, TURKIYE
from amzsync.sandbox.amazon.agenda import Agenda
from amzsync.sandbox.amazon.attributes import Attributes, Issue, patched
from amzsync.sandbox.seeds import ProductSeed

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import Delays

_LIVE = ("fulfillment_availability", "purchasable_offer")
_IN_GERMANY = 5  # the first products are sold there too
_LIRAS_A_EURO = 50


@dataclass(slots=True)
class Listing:
    """One SKU. `seed` stands for the attributes until somebody changes them."""

    sku: str
    asin: str
    ean: str
    product_type: str
    marketplace_ids: tuple[str, ...]
    created: datetime
    updated: datetime
    seed: ProductSeed | None = None
    issues: list[Issue] = field(default_factory=list)
    _submitted: Attributes | None = None
    _live: Attributes | None = None

    @property
    def submitted(self) -> Attributes:
        """All attributes as they were last submitted."""
        if self._submitted is not None:
            return self._submitted
        return _seeded(self.seed) if self.seed else {}

    @submitted.setter
    def submitted(self, attributes: Attributes) -> None:
        self._submitted = attributes

    @property
    def live(self) -> Attributes:
        """Stock and offers as buyers meet them."""
        if self._live is not None:
            return self._live
        known = _seeded(self.seed) if self.seed else {}
        return {name: known[name] for name in _LIVE if name in known}

    @live.setter
    def live(self, attributes: Attributes) -> None:
        self._live = {name: attributes[name] for name in _LIVE if name in attributes}

    def quantity(self, channel: str = "DEFAULT") -> int | None:
        """The live quantity of a fulfilment channel; None where there is none."""
        for row in self.live.get("fulfillment_availability", []):
            if row["fulfillment_channel_code"] == channel:
                quantity: int | None = row.get("quantity")
                return quantity
        return None

    def by_amazon(self) -> bool:
        """Whether Amazon fulfils the offer."""
        rows = self.live.get("fulfillment_availability", [])
        return any(row["fulfillment_channel_code"] != "DEFAULT" for row in rows)

    def offer(self, marketplace_id: str = TURKIYE.id) -> dict[str, Any] | None:
        """The live offer to consumers in a marketplace."""
        for row in self.live.get("purchasable_offer", []):
            if row["marketplace_id"] == marketplace_id and row.get("audience", "ALL") == "ALL":
                return row
        return None

    def price(self, marketplace_id: str = TURKIYE.id) -> Decimal | None:
        """The live price, sales apart."""
        offer = self.offer(marketplace_id)
        return None if offer is None else price_of(offer)

    def buyable(self, marketplace_id: str = TURKIYE.id) -> bool:
        """Price and stock are there; Amazon is taken to have stock of what it fulfils."""
        stocked = self.by_amazon() or bool(self.quantity())
        return stocked and self.price(marketplace_id) is not None

    def dump(self) -> dict[str, Any]:
        """The listing for the control endpoint."""
        return {
            "sku": self.sku,
            "asin": self.asin,
            "productType": self.product_type,
            "marketplaceIds": list(self.marketplace_ids),
            "submitted": self.submitted,
            "live": self.live,
            "issues": self.issues,
        }


def price_of(offer: dict[str, Any]) -> Decimal:
    """The regular price of an offer."""
    value = Decimal(str(offer["our_price"][0]["schedule"][0]["value_with_tax"]))
    return value.quantize(Decimal("0.01"))


class ListingBook:
    """Listings by SKU."""

    def __init__(
        self, products: Sequence[ProductSeed], agenda: Agenda, delays: Delays, now: datetime
    ) -> None:
        self._agenda = agenda
        self._delays = delays
        created = now - timedelta(days=30)
        self._listings = {
            product.sku: Listing(
                product.sku,
                product.asin,
                product.ean,
                "HOME",
                _places(product),
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

    def make_fba(self, sku: str) -> None:
        """Let Amazon fulfil the SKU from now on."""
        listing = self._listings[sku]
        channel: dict[str, Any] = {"fulfillment_channel_code": "AMAZON_EU"}
        listing.submitted = {**listing.submitted, "fulfillment_availability": [channel]}
        listing.live = listing.submitted

    def patch(
        self, sku: str, patches: list[dict[str, Any]], now: datetime, *, applied: bool = True
    ) -> None:
        """Take patches in; with `applied` false they never go live."""
        listing = self._listings[sku]
        listing.submitted = patched(listing.submitted, patches)

        def go_live(due: datetime) -> None:
            listing.live = patched(listing.live, patches)
            listing.updated = due

        if applied:
            self._later(now, go_live)

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
            listing = Listing(sku, "", _ean(attributes), product_type, (), now, now)
            self._listings[sku] = listing
        listing.product_type, listing.submitted = product_type, attributes

        def go_live(due: datetime) -> None:
            listing.live = attributes
            listing.updated = due
            listing.asin = listing.asin or f"B0N{len(self._listings):07d}"
            if marketplace_id not in listing.marketplace_ids:
                listing.marketplace_ids = (*listing.marketplace_ids, marketplace_id)

        if applied:
            self._later(now, go_live)

    def delete(self, sku: str, now: datetime) -> None:
        """Take the SKU out."""
        self._later(now, lambda _due: self._listings.pop(sku, None))

    def _later(self, now: datetime, action: Any) -> None:
        self._agenda.at(now + timedelta(seconds=self._delays.apply), action)


def _places(product: ProductSeed) -> tuple[str, ...]:
    return (TURKIYE.id, GERMANY.id) if product.number <= _IN_GERMANY else (TURKIYE.id,)


def _ean(attributes: Attributes) -> str:
    rows = attributes.get("externally_assigned_product_identifier", [])
    return str(rows[0].get("value", "")) if rows else ""


def _seeded(product: ProductSeed) -> Attributes:
    offers = [_offer(TURKIYE.id, "TRY", product.price)]
    if GERMANY.id in _places(product):
        offers.append(_offer(GERMANY.id, "EUR", product.price / _LIRAS_A_EURO))
    return {
        "item_name": [
            {"value": product.name, "language_tag": "tr_TR", "marketplace_id": TURKIYE.id}
        ],
        "condition_type": [{"value": "new_new", "marketplace_id": TURKIYE.id}],
        "externally_assigned_product_identifier": [
            {"type": "ean", "value": product.ean, "marketplace_id": TURKIYE.id}
        ],
        "fulfillment_availability": [
            {
                "fulfillment_channel_code": "DEFAULT",
                "quantity": product.stock,
                "lead_time_to_ship_max_days": 2,
            }
        ],
        "purchasable_offer": offers,
    }


def _offer(marketplace_id: str, currency: str, price: Decimal) -> dict[str, Any]:
    value = float(round(price, 2))
    return {
        "marketplace_id": marketplace_id,
        "currency": currency,
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": value}]}],
    }
