"""Parcels: which units of an order travel how, in Amazon's words, and which units of Omnitron's.

Amazon says it by package, Omnitron by unit; the state keeps it as text between the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from amzsync.amazon.models.orders import CANCELLED, Order


@dataclass(frozen=True, slots=True)
class Parcel:
    """So many units of an order line in one package; carrier or number may still be missing."""

    order_item_id: str
    quantity: int
    carrier: str
    tracking_number: str


def parcels_of(order: Order) -> tuple[Parcel, ...]:
    """The order's parcels, package by package; cancelled packages and unnamed ones left out."""
    return tuple(
        Parcel(packed.order_item_id, packed.quantity, package.carrier, package.tracking_number)
        for package in order.packages
        if package.carrier or package.tracking_number
        if package.package_status is None or package.package_status.status != CANCELLED
        for packed in package.package_items
    )


def per_unit(parcels: Iterable[Parcel], order_item_id: str) -> list[Parcel]:
    """The parcel of each unit of a line that has one."""
    return [
        parcel
        for parcel in parcels
        if parcel.order_item_id == order_item_id
        for _ in range(parcel.quantity)
    ]


def assign(wanted: Sequence[Parcel], present: Sequence[str | None]) -> list[Parcel | None]:
    """The parcel of each unit of a line; `present` are the units' tracking numbers by now.

    A unit that has a wanted number keeps it, the others are served in turn. More parcels than units
    are left over, for Amazon counts units Omnitron may have cancelled.
    """
    left = list(wanted)
    given: list[Parcel | None] = []
    for number in present:
        kept = next((row for row in left if number and row.tracking_number == number), None)
        if kept is not None:
            left.remove(kept)
        given.append(kept)
    rest = iter(left)
    return [row if row is not None else next(rest, None) for row in given]


def to_text(parcels: Iterable[Parcel]) -> str:
    """The parcels as the state keeps them; "" when there are none."""
    rows = [astuple(parcel) for parcel in parcels]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else ""


def of_text(text: str) -> tuple[Parcel, ...]:
    """The parcels a text of `to_text` stands for."""
    return tuple(Parcel(*row) for row in json.loads(text)) if text else ()
