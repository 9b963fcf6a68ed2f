"""A change of one listing, and what its two ways to Amazon (PATCH and feed) both need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from amzsync.flows.flow import Context

if TYPE_CHECKING:
    from amzsync.omnitron.batch_requests import BatchObject

BATCH = 100  # objects of one Omnitron batch request
FEED = "listings_feed"  # the kind of job a feed is


@dataclass(frozen=True, slots=True)
class Writes:
    """Whose changes they are: the flow, and Omnitron's content type of their objects."""

    flow: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Change:
    """One SKU's new quantity, and the Omnitron object and version it comes from.

    `before` is what Amazon was last told (None: unknown); `unchanged` changes are not sent to
    Amazon; `dirty` and `lift` as in the flow's observation.
    """

    sku: str
    product_pk: int
    object_pk: int
    version: str
    value: int
    before: int | None
    unchanged: bool
    dirty: bool
    lift: bool


def is_older(version: str, than: str) -> bool:
    """Whether one modified_date lies before another."""
    return datetime.fromisoformat(version) < datetime.fromisoformat(than)


def feed_in_flight(ctx: Context) -> bool:
    """Whether the account has a listings feed under way, whichever channel's."""
    return bool(ctx.state.jobs.in_flight(FEED))


def chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in pieces of one batch request each."""
    for start in range(0, len(changes), BATCH):
        yield changes[start : start + BATCH]


def batch_objects(
    writes: Writes, changes: Iterable[Change], failed: frozenset[str] = frozenset()
) -> list[BatchObject]:
    """The batch objects of these changes, those of the failed SKUs marked so."""
    from amzsync.omnitron.batch_requests import BatchObject

    return [
        BatchObject(
            pk=change.object_pk,
            content_type=writes.content_type,
            version_date=change.version,
            remote_id=change.sku,
            failed_reason_type="remote" if change.sku in failed else None,
        )
        for change in changes
    ]


def check_time(ctx: Context) -> datetime:
    """When what is accepted now is read back."""
    return ctx.clock.now() + timedelta(minutes=ctx.config.stock.read_back_minutes)
