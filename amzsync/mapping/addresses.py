"""Addresses: from Amazon's fields to the names Omnitron knows places by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from amzsync.amazon.models.orders import Address

LINE_LENGTH = 255  # omnitron-api.md §2.10, address.line

# "Caferağa Mah.", "Caferağa Mahallesi", "Caferağa Mh": how a neighbourhood is written in a Turkish
# address line; Amazon has a field of its own for Brazil only (sp-api.md §2.1.4).
_NEIGHBOURHOOD = re.compile(r"(\w[\w.' -]*?)\s+(?:mahallesi|mah|mh)(?!\w)\.?", re.IGNORECASE)
# "19 Mayıs Mah." has its number in the name, "No: 5 Caferağa Mah." has not.
_NUMBER = re.compile(r"^\d+\.?\s+")


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """An address in Omnitron's terms, its places by name still.

    `cities`, `townships` and `districts` are candidates in the order they are tried.
    """

    first_name: str
    last_name: str
    email: str
    phone_number: str
    country_code: str
    cities: tuple[str, ...]
    townships: tuple[str, ...]
    districts: tuple[str, ...]
    line: str
    postcode: str | None = None
    notes: str | None = None
    company_name: str = ""
    tax_office: str = ""
    tax_no: str = ""


def names(full_name: str) -> tuple[str, str]:
    """(first names, last name) of a name; Omnitron wants both, so a single word gets a dash."""
    words = full_name.split()
    if not words:
        return "-", "-"
    if len(words) == 1:
        return words[0], "-"
    return " ".join(words[:-1]), words[-1]


def cities(address: Address) -> tuple[str, ...]:
    """City names to try: stateOrRegion (the province in Türkiye), then city."""
    return _candidates(address.state_or_region, address.city)


def townships(address: Address) -> tuple[str, ...]:
    """Township names to try: districtOrCounty, municipality, then city."""
    return _candidates(address.district_or_county, address.municipality, address.city)


def neighbourhoods(address: Address) -> tuple[str, ...]:
    """Neighbourhood names to try: Amazon's own field, else what the address lines call one.

    As written first, then in the usual spellings: Omnitron compares districts letter by letter.
    """
    own = address.extended_fields.neighborhood
    written = (own,) if own else lines(address)
    found = [match for match in map(_NEIGHBOURHOOD.search, written) if match]
    called = [(match[0], match[1]) for match in found] or ([(own, own)] if own else [])
    return _candidates(
        *(
            text
            for as_written, whole in called
            for name in dict.fromkeys((whole, _NUMBER.sub("", whole)))
            for text in (as_written, f"{name} Mah.", f"{name} Mahallesi", name)
        )
    )


def lines(address: Address) -> tuple[str, ...]:
    """The address lines that say something."""
    return _candidates(address.address_line1, address.address_line2, address.address_line3)


def line_and_notes(address: Address) -> tuple[str, str | None]:
    """The one line Omnitron has, and the whole text as notes where it does not fit."""
    whole = " ".join(lines(address))
    return (whole, None) if len(whole) <= LINE_LENGTH else (whole[:LINE_LENGTH], whole)


def _candidates(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
