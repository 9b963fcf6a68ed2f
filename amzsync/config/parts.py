"""Some of the manual's settings on their own, as Omnitron's form has them: read, and compared."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from amzsync.config.channel import FeatureFlags
from amzsync.config.document import Document
from amzsync.config.findings import Findings
from amzsync.config.known import Path, fields
from amzsync.config.manual import ManualSettings

# Stands in for what a part of the settings leaves out, so that the rest can be read by the models.
_STAND_INS: dict[str, Any] = {
    name: "https://example.invalid" if name == "base_url" else "-"
    for name, field in ManualSettings.model_fields.items()
    if field.is_required() and name != "feature_flags"
}


def read_part(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings as the models understand them, by name; what is wrong with others, dotted.

    What is wrong is taken out of `values`: a row of a table with the user's own keys by itself.
    """
    faults: dict[str, str] = {}
    while True:
        try:
            read = ManualSettings.model_validate(_whole(values))
        except ValidationError as error:
            found = Findings(Document(FilePath(), {}, {}, private=True), {})
            found.invalid(error)
            for row in found.problems:
                faults[row.key] = row.message
                _take_out(values, row.key)
        else:
            return {name: as_given(read, name, value) for name, value in values.items()}, faults


def _take_out(values: dict[str, Any], key: str) -> None:
    name, _, inner = key.partition(".")
    table = values.get(name)
    if isinstance(table, dict) and is_users_table((name,)):
        rows = [one for one in table if inner == one or inner.startswith(f"{one}.")]
        for one in rows:
            del table[one]
        if rows:
            return
    values.pop(name, None)


def as_given(read: ManualSettings, name: str, given: Any) -> Any:
    """A setting as the models understand it; of a table with fixed keys only what was given."""
    value = read.model_dump(by_alias=True, include={name})[name]
    return value if is_users_table((name,)) else _like(value, given)


def is_users_table(path: Path) -> bool:
    """Whether the setting is a table whose keys are the user's own."""
    return str(fields()[path].annotation).startswith("dict[")


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    flags = dict.fromkeys(FeatureFlags.model_fields, False)
    given = values.get("feature_flags", {})
    merged = {**flags, **given} if isinstance(given, dict) else given
    return {**_STAND_INS, **values, "feature_flags": merged}


def _like(value: Any, given: Any) -> Any:
    """The part of a nested value that has the shape of what was given."""
    if not isinstance(value, dict) or not isinstance(given, dict):
        return value
    return {key: _like(value[key], inner) for key, inner in given.items() if key in value}
