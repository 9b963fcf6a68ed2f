"""Lists of keys handed in to be cleared: which lines are fit, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from amzsync.ops.csv_keys import Line
from amzsync.ops.records import ids_of
from amzsync.state.penalties import Penalty
from amzsync.state.state import State

FREE: Final = "not in penalty"
_HINTS: Final = 20  # unknown keys that are looked for under another spelling


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of a list: the record's key, and its penalties.

    `fault` is what is wrong with it; `unknown` that the state has never heard of the record, which
    is a fault too unless the catalog has it.
    """

    line: Line
    key: str
    penalties: tuple[Penalty, ...] = ()
    fault: str = ""
    unknown: bool = False


def judge(
    state: State, channel: str, lines: Sequence[Line], penalties: Iterable[Penalty]
) -> list[Judged]:
    """Every line against what the state knows; `penalties` are those of their keys."""
    ids = ids_of(state, channel, (line.key for line in lines if not line.problem))
    held: dict[str, list[Penalty]] = {}
    for row in penalties:
        held.setdefault(row.key, []).append(row)
    known = state.known_keys.known(channel, ids.values())
    first: dict[str, int] = {}
    found: list[Judged] = []
    for line in lines:
        key = ids.get(line.key, "")
        if line.problem:
            found.append(Judged(line, "", fault=line.problem))
        elif key in first:
            found.append(Judged(line, key, fault=f"stands in line {first[key]} already"))
        else:
            first[key] = line.number
            rows = tuple(held.get(key, ()))
            found.append(Judged(line, key, rows, unknown=key not in known))
    return found


def settle_unknown(
    state: State,
    channel: str,
    rows: Sequence[Judged],
    in_catalog: Callable[[Sequence[str]], Collection[str]],
) -> list[Judged]:
    """The lines once the catalog has been asked for what the state does not know."""
    unknown = [row.key for row in rows if row.unknown]
    there = in_catalog(unknown) if unknown else ()
    typos = [key for key in unknown if key not in there]
    hints = {key: state.known_keys.like(channel, key) for key in typos[:_HINTS]}
    return [_settled(row, there, hints) if row.unknown else row for row in rows]


def _settled(row: Judged, there: Collection[str], hints: dict[str, list[str]]) -> Judged:
    if row.key in there:
        return replace(row, unknown=False)
    near = hints.get(row.key)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return replace(row, fault=f"no SKU of the catalog and no order taken in{hint}")
