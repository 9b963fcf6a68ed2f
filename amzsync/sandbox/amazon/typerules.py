"""Conditional requirements of a product type: `if` this is said, `then` that is required.

Source: JSON Schema 2019-09, if/then/else, contains; the shape of Amazon's own conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amzsync.sandbox.amazon.typeattributes import Schema


def says(attribute: str, *values: Any, member: str = "value") -> Schema:
    """That one of an attribute's instances has one of these values."""
    instance = {"required": [member], "properties": {member: {"enum": list(values)}}}
    return {"required": [attribute], "properties": {attribute: {"contains": instance}}}


def when(condition: Schema, required: Sequence[str]) -> Schema:
    """A rule: where the condition holds, these attributes are required."""
    return {"if": condition, "then": {"required": list(required)}}


IS_PARENT = says("parentage_level", "parent")
IS_CHILD = says("parentage_level", "child")

EXEMPT = says("supplier_declared_has_product_identifier_exemption", True)
IDENTIFIED = {
    "anyOf": [
        {"required": ["externally_assigned_product_identifier"]},
        {"required": ["merchant_suggested_asin"]},
        EXEMPT,
    ]
}
"""A barcode, an existing ASIN, or the declaration that the seller needs no barcode."""
