"""The cases Amazon publishes for its static sandbox, of every operation amzsync uses.

A case is selected by its parameters and answered with the same text every time; parameters it does
not list are ignored (sp-api.md §1.8). Here stand the parameters, and of the answers only what
follows from what was asked. Source: `x-amzn-api-sandbox.static` of the responses in the official
API models; `Case.model` names the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MARKETPLACE: Final = "ATVPDKIKX0DER"
"""The marketplace of those cases that are of one and do not say which."""

_ORDERS, _ORDERS_V0 = "orders_2026-01-01", "ordersV0"
_LISTINGS = "listingsItems_2021-08-01"
_FEEDS = "feeds_2021-06-30"
_REPORTS = "reports_2021-06-30"
_TYPES = "definitionsProductTypes_2020-09-01"
_SELLERS = "sellers"

# Why a request is not built by the client.
_BY_STATUS = "amzsync filters by no status"
_MILLISECONDS = "amzsync sends times without milliseconds"
_ONE_PLACE = "amzsync searches one marketplace, 20 SKUs a page"
_MORE_FIELDS = "amzsync sends no supply source and no transparency codes"
_NO_DATE = "amzsync sends no text that is no date"
_INCOMPLETE = "amzsync leaves out nothing that is required"

_FULL = ["BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT"]
_FULL = [*_FULL, "PACKAGES"]
_DOCUMENT = "0356cf79-b8b0-4226-b4b9-0ee058ea5760"
_REPORT_TYPES = ["FEE_DISCOUNTS_REPORT", "GET_AFN_INVENTORY_DATA"]


@dataclass(frozen=True, slots=True)
class Case:
    """One published case, and what has to come of it.

    `parameters`: by their names in the model, `body` for the JSON body; without any the case
    answers whatever is asked. `shows`: fields of the answer, by their path in our model. `refused`:
    the answer is HTTP 400. `direct`: why the client cannot build this request; "" where it does.
    """

    operation: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shows: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False
    direct: str = ""


def _refused(operation: str, model: str, parameters: Mapping[str, Any], direct: str = "") -> Case:
    return Case(operation, model, parameters, refused=True, direct=direct)


def _search(after: str, marketplace: str, data: list[str], token: str = "") -> Case:
    return Case(
        "searchOrders",
        _ORDERS,
        {
            "createdAfter": after,
            "marketplaceIds": [marketplace],
            "includedData": data,
            **({"paginationToken": token} if token else {}),
        },
        {"0.sales_channel.marketplace_id": marketplace},
    )


def _order(order_id: str, marketplace: str, data: list[str]) -> Case:
    return Case(
        "getOrder",
        _ORDERS,
        {"orderId": order_id, "includedData": data},
        {"order_id": order_id, "sales_channel.marketplace_id": marketplace},
    )


def _shipment(ship_date: str) -> dict[str, Any]:
    return {
        "orderId": "902-1106328-1059050",
        "body": {
            "marketplaceId": MARKETPLACE,
            "packageDetail": {
                "packageReferenceId": "1",
                "carrierCode": "FedEx",
                "carrierName": "FedEx",
                "shippingMethod": "FedEx Ground",
                "trackingNumber": "112345678",
                "shipDate": ship_date,
                "shipFromSupplySourceId": "057d3fcc-b750-419f-bbcd-4d340c60c430",
                "orderItems": [
                    {
                        "orderItemId": "79039765272157",
                        "quantity": 1,
                        "transparencyCodes": ["09876543211234567890"],
                    }
                ],
            },
        },
    }


def _preview(operation: str, sku: str, status: str) -> Case:
    parameters = {
        "sku": sku,
        "marketplaceIds": [MARKETPLACE],
        "includedData": ["identifiers", "issues"],
        "mode": "VALIDATION_PREVIEW",
    }
    return Case(operation, _LISTINGS, parameters, {"sku": sku, "status": status})


def _report_order(report_type: str) -> dict[str, Any]:
    return {
        "body": {
            "reportType": report_type,
            "dataStartTime": "2024-03-10T20:11:24.000Z",
            "marketplaceIds": ["A1PA6795UKMFR9", MARKETPLACE],
        }
    }


_FEED_MARKETPLACES = [MARKETPLACE, "A1F83G8C2ARO7P"]
_ACCEPTED = {"status": "ACCEPTED"}
_BAD_SKU = {"sku": "BadSKU"}

CASES: Final = (
    _search("2024-12-25T00:00:00Z", "A1VC38T7YXB528", _FULL),
    _search("2024-12-23T00:00:00Z", "A1F83G8C2ARO7P", _FULL, "9ZhB4RmVyc2lvbiAxLjAgb2YgdGhl"),
    _search(
        "2024-12-20T00:00:00Z",
        "A2Q3Y263D00KWC",
        ["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT", "TAX", "PAYMENT"],
    ),
    _refused("searchOrders", _ORDERS, {"createdAfter": "TEST_CASE_400"}, _NO_DATE),
    _order("171-9876543-2109876", "A2Q3Y263D00KWC", _FULL),
    _order(
        "028-1234567-8901234",
        "A33AVAJ2PDY3EV",
        ["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT", "TAX"],
    ),
    _order("114-9876543-1234567", MARKETPLACE, ["RECIPIENT", "PROCEEDS", "FULFILLMENT"]),
    _refused("getOrder", _ORDERS, {"orderId": "TEST_CASE_400"}),
    Case("confirmShipment", _ORDERS_V0, _shipment("2022-02-11T01:00:00.000Z"), direct=_MORE_FIELDS),
    _refused("confirmShipment", _ORDERS_V0, _shipment("02/21/2022"), _MORE_FIELDS),
    Case("getListingsItem", _LISTINGS, shows={"summaries.0.marketplace_id": MARKETPLACE}),
    _refused("getListingsItem", _LISTINGS, _BAD_SKU),
    Case("putListingsItem", _LISTINGS, shows=_ACCEPTED),
    _preview("putListingsItem", "VALIDATION_VALID", "VALID"),
    _preview("putListingsItem", "VALIDATION_INVALID", "INVALID"),
    _refused("putListingsItem", _LISTINGS, _BAD_SKU),
    Case("patchListingsItem", _LISTINGS, shows=_ACCEPTED),
    _preview("patchListingsItem", "VALIDATION_VALID", "VALID"),
    _preview("patchListingsItem", "VALIDATION_INVALID", "INVALID"),
    _refused("patchListingsItem", _LISTINGS, _BAD_SKU),
    Case("deleteListingsItem", _LISTINGS, shows=_ACCEPTED),
    _refused("deleteListingsItem", _LISTINGS, _BAD_SKU),
    Case(
        "searchListingsItems",
        _LISTINGS,
        {
            "identifiersType": "SKU",
            "identifiers": ["GM-ZDPI-9B4E", "HW-ZDPI-9B4E", "TC-ZDPI-9B4E"],
            "marketplaceIds": [MARKETPLACE, "A2EUQ1WTGCTBG2"],
            "includedData": ["summaries", "offers", "fulfillmentAvailability", "issues"],
            "pageSize": 1,
        },
        {"number_of_results": 3, "items.0.sku": "GM-ZDPI-9B4E"},
        direct=_ONE_PLACE,
    ),
    _refused(
        "searchListingsItems",
        _LISTINGS,
        {"sellerId": "SellerId", "marketplaceIds": ["invalid"]},
        _ONE_PLACE,
    ),
    Case(
        "createFeedDocument",
        _FEEDS,
        {"body": {"contentType": "text/tab-separated-values; charset=UTF-8"}},
    ),
    _refused("createFeedDocument", _FEEDS, {"body": {}}, _INCOMPLETE),
    Case(
        "createFeed",
        _FEEDS,
        {
            "body": {
                "feedType": "POST_PRODUCT_DATA",
                "marketplaceIds": _FEED_MARKETPLACES,
                "inputFeedDocumentId": "3d4e42b5-1d6e-44e8-a89c-2abfca0625bb",
            }
        },
    ),
    _refused(
        "createFeed",
        _FEEDS,
        {"body": {"marketplaceIds": _FEED_MARKETPLACES, "inputFeedDocumentId": "badDocumentId"}},
        _INCOMPLETE,
    ),
    Case("getFeed", _FEEDS, {"feedId": "feedId1"}),
    _refused("getFeed", _FEEDS, {"feedId": "badFeedId1"}),
    Case(
        "getFeeds",
        _FEEDS,
        {
            "feedTypes": ["POST_PRODUCT_DATA"],
            "pageSize": 10,
            "processingStatuses": ["CANCELLED", "DONE"],
        },
        {"feeds.0.feed_type": "POST_PRODUCT_DATA"},
        direct=_BY_STATUS,
    ),
    _refused(
        "getFeeds",
        _FEEDS,
        {"feedTypes": ["POST_PRODUCT_DATA"], "processingStatuses": ["BAD_VALUE", "DONE"]},
        _BY_STATUS,
    ),
    Case("getFeedDocument", _FEEDS, {"feedDocumentId": _DOCUMENT}, {"feed_document_id": _DOCUMENT}),
    _refused("getFeedDocument", _FEEDS, {"feedDocumentId": "badDocumentId1"}),
    Case("cancelFeed", _FEEDS, {"feedId": "ID1"}),
    _refused("cancelFeed", _FEEDS, {"feedId": "BADID1"}),
    Case(
        "createReport",
        _REPORTS,
        _report_order("GET_MERCHANT_LISTINGS_ALL_DATA"),
        direct=_MILLISECONDS,
    ),
    _refused("createReport", _REPORTS, _report_order("BAD_FEE_DISCOUNTS_REPORT"), _MILLISECONDS),
    Case("getReport", _REPORTS, {"reportId": "ID323"}),
    _refused("getReport", _REPORTS, {"reportId": "badReportId1"}),
    Case(
        "getReports",
        _REPORTS,
        {"reportTypes": _REPORT_TYPES, "processingStatuses": ["IN_QUEUE", "IN_PROGRESS"]},
        {"reports.0.report_type": _REPORT_TYPES[0]},
        direct=_BY_STATUS,
    ),
    _refused(
        "getReports",
        _REPORTS,
        {"reportTypes": _REPORT_TYPES, "processingStatuses": ["BAD_VALUE", "IN_PROGRESS"]},
        _BY_STATUS,
    ),
    Case(
        "getReportDocument",
        _REPORTS,
        {"reportDocumentId": _DOCUMENT},
        {"report_document_id": _DOCUMENT},
    ),
    _refused("getReportDocument", _REPORTS, {"reportDocumentId": "badDocumentId1"}),
    Case("searchDefinitionsProductTypes", _TYPES, shows={"product_types.0.name": "LUGGAGE"}),
    _refused("searchDefinitionsProductTypes", _TYPES, {"keywords": ["Invalid Request"]}),
    Case("getDefinitionsProductType", _TYPES, shows={"product_type": "LUGGAGE"}),
    _refused("getDefinitionsProductType", _TYPES, {"productType": "INVALID"}),
    Case("getMarketplaceParticipations", _SELLERS, shows={"0.marketplace.id": MARKETPLACE}),
)

UNPUBLISHED: Final[Mapping[str, str]] = {
    "getInventorySummaries": "FBA Inventory has a dynamic sandbox: it tells what was put there",
}
"""Operations amzsync uses that have no published case, and why."""
