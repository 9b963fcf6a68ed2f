"""The reports of returns over real HTTP: three documents, their window, their fates."""

from __future__ import annotations

import csv
import gzip
import json
from base64 import b64encode
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.unit.sandbox.amazon_api import START, TURKIYE, Api

XML = "GET_XML_RETURNS_DATA_BY_RETURN_DATE"
FLAT = "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE"
FBA = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"
GERMANY = "A1PA6795UKMFR9"
MONTH = {
    "dataStartTime": (START - timedelta(days=30)).isoformat(),
    "dataEndTime": (START + timedelta(minutes=1)).isoformat(),
}


def ask(api: Api, report_type: str, **changed: Any) -> httpx.Response:
    body = {"reportType": report_type, "marketplaceIds": [TURKIYE], **MONTH} | changed
    return api.call("POST", "/reports/2021-06-30/reports", json=body)


def finished(api: Api, report_type: str, **changed: Any) -> Any:
    report_id = ask(api, report_type, **changed).json()["reportId"]
    api.time.pass_by(90)
    return api.call("GET", f"/reports/2021-06-30/reports/{report_id}").json()


def download(api: Api, report: Any) -> tuple[bytes, str]:
    """The bytes of a report, and the Content-Type they came with."""
    path = f"/reports/2021-06-30/documents/{report['reportDocumentId']}"
    got = api.http.get(api.call("GET", path).json()["url"])
    return gzip.decompress(got.content), got.headers["content-type"]


def table(content: bytes, encoding: str) -> list[dict[str, str]]:
    lines = content.decode(encoding).split("\r\n")
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def sold(api: Api, **merged: Any) -> tuple[str, str]:
    """An order and the SKU of its first line."""
    order_id = api.sandbox.world.add_orders(1, age=3600)[0]
    if merged:
        api.control("PATCH", f"amazon/orders/{order_id}", {"set": merged})
    sku: str = api.order(order_id)["orderItems"][0]["product"]["sellerSku"]
    return order_id, sku


def test_an_rma_of_two_items_is_one_return_in_the_xml_report(api: Api) -> None:
    order_id, sku = sold(api)
    returns = api.sandbox.world.amazon.returns
    rma_id = returns.add(
        order_id, sku, reason="CR-UNWANTED_ITEM", item_name="Yağmurluk Iğdır 🌧 & Şal"
    )
    returns.add(order_id, sku, reason="CR-UNWANTED_ITEM", rma_id=rma_id)
    other = returns.add(order_id, sku, 2, resolution="ReturnlessRefund")
    content, content_type = download(api, finished(api, XML))
    assert content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert content_type == "text/xml; charset=UTF-8"
    envelope = ElementTree.fromstring(content)  # noqa: S314 - the sandbox's own document
    assert envelope.findtext("MessageType") == "Returns-Report"
    details = envelope.findall("Message/return_details")
    assert [one.findtext("amazon_rma_id") for one in details] == [rma_id, other]
    first, second = details
    assert first.findtext("order_id") == order_id
    assert first.findtext("return_request_date") == "2026-11-23T12:00:00.000Z"
    assert first.findtext("return_request_status") == "Approved"
    assert [item.findtext("item_name") for item in first.findall("item_details")] == [
        "Yağmurluk Iğdır 🌧 & Şal",
        api.order(order_id)["orderItems"][0]["product"]["title"],
    ]
    assert {item.findtext("return_reason_code") for item in first.iter("item_details")} == {
        "CR-UNWANTED_ITEM"
    }
    assert second.findtext("item_details/return_quantity") == "2"
    assert second.findtext("item_details/resolution") == "ReturnlessRefund"


def test_the_flat_file_is_in_cp1252_with_english_days(api: Api) -> None:
    order_id, sku = sold(api)
    returns = api.sandbox.world.amazon.returns
    rma_id = returns.add(
        order_id,
        sku,
        requested=START - timedelta(days=9),
        item_name='Çömlek "Ö" – ş',
        status="Completed",
    )
    content, content_type = download(api, finished(api, FLAT))
    assert content_type == "text/plain; charset=Cp1252"
    (row,) = table(content, "cp1252")
    assert row["Order ID"] == order_id
    assert row["Amazon RMA ID"] == rma_id
    assert row["Merchant SKU"] == sku
    assert row["Item Name"] == 'Çömlek "Ö" – ?'
    assert row["Return request date"] == "14-Nov-2026"
    assert row["Return request status"] == "Completed"
    assert row["Return quantity"] == "1"
    assert len(row) == 32


def test_goods_amazon_sent_are_in_its_own_report_and_in_no_other(api: Api) -> None:
    order_id, sku = sold(api, fulfillment={"fulfilledBy": "AMAZON"})
    plate = api.sandbox.world.amazon.returns.add(order_id, sku, reason="CR-DEFECTIVE")
    content, content_type = download(api, finished(api, FBA))
    assert content_type == "text/plain; charset=UTF-8"
    (row,) = table(content, "utf-8")
    assert (row["order-id"], row["sku"], row["quantity"]) == (order_id, sku, "1")
    assert (row["license-plate-number"], row["reason"]) == (plate, "DEFECTIVE")
    assert row["return-date"] == "2026-11-23T12:00:00+00:00"
    assert row["product-name"] == api.order(order_id)["orderItems"][0]["product"]["title"]
    for report_type in (XML, FLAT):
        assert finished(api, report_type)["processingStatus"] == "CANCELLED"


def test_the_window_takes_both_its_edges_and_nothing_beyond(api: Api) -> None:
    returns = api.sandbox.world.amazon.returns
    edges = {
        "dataStartTime": (START - timedelta(days=60)).isoformat(),
        "dataEndTime": START.isoformat(),
    }
    inside = [
        returns.add(*sold(api), requested=START - timedelta(days=60)),
        returns.add(*sold(api), requested=START),
    ]
    returns.add(*sold(api), requested=START - timedelta(days=60, milliseconds=1))
    returns.add(*sold(api), requested=START + timedelta(milliseconds=1))
    rows = table(download(api, finished(api, FLAT, **edges))[0], "cp1252")
    assert [row["Amazon RMA ID"] for row in rows] == inside


def test_only_the_marketplaces_asked_for_are_reported(api: Api) -> None:
    api.sandbox.world.amazon.returns.add(*sold(api))
    assert finished(api, FLAT, marketplaceIds=[GERMANY])["processingStatus"] == "CANCELLED"
    both = finished(api, FLAT, marketplaceIds=[GERMANY, TURKIYE])
    assert both["processingStatus"] == "DONE"


@pytest.mark.parametrize(
    "window",
    [
        {"dataStartTime": (START - timedelta(days=60, seconds=1)).isoformat()},
        {"dataStartTime": "yesterday"},
        {"dataEndTime": (START + timedelta(minutes=6)).isoformat()},
        {"dataEndTime": (START - timedelta(days=31)).isoformat()},
    ],
)
def test_a_window_too_long_backwards_or_in_the_future_is_refused(api: Api, window: Any) -> None:
    refused = ask(api, XML, **({"dataEndTime": START.isoformat()} | window))
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "InvalidInput"


def test_the_same_report_within_half_an_hour_is_cancelled(api: Api) -> None:
    api.sandbox.world.amazon.returns.add(*sold(api))
    assert finished(api, XML)["processingStatus"] == "DONE"
    again = finished(api, XML)
    assert (again["processingStatus"], "reportDocumentId" in again) == ("CANCELLED", False)
    assert finished(api, FLAT)["processingStatus"] == "DONE"
    api.time.pass_by(1800 - 3 * 90)
    assert finished(api, XML)["processingStatus"] == "DONE"


def test_a_report_that_told_nothing_does_not_stand_in_the_way_of_the_next(api: Api) -> None:
    assert finished(api, XML)["processingStatus"] == "CANCELLED"
    api.sandbox.world.amazon.returns.add(*sold(api), requested=START)
    assert finished(api, XML)["processingStatus"] == "DONE"


def test_a_fatal_report_explains_itself_and_the_next_one_is_made(api: Api) -> None:
    api.sandbox.world.amazon.returns.add(*sold(api))
    api.control("POST", "amazon/reports", {"report_type": XML, "fate": "FATAL"})
    report = finished(api, XML)
    assert report["processingStatus"] == "FATAL"
    assert "errorDetails" in json.loads(download(api, report)[0])
    api.control("POST", "amazon/reports", {"report_type": XML, "fate": "CANCELLED"})
    assert finished(api, XML)["processingStatus"] == "CANCELLED"
    assert finished(api, XML)["processingStatus"] == "DONE"


def test_the_next_report_can_hold_something_else(api: Api) -> None:
    page = b"<html>Be right back</html>"
    body = {
        "report_type": XML,
        "content_type": "text/html",
        "data": b64encode(page).decode(),
    }
    api.control("POST", "amazon/reports", body)
    assert finished(api, FLAT)["processingStatus"] == "CANCELLED"
    assert download(api, finished(api, XML)) == (page, "text/html")


def test_a_fate_or_a_content_of_nothing_known_is_refused(api: Api) -> None:
    reports = api.sandbox.world.amazon.reports
    with pytest.raises(ValueError, match="FATAL"):
        reports.fate(XML, "DONE")
    with pytest.raises(KeyError):
        reports.fate("GET_WISHES", "FATAL")
    with pytest.raises(KeyError):
        reports.forge("GET_WISHES", b"", "text/plain")


def test_returns_come_and_change_through_the_control_endpoint(api: Api) -> None:
    order_id, sku = sold(api)
    body = {"order_id": order_id, "sku": sku, "requested": "2026-11-20T09:00:00+03:00"}
    rma_id = api.control("POST", "amazon/returns", body)["rma_id"]
    api.control("PATCH", f"amazon/returns/{rma_id}", {"status": "Completed"})
    (row,) = api.control("GET", "state?side=amazon&kind=returns")
    assert (row["rma_id"], row["status"]) == (rma_id, "Completed")
    assert row["requested"] == "2026-11-20T06:00:00.000Z"
    assert api.control("GET", "state?side=amazon")["returns"] == 1
    assert "error" in api.control("PATCH", f"amazon/returns/{rma_id}", {"colour": "red"})
    assert "error" in api.control("PATCH", "amazon/returns/nobody", {"status": "Completed"})
    assert "error" in api.control("POST", "amazon/returns", body | {"order_id": "403-0-0"})


def test_an_rma_belongs_to_one_order(api: Api) -> None:
    returns = api.sandbox.world.amazon.returns
    rma_id = returns.add(*sold(api))
    with pytest.raises(ValueError, match="another order"):
        returns.add(*sold(api), rma_id=rma_id)
    assert len(returns) == 1
