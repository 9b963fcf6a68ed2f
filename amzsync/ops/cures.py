"""The cure of every known cause, found by flow, code and message.

The manual's error list is among them, word for word. Codes that are not ours (Amazon's issues, what
Omnitron calls a refusal) have the cure of their side: nothing is without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final

from amzsync.ops import cures_catalogue, cures_orders
from amzsync.ops.cure import Cure

_SHORTEST: Final = 10  # letters of a message that is told from others by it
_ORDER_FLOWS: Final = ("orders.", "cancellations.", "refunds.")
_TREE_FLOWS: Final = ("categories.", "attributes.", "channel.")


def _by_code(cures: Iterable[Cure]) -> dict[str, Cure]:
    found: dict[str, Cure] = {}
    for cure in cures:
        found.setdefault(cure.cause, cure)
    return found


_ORDERS: Final = _by_code((*cures_orders.CURES, *cures_orders.MESSAGES))
_CATALOGUE: Final = _by_code((*cures_catalogue.CURES, *cures_catalogue.MESSAGES))


@lru_cache(maxsize=4096)
def cures_of(flow: str, code: str, reason: str) -> tuple[Cure, ...]:
    """What mends a record that flow holds back with that code and message; never nothing.

    Several where the message tells several faults.
    """
    known = known_cure(flow, code)
    side = cures_orders.MESSAGES if _of_orders(flow) else cures_catalogue.MESSAGES
    # A code of ours says what kind of message it is; a far side's may be anything.
    told = [cure for cure in side if known is None or cure.cause == code]
    named = tuple(cure for cure in told if _pattern(cure.message).search(reason))
    return named or (known or replace(_of_side(flow), cause=code),)


def known_cure(flow: str, code: str) -> Cure | None:
    """The cure of a code of ours; None for a far side's own."""
    first, second = _ORDERS, _CATALOGUE
    if not _of_orders(flow):
        first, second = second, first
    return first.get(code) or second.get(code)


def cures_of_cause(cause: str) -> tuple[Cure, ...]:
    """Every cure that goes by that code; empty for a code that is not ours."""
    return tuple(cure for cure in every_cure() if cure.cause == cause)


def cures_of_message(text: str) -> tuple[Cure, ...]:
    """The cures of the known messages in a text, as somebody copies it from a log."""
    return tuple(
        cure
        for cure in every_cure()
        if len(cure.message.replace("...", "")) >= _SHORTEST and _pattern(cure.message).search(text)
    )


def every_cure() -> tuple[Cure, ...]:
    """All there are, but for those of a far side's own codes."""
    return (
        *cures_orders.MESSAGES,
        *cures_catalogue.MESSAGES,
        *cures_orders.CURES,
        *cures_catalogue.CURES,
    )


def _of_side(flow: str) -> Cure:
    """The cure of a refusal in a far side's own words."""
    if flow == "orders.push":
        return cures_orders.AMAZON_REFUSES
    if _of_orders(flow):
        return cures_orders.OMNITRON_REFUSES
    if flow.startswith(_TREE_FLOWS):
        return cures_catalogue.OMNITRON_REFUSES
    return cures_catalogue.AMAZON_REFUSES


def _of_orders(flow: str) -> bool:
    return flow.startswith(_ORDER_FLOWS)


@cache
def _pattern(message: str) -> re.Pattern[str]:
    """A message as it reads: "..." stands for anything."""
    parts = (re.escape(part.strip()) for part in message.split("...") if part.strip(" .:;,()"))
    return re.compile(r".+?".join(parts), re.IGNORECASE | re.DOTALL)
