"""Packages: which shipped units of an order travel together, under which reference at Amazon.

A reference stays with its units for good: naming it again edits the package, and there is no way to
take one back. So units leave a package Amazon has only for another one, never to nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

Label = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ShippedUnit:
    """A unit that has left, as Omnitron tells it: its line at Amazon, carrier slug and number."""

    pk: int
    line: str
    tracking_number: str
    carrier: str

    @property
    def label(self) -> Label:
        """What the units of one package have in common."""
        return self.tracking_number, self.carrier


@dataclass(frozen=True, slots=True)
class PackedUnits:
    """Units under one reference; `units` is pk → line. `adopted`: Amazon shows it just so.

    `told`: Amazon has taken it as it is; otherwise it was asked for, and refused or not answered.
    """

    reference: int
    tracking_number: str
    carrier: str
    units: Mapping[int, str] = field(default_factory=dict)
    adopted: bool = False
    told: bool = True

    @property
    def label(self) -> Label:
        """Number and carrier."""
        return self.tracking_number, self.carrier

    @property
    def quantities(self) -> dict[str, int]:
        """How many units of each line."""
        return dict(Counter(self.units.values()))


@dataclass(frozen=True, slots=True)
class AmazonPackage:
    """A package Amazon shows; whoever confirmed it."""

    reference: str
    tracking_number: str
    quantities: Mapping[str, int]


def plan_packages(
    shipped: Sequence[ShippedUnit],
    ours: Iterable[PackedUnits],
    amazons: Sequence[AmazonPackage] = (),
) -> list[PackedUnits]:
    """Every package of the order as it should be, by reference.

    A package of ours keeps its units unless some of them got another number or carrier: if all
    did, the package is corrected, otherwise those leave it. Others join a package of the same
    number and carrier, take over the one Amazon shows with that number, or make a new one.
    """
    left = {unit.pk: unit for unit in shipped}
    planned = [_kept(row, left) for row in sorted(ours, key=lambda row: row.reference)]
    taken = {row.reference for row in planned}
    highest = max([*taken, *(int(row.reference) for row in amazons if _is_number(row)), 0])
    for label, units in _by_label(left.values()).items():
        at = next((n for n, row in enumerate(planned) if row.label == label), None)
        if at is not None:
            planned[at] = replace(planned[at], units={**planned[at].units, **units})
            continue
        found = _shown(label, amazons, taken)
        if found is None:
            highest += 1
        reference = highest if found is None else int(found.reference)
        row = PackedUnits(reference, *label, units)
        same = found is not None and dict(found.quantities) == row.quantities
        planned.append(replace(row, adopted=same))
        taken.add(reference)
    return sorted((row for row in planned if row.units), key=lambda row: row.reference)


def _kept(row: PackedUnits, left: dict[int, ShippedUnit]) -> PackedUnits:
    """The package without the units that went elsewhere; those that stay are taken out of `left`.

    A unit that is no longer among the shipped ones stays: what has left has left. Not so while
    Amazon has not taken the package: then the unit was cancelled before Amazon heard of it.
    """
    mine = [left[pk] for pk in row.units if pk in left]
    labels = [unit.label for unit in mine]
    label = row.label if row.label in labels or not labels else labels[0]
    gone = {unit.pk for unit in mine if unit.label != label}
    if not row.told:
        gone |= row.units.keys() - {unit.pk for unit in mine}
    for unit in mine:
        if unit.pk not in gone:
            del left[unit.pk]
    units = {pk: line for pk, line in row.units.items() if pk not in gone}
    return PackedUnits(row.reference, *label, units)


def _by_label(units: Iterable[ShippedUnit]) -> dict[Label, dict[int, str]]:
    groups: dict[Label, dict[int, str]] = {}
    for unit in sorted(units, key=lambda unit: unit.pk):
        groups.setdefault(unit.label, {})[unit.pk] = unit.line
    return groups


def _shown(label: Label, amazons: Sequence[AmazonPackage], taken: set[int]) -> AmazonPackage | None:
    """The package Amazon shows with this number, unless it is one of ours."""
    number = label[0].strip().casefold()
    return next(
        (
            row
            for row in amazons
            if row.tracking_number.strip().casefold() == number
            and _is_number(row)
            and int(row.reference) not in taken
        ),
        None,
    )


def _is_number(row: AmazonPackage) -> bool:
    """Only positive numbers can be named to confirmShipment."""
    return row.reference.isascii() and row.reference.isdigit() and int(row.reference) > 0
