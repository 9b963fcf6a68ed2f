"""The quick judge says of every value what jsonschema says of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft7Validator

from amzsync.amazon.operations import OPERATIONS
from tests.contract.swagger import FEED_DOCUMENT, PROCESSING_REPORT, Contract, Judge

SCHEMAS: tuple[dict[str, Any], ...] = (
    *({"type": name} for name in ("object", "array", "string", "boolean", "number", "integer")),
    {"type": ["string", "null"]},
    {"type": "null"},
    {"enum": ["a", "b"]},
    {"enum": [1, True]},
    {"const": "a"},
    {"const": 1},
    {"format": "date"},
    {"pattern": "^a"},
    {"items": {"type": "string"}},
    {"items": [{"type": "string"}]},
    {"oneOf": [{"type": "string"}, {"minLength": 2}, {"minimum": 2}]},
    {"allOf": [{"minLength": 1}]},
    {"minLength": 2},
    {"maxLength": 1},
    {"minItems": 2},
    {"maxItems": 1},
    {"minimum": 1},
    {"maximum": 1},
    {"minimum": 1, "exclusiveMaximum": 2},
    {"properties": {"a": {"type": "string"}}},
    {"required": ["a"]},
    {"minProperties": 2},
    {"additionalProperties": False},
    {"additionalProperties": {"type": "string"}},
    {"properties": {"a": {}}, "additionalProperties": False},
    {"patternProperties": {"a": {"type": "string"}}, "additionalProperties": False},
    {"definitions": {"a": {"type": "string"}}, "items": {"$ref": "#/definitions/a"}},
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        2,
        -1,
        1.0,
        1.5,
        2.5,
        "",
        "a",
        "b",
        "ab",
        "2026-11-23",
        "2026-13-23",
    ),
    *([], ["a"], ["a", "b"], [1], [[]], {}, {"a": "a"}, {"a": 1}, {"b": "a"}, {"a": "a", "b": 1}),
)
OTHERS: tuple[Any, ...] = (None, -1, 1.5, "", "x", True, [], {})


@pytest.mark.parametrize("version", [Draft4Validator, Draft7Validator])
@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_each_keyword_means_what_jsonschema_takes_it_for(schema: Any, version: Any) -> None:
    if version is Draft4Validator and "exclusiveMaximum" in schema:
        schema = {"maximum": 2, "exclusiveMaximum": True}  # a number only since version 6
    judge = Judge(version, schema)

    for value in VALUES:
        assert judge.quick.fits(value) == judge.validator.is_valid(value), value


def test_a_schema_that_holds_itself_is_followed_down() -> None:
    tree: dict[str, Any] = {"type": "object", "additionalProperties": False}
    tree["properties"] = {"below": tree}
    judge = Judge(Draft4Validator, tree)

    assert judge.quick.fits({"below": {"below": {}}})
    assert not judge.quick.fits({"below": {"below": {"above": {}}}})


def test_published_answers_spoilt_in_many_places_are_judged_alike(
    sp_api_models: Path, contract: Contract
) -> None:
    judged = {True: 0, False: 0}
    for judge, value in _published(sp_api_models, contract):
        for spoilt in _spoilt(value):
            found = judge.quick.fits(spoilt)
            judged[found] += 1
            assert found == judge.validator.is_valid(spoilt), spoilt

    assert min(judged.values()) > 500


def _published(folder: Path, contract: Contract) -> Iterator[tuple[Judge, Any]]:
    for path in sorted(folder.glob("*.json")):
        for template, entry in json.loads(path.read_text("utf-8")).get("paths", {}).items():
            for method, row in entry.items():
                if isinstance(row, dict) and row.get("operationId") in OPERATIONS:
                    operation = contract.find(method.upper(), template)
                    assert operation is not None
                    for status, answer in row["responses"].items():
                        judge = operation.responses[int(status)]
                        if judge is not None:
                            yield from (
                                (judge, body) for body in answer.get("examples", {}).values()
                            )
    for name in (FEED_DOCUMENT, PROCESSING_REPORT):
        example = folder / name.replace(".json", ".example.json")
        yield contract.documents[name], json.loads(example.read_text("utf-8"))


def _spoilt(value: Any) -> Iterator[Any]:
    """The value as it is, and with every fourth part of it gone, doubled or of another kind."""
    yield value
    for place in islice(_places(value), 0, None, 4):
        for other in OTHERS:
            changed = copy.deepcopy(value)
            _parent(changed, place)[place[-1]] = other
            yield changed
        for change in (_drop, _add):
            changed = copy.deepcopy(value)
            change(_parent(changed, place), place[-1])
            yield changed


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    rows = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in rows:
        yield (*above, key)
        if isinstance(part, dict | list):
            yield from _places(part, (*above, key))


def _parent(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        value = value[key]
    return value


def _drop(parent: Any, key: Any) -> None:
    del parent[key]


def _add(parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        parent["invented"] = parent[key]
    else:
        parent.append(parent[key])
