"""Our client sends what Amazon's static sandbox cases ask for, and reads what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import respx

from amzsync.amazon.client import AmazonClient
from amzsync.amazon.models.orders import PackageDetail
from amzsync.amazon.operations import OPERATIONS
from amzsync.clock import Clock, Deadline
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers
from tests.contract.swagger import Contract

HOST: Final = "https://sp-api.example.com"
SELLER: Final = "ASELLER1EXAMPLE"
ANYWHERE: Final = "ATVPDKIKX0DER"

# Its sandbox is a dynamic one, so that no case of it is published.
DYNAMIC_ONLY: Final = {"getInventorySummaries"}

Values = Mapping[str, Any]

# What a static case asks for and our client never does.
NOT_OURS: Final = {
    "getFeeds": {"processingStatuses", "pageSize"},
    "getReports": {"processingStatuses"},
    "searchListingsItems": {"pageSize", "marketplaceIds"},
    "confirmShipment": {"shipFromSupplySourceId", "transparencyCodes"},
}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def search_orders(client: AmazonClient, values: Values) -> object:
    return client.orders.search_orders(
        marketplace_ids=values["marketplaceIds"],
        created_after=moment(values["createdAfter"]),
        included_data=values["includedData"],
        pagination_token=values.get("paginationToken"),
    )


def create_report(client: AmazonClient, values: Values) -> object:
    body = values["body"]
    start = moment(body["dataStartTime"])
    return client.reports.create_report(
        body["reportType"], body["marketplaceIds"], data_start_time=start
    )


def confirm_shipment(client: AmazonClient, values: Values) -> None:
    body = values["body"]
    package = PackageDetail.model_validate(body["packageDetail"])
    client.orders.confirm_shipment(values["orderId"], body["marketplaceId"], package)


def create_feed(client: AmazonClient, values: Values) -> object:
    body = values["body"]
    return client.feeds.create_feed(
        body["feedType"], body["inputFeedDocumentId"], body["marketplaceIds"]
    )


SINCE: Final = datetime.fromisoformat("2024-03-10T20:11:24Z")
PATCHES: Final = [{"op": "delete", "path": "/attributes/list_price", "value": []}]
SENDERS: Final[Mapping[str, Callable[[AmazonClient, Values], object]]] = {
    "searchOrders": search_orders,
    "getOrder": lambda client, values: client.orders.get_order(
        values["orderId"], included_data=values["includedData"]
    ),
    "confirmShipment": confirm_shipment,
    "getListingsItem": lambda client, _values: client.listings.get_listings_item("SKU"),
    "putListingsItem": lambda client, values: client.listings.put_listings_item(
        values.get("sku", "SKU"), {}, "HOME", preview="mode" in values
    ),
    "patchListingsItem": lambda client, values: client.listings.patch_listings_item(
        values.get("sku", "SKU"), PATCHES, "HOME", preview="mode" in values
    ),
    "deleteListingsItem": lambda client, _values: client.listings.delete_listings_item("SKU"),
    "searchListingsItems": lambda client, values: client.listings.search_listings_items(
        values["identifiers"], included_data=values["includedData"]
    ),
    "createFeedDocument": lambda client, values: client.feeds.create_feed_document(
        values["body"]["contentType"]
    ),
    "createFeed": create_feed,
    "getFeed": lambda client, values: client.feeds.get_feed(values["feedId"]),
    "getFeeds": lambda client, values: client.feeds.get_feeds(values["feedTypes"], SINCE),
    "cancelFeed": lambda client, values: client.feeds.cancel_feed(values["feedId"]),
    "getFeedDocument": lambda client, values: client.feeds.get_feed_document(
        values["feedDocumentId"]
    ),
    "createReport": create_report,
    "getReport": lambda client, values: client.reports.get_report(values["reportId"]),
    "getReports": lambda client, values: client.reports.get_reports(values["reportTypes"], SINCE),
    "getReportDocument": lambda client, values: client.reports.get_report_document(
        values["reportDocumentId"]
    ),
    "searchDefinitionsProductTypes": lambda client, _values: (
        client.product_types.search_definitions_product_types()
    ),
    "getDefinitionsProductType": lambda client, _values: (
        client.product_types.get_definitions_product_type("LUGGAGE")
    ),
    "getMarketplaceParticipations": lambda client, _values: (
        client.sellers.get_marketplace_participations()
    ),
}


@pytest.fixture
def client() -> Iterator[AmazonClient]:
    """A client of an invented seller."""
    deadline = Deadline(Clock())
    opened = AmazonClient(
        Session(HOST, deadline=deadline),
        Transfers(deadline),
        seller_id=SELLER,
        marketplace_id=ANYWHERE,
    )
    yield opened
    opened.close()


def static_cases(folder: Path) -> Iterator[tuple[str, str, str, int, Values, Any]]:
    """(operation, method, path, status, parameters, response) of each case that succeeds."""
    for file in sorted(folder.glob("*.json")):
        for path, entry in json.loads(file.read_text(encoding="utf-8")).get("paths", {}).items():
            for operation in OPERATIONS.values():
                row = entry.get(operation.method.lower(), {})
                if (row.get("operationId"), path) != (operation.name, operation.path):
                    continue
                for status, answer in row["responses"].items():
                    for case in answer.get("x-amzn-api-sandbox", {}).get("static", []):
                        if int(status) < 300:
                            given = case["request"]["parameters"].items()
                            values = {name: each["value"] for name, each in given if each}
                            yield (
                                operation.name,
                                operation.method,
                                path,
                                int(status),
                                values,
                                case.get("response"),
                            )


def test_our_client_sends_and_reads_every_static_case(
    sp_api_models: Path, contract: Contract, client: AmazonClient
) -> None:
    faults, met = [], set()
    for name, method, path, status, values, answer in static_cases(sp_api_models):
        with respx.mock(base_url=HOST) as router:
            last = answer and {key: each for key, each in answer.items() if key != "nextToken"}
            replies = [httpx.Response(status, json=each) for each in (answer, last)]
            route = router.route().mock(side_effect=replies)
            SENDERS[name](client, values)
        request = route.calls[0].request
        met.add(name)
        faults += [
            f"{name}: {fault}"
            for fault in (
                *differences(name, method, path, values, request),
                *contract_faults(contract, request),
            )
        ]
    assert faults == []
    assert met == set(OPERATIONS) - DYNAMIC_ONLY


def differences(
    name: str, method: str, path: str, values: Values, request: httpx.Request
) -> Iterator[str]:
    """What of a static case our request lacks or says differently."""
    if request.method != method:
        yield f"{request.method} for {method}"
    segments = {"sellerId": SELLER, "sku": "SKU", "productType": "LUGGAGE", **values}
    if request.url.path != path.format_map(segments):
        yield f"{request.url.path} for {path}"
    sent = dict(request.url.params)
    for key, value in values.items():
        if key == "body":
            yield from body_differences(name, value, json.loads(request.content))
        elif "{" + key + "}" not in path and key not in NOT_OURS.get(name, ()):
            wanted = ",".join(value) if isinstance(value, list) else str(value)
            if sent.get(key) != wanted:
                yield f"{key} is {sent.get(key)} for {wanted}"


def body_differences(name: str, wanted: Any, sent: Any) -> Iterator[str]:
    """Where our body is another than the case's, times compared as moments."""
    if canonical(name, wanted) != canonical(name, sent):
        yield f"{sent} for {wanted}"


def canonical(name: str, value: Any) -> Any:
    """The value without what is not ours, its times as moments."""
    if isinstance(value, dict):
        return {
            key: moment(each) if key in ("shipDate", "dataStartTime") else canonical(name, each)
            for key, each in value.items()
            if key not in NOT_OURS.get(name, ())
        }
    return [canonical(name, each) for each in value] if isinstance(value, list) else value


def contract_faults(contract: Contract, request: httpx.Request) -> list[str]:
    """What the models have against our request."""
    path = request.url.raw_path.decode().partition("?")[0]
    operation = contract.find(request.method, path)
    assert operation is not None
    query: dict[str, list[str]] = {}
    for key, value in request.url.params.multi_items():
        query.setdefault(key, []).append(value)
    headers = {key.lower(): value for key, value in request.headers.items()}
    return operation.request_faults(path, query, headers, request.content)
