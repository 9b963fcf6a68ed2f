"""Keys a brand adds to the settings through schema_type, and their values."""

from __future__ import annotations

import json
from typing import Any

from amzsync.config.findings import Findings
from amzsync.config.known import fields

TYPES: dict[str, type] = {"list": list, "text": str, "integer": int, "bool": bool, "json": dict}

_SENTENCES = {
    "list": "must be a list",
    "text": "must be text in quotes",
    "integer": "must be a whole number",
    "bool": "must be true or false",
    "json": "must be a table, a list or a text with JSON in it",
}


def declared(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The well-formed entries of schema_type that add a key.

    Entries for settings amzsync has anyway add nothing: Omnitron's own schema lists those too. What
    is malformed is left to the models to report.
    """
    schema = values.get("schema_type")
    entries = schema.items() if isinstance(schema, dict) else ()
    return {
        name: entry
        for name, entry in entries
        if isinstance(entry, dict)
        and (name,) not in fields()
        and str(entry.get("data_type", "text")) in TYPES
    }


def take(
    values: dict[str, Any], schema: dict[str, dict[str, Any]], findings: Findings
) -> dict[str, Any]:
    """Move the brand's values out of `values`; what is wrong with them goes to `findings`."""
    taken: dict[str, Any] = {}
    for name, entry in schema.items():
        if entry.get("key", name) != name:
            findings.add(("schema_type", name, "key"), "differs from its table", f'write "{name}"')
        data_type = entry.get("data_type", "text")
        value = values.pop(name, "")
        if value == "":
            if entry.get("required") is True:
                findings.add((name,), "is required by schema_type", f"add {name}, a {data_type}")
        elif (read := _read(value, data_type)) is None:
            findings.add((name,), _SENTENCES[data_type], "or change its data_type in schema_type")
        else:
            taken[name] = read
    return taken


def _read(value: Any, data_type: str) -> Any:
    """The value if it is of that type, else None."""
    if data_type == "json":
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                return None
        return value if isinstance(value, dict | list) else None
    return value if type(value) is TYPES[data_type] else None
