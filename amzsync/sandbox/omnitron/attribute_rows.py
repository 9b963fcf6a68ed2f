"""The seven kinds of attribute rows: their fields, and what must hold of them.

A row's wire shape is the row. Unique are an attribute and a schema by name, and a config by set and
attribute; of sets, values and bindings the contract says nothing, so doubled ones are kept.
Source: omnitron-api §2.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import id_of
from amzsync.sandbox.omnitron.query import Field, Fields, dates, ints, texts
from amzsync.sandbox.omnitron.replies import invalid
from amzsync.sandbox.omnitron.writing import check_lengths, related, require

_Row = dict[str, Any]
_TEXTS = ("name", "label", "value")
_FLAGS = ("is_required", "is_variant", "is_custom", "is_image_attribute", "is_meta")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows; `path` is its resource and the name of its table in a channel.

    `parents`: fields that name a row of another kind. `unique`: fields no two rows share together.
    """

    path: str
    first: int  # keys of the kinds are apart, so that one taken for another's never hits
    required: tuple[str, ...]
    filters: Fields
    optional: Mapping[str, Any] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ()
    key: str = "pk"


SETS = Kind(
    path="attribute_sets",
    first=81_001,
    required=("name", "channel"),
    filters={**ints(channel="channel"), **texts("name", "remote_id")},
    optional={"remote_id": None},
    key="id",
)
SET_CONFIGS = Kind(
    path="attribute_set_configs",
    first=82_001,
    required=("attribute_set", "object_id", "content_type"),
    filters={
        **ints(attribute_set="attribute_set", object_id="object_id"),
        "content_type__model": Field("_model"),
    },
    parents={"attribute_set": "attribute_sets"},
)
ATTRIBUTES = Kind(
    path="attributes",
    first=83_001,
    required=("channel", "name"),
    filters={**ints(channel="channel"), **texts("name")},
    unique=("name",),
)
SCHEMAS = Kind(
    path="attribute_schemas",
    first=84_001,
    required=("channel", "name"),
    filters={**ints(channel="channel"), **texts("name")},
    optional={"schema": {}},
    unique=("name",),
)
CONFIGS = Kind(
    path="attribute_configs",
    first=8_500_001,
    required=("attribute_set", "attribute"),
    filters=ints(attribute_set="attribute_set", attribute="attribute"),
    optional={"attribute_remote_id": None, **dict.fromkeys(_FLAGS, False)},
    parents={"attribute_set": "attribute_sets", "attribute": "attributes"},
    unique=("attribute_set", "attribute"),
)
VALUES = Kind(
    path="attribute_values",
    first=8_600_001,
    required=("channel", "attribute", "label", "value"),
    filters={**ints(channel="channel", attribute="attribute"), **texts("label", "value")},
    parents={"attribute": "attributes"},
)
VALUE_CONFIGS = Kind(
    path="attribute_value_configs",
    first=8_700_001,
    required=("attribute_set", "attribute_value"),
    filters=ints(attribute_set="attribute_set", attribute_value="attribute_value"),
    parents={"attribute_set": "attribute_sets", "attribute_value": "attribute_values"},
)
KINDS = (SETS, SET_CONFIGS, ATTRIBUTES, SCHEMAS, CONFIGS, VALUES, VALUE_CONFIGS)


def fields_of(kind: Kind) -> Fields:
    """The filters of a kind's list."""
    return {**ints(pk=kind.key, id=kind.key), **kind.filters, **dates("modified_date")}


def add(channel: Channel, kind: Kind, body: Mapping[str, Any]) -> _Row:
    """A new row. Errors: 400 for a missing, wrong or doubled field."""
    require(body, kind.required)
    values = _checked(channel, kind, body)
    _check_unique(channel, kind, values, None)
    date = channel.timeline.tick()
    row = {
        kind.key: channel.timeline.next_pk(kind.path, kind.first),
        **kind.optional,
        **values,
        "modified_date": date,
        "created_date": date,
    }
    return channel.attribute_tables[kind.path].add(row)


def change(channel: Channel, kind: Kind, row: _Row, body: Mapping[str, Any]) -> None:
    """Other values of a row; the fields not named stay. Errors: 400 as `add`."""
    require(body, [name for name in kind.required if name in body])
    values = _checked(channel, kind, body)
    _check_unique(channel, kind, {**row, **values}, row)
    date = channel.timeline.tick()
    channel.attribute_tables[kind.path].change(row, **values, modified_date=date)


def _checked(channel: Channel, kind: Kind, body: Mapping[str, Any]) -> _Row:
    """The fields of the body that the kind has, each of the right type."""
    names = (*kind.required, *kind.optional)
    values = {name: body[name] for name in names if name in body}
    for name, value in values.items():
        _check_type(name, value)
    if values.get("channel", channel.pk) != channel.pk:
        invalid("channel", "It is another channel's.")
    check_lengths(values, {"remote_id": 255})
    for name, path in kind.parents.items():
        if name in values:
            related(channel.attribute_tables[path], name, values[name])
    if kind is SET_CONFIGS and "content_type" in values:
        values |= _bound(channel, body)
    return values


def _check_type(name: str, value: Any) -> None:
    if name in _FLAGS and not isinstance(value, bool):
        invalid(name, "Must be a valid boolean.")
    if name in _TEXTS and not isinstance(value, str):
        invalid(name, "Not a valid string.")
    if name.endswith("remote_id") and not isinstance(value, str | None):
        invalid(name, "Not a valid string.")
    if name == "schema" and not isinstance(value, dict):
        invalid(name, "Not a valid dictionary.")


def _bound(channel: Channel, body: Mapping[str, Any]) -> _Row:
    """What a set is bound to: the content type comes by name and is shown by id."""
    model = body["content_type"]
    if model not in channel.tables:
        invalid("content_type", f'"{model}" is not a valid choice.', "invalid_choice")
    related(channel.tables[model], "object_id", body.get("object_id"))
    return {"content_type": id_of(model), "_model": model}


def _check_unique(channel: Channel, kind: Kind, values: _Row, own: _Row | None) -> None:
    if not kind.unique:
        return
    first = kind.unique[0]
    for row in channel.attribute_tables[kind.path].find(first, values[first]):
        if row is not own and all(row[name] == values[name] for name in kind.unique):
            names = ", ".join(("channel", *kind.unique))
            invalid("non_field_errors", f"The fields {names} must make a unique set.", "unique")
