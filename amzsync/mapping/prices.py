"""Prices: from what Omnitron has to what Amazon is told, and what Amazon shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from amzsync.amazon.assumptions import PRICE_PATCH_OP
from amzsync.amazon.models.listings import ListingsItem
from amzsync.config.marketplaces import Marketplace
from amzsync.mapping.money import smallest_unit

_OFFER = "purchasable_offer"
_REPORTED = re.compile(r"\d+([.,]\d+)*")
_GROUP = 3  # digits of a thousand


def price_text(price: Decimal, currency: str) -> str:
    """The price in the smallest unit of its currency, half a unit rounded up: "12.50", "1250"."""
    return format(price.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP), "f")


def price_fault(price: Decimal, currency: str, marketplace: Marketplace) -> str:
    """Why a price cannot be one of the marketplace; "" when it can."""
    if currency.upper() != marketplace.currency:
        return f"is in {currency.upper()}, the marketplace sells in {marketplace.currency}"
    if price.quantize(smallest_unit(marketplace.currency), rounding=ROUND_HALF_UP) <= 0:
        return f"is {price} {marketplace.currency}, not above 0"
    return ""


def price_patches(price: Decimal, marketplace: Marketplace) -> list[dict[str, Any]]:
    """The JSON Patch that sets the price consumers pay and leaves the rest of the offer alone.

    Running sales, the lowest and highest price allowed and prices for businesses stay as they are.
    Source: sp-api.md §2.5.4.
    """
    offer = {
        "marketplace_id": marketplace.id,
        "currency": marketplace.currency,
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
    }
    return [{"op": PRICE_PATCH_OP, "path": f"/attributes/{_OFFER}", "value": [offer]}]


def live_price(item: ListingsItem, marketplace: Marketplace) -> str | None:
    """The price consumers are asked, sales apart; None when the listing shows none.

    `offers` is what is live, `attributes` what was submitted (sp-api.md §2.5.2). A live price that
    is one of the submitted sale prices is a sale: then the price below it is the submitted one, as
    it is where Amazon shows no live offer at all.
    """
    submitted = next(
        (row for row in _rows(item.attributes.get(_OFFER)) if _is_ours(row, marketplace)), {}
    )
    live = [
        row.price.amount
        for row in item.offers
        if row.marketplace_id == marketplace.id and row.offer_type != "B2B"
    ]
    if not live or live[0] in _amounts(submitted.get("discounted_price")):
        live = _amounts(submitted.get("our_price"))
    return price_text(live[0], marketplace.currency) if live else None


def report_price(text: str, currency: str) -> str | None:
    """A price as a report writes it, spelt as `price_text` does; None where there is none.

    The decimal separator is the marketplace's (sp-api.md §2.10.1). No currency sold in has three
    decimals: three digits after the last separator are thousands, whatever it is.
    """
    if not _REPORTED.fullmatch(text.strip()):
        return None
    *groups, last = re.split(r"[.,]", text.strip())
    whole = "".join(groups)
    number = f"{whole}.{last}" if whole and len(last) != _GROUP else f"{whole}{last}"
    return price_text(Decimal(number), currency)


def _is_ours(row: Mapping[str, Any], marketplace: Marketplace) -> bool:
    ours = {"marketplace_id": marketplace.id, "currency": marketplace.currency, "audience": "ALL"}
    return all(row.get(name, value) == value for name, value in ours.items())


def _amounts(prices: Any) -> list[Decimal]:
    """The amounts of a price with its schedules, as Amazon nests them."""
    schedules = (entry for row in _rows(prices) for entry in _rows(row.get("schedule")))
    values = (entry.get("value_with_tax") for entry in schedules)
    return [Decimal(str(value)) for value in values if isinstance(value, int | float)]


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
