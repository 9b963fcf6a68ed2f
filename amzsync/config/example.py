"""The commented config file that `config init` writes, made from the settings' own descriptions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from amzsync.config.known import Path, dotted, fields, kinds, table_of, value_at
from amzsync.config.rules import needed_by_flags
from amzsync.config.toml_text import toml, toml_key

_WIDTH = 100

_INTRODUCTION = """\
Configuration of one amzsync channel: one Amazon marketplace of one seller, and the Omnitron sales
channel it is bridged to.

Fill in what says REQUIRED, switch on the flags you need at [feature_flags], then run
`amzsync config check`. It tells every problem at once, with its line.

Lines that start with # do nothing; take the # away to use them. A blank value ("") means the
default. Keys above the first [table] must stay above it.

Secrets do not belong in a file. Name the place they are in instead:
  "env:NAME"      an environment variable
  "file:PATH"     a file; a relative path starts at this file's folder
  "cmd:COMMAND"   what a command prints; no shell, started in this file's folder, 10 s at most
A secret written out is accepted only while nobody but this file's owner may read it (chmod 600).

Every key can be set by an environment variable, which goes before this file: AMZSYNC_BUFFER_STOCK
is buffer_stock, AMZSYNC_OMNITRON__URL is url under [omnitron].
"""

# The first setting of each group among those above the first table.
_GROUPS = {
    "channel_name": "Channel",
    "base_url": "Access to Amazon",
    "category_ids": "Categories",
    "send_shipping_info": "Orders",
    "cancellation_reason_id": "Cancellations and refunds",
    "attribute_set_strategy": "Products and stock",
}

# What the manual pre-fills, though it is required.
_PREFILLED: dict[Path, str] = {("base_url",): "https://sellingpartnerapi-eu.amazon.com"}


def example(values: Mapping[str, Any] | None = None, origin: str = "") -> str:
    """The text of config.example.toml; with `values`, a file with these filled in.

    `values` are nested as in the file; keys that are no settings of ours are those a brand added
    through schema_type. `origin` says in the file's first lines where they come from.
    """
    values = values or {}
    parts = [_comment(_INTRODUCTION, wrap=False)]
    if origin:
        parts.append(_comment(origin))
    tables = [path for path in fields() if _is_table(path)]
    for path, field in fields().items():
        if len(path) == 1 and path not in tables:
            if heading := _GROUPS.get(path[0]):
                parts.append(_comment(f"---- {heading} ----"))
            parts.append(_setting(path, field, values))
    added = {key: value for key, value in values.items() if (key,) not in fields()}
    if added:
        parts.append(_comment("---- Keys of the brand's own, see [schema_type] ----"))
        parts.append("\n".join(f"{toml_key(key)} = {toml(value)}" for key, value in added.items()))
    parts += ["\n".join(_table(path, values)) for path in tables]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _is_table(path: Path) -> bool:
    field = fields()[path]
    return table_of(field) is not None or _is_users_table(field)


def _is_users_table(field: FieldInfo) -> bool:
    """Whether the table's keys are the user's own."""
    return str(kinds(field)[0]).startswith("dict[")


def _table(path: Path, values: Mapping[str, Any]) -> Iterator[str]:
    field = fields()[path]
    yield _comment(field.description or "")
    yield f"[{dotted(path)}]"
    if _is_users_table(field):
        given = value_at(values, path)
        shown = given or (field.examples[0] if field.examples else {})
        for key, value in shown.items():
            yield f"{'' if given else '# '}{toml_key(key)} = {toml(value)}"
    for inner, inner_field in fields().items():
        if inner[:-1] == path and not _is_table(inner):
            yield _setting(inner, inner_field, values)


def _setting(path: Path, field: FieldInfo, values: Mapping[str, Any]) -> str:
    given = value_at(values, path)
    if given is not None:
        return f"{_comment(field.description or '')}\n{toml_key(path[-1])} = {toml(given)}"
    required = field.is_required() and path[0] != "feature_flags"
    needed = len(path) == 1 and path[0] in needed_by_flags(values)
    text = ("REQUIRED. " if required or needed else "") + (field.description or "")
    return f"{_comment(text)}\n{_blank(path, field) if needed else _line(path, field)}"


def _blank(path: Path, field: FieldInfo) -> str:
    """The key to be filled in, an example beside it."""
    sample = toml(field.examples[0]) if field.examples else '""'
    return f'{toml_key(path[-1])} = ""  # for example {sample}'


def _line(path: Path, field: FieldInfo) -> str:
    """The key with its default; blank and required, or commented out, where it has none."""
    key = toml_key(path[-1])
    sample = toml(field.examples[0]) if field.examples else '""'
    if path[0] == "feature_flags":
        return f"{key} = false"
    if path in _PREFILLED:
        return f"{key} = {toml(_PREFILLED[path])}"
    if field.is_required():
        reference = sample.startswith('"env:')
        return f"{key} = {sample}" if reference else _blank(path, field)
    if field.default in (None, "", ()):
        return f"# {key} = {sample}"
    return f"{key} = {toml(field.default)}"


def _comment(text: str, wrap: bool = True) -> str:
    lines = textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False, break_long_words=False)
    rows = lines if wrap else text.rstrip().split("\n")
    return "\n".join(f"# {row}".rstrip() for row in rows)
