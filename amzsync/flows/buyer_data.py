"""What in an order is personal data, made known to the mask before anything else reads the order.

From the order as Amazon sent it, so that one that fits no contract gives nothing away either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from amzsync.mapping.addresses import LINE_LENGTH
from amzsync.redaction import hide_personal

_PERSONAL = ("buyer", "recipient", "tax")
# Where a buyer lives is told by the street. Places are named when an operator has to map them.
_PUBLIC = frozenset(
    {
        *("city", "districtOrCounty", "municipality", "neighborhood", "stateOrRegion"),
        *("postalCode", "countryCode", "addressType"),
        *("entityType", "taxRegistrationType", "buyerInvoicePreference", "key"),
    }
)
_NAMES = frozenset({"name", "buyerName", "legalName"})
_LINES = ("addressLine1", "addressLine2", "addressLine3")
# What stands before a neighbourhood: the neighbourhood itself is a place an operator has to map.
_BEFORE_PLACE = re.compile(r"(.+?)\s+\S+\s+(?:mahallesi|mah|mh)(?!\w)", re.IGNORECASE)
_BREAKS = re.compile(r"[^\w.' -]|\d")


def hide_buyer(raw: Mapping[str, Any]) -> None:
    """Have the buyer's data masked wherever it might turn up from now on."""
    for name in _PERSONAL:
        hide_personal(_texts(raw.get(name)))
    hide_personal(_gift_messages(raw.get("orderItems")))


def _texts(value: object, name: str = "") -> Iterator[str]:
    """Every text below that is no public one, as it is and as Omnitron is told it."""
    if isinstance(value, Mapping):
        lines = [str(value.get(key) or "").strip() for key in _LINES]
        yield " ".join(line for line in lines if line)[:LINE_LENGTH]
        for key, entry in value.items():
            if key not in _PUBLIC:
                yield from _texts(entry, key)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry, name)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
        if name in _NAMES:
            yield from str(value).split()  # Omnitron has first and last names apart
        elif name in _LINES and (found := _BEFORE_PLACE.match(str(value))):
            yield from _BREAKS.split(found[1])


def _gift_messages(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if key == "giftMessage":
                yield from _texts(entry)
            else:
                yield from _gift_messages(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _gift_messages(entry)
