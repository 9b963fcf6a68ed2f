"""Goods that satisfy any product type: what its schema requires, filled with invented values.

Built with the jsonschema package from the published schema alone, not with the sandbox's checker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError

from tests.unit.sandbox.amazon_api import TURKIYE, Api, price, stock

TYPES = "/definitions/2020-09-01/productTypes"
BARCODE = "8690000009999"
NODE = "21324945031"
_NO_CODE = "externally_assigned_product_identifier"

Attributes = dict[str, list[dict[str, Any]]]


def definition(api: Api, product_type: str, **parameters: str) -> Any:
    """The body of getDefinitionsProductType."""
    query = {"marketplaceIds": TURKIYE} | parameters
    answer = api.call("GET", f"{TYPES}/{product_type}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def schema(api: Api, product_type: str, **parameters: str) -> Any:
    """The schema document behind its link."""
    return api.http.get(
        definition(api, product_type, **parameters)["schema"]["link"]["resource"]
    ).json()


def goods(document: Any, **given: Any) -> Attributes:
    """Attributes with all the schema requires; `given` ones are taken as they are."""
    attributes: Attributes = {name: value for name, value in given.items() if value is not None}
    check = Draft201909Validator(document)
    while lacking := list(_lacking(check.iter_errors(attributes))):
        for name in lacking:
            attributes[name] = _example(document, name)
    return attributes


def offered(document: Any, **given: Any) -> Attributes:
    """The same with a quantity, so that it can be bought once it is live."""
    return goods(document, **{"fulfillment_availability": stock(5)["value"], **given})


def _lacking(errors: Iterator[ValidationError]) -> Iterator[str]:
    for error in errors:
        if error.validator == "required" and not error.path:
            yield error.message.split("'")[1]
        elif error.validator == "anyOf" and not error.path:
            yield _NO_CODE


def _example(document: Any, name: str) -> list[dict[str, Any]]:
    known: dict[str, list[dict[str, Any]]] = {
        _NO_CODE: [{"type": "ean", "value": BARCODE, "marketplace_id": TURKIYE}],
        "purchasable_offer": price(149.9)["value"],
        "recommended_browse_nodes": [{"value": NODE, "marketplace_id": TURKIYE}],
        "cosmetic_notification": [{"value": "12345678", "marketplace_id": TURKIYE}],
    }
    made: list[dict[str, Any]] = known.get(name) or _value(document, document["properties"][name])
    return made


def _value(document: Any, rule: Any) -> Any:
    if "$ref" in rule:
        return document["$defs"][rule["$ref"].rpartition("/")[2]]["default"]
    if "enum" in rule:
        return rule["enum"][-1]
    if rule["type"] == "array":
        return [_value(document, rule["items"])]
    if rule["type"] == "object":
        wanted = [*rule["required"], *(["marketplace_id"] if _placed(rule) else [])]
        return {name: _value(document, rule["properties"][name]) for name in wanted}
    if "pattern" in rule:
        return "https://images.example.com/1.jpg"
    return "Örnek" if rule["type"] == "string" else 12


def _placed(rule: Any) -> bool:
    return "marketplace_id" in rule["properties"]
