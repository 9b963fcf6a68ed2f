"""Feeds over real HTTP: documents, the queue, the processing report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.sandbox.amazon_api import JSON_TYPE, TURKIYE, Api, price, stock, stock_message

DOCUMENTS = "/feeds/2021-06-30/documents"


def open_document(api: Api) -> Any:
    return api.call("POST", DOCUMENTS, json={"contentType": JSON_TYPE}).json()


def quantity(api: Api, sku: str) -> Any:
    return api.item(sku)["fulfillmentAvailability"][0]["quantity"]


def test_a_feed_waits_is_worked_on_and_its_messages_go_live(api: Api) -> None:
    feed_id = api.feed([stock_message(1, "SKU-000001", 901)]).json()["feedId"]
    before = quantity(api, "SKU-000001")
    assert api.feed_state(feed_id)["processingStatus"] == "IN_QUEUE"
    api.time.pass_by(60)
    assert api.feed_state(feed_id)["processingStatus"] == "IN_PROGRESS"
    assert quantity(api, "SKU-000001") == before
    api.time.pass_by(240)
    state = api.feed_state(feed_id)
    assert (state["processingStatus"], state["processingEndTime"]) == (
        "DONE",
        "2026-11-23T12:05:00.000Z",
    )
    assert quantity(api, "SKU-000001") == before
    api.time.pass_by(60)
    assert quantity(api, "SKU-000001") == 901
    assert api.feed_report(feed_id)["summary"] == {
        "errors": 0,
        "warnings": 0,
        "messagesProcessed": 1,
        "messagesAccepted": 1,
        "messagesInvalid": 0,
    }


def test_feeds_are_worked_on_one_after_the_other(api: Api) -> None:
    first, second = (
        api.feed([stock_message(1, "SKU-000001", number)]).json()["feedId"] for number in (1, 2)
    )
    api.time.pass_by(299)
    assert api.feed_state(first)["processingStatus"] == "IN_PROGRESS"
    assert api.feed_state(second)["processingStatus"] == "IN_QUEUE"
    api.time.pass_by(1)
    assert api.feed_state(second)["processingStatus"] == "IN_PROGRESS"
    api.time.pass_by(300)
    assert quantity(api, "SKU-000001") == 2


def test_only_a_queued_feed_can_be_cancelled(api: Api) -> None:
    running = api.feed([stock_message(1, "SKU-000001", 1)]).json()["feedId"]
    queued = api.feed([stock_message(1, "SKU-000002", 2)]).json()["feedId"]
    api.time.pass_by(61)
    assert api.call("DELETE", f"/feeds/2021-06-30/feeds/{running}").status_code == 400
    assert api.call("DELETE", f"/feeds/2021-06-30/feeds/{queued}").status_code == 200
    before = quantity(api, "SKU-000002")
    api.time.pass_by(900)
    assert api.feed_state(queued)["processingStatus"] == "CANCELLED"
    assert quantity(api, "SKU-000002") == before


@pytest.mark.parametrize(
    "content_type",
    ["application/json;charset=UTF-8", "application/json; charset=utf-8", "text/csv"],
)
def test_an_upload_needs_the_very_content_type_it_was_signed_for(
    api: Api, content_type: str
) -> None:
    url = open_document(api)["url"]
    refused = api.http.put(url, content=b"{}", headers={"content-type": content_type})
    assert refused.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in refused.text


def test_an_upload_url_expires_after_five_minutes(api: Api) -> None:
    document = open_document(api)
    headers = {"content-type": JSON_TYPE}
    api.time.pass_by(300)
    assert api.http.put(document["url"], content=b"{}", headers=headers).status_code == 200
    api.time.pass_by(1)
    refused = api.http.put(document["url"], content=b"{}", headers=headers)
    assert refused.status_code == 403
    assert "Request has expired" in refused.text


def test_the_document_store_takes_neither_a_token_nor_a_forged_url(api: Api) -> None:
    url = open_document(api)["url"]
    headers = {"content-type": JSON_TYPE}
    with_token = headers | {"x-amz-access-token": api.token}
    assert api.http.put(url, content=b"{}", headers=with_token).status_code == 403
    signed_twice = headers | {"authorization": "AWS4-HMAC-SHA256 x"}
    assert api.http.put(url, content=b"{}", headers=signed_twice).status_code == 400
    longer = url.replace("X-Amz-Expires=300", "X-Amz-Expires=900")
    assert api.http.put(longer, content=b"{}", headers=headers).status_code == 403


def test_a_feed_needs_an_uploaded_document_not_older_than_two_days(api: Api) -> None:
    empty = open_document(api)["feedDocumentId"]
    assert api.submit("JSON_LISTINGS_FEED", empty).status_code == 400
    assert api.submit("JSON_LISTINGS_FEED", "invented").status_code == 400
    old = api.upload(b"{}")
    api.time.pass_by(2 * 86_400)
    api.log_in()
    assert api.submit("JSON_LISTINGS_FEED", old).status_code == 400


def test_the_sixth_listings_feed_within_five_minutes_is_throttled(api: Api) -> None:
    messages = [stock_message(1, "SKU-000001", 1)]
    answers = [api.feed(messages).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]
    api.time.pass_by(61)
    assert api.feed(messages).status_code == 202


def test_the_report_names_each_refused_message(api: Api) -> None:
    foreign = stock_message(6, "SKU-000004", 1) | {"requirements": "LISTING"}
    partial = {
        "messageId": 7,
        "sku": "SKU-000005",
        "operationType": "PARTIAL_UPDATE",
        "productType": "HOME",
        "attributes": {"fulfillment_availability": stock(44)["value"]},
    }
    messages = [
        stock_message(1, "SKU-000001", 5),
        stock_message(2, "SKU-000002", -5),
        stock_message(3, "NOBODY-SELLS-THIS", 5),
        stock_message(1, "SKU-000004", 5),
        stock_message(5, "SKU-000004", 5) | {"operationType": "REPLACE"},
        foreign,
        partial,
    ]
    feed_id = api.feed(messages).json()["feedId"]
    api.time.pass_by(360)
    report = api.feed_report(feed_id)
    assert {(row["messageId"], row["sku"]) for row in report["issues"]} == {
        (2, "SKU-000002"),
        (3, "NOBODY-SELLS-THIS"),
        (1, "SKU-000004"),
        (5, "SKU-000004"),
        (6, "SKU-000004"),
    }
    assert report["summary"]["messagesAccepted"] == 2
    assert report["summary"]["messagesInvalid"] == 5
    assert (quantity(api, "SKU-000001"), quantity(api, "SKU-000005")) == (5, 44)


def test_a_report_asked_for_in_the_header_shows_the_listings(api: Api) -> None:
    wanted = {"includedData": ["issues", "offers"], "apiVersion": "2021-08-01"}
    message = stock_message(1, "SKU-000001", 8)
    message["patches"].append(price(77.5, op="merge"))
    feed_id = api.feed([message], report=wanted).json()["feedId"]
    api.time.pass_by(360)
    report = api.feed_report(feed_id)
    assert report["header"]["report"] == wanted
    assert report["items"][0]["sku"] == "SKU-000001"
    assert api.item("SKU-000001")["offers"][0]["price"]["amount"] == "77.50"


@pytest.mark.parametrize(
    "document",
    [
        b"{half",
        b"[]",
        json.dumps(
            {"header": {"sellerId": "A2OTHER", "version": "2.0"}, "messages": [{}]}
        ).encode(),
        json.dumps(
            {"header": {"sellerId": "A2SANDBOXSELLER", "version": "1.0"}, "messages": [{}]}
        ).encode(),
        json.dumps(
            {"header": {"sellerId": "A2SANDBOXSELLER", "version": "2.0"}, "messages": []}
        ).encode(),
    ],
)
def test_a_broken_document_ends_fatal_with_an_issue_of_no_message(
    api: Api, document: bytes
) -> None:
    feed_id = api.submit("JSON_LISTINGS_FEED", api.upload(document)).json()["feedId"]
    api.time.pass_by(300)
    assert api.feed_state(feed_id)["processingStatus"] == "FATAL"
    issue = api.feed_report(feed_id)["issues"][0]
    assert (issue["severity"], "messageId" in issue) == ("ERROR", False)


def test_retired_feed_types_end_fatal_and_unknown_ones_are_refused(api: Api) -> None:
    document = api.upload(b"<AmazonEnvelope/>")
    feed_id = api.submit("POST_PRODUCT_DATA", document).json()["feedId"]
    api.time.pass_by(300)
    assert api.feed_state(feed_id)["processingStatus"] == "FATAL"
    assert api.submit("POST_WISHES", document).status_code == 400


PDF = b"%PDF-1.4 invented"


def invoice(api: Api, content: bytes = PDF, /, **changed: str) -> Any:
    """Submit an invoice of a new order, with options changed or ("") left out; (options, feed)."""
    options = {
        "orderid": api.sandbox.world.add_orders(1)[0],
        "invoicenumber": "INV-1",
        "documenttype": "Invoice",
    } | changed
    feed_options = {f"metadata:{name}": value for name, value in options.items() if value}
    document = api.upload(content, "application/pdf")
    submitted = api.submit("UPLOAD_VAT_INVOICE", document, feedOptions=feed_options)
    api.time.pass_by(300)
    return feed_options, submitted.json()["feedId"]


def invoices(api: Api) -> Any:
    return api.control("GET", "state?side=amazon&kind=invoices")


def test_an_invoice_is_kept_with_its_options(api: Api) -> None:
    options, feed_id = invoice(api, totalamount="125.00", totalvatamount="20.83")
    assert invoices(api) == [{"feedId": feed_id, "options": options}]
    assert api.feed_state(feed_id)["processingStatus"] == "DONE"
    report = api.feed_report(feed_id)
    assert (report["issues"], report["summary"]["messagesAccepted"]) == ([], 1)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"orderid": ""}, "metadata:orderid"),
        ({"orderid": "403-0000000-0000000"}, "order does not exist"),
        ({"invoicenumber": ""}, "metadata:invoicenumber"),
        ({"documenttype": "Receipt"}, "metadata:documenttype"),
        ({"documenttype": "CreditNote"}, "metadata:transactionid"),
        ({"totalamount": "a lot"}, "metadata:totalamount"),
        ({"OrderId": "403-0000000-0000000"}, "metadata:OrderId"),
    ],
)
def test_an_invoice_with_wrong_options_is_refused_in_its_report(
    api: Api, changed: dict[str, str], named: str
) -> None:
    _options, feed_id = invoice(api, **changed)
    assert api.feed_state(feed_id)["processingStatus"] == "DONE"
    report = api.feed_report(feed_id)
    assert named in report["issues"][0]["message"]
    assert report["summary"]["messagesInvalid"] == 1
    assert invoices(api) == []


def test_an_invoice_that_is_no_pdf_ends_fatal(api: Api) -> None:
    _options, feed_id = invoice(api, b"<html>not found</html>")
    assert api.feed_state(feed_id)["processingStatus"] == "FATAL"
    assert invoices(api) == []


def test_an_invoice_for_another_marketplace_is_refused(api: Api) -> None:
    order_id = api.sandbox.world.add_orders(1)[0]
    german = {"salesChannel": {"marketplaceId": "A1PA6795UKMFR9"}}
    api.control("PATCH", f"amazon/orders/{order_id}", {"set": german})
    _options, feed_id = invoice(api, orderid=order_id)
    assert "marketplaceIds" in api.feed_report(feed_id)["issues"][0]["message"]


def test_amazon_refuses_the_next_invoice_of_an_order_when_told_to(api: Api) -> None:
    order_id = api.sandbox.world.add_orders(1)[0]
    refusal = {"order_id": order_id, "code": "79525", "message": "Amazon will generate invoice"}
    api.control("POST", "amazon/invoices", refusal)
    invoice(api)
    _options, refused = invoice(api, orderid=order_id)
    (issue,) = api.feed_report(refused)["issues"]
    assert (issue["code"], issue["message"]) == ("79525", "Amazon will generate invoice")
    _options, accepted = invoice(api, orderid=order_id)
    assert [row["feedId"] for row in invoices(api)][1:] == [accepted]


def test_a_half_refused_feed_refuses_every_second_message(api: Api) -> None:
    api.sandbox.faults.add("half_refused_feed", "createFeed")
    skus = ["SKU-000001", "SKU-000002", "SKU-000004", "SKU-000005"]
    messages = [stock_message(number, sku, 9) for number, sku in enumerate(skus, start=1)]
    feed_id = api.feed(messages).json()["feedId"]
    api.time.pass_by(360)
    assert [row["messageId"] for row in api.feed_report(feed_id)["issues"]] == [2, 4]
    assert quantity(api, "SKU-000004") == 9


def test_get_feeds_lists_by_type_and_its_token_stands_alone(api: Api) -> None:
    made = [
        api.feed([stock_message(1, "SKU-000001", number)]).json()["feedId"] for number in (1, 2, 3)
    ]
    query = {"feedTypes": "JSON_LISTINGS_FEED", "pageSize": 2, "marketplaceIds": TURKIYE}
    first = api.call("GET", "/feeds/2021-06-30/feeds", params=query).json()
    token = {"nextToken": first["nextToken"]}
    refused = api.call("GET", "/feeds/2021-06-30/feeds", params=token | {"pageSize": 2})
    second = api.call("GET", "/feeds/2021-06-30/feeds", params=token).json()
    assert refused.status_code == 400
    assert [feed["feedId"] for feed in first["feeds"] + second["feeds"]] == made[::-1]
    assert "nextToken" not in second
