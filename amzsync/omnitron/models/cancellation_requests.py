"""A cancellation request as read. Source: omnitron-api.md §2.9, §3.6."""

from __future__ import annotations

from typing import Final

from amzsync.omnitron.models.fields import Ref, Versioned

REJECTED: Final = "rejected"


class CancellationRequest(Versioned):
    """What is asked about one unit; `remote_id` is in the create body, in a reply perhaps not."""

    order_item: Ref
    cancellation_type: str
    status: str = ""
    remote_id: str | None = None
