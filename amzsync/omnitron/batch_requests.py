"""Batch requests: initialized → commit → sent_to_remote → ongoing → done or fail.

The client makes every transition. Commit locks its objects, and only one batch of a content type
may be in commit at a time. A final batch takes nothing more. Source: omnitron-api.md §2.3.
"""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Sequence

from amzsync.errors import RefusedError, RemoteError
from amzsync.omnitron.api import Api
from amzsync.omnitron.assumptions import INITIALIZED, UNFINISHED
from amzsync.omnitron.channels import ContentTypes
from amzsync.omnitron.models.sync import BatchObject, BatchRequest
from amzsync.omnitron.operations import (
    CREATE_BATCH_REQUEST,
    GET_BATCH_REQUEST,
    LIST_BATCH_REQUESTS,
    UPDATE_BATCH_REQUEST,
)

__all__ = ["BatchFinishedError", "BatchObject", "BatchRequests", "CommitLockedError"]

_ILLEGAL = "batch_request_status_100_1"
_LOCKED = re.compile(r"The batch request with ([0-9A-Fa-f-]*)")
_FINAL = ("done", "fail")


class CommitLockedError(RemoteError):
    """Another batch of the same content type is in commit.

    `local_batch_id` is the one Omnitron names, empty if it names none.
    """

    def __init__(self, message: str, *, local_batch_id: str, operation: str, status: int) -> None:
        self.local_batch_id = local_batch_id
        super().__init__(message, operation=operation, status=status)


class BatchFinishedError(RemoteError):
    """The batch is already done or failed (`batch_status`) and takes nothing more.

    A repeat after a cut connection ends here too, when the first request had arrived.
    """

    def __init__(self, message: str, *, batch_status: str, operation: str, status: int) -> None:
        self.batch_status = batch_status
        super().__init__(message, operation=operation, status=status)


class BatchRequests:
    """The batch requests of the channel.

    Errors of every transition: BatchFinishedError; of `commit` also CommitLockedError; RefusedError
    when Omnitron refuses for another reason.
    """

    def __init__(self, api: Api, content_types: ContentTypes) -> None:
        self._api = api
        self._content_types = content_types

    def create(self) -> BatchRequest:
        """A new batch, initialized, bound to no content type yet.

        After an unknown outcome just create another: an initialized batch locks nothing (A-34).
        """
        return self._api.one(
            CREATE_BATCH_REQUEST, BatchRequest, json={"channel": self._api.channel_id}
        )

    def get(self, pk: int) -> BatchRequest:
        """One batch as it is now."""
        return self._api.one(GET_BATCH_REQUEST, BatchRequest, pk=pk)

    def initialized(self) -> list[BatchRequest]:
        """The batches that are bound to no content type yet; whoever made them may have died."""
        query: dict[str, str | int] = {"status": INITIALIZED, "channel": self._api.channel_id}
        return [
            batch
            for batch in self._api.rows(LIST_BATCH_REQUESTS, BatchRequest, query)
            if batch.status == INITIALIZED and batch.channel in (None, self._api.channel_id)
        ]

    def unfinished(self, content_type: str) -> list[BatchRequest]:
        """The batches of a content type that hold objects: one call a status (A-06)."""
        return [
            batch
            for status in UNFINISHED
            for batch in self._api.rows(
                LIST_BATCH_REQUESTS,
                BatchRequest,
                {
                    "status": status,
                    "content_type": content_type,
                    "channel": self._api.channel_id,
                },
            )
            if batch.status == status
            and batch.channel in (None, self._api.channel_id)
            and self._content_types.is_model(batch.content_type, content_type)
        ]

    def commit(self, pk: int, content_type: str, objects: Sequence[BatchObject]) -> BatchRequest:
        """Lock these objects, or note more of them or their failures; may be repeated."""
        return self._move(
            pk, "commit", {"content_type": content_type, "objects": _objects(objects)}
        )

    def sent_to_remote(self, pk: int, remote_batch_id: str | None) -> BatchRequest:
        """Note that the marketplace has the objects, under our own id of the job."""
        return self._move(pk, "sent_to_remote", {"remote_batch_id": remote_batch_id})

    def ongoing(self, pk: int) -> BatchRequest:
        """Note that the marketplace is not through yet."""
        return self._move(pk, "ongoing", {})

    def done(self, pk: int, objects: Sequence[BatchObject]) -> BatchRequest:
        """Finish the batch. List every object: one left out stays in processing (A-12)."""
        return self._move(pk, "done", {"objects": _objects(objects)})

    def fail(self, pk: int, objects: Sequence[BatchObject] | None = None) -> BatchRequest:
        """Give the batch up: its objects are free and due again, nobody is penalised.

        With objects, those that carry a reason keep their own failures.
        """
        listed = None if objects is None else _objects(objects)
        return self._move(pk, "fail", {"objects": listed})

    def _move(self, pk: int, status: str, fields: dict[str, object]) -> BatchRequest:
        body = {"channel": self._api.channel_id, "status": status, **fields}
        try:
            return self._api.update(UPDATE_BATCH_REQUEST, GET_BATCH_REQUEST, BatchRequest, pk, body)
        except RefusedError as error:
            if error.status != 406:
                raise
            if status == "commit" and (locked := _LOCKED.search(_text(error))):
                raise CommitLockedError(
                    error.detail,
                    local_batch_id=locked[1],
                    operation=UPDATE_BATCH_REQUEST.name,
                    status=406,
                ) from error
            if _ILLEGAL not in _text(error):
                raise
            return self._settled(pk, status, error)

    def _settled(self, pk: int, wanted: str, refusal: RefusedError) -> BatchRequest:
        """The batch, if a refused transition is one that was made before (A-10)."""
        batch = self.get(pk)
        if batch.status in _FINAL:
            raise BatchFinishedError(
                f"the batch request is already in {batch.status}",
                batch_status=batch.status,
                operation=UPDATE_BATCH_REQUEST.name,
                status=406,
            ) from refusal
        if batch.status != wanted:
            raise refusal
        return batch


def _objects(objects: Sequence[BatchObject]) -> list[dict[str, object]]:
    return [item.model_dump(mode="json") for item in objects]


def _text(error: RefusedError) -> str:
    return jsonlib.dumps(error.body, ensure_ascii=False)
