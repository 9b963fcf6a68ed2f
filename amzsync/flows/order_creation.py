"""One order into Omnitron, exactly once in effect: looked up before it is created and after doubt.

Orders of one batch are worked on side by side; the flow records what became of each. Only the mark
that a creation is about to be asked for is set here, right before it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.errors import (
    DeadlineError,
    InterruptedRunError,
    OutcomeUnknownError,
    RefusedError,
    RejectedError,
    UnmappedError,
    WaitingError,
)
from amzsync.flows.flow import Context
from amzsync.flows.order_shipments import carrier_of, followed
from amzsync.flows.reference_data import Placed, catalog, forget, places
from amzsync.mapping.addresses import AddressPlan
from amzsync.mapping.orders import CustomerPlan, OrderPlan
from amzsync.mapping.shipments import Parcel
from amzsync.omnitron.models.orders import CreateOrder, NewOrder, NewOrderItem, Order
from amzsync.omnitron.models.people import CustomerChanges, NewAddress, NewCustomer
from amzsync.omnitron.orders import OrderExistsError

# How long an unanswered creation may still be under way over there. Looking the order up sooner
# and not finding it proves nothing.
GRACE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Work:
    """An order to create, and when that was last attempted without an answer."""

    plan: OrderPlan
    attempted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Created:
    """The order is in Omnitron; `found` when it was there already."""

    order: Order
    found: bool


def existing(ctx: Context, number: str) -> Order | None:
    """The order of that number. More than one is a fault only a person can mend: the first."""
    found = ctx.omnitron.orders.by_number(number)
    return min(found, key=lambda order: order.pk) if found else None


def create(ctx: Context, work: Work, products: Mapping[str, int]) -> Created:
    """See that the order is in Omnitron. Safe to repeat: it is looked up by its number first.

    Errors: RecordError when the order cannot be created as it is, WaitingError while an earlier
    attempt may still take effect, RemoteError when Omnitron cannot be used.
    """
    plan = work.plan
    order = existing(ctx, plan.number)
    if order is not None:
        return Created(order, found=True)
    if work.attempted_at is not None and ctx.clock.now() - work.attempted_at < GRACE:
        raise WaitingError(
            "its creation was asked for and not answered; it is looked for again before it is "
            "asked for anew",
            code="outcome_unknown",
        )
    body = _body(ctx, plan, products)
    ctx.state.inbox.attempt(plan.order_id, plan.number, ctx.clock.now())
    try:
        return Created(ctx.omnitron.orders.create_order(body), found=False)
    except (InterruptedRunError, DeadlineError):
        # The request loop asks before it sends, so this one never left.
        ctx.state.inbox.unattempt(plan.order_id)
        raise
    except OutcomeUnknownError:
        order = existing(ctx, plan.number)
        if order is None:
            raise WaitingError(
                "Omnitron did not answer its creation; it is looked for again before it is "
                "asked for anew",
                code="outcome_unknown",
            ) from None
        return Created(order, found=True)
    except OrderExistsError as error:
        order = existing(ctx, plan.number)
        if order is None:
            raise RejectedError(
                f"Omnitron refuses the number: {error.detail}", code="number"
            ) from error
        return Created(order, found=True)
    except RefusedError as error:
        forget(ctx, "product", "catalog", "cargos")
        raise RejectedError(
            f"Omnitron refuses the order: {error.detail}", code=error.code or "refused"
        ) from error


def _body(ctx: Context, plan: OrderPlan, products: Mapping[str, int]) -> CreateOrder:
    unknown = sorted(plan.skus - products.keys())
    if unknown:
        raise UnmappedError(
            f"no product in Omnitron is linked to SKU {', '.join(unknown)}", code="unknown_sku"
        )
    lists = catalog(ctx)
    cargo_company, parcels = _shipment(ctx, plan)
    tracking_numbers = {parcel.tracking_number for parcel in parcels}
    # Places before people: an address nobody has mapped yet leaves no buyer behind.
    shipped_to = places(ctx, plan.shipping)
    billed_to = None if plan.billing is None else places(ctx, plan.billing)
    customer = _customer(ctx, plan.customer)
    shipping = _address(ctx, plan.shipping, shipped_to, customer)
    billing = shipping
    if plan.billing is not None and billed_to is not None:
        billing = _address(ctx, plan.billing, billed_to, customer)
    return CreateOrder(
        order=NewOrder(
            number=plan.number,
            status=plan.status,
            customer=customer,
            shipping_address=shipping,
            billing_address=billing,
            currency=plan.currency,
            amount=plan.amount,
            shipping_amount=plan.shipping_amount,
            discount_amount=plan.discount_amount,
            net_shipping_amount=plan.net_shipping_amount,
            extra_field=plan.extra_field,
            cargo_company=cargo_company,
            tracking_number=(tracking_numbers.pop() or None)
            if len(tracking_numbers) == 1
            else None,
            has_gift_box=plan.has_gift_box,
            gift_box_note=plan.gift_box_note,
            notes=plan.notes,
            date_placed=plan.date_placed,
        ),
        order_item=tuple(
            NewOrderItem(
                product=products[unit.sku],
                status=unit.status,
                price_currency=plan.currency,
                price=unit.price,
                tax_rate=unit.tax_rate,
                retail_price=unit.price,
                discount_amount=unit.discount_amount,
                extra_field={"id": unit.order_item_id},
                price_list=lists.price_list,
                stock_list=lists.stock_list,
                tracking_number=(unit.parcel.tracking_number or None)
                if unit.parcel in parcels
                else None,
            )
            for unit in plan.units
        ),
    )


def _shipment(ctx: Context, plan: OrderPlan) -> tuple[int, frozenset[Parcel]]:
    """(the order's cargo company, the parcels whose tracking numbers count).

    The company is the configured one or, where Amazon ships, the one all its packages name.
    """
    config = ctx.config
    if config.cargo_company_id is None:
        raise UnmappedError("cargo_company_id is not set", code="cargo_company")
    if config.send_shipping_info or not plan.parcels:
        return config.cargo_company_id, plan.parcels
    parcels = frozenset(followed(ctx, plan.parcels, config.cargo_company_id))
    carriers = {carrier_of(ctx, parcel) for parcel in parcels}
    carrier = carriers.pop() if len(carriers) == 1 else None
    return (carrier.pk if carrier else config.cargo_company_id), parcels


def _customer(ctx: Context, plan: CustomerPlan) -> int:
    """The buyer's pk: found by e-mail address and brought up to date, or created."""
    customers = ctx.omnitron.customers
    known = customers.find(email=plan.email)
    if known is not None:
        given = {
            name: getattr(plan, name)
            for name in ("phone_number", "first_name", "last_name")
            if name not in plan.stand_ins
        }
        return customers.update(known, CustomerChanges(**given)).pk
    body = NewCustomer(
        email=plan.email,
        phone_number=plan.phone_number,
        first_name=plan.first_name,
        last_name=plan.last_name,
        channel_code=plan.channel_code,
    )
    try:
        return customers.create(body).pk
    except OutcomeUnknownError:
        known = customers.find(email=plan.email)
        if known is None:
            raise
        return known.pk
    except RefusedError as error:
        raise RejectedError(
            f"Omnitron refuses the customer: {error.detail}", code="customer"
        ) from error


def _address(ctx: Context, plan: AddressPlan, found: Placed, customer: int) -> int:
    """The address's pk; a duplicate is the one Omnitron has."""
    try:
        return ctx.omnitron.addresses.create(
            NewAddress(
                customer=customer,
                email=plan.email,
                phone_number=plan.phone_number,
                first_name=plan.first_name,
                last_name=plan.last_name,
                country=found.country,
                city=found.city,
                township=found.township,
                district=found.district,
                line=plan.line,
                title="Amazon",
                postcode=plan.postcode,
                notes=plan.notes,
                company_name=plan.company_name,
                tax_office=plan.tax_office,
                tax_no=plan.tax_no,
                e_bill_taxpayer=False,
            )
        ).pk
    except RefusedError as error:
        forget(ctx, "country", "city", "township", "district")
        raise RejectedError(
            f"Omnitron refuses the address: {error.detail}", code="address"
        ) from error
