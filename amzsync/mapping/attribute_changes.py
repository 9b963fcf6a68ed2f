"""What has changed between two versions of a product type. Source: sp-api.md §2.9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amzsync.mapping.attributes import Fact


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """What a product type says otherwise of an attribute.

    `change`: newly_required, no_longer_required, new, gone or choices.
    """

    change: str
    attribute: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def compare(before: Iterable[Fact], after: Iterable[Fact]) -> list[AttributeChange]:
    """What has changed between two versions of a product type, in the order of its attributes."""
    old = {fact.name: fact for fact in before}
    new = {fact.name: fact for fact in after}
    changes: list[AttributeChange] = []
    for name, fact in new.items():
        was = old.get(name)
        if fact.required and not (was and was.required):
            changes.append(AttributeChange("newly_required", name))
        elif was is None:
            changes.append(AttributeChange("new", name))
        elif was.required and not fact.required:
            changes.append(AttributeChange("no_longer_required", name))
        if was is not None and _offer(was) != _offer(fact):
            changes.append(_choices_changed(was, fact))
    return changes + [AttributeChange("gone", name) for name in old if name not in new]


def _offer(fact: Fact) -> tuple[bool, frozenset[str]]:
    return fact.is_open, frozenset(choice.value for choice in fact.choices)


def _choices_changed(was: Fact, now: Fact) -> AttributeChange:
    old = [choice.value for choice in was.choices]
    new = [choice.value for choice in now.choices]
    return AttributeChange(
        "choices",
        now.name,
        tuple(value for value in new if value not in old),
        tuple(value for value in old if value not in new),
    )
