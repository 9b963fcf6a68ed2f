"""One listing: what was submitted of it, and what of that is live."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from amzsync.sandbox.amazon.account import GERMANY, MARKETPLACES, TURKIYE
from amzsync.sandbox.amazon.attributes import Attributes, Issue
from amzsync.sandbox.amazon.family import is_parent
from amzsync.sandbox.seeds import ProductSeed

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
    parent: str = ""  # the SKU of its variation parent, as processed
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
        """Price and stock are there, and no error stands against it; a parent never is.

        Amazon is taken to have stock of what it fulfils.
        """
        stocked = self.by_amazon() or bool(self.quantity())
        if not stocked or self.price(marketplace_id) is None or is_parent(self.submitted):
            return False
        return not any(
            row["severity"] == "ERROR" and marketplace_id in row.get("marketplaceIds", MARKETPLACES)
            for row in self.issues
        )

    def dump(self) -> dict[str, Any]:
        """The listing for the control endpoint."""
        return {
            "sku": self.sku,
            "asin": self.asin,
            "productType": self.product_type,
            "marketplaceIds": list(self.marketplace_ids),
            "parent": self.parent,
            "submitted": self.submitted,
            "live": self.live,
            "issues": self.issues,
        }


def price_of(offer: dict[str, Any]) -> Decimal:
    """The regular price of an offer."""
    value = Decimal(str(offer["our_price"][0]["schedule"][0]["value_with_tax"]))
    return value.quantize(Decimal("0.01"))


def places_of(product: ProductSeed) -> tuple[str, ...]:
    """The marketplaces a product is sold in from the beginning."""
    return (TURKIYE.id, GERMANY.id) if product.number <= _IN_GERMANY else (TURKIYE.id,)


def _seeded(product: ProductSeed) -> Attributes:
    offers = [_offer(TURKIYE.id, "TRY", product.price)]
    if GERMANY.id in places_of(product):
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
