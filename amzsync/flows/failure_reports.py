"""Failures told to Omnitron, where an operator reads them as Marketplace Logs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from amzsync.errors import RecordError, RemoteError
from amzsync.flows.flow import Context
from amzsync.http.overlap import overlap

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """One object that failed, at the version it was tried with."""

    object_pk: int
    version: str
    error: RecordError


def report_failures(ctx: Context, content_type: str, failures: Sequence[Failure]) -> None:
    """Post an error report for each. The journal is the record: a report that fails is let be."""

    def report(failure: Failure) -> None:
        ctx.omnitron.error_reports.create(
            content_type,
            failure.object_pk,
            modified_date=failure.version,
            error_code=f"amzsync-{failure.error.code}-{uuid4().hex[:12]}",
            error_desc=str(failure.error),
            raw_response=f"request {failure.error.request_id}" if failure.error.request_id else "",
        )

    for done in overlap(report, failures, ctx.in_flight):
        if isinstance(done.error, RemoteError):
            log.info("error report not delivered: %s", done.error)
        elif done.error is not None:
            raise done.error
