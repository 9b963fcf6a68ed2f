"""Problems in words: gathered one by one, each with its key, its line and a way to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from amzsync.config.channel import SchemaField, ShippingCompany
from amzsync.config.document import Document
from amzsync.config.known import Path, dotted, fields, nearest
from amzsync.config.toml_text import toml, toml_key
from amzsync.errors import Problem

# Pydantic's own sentences speak of Python; these speak of the file, and repeat no value.
_SENTENCES = {
    "missing": "is required",
    "bool_type": "must be true or false",
    "datetime_type": "must look like 2024-08-29T14:30:00Z (UTC)",
    "dict_type": "must be a table",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int_type": "must be a whole number",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "model_type": "must be a table",
    "string_too_long": "must have {max_length} characters or fewer",
    "string_too_short": "must not be blank",
    "string_type": "must be text in quotes",
    "tuple_type": "must be a list",
}

_USERS_TABLES: dict[str, type[BaseModel]] = {
    "schema_type": SchemaField,
    "shipping_company_mapping": ShippingCompany,
}


class Findings:
    """All problems of one file and of the environment laid over it."""

    def __init__(self, document: Document, variables: Mapping[Path, str]) -> None:
        self._document = document
        self._variables = variables
        self._seen: set[Path] = set()
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str, cure: str = "") -> None:
        """Note a problem with a key; the first one said of a key stands."""
        if path in self._seen:
            return
        self._seen.add(path)
        outer = (path[:length] for length in range(len(path), 0, -1))
        variable = next((self._variables[one] for one in outer if one in self._variables), None)
        where = f" (from {variable})" if variable else ""
        line = None if variable else self._document.line(path)
        self.problems.append(Problem(dotted(path), message + where, cure, line))

    def unknown(self, path: Path, candidates: list[str]) -> None:
        """Note a key that does not exist, and the one that may have been meant."""
        name = path[-1]
        elsewhere = [known for known in fields() if known[-1].lower() == name.lower()]
        near = nearest(name, candidates)
        if near:
            cure = f"did you mean {near}?"
        elif any(len(known) == 1 for known in elsewhere):
            cure = "it belongs at the top of the file, above the first [table]"
        elif elsewhere:
            cure = f"it belongs under [{dotted(elsewhere[0][:-1])}]"
        else:
            near = nearest(name, [known[-1] for known in fields()])
            cure = f"did you mean {near}?" if near else "remove it"
        self.add(path, "is no setting of amzsync", cure)

    def invalid(self, error: ValidationError) -> None:
        """Note what the models refuse."""
        for row in error.errors(include_url=False, include_input=False):
            path = tuple(str(part) for part in row["loc"])
            context: dict[str, Any] = row.get("ctx", {})
            if row["type"] == "extra_forbidden":
                table = _USERS_TABLES.get(path[0])
                self.unknown(path, list(table.model_fields) if table else [])
            elif row["type"] == "value_error":
                self.add(path, str(context["error"]), _cure(path))
            else:
                known = _SENTENCES.get(row["type"])
                sentence = known.format(**context) if known else row["msg"]
                self.add(path, sentence, _cure(path, row["type"] == "missing"))


def _cure(path: Path, missing: bool = False) -> str:
    """How the key may be written, from the setting's own example or default."""
    known = path
    while known and known not in fields():
        known = known[:-1]
    field = fields().get(known)
    if field is None:
        return ""
    if missing and path != known:
        return f"add {path[-1]} under [{dotted(path[:-1])}]"
    if missing and known[:-1] == ("feature_flags",):
        return f"add {known[-1]} = true or {known[-1]} = false under [feature_flags]"
    name, shown = known[-1], _shown(field)
    if isinstance(shown, dict) and path != known:
        name, shown = next(iter(shown.items()))
    if shown is None:
        return ""
    where = f" under [{dotted(known[:-1])}]" if missing and len(known) > 1 else ""
    return f"{'add' if missing else 'for example'} {toml_key(name)} = {toml(shown)}{where}"


def _shown(field: FieldInfo) -> Any:
    if field.examples:
        return field.examples[0]
    return field.default if isinstance(field.default, bool | int | float | str) else None
