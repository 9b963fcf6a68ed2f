"""Orders 2026-01-01 as searchOrders and getOrder give them, and what confirmShipment takes.

Shape: groups that were not asked for, or that the role does not allow, are empty objects; so
`order.buyer.buyer_email` is "" and never a fault. Source: sp-api.md §2.1.4, §2.6.1.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pydantic import Field, field_serializer

from amzsync.amazon.models.payload import Money, Payload, Rows, Text, UtcDatetime

# fulfillment.fulfillmentStatus
PENDING_AVAILABILITY: Final = "PENDING_AVAILABILITY"
PENDING: Final = "PENDING"
UNSHIPPED: Final = "UNSHIPPED"
PARTIALLY_SHIPPED: Final = "PARTIALLY_SHIPPED"
SHIPPED: Final = "SHIPPED"
CANCELLED: Final = "CANCELLED"
UNFULFILLABLE: Final = "UNFULFILLABLE"
# In no committed version of the model; see amzsync.amazon.assumptions.
INVOICE_UNCONFIRMED: Final = "INVOICE_UNCONFIRMED"

# fulfillment.fulfilledBy
MERCHANT: Final = "MERCHANT"
AMAZON: Final = "AMAZON"

# packages[].packageStatus.status
DELIVERED: Final = "DELIVERED"

# Units of one line; each becomes a row in Omnitron, so what is far beyond sense has to be refused.
MOST_UNITS: Final = 100_000

# salesChannel.channelName of multi-channel fulfilment: sold elsewhere, only shipped by Amazon
NON_AMAZON: Final = "NON_AMAZON"

# proceeds.breakdowns[].type, and the subtypes of their detailed rows
ITEM: Final = "ITEM"
SHIPPING: Final = "SHIPPING"
GIFT_WRAP: Final = "GIFT_WRAP"
COD_FEE: Final = "COD_FEE"
TAX: Final = "TAX"
DISCOUNT: Final = "DISCOUNT"
DELIVERY_TIP: Final = "DELIVERY_TIP"
OTHER: Final = "OTHER"

# tax.taxRegistrations[].entityType, and the attribute key of a Turkish tax office
BUYER: Final = "BUYER"
TAX_OFFICE: Final = "TAX_OFFICE"


class Alias(Payload):
    """Another id of the order; `SELLER_ORDER_ID` is the seller's own."""

    alias_id: str
    alias_type: str


class AssociatedOrder(Payload):
    """The order this one replaces or exchanges."""

    order_id: Text = ""
    association_type: Text = ""


class SalesChannel(Payload):
    """Where the order was placed."""

    channel_name: str
    marketplace_id: Text = ""
    marketplace_name: Text = ""


class Buyer(Payload):
    """Who bought (personal data); the e-mail address is a relay address, one per order."""

    buyer_name: Text = ""
    buyer_email: Text = ""
    buyer_company_name: Text = ""
    buyer_purchase_order_number: Text = ""


class AddressExtendedFields(Payload):
    """Parts of a street address; Amazon fills them for Brazil only."""

    street_name: Text = ""
    street_number: Text = ""
    complement: Text = ""
    neighborhood: Text = ""


class Address(Payload):
    """An address (personal data) of a recipient, a taxpayer or a warehouse."""

    name: Text = ""
    company_name: Text = ""
    address_line1: Text = ""
    address_line2: Text = ""
    address_line3: Text = ""
    city: Text = ""
    district_or_county: Text = ""
    state_or_region: Text = ""
    municipality: Text = ""
    postal_code: Text = ""
    country_code: Text = ""
    phone: Text = ""
    extended_fields: AddressExtendedFields = Field(default_factory=AddressExtendedFields)
    address_type: Text = ""


class DeliveryPreference(Payload):
    """What the buyer asked of the courier."""

    drop_off_location: Text = ""
    address_instruction: Text = ""


class Recipient(Payload):
    """Who receives the goods (personal data)."""

    delivery_address: Address = Field(default_factory=Address)
    delivery_preference: DeliveryPreference = Field(default_factory=DeliveryPreference)


class OrderBreakdown(Payload):
    """One kind of amount of the whole order."""

    type: str
    status: Text = ""
    subtotal: Money


class OrderProceeds(Payload):
    """What the buyer pays for the order."""

    grand_total: Money | None = None
    breakdowns: Rows[OrderBreakdown] = ()


class PaymentExecution(Payload):
    """One payment; the method is free text such as CreditCard or CashOnDelivery."""

    payment_method: Text = ""
    payment_amount: Money | None = None


class Payment(Payload):
    """How the order was paid."""

    payment_executions: Rows[PaymentExecution] = ()


class TaxRegistrationAttribute(Payload):
    """A further fact of a tax registration, such as the tax office in Türkiye."""

    key: Text = ""
    value: Text = ""


class TaxRegistration(Payload):
    """A party's tax registration (personal data)."""

    entity_type: Text = ""
    legal_name: Text = ""
    tax_registration_type: Text = ""
    tax_registration_number: Text = ""
    tax_registration_address: Address = Field(default_factory=Address)
    tax_registration_attributes: Rows[TaxRegistrationAttribute] = ()


class TaxInvoicing(Payload):
    """The buyer's wish, INDIVIDUAL or BUSINESS, in Türkiye; the invoice's status elsewhere."""

    buyer_invoice_preference: Text = ""
    invoice_status: Text = ""


class OrderTax(Payload):
    """Tax registrations and invoicing."""

    tax_registrations: Rows[TaxRegistration] = ()
    tax_invoicing: TaxInvoicing = Field(default_factory=TaxInvoicing)


class Window(Payload):
    """A span of time; either edge may be open."""

    earliest_date_time: UtcDatetime | None = None
    latest_date_time: UtcDatetime | None = None


class OrderFulfillment(Payload):
    """Status and shipping windows; empty when FULFILLMENT was not asked for."""

    fulfillment_status: Text = ""
    fulfilled_by: Text = ""
    fulfillment_service_level: Text = ""
    ship_by_window: Window = Field(default_factory=Window)
    deliver_by_window: Window = Field(default_factory=Window)


class PackageStatus(Payload):
    """Where a package is. `detailed_status` is often missing: decide on `status`."""

    status: str
    detailed_status: Text = ""


class PackageItem(Payload):
    """How many units of an order item are in a package."""

    order_item_id: str
    quantity: int


class Package(Payload):
    """A package of a seller-fulfilled order; the carrier is free text."""

    package_reference_id: str
    created_time: UtcDatetime | None = None
    package_status: PackageStatus | None = None
    carrier: Text = ""
    ship_time: UtcDatetime | None = None
    shipping_service: Text = ""
    tracking_number: Text = ""
    ship_from_address: Address = Field(default_factory=Address)
    package_items: Rows[PackageItem] = ()


class FulfillmentOrder(Payload):
    """An Easy Ship fulfilment order."""

    fulfillment_order_id: str


class ItemCondition(Payload):
    """New, used and how."""

    condition_type: Text = ""
    condition_subtype: Text = ""
    condition_note: Text = ""


class ItemPrice(Payload):
    """The price of one unit; the sums under `proceeds` are those of the whole line."""

    unit_price: Money | None = None
    price_designation: Text = ""


class Product(Payload):
    """What was sold."""

    asin: Text = ""
    title: Text = ""
    seller_sku: Text = ""
    condition: ItemCondition = Field(default_factory=ItemCondition)
    price: ItemPrice = Field(default_factory=ItemPrice)
    serial_numbers: Rows[str] = ()


class DetailedBreakdown(Payload):
    """What part of a TAX or DISCOUNT row falls on goods, shipping, gift wrap or fee."""

    subtype: Text = ""
    value: Money | None = None


class ItemBreakdown(Payload):
    """One kind of amount of an order item, for the whole line."""

    type: str
    subtotal: Money
    detailed_breakdowns: Rows[DetailedBreakdown] = ()


class ItemProceeds(Payload):
    """What the buyer pays for the line."""

    proceeds_total: Money | None = None
    breakdowns: Rows[ItemBreakdown] = ()


class PromotionBreakdown(Payload):
    """A promotion the line was sold under."""

    promotion_id: Text = ""


class ItemPromotion(Payload):
    """The line's promotions."""

    breakdowns: Rows[PromotionBreakdown] = ()


class CancellationRequest(Payload):
    """Who asked for a cancellation, and why."""

    requester: Text = ""
    cancel_reason: Text = ""


class CancellationExecution(Payload):
    """Who cancelled, and why."""

    cancelled_by: Text = ""
    cancel_reason: Text = ""


class ItemCancellation(Payload):
    """A cancellation that was asked for, and one that was carried out."""

    cancellation_request: CancellationRequest | None = None
    cancellation_execution: CancellationExecution | None = None


class GiftOption(Payload):
    """Gift message (personal data) and wrapping."""

    gift_message: Text = Field(default="", repr=False)
    gift_wrap_level: Text = ""


class ItemPacking(Payload):
    """How to pack the line."""

    gift_option: GiftOption = Field(default_factory=GiftOption)


class ItemFulfillment(Payload):
    """How much of the line has been shipped; None when FULFILLMENT was not asked for."""

    quantity_fulfilled: int | None = None
    quantity_unfulfilled: int | None = None
    packing: ItemPacking = Field(default_factory=ItemPacking)


class OrderItem(Payload):
    """A line of an order."""

    order_item_id: str
    quantity_ordered: int = Field(le=MOST_UNITS)
    programs: Rows[str] = ()
    product: Product
    proceeds: ItemProceeds = Field(default_factory=ItemProceeds)
    promotion: ItemPromotion = Field(default_factory=ItemPromotion)
    cancellation: ItemCancellation = Field(default_factory=ItemCancellation)
    fulfillment: ItemFulfillment = Field(default_factory=ItemFulfillment)


class Order(Payload):
    """An order with its items."""

    order_id: str
    order_aliases: Rows[Alias] = ()
    created_time: UtcDatetime
    last_updated_time: UtcDatetime
    programs: Rows[str] = ()
    associated_orders: Rows[AssociatedOrder] = ()
    sales_channel: SalesChannel
    # repr=False: an order that ends up in a log or a traceback shows no personal data
    buyer: Buyer = Field(default_factory=Buyer, repr=False)
    recipient: Recipient = Field(default_factory=Recipient, repr=False)
    proceeds: OrderProceeds = Field(default_factory=OrderProceeds)
    payment: Payment = Field(default_factory=Payment)
    tax: OrderTax = Field(default_factory=OrderTax, repr=False)
    fulfillment: OrderFulfillment = Field(default_factory=OrderFulfillment)
    packages: Rows[Package] = ()
    fulfillment_orders: Rows[FulfillmentOrder] = ()
    order_items: tuple[OrderItem, ...]

    @property
    def status(self) -> str:
        """The fulfilment status; INVOICE_UNCONFIRMED reads as SHIPPED."""
        status = self.fulfillment.fulfillment_status
        return SHIPPED if status == INVOICE_UNCONFIRMED else status

    @property
    def fulfilled_by(self) -> str:
        """MERCHANT or AMAZON."""
        return self.fulfillment.fulfilled_by

    @property
    def is_marketplace_order(self) -> bool:
        """Whether it was sold on Amazon, and not elsewhere with Amazon only shipping it."""
        return self.sales_channel.channel_name != NON_AMAZON


class ConfirmedItem(Payload):
    """Units of an order item that are in a confirmed package."""

    order_item_id: str
    quantity: int


class PackageDetail(Payload):
    """A package to confirm. The same reference again edits the package, a new one adds another.

    `package_reference_id` is a positive number as text; `carrier_name` goes with carrier `Other`.
    """

    package_reference_id: str
    carrier_code: str
    carrier_name: str | None = None
    shipping_method: str | None = None
    tracking_number: str
    ship_date: UtcDatetime
    order_items: tuple[ConfirmedItem, ...]

    @field_serializer("ship_date")
    def _with_z(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
