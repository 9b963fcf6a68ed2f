"""The SP-API operations we use: method, path, usage plan, and what a repeat would do.

Rates and bursts are the defaults of the official models; where the models and the documentation
differ (getListingsItem, putListingsItem: burst 10 or 5) the lower one stands here. They only seed
the quota ledger: Amazon's `x-amzn-RateLimit-Limit` corrects them. Source: sp-api.md §3.

What may be repeated after an unknown outcome:

- Listings writes carry absolute values (a quantity, a price, a whole item), so the second of two
  identical ones changes nothing.
- createFeedDocument only hands out an upload slot; an unused one lapses after two days.
- confirmShipment with the same packageReferenceId edits that package, it adds none.
- createFeed and createReport start a job each time. The caller looks with getFeeds or getReports.

createReport changes nothing at the seller's, and yet counts as mutating: it starts a job and spends
a quota that is rationed, which a dry run must not do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from amzsync.http.operation import Operation

_ORDERS = "/orders/2026-01-01/orders"
_LISTINGS = "/listings/2021-08-01/items/{sellerId}"
_FEEDS = "/feeds/2021-06-30"
_REPORTS = "/reports/2021-06-30"
_PRODUCT_TYPES = "/definitions/2020-09-01/productTypes"

SEARCH_ORDERS: Final = Operation("searchOrders", "GET", _ORDERS, rate=0.0056, burst=20)
GET_ORDER: Final = Operation("getOrder", "GET", _ORDERS + "/{orderId}", rate=0.5, burst=30)
CONFIRM_SHIPMENT: Final = Operation(
    "confirmShipment",
    "POST",
    "/orders/v0/orders/{orderId}/shipmentConfirmation",
    mutates=True,
    rate=2,
    burst=10,
)

GET_LISTINGS_ITEM: Final = Operation(
    "getListingsItem", "GET", _LISTINGS + "/{sku}", rate=5, burst=5
)
PUT_LISTINGS_ITEM: Final = Operation(
    "putListingsItem", "PUT", _LISTINGS + "/{sku}", mutates=True, rate=5, burst=5
)
PATCH_LISTINGS_ITEM: Final = Operation(
    "patchListingsItem",
    "PATCH",
    _LISTINGS + "/{sku}",
    mutates=True,
    rate=5,
    burst=5,
    # At most 300 in any minute: after a pause the burst would come on top of five a second. What is
    # left of it makes up for requests that are late on their way.
    steady=True,
)
DELETE_LISTINGS_ITEM: Final = Operation(
    "deleteListingsItem", "DELETE", _LISTINGS + "/{sku}", mutates=True, rate=5, burst=5
)
SEARCH_LISTINGS_ITEMS: Final = Operation("searchListingsItems", "GET", _LISTINGS, rate=5, burst=5)

CREATE_FEED_DOCUMENT: Final = Operation(
    "createFeedDocument", "POST", _FEEDS + "/documents", mutates=True, rate=0.5, burst=15
)
CREATE_FEED: Final = Operation(
    "createFeed",
    "POST",
    _FEEDS + "/feeds",
    mutates=True,
    repeatable=False,
    rate=0.0083,
    burst=15,
)
GET_FEED: Final = Operation("getFeed", "GET", _FEEDS + "/feeds/{feedId}", rate=2, burst=15)
GET_FEEDS: Final = Operation("getFeeds", "GET", _FEEDS + "/feeds", rate=0.0222, burst=10)
GET_FEED_DOCUMENT: Final = Operation(
    "getFeedDocument", "GET", _FEEDS + "/documents/{feedDocumentId}", rate=0.0222, burst=10
)
CANCEL_FEED: Final = Operation(
    "cancelFeed", "DELETE", _FEEDS + "/feeds/{feedId}", mutates=True, rate=2, burst=15
)

CREATE_REPORT: Final = Operation(
    "createReport",
    "POST",
    _REPORTS + "/reports",
    mutates=True,
    repeatable=False,
    rate=0.0167,
    burst=15,
)
GET_REPORT: Final = Operation(
    "getReport", "GET", _REPORTS + "/reports/{reportId}", rate=2, burst=15
)
GET_REPORTS: Final = Operation("getReports", "GET", _REPORTS + "/reports", rate=0.0222, burst=10)
GET_REPORT_DOCUMENT: Final = Operation(
    "getReportDocument", "GET", _REPORTS + "/documents/{reportDocumentId}", rate=0.0167, burst=15
)

SEARCH_DEFINITIONS_PRODUCT_TYPES: Final = Operation(
    "searchDefinitionsProductTypes", "GET", _PRODUCT_TYPES, rate=5, burst=10
)
GET_DEFINITIONS_PRODUCT_TYPE: Final = Operation(
    "getDefinitionsProductType", "GET", _PRODUCT_TYPES + "/{productType}", rate=5, burst=10
)

GET_MARKETPLACE_PARTICIPATIONS: Final = Operation(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    rate=0.016,
    burst=15,
)

GET_INVENTORY_SUMMARIES: Final = Operation(
    "getInventorySummaries", "GET", "/fba/inventory/v1/summaries", rate=2, burst=2
)

OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        SEARCH_ORDERS,
        GET_ORDER,
        CONFIRM_SHIPMENT,
        GET_LISTINGS_ITEM,
        PUT_LISTINGS_ITEM,
        PATCH_LISTINGS_ITEM,
        DELETE_LISTINGS_ITEM,
        SEARCH_LISTINGS_ITEMS,
        CREATE_FEED_DOCUMENT,
        CREATE_FEED,
        GET_FEED,
        GET_FEEDS,
        GET_FEED_DOCUMENT,
        CANCEL_FEED,
        CREATE_REPORT,
        GET_REPORT,
        GET_REPORTS,
        GET_REPORT_DOCUMENT,
        SEARCH_DEFINITIONS_PRODUCT_TYPES,
        GET_DEFINITIONS_PRODUCT_TYPE,
        GET_MARKETPLACE_PARTICIPATIONS,
        GET_INVENTORY_SUMMARIES,
    )
}


def preview_of(operation: Operation) -> Operation:
    """The operation in `mode=VALIDATION_PREVIEW`: same bucket, but it changes nothing."""
    return replace(operation, mutates=False)
