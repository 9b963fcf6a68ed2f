"""What the code takes to be so without having seen Amazon confirm it, in one place.

Each constant is used where it matters, so that a finding against a live account is mended here.
Source of the doubt: sp-api.md §7 and the paragraphs named.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from amzsync.amazon.models.orders import OrderItem

PRICE_PATCH_OP: Final = "merge"
"""`merge` on purchasable_offer keeps the other members (sale price, minimum and maximum), which
`replace` erases. General knowledge of the format (§2.5.4, §7.6); to be tried on a scratch SKU."""

STOCK_PATCH_OP: Final = "merge"
"""`merge` on fulfillment_availability keeps lead time and restock date of the matching channel
code; `replace` would overwrite the whole instance (§2.5.3, §7.6)."""

OFFER_PRODUCT_TYPE: Final = "PRODUCT"
"""The generic product type is widely used for offer-only patches (§2.5.3); the listing's own type
is preferred where it is known."""

SELLER_FULFILLED: Final = "DEFAULT"
"""The fulfillment_channel_code of seller-fulfilled stock. It is sent without a marketplace_id:
the quantity is one per SKU and region, and most product types have no such member (§2.5.3)."""

READ_AS_SHIPPED: Final = "INVOICE_UNCONFIRMED"
"""In no committed version of the Orders model, though Amazon's migration data names it: never sent
as a filter, read as SHIPPED if it ever arrives (§2.1.5, §7.2)."""

SEARCH_LAG: Final = timedelta(minutes=2)
"""How far behind the present a search ends when the reply does not say (`lastUpdatedBefore` is
optional in the model): a "Before" has to lie at least this far back (§2.1.2)."""

USER_AGENT_LIMIT: Final = 500
"""A user-agent header beyond this many characters is refused, by the guide of 2021 (§1.4)."""

INTERNAL_ERRORS: Final = frozenset({"4000000", "InternalFailure"})
"""Codes of an issue that is Amazon's own trouble ("An internal error has occurred. Please try
again."), not the listing's. In no list of Amazon's; sellers report it (selling-partner-api-models,
issues 4362 and 4603), one of them for days and of one SKU alone."""

LISTINGS_FEED_MESSAGES: Final = 25_000
"""Messages of one JSON_LISTINGS_FEED, by the change log of 2025-05-06 (§2.5.5)."""

LISTINGS_FEED_BYTES: Final = 10 * 1024 * 1024
"""Recommended, not enforced, size of a feed document (§2.5.5)."""

LISTINGS_FEED_SUBMISSIONS: Final = 5
LISTINGS_FEED_PERIOD: Final = timedelta(minutes=5)
"""JSON_LISTINGS_FEED takes five submissions per five minutes besides createFeed's own plan, by the
change log of 2025-05-06 (§2.5.5)."""


def standing_units(item: OrderItem) -> int:
    """How many units of an order line are not cancelled.

    Undocumented for this API version (§2.2). A line without cancellationExecution stands as it was
    ordered. One with it keeps what has been fulfilled and what "remains to be" (the model's words
    for quantityUnfulfilled): this reads right whether Amazon lowers quantityOrdered, as Orders v0
    did, or leaves it and takes the units off quantityUnfulfilled.
    """
    ordered = max(item.quantity_ordered, 0)
    if item.cancellation.cancellation_execution is None:
        return ordered
    done, open_ = item.fulfillment.quantity_fulfilled, item.fulfillment.quantity_unfulfilled
    return min(ordered, (done or 0) + (open_ or 0))


_DENIALS: Final = ("denied", "deny", "reject", "cancel", "closed without")
"""Words of a return request's status by which no return comes of it: the list of statuses is open,
and seen are only Approved and Completed (§2.4.3)."""


def is_denied(return_status: str) -> bool:
    """Whether a return request of this status was denied, or taken back by the buyer."""
    status = return_status.casefold().replace("_", " ")
    return any(word in status for word in _DENIALS)
