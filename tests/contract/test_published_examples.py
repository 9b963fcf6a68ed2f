"""Our models and operations against what Amazon publishes: examples, sandbox replies, schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from amzsync.amazon.models import (
    feeds,
    inventory,
    listings,
    orders,
    product_types,
    reports,
    sellers,
)
from amzsync.amazon.models.payload import Money
from amzsync.amazon.operations import OPERATIONS
from amzsync.amazon.orders import parse_order
from amzsync.http.error_bodies import error_text

ORDERS = "orders_2026-01-01.json"
ORDERS_V0 = "ordersV0.json"
LISTINGS = "listingsItems_2021-08-01.json"
FEEDS = "feeds_2021-06-30.json"
REPORTS = "reports_2021-06-30.json"
SELLERS = "sellers.json"
INVENTORY = "fbaInventory.json"
PRODUCT_TYPES = "definitionsProductTypes_2020-09-01.json"

MODELS: Mapping[str, type[BaseModel]] = {
    "getListingsItem": listings.ListingsItem,
    "searchListingsItems": listings.ItemSearchResults,
    "putListingsItem": listings.Submission,
    "patchListingsItem": listings.Submission,
    "deleteListingsItem": listings.Submission,
    "createFeedDocument": feeds.FeedDocument,
    "createFeed": feeds.CreatedFeed,
    "getFeed": feeds.Feed,
    "getFeeds": feeds.FeedPage,
    "getFeedDocument": feeds.FeedDocument,
    "createReport": reports.CreatedReport,
    "getReport": reports.Report,
    "getReports": reports.ReportPage,
    "getReportDocument": reports.ReportDocument,
    "searchDefinitionsProductTypes": product_types.ProductTypeList,
    "getDefinitionsProductType": product_types.ProductTypeDefinition,
    "getMarketplaceParticipations": sellers.MarketplaceParticipations,
}


@dataclass(frozen=True, slots=True)
class Published:
    """One reply as a model publishes it."""

    operation: str
    status: int
    body: Any


def load(folder: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return data


def operations(model: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a Swagger file."""
    for path, methods in model["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield method.upper(), path, operation


def published(folder: Path, name: str) -> Iterator[Published]:
    """Every example and every static sandbox reply of our operations."""
    for _method, _path, operation in operations(load(folder, name)):
        if operation["operationId"] not in OPERATIONS:
            continue
        for status, response in operation["responses"].items():
            bodies = [
                # sellers.json names its example "payload", after the member it shows
                {media: body} if media == "payload" else body
                for media, body in response.get("examples", {}).items()
            ]
            cases = response.get("x-amzn-api-sandbox", {}).get("static", [])
            bodies += [case["response"] for case in cases if "response" in case]
            for body in bodies:
                yield Published(operation["operationId"], int(status), body)


@pytest.mark.parametrize(
    ("name", "at_least"),
    [(LISTINGS, 12), (FEEDS, 5), (REPORTS, 4), (SELLERS, 2), (PRODUCT_TYPES, 4)],
)
def test_published_replies_fit_our_models(sp_api_models: Path, name: str, at_least: int) -> None:
    replies = [row for row in published(sp_api_models, name) if row.status < 300]
    misfits = []
    for row in replies:
        try:
            MODELS[row.operation].model_validate(row.body)
        except ValidationError as error:
            misfits.append(f"{row.operation}: {error}")
    assert misfits == []
    assert len(replies) >= at_least


def test_published_orders_fit_our_model(sp_api_models: Path) -> None:
    raws: list[dict[str, Any]] = []
    for row in published(sp_api_models, ORDERS):
        if row.status < 300:
            raws += row.body["orders"] if row.operation == "searchOrders" else [row.body["order"]]
    parsed = {raw["orderId"]: parse_order(raw) for raw in raws}
    assert len(parsed) >= 6
    for raw in raws:
        order = parsed[raw["orderId"]]
        assert order.status == raw["fulfillment"]["fulfillmentStatus"]
        assert len(order.order_items) == len(raw["orderItems"])
        total = raw["proceeds"]["grandTotal"]
        assert order.proceeds.grand_total is not None
        assert order.proceeds.grand_total.amount == Decimal(total["amount"])


def test_the_published_turkish_order_keeps_what_omnitron_needs(sp_api_models: Path) -> None:
    (raw,) = [
        row.body["order"]
        for row in published(sp_api_models, ORDERS)
        if row.operation == "getOrder"
        and row.status == 200
        and row.body["order"]["salesChannel"]["marketplaceId"] == "A33AVAJ2PDY3EV"
    ]
    order = parse_order(raw)
    assert order.recipient.delivery_address.district_or_county == "Beyoglu"
    (registration,) = order.tax.tax_registrations
    assert registration.entity_type == orders.BUYER
    (office,) = registration.tax_registration_attributes
    assert (office.key, office.value) == (orders.TAX_OFFICE, "tax office")
    assert order.tax.tax_invoicing.buyer_invoice_preference == "BUSINESS"
    assert order.order_items[0].product.price.unit_price is not None


def test_published_errors_are_read(sp_api_models: Path) -> None:
    texts = [
        error_text(row.body)
        for name in (ORDERS, LISTINGS, FEEDS, REPORTS, SELLERS)
        for row in published(sp_api_models, name)
        if row.status >= 400
    ]
    assert len(texts) >= 15
    assert all(code and message for code, message in texts)


def test_the_published_processing_report_fits_our_model(sp_api_models: Path) -> None:
    raw = load(sp_api_models, "listings-feed-processing-report-schema-v2.example.json")
    report = feeds.ProcessingReport.model_validate(raw)
    assert report.summary.messages_invalid == raw["summary"]["messagesInvalid"]
    assert [issue.message_id for issue in report.issues] == [4, 4, 5]
    assert report.issues[2].attribute_name == "purchasable_offer.our_price"
    assert [item.sku for item in report.items] == [item["sku"] for item in raw["items"]]


# Our models, and the definitions they read.
DEFINITIONS: Mapping[str, tuple[tuple[type[BaseModel], str], ...]] = {
    INVENTORY: (
        (inventory.InventoryPage, "GetInventorySummariesResponse"),
        (inventory.InventorySummaries, "GetInventorySummariesResult"),
        (inventory.InventorySummary, "InventorySummary"),
        (inventory.InventoryDetails, "InventoryDetails"),
    ),
    ORDERS: (
        (orders.Order, "Order"),
        (orders.Alias, "Alias"),
        (orders.AssociatedOrder, "AssociatedOrder"),
        (orders.SalesChannel, "SalesChannel"),
        (orders.Buyer, "Buyer"),
        (orders.Address, "CustomerAddress"),
        (orders.AddressExtendedFields, "AddressExtendedFields"),
        (orders.DeliveryPreference, "DeliveryPreference"),
        (orders.Recipient, "Recipient"),
        (orders.OrderBreakdown, "OrderProceedsBreakdown"),
        (orders.OrderProceeds, "OrderProceeds"),
        (orders.PaymentExecution, "PaymentExecution"),
        (orders.Payment, "OrderPayment"),
        (orders.TaxRegistrationAttribute, "TaxRegistrationAttribute"),
        (orders.TaxRegistration, "OrderTaxRegistration"),
        (orders.TaxInvoicing, "OrderTaxInvoicing"),
        (orders.OrderTax, "OrderTax"),
        (orders.Window, "DateTimeRange"),
        (orders.OrderFulfillment, "OrderFulfillment"),
        (orders.PackageStatus, "PackageStatus"),
        (orders.PackageItem, "PackageItem"),
        (orders.Package, "OrderPackage"),
        (orders.FulfillmentOrder, "FulfillmentOrder"),
        (orders.ItemCondition, "ItemCondition"),
        (orders.ItemPrice, "ItemPrice"),
        (orders.Product, "ItemProduct"),
        (orders.DetailedBreakdown, "ItemProceedsDetailedBreakdown"),
        (orders.ItemBreakdown, "ItemProceedsBreakdown"),
        (orders.ItemProceeds, "ItemProceeds"),
        (orders.PromotionBreakdown, "ItemPromotionBreakdown"),
        (orders.ItemPromotion, "ItemPromotion"),
        (orders.CancellationRequest, "ItemCancellationRequest"),
        (orders.CancellationExecution, "ItemCancellationExecution"),
        (orders.ItemCancellation, "ItemCancellation"),
        (orders.GiftOption, "GiftOption"),
        (orders.ItemPacking, "ItemPacking"),
        (orders.ItemFulfillment, "ItemFulfillment"),
        (orders.OrderItem, "OrderItem"),
        (Money, "Money"),
    ),
    PRODUCT_TYPES: (
        (product_types.ProductType, "ProductType"),
        (product_types.ProductTypeList, "ProductTypeList"),
        (product_types.SchemaLink, "SchemaLink"),
        (product_types.ProductTypeVersion, "ProductTypeVersion"),
        (product_types.ProductTypeDefinition, "ProductTypeDefinition"),
    ),
    ORDERS_V0: (
        (orders.PackageDetail, "PackageDetail"),
        (orders.ConfirmedItem, "ConfirmShipmentOrderItem"),
    ),
    LISTINGS: (
        (listings.EnforcementAction, "IssueEnforcementAction"),
        (listings.Enforcements, "IssueEnforcements"),
        (listings.Issue, "Issue"),
        (listings.Identifier, "ItemIdentifiersByMarketplace"),
        (listings.Summary, "ItemSummaryByMarketplace"),
        (listings.Audience, "Audience"),
        (listings.Offer, "ItemOfferByMarketplace"),
        (listings.FulfillmentAvailability, "FulfillmentAvailability"),
        (listings.ProductType, "ItemProductTypeByMarketplace"),
        (listings.ListingsItem, "Item"),
        (listings.Pagination, "Pagination"),
        (listings.ItemSearchResults, "ItemSearchResults"),
    ),
    FEEDS: (
        (feeds.Feed, "Feed"),
        (feeds.FeedDocument, "FeedDocument"),
        (feeds.CreatedFeed, "CreateFeedResponse"),
        (feeds.FeedPage, "GetFeedsResponse"),
    ),
    REPORTS: (
        (reports.Report, "Report"),
        (reports.ReportDocument, "ReportDocument"),
        (reports.CreatedReport, "CreateReportResponse"),
        (reports.ReportPage, "GetReportsResponse"),
    ),
    SELLERS: (
        (sellers.Marketplace, "Marketplace"),
        (sellers.Participation, "Participation"),
        (sellers.MarketplaceParticipation, "MarketplaceParticipation"),
        (sellers.MarketplaceParticipations, "GetMarketplaceParticipationsResponse"),
    ),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_our_models_have_published_fields_only_and_require_no_more(
    sp_api_models: Path, name: str
) -> None:
    definitions = load(sp_api_models, name)["definitions"]
    faults = []
    for model, definition_name in DEFINITIONS[name]:
        definition = definitions[definition_name]
        for field_name, field in model.model_fields.items():
            alias = field.alias or field_name
            if alias not in definition["properties"]:
                faults.append(f"{model.__name__}.{field_name}: no {alias} in {definition_name}")
            elif field.is_required() and alias not in definition.get("required", []):
                faults.append(f"{model.__name__}.{field_name}: required by us only")
    assert faults == []


def test_a_confirmed_package_has_all_that_is_required(sp_api_models: Path) -> None:
    required = load(sp_api_models, ORDERS_V0)["definitions"]["PackageDetail"]["required"]
    ours = {
        field.alias for field in orders.PackageDetail.model_fields.values() if field.is_required()
    }
    assert set(required) <= ours


# Of these the rate-limit page states a lower burst than the model; the lower one is kept.
LOWER_BURSTS = {"getListingsItem": 5, "putListingsItem": 5}
# The usage plan stands in the prose of each operation: a table of rate and burst.
PLAN = re.compile(r"\|\s*(\d+(?:\.\d+)?)\s*\|\s*(\d+)\s*\|")


def test_our_operations_are_the_published_ones(sp_api_models: Path) -> None:
    known = {
        (operation["operationId"], method, path): operation
        for name in (ORDERS, ORDERS_V0, LISTINGS, FEEDS, REPORTS, SELLERS, PRODUCT_TYPES, INVENTORY)
        for method, path, operation in operations(load(sp_api_models, name))
    }
    plans = 0
    for row in OPERATIONS.values():
        operation = known[row.name, row.method, row.path]
        plan = PLAN.search(operation["description"])
        if plan is None:
            continue
        plans += 1
        assert row.rate == float(plan[1]), row.name
        assert row.burst == LOWER_BURSTS.get(row.name, int(plan[2])), row.name
    assert plans == len(OPERATIONS)
