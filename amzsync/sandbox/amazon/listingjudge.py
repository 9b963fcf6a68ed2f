"""What Amazon finds in a listing after it accepted it: issues that come with processing.

All but those of a family are planted by hand: a refusal stands until the value of its attribute has
changed, a price outside of what Amazon expects until it is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.attributes import Issue, issue
from amzsync.sandbox.amazon.family import parent_of, theme_of

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.listing import Listing

_PRICING = "The price of the item is a potential pricing error: {} is not within {} and {}."


@dataclass(slots=True)
class _Refusal:
    """A refusal, and the value it was about once it was seen."""

    issue: Issue
    attribute: str
    seen: Any = None
    was_seen: bool = False

    def stands(self, listing: Listing) -> bool:
        """Whether the attribute still has the value that was refused."""
        value = listing.submitted.get(self.attribute) if self.attribute else None
        if not self.was_seen:
            self.seen, self.was_seen = value, True
        return bool(self.seen == value)


class Judge:
    """Refusals by SKU, expected prices by SKU and marketplace; `find` gives a SKU's listing."""

    def __init__(self, find: Callable[[str], Listing | None]) -> None:
        self._find = find
        self._refusals: dict[str, list[_Refusal]] = {}
        self._prices: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}

    def refuse(
        self, sku: str, code: str, message: str, attribute: str, category: str, severity: str
    ) -> None:
        """Find this fault in what is processed of the SKU from now on."""
        found = issue(code, message, attribute, category) | {"severity": severity}
        if not attribute:
            del found["attributeNames"]
        if severity == "ERROR":
            found["enforcements"] = {
                "actions": [{"action": "LISTING_SUPPRESSED"}],
                "exemption": {"status": "NOT_EXEMPT"},
            }
        self._refusals.setdefault(sku, []).append(_Refusal(found, attribute))

    def forgive(self, sku: str) -> None:
        """Drop what was refused of the SKU, and any price expected of it."""
        self._refusals.pop(sku, None)
        for place in MARKETPLACES:
            self._prices.pop((sku, place), None)

    def expect_price(self, sku: str, place: str, lowest: Decimal, highest: Decimal) -> None:
        """Take any other price of the SKU in a marketplace for an error."""
        self._prices[sku, place] = (lowest, highest)

    def issues(self, listing: Listing) -> list[Issue]:
        """What is found in a listing as it stands."""
        return [
            *(one.issue for one in self._refusals.get(listing.sku, ()) if one.stands(listing)),
            *self._price_issues(listing),
            *self._family_issues(listing),
        ]

    def _price_issues(self, listing: Listing) -> Iterator[Issue]:
        for place in MARKETPLACES:
            expected = self._prices.get((listing.sku, place))
            price = listing.price(place) if expected else None
            if expected and price is not None and not expected[0] <= price <= expected[1]:
                message = _PRICING.format(price, *expected)
                found = issue("90244", message, "purchasable_offer", "INVALID_PRICE")
                yield found | {"marketplaceIds": [place]}

    def _family_issues(self, listing: Listing) -> Iterator[Issue]:
        sku = parent_of(listing.submitted)
        if not sku:
            return
        parent = self._find(sku)
        name = "child_parent_sku_relationship"
        if parent is None:
            yield issue("90244", f"The parent SKU '{sku}' does not exist.", name)
        elif theme_of(parent.submitted) != theme_of(listing.submitted):
            message = f"The variation theme is not that of the parent SKU '{sku}'."
            yield issue("90244", message, "variation_theme")
