"""Shipments told to Amazon: one confirmShipment for each package, never more than has left.

What is asked is noted durably before, under a reference of the package's own. The same reference
again edits that package, so a call of unknown outcome is simply asked once more.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.amazon.models.orders import ConfirmedItem, PackageDetail
from amzsync.errors import (
    RecordError,
    RefusedError,
    RejectedError,
    UnmappedError,
    WaitingError,
)
from amzsync.flows.changed_orders import ChangedOrder, is_shipped
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import cargo_companies
from amzsync.mapping.packages import PackedUnits, ShippedUnit, plan_packages
from amzsync.state.packages import Package

Problem = RecordError | WaitingError


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A package to confirm. `adopted`: Amazon shows it already, only we have to note it.

    `grows`: it names more units than before.
    """

    package: Package
    detail: PackageDetail
    adopted: bool
    grows: bool

    @property
    def text(self) -> str:
        """What a person reads of it."""
        count = sum(item.quantity for item in self.detail.order_items)
        units = "1 unit" if count == 1 else f"{count} units"
        carrier = self.detail.carrier_name or self.detail.carrier_code
        return f"package {self.package.reference}, {units}, {carrier} {self.detail.tracking_number}"


def confirmations(
    ctx: Context, changed: ChangedOrder
) -> tuple[tuple[Confirmation, ...], tuple[Problem, ...]]:
    """What Amazon is to be told of the order's packages, and what stands in the way of the rest."""
    problems: list[Problem] = []
    planned = _planned(ctx, changed, problems)
    before = {row.reference: row for row in changed.packages}
    total = Counter[str]()
    for packed in planned:
        total.update(packed.quantities)
    found = []
    for packed in planned:
        try:
            confirmation = _confirmation(ctx, changed, packed, before.get(packed.reference))
            if confirmation is not None:
                _check_standing(changed, packed, total)
                found.append(confirmation)
        except (RecordError, WaitingError) as error:
            problems.append(error)
    # What shrinks goes first: never does Amazon see more units than there are.
    return tuple(sorted(found, key=lambda row: row.grows)), tuple(problems)


def confirm(ctx: Context, row: Confirmation) -> str | None:
    """Tell Amazon of a package; its request id. Repeating it changes nothing.

    Errors: RejectedError when Amazon refuses it, RemoteError and AuthError when Amazon cannot be
    used.
    """
    package = row.package
    request_id = None
    ctx.state.packages.want(ctx.channel, package)
    if not row.adopted:
        try:
            request_id = ctx.amazon.orders.confirm_shipment(
                package.order_id, ctx.amazon.marketplace_id, row.detail
            )
        except RefusedError as error:
            raise RejectedError(
                f"Amazon refuses {row.text}: {error.detail}",
                code=error.code or "refused",
                request_id=error.request_id,
            ) from error
    ctx.state.packages.confirmed(ctx.channel, package.order_id, package.reference, ctx.clock.now())
    return request_id


def _planned(ctx: Context, changed: ChangedOrder, problems: list[Problem]) -> list[PackedUnits]:
    shipped = []
    numberless = 0
    for unit in changed.units:
        if not is_shipped(unit):
            continue
        if not unit.tracking_number:
            numberless += not any(unit.pk in row.units for row in changed.packages)
            continue
        if not unit.remote_id:
            problems.append(RecordError(f"unit {unit.pk} names no line of Amazon's", code="line"))
            continue
        slug = unit.shipping_company or _company(ctx, changed)
        shipped.append(ShippedUnit(unit.pk, unit.remote_id, unit.tracking_number, slug))
    if numberless:
        problems.append(
            WaitingError(
                f"{numberless} shipped without a tracking number, which Amazon requires",
                code="tracking_number",
            )
        )
    ours = [
        PackedUnits(
            row.reference,
            row.tracking_number,
            row.carrier,
            row.units,
            told=row.confirmed == row.wanted,
        )
        for row in changed.packages
    ]
    return plan_packages(shipped, ours, changed.amazon.packages)


def _company(ctx: Context, changed: ChangedOrder) -> str:
    """The slug of the order's own cargo company; "" where it has none."""
    pk = changed.order.cargo_company
    slugs = (row.get("shipping_company") for row in cargo_companies(ctx) if row["pk"] == pk)
    return next((slug for slug in slugs if slug), "")


def _confirmation(
    ctx: Context, changed: ChangedOrder, packed: PackedUnits, before: Package | None
) -> Confirmation | None:
    """What is to be told of the package; None when Amazon has it so. Errors: UnmappedError."""
    company = ctx.config.shipping_company_mapping.get(packed.carrier)
    if company is None:
        if packed.adopted or (before is not None and _is_told(packed, before)):
            return None  # Amazon has it already, by whatever name
        name = f"'{packed.carrier}'" if packed.carrier else "(none named)"
        raise UnmappedError(
            f"shipping company {name} is not in shipping_company_mapping; add it there with"
            " Amazon's name of that carrier",
            code="carrier",
        )
    detail = PackageDetail(
        package_reference_id=str(packed.reference),
        carrier_code=company.code,
        carrier_name=company.name if company.code == "Other" else None,
        shipping_method=company.method,
        tracking_number=packed.tracking_number,
        ship_date=_ship_date(ctx, changed, packed, before),
        order_items=tuple(
            ConfirmedItem(order_item_id=line, quantity=count)
            for line, count in sorted(packed.quantities.items())
        ),
    )
    text = json.dumps(detail.model_dump(mode="json", by_alias=True, exclude_none=True))
    if before is not None and before.confirmed == text:
        return None
    package = Package(
        changed.order_id,
        packed.reference,
        packed.tracking_number,
        packed.carrier,
        packed.units,
        text,
    )
    grows = before is None or len(packed.units) > len(before.units)
    return Confirmation(package, detail, packed.adopted, grows)


def _is_told(packed: PackedUnits, before: Package) -> bool:
    label = (before.tracking_number, before.carrier)
    same = (label, dict(before.units)) == (packed.label, dict(packed.units))
    return same and before.confirmed == before.wanted


def _ship_date(
    ctx: Context, changed: ChangedOrder, packed: PackedUnits, before: Package | None
) -> datetime:
    """When the package left: its units' last change as first seen, for Omnitron tells no date.

    It stays as it was first told, lies after the order and not in the future (sp-api.md §2.6.1).
    """
    if before is not None:
        return datetime.fromisoformat(json.loads(before.wanted)["shipDate"])
    left = max(unit.modified_at for unit in changed.units if unit.pk in packed.units)
    placed = changed.amazon.placed or changed.order.date_placed or left
    # Whole seconds are sent: cut off, a moment right after the order would lie before it.
    return min(max(left, placed + timedelta(seconds=1)), ctx.clock.now())


def _check_standing(changed: ChangedOrder, packed: PackedUnits, total: Counter[str]) -> None:
    """Errors: WaitingError when more units have left than Amazon still counts.

    No fault of the package: what stands goes as soon as Omnitron has heard of the cancellation.
    """
    for line in packed.quantities:
        stand = changed.amazon.standing.get(line)
        if stand is not None and total[line] > stand:
            raise WaitingError(
                f"line {line}: {total[line]} units have left, {stand} of them stand at Amazon;"
                " the others were cancelled there and are still to be cancelled in Omnitron",
                code="cancelled",
            )
