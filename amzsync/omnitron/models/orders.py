"""Orders and order items as read, and the body that creates an order.

Source: omnitron-api.md §2.8, §2.9, §3.1; lengths as the reference client cuts them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

from amzsync.omnitron.assumptions import DELIVERED, REFUNDED
from amzsync.omnitron.models.fields import (
    Amount,
    Key,
    OptionalAmount,
    OptionalRef,
    OptionalTime,
    PrivateRow,
    Ref,
    Row,
    Text128,
    Text160,
    Text256,
    Text320,
    Time,
    Timestamp,
    Versioned,
)

STATUS_CODES = {
    "cancellation_waiting": "50",
    "canceled": "100",
    "waiting": "200",
    "payment_waiting": "300",
    "confirmation_waiting": "350",
    "approved": "400",
    "preparing": "450",
    "shipped": "500",
    "shipped_and_informed": "510",
    "ready_for_pickup": "520",
    "attempted_delivery": "540",
    "review_started": "544",
    "review_waiting": "545",
    "delivered": DELIVERED,
    "refunded": REFUNDED,
}
APPROVED = STATUS_CODES["approved"]
PREPARING = STATUS_CODES["preparing"]
SHIPPED = STATUS_CODES["shipped"]


def _status_code(value: object) -> object:
    return STATUS_CODES.get(value, value) if isinstance(value, str) else value


# These end a cancellation or return; any other cancel_status is one under way (§3.6).
_ENDED = ("rejected", "completed")


def is_open(cancel_status: str | None) -> bool:
    """Whether this `cancel_status` is that of a cancellation or return under way."""
    return bool(cancel_status) and cancel_status not in _ENDED


# The code as text; some answers carry the name instead. An unknown one stays what it is.
Status = Annotated[str, BeforeValidator(_status_code)]


class Order(Versioned, PrivateRow):
    """An order of the channel; `is_send` says that the ERP knows it."""

    number: str
    status: Status
    created_date: Timestamp | None = None
    channel: OptionalRef = None
    customer: OptionalRef = None
    shipping_address: OptionalRef = None
    billing_address: OptionalRef = None
    currency: str | None = None
    amount: OptionalAmount = None
    shipping_amount: OptionalAmount = None
    discount_amount: OptionalAmount = None
    extra_field: dict[str, Any] | None = None
    cargo_company: OptionalRef = None
    carrier_shipping_code: str | None = None
    tracking_number: str | None = None
    invoice_number: str | None = None
    invoice_date: OptionalTime = None
    e_archive_url: str | None = None
    cancel_status: str | None = None
    is_send: bool = False
    date_placed: OptionalTime = None

    @property
    def remote_id(self) -> str | None:
        """The marketplace's order id, as it was given when the order was created."""
        return _remote_id(self.extra_field)


class OrderItem(Versioned):
    """One unit of an order."""

    order: Ref
    product: OptionalRef = None
    status: Status
    price: OptionalAmount = None
    price_currency: str | None = None
    discount_amount: OptionalAmount = None
    extra_field: dict[str, Any] | None = None
    tracking_number: str | None = None
    carrier_shipping_code: str | None = None
    shipping_company: str | None = None
    shipment_code: str | None = None
    invoice_number: str | None = None
    invoice_date: OptionalTime = None
    e_archive_url: str | None = None
    cancel_status: str | None = None
    delivered_date: OptionalTime = None

    @property
    def remote_id(self) -> str | None:
        """The marketplace's line id; the units of one line share it."""
        return _remote_id(self.extra_field)


def _remote_id(extra_field: dict[str, Any] | None) -> str | None:
    value = (extra_field or {}).get("id")
    return None if value is None else str(value)


class NewOrder(PrivateRow):
    """The order of a `create_orders` body; the client adds the channel."""

    # An identity: cut short, it would be another order's.
    number: Annotated[str, Field(min_length=1, max_length=128)]
    status: str = APPROVED
    customer: int
    shipping_address: int
    billing_address: int
    currency: str
    amount: Amount
    shipping_amount: Amount
    shipping_tax_rate: Amount | None = None
    discount_amount: Amount
    net_shipping_amount: Amount
    extra_field: dict[str, Any]
    delivery_type: str | None = None
    cargo_company: int
    tracking_number: Text256 | None = None
    carrier_shipping_code: Text256 = ""
    remote_addr: str | None = None
    has_gift_box: bool = False
    gift_box_note: Text160 = ""
    client_type: str = "default"
    language_code: str = ""
    notes: Text320 = ""
    delivery_range: str | None = None
    shipping_option_slug: Text128 = ""
    date_placed: Annotated[AwareDatetime, Time]


class NewOrderItem(Row):
    """One unit of a `create_orders` body (A-20)."""

    product: int
    status: str = APPROVED
    price_currency: str
    price: Amount
    tax_rate: Amount | None = None
    retail_price: Amount
    discount_amount: Amount
    extra_field: dict[str, Any]
    price_list: int | None = None
    stock_list: int | None = None
    tracking_number: Text256 | None = None
    carrier_shipping_code: Text256 = ""
    attributes: dict[str, Any] = Field(default_factory=dict)
    attributes_kwargs: dict[str, Any] = Field(default_factory=dict)
    parent: int | None = None
    delivered_date: Time | None = None
    estimated_delivery_date: Time | None = None


class CreateOrder(PrivateRow):
    """A `create_orders` body: the order and one row a unit."""

    order: NewOrder
    order_item: Annotated[tuple[NewOrderItem, ...], Field(min_length=1)]


class CargoCompany(Row):
    """A carrier of the channel; `shipping_company` is its slug."""

    pk: Key
    name: str
    erp_code: str | None = None
    shipping_company: str | None = None


class CancellationReason(Row):
    """Why something is cancelled (`cancel`) or sent back (`refund`)."""

    pk: Key
    cancellation_type: str
    subject: str = ""
    is_active: bool = True


class CancellationPlan(Row):
    """One cancel call or request, as Omnitron carries it out."""

    pk: Key
    order: OptionalRef = None
    plan_type: str | None = None
    created_date: Timestamp | None = None
