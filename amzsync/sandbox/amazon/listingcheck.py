"""What Amazon says at once of a submission: its product type's schema, put into issues.

Codes 90220 (missing), 99022 (too few values) and 90000900 (no such attribute) are those of the
models' examples; 90244 for every other fault of a value is the sandbox's choice. Only instances of
the marketplace written to are judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import MARKETPLACES
from amzsync.sandbox.amazon.attributes import Attributes, Issue, issue, issues_of, missing
from amzsync.sandbox.amazon.schemacheck import Fault, faults, part_faults
from amzsync.sandbox.amazon.typeattributes import Schema
from amzsync.sandbox.amazon.typeschemas import Wanted, schema_of

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

GENERIC = "PRODUCT"  # stands for any product type when only an offer is written

_TOO_FEW = ("minItems", "minUniqueItems")
_LIMITS = {
    "maxItems": "has more than '{}' value(s)",
    "maxUniqueItems": "has more than '{}' value(s)",
    "minLength": "is shorter than '{}' character(s)",
    "maxLength": "is longer than '{}' characters",
    "minUtf8ByteLength": "is shorter than '{}' byte(s)",
    "maxUtf8ByteLength": "is longer than '{}' bytes",
    "minimum": "is less than '{}'",
    "exclusiveMinimum": "is not greater than '{}'",
    "maximum": "is greater than '{}'",
    "pattern": "does not match '{}'",
}


def whole_issues(
    world: AmazonWorld, product_type: str, requirements: str, attributes: Attributes, place: str
) -> list[Issue]:
    """What is wrong with a full set of attributes."""
    if product_type not in world.types:
        return [_unknown_type(product_type)]
    schema = _schema(world, product_type, requirements, place)
    found = [_issue(fault) for fault in faults(schema, _of_place(attributes, place))]
    return _first_of_each([*issues_of(attributes), *found, *_node_issues(world, attributes)])


def changed_issues(
    world: AmazonWorld, product_type: str, attributes: Attributes, names: list[str], place: str
) -> list[Issue]:
    """What is wrong with the attributes of these names, whatever else is required."""
    schema = _schema(world, product_type, "", place)
    here = _of_place(attributes, place)
    found = []
    for name in names:
        if name not in schema["properties"]:
            found.append(_foreign(name))
        elif name in here:
            found += [_issue(fault) for fault in part_faults(schema, name, here[name])]
    changed = {name: attributes[name] for name in names if name in attributes}
    return _first_of_each([*issues_of(attributes), *found, *_node_issues(world, changed)])


def type_issues(world: AmazonWorld, product_type: str) -> list[Issue]:
    """What is wrong with the type a patch names."""
    known = product_type == GENERIC or product_type in world.types
    return [] if known else [_unknown_type(product_type)]


def _schema(world: AmazonWorld, name: str, requirements: str, place: str) -> Schema:
    """The schema to judge by; without requirements it asks for nothing."""
    one = world.types.get(name)
    key = (name, one.version, requirements, place)
    schema = world.types.judged_by.get(key)
    if schema is None:
        wanted = Wanted(
            MARKETPLACES[place],
            requirements=requirements or "LISTING",
            enforced=bool(requirements),
        )
        schema = world.types.judged_by[key] = schema_of(one, wanted)
    return schema


def _of_place(attributes: Attributes, place: str) -> Attributes:
    """The attributes without instances of other marketplaces."""
    here = {
        name: [row for row in rows if _is_of(row, place)]
        if isinstance(rows, list) and rows
        else rows
        for name, rows in attributes.items()
    }
    return {name: rows for name, rows in here.items() if rows or not attributes[name]}


def _is_of(row: Any, place: str) -> bool:
    return not isinstance(row, dict) or row.get("marketplace_id", place) == place


def _issue(fault: Fault) -> Issue:
    top = str(fault.path[0]) if fault.path else ""
    name = ".".join(step for step in fault.path if isinstance(step, str))
    if fault.keyword == "required":
        return _missing(name, top)
    if fault.keyword == "anyOf" and not top:
        return _issue(fault.branches[0][0])
    if fault.keyword == "additionalProperties" and len(fault.path) == 1:
        return _foreign(top)
    if fault.keyword in _TOO_FEW:
        message = (
            f"The field '\"{fault.path[-1]}\"' for the attribute '{name}' does not have enough "
            f"values. The required minimum is '{fault.rule}' value(s)."
        )
        return issue("99022", message, top)
    if fault.keyword in _LIMITS:
        message = f"The value for '{name}' {_LIMITS[fault.keyword].format(fault.rule)}."
        return issue("90244", message, top)
    if fault.keyword == "additionalProperties":
        return issue("90244", f"'{name}' is not a member of the attribute.", top)
    return issue("90244", f"The value '{fault.value}' for '{name}' is invalid.", top)


def _missing(name: str, top: str) -> Issue:
    found = missing(name) | {"attributeNames": [top]}
    if top in ("purchasable_offer", "list_price"):
        found["categories"] = ["MISSING_ATTRIBUTE", "MISSING_PRICE"]
    if top == "main_product_image_locator":
        found["categories"] = ["MISSING_ATTRIBUTE", "MISSING_IMAGE"]
    return found


def _foreign(name: str) -> Issue:
    return {**issue("90000900", "The attributes are invalid.", name), "categories": []}


def _unknown_type(product_type: str) -> Issue:
    return issue("90244", f"The product type '{product_type}' is unknown.", "product_type")


def _node_issues(world: AmazonWorld, attributes: Attributes) -> list[Issue]:
    """What is wrong with the categories: there must be such nodes."""
    name = "recommended_browse_nodes"
    return [
        issue("90244", f"The value '{row.get('value')}' for '{name}' is invalid.", name)
        for row in attributes.get(name, [])
        if isinstance(row, dict) and str(row.get("value")) not in world.browse
    ]


def _first_of_each(issues: list[Issue]) -> list[Issue]:
    """The issues, without those that say a second time that something is wrong with a value."""
    found: dict[tuple[str, str], Issue] = {}
    for one in issues:
        says = one["message"] if one["code"] in ("90220", "90000900") else ""
        found.setdefault((one["attributeNames"][0].partition(".")[0], says), one)
    return list(found.values())
