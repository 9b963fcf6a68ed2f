"""The settings of a channel as Omnitron keeps them (`conf`), in the words of a config file.

Source: the manual's table of sales channel fields; omnitron-api.md §2.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from amzsync.config.channel import DataType
from amzsync.config.known import fields, table_of
from amzsync.config.manual import ManualSettings
from amzsync.config.parts import is_users_table, read_part
from amzsync.mapping.conf_values import as_brands, as_setting, is_blank, strangers

OBSOLETE: Final = ("access_key", "secret_key", "region")

# Told by the channel itself; the form itself (Schema Type) is no value of it.
_NOT_TYPED: Final = ("channel_name", "catalog_name", "channel_type", "status", "schema_type")
# What the manual shows pre-filled in these fields of a channel nobody has set up yet.
_PLACEHOLDER: Final = "default"
_PREFILLED: Final = ("client_id", "client_secret", "market_place_id", "refresh_token", "seller_id")
_DATA_TYPES: Final[dict[str, DataType]] = {
    "text": "text",
    "url": "text",
    "email": "text",
    "date": "text",
    "datetime": "text",
    "bool": "bool",
    "json": "json",
    "list": "list",
    "integer": "integer",
}


@dataclass(slots=True)
class ChannelConf:
    """What can be taken over from Omnitron.

    `settings`: as a file writes them. `read`: the same as the models understand them. `blank`: the
    form has the field, and nothing in it. `refused`: what cannot be taken, and why. `added`: the
    keys a brand added to the form, as `schema_type` writes them; their values are in `extra`.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    read: dict[str, Any] = field(default_factory=dict)
    blank: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    added: dict[str, dict[str, Any]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def channel_conf(conf: Mapping[str, Any], schema: Mapping[str, Any]) -> ChannelConf:
    """The channel's `conf`, read by its form: every key is taken, blank, or refused with a reason.

    No reason repeats a value: it may be a secret.
    """
    found = ChannelConf()
    _add_brands_keys(found, schema)
    for key, value in conf.items():
        name = _name(key)
        if name in found.settings:
            found.refused[key] = f"is there twice: {name} was taken as it came first"
        elif name in OBSOLETE:
            found.refused[key] = "is obsolete: Amazon needs no AWS signature since October 2023"
        elif name in ManualSettings.model_fields and name not in _NOT_TYPED:
            _take(found, key, name, value)
        elif name in found.added:
            _take_brands(found, key, name, value)
        else:
            found.refused[key] = "is no setting of amzsync"
    found.read, faults = read_part(found.settings)
    found.refused |= faults
    return found


def _name(key: str) -> str:
    """A key of the form as we spell it: two are in capitals, and the manual has one with blanks."""
    return "_".join(key.replace("-", " ").split()).casefold()


def _take(found: ChannelConf, key: str, name: str, value: Any) -> None:
    unset = name in _PREFILLED and value == _PLACEHOLDER
    if is_blank(value) or unset:
        found.blank.add(name)
        return
    field = fields()[(name,)]
    try:
        found.settings[name] = as_setting(field, value)
        if (table := table_of(field)) is not None:
            for inner in strangers(table, value):
                found.refused[f"{key}.{inner}"] = "is no setting of amzsync"
    except ValueError as error:
        found.refused[key] = str(error)


def _add_brands_keys(found: ChannelConf, schema: Mapping[str, Any]) -> None:
    for key, entry in schema.items():
        name = _name(key)
        if name in ManualSettings.model_fields or not isinstance(entry, dict):
            continue
        data_type = _DATA_TYPES.get(str(entry.get("data_type", "text")).casefold())
        if (name,) in fields():
            found.refused[key] = f"amzsync has a table of its own called {name}"
        elif data_type is None:
            found.refused[key] = "its data_type is none of " + ", ".join(_DATA_TYPES)
        else:
            found.added[name] = {
                "key": name,
                "label": str(entry.get("label") or ""),
                "required": entry.get("required") is True,
                "data_type": data_type,
            }


def _take_brands(found: ChannelConf, key: str, name: str, value: Any) -> None:
    if is_blank(value):
        return
    try:
        found.extra[name] = as_brands(found.added[name]["data_type"], value)
    except ValueError as error:
        found.refused[key] = str(error)


def differences(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Where settings of the file differ from Omnitron's: dotted key, ours, theirs.

    Both as the models understand them; only what Omnitron has is looked at. Of a table with the
    brand's own keys a key one side lacks is a difference too.
    """
    for name, value in theirs.items():
        yield from _differ(name, ours.get(name), value, whole=is_users_table((name,)))


def _differ(path: str, ours: Any, theirs: Any, *, whole: bool) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = list(dict.fromkeys([*theirs, *(ours if whole else ())]))
        for key in keys:
            yield from _differ(f"{path}.{key}", ours.get(key), theirs.get(key), whole=whole)
    elif ours != theirs:
        yield path, ours, theirs
