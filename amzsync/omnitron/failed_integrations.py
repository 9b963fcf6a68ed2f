"""Failed integrations: the penalties Omnitron keeps, which hide an object from its dirty lists.

Source: omnitron-api.md §2.5; the list and its filters are an assumption (A-13).
"""

from __future__ import annotations

from amzsync.errors import RefusedError
from amzsync.omnitron.api import Api, Query
from amzsync.omnitron.models.sync import FailedIntegration
from amzsync.omnitron.operations import DELETE_FAILED_INTEGRATION, LIST_FAILED_INTEGRATIONS


class FailedIntegrations:
    """The penalties of the channel, on Omnitron's side."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def of(self, content_type_id: int, object_id: int) -> list[FailedIntegration]:
        """The active penalties of one object."""
        query: Query = {
            "content_type": content_type_id,
            "object_id": object_id,
            "is_active": "True",
        }
        return [
            row
            for row in self._api.rows(LIST_FAILED_INTEGRATIONS, FailedIntegration, query)
            if row.is_active
            and row.object_id == object_id
            and row.content_type.pk == content_type_id
            and row.channel in (None, self._api.channel_id)
        ]

    def lift(self, pk: int) -> None:
        """Remove a penalty; one that is gone already is as good."""
        try:
            self._api.send(DELETE_FAILED_INTEGRATION, pk=pk)
        except RefusedError as error:
            if error.status != 404:
                raise
