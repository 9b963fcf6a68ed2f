"""Laws of packages: references stay, nothing is in two of them, nothing is taken back."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.packages import AmazonPackage, PackedUnits, ShippedUnit, plan_packages

numbers = st.sampled_from(["TR1", "TR2", "TR3"])
carriers = st.sampled_from(["mng", "yurtici"])


@st.composite
def shipments(draw: st.DrawFn) -> list[ShippedUnit]:
    """Some of six units of two lines, each with a number and a carrier."""
    pks = draw(st.sets(st.integers(1, 6)))
    return [ShippedUnit(pk, str(pk % 2), draw(numbers), draw(carriers)) for pk in sorted(pks)]


@given(st.lists(shipments(), min_size=1, max_size=5))
def test_whatever_happens_each_shipped_unit_is_in_one_package_of_its_number(
    days: list[list[ShippedUnit]],
) -> None:
    packed: list[PackedUnits] = []
    ever: set[int] = set()
    for shipped in days:
        before = {row.reference for row in packed}
        packed = plan_packages(shipped, packed)
        ever |= {unit.pk for unit in shipped}
        places = Counter(pk for row in packed for pk in row.units)
        assert places == dict.fromkeys(ever, 1), "none twice, none lost"
        assert before <= {row.reference for row in packed}, "a package is never withdrawn"
        where = {pk: row for row in packed for pk in row.units}
        assert all(where[unit.pk].label == unit.label for unit in shipped)
        assert [row.reference for row in packed] == list(range(1, len(packed) + 1))


@given(shipments(), st.lists(shipments(), max_size=3))
def test_planning_again_changes_nothing(
    shipped: list[ShippedUnit], earlier: list[list[ShippedUnit]]
) -> None:
    packed: list[PackedUnits] = []
    for day in earlier:
        packed = plan_packages(day, packed)
    once = plan_packages(shipped, packed)
    assert plan_packages(shipped, once) == once


def test_a_package_amazon_shows_with_the_same_units_is_adopted() -> None:
    shown = AmazonPackage("4", " tr1 ", {"1": 2})
    (row,) = plan_packages(
        [ShippedUnit(1, "1", "TR1", "mng"), ShippedUnit(2, "1", "TR1", "mng")], [], [shown]
    )
    assert (row.reference, row.adopted) == (4, True)


def test_a_package_amazon_shows_with_other_units_is_taken_over_and_edited() -> None:
    shown = AmazonPackage("4", "TR1", {"1": 1})
    (row,) = plan_packages(
        [ShippedUnit(1, "1", "TR1", "mng"), ShippedUnit(2, "1", "TR1", "mng")], [], [shown]
    )
    assert (row.reference, row.adopted, row.quantities) == (4, False, {"1": 2})


def test_a_reference_that_is_no_number_is_nobodys_to_edit() -> None:
    shown = [AmazonPackage("P-1", "TR1", {"1": 1}), AmazonPackage("2", "", {"1": 1})]
    (row,) = plan_packages([ShippedUnit(1, "1", "TR1", "mng")], [], shown)
    assert (row.reference, row.adopted) == (3, False)


def test_units_no_longer_shown_as_shipped_stay_in_their_package() -> None:
    ours = PackedUnits(1, "TR1", "mng", {1: "1", 2: "1"})
    assert plan_packages([], [ours]) == [ours]
