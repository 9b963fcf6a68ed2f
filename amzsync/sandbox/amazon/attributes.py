"""Listing attributes: JSON Patch with selectors, and what Amazon checks at once.

An attribute is a list of instances; its selectors tell which instance a value means. Source: the
documents of Listings Items 2021-08-01 on patches. The issue codes 90220 (missing) and 99022 (too
few values) are Amazon's, as its processing report example shows them; 90244 for a bad value is the
sandbox's choice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.replies import ApiError

Attributes = dict[str, list[dict[str, Any]]]
Issue = dict[str, Any]

OPERATIONS = ("add", "replace", "merge", "delete")
_PREFIX = "/attributes/"
_SELECTORS = {
    "fulfillment_availability": ("fulfillment_channel_code",),
    "purchasable_offer": ("marketplace_id", "currency", "audience"),
    "list_price": ("marketplace_id", "currency"),
}
_OTHER_SELECTORS = ("marketplace_id", "language_tag")
_DEFAULTS = {"audience": "ALL"}


def check_patches(patches: object) -> list[dict[str, Any]]:
    """The patches of a request. Errors: 400 where they are no patches of whole attributes."""
    if not isinstance(patches, list) or not patches:
        raise _bad("patches is required.")
    for patch in patches:
        if not isinstance(patch, dict) or patch.get("op") not in OPERATIONS:
            raise _bad("op must be one of add, replace, merge, delete.")
        name = name_of(patch)
        values = patch.get("value")
        if not isinstance(values, list) or not values:
            raise _bad(f"{name}: value is required.")
        if not all(isinstance(value, dict) for value in values):
            raise _bad(f"{name}: value must be a list of objects.")
        if name == "fulfillment_availability" and any(
            not value.get("fulfillment_channel_code") for value in values
        ):
            raise _bad("fulfillment_availability: fulfillment_channel_code is required.")
    return patches


def patched(attributes: Attributes, patches: list[dict[str, Any]]) -> Attributes:
    """The attributes after the patches; the argument stays as it is."""
    result = dict(attributes)
    for patch in patches:
        name = name_of(patch)
        instances = list(result.get(name, []))
        for value in patch["value"]:
            instances = _applied(name, instances, patch["op"], value)
        result[name] = instances
    return {name: instances for name, instances in result.items() if instances}


def issues_of(attributes: Attributes) -> list[Issue]:
    """What is wrong with the values of stock and offer."""
    found: list[Issue] = []
    for value in attributes.get("fulfillment_availability", []):
        found += _stock_issues(value)
    for value in attributes.get("purchasable_offer", []):
        found += _offer_issues(value)
    return found


def issue(code: str, message: str, attribute: str, category: str = "INVALID_ATTRIBUTE") -> Issue:
    """An ERROR as the Listings Items API words it."""
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": [category],
    }


def missing(attribute: str) -> Issue:
    """The issue of a required attribute that is not there."""
    message = f"'[{attribute}]' is required but not supplied."
    return issue("90220", message, attribute, "MISSING_ATTRIBUTE")


def name_of(patch: dict[str, Any]) -> str:
    """The attribute a patch is about. Errors: 400 where it is none at the top."""
    path = patch.get("path")
    name = path.removeprefix(_PREFIX) if isinstance(path, str) else ""
    if not name or name == path or "/" in name:
        raise _bad("path must name a top-level attribute: /attributes/<name>.")
    return name


def _bad(details: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", "Invalid input", details)


def _selector(name: str, value: dict[str, Any]) -> tuple[Any, ...]:
    members = _SELECTORS.get(name, _OTHER_SELECTORS)
    return tuple(value.get(member) or _DEFAULTS.get(member) for member in members)


def _applied(
    name: str, instances: list[dict[str, Any]], op: str, value: dict[str, Any]
) -> list[dict[str, Any]]:
    wanted = _selector(name, value)
    same = [one for one in instances if _selector(name, one) == wanted]
    others = [one for one in instances if _selector(name, one) != wanted]
    if op == "delete":
        return others
    if op == "merge" and same:
        return [*others, {**same[0], **value}]
    return [*others, value]


def _stock_issues(value: dict[str, Any]) -> list[Issue]:
    found = []
    by_amazon = str(value.get("fulfillment_channel_code", "")).startswith("AMAZON_")
    quantity = value.get("quantity")
    if quantity is not None and (by_amazon or not _is_count(quantity)):
        found.append(_bad_value("fulfillment_availability.quantity", quantity))
    lead_time = value.get("lead_time_to_ship_max_days")
    if lead_time is not None and not _is_count(lead_time):
        found.append(_bad_value("fulfillment_availability.lead_time_to_ship_max_days", lead_time))
    return found


def _offer_issues(value: dict[str, Any]) -> list[Issue]:
    market = MARKETPLACES.get(str(value.get("marketplace_id")))
    if market is None:
        return [missing("purchasable_offer.marketplace_id")]
    if value.get("currency") != market.currency:
        return [_bad_value("purchasable_offer.currency", value.get("currency"))]
    prices = value.get("our_price")
    if not isinstance(prices, list) or not prices:
        return [_too_few("prices", "purchasable_offer.our_price")]
    schedule = prices[0].get("schedule") if isinstance(prices[0], dict) else None
    if not isinstance(schedule, list) or not schedule or not isinstance(schedule[0], dict):
        return [_too_few("schedule", "purchasable_offer.our_price.schedule")]
    price = schedule[0].get("value_with_tax")
    if not _is_price(price, market.decimals):
        return [_bad_value("purchasable_offer.our_price.schedule.value_with_tax", price)]
    return []


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_price(value: object, decimals: int) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        return False
    exact = Decimal(str(value))
    return exact == round(exact, decimals)


def _bad_value(attribute: str, value: object) -> Issue:
    top = attribute.partition(".")[0]
    return issue("90244", f"The value '{value}' for '{attribute}' is invalid.", top)


def _too_few(field: str, attribute: str) -> Issue:
    message = (
        f"The field '\"{field}\"' for the attribute '{attribute}' does not have enough values. "
        "The required minimum is '1' value(s)."
    )
    return issue("99022", message, attribute)
