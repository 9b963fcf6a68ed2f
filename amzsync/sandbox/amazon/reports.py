"""Reports 2021-06-30: asked for, waited for, fetched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import MARKETPLACES, TURKIYE
from amzsync.sandbox.amazon.documents import document_links
from amzsync.sandbox.amazon.joblists import job_list
from amzsync.sandbox.amazon.replies import (
    invalid,
    json_object,
    known_marketplaces,
    moment_of,
    not_found,
)
from amzsync.sandbox.amazon.reporttypes import REPORT_TYPES
from amzsync.sandbox.amazon.returnreports import LONGEST_WINDOW, RETURN_REPORTS
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld


def create_report(world: AmazonWorld, request: Request) -> Reply:
    """POST /reports/2021-06-30/reports."""
    body = json_object(request)
    if body.get("reportType") not in REPORT_TYPES:
        raise invalid("reportType is not a report type the sandbox knows.")
    places = known_marketplaces(body.get("marketplaceIds"), at_most=25)
    options = body.get("reportOptions") or {}
    if not isinstance(options, dict) or not all(isinstance(one, str) for one in options.values()):
        raise invalid("reportOptions maps texts to texts.")
    if options.get("MarketplaceId", TURKIYE.id) not in MARKETPLACES:
        raise invalid("reportOptions.MarketplaceId is not a marketplace of the seller.")
    start, end = _moment(world, body, "dataStartTime"), _moment(world, body, "dataEndTime")
    _check_window(body["reportType"], start or world.now(), end or world.now())
    report = world.reports.request(body["reportType"], places, start, end, options)
    return Reply(202, {"reportId": report.id})


def get_report(world: AmazonWorld, request: Request) -> Reply:
    """GET /reports/2021-06-30/reports/{reportId}."""
    report = world.reports.get(request.params["reportId"])
    if report is None:
        raise not_found("No such report.")
    return Reply(200, report.body())


def get_reports(world: AmazonWorld, request: Request) -> Reply:
    """GET /reports/2021-06-30/reports."""
    return Reply(200, job_list(world, request, "reports", "reportTypes", list(world.reports)))


def get_report_document(world: AmazonWorld, request: Request) -> Reply:
    """GET /reports/2021-06-30/documents/{reportDocumentId}."""
    return document_links(world, request, "reportDocumentId")


def _moment(world: AmazonWorld, body: dict[str, Any], name: str) -> datetime | None:
    if not body.get(name):
        return None
    moment = moment_of(body[name], name)
    if moment > world.now() + _CLOCKS_DIFFER:
        raise invalid(f"{name} is in the future.")
    return moment


def _check_window(report_type: str, start: datetime, end: datetime) -> None:
    if end < start:
        raise invalid("dataEndTime is before dataStartTime.")
    if report_type in RETURN_REPORTS and end - start > LONGEST_WINDOW:
        raise invalid(f"The report spans at most {LONGEST_WINDOW.days} days.")


_CLOCKS_DIFFER = timedelta(minutes=5)
_ROOT = "/reports/2021-06-30"

ROUTES = [
    Route("POST", f"{_ROOT}/reports", "createReport", create_report),
    Route("GET", f"{_ROOT}/reports", "getReports", get_reports),
    Route("GET", f"{_ROOT}/reports/{{reportId}}", "getReport", get_report),
    Route(
        "GET", f"{_ROOT}/documents/{{reportDocumentId}}", "getReportDocument", get_report_document
    ),
]
