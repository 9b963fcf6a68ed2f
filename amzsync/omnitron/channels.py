"""The channel itself, its catalog, and the content types.

Source: omnitron-api.md §2.1, §2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amzsync.errors import ProtocolError
from amzsync.omnitron.api import Api
from amzsync.omnitron.models.channels import Catalog, Channel, ContentType
from amzsync.omnitron.operations import (
    GET_CATALOG,
    GET_CHANNEL,
    LIST_CONTENT_TYPES,
    UPDATE_CHANNEL,
)


class Channels:
    """The channel this client works for."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self) -> Channel:
        """The channel as it is now."""
        return self._api.one(GET_CHANNEL, Channel)

    def set_category_tree(self, pk: int) -> Channel:
        """Bind the channel to a category tree."""
        return self._update({"category_tree": pk})

    def set_schema(self, schema: Mapping[str, Any]) -> Channel:
        """Replace the form of the channel's settings: the whole of it, merged by the caller."""
        return self._update({"schema": dict(schema)})

    def _update(self, json: Mapping[str, Any]) -> Channel:
        return self._api.update(UPDATE_CHANNEL, GET_CHANNEL, Channel, self._api.channel_id, json)


class Catalogs:
    """What channels sell from."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, pk: int) -> Catalog:
        """One catalog."""
        return self._api.one(GET_CATALOG, Catalog, pk=pk)


class ContentTypes:
    """The numbers of the models; asked for once each, they do not change."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: dict[str, int] = {}

    def id_of(self, model: str) -> int:
        """The number of a model, such as "product". Errors: ProtocolError when there is none."""
        if model not in self._ids:
            found = [
                row.pk
                for row in self._api.rows(LIST_CONTENT_TYPES, ContentType, {"model": model})
                if row.model == model and row.pk is not None
            ]
            if len(found) != 1:
                raise ProtocolError(
                    f"{len(found)} content types are called {model}",
                    operation=LIST_CONTENT_TYPES.name,
                )
            self._ids[model] = found[0]
        return self._ids[model]

    def is_model(self, content_type: ContentType | None, model: str) -> bool:
        """Whether the content type a row names, by number or by name, is this model."""
        if content_type is None:
            return False
        if content_type.model is not None:
            return content_type.model == model
        return content_type.pk == self.id_of(model)
