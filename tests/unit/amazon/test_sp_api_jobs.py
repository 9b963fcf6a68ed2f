"""Feeds and reports: created once, looked after, their documents fetched."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import respx

from amzsync.amazon.feeds import JSON_CONTENT_TYPE, JSON_LISTINGS_FEED
from amzsync.amazon.models.feeds import FINISHED, FeedDocument
from amzsync.errors import DryRunError, OutcomeUnknownError, ProtocolError
from amzsync.http.transfer import ExpiredUrlError
from tests.unit.amazon.sp_api_fakes import HOST, START, TURKEY, open_client

FEEDS = "/feeds/2021-06-30"
REPORTS = "/reports/2021-06-30"
STORE = "https://store.example.com/document"
SINCE = START - timedelta(hours=6)


@pytest.fixture
def web() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


def feed(feed_id: str, status: str = "IN_QUEUE") -> dict[str, str]:
    return {
        "feedId": feed_id,
        "feedType": JSON_LISTINGS_FEED,
        "createdTime": "2026-11-23T07:00:00.123Z",
        "processingStatus": status,
    }


def test_the_upload_has_the_content_type_the_slot_was_asked_for(web: respx.Router) -> None:
    slot = web.post(f"{FEEDS}/documents").respond(201, json={"feedDocumentId": "d", "url": STORE})
    put = web.put(STORE).respond(200)
    feeds = open_client().feeds
    document = feeds.create_feed_document()
    feeds.upload(document.url, JSON_CONTENT_TYPE, b"{}")
    asked = json.loads(slot.calls.last.request.content)["contentType"]
    assert put.calls.last.request.headers["content-type"] == asked == JSON_CONTENT_TYPE


def test_a_feed_is_created(web: respx.Router) -> None:
    route = web.post(f"{FEEDS}/feeds").respond(202, json={"feedId": "f-1"})
    feeds = open_client().feeds
    assert feeds.create_feed(JSON_LISTINGS_FEED, "d-1", [TURKEY]) == "f-1"
    feeds.create_feed("UPLOAD_VAT_INVOICE", "d-2", [TURKEY], {"metadata:OrderId": "403-1"})
    first, second = (json.loads(call.request.content) for call in route.calls)
    assert first == {
        "feedType": JSON_LISTINGS_FEED,
        "marketplaceIds": [TURKEY],
        "inputFeedDocumentId": "d-1",
    }
    assert second["feedOptions"] == {"metadata:OrderId": "403-1"}


def test_neither_a_feed_nor_a_report_is_asked_for_twice(web: respx.Router) -> None:
    feeds = web.post(f"{FEEDS}/feeds").respond(503)
    reports = web.post(f"{REPORTS}/reports").respond(503)
    client = open_client()
    with pytest.raises(OutcomeUnknownError):
        client.feeds.create_feed(JSON_LISTINGS_FEED, "d-1", [TURKEY])
    with pytest.raises(OutcomeUnknownError):
        client.reports.create_report("GET_MERCHANT_LISTINGS_ALL_DATA", [TURKEY])
    assert (feeds.call_count, reports.call_count) == (1, 1)


def test_a_dry_run_starts_no_job(web: respx.Router) -> None:
    client = open_client(dry_run=True)
    with pytest.raises(DryRunError):
        client.feeds.create_feed_document()
    with pytest.raises(DryRunError):
        client.feeds.upload(STORE, JSON_CONTENT_TYPE, b"{}")
    with pytest.raises(DryRunError):
        client.feeds.create_feed(JSON_LISTINGS_FEED, "d-1", [TURKEY])
    with pytest.raises(DryRunError):
        client.reports.create_report("GET_MERCHANT_LISTINGS_ALL_DATA", [TURKEY])
    assert web.calls.call_count == 0


def test_the_next_token_of_feeds_stands_alone(web: respx.Router) -> None:
    route = web.get(f"{FEEDS}/feeds")
    route.side_effect = [
        respx.MockResponse(json={"feeds": [feed("1"), feed("2")], "nextToken": "t/1"}),
        respx.MockResponse(json={"feeds": [feed("3")]}),
    ]
    found = open_client().feeds.get_feeds([JSON_LISTINGS_FEED], SINCE)
    assert [row.feed_id for row in found] == ["1", "2", "3"]
    first, second = (dict(call.request.url.params) for call in route.calls)
    assert first == {
        "feedTypes": JSON_LISTINGS_FEED,
        "createdSince": "2026-11-23T02:00:00Z",
        "pageSize": "100",
    }
    assert second == {"nextToken": "t/1"}


def test_a_page_token_that_comes_twice_ends_the_search(web: respx.Router) -> None:
    route = web.get(f"{REPORTS}/reports").respond(json={"reports": [], "nextToken": "again"})
    with pytest.raises(ProtocolError, match="twice"):
        open_client().reports.get_reports(["GET_XML_BROWSE_TREE_DATA"], SINCE)
    assert route.call_count == 2


def test_a_feed_is_looked_after_and_taken_back(web: respx.Router) -> None:
    web.get(f"{FEEDS}/feeds/f-1").respond(
        json={**feed("f-1", "DONE"), "resultFeedDocumentId": "r-1"}
    )
    cancel = web.delete(f"{FEEDS}/feeds/f-1").respond(200)
    feeds = open_client().feeds
    found = feeds.get_feed("f-1")
    assert found.processing_status in FINISHED
    assert found.result_feed_document_id == "r-1"
    feeds.cancel_feed("f-1")
    assert cancel.call_count == 1


REPORT = {
    "header": {"sellerId": "A", "version": "2.0", "feedId": "f-1"},
    "issues": [
        {"messageId": 4, "sku": "S", "code": "90220", "severity": "ERROR", "message": "m"},
        {"severity": "WARNING", "message": "about the document"},
    ],
    "summary": {
        "errors": 1,
        "warnings": 1,
        "messagesProcessed": 2,
        "messagesAccepted": 1,
        "messagesInvalid": 1,
    },
}


def test_a_processing_report_is_read(web: respx.Router) -> None:
    web.get(f"{FEEDS}/documents/r-1").respond(json={"feedDocumentId": "r-1", "url": STORE})
    web.get(STORE).respond(content=gzip.compress(json.dumps(REPORT).encode()))
    report = open_client().feeds.processing_report("r-1")
    assert report.summary.messages_invalid == 1
    assert [(issue.message_id, issue.is_error) for issue in report.issues] == [
        (4, True),
        (None, False),
    ]


@pytest.mark.parametrize("content", [b"<html/>", b'{"issues": []}', b"\xff\xfe"])
def test_another_document_is_no_processing_report(web: respx.Router, content: bytes) -> None:
    web.get(f"{FEEDS}/documents/r-1").respond(json={"feedDocumentId": "r-1", "url": STORE})
    web.get(STORE).respond(content=content)
    with pytest.raises(ProtocolError):
        open_client().feeds.processing_report("r-1")


def test_an_expired_url_is_asked_for_again_once(web: respx.Router) -> None:
    urls = web.get(f"{REPORTS}/documents/d-1")
    urls.side_effect = [
        respx.MockResponse(json={"reportDocumentId": "d-1", "url": f"{STORE}?n={number}"})
        for number in (1, 2, 3)
    ]
    web.get(f"{STORE}?n=1").respond(403)
    web.get(f"{STORE}?n=2").respond(content=b"sku\n")
    stream = io.BytesIO()
    open_client().reports.download("d-1", stream, 100)
    assert stream.getvalue() == b"sku\n"
    web.get(f"{STORE}?n=3").respond(403)
    urls.side_effect = [
        respx.MockResponse(json={"reportDocumentId": "d-1", "url": f"{STORE}?n={number}"})
        for number in (1, 3)
    ]
    with pytest.raises(ExpiredUrlError):
        open_client().reports.download("d-1", stream, 100)


def test_documents_are_fetched_without_our_token(web: respx.Router) -> None:
    class Signer:
        def headers(self) -> dict[str, str]:
            return {"x-amz-access-token": "token"}

        def renew(self, refused: object) -> None:
            raise AssertionError("nothing was refused")

        def refused(self, status: int) -> bool:
            return status == 403

    slot = web.get(f"{REPORTS}/documents/d-1")
    slot.respond(json={"reportDocumentId": "d-1", "url": STORE})
    store = web.get(STORE).respond(content=b"x")
    open_client(signer=Signer()).reports.download("d-1", io.BytesIO(), 100)
    assert slot.calls.last.request.headers["x-amz-access-token"] == "token"
    assert "x-amz-access-token" not in store.calls.last.request.headers


def test_a_report_is_requested_for_a_window(web: respx.Router) -> None:
    route = web.post(f"{REPORTS}/reports").respond(202, json={"reportId": "r-1"})
    report_id = open_client().reports.create_report(
        "GET_XML_RETURNS_DATA_BY_RETURN_DATE",
        [TURKEY],
        data_start_time=SINCE,
        data_end_time=START,
        report_options={"custom": "true"},
    )
    assert report_id == "r-1"
    assert json.loads(route.calls.last.request.content) == {
        "reportType": "GET_XML_RETURNS_DATA_BY_RETURN_DATE",
        "marketplaceIds": [TURKEY],
        "dataStartTime": "2026-11-23T02:00:00Z",
        "dataEndTime": "2026-11-23T08:00:00Z",
        "reportOptions": {"custom": "true"},
    }


def test_a_report_is_looked_after(web: respx.Router) -> None:
    web.get(f"{REPORTS}/reports/r-1").respond(
        json={
            "reportId": "r-1",
            "reportType": "GET_XML_BROWSE_TREE_DATA",
            "createdTime": "2026-11-23T07:00:00Z",
            "processingStatus": "DONE",
            "reportDocumentId": "d-1",
            "dataEndTime": None,
        }
    )
    report = open_client().reports.get_report("r-1")
    assert (report.report_document_id, report.data_end_time) == ("d-1", None)


def test_a_presigned_url_does_not_show_when_printed() -> None:
    document = FeedDocument(feed_document_id="d", url=f"{STORE}?X-Amz-Signature=canary")
    assert "canary" not in repr(document)


def test_the_account_tells_where_it_sells(web: respx.Router) -> None:
    web.get("/sellers/v1/marketplaceParticipations").respond(
        json={
            "payload": [
                {
                    "marketplace": {"id": TURKEY, "countryCode": "TR", "name": "Amazon.com.tr"},
                    "storeName": "Örnek",
                    "participation": {"isParticipating": True, "hasSuspendedListings": False},
                }
            ]
        }
    )
    (found,) = open_client().sellers.get_marketplace_participations()
    assert (found.marketplace.id, found.participation.is_participating) == (TURKEY, True)


def test_the_client_counts_its_calls(web: respx.Router) -> None:
    web.get(f"{REPORTS}/documents/d-1").respond(json={"reportDocumentId": "d-1", "url": STORE})
    web.get(STORE).respond(content=b"x")
    client = open_client()
    client.reports.download("d-1", io.BytesIO(), 100)
    assert client.calls() == {"getReportDocument": 1, "download": 1}
    client.close()
