"""Causes and messages looked up: what each means, and what it holds back now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from amzsync.config import Config
from amzsync.ops.cure import Cure
from amzsync.ops.cures import cures_of_cause, cures_of_message
from amzsync.ops.penalties import Group, explained, grouped
from amzsync.state.state import State
from amzsync.state.waiting import Waiting


@dataclass(frozen=True, slots=True)
class CauseFound:
    """What was asked for: its cures, and the records it holds back now."""

    cures: tuple[Cure, ...]
    groups: tuple[Group, ...]
    waiting: tuple[Waiting, ...]


def cause_of(config: Config, state: State, channel: str, text: str) -> CauseFound | None:
    """The cause that goes by this code, or whose message the text holds; None for neither.

    Codes of a far side are known only while they hold something back.
    """
    groups = _groups(config, state, channel, text)
    cures = cures_of_cause(text) or tuple(
        dict.fromkeys(cure for group in groups for cure in group.cures)
    )
    if cures:
        return CauseFound(cures, tuple(groups), _waiting(state, channel, [text]))
    cures = cures_of_message(text)
    if not cures:
        return None
    causes = dict.fromkeys(cure.cause for cure in cures)
    groups = [
        group
        for cause in causes
        for group in _groups(config, state, channel, cause)
        if set(group.cures) & set(cures)
    ]
    return CauseFound(cures, tuple(groups), _waiting(state, channel, causes))


def _groups(config: Config, state: State, channel: str, code: str) -> list[Group]:
    return grouped(explained(config, row) for row in state.penalties.list(channel, code=code))


def _waiting(state: State, channel: str, causes: Collection[str]) -> tuple[Waiting, ...]:
    return tuple(row for row in state.waiting.list(channel) if row.code in causes)
