"""getFeeds and getReports: the same filters, the same paging (nextToken stands alone)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from amzsync.sandbox.amazon.replies import choices, invalid, marketplaces, moment_of, whole_number
from amzsync.sandbox.http import Request

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

_STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
_LISTED = timedelta(days=90)


class Job(Protocol):
    """What feeds and reports have in common."""

    type: str
    status: str
    created: datetime
    marketplace_ids: list[str]

    def body(self) -> dict[str, Any]:
        """The job as the API shows it."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a nextToken stands for: the jobs still to be shown, and how many a page."""

    kind: str
    jobs: Sequence[Job]
    size: int


def job_list(
    world: AmazonWorld, request: Request, kind: str, types: str, jobs: Sequence[Job]
) -> dict[str, Any]:
    """The body of a list of jobs, newest first. Errors: 400."""
    if token := request.first("nextToken"):
        if len(request.query) > 1:
            raise invalid("nextToken must be the only parameter.")
        rest = world.pages.meaning(token)
        if not isinstance(rest, _Rest) or rest.kind != kind:
            raise invalid("nextToken is not one of this operation.")
    else:
        size = whole_number(request, "pageSize", 10, 1, 100)
        rest = _Rest(kind, _chosen(world, request, types, jobs), size)
    body: dict[str, Any] = {kind: [job.body() for job in rest.jobs[: rest.size]]}
    if len(rest.jobs) > rest.size:
        body["nextToken"] = world.pages.issue(_Rest(kind, rest.jobs[rest.size :], rest.size))
    return body


def _chosen(world: AmazonWorld, request: Request, types: str, jobs: Sequence[Job]) -> Sequence[Job]:
    wanted = request.csv(types)
    if not 1 <= len(wanted) <= 10:
        raise invalid(f"{types} is required, with at most 10 entries, or nextToken.")
    statuses = choices(request, "processingStatuses", _STATUSES)
    places = set(marketplaces(request, at_most=10, required=False))
    since, until = world.now() - _LISTED, world.now()
    if "createdSince" in request.query:
        since = max(since, moment_of(request.first("createdSince"), "createdSince"))
    if "createdUntil" in request.query:
        until = moment_of(request.first("createdUntil"), "createdUntil")
    return [
        job
        for job in reversed(jobs)
        if job.type in wanted
        and (not statuses or job.status in statuses)
        and (not places or places & set(job.marketplace_ids))
        and since <= job.created <= until
    ]
