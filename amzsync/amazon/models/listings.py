"""Listings Items 2021-08-01: a listing as Amazon shows it, and its answer to a write.

Two faces of stock: `attributes["fulfillment_availability"]` is what was submitted,
`fulfillment_availability` what is live. Source: sp-api.md §2.5.2.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from amzsync.amazon.assumptions import INTERNAL_ERRORS
from amzsync.amazon.models.payload import Money, Payload, Rows, Text, UtcDatetime

# status of a submission; VALID comes from a preview only
ACCEPTED: Final = "ACCEPTED"
VALID: Final = "VALID"
INVALID: Final = "INVALID"

# summaries[].status
BUYABLE: Final = "BUYABLE"
DISCOVERABLE: Final = "DISCOVERABLE"

# issues[].severity
ERROR: Final = "ERROR"


class EnforcementAction(Payload):
    """What Amazon does to the listing because of an issue."""

    action: str


class Enforcements(Payload):
    """What Amazon does to the listing because of an issue, all of it."""

    actions: Rows[EnforcementAction] = ()


class Issue(Payload):
    """Something Amazon objects to. Decide on `code` and `categories`; the message is localised."""

    code: Text = ""
    message: Text = ""
    severity: Text = ""
    attribute_names: Rows[str] = ()
    categories: Rows[str] = ()
    enforcements: Enforcements = Field(default_factory=Enforcements)
    marketplace_ids: Rows[str] = ()

    @property
    def is_internal(self) -> bool:
        """Whether it is Amazon's own trouble."""
        return self.code in INTERNAL_ERRORS


class Identifier(Payload):
    """The ASIN a SKU has in a marketplace."""

    marketplace_id: Text = ""
    asin: Text = ""


class Submission(Payload):
    """Amazon's answer to a write. ACCEPTED means queued, not applied; INVALID comes with HTTP 200.

    `request_id` is the reply's, for Amazon's support.
    """

    sku: str
    status: str
    submission_id: Text = ""
    issues: Rows[Issue] = ()
    identifiers: Rows[Identifier] = ()
    request_id: str | None = None


class Summary(Payload):
    """A listing in one marketplace."""

    marketplace_id: str
    asin: Text = ""
    product_type: Text = ""
    condition_type: Text = ""
    status: Rows[str] = ()
    fn_sku: Text = ""
    item_name: Text = ""
    created_date: UtcDatetime | None = None
    last_updated_date: UtcDatetime | None = None


class Audience(Payload):
    """Who sees an offer: ALL or B2B."""

    value: Text = ""


class Offer(Payload):
    """A live price."""

    marketplace_id: str
    offer_type: Text = ""
    price: Money
    audience: Audience = Field(default_factory=Audience)


class FulfillmentAvailability(Payload):
    """Live stock of one fulfilment channel; None where Amazon keeps the number to itself."""

    fulfillment_channel_code: str
    quantity: int | None = None


class ProductType(Payload):
    """The product type of a listing in one marketplace."""

    marketplace_id: str
    product_type: str


class ListingsItem(Payload):
    """A SKU of the seller; groups that were not asked for are empty."""

    sku: str
    summaries: Rows[Summary] = ()
    attributes: dict[str, Any] = Field(default_factory=dict)
    issues: Rows[Issue] = ()
    offers: Rows[Offer] = ()
    fulfillment_availability: Rows[FulfillmentAvailability] = ()
    product_types: Rows[ProductType] = ()


class Pagination(Payload):
    """Where further results are."""

    next_token: Text = ""


class ItemSearchResults(Payload):
    """A page of searchListingsItems."""

    number_of_results: int
    pagination: Pagination = Field(default_factory=Pagination)
    items: Rows[ListingsItem] = ()
