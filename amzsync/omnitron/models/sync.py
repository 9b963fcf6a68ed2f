"""Batch requests, integration actions and failed integrations: how far an object is synchronised.

Source: omnitron-api.md §2.3, §2.4, §2.5.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from amzsync.omnitron.models.channels import ContentTypeRef, OptionalContentTypeRef
from amzsync.omnitron.models.fields import (
    Key,
    OptionalKey,
    OptionalRef,
    OptionalTime,
    Ref,
    Row,
    Timestamp,
)

FailedReason = Literal["mapping", "remote", "channel_app"]


class BatchObject(Row):
    """An object of a batch. `version_date`: its `modified_date` as read for the payload (§4.2)."""

    pk: int
    content_type: str
    version_date: Timestamp
    # An identity: cutting one short would make it another's.
    remote_id: Annotated[str, Field(max_length=255)] | None = None
    failed_reason_type: FailedReason | None = None


class BatchRequest(Row):
    """A run over objects of one kind; `local_batch_id` is Omnitron's, `remote_batch_id` ours."""

    pk: Key
    local_batch_id: str
    status: str
    remote_batch_id: str | None = None
    content_type: OptionalContentTypeRef = None
    channel: OptionalRef = None


class IntegrationAction(Row):
    """The link between an object and its counterpart, and up to which version it was sent.

    A remote id may belong to several objects: the units of one order line share it.
    """

    pk: OptionalKey = None
    channel: OptionalRef = None
    content_type: ContentTypeRef
    object_id: int
    remote_id: str | None = None
    version_date: Timestamp | None = None
    status: str | None = None
    local_batch_id: str | None = None
    state: dict[str, Any] | None = None


class FailedIntegration(Row):
    """A penalty Omnitron keeps: while it is active, the object is in none of the dirty lists."""

    pk: Key
    channel: OptionalRef = None
    content_type: ContentTypeRef
    object_id: Ref
    reason_type: str | None = None
    is_active: bool = True
    retry_count: int | None = None
    max_retry_count: int | None = None
    retry_interval: int | None = None
    expiration_date: OptionalTime = None
