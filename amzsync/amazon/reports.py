"""Reports: requested, looked after, and fetched.

createReport is not repeatable. After an OutcomeUnknownError look with `get_reports` whether one of
that type has been created since, before another is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from amzsync.amazon.calls import Calls, csv, instant, read
from amzsync.amazon.documents import fetch
from amzsync.amazon.models.reports import CreatedReport, Report, ReportDocument, ReportPage
from amzsync.amazon.operations import CREATE_REPORT, GET_REPORT, GET_REPORT_DOCUMENT, GET_REPORTS
from amzsync.http.transfer import Downloaded, Transfers


class Reports:
    """The reports of the account."""

    def __init__(self, calls: Calls, transfers: Transfers) -> None:
        self._calls = calls
        self._transfers = transfers

    def create_report(
        self,
        report_type: str,
        marketplace_ids: Sequence[str],
        *,
        data_start_time: datetime | None = None,
        data_end_time: datetime | None = None,
        report_options: Mapping[str, str] | None = None,
        reserve: int = 0,
        max_wait: float | None = None,
    ) -> str:
        """Request a report; its id.

        `reserve` tokens of the bucket all report types share are left for others. Errors:
        OutcomeUnknownError when it may or may not have been requested.
        """
        body: dict[str, object] = {
            "reportType": report_type,
            "marketplaceIds": list(marketplace_ids),
        }
        if data_start_time is not None:
            body["dataStartTime"] = instant(data_start_time)
        if data_end_time is not None:
            body["dataEndTime"] = instant(data_end_time)
        if report_options:
            body["reportOptions"] = dict(report_options)
        reply = self._calls.call(CREATE_REPORT, json=body, reserve=reserve, max_wait=max_wait)
        return read(CreatedReport, CREATE_REPORT, reply).report_id

    def get_report(self, report_id: str) -> Report:
        """A report and how far it is."""
        reply = self._calls.call(GET_REPORT, path={"reportId": report_id})
        return read(Report, GET_REPORT, reply)

    def get_reports(self, report_types: Sequence[str], created_since: datetime) -> list[Report]:
        """All reports of these types created since a moment, at most 90 days ago; newest first."""
        query = [
            ("reportTypes", csv(report_types)),
            ("createdSince", instant(created_since)),
            ("pageSize", "100"),
        ]
        pages = self._calls.pages(GET_REPORTS, query)
        return [
            report for reply in pages for report in read(ReportPage, GET_REPORTS, reply).reports
        ]

    def get_report_document(self, document_id: str) -> ReportDocument:
        """Where a report can be fetched for the next five minutes."""
        reply = self._calls.call(GET_REPORT_DOCUMENT, path={"reportDocumentId": document_id})
        return read(ReportDocument, GET_REPORT_DOCUMENT, reply)

    def download(self, document_id: str, into: Path | BinaryIO, max_bytes: int) -> Downloaded:
        """Fetch a report, unpacked. Errors: see Transfers.download."""
        return fetch(
            self._transfers, lambda: self.get_report_document(document_id).url, into, max_bytes
        )
