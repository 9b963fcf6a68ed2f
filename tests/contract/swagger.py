"""Requests and responses judged by Swagger 2.0 models, feed documents by their JSON schemas.

Stricter than the models in one thing: a member that a definition does not name is a fault, for it
is either misspelt or invented. Objects that a model leaves open stay open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft4Validator, Draft7Validator, FormatChecker
from jsonschema.protocols import Validator

from tests.contract.quick import Quick

FEED_DOCUMENT: Final = "listings-feed-schema-v2.json"
FEED_MESSAGE: Final = "listings-feed-message-schema-v2.json"
PROCESSING_REPORT: Final = "listings-feed-processing-report-schema-v2.json"

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII
)  # RFC 3339
_SEGMENT = re.compile(r"([A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+")  # RFC 3986
_FORMATS = FormatChecker(formats=())
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_PLAIN = ("type", "enum", "format", "pattern", "minLength", "maxLength", "minimum", "maximum")
_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "string": str,
    "integer": lambda text: int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else text,
    "number": lambda text: float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) else text,
    "boolean": lambda text: {"true": True, "false": False}.get(text, text),
}


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(_DATE_TIME.fullmatch(value) and datetime.fromisoformat(value))


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(len(value) == 10 and date.fromisoformat(value))


class Judge:
    """What a schema has against values, one line each."""

    def __init__(self, version: type[Validator], schema: Mapping[str, Any]) -> None:
        self.validator = version(schema, format_checker=_FORMATS)
        self.quick = Quick(self.validator, _FORMATS)

    def faults(self, value: Any, where: str) -> list[str]:
        """What is wrong with a value."""
        if self.quick.fits(value):
            return []
        return [
            f"{where}{error.json_path.removeprefix('$')}: {_short(error.message)}"
            for error in self.validator.iter_errors(value)
        ]

    def json_faults(self, content: bytes, where: str) -> list[str]:
        """What is wrong with a document."""
        try:
            value = json.loads(content)
        except ValueError:
            return [f"{where} is not JSON"]
        return self.faults(value, where)


def _short(text: str) -> str:
    """A message without the middle of the value it quotes."""
    return text if len(text) <= 300 else f"{text[:100]} … {text[-200:]}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is no body."""

    name: str
    required: bool
    schema: Mapping[str, Any]
    judge: Judge

    def faults(self, given: Sequence[str]) -> list[str]:
        """What is wrong with the texts given under its name."""
        if not given:
            return [f"{self.name} is required"] if self.required else []
        if self.schema.get("type") != "array":
            if len(given) > 1:
                return [f"{self.name} is given {len(given)} times"]
            return self.judge.faults(_value(given[0], self.schema), self.name)
        if self.schema.get("collectionFormat", "csv") == "multi":
            parts = list(given)
        elif len(given) > 1:
            return [f"{self.name} is repeated, but its values belong in one, with commas"]
        else:
            parts = given[0].split(",")
        if "" in parts:
            return [f"{self.name} has an empty entry"]
        items = [_value(part, self.schema["items"]) for part in parts]
        return self.judge.faults(items, self.name)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a model."""

    name: str
    method: str
    path: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Parameter]]
    body: Judge | None
    body_required: bool
    consumes: Sequence[str]
    responses: Mapping[int, Judge | None]

    def request_faults(
        self,
        path: str,
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        body: bytes,
    ) -> list[str]:
        """What is wrong with a request; `path` is raw, header names are lower case."""
        match = self.pattern.fullmatch(path)
        segments = match.groupdict() if match else {}
        found = [
            f"unknown query parameter {name}" for name in query if name not in self._in("query")
        ]
        for parameter in self._in("query").values():
            found += parameter.faults(query.get(parameter.name, ()))
        for parameter in self._in("header").values():
            given = headers.get(parameter.name.lower())
            found += parameter.faults([] if given is None else [given])
        for parameter in self._in("path").values():
            raw = segments.get(parameter.name, "")
            if not _SEGMENT.fullmatch(raw):
                found.append(f"{parameter.name} is not percent-encoded in the path")
            found += parameter.faults([unquote(raw)])
        return found + self._body_faults(headers, body)

    def response_faults(self, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
        """What is wrong with a response."""
        if status not in self.responses:
            return [f"status {status} is not one of {', '.join(map(str, self.responses))}"]
        judge = self.responses[status]
        if judge is None:
            return ["a body where there is none"] if body else []
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            return [f"status {status} is not answered in JSON"]
        return judge.json_faults(body, f"response {status}")

    def _in(self, place: str) -> Mapping[str, Parameter]:
        return self.parameters.get(place, {})

    def _body_faults(self, headers: Mapping[str, str], body: bytes) -> list[str]:
        if self.body is None:
            return ["a body where there is none"] if body else []
        if not body:
            return ["the body is required"] if self.body_required else []
        if headers.get("content-type", "").partition(";")[0] not in self.consumes:
            return [f"the body's type is not {' or '.join(self.consumes)}"]
        return self.body.json_faults(body, "body")


class Contract:
    """The official models of a folder."""

    def __init__(self, folder: Path) -> None:
        self.operations = [
            operation
            for path in sorted(folder.glob("*.json"))
            if "swagger" in (model := json.loads(path.read_text(encoding="utf-8")))
            for operation in _operations(model)
        ]
        self.documents = {
            name: Judge(Draft7Validator, json.loads((folder / name).read_text(encoding="utf-8")))
            for name in (FEED_DOCUMENT, FEED_MESSAGE, PROCESSING_REPORT)
        }

    def find(self, method: str, path: str) -> Operation | None:
        """The operation a request is meant for, by its raw path."""
        for operation in self.operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None

    def document_faults(self, schema: str, content: bytes) -> list[str]:
        """What a schema of the feeds has against a document."""
        return self.documents[schema].json_faults(content, schema.removesuffix(".json"))


def _operations(model: dict[str, Any]) -> Iterator[Operation]:
    definitions = _closed(model.get("definitions", {}))
    _resolve(definitions, definitions)
    shared = model.get("parameters", {})

    def body_of(schema: Mapping[str, Any]) -> Judge:
        resolved = _resolve(_closed(schema), definitions)
        return Judge(Draft4Validator, resolved)

    for path, entry in model["paths"].items():
        for method, operation in entry.items():
            if method not in _METHODS:
                continue
            rows = [
                shared[row["$ref"].rpartition("/")[2]] if "$ref" in row else row
                for row in [*entry.get("parameters", []), *operation.get("parameters", [])]
            ]
            bodies = [row for row in rows if row["in"] == "body"]
            places: dict[str, dict[str, Parameter]] = {}
            for row in rows:
                if row["in"] != "body":
                    places.setdefault(row["in"], {})[row["name"]] = _parameter(row)
            yield Operation(
                name=operation["operationId"],
                method=method.upper(),
                path=path,
                pattern=re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))),
                parameters=places,
                body=body_of(bodies[0]["schema"]) if bodies else None,
                body_required=bool(bodies and bodies[0].get("required")),
                consumes=operation.get("consumes") or model.get("consumes") or ["application/json"],
                responses={
                    int(status): body_of(row["schema"]) if "schema" in row else None
                    for status, row in operation["responses"].items()
                },
            )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    schema = {name: row[name] for name in (*_PLAIN, "minItems", "maxItems") if name in row}
    if "items" in row:
        schema["items"] = {name: row["items"][name] for name in _PLAIN if name in row["items"]}
        schema["collectionFormat"] = row.get("collectionFormat", "csv")
    judge = Judge(Draft4Validator, schema)
    return Parameter(row["name"], bool(row.get("required")), schema, judge)


def _closed(schema: Any) -> Any:
    """The same schema, its objects closed to members it does not name."""
    if isinstance(schema, list):
        return [_closed(row) for row in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: _closed(value) for name, value in schema.items() if name != "example"}
    if isinstance(closed.get("properties"), dict) and "type" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _resolve(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The same schema, definitions in the place of references to them: looking them up costs time.

    A definition that holds itself stays one object that holds itself.
    """
    if isinstance(schema, list):
        schema[:] = [_resolve(row, definitions) for row in schema]
    elif isinstance(schema, dict):
        if "$ref" in schema:
            return definitions[schema["$ref"].removeprefix("#/definitions/")]
        for name, value in schema.items():
            schema[name] = _resolve(value, definitions)
    return schema


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    return _PARSERS[schema.get("type", "string")](text)
