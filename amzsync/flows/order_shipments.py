"""Carriers and tracking numbers of imported orders follow Amazon's packages.

Only where Amazon ships (`send_shipping_info` off). Every step can be repeated: what Omnitron has is
read first and only differences are sent. Statuses are the ERP's and stay as they are; a number that
Amazon withdraws without giving another stays too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from amzsync.errors import RecordError, RefusedError, RejectedError
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import cargo_companies
from amzsync.mapping.carriers import cargo_company_of
from amzsync.mapping.shipments import Parcel, assign, per_unit
from amzsync.omnitron.models.orders import STATUS_CODES, Order, OrderItem

_OUT = frozenset(
    STATUS_CODES[name] for name in ("cancellation_waiting", "canceled", "refunded")
)  # such a unit travels with nobody


@dataclass(frozen=True, slots=True)
class Carrier:
    """What Amazon's carrier is in Omnitron: a cargo company, and the slug its items carry."""

    pk: int
    slug: str | None


def carrier_of(ctx: Context, parcel: Parcel) -> Carrier | None:
    """The cargo company Amazon's carrier is; None where Omnitron has none like it."""
    companies = cargo_companies(ctx)
    pk = cargo_company_of(parcel.carrier, companies, ctx.config.shipping_company_mapping)
    row = next((row for row in companies if row["pk"] == pk), None)
    return None if row is None else Carrier(int(row["pk"]), row.get("shipping_company"))


def followed(ctx: Context, parcels: Iterable[Parcel], present: int | None) -> list[Parcel]:
    """The parcels that count: none for an order whose company is excluded, none that bring one."""
    excluded = ctx.config.exclude_cargo_company_ids
    if present in excluded:
        return []
    kept = []
    for parcel in parcels:
        carrier = carrier_of(ctx, parcel)
        if carrier is None or carrier.pk not in excluded:
            kept.append(parcel)
    return kept


def follow(ctx: Context, order: Order | None, parcels: Sequence[Parcel]) -> int:
    """Bring the order's carrier and its units' tracking numbers up to date; how many calls it took.

    Errors: RecordError when the order is gone or Omnitron refuses a value, RemoteError when
    Omnitron cannot be used.
    """
    if order is None:
        raise RecordError("the order is no longer in Omnitron", code="order_gone")
    counted = followed(ctx, parcels, order.cargo_company)
    try:
        return _company(ctx, order, counted) + _units(ctx, order, counted) if counted else 0
    except RefusedError as error:
        raise RejectedError(
            f"Omnitron refuses the shipping information: {error.detail}", code="shipping_info"
        ) from error


def _company(ctx: Context, order: Order, parcels: Sequence[Parcel]) -> int:
    """The order has one company; with parcels of several it keeps the one it has."""
    carriers = {carrier_of(ctx, parcel) for parcel in parcels}
    carrier = carriers.pop() if len(carriers) == 1 else None
    if carrier is None or carrier.slug is None or carrier.pk == order.cargo_company:
        return 0
    ctx.omnitron.orders.shipping_info(
        order.pk, order.number, carrier.slug, is_send=ctx.config.send_shipping_info
    )
    return 1


def _units(ctx: Context, order: Order, parcels: Sequence[Parcel]) -> int:
    lines: dict[str | None, list[OrderItem]] = {}
    for unit in ctx.omnitron.order_items.of_order(order.pk):
        if unit.status not in _OUT:
            lines.setdefault(unit.remote_id, []).append(unit)
    calls = 0
    for line, units in lines.items():
        wanted = per_unit(parcels, line or "")
        for unit, parcel in zip(
            units, assign(wanted, [unit.tracking_number for unit in units]), strict=True
        ):
            changes = _changes(ctx, unit, parcel) if parcel else {}
            if changes:
                ctx.omnitron.order_items.update(unit.pk, **changes)
                calls += 1
    return calls


def _changes(ctx: Context, unit: OrderItem, parcel: Parcel) -> dict[str, Any]:
    carrier = carrier_of(ctx, parcel)
    wanted = {
        "tracking_number": parcel.tracking_number,
        "shipping_company": carrier.slug if carrier else None,
    }
    return {name: value for name, value in wanted.items() if value and value != getattr(unit, name)}
