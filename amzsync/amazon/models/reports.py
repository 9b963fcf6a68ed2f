"""Reports 2021-06-30. Source: sp-api.md §2.4.6."""

from __future__ import annotations

from pydantic import Field

from amzsync.amazon.models.payload import Payload, Rows, Text, UtcDatetime


class Report(Payload):
    """A requested report. CANCELLED mostly means that there was no data; FATAL may have a document.

    The statuses are those of `amzsync.amazon.models.feeds`.
    """

    report_id: str
    report_type: str
    marketplace_ids: Rows[str] = ()
    created_time: UtcDatetime
    data_start_time: UtcDatetime | None = None
    data_end_time: UtcDatetime | None = None
    processing_status: str
    processing_start_time: UtcDatetime | None = None
    processing_end_time: UtcDatetime | None = None
    report_document_id: Text = ""


class ReportDocument(Payload):
    """A document to fetch; the presigned URL lives five minutes and is secret."""

    report_document_id: str
    url: str = Field(repr=False)
    compression_algorithm: Text = ""


class CreatedReport(Payload):
    """The answer of createReport."""

    report_id: str


class ReportPage(Payload):
    """A page of getReports."""

    reports: Rows[Report] = ()
