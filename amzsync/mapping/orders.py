"""Orders: from Amazon's order to everything Omnitron is told of it, places and pks aside.

Source: design of the order number, units, amounts and buyers; sp-api.md §2.1.4 and omnitron-api.md
§2.8. Each amount has one place: goods and their discount on the units, shipping less its discount
on the order, gift wrap and cash-on-delivery fee in the order's extra_field.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from amzsync.amazon.assumptions import standing_units
from amzsync.amazon.models.orders import (
    AMAZON,
    BUYER,
    TAX_OFFICE,
    Address,
    Order,
    OrderItem,
    TaxRegistration,
)
from amzsync.config import Config
from amzsync.errors import RecordError
from amzsync.mapping import addresses
from amzsync.mapping.addresses import AddressPlan
from amzsync.mapping.amounts import Amounts, amounts_of
from amzsync.mapping.money import split
from amzsync.mapping.shipments import Parcel, parcels_of, per_unit

_REPLACES = ("REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID")

NUMBER_LENGTH = 128  # omnitron-api.md §2.8
_NAMELESS = "Amazon"  # Omnitron requires a name

APPROVED = "400"
SHIPPED = "500"


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """The buyer in Omnitron's terms; `channel_code` is unique per buyer and channel.

    `stand_ins` names the fields Amazon did not give: they must not replace what Omnitron knows.
    """

    email: str
    phone_number: str
    first_name: str
    last_name: str
    channel_code: str
    stand_ins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One unit of an order line: Omnitron has a row each. `parcel` is how it travels."""

    order_item_id: str
    sku: str
    status: str
    price: Decimal
    discount_amount: Decimal
    tax_rate: Decimal | None
    parcel: Parcel | None


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """An order in Omnitron's terms. `mismatch` says which sum does not add up, if one does not."""

    order_id: str
    number: str
    status: str
    date_placed: datetime
    currency: str
    amount: Decimal
    shipping_amount: Decimal
    net_shipping_amount: Decimal
    discount_amount: Decimal
    customer: CustomerPlan
    shipping: AddressPlan
    billing: AddressPlan | None
    units: tuple[UnitPlan, ...]
    has_gift_box: bool
    gift_box_note: str
    notes: str
    extra_field: dict[str, object]
    mismatch: str

    @property
    def skus(self) -> frozenset[str]:
        """The SKUs bought."""
        return frozenset(unit.sku for unit in self.units)

    @property
    def parcels(self) -> frozenset[Parcel]:
        """The parcels its units are in."""
        return frozenset(unit.parcel for unit in self.units if unit.parcel is not None)


def order_plan(order: Order, config: Config) -> OrderPlan:
    """What Omnitron is told of the order.

    Errors: RecordError when the order lacks what an order must have (SKU, prices, address).
    """
    amounts = amounts_of(order)
    units = tuple(unit for item in order.order_items for unit in _units(order, item, amounts))
    if not units:
        raise RecordError("the order has no units to import", code="no_units")
    return OrderPlan(
        order_id=order.order_id,
        number=order_number(order.order_id, config.order_number_format),
        status=SHIPPED if all(unit.status == SHIPPED for unit in units) else APPROVED,
        date_placed=order.created_time,
        currency=amounts.currency.lower(),
        amount=amounts.grand_total,
        shipping_amount=amounts.shipping,
        net_shipping_amount=amounts.shipping - amounts.shipping_discount,
        discount_amount=amounts.order_discount,
        customer=_customer(order, config),
        shipping=_shipping_address(order, config),
        billing=_billing_address(order, config),
        units=units,
        has_gift_box=_is_gift(order) or amounts.gift_wrap > 0,
        gift_box_note=" ".join(_gift_messages(order)),
        notes=order.recipient.delivery_preference.address_instruction,
        extra_field=_extra_field(order, amounts, config),
        mismatch=amounts.mismatch,
    )


def order_number(order_id: str, order_number_format: str) -> str:
    """The order's number in Omnitron: Amazon's id, or its three groups as the format places them.

    Source: the manual, Order Number Format: `AMZ-{n1}{n3}{n2}`.
    """
    if not order_number_format:
        return order_id
    groups = order_id.split("-")
    if len(groups) != 3:
        raise RecordError(f"order id {order_id} has not three groups", code="order_id")
    number = order_number_format.format(n1=groups[0], n2=groups[1], n3=groups[2])
    if len(number) > NUMBER_LENGTH:
        raise RecordError(
            f"order_number_format makes more than {NUMBER_LENGTH} characters", code="order_id"
        )
    return number


def _units(order: Order, item: OrderItem, amounts: Amounts) -> list[UnitPlan]:
    count = item.quantity_ordered
    standing = standing_units(item)
    if standing <= 0:
        return []
    sku = item.product.seller_sku
    if not sku:
        raise RecordError(f"order item {item.order_item_id} has no SKU", code="no_sku")
    line = amounts.lines[item.order_item_id]
    prices = split(line.goods, count, amounts.currency)
    discounts = split(line.goods_discount, count, amounts.currency)
    fulfilled = item.fulfillment.quantity_fulfilled or 0
    parcels = per_unit(parcels_of(order), item.order_item_id)[:fulfilled]
    return [
        UnitPlan(
            order_item_id=item.order_item_id,
            sku=sku,
            status=SHIPPED if index < fulfilled else APPROVED,
            price=prices[index],
            discount_amount=discounts[index],
            tax_rate=line.tax_rate,
            parcel=parcels[index] if index < len(parcels) else None,
        )
        for index in range(standing)
    ]


def _customer(order: Order, config: Config) -> CustomerPlan:
    name, phone = _buyer_name(order), _delivery_address(order).phone
    first, last = addresses.names(name or _NAMELESS)
    email = order.buyer.buyer_email
    return CustomerPlan(
        email=email or config.orders.placeholder_email.format(order_id=order.order_id),
        phone_number=phone or config.orders.placeholder_phone,
        first_name=first,
        last_name=last,
        # Amazon's relay address is the buyer's only lasting mark; the field holds 64 characters.
        channel_code=email if 0 < len(email) <= 64 else order.order_id,
        stand_ins=frozenset(
            ([] if phone else ["phone_number"]) + ([] if name else ["first_name", "last_name"])
        ),
    )


def _buyer_name(order: Order) -> str:
    buyer = order.buyer
    return buyer.buyer_name or _delivery_address(order).name or buyer.buyer_company_name


def _delivery_address(order: Order) -> Address:
    return order.recipient.delivery_address


def _shipping_address(order: Order, config: Config) -> AddressPlan:
    address = _delivery_address(order)
    if not addresses.cities(address):
        raise RecordError(
            "the order has no delivery address; does the application hold the "
            "Direct-to-Consumer Delivery role?",
            code="no_address",
        )
    return _address(order, address, config)


def _billing_address(order: Order, config: Config) -> AddressPlan | None:
    """A business buyer's address with tax office and number; None where shipping serves."""
    registration = _buyer_registration(order)
    if registration is None:
        return None
    shipping, own = _delivery_address(order), registration.tax_registration_address
    address = own if addresses.lines(own) and addresses.cities(own) else shipping
    # Amazon's tax address may lack the district; the parcel's then decides where it lies.
    if address is not shipping and not (address.district_or_county or address.municipality):
        address = address.model_copy(
            update={
                "district_or_county": shipping.district_or_county,
                "municipality": shipping.municipality,
            }
        )
    return _address(order, address, config, registration)


def _buyer_registration(order: Order) -> TaxRegistration | None:
    found = (row for row in order.tax.tax_registrations if row.entity_type == BUYER)
    return next((row for row in found if row.tax_registration_number or row.legal_name), None)


def _address(
    order: Order,
    address: Address,
    config: Config,
    registration: TaxRegistration | None = None,
) -> AddressPlan:
    customer = _customer(order, config)
    first, last = addresses.names(address.name or _buyer_name(order) or _NAMELESS)
    line, notes = addresses.line_and_notes(address)
    if not line and order.fulfilled_by != AMAZON:
        raise RecordError(
            "the delivery address has no address line; does the application hold the "
            "Direct-to-Consumer Delivery role?",
            code="no_address",
        )
    return AddressPlan(
        first_name=first,
        last_name=last,
        email=customer.email,
        phone_number=address.phone or customer.phone_number,
        country_code=address.country_code or config.marketplace.country_code,
        cities=addresses.cities(address),
        townships=addresses.townships(address),
        districts=addresses.neighbourhoods(address) if config.use_neighborhood else (),
        # Amazon ships FBA orders and keeps the street to itself.
        line=line or "Amazon",
        postcode=address.postal_code or None,
        notes=notes,
        company_name=(registration.legal_name if registration else "") or address.company_name,
        tax_office=_tax_office(registration) if registration else "",
        tax_no=registration.tax_registration_number if registration else "",
    )


def _tax_office(registration: TaxRegistration) -> str:
    rows = registration.tax_registration_attributes
    return next((row.value for row in rows if row.key == TAX_OFFICE), "")


def _is_gift(order: Order) -> bool:
    options = (item.fulfillment.packing.gift_option for item in order.order_items)
    return any(option.gift_message or option.gift_wrap_level for option in options)


def _gift_messages(order: Order) -> list[str]:
    messages = (row.fulfillment.packing.gift_option.gift_message for row in order.order_items)
    return [message for message in messages if message]


def _extra_field(order: Order, amounts: Amounts, config: Config) -> dict[str, object]:
    """What Omnitron has no field for. `id` is the remote id every later look-up goes by."""
    replaced = [
        row.order_id
        for row in order.associated_orders
        if row.order_id and row.association_type in _REPLACES
    ]
    extra: dict[str, object] = {
        "id": order.order_id,
        "marketplace_id": order.sales_channel.marketplace_id,
        "programs": list(order.programs),
        "gift_wrap_amount": str(amounts.gift_wrap) if amounts.gift_wrap else None,
        "cod_fee_amount": str(amounts.cod_fee) if amounts.cod_fee else None,
        "replaced_order_id": replaced[0] if replaced else None,
        "purchase_order_number": order.buyer.buyer_purchase_order_number,
        "erp_code": config.erp_code or None,
    }
    return {key: value for key, value in extra.items() if value}
