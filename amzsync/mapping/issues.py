"""Issues of a listing: Amazon's words, and what the brand can do about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from amzsync.amazon.listings import plain
from amzsync.amazon.models.listings import Issue

# What mends an issue, by Amazon's category of it.
_CURES: Final[Mapping[str, str]] = {
    "INVALID_ATTRIBUTE": "mend it in Omnitron's Mapper",
    "MISSING_ATTRIBUTE": "map it in Omnitron's Mapper",
    "INVALID_IMAGE": "give the product another picture",
    "MISSING_IMAGE": "give the product a picture",
    "INVALID_PRICE": "check the price in Omnitron, and the prices allowed in Seller Central",
    "MISSING_PRICE": "give the product a price",
    "QUALIFICATION_REQUIRED": "ask Amazon for approval in Seller Central",
    "DUPLICATE": "map the ASIN of the product Amazon has already",
}


def told(issue: Issue) -> str:
    """An issue in Amazon's words, with the attribute and what mends it."""
    cure = next((_CURES[each] for each in issue.categories if each in _CURES), "")
    text = plain(issue)
    return f"{text.rstrip('.')}: {cure}" if cure else text
