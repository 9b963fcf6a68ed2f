"""Integration actions: which object is which remote id, and up to which version it was sent.

Every list is checked again here: a filter the server does not know gives everything back
(omnitron-api.md §1.5, §2.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from amzsync.errors import RefusedError
from amzsync.omnitron.api import Api, Query
from amzsync.omnitron.assumptions import PAGE_LIMIT, TOUCH_DATE
from amzsync.omnitron.channels import ContentTypes
from amzsync.omnitron.models.sync import IntegrationAction
from amzsync.omnitron.operations import (
    CREATE_INTEGRATION_ACTION,
    DELETE_INTEGRATION_ACTION,
    LIST_DELETED,
    LIST_INTEGRATION_ACTIONS,
    UPDATE_INTEGRATION_ACTION,
)
from amzsync.omnitron.paging import Page


class IntegrationActions:
    """The integration actions of the channel."""

    def __init__(self, api: Api, content_types: ContentTypes) -> None:
        self._api = api
        self._content_types = content_types

    def by_remote_ids(
        self, content_type: str, remote_ids: Iterable[str], *, status: str | None = None
    ) -> list[IntegrationAction]:
        """The actions of these remote ids; several objects may share one."""
        wanted = set(remote_ids)
        return self._chosen(
            content_type, "remote_id", wanted, status, lambda action: action.remote_id in wanted
        )

    def by_object_ids(
        self, content_type: str, object_ids: Iterable[int], *, status: str | None = None
    ) -> list[IntegrationAction]:
        """The actions of these objects."""
        wanted = set(object_ids)
        return self._chosen(
            content_type, "object_id", wanted, status, lambda action: action.object_id in wanted
        )

    def of_model(self, content_type: str) -> Iterator[Page[IntegrationAction]]:
        """Every page of the actions of one kind of object, whatever their status, by id."""
        query = self._query(None) | {"content_type_name": content_type}
        for page in self._api.walk(LIST_INTEGRATION_ACTIONS, IntegrationAction, query):
            yield page.keep(
                lambda action: (
                    self._ours(action, None)
                    and self._content_types.is_model(action.content_type, content_type)
                )
            )

    def by_batch(
        self, local_batch_id: str, *, status: str | None = None
    ) -> list[IntegrationAction]:
        """The actions of all objects a batch has committed, whatever their content type."""
        query = self._query(status) | {"local_batch_id": local_batch_id}
        return [
            action
            for action in self._api.rows(LIST_INTEGRATION_ACTIONS, IntegrationAction, query)
            if action.local_batch_id == local_batch_id and self._ours(action, status)
        ]

    def deleted(self, page: int = 1, limit: int = PAGE_LIMIT) -> Page[IntegrationAction]:
        """One page of the actions whose product has left the catalog."""
        query: Query = {"model": "product", "channel_id": self._api.channel_id}
        return self._api.page(LIST_DELETED, IntegrationAction, query, page=page, limit=limit)

    def create(
        self,
        content_type: str,
        object_id: int,
        remote_id: str,
        version_date: str,
        state: dict[str, Any] | None = None,
    ) -> IntegrationAction:
        """Link an object to its remote id by hand; batches do so for what they carry."""
        body: dict[str, Any] = {
            "channel_id": self._api.channel_id,
            "content_type_id": self._content_types.id_of(content_type),
            "object_id": object_id,
            "remote_id": remote_id,
            "version_date": version_date,
        }
        if state is not None:
            body["state"] = state
        return self._api.one(CREATE_INTEGRATION_ACTION, IntegrationAction, json=body)

    def set_version_date(self, pk: int, version_date: str) -> None:
        """Say up to which version the object was sent; an older date makes it due again."""
        body = {"channel_id": self._api.channel_id, "version_date": version_date}
        self._api.send(UPDATE_INTEGRATION_ACTION, pk=pk, json=body)

    def touch(self, pk: int) -> None:
        """Make the object look changed, so that the next update run takes it (A-30)."""
        self.set_version_date(pk, TOUCH_DATE)

    def delete(self, pk: int) -> None:
        """Remove the link; one that is gone already is as good."""
        try:
            self._api.send(DELETE_INTEGRATION_ACTION, pk=pk)
        except RefusedError as error:
            if error.status != 404:
                raise

    def _chosen(
        self,
        content_type: str,
        field: str,
        values: Iterable[str | int],
        status: str | None,
        fits: Callable[[IntegrationAction], bool],
    ) -> list[IntegrationAction]:
        query = self._query(status) | {"content_type_name": content_type}
        return [
            action
            for action in self._api.rows_by(
                LIST_INTEGRATION_ACTIONS, IntegrationAction, field, values, query
            )
            if fits(action)
            and self._ours(action, status)
            and self._content_types.is_model(action.content_type, content_type)
        ]

    def _query(self, status: str | None) -> dict[str, str | int]:
        query: dict[str, str | int] = {"channel_id": self._api.channel_id}
        return query if status is None else query | {"status": status}

    def _ours(self, action: IntegrationAction, status: str | None) -> bool:
        return action.channel in (None, self._api.channel_id) and status in (None, action.status)
