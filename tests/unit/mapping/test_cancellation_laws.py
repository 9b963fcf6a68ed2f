"""Which units are cancelled: never one too many, never one that is out already."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.cancellations import CANCELLED, Choice, choose
from amzsync.omnitron.models.orders import OrderItem

OUT = {*CANCELLED, "600"}
STATUSES = ["50", "100", "200", "400", "450", "500", "510", "550", "600", "a status of tomorrow"]
LINES = ["1", "2", "3"]


def unit(
    pk: int, line: str | None = "1", status: str = "400", cancel_status: str | None = None
) -> OrderItem:
    """One unit of order 1."""
    return OrderItem.model_validate(
        {
            "pk": pk,
            "order": 1,
            "status": status,
            "cancel_status": cancel_status,
            "extra_field": {"id": line} if line else {},
            "modified_date": datetime(2026, 11, 23, tzinfo=UTC).isoformat(),
        }
    )


def chosen(choice: Choice) -> list[int]:
    """The keys of the units, in the order they were chosen."""
    return [each.pk for each in choice.units]


units = st.lists(
    st.tuples(
        st.sampled_from([*LINES, None]),
        st.sampled_from(STATUSES),
        st.sampled_from([None, "", "waiting", "rejected", "completed"]),
    ),
    max_size=9,
).map(lambda rows: [unit(pk, *row) for pk, row in enumerate(rows, start=1)])
standing = st.dictionaries(st.sampled_from(LINES), st.integers(0, 4))


def count(rows: list[OrderItem], line: str | None) -> int:
    """How many units of the line are not cancelled."""
    return sum(row.remote_id == line and row.status not in CANCELLED for row in rows)


@given(units, standing)
def test_what_is_chosen_can_be_cancelled_and_no_line_falls_below_what_stands(
    rows: list[OrderItem], lines: dict[str, int]
) -> None:
    found = choose(rows, lines).units
    assert len({row.pk for row in found}) == len(found)
    assert all(row.status not in OUT and row.cancel_status != "waiting" for row in found)
    for line, fallen in Counter(row.remote_id for row in found).items():
        assert count(rows, line) - fallen >= lines.get(line or "", 0)


@given(units, standing)
def test_afterwards_nothing_is_left_to_cancel(rows: list[OrderItem], lines: dict[str, int]) -> None:
    first = choose(rows, lines)
    gone = set(chosen(first))
    after = [unit(row.pk, row.remote_id, "50") if row.pk in gone else row for row in rows]
    again = choose(after, lines)
    assert (again.units, again.busy) == ((), first.busy)


@given(units, standing)
def test_with_every_unit_free_omnitron_ends_with_what_stands(
    rows: list[OrderItem], lines: dict[str, int]
) -> None:
    free = [unit(row.pk, row.remote_id or "1") for row in rows]
    gone = set(chosen(choose(free, lines)))
    left = Counter(row.remote_id for row in free if row.pk not in gone)
    for line in LINES:
        assert left[line] == min(count(free, line), lines.get(line, 0))


@given(units, standing)
def test_no_shipped_unit_goes_while_another_of_its_line_could(
    rows: list[OrderItem], lines: dict[str, int]
) -> None:
    gone = set(chosen(choose(rows, lines)))
    for line in {row.remote_id for row in rows if row.pk in gone}:
        mine = [row for row in rows if row.remote_id == line]
        if any(row.pk in gone and row.status in ("500", "510", "550") for row in mine):
            open_ = [row for row in mine if row.status in ("200", "400", "450")]
            assert all(row.pk in gone or row.cancel_status == "waiting" for row in open_)


def test_the_newest_units_go_first() -> None:
    assert chosen(choose([unit(1), unit(2), unit(3)], {"1": 1})) == [3, 2]


def test_a_refunded_unit_was_not_cancelled_on_amazon() -> None:
    rows = [unit(1), unit(2), unit(3, status="600")]
    assert chosen(choose(rows, {"1": 3})) == []
    assert chosen(choose(rows, {"1": 2})) == [2]


@pytest.mark.parametrize(("lines", "gone"), [({"1": 0}, [2, 3]), ({"1": 1}, [])])
def test_a_unit_without_a_line_goes_with_the_whole_order_only(
    lines: dict[str, int], gone: list[int]
) -> None:
    assert sorted(chosen(choose([unit(2), unit(3, line=None)], lines))) == gone


def test_units_under_way_elsewhere_are_told() -> None:
    rows = [unit(1), unit(2, cancel_status="waiting")]
    found = choose(rows, {"1": 0})
    assert (chosen(found), found.busy) == ([1], 1)
    assert choose(rows, {"1": 1}).busy == 0
