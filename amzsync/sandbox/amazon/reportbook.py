"""Reports: queued, made, kept. A report shows the world as it is when the report is done.

CANCELLED: there is nothing to report, or (returns) the same was asked for less than half an hour
ago. A test can say what becomes of the next report of a type: `fate`, `forge`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.amazon.reportcontent import Content, StreamedContent
from amzsync.sandbox.amazon.reporttypes import REPORT_TYPES
from amzsync.sandbox.amazon.returnreports import RESTED, RETURN_REPORTS

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

KEPT_DAYS = 90

_FATES = ("FATAL", "CANCELLED")
_FATAL = Content(
    json.dumps({"errorDetails": "The report could not be made."}).encode(),
    "application/json; charset=UTF-8",
)


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
        self._fates: dict[str, str] = {}
        self._forged: dict[str, Content] = {}

    def __len__(self) -> int:
        """How many reports there are."""
        return len(self._reports)

    def __iter__(self) -> Iterator[Report]:
        """Every report, oldest first."""
        return iter(self._reports.values())

    def get(self, report_id: str) -> Report | None:
        """The report of an id."""
        return self._reports.get(report_id)

    def fate(self, report_type: str, status: str) -> None:
        """Have the next report of a type end FATAL or CANCELLED."""
        _known(report_type)
        if status not in _FATES:
            raise ValueError(f"a report's fate is one of {', '.join(_FATES)}")
        self._fates[report_type] = status

    def forge(self, report_type: str, data: bytes, content_type: str) -> None:
        """Give the next report of a type this content, whatever there is to report."""
        _known(report_type)
        self._forged[report_type] = Content(data, content_type)

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
        self._world.agenda.at(now + waits, partial(self._begin, report))
        return report

    def _begin(self, report: Report, now: datetime) -> None:
        report.status, report.started = "IN_PROGRESS", now
        takes = timedelta(seconds=self._world.delays.report_process)
        self._world.agenda.at(now + takes, partial(self._finish, report))

    def _finish(self, report: Report, now: datetime) -> None:
        report.ended = now
        report.status, content = self._outcome(report)
        documents = self._world.documents
        if content is None:
            return
        kind = content.content_type
        if isinstance(content, Content):
            document = documents.store(content.data, kind, KEPT_DAYS)
        elif content.packed is not None:
            document = documents.link(content.packed, kind, KEPT_DAYS)
        else:
            document = documents.stream(content.chunks(), kind, KEPT_DAYS)
        report.document_id = document.id

    def _outcome(self, report: Report) -> tuple[str, Content | StreamedContent | None]:
        fate = self._fates.pop(report.type, None)
        if fate is not None:
            return fate, _FATAL if fate == "FATAL" else None
        content: Content | StreamedContent | None = self._forged.pop(report.type, None)
        if content is None and not self._repeats(report):
            content = REPORT_TYPES[report.type](self._world, report)
        return ("CANCELLED" if content is None else "DONE"), content

    def _repeats(self, report: Report) -> bool:
        """Whether the same returns were asked for, and told, less than half an hour before."""
        return report.type in RETURN_REPORTS and any(
            other.id < report.id
            and other.type == report.type
            and sorted(other.marketplace_ids) == sorted(report.marketplace_ids)
            and other.status not in _FATES
            and report.created - other.created < RESTED
            for other in self
        )


def _known(report_type: str) -> None:
    if report_type not in REPORT_TYPES:
        raise KeyError(report_type)
