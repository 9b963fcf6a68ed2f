"""How a static sandbox case is asked: by the real clients, or directly where those cannot.

Either way the answer is read by the model the client reads it by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from amzsync.amazon.calls import Calls, csv, read
from amzsync.amazon.client import AmazonClient
from amzsync.amazon.models.feeds import FeedPage
from amzsync.amazon.models.listings import ItemSearchResults
from amzsync.amazon.models.orders import Order
from amzsync.amazon.models.reports import CreatedReport, ReportPage
from amzsync.amazon.operations import OPERATIONS
from amzsync.amazon.orders import parse_order
from amzsync.errors import ProtocolError, RefusedError
from amzsync.ops.smoke_cases import Case

# What a case leaves open.
_SKU = "AMZSYNC-SMOKE"
_PRODUCT_TYPE = "LUGGAGE"
_PATCHES = ({"op": "delete", "path": "/attributes/list_price", "value": []},)

Parameters = Mapping[str, Any]
Ask = Callable[[AmazonClient, Parameters], object]


def ask(client: AmazonClient, case: Case) -> None:
    """Send a case and compare what comes of it.

    Errors: ProtocolError when it is not what the case says, RefusedError and those of Session.call.
    """
    send = _direct(case.operation) if case.direct else _BY_CLIENT[case.operation]
    if case.refused:
        _expect_refusal(lambda: send(client, case.parameters))
        return
    answer = send(client, case.parameters)
    for path, wanted in case.shows.items():
        found = _at(answer, path)
        if found != wanted:
            raise ProtocolError(f"{path} is {found!r}, {wanted!r} was expected")


def _expect_refusal(send: Callable[[], object]) -> None:
    try:
        send()
    except RefusedError as error:
        if error.status != 400:
            raise ProtocolError(f"{error}, HTTP 400 was expected") from error
        if not (error.code and error.detail):
            raise ProtocolError(f"{error}: refused without a code and a message") from error
        return
    raise ProtocolError("answered, a refusal with HTTP 400 was expected")


def _at(answer: Any, path: str) -> object:
    """The field at a path of names and positions. Errors: ProtocolError where a list is short."""
    for step in path.split("."):
        if not step.isdigit():
            answer = getattr(answer, step)
        elif int(step) < len(answer):
            answer = answer[int(step)]
        else:
            raise ProtocolError(f"nothing at {path}: the answer lists too little")
    return answer


def _direct(name: str) -> Ask:
    """Sends a case word by word; what it leaves open and is required is filled in."""
    operation, model = OPERATIONS[name], _MODELS[name]

    def send(client: AmazonClient, given: Parameters) -> object:
        calls = Calls(client.session, client.seller_id, client.marketplace_id)
        in_path = {key: value for key, value in given.items() if f"{{{key}}}" in operation.path}
        query = [
            (key, csv(value) if isinstance(value, list) else str(value))
            for key, value in given.items()
            if key not in in_path and key != "body"
        ]
        path = {"sellerId": client.seller_id, **in_path}
        reply = calls.call(operation, path=path, query=query, json=given.get("body"))
        return None if model is None else read(model, operation, reply)

    return send


# By what the answers of the cases that go out directly are read; None: it has no body to read, or
# only refusals go out so.
_MODELS: Final[Mapping[str, type[BaseModel] | None]] = {
    "searchOrders": None,
    "confirmShipment": None,
    "searchListingsItems": ItemSearchResults,
    "createFeedDocument": None,
    "createFeed": None,
    "getFeeds": FeedPage,
    "createReport": CreatedReport,
    "getReports": ReportPage,
}


def _search_orders(client: AmazonClient, given: Parameters) -> tuple[Order, ...]:
    page = client.orders.search_orders(
        marketplace_ids=given["marketplaceIds"],
        created_after=datetime.fromisoformat(given["createdAfter"]),
        included_data=given["includedData"],
        pagination_token=given.get("paginationToken"),
    )
    return tuple(map(parse_order, page.orders))


def _get_order(client: AmazonClient, given: Parameters) -> object:
    if "includedData" not in given:
        return client.orders.get_order(given["orderId"])
    return client.orders.get_order(given["orderId"], included_data=given["includedData"])


def _create_feed(client: AmazonClient, given: Parameters) -> object:
    body = given["body"]
    return client.feeds.create_feed(
        body["feedType"], body["inputFeedDocumentId"], body["marketplaceIds"]
    )


_BY_CLIENT: Final[Mapping[str, Ask]] = {
    "searchOrders": _search_orders,
    "getOrder": _get_order,
    "getListingsItem": lambda client, given: client.listings.get_listings_item(
        given.get("sku", _SKU)
    ),
    "putListingsItem": lambda client, given: client.listings.put_listings_item(
        given.get("sku", _SKU), {}, _PRODUCT_TYPE, preview="mode" in given
    ),
    "patchListingsItem": lambda client, given: client.listings.patch_listings_item(
        given.get("sku", _SKU), _PATCHES, _PRODUCT_TYPE, preview="mode" in given
    ),
    "deleteListingsItem": lambda client, given: client.listings.delete_listings_item(
        given.get("sku", _SKU)
    ),
    "createFeedDocument": lambda client, given: client.feeds.create_feed_document(
        given["body"]["contentType"]
    ),
    "createFeed": _create_feed,
    "getFeed": lambda client, given: client.feeds.get_feed(given["feedId"]),
    "getFeedDocument": lambda client, given: client.feeds.get_feed_document(
        given["feedDocumentId"]
    ),
    "cancelFeed": lambda client, given: client.feeds.cancel_feed(given["feedId"]),
    "getReport": lambda client, given: client.reports.get_report(given["reportId"]),
    "getReportDocument": lambda client, given: client.reports.get_report_document(
        given["reportDocumentId"]
    ),
    "searchDefinitionsProductTypes": lambda client, given: (
        client.product_types.search_definitions_product_types(keywords=given.get("keywords", ()))
    ),
    "getDefinitionsProductType": lambda client, given: (
        client.product_types.get_definitions_product_type(given.get("productType", _PRODUCT_TYPE))
    ),
    "getMarketplaceParticipations": lambda client, _given: (
        client.sellers.get_marketplace_participations()
    ),
}
