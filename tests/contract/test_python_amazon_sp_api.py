"""The sandbox's SP-API driven by python-amazon-sp-api, a client nobody here wrote.

Its requests go where it sends them, Amazon's hosts over HTTPS; below it, httpx's transport takes
them to the sandbox instead. Nothing of the library is replaced but the token it remembers.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from sp_api.api import (  # type: ignore[import-untyped]  # the library has no types
    Feeds,
    ListingsItems,
    Orders,
    Reports,
    Sellers,
)
from sp_api.auth import access_token_client  # type: ignore[import-untyped]  # as above
from sp_api.base import Marketplaces  # type: ignore[import-untyped]  # as above
from sp_api.base.exceptions import (  # type: ignore[import-untyped]  # as above
    SellingApiForbiddenException,
    SellingApiNotFoundException,
    SellingApiRequestThrottledException,
)

from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock

AMAZON: Final = ("sellingpartnerapi-eu.amazon.com", "api.amazon.com")
TURKIYE: Final = "A33AVAJ2PDY3EV"
ODD_SKU: Final = "A/B+1 %"


@pytest.fixture(autouse=True)
def redirected(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What goes to Amazon's hosts reaches the sandbox; what goes elsewhere is its own URLs."""
    here = httpx.URL(sandbox.amazon_url)
    send = httpx.HTTPTransport.handle_request
    used: set[httpx.HTTPTransport] = set()

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.host in AMAZON:
            assert request.url.scheme == "https"
            request.url = request.url.copy_with(scheme=here.scheme, host=here.host, port=here.port)
        assert request.url.netloc == here.netloc
        used.add(self)
        return send(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
    access_token_client.cache.clear()  # tokens of another test's world
    yield
    for transport in used:
        transport.close()  # the library leaves the one for its tokens open


def client(kind: Any, sandbox: Sandbox, **more: Any) -> Any:
    """A client of the library for the sandbox's seller, in Türkiye."""
    known = sandbox.credentials
    credentials = {
        "lwa_app_id": known.client_id,
        "lwa_client_secret": known.client_secret,
        "refresh_token": known.refresh_token,
    }
    return kind(marketplace=Marketplaces.TR, credentials=credentials, **more)


def test_it_reads_all_orders_page_by_page(sandbox: Sandbox) -> None:
    sandbox.reset(orders=250, skus=20, plain=True)
    orders = client(Orders, sandbox, version="2026-01-01")
    query = {
        "lastUpdatedAfter": "2026-11-01T00:00:00Z",
        "marketplaceIds": [TURKIYE],
        "includedData": ["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT"],
    }

    answer = orders.search_orders(**query)
    found = list(answer.orders)
    while (answer.pagination or {}).get("nextToken"):
        token = answer.pagination["nextToken"]
        answer = orders.search_orders(**query, paginationToken=token)
        found += answer.orders

    assert len({order["orderId"] for order in found}) == len(found) == 250
    assert sandbox.count("searchOrders") == 3
    one = orders.get_order(found[0]["orderId"], includedData=query["includedData"])
    assert one.order == found[0]


def test_it_confirms_a_shipment(sandbox: Sandbox, clock: FakeClock) -> None:
    sandbox.reset(orders=1, plain=True)
    (order,) = list(sandbox.world.amazon.orders)
    package = {
        "packageReferenceId": "1",
        "carrierCode": "Other",
        "carrierName": "Yurtiçi Kargo",
        "trackingNumber": "TR-1",
        "shipDate": clock.now().isoformat(),
        "orderItems": [
            {"orderItemId": item["orderItemId"], "quantity": item["quantityOrdered"]}
            for item in order["orderItems"]
        ],
    }

    client(Orders, sandbox, version="v0").confirm_shipment(
        order["orderId"], marketplaceId=TURKIYE, packageDetail=package
    )

    (shipped,) = list(sandbox.world.amazon.orders)
    assert shipped["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert shipped["packages"][0]["trackingNumber"] == "TR-1"


def test_it_reads_changes_and_deletes_a_listing_of_an_odd_sku(
    sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.reset(skus=20)
    listings, seller = client(ListingsItems, sandbox), sandbox.credentials.seller_id
    everything = ["summaries", "attributes", "offers", "fulfillmentAvailability"]

    def read() -> Any:
        return listings.get_listings_item(seller, ODD_SKU, includedData=everything).payload

    before = read()
    answer = listings.patch_listings_item(
        seller, ODD_SKU, marketplaceIds=[TURKIYE], body=stock_patch(321)
    )
    clock.advance(minutes=2)

    assert before["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert answer.payload["status"] == "ACCEPTED"
    assert read()["fulfillmentAvailability"][0]["quantity"] == 321
    found = listings.search_listings_items(
        seller, identifiers=f"SKU-000001,{ODD_SKU}", identifiersType="SKU", pageSize=20
    )
    assert {item["sku"] for item in found.payload["items"]} == {"SKU-000001", ODD_SKU}

    assert listings.delete_listings_item(seller, ODD_SKU).payload["status"] == "ACCEPTED"
    clock.advance(minutes=2)
    with pytest.raises(SellingApiNotFoundException):
        read()


def test_it_puts_a_new_listing_after_a_preview(sandbox: Sandbox, clock: FakeClock) -> None:
    sandbox.reset(skus=20)
    listings, seller = client(ListingsItems, sandbox), sandbox.credentials.seller_id
    body = {
        "productType": "HOME",
        "requirements": "LISTING",
        "attributes": sandbox.world.amazon.listings.get(ODD_SKU).submitted,  # type: ignore[union-attr]  # it is there
    }

    preview = listings.put_listings_item(
        seller, "NEW 1", marketplaceIds=[TURKIYE], mode="VALIDATION_PREVIEW", body=body
    )
    answer = listings.put_listings_item(seller, "NEW 1", marketplaceIds=[TURKIYE], body=body)
    clock.advance(minutes=2)

    assert (preview.payload["status"], answer.payload["status"]) == ("VALID", "ACCEPTED")
    read = listings.get_listings_item(seller, "NEW 1", includedData=["summaries"])
    assert read.payload["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]


def test_it_submits_a_feed_and_reads_its_processing_report(
    sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.reset(skus=20)
    feeds = client(Feeds, sandbox)
    messages = [
        {"messageId": 1, "sku": ODD_SKU, "operationType": "PATCH", **stock_patch(7)},
        {"messageId": 2, "sku": "NOBODY'S", "operationType": "PATCH", **stock_patch(7)},
    ]
    header = {"sellerId": sandbox.credentials.seller_id, "version": "2.0"}
    document = json.dumps({"header": header, "messages": messages})

    _, created = feeds.submit_feed(
        "JSON_LISTINGS_FEED",
        io.BytesIO(document.encode()),
        "application/json; charset=UTF-8",
        marketplaceIds=[TURKIYE],
    )
    waiting = feeds.get_feed(created.payload["feedId"]).payload["processingStatus"]
    clock.advance(minutes=10)
    feed = feeds.get_feed(created.payload["feedId"]).payload
    listed = feeds.get_feeds(feedTypes=["JSON_LISTINGS_FEED"]).payload["feeds"]
    report = json.loads(feeds.get_feed_document(feed["resultFeedDocumentId"]))

    assert (waiting, feed["processingStatus"]) == ("IN_QUEUE", "DONE")
    assert listed == [feed]
    assert report["summary"]["messagesAccepted"] == report["summary"]["messagesInvalid"] == 1
    assert [issue["sku"] for issue in report["issues"]] == ["NOBODY'S"]
    clock.advance(minutes=2)
    listing = sandbox.world.amazon.listings.get(ODD_SKU)
    assert listing is not None
    assert listing.quantity() == 7


def test_it_cancels_a_feed(sandbox: Sandbox) -> None:
    sandbox.reset(skus=20)
    feeds = client(Feeds, sandbox)
    _, created = feeds.submit_feed(
        "JSON_LISTINGS_FEED", io.StringIO("{}"), "application/json", marketplaceIds=[TURKIYE]
    )

    feeds.cancel_feed(created.payload["feedId"])

    feed = feeds.get_feed(created.payload["feedId"]).payload
    assert feed["processingStatus"] == "CANCELLED"


def test_it_requests_and_downloads_a_report(sandbox: Sandbox, clock: FakeClock) -> None:
    sandbox.reset(skus=20)
    reports = client(Reports, sandbox)

    kind = "GET_MERCHANT_LISTINGS_ALL_DATA"
    created = reports.create_report(
        reportType=kind,
        marketplaceIds=[TURKIYE],
        reportOptions={"preferredReportDocumentLocale": "en_US"},
    )
    report_id = created.payload["reportId"]
    clock.advance(minutes=10)
    report = reports.get_report(report_id).payload
    document = reports.get_report_document(report["reportDocumentId"], download=True)

    header, *rows = document.payload["document"].splitlines()
    assert document.character_code.lower() == "cp1252"
    assert header.split("\t")[3] == "seller-sku"
    assert len(rows) == 20
    assert ODD_SKU in {row.split("\t")[3] for row in rows}
    listed = reports.get_reports(reportTypes=[kind]).payload["reports"]
    assert [row["reportId"] for row in listed] == [report_id]


def test_it_lists_the_marketplaces(sandbox: Sandbox) -> None:
    answer = client(Sellers, sandbox).get_marketplace_participation()
    assert TURKIYE in [row["marketplace"]["id"] for row in answer.payload]


def test_its_exceptions_are_those_of_amazon(sandbox: Sandbox) -> None:
    sandbox.reset(skus=20)
    feeds = client(Feeds, sandbox)
    with pytest.raises(SellingApiNotFoundException):
        feeds.get_feed("1")
    sandbox.faults.add("throttle", "getFeed")
    with pytest.raises(SellingApiRequestThrottledException):
        feeds.get_feed("1")
    with pytest.raises(SellingApiForbiddenException):
        client(ListingsItems, sandbox).get_listings_item("A2OTHER", "SKU-000001")
    sandbox.world.amazon.tokens.revoke_all()
    with pytest.raises(SellingApiForbiddenException):
        feeds.get_feed("1")


def stock_patch(quantity: int) -> dict[str, Any]:
    """A patch of the stock, as PATCH and feed messages take it."""
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [value]}
    return {"productType": "HOME", "patches": [patch]}
