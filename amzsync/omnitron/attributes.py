"""Attributes of the marketplace, the schemas the brand fills them by, and their choices.

Source: omnitron-api.md §2.12.
"""

from __future__ import annotations

from collections.abc import Iterator

from amzsync.omnitron.api import Api, Query, create_or_find
from amzsync.omnitron.models.attributes import Attribute, AttributeSchema, AttributeValue
from amzsync.omnitron.operations import (
    CREATE_ATTRIBUTE,
    CREATE_ATTRIBUTE_SCHEMA,
    CREATE_ATTRIBUTE_VALUE,
    GET_ATTRIBUTE_VALUE,
    LIST_ATTRIBUTE_SCHEMAS,
    LIST_ATTRIBUTE_VALUES,
    LIST_ATTRIBUTES,
    UPDATE_ATTRIBUTE_VALUE,
)


class Attributes:
    """The attributes of the channel; which set asks for which is AttributeSets' matter."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def all(self) -> Iterator[Attribute]:
        """Every attribute of the channel, lazily, by id."""
        return self._attributes({})

    def by_name(self, name: str) -> Attribute | None:
        """The attribute of a name, of which a channel has only one."""
        return next(self._named(name), None)

    def create(self, name: str) -> Attribute:
        """The attribute of this name, created unless it is there already."""
        body = {"channel": self._api.channel_id, "name": name}
        return create_or_find(
            lambda: self._api.one(CREATE_ATTRIBUTE, Attribute, json=body),
            lambda: self._named(name),
        )

    def schemas(self) -> Iterator[AttributeSchema]:
        """Every schema of the channel, lazily, by id."""
        return self._schemas({})

    def schema_name(self, attribute: str) -> str:
        """What the schema of an attribute is called; Akinon's own client calls it so."""
        return f"{self._api.channel_id} {attribute} Schema"

    def create_schema(self, name: str) -> AttributeSchema:
        """The schema of this name, created without rules unless it is there already."""
        body = {"name": name, "schema": {}, "channel": self._api.channel_id}
        return create_or_find(
            lambda: self._api.one(CREATE_ATTRIBUTE_SCHEMA, AttributeSchema, json=body),
            lambda: (row for row in self._schemas({"name__exact": name}) if row.name == name),
        )

    def values(self, attribute: int) -> Iterator[AttributeValue]:
        """The choices of an attribute, lazily, by id."""
        rows = self._api.rows(LIST_ATTRIBUTE_VALUES, AttributeValue, {"attribute": attribute})
        return (row for row in rows if row.attribute == attribute)

    def create_value(self, attribute: int, label: str, value: str) -> AttributeValue:
        """A new choice. Not safe to repeat: look with `values` first."""
        body = {
            "channel": self._api.channel_id,
            "attribute": attribute,
            "label": label,
            "value": value,
        }
        return self._api.one(CREATE_ATTRIBUTE_VALUE, AttributeValue, json=body)

    def relabel_value(self, pk: int, label: str) -> AttributeValue:
        """The choice under its new label."""
        return self._api.update(
            UPDATE_ATTRIBUTE_VALUE, GET_ATTRIBUTE_VALUE, AttributeValue, pk, {"label": label}
        )

    def _named(self, name: str) -> Iterator[Attribute]:
        return (row for row in self._attributes({"name__exact": name}) if row.name == name)

    def _attributes(self, query: Query) -> Iterator[Attribute]:
        rows = self._api.rows(LIST_ATTRIBUTES, Attribute, {**query, "channel": self._channel})
        return (row for row in rows if row.channel in (None, self._channel))

    def _schemas(self, query: Query) -> Iterator[AttributeSchema]:
        rows = self._api.rows(
            LIST_ATTRIBUTE_SCHEMAS, AttributeSchema, {**query, "channel": self._channel}
        )
        return (row for row in rows if row.channel in (None, self._channel))

    @property
    def _channel(self) -> int:
        return self._api.channel_id
