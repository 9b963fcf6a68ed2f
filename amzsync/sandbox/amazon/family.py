"""Variations: what the attributes of a listing tell of its family."""

from __future__ import annotations

from typing import Any

from amzsync.sandbox.amazon.attributes import Attributes


def is_parent(attributes: Attributes) -> bool:
    """Whether the listing only holds a family together and is not for sale itself."""
    return _first(attributes, "parentage_level").get("value") == "parent"


def parent_of(attributes: Attributes) -> str:
    """The SKU of the parent; empty for a listing without one."""
    if is_parent(attributes):
        return ""
    return str(_first(attributes, "child_parent_sku_relationship").get("parent_sku", ""))


def theme_of(attributes: Attributes) -> str:
    """The variation theme, such as COLOR/SIZE."""
    return str(_first(attributes, "variation_theme").get("name", ""))


def relationship(attributes: Attributes, member: str, skus: list[str]) -> dict[str, Any]:
    """A VARIATION relationship as the Listings Items API shows it; `member` holds the SKUs."""
    theme = theme_of(attributes)
    shown: dict[str, Any] = {"type": "VARIATION", member: skus}
    if theme:
        names = [part.lower() for part in theme.split("/")]
        shown["variationTheme"] = {"attributes": names, "theme": theme}
    return shown


def _first(attributes: Attributes, name: str) -> dict[str, Any]:
    rows = attributes.get(name)
    return rows[0] if rows and isinstance(rows[0], dict) else {}
