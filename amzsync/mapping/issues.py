"""Issues of a listing: Amazon's words, and what the brand can do about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from amzsync.amazon.listings import plain
from amzsync.amazon.models.listings import Issue

_PRICE: Final = "check the price in Omnitron, and the prices allowed in Seller Central"
_MEND: Final = "mend it in Omnitron's Mapper"
_MAP: Final = "map it in Omnitron's Mapper"
_PICTURE: Final = "give the product another picture"
_LOOK: Final = "look at the listing in Seller Central"
# What mends an issue, by Amazon's category of it.
_CURES: Final[Mapping[str, str]] = {
    "INVALID_IMAGE": _PICTURE,
    "MISSING_IMAGE": "give the product a picture",
    "INVALID_PRICE": _PRICE,
    "MISSING_PRICE": "give the product a price",
    "QUALIFICATION_REQUIRED": "ask Amazon for approval in Seller Central",
    "DUPLICATE": "map the ASIN of the product Amazon has already",
}
# What every issue of some attribute may be in, wherever that attribute comes from.
_OF_ANY: Final[Mapping[str, str]] = {"INVALID_ATTRIBUTE": _MEND, "MISSING_ATTRIBUTE": _MAP}
# Attributes that come from no Mapper.
_PLACES: Final[Mapping[str, str]] = {
    "purchasable_offer": _PRICE,
    "fulfillment_availability": "check the stock in Omnitron, and the handling time on Amazon",
}
# A processing report has no categories, and some issues of a listing have none: then the code tells
# what is missing (required and not there, fewer values than asked for; sp-api.md §2.5.4).
_MISSING: Final = frozenset({"90220", "99022"})


def told(issue: Issue, *, mapped: bool = True) -> str:
    """An issue in Amazon's words, with the attribute and what mends it.

    `mapped`: it is about a product, whose attributes come from the Mapper; a stock or a price has
    no place there.
    """
    text, cures = plain(issue), _cures(issue) if mapped else _by_place(issue)
    return f"{text.rstrip('.')}: {cures[0]}" if cures else text


def _cures(issue: Issue) -> list[str]:
    known = [*_by_category(issue, _CURES), *_by_place(issue), *_by_category(issue, _OF_ANY)]
    return known or [_by_code(issue)]


def _by_category(issue: Issue, cures: Mapping[str, str]) -> list[str]:
    return [cures[each] for each in issue.categories if each in cures]


def _by_place(issue: Issue) -> list[str]:
    names = [name.partition(".")[0] for name in issue.attribute_names]
    return [_PLACES[name] for name in names if name in _PLACES]


def _by_code(issue: Issue) -> str:
    if not issue.attribute_names:
        return _LOOK
    if any("image_locator" in name for name in issue.attribute_names):
        return _PICTURE
    return _MAP if issue.code in _MISSING else _MEND
