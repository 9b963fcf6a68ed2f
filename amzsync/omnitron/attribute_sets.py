"""Attribute sets: what products of a category have to tell, and with which choices.

Source: omnitron-api.md §2.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amzsync.omnitron.api import Api, Query, create_or_find
from amzsync.omnitron.channels import ContentTypes
from amzsync.omnitron.models.attributes import (
    AttributeConfig,
    AttributeFlags,
    AttributeSet,
    AttributeSetConfig,
    AttributeValueConfig,
)
from amzsync.omnitron.operations import (
    CREATE_ATTRIBUTE_CONFIG,
    CREATE_ATTRIBUTE_SET,
    CREATE_ATTRIBUTE_SET_CONFIG,
    CREATE_ATTRIBUTE_VALUE_CONFIG,
    GET_ATTRIBUTE_CONFIG,
    GET_ATTRIBUTE_SET,
    LIST_ATTRIBUTE_CONFIGS,
    LIST_ATTRIBUTE_SET_CONFIGS,
    LIST_ATTRIBUTE_SETS,
    LIST_ATTRIBUTE_VALUE_CONFIGS,
    UPDATE_ATTRIBUTE_CONFIG,
    UPDATE_ATTRIBUTE_SET,
)

_NODE = "categorynode"


class AttributeSets:
    """The attribute sets of the channel, with the configs that hang on them."""

    def __init__(self, api: Api, content_types: ContentTypes) -> None:
        self._api = api
        self._content_types = content_types

    def all(self) -> Iterator[AttributeSet]:
        """Every attribute set of the channel, lazily, by id."""
        return self._sets({})

    def by_remote_id(self, remote_id: str) -> AttributeSet | None:
        """The set of a remote id; the oldest where there are several."""
        rows = self._sets({"remote_id__exact": remote_id})
        return next((row for row in rows if row.remote_id == remote_id), None)

    def create(self, name: str, remote_id: str) -> AttributeSet:
        """A new set. Not safe to repeat: look with `by_remote_id` first."""
        body = {"name": name, "remote_id": remote_id, "channel": self._api.channel_id}
        return self._api.one(CREATE_ATTRIBUTE_SET, AttributeSet, json=body)

    def rename(self, pk: int, name: str) -> AttributeSet:
        """The set under its new name."""
        return self._api.update(
            UPDATE_ATTRIBUTE_SET, GET_ATTRIBUTE_SET, AttributeSet, pk, {"name": name}
        )

    def nodes_of(self, attribute_set: int) -> list[AttributeSetConfig]:
        """Which category nodes a set belongs to; `object_id` is the node."""
        return self._set_configs({"attribute_set": attribute_set}, attribute_set, None)

    def bind(self, attribute_set: int, node: int) -> AttributeSetConfig:
        """Let a set belong to a category node. Not safe to repeat: look with `nodes_of` first."""
        body = {"attribute_set": attribute_set, "object_id": node, "content_type": _NODE}
        return self._api.one(CREATE_ATTRIBUTE_SET_CONFIG, AttributeSetConfig, json=body)

    def configs(self, attribute_set: int) -> Iterator[AttributeConfig]:
        """The attributes of a set with their names, lazily, by id."""
        rows = self._api.rows(
            LIST_ATTRIBUTE_CONFIGS, AttributeConfig, {"attribute_set": attribute_set}
        )
        return (row for row in rows if row.attribute_set == attribute_set)

    def create_config(
        self, attribute_set: int, attribute: int, flags: AttributeFlags
    ) -> AttributeConfig:
        """An attribute's config in a set: a new one, or the one it has, flags as they are there."""
        keys = {"attribute_set": attribute_set, "attribute": attribute}
        return create_or_find(
            lambda: self._api.one(
                CREATE_ATTRIBUTE_CONFIG, AttributeConfig, json=keys | flags.model_dump()
            ),
            lambda: (row for row in self.configs(attribute_set) if row.attribute.pk == attribute),
        )

    def update_config(self, pk: int, changes: Mapping[str, object]) -> AttributeConfig:
        """A config with some of its flags changed."""
        return self._api.update(
            UPDATE_ATTRIBUTE_CONFIG, GET_ATTRIBUTE_CONFIG, AttributeConfig, pk, changes
        )

    def value_configs(self, attribute_set: int) -> Iterator[AttributeValueConfig]:
        """The choices a set allows, lazily, by id; none at all where it allows every choice."""
        rows = self._api.rows(
            LIST_ATTRIBUTE_VALUE_CONFIGS, AttributeValueConfig, {"attribute_set": attribute_set}
        )
        return (row for row in rows if row.attribute_set == attribute_set)

    def create_value_config(self, attribute_set: int, value: int) -> AttributeValueConfig:
        """Allow a choice in a set. Not safe to repeat: look with `value_configs` first."""
        body = {"attribute_set": attribute_set, "attribute_value": value}
        return self._api.one(CREATE_ATTRIBUTE_VALUE_CONFIG, AttributeValueConfig, json=body)

    def _sets(self, query: Query) -> Iterator[AttributeSet]:
        channel = self._api.channel_id
        rows = self._api.rows(LIST_ATTRIBUTE_SETS, AttributeSet, {**query, "channel": channel})
        return (row for row in rows if row.channel in (None, channel))

    def _set_configs(
        self, query: Mapping[str, int], attribute_set: int | None, node: int | None
    ) -> list[AttributeSetConfig]:
        rows = self._api.rows(
            LIST_ATTRIBUTE_SET_CONFIGS,
            AttributeSetConfig,
            {**query, "content_type__model__exact": _NODE},
        )
        return [
            row
            for row in rows
            if attribute_set in (None, row.attribute_set)
            and node in (None, row.object_id)
            and self._content_types.is_model(row.content_type, _NODE)
        ]
