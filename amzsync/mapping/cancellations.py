"""Which units of an order are to be cancelled in Omnitron, so that it says what Amazon says.

Amazon tells how many units of a line still stand, Omnitron has a row for every unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amzsync.omnitron.models.orders import STATUS_CODES, OrderItem, is_open

CANCELLED = frozenset({STATUS_CODES["cancellation_waiting"], STATUS_CODES["canceled"]})
_REFUNDED = STATUS_CODES["refunded"]
_SHIPPED = int(STATUS_CODES["shipped"])


@dataclass(frozen=True, slots=True)
class Choice:
    """The units to cancel. `busy`: so many more would have to be, but are under way elsewhere."""

    units: tuple[OrderItem, ...]
    busy: int = 0


def choose(units: Iterable[OrderItem], standing: Mapping[str, int]) -> Choice:
    """The units that are too many in Omnitron: those not shipped first, the newest of them first.

    `standing` is mapping.lines' count by line; a line that is not in it does not stand any more. A
    unit without a line (somebody added it in Omnitron) goes only with the whole order.
    """
    lines: dict[str | None, list[OrderItem]] = {}
    for unit in units:
        lines.setdefault(unit.remote_id, []).append(unit)
    whole = not any(standing.values())
    chosen: list[OrderItem] = []
    busy = 0
    for line, rows in lines.items():
        if line is None and not whole:
            continue
        surplus = _surplus(rows, standing.get(line or "", 0))
        free = sorted((row for row in rows if _is_free(row)), key=_preference)
        chosen += free[:surplus]
        busy += min(max(0, surplus - len(free)), sum(_is_busy(row) for row in rows))
    return Choice(tuple(chosen), busy)


def _surplus(rows: Sequence[OrderItem], standing: int) -> int:
    """How many of a line's units have yet to be cancelled; a refunded one was not cancelled."""
    return max(0, sum(row.status not in CANCELLED for row in rows) - standing)


def _is_free(row: OrderItem) -> bool:
    return row.status not in CANCELLED and row.status != _REFUNDED and not _is_busy(row)


def _is_busy(row: OrderItem) -> bool:
    """Whether a cancellation or return of the unit is under way that its status does not show."""
    over = row.status in CANCELLED or row.status == _REFUNDED
    return not over and is_open(row.cancel_status)


def _preference(row: OrderItem) -> tuple[bool, int]:
    return row.status.isdigit() and int(row.status) >= _SHIPPED, -row.pk
