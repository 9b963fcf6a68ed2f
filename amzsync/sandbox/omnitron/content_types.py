"""Content types: Omnitron's model names and their numeric ids. Source: omnitron-api §2.2, §3.2."""

from __future__ import annotations

from typing import Any

# The document shows app_label "products" only; the other labels and all ids are ours.
_MODELS = {
    "products": ("product", "productprice", "productstock", "productimage", "productcategory"),
    "orders": ("order", "orderitem", "cancellationrequest"),
    "channels": ("channel", "batchrequest", "integrationaction"),
    "catalogs": ("categorytree", "categorynode"),
    "marketplaces": (
        "marketplaceattributeset",
        "marketplaceattributesetconfig",
        "marketplaceattribute",
        "marketplaceattributeschema",
        "marketplaceattributevalue",
        "marketplaceattributevalueconfig",
    ),
}

CONTENT_TYPES: dict[str, dict[str, Any]] = {
    model: {"id": pk, "app_label": label, "model": model}
    for pk, (label, model) in enumerate(
        ((label, model) for label, models in _MODELS.items() for model in models), start=11
    )
}
_BY_ID: dict[int, str] = {row["id"]: model for model, row in CONTENT_TYPES.items()}


def id_of(model: str) -> int:
    """The numeric id of a model."""
    pk: int = CONTENT_TYPES[model]["id"]
    return pk


def model_of(pk: Any) -> str | None:
    """The model of a numeric id; None when there is none."""
    return _BY_ID.get(pk) if isinstance(pk, int) else None
