"""Reports: queued, made, kept. A report shows the world as it is when the report is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.amazon.reporttypes import REPORT_TYPES

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

KEPT_DAYS = 90


@dataclass(slots=True)
class Report:
    """One report and where it stands."""

    id: str
    type: str
    marketplace_ids: list[str]
    created: datetime
    start: datetime | None = None
    end: datetime | None = None
    options: dict[str, str] = field(default_factory=dict)
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    document_id: str = ""

    def body(self) -> dict[str, Any]:
        """The report as getReport shows it."""
        times = {
            "dataStartTime": self.start,
            "dataEndTime": self.end,
            "processingStartTime": self.started,
            "processingEndTime": self.ended,
        }
        return {
            "reportId": self.id,
            "reportType": self.type,
            "marketplaceIds": self.marketplace_ids,
            "createdTime": iso(self.created),
            "processingStatus": self.status,
            **{name: iso(moment) for name, moment in times.items() if moment is not None},
            **({"reportDocumentId": self.document_id} if self.document_id else {}),
        }


class ReportBook:
    """Reports by id."""

    def __init__(self, world: AmazonWorld) -> None:
        self._world = world
        self._reports: dict[str, Report] = {}

    def __len__(self) -> int:
        """How many reports there are."""
        return len(self._reports)

    def __iter__(self) -> Iterator[Report]:
        """Every report, oldest first."""
        return iter(self._reports.values())

    def get(self, report_id: str) -> Report | None:
        """The report of an id."""
        return self._reports.get(report_id)

    def request(
        self,
        report_type: str,
        marketplace_ids: list[str],
        start: datetime | None,
        end: datetime | None,
        options: dict[str, str],
    ) -> Report:
        """Queue a report."""
        now = self._world.now()
        report_id = str(70_000_000 + len(self._reports) + 1)
        report = Report(report_id, report_type, marketplace_ids, now, start, end, options)
        self._reports[report_id] = report
        waits = timedelta(seconds=self._world.delays.report_queue)
        self._world.agenda.at(now + waits, lambda due: self._begin(report, due))
        return report

    def _begin(self, report: Report, now: datetime) -> None:
        report.status, report.started = "IN_PROGRESS", now
        takes = timedelta(seconds=self._world.delays.report_process)
        self._world.agenda.at(now + takes, lambda due: self._finish(report, due))

    def _finish(self, report: Report, now: datetime) -> None:
        report.ended = now
        content = REPORT_TYPES[report.type](self._world, report)
        if content is None:
            report.status = "CANCELLED"
            return
        report.status = "DONE"
        document = self._world.documents.store(content.data, content.content_type, KEPT_DAYS)
        report.document_id = document.id
