"""One order into Omnitron, exactly once in effect: looked up before it is created and after doubt.

Orders of one batch are worked on side by side; the flow records what became of each. Only the mark
that a creation is about to be asked for is set here, right before it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.errors import (
    OutcomeUnknownError,
    RefusedError,
    RejectedError,
    UnmappedError,
    WaitingError,
)
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import cargo_companies, catalog, places
from amzsync.mapping.addresses import AddressPlan
from amzsync.mapping.carriers import cargo_company_of
from amzsync.mapping.orders import CustomerPlan, OrderPlan
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
    cancelled: bool = False


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
    ctx.state.inbox.attempt(plan.order_id, ctx.clock.now())
    try:
        return Created(ctx.omnitron.orders.create_order(body), found=False)
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
    customer = _customer(ctx, plan.customer)
    shipping = _address(ctx, plan.shipping, customer)
    billing = shipping if plan.billing is None else _address(ctx, plan.billing, customer)
    cargo_company = _cargo_company(ctx, plan)
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
            tracking_number=plan.tracking_number,
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
                tracking_number=unit.tracking_number,
            )
            for unit in plan.units
        ),
    )


def _cargo_company(ctx: Context, plan: OrderPlan) -> int:
    """The configured company or, where Amazon ships, the one its package names."""
    config = ctx.config
    if config.cargo_company_id is None:
        raise UnmappedError("cargo_company_id is not set", code="cargo_company")
    if config.send_shipping_info or not plan.carrier:
        return config.cargo_company_id
    found = cargo_company_of(plan.carrier, cargo_companies(ctx), config.shipping_company_mapping)
    if found is None or found in config.exclude_cargo_company_ids:
        return config.cargo_company_id
    return found


def _customer(ctx: Context, plan: CustomerPlan) -> int:
    """The buyer's pk: found by e-mail address and brought up to date, or created."""
    customers = ctx.omnitron.customers
    known = customers.find(email=plan.email)
    if known is not None:
        changes = CustomerChanges(
            phone_number=plan.phone_number, first_name=plan.first_name, last_name=plan.last_name
        )
        return customers.update(known, changes).pk
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


def _address(ctx: Context, plan: AddressPlan, customer: int) -> int:
    """The address's pk; a duplicate is the one Omnitron has."""
    found = places(ctx, plan)
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
        raise RejectedError(
            f"Omnitron refuses the address: {error.detail}", code="address"
        ) from error
