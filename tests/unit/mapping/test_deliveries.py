"""When an order has arrived as a whole, and which units that makes delivered."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.deliveries import UNDER_WAY, lines_remembered, units_to_mark
from amzsync.omnitron.models.orders import STATUS_CODES, OrderItem

CODES = st.sampled_from(sorted(STATUS_CODES.values()))
LINES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 4), min_size=1)


def facts(*packages: tuple[str | None, dict[str, int]]) -> dict[str, Any]:
    """As the inbox keeps them."""
    return {
        "packages": [
            {
                "status": status,
                "items": [{"order_item_id": key, "quantity": n} for key, n in units.items()],
            }
            for status, units in packages
        ]
    }


def unit(pk: int, line: str, status: str, cancel_status: str | None = None) -> OrderItem:
    """A unit of order 1."""
    return OrderItem.model_validate(
        {
            "pk": pk,
            "order": 1,
            "status": status,
            "cancel_status": cancel_status,
            "modified_date": "2026-11-23T09:00:00Z",
            "extra_field": {"id": line},
        }
    )


@given(LINES, st.lists(st.sampled_from(["DELIVERED", "CANCELLED"]), max_size=3))
def test_whole_lines_in_delivered_packages_have_arrived_whatever_was_cancelled(
    lines: dict[str, int], others: list[str]
) -> None:
    void = [("CANCELLED", {"a": 9})] * others.count("CANCELLED")
    found = lines_remembered(lines, facts(("DELIVERED", lines), *void))
    assert found == (lines if any(lines.values()) else None)


@given(LINES, st.sampled_from(["PENDING", "IN_TRANSIT", "SHIPPED", "UNDELIVERABLE", "NEW", None]))
def test_one_package_that_is_anywhere_else_holds_the_order_back(
    lines: dict[str, int], status: str | None
) -> None:
    assert lines_remembered(lines, facts(("DELIVERED", lines), (status, {}))) is None


@given(LINES.filter(lambda lines: any(lines.values())))
def test_a_unit_in_no_package_holds_the_order_back(lines: dict[str, int]) -> None:
    missing = next(key for key, count in lines.items() if count)
    packed = {**lines, missing: lines[missing] - 1}
    assert lines_remembered(lines, facts(("DELIVERED", packed))) is None


def test_the_same_line_twice_in_a_package_is_added_up() -> None:
    told = facts(("DELIVERED", {"a": 1}))
    told["packages"][0]["items"] *= 2
    assert lines_remembered({"a": 2}, told) == {"a": 2}


def test_an_order_without_packages_has_not_arrived() -> None:
    assert lines_remembered({"a": 1}, facts()) is None


@given(st.lists(st.tuples(st.sampled_from("abx"), CODES), max_size=8), LINES)
def test_only_units_under_way_are_marked_and_no_more_than_stand(
    given_units: list[tuple[str, str]], lines: dict[str, int]
) -> None:
    units = [unit(pk, line, status) for pk, (line, status) in enumerate(given_units, 1)]
    marked = units_to_mark(units, lines)
    assert all(row.status in UNDER_WAY for row in marked)
    for line in "abx":
        arrived = [row for row in units if row.remote_id == line and int(row.status) > 540]
        told = [row for row in marked if row.remote_id == line]
        assert not told or len(told) + len(arrived) <= lines.get(line, 0)
    # and once they are marked there is nothing left to mark
    after = [
        unit(row.pk, row.remote_id or "", "550" if row in marked else row.status) for row in units
    ]
    assert units_to_mark(after, lines) == []


def test_a_unit_whose_cancellation_goes_on_is_left_and_one_refused_it_is_marked() -> None:
    units = [unit(1, "a", "500", "waiting"), unit(2, "a", "500", "rejected"), unit(3, "a", "500")]
    assert [row.pk for row in units_to_mark(units, {"a": 3})] == [2, 3]


def test_of_a_line_that_is_partly_cancelled_the_units_furthest_on_their_way_arrived() -> None:
    units = [unit(1, "a", "450"), unit(2, "a", "540"), unit(3, "a", "500")]
    assert [row.pk for row in units_to_mark(units, {"a": 2})] == [2, 3]
