"""Both ends on every operation: our client's requests and the sandbox's answers, in the models."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from amzsync.amazon.client import AmazonClient
from amzsync.amazon.models.orders import PackageDetail
from amzsync.amazon.operations import OPERATIONS
from amzsync.cli.wiring import open_context
from amzsync.clock import Deadline
from amzsync.config import load_config
from amzsync.flows.flow import Options
from amzsync.sandbox.amazon.gateway import ROUTES
from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.sandbox.amazon.quotas import PLANS
from amzsync.sandbox.journal import Exchange
from tests.contract.swagger import Contract
from tests.contract.witness import NOT_IN_THE_MODELS, Witness
from tests.shop import Shop

# The usage plan stands in the prose of each operation: a table of rate and burst.
USAGE_PLAN = re.compile(r"\|\s*(\d+(?:\.\d+)?)\s*\|\s*(\d+)\s*\|")
TURKIYE = "A33AVAJ2PDY3EV"
EVERY_DATA_SET = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,"
    "FULFILLMENT_ORDERS"
)
EVERYTHING_LISTED = (
    "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,"
    "productTypes"
)


@pytest.fixture
def amazon(shop: Shop) -> Iterator[AmazonClient]:
    """Our client, wired as the command line wires it."""
    shop.sandbox.reset(orders=60, skus=30)
    config = load_config(shop.config, {})
    deadline = Deadline(shop.clock)
    with open_context(config, shop.clock, deadline, Options(), lambda _line: None) as context:
        yield context.amazon


@pytest.fixture
def bare(shop: Shop) -> Iterator[httpx.Client]:
    """A seller's calls without any client of SP-API: what is sent is what stands in the test."""
    shop.sandbox.reset(orders=60, skus=30)
    token = shop.sandbox.world.amazon.tokens.issue()
    headers = {"x-amz-access-token": token, "user-agent": "tests/1 (Language=Python)"}
    with httpx.Client(base_url=shop.sandbox.amazon_url, headers=headers) as client:
        yield client


def test_our_client_keeps_to_the_models_in_every_operation(
    shop: Shop, amazon: AmazonClient, witness: Witness
) -> None:
    _read_and_ship_orders(shop, amazon)
    _read_and_write_listings(amazon)
    _feed(shop, amazon)
    _report(shop, amazon)
    _inventory(shop, amazon)
    _product_types(amazon)
    amazon.sellers.get_marketplace_participations()

    witness.verdict()
    assert set(OPERATIONS) - set(witness.seen) == set()


def _read_and_ship_orders(shop: Shop, amazon: AmazonClient) -> None:
    since = shop.clock.now() - timedelta(days=3)
    places = [amazon.marketplace_id]
    first = amazon.orders.search_orders(
        marketplace_ids=places, last_updated_after=since, max_results_per_page=20
    )
    amazon.orders.search_orders(
        marketplace_ids=places,
        last_updated_after=since,
        max_results_per_page=20,
        pagination_token=first.next_token,
    )
    amazon.orders.search_orders(
        marketplace_ids=places, created_after=since, fulfilled_by=("MERCHANT", "AMAZON")
    )
    (raw, *_) = [
        order
        for order in first.orders
        if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and order["fulfillment"].get("fulfilledBy") == "MERCHANT"
    ]
    order = amazon.orders.get_order(raw["orderId"])
    package = PackageDetail.model_validate(
        {
            "packageReferenceId": "1",
            "carrierCode": "Other",
            "carrierName": "Yurtiçi Kargo",
            "shippingMethod": "Standard",
            "trackingNumber": "TR-1",
            "shipDate": shop.clock.now().isoformat(),
            "orderItems": [
                {"orderItemId": item.order_item_id, "quantity": item.quantity_ordered}
                for item in order.order_items
            ],
        }
    )
    amazon.orders.confirm_shipment(raw["orderId"], amazon.marketplace_id, package)


def _read_and_write_listings(amazon: AmazonClient) -> None:
    odd = "A/B+1 %"
    listing = amazon.listings.get_listings_item(odd)
    amazon.listings.search_listings_items([odd, "ŞAPKA-Ü 1", "SKU-000001"])
    for preview in (True, False):
        amazon.listings.patch_listings_item(odd, PATCH["patches"], "HOME", preview=preview)
        amazon.listings.put_listings_item("NEW 1", {"item_name": []}, "HOME", preview=preview)
        amazon.listings.put_listings_item(odd, listing.attributes, "HOME", preview=preview)
    amazon.listings.delete_listings_item("SKU-000001")


def _feed(shop: Shop, amazon: AmazonClient) -> None:
    def submit(content: bytes) -> str:
        document = amazon.feeds.create_feed_document()
        amazon.feeds.upload(document.url, "application/json; charset=UTF-8", content)
        places = [amazon.marketplace_id]
        return amazon.feeds.create_feed("JSON_LISTINGS_FEED", document.feed_document_id, places)

    feed_id = submit(_feed_content(amazon))
    amazon.feeds.cancel_feed(submit(_feed_content(amazon)))
    shop.clock.advance(minutes=10)
    feed = amazon.feeds.get_feed(feed_id)
    report = amazon.feeds.processing_report(feed.result_feed_document_id)
    assert report.summary.messages_processed == 3
    amazon.feeds.get_feeds(["JSON_LISTINGS_FEED"], shop.clock.now() - timedelta(hours=1))


def _feed_content(amazon: AmazonClient) -> bytes:
    header = {
        "sellerId": amazon.seller_id,
        "version": "2.0",
        "report": {"includedData": ["issues", "summaries"], "apiVersion": "2021-08-01"},
    }
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": 5}
    change = {"productType": "HOME", "attributes": {"fulfillment_availability": [value]}}
    messages: list[dict[str, Any]] = [
        {"sku": "SKU-000002", "operationType": "PARTIAL_UPDATE", **change},
        {"sku": "NEW 2", "operationType": "UPDATE", **change},
        {"sku": "SKU-000004", "operationType": "DELETE"},
    ]
    numbered = [{"messageId": number, **row} for number, row in enumerate(messages, 1)]
    return json.dumps({"header": header, "messages": numbered}).encode()


def _report(shop: Shop, amazon: AmazonClient) -> None:
    kind, now = "GET_MERCHANT_LISTINGS_ALL_DATA", shop.clock.now()
    report_id = amazon.reports.create_report(
        kind,
        [amazon.marketplace_id],
        data_start_time=now - timedelta(days=1),
        data_end_time=now,
        report_options={"custom": "true"},
    )
    shop.clock.advance(minutes=10)
    report = amazon.reports.get_report(report_id)
    stream = io.BytesIO()
    amazon.reports.download(report.report_document_id, stream, 1_000_000)
    assert stream.getvalue().count(b"\n") > 20
    amazon.reports.get_reports([kind], now - timedelta(days=1))


def _inventory(shop: Shop, amazon: AmazonClient) -> None:
    listings = shop.sandbox.world.amazon.listings
    for listing in list(listings)[:5]:
        listings.make_fba(listing.sku)
    assert sum(len(page) for page in amazon.inventory.summaries()) == 5
    assert list(amazon.inventory.summaries(["SKU-000002", "A,B"]))


def _product_types(amazon: AmazonClient) -> None:
    amazon.product_types.search_definitions_product_types()
    amazon.product_types.search_definitions_product_types(keywords=["çanta"], locale="en_US")
    amazon.product_types.search_definitions_product_types(item_name="Deri Cüzdan")
    whole = amazon.product_types.get_definitions_product_type("SHIRT")
    amazon.product_types.get_definitions_product_type(
        "SHIRT", requirements="LISTING_OFFER_ONLY", enforced=False, parentage_level="NONE"
    )
    assert b"fabric_type" in amazon.product_types.download_schema(whole)


def test_every_corner_order_is_one_amazon_could_send(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    query = {"lastUpdatedAfter": "2026-01-01T00:00:00Z", "includedData": EVERY_DATA_SET}
    found = bare.get("/orders/2026-01-01/orders", params=query).json()["orders"]
    for order in found:
        path = f"/orders/2026-01-01/orders/{order['orderId']}"
        assert bare.get(path, params={"includedData": EVERY_DATA_SET}).status_code in (200, 429)
        bare.get(path)
        shop.clock.advance(seconds=5)

    witness.verdict()
    assert len(found) > 50


def test_what_befalls_orders_stays_within_the_models(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    world = shop.sandbox.world
    for keep in (False, True):
        _befall(shop, bare, {"keep_quantity": keep}, cancelled_units=1)
    _befall(shop, bare, {"cancelled_by": "BUYER"})
    _befall(shop, bare, {"cancellation_requested": "NO_LONGER_NEEDED"})
    packages = [{"packageReferenceId": "1", "packageItems": []}]
    path = _befall(shop, bare, {"packages": packages, "deliver": ["1"]})
    world.amazon.refused_data = {"PACKAGES"}
    assert bare.get(path, params={"includedData": "PACKAGES"}).status_code == 400

    witness.verdict()


def _befall(
    shop: Shop, bare: httpx.Client, wish: dict[str, Any], *, cancelled_units: int = 0
) -> str:
    """Change a new order, or cancel units of its first line, and read it; its path."""
    (order_id,) = shop.sandbox.world.add_orders(1)
    orders = shop.sandbox.world.amazon.orders
    order = orders.get(order_id)
    assert order is not None
    if cancelled_units:
        wish = wish | {"cancel_items": {order["orderItems"][0]["orderItemId"]: cancelled_units}}
    orders.change(order_id, partial(change_order, wish=wish))
    path = f"/orders/2026-01-01/orders/{order_id}"
    assert bare.get(path, params={"includedData": EVERY_DATA_SET}).status_code == 200
    return path


def test_a_report_of_returns_and_its_fates_are_in_the_models(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    world, kind = shop.sandbox.world, "GET_XML_RETURNS_DATA_BY_RETURN_DATE"
    (order_id,) = world.add_orders(1)
    world.amazon.returns.add(order_id, "SKU-000001")
    body = {
        "reportType": kind,
        "marketplaceIds": [TURKIYE],
        "dataStartTime": (shop.clock.now() - timedelta(days=60)).isoformat(),
        "dataEndTime": shop.clock.now().isoformat(),
    }
    seen = []
    for fate in (None, "FATAL", "CANCELLED"):
        if fate is not None:
            world.amazon.reports.fate(kind, fate)
        report_id = bare.post("/reports/2021-06-30/reports", json=body).json()["reportId"]
        shop.clock.advance(minutes=2)
        report = bare.get(f"/reports/2021-06-30/reports/{report_id}").json()
        seen.append((report["processingStatus"], "reportDocumentId" in report))

    witness.verdict()
    assert seen == [("DONE", True), ("FATAL", True), ("CANCELLED", False)]


def test_every_listing_is_one_amazon_could_show(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    seller = shop.sandbox.credentials.seller_id
    query = {"marketplaceIds": TURKIYE, "includedData": EVERYTHING_LISTED, "pageSize": "20"}
    page = bare.get(f"/listings/2021-08-01/items/{seller}", params=query).json()
    query["pageToken"] = page["pagination"]["nextToken"]
    page = bare.get(f"/listings/2021-08-01/items/{seller}", params=query).json()

    witness.verdict()
    assert page["numberOfResults"] == 30


def test_product_types_and_their_schemas_are_told_as_the_model_says(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    seller, path = shop.sandbox.credentials.seller_id, "/definitions/2020-09-01/productTypes"
    place = {"marketplaceIds": TURKIYE}
    for query in ({}, {"keywords": "shirt,saat"}, {"itemName": "Valiz", "searchLocale": "tr_TR"}):
        assert bare.get(path, params=place | query).status_code == 200
    told = []
    for requirements in ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"):
        for enforced in ("ENFORCED", "NOT_ENFORCED"):
            query = {"requirements": requirements, "requirementsEnforced": enforced}
            query |= {"sellerId": seller, "locale": "en_US", "parentageLevel": "CHILD"}
            told.append(bare.get(f"{path}/LUGGAGE", params=place | query).json())

    witness.verdict()
    # Links lead to the document store, which takes no token.
    documents = [httpx.get(one["schema"]["link"]["resource"]) for one in told]
    assert [one.json()["type"] for one in documents] == ["object"] * 6


def test_new_listings_and_what_becomes_of_them_are_in_the_model(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    world, seller = shop.sandbox.world.amazon, shop.sandbox.credentials.seller_id
    listings, query = f"/listings/2021-08-01/items/{seller}", {"marketplaceIds": TURKIYE}
    model = world.listings.get("SKU-000001")
    assert model is not None
    family = {
        "parentage_level": [{"value": "child"}],
        "child_parent_sku_relationship": [
            {"child_relationship_type": "variation", "parent_sku": "NONE"}
        ],
        "variation_theme": [{"name": "COLOR"}],
    }
    bodies = [
        {"productType": "HOME", "attributes": model.submitted | family},
        {"productType": "SHIRT", "attributes": model.submitted},
        {"productType": "HOME", "requirements": "LISTING_OFFER_ONLY", "attributes": family},
    ]
    for sku in ("NEW-1", "SKU-000001"):
        world.listings.refuse_later(sku, "18742", "Not allowed.")
        world.listings.expect_price(sku, "1", "2")
    preview = {"mode": "VALIDATION_PREVIEW", "includedData": "identifiers,issues"}
    statuses = []
    for body in bodies:
        for more in ({}, preview):
            answer = bare.put(f"{listings}/NEW-1", json=body, params=query | more)
            statuses.append(answer.json()["status"])
            shop.clock.advance(seconds=1)
    shop.clock.advance(minutes=2)
    shown = bare.get(f"{listings}/NEW-1", params=query | {"includedData": EVERYTHING_LISTED}).json()

    witness.verdict()
    assert statuses == ["ACCEPTED", "VALID", "INVALID", "INVALID", "INVALID", "INVALID"]
    assert shown["relationships"][0]["relationships"][0]["parentSkus"] == ["NONE"]
    assert len(shown["issues"]) == 3


def test_a_browse_tree_report_is_asked_for_as_the_model_says(
    bare: httpx.Client, shop: Shop, witness: Witness
) -> None:
    body = {
        "reportType": "GET_XML_BROWSE_TREE_DATA",
        "marketplaceIds": [TURKIYE],
        "reportOptions": {"MarketplaceId": TURKIYE, "BrowseNodeId": "21324944031"},
    }
    links = []
    for grown in (False, True):
        if grown:
            shop.sandbox.world.amazon.browse.grow(1200)
        report_id = bare.post("/reports/2021-06-30/reports", json=body).json()["reportId"]
        shop.clock.advance(minutes=2)
        report = bare.get(f"/reports/2021-06-30/reports/{report_id}").json()
        path = f"/reports/2021-06-30/documents/{report['reportDocumentId']}"
        links.append(bare.get(path).json())

    witness.verdict()
    assert [one.get("compressionAlgorithm") for one in links] == [None, "GZIP"]


PATCH: dict[str, Any] = {
    "productType": "HOME",
    "patches": [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
        }
    ],
}
REFUSED: dict[str, tuple[str, str, Any, int]] = {
    "unknown order": ("GET", "/orders/2026-01-01/orders/000-0000000-0000000", None, 404),
    "no time": ("GET", "/orders/2026-01-01/orders", None, 400),
    "unknown shipment": ("POST", "/orders/v0/orders/0/shipmentConfirmation", {}, 404),
    "another seller": (
        "GET",
        f"/listings/2021-08-01/items/X/Y?marketplaceIds={TURKIYE}",
        None,
        403,
    ),
    "no listing": ("GET", "{items}/NONE?marketplaceIds={turkiye}", None, 404),
    "nothing to patch": ("PATCH", "{items}/NONE?marketplaceIds={turkiye}", PATCH, 200),
    "nothing to delete": ("DELETE", "{items}/NONE?marketplaceIds={turkiye}", None, 200),
    "no marketplace": ("PATCH", "{items}/SKU-000001", {}, 400),
    "no patches": ("PATCH", "{items}/SKU-000001?marketplaceIds={turkiye}", {}, 400),
    "empty item": ("PUT", "{items}/SKU-000001?marketplaceIds={turkiye}", {}, 400),
    "empty feed": ("POST", "/feeds/2021-06-30/feeds", {}, 400),
    "unknown feed": ("GET", "/feeds/2021-06-30/feeds/1", None, 404),
    "nothing to cancel": ("DELETE", "/feeds/2021-06-30/feeds/1", None, 404),
    "no content type": ("POST", "/feeds/2021-06-30/documents", {}, 400),
    "no feed types": ("GET", "/feeds/2021-06-30/feeds", None, 400),
    "unknown feed document": ("GET", "/feeds/2021-06-30/documents/1", None, 404),
    "empty report": ("POST", "/reports/2021-06-30/reports", {}, 400),
    "unknown report": ("GET", "/reports/2021-06-30/reports/1", None, 404),
    "no report types": ("GET", "/reports/2021-06-30/reports", None, 400),
    "a browse tree elsewhere": (
        "POST",
        "/reports/2021-06-30/reports",
        {
            "reportType": "GET_XML_BROWSE_TREE_DATA",
            "marketplaceIds": [TURKIYE],
            "reportOptions": {"MarketplaceId": "ATVPDKIKX0DER"},
        },
        400,
    ),
    "no place for types": ("GET", "/definitions/2020-09-01/productTypes", None, 400),
    "unknown type": (
        "GET",
        f"/definitions/2020-09-01/productTypes/NONE?marketplaceIds={TURKIYE}",
        None,
        404,
    ),
    "anothers type": (
        "GET",
        f"/definitions/2020-09-01/productTypes/HOME?marketplaceIds={TURKIYE}&sellerId=X",
        None,
        403,
    ),
    "unknown document": ("GET", "/reports/2021-06-30/documents/1", None, 404),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_those_of_the_models(
    bare: httpx.Client, shop: Shop, contract: Contract, case: str
) -> None:
    method, path, body, status = REFUSED[case]
    items = f"/listings/2021-08-01/items/{shop.sandbox.credentials.seller_id}"
    answer = bare.request(method, path.format(items=items, turkiye=TURKIYE), json=body)

    assert answer.status_code == status
    assert answer_faults(contract, shop.sandbox.exchanges[-1]) == []


SOME = {
    "orders": "/orders/2026-01-01/orders",
    "listings": "/listings/2021-08-01/items/X",
    "feeds": "/feeds/2021-06-30/feeds",
    "reports": "/reports/2021-06-30/reports",
    "definitions": "/definitions/2020-09-01/productTypes",
    "sellers": "/sellers/v1/marketplaceParticipations",
}


@pytest.mark.parametrize("section", SOME)
@pytest.mark.parametrize("kind", ["throttle", "server_error_before", "expired_token"])
def test_what_amazon_says_when_it_cannot_serve_is_in_the_models(
    bare: httpx.Client, shop: Shop, contract: Contract, section: str, kind: str
) -> None:
    shop.sandbox.faults.add(kind, "*")
    answer = bare.get(SOME[section])

    assert answer.status_code in (429, 503, 403)
    assert answer_faults(contract, shop.sandbox.exchanges[-1]) == []


def answer_faults(contract: Contract, exchange: Exchange) -> list[str]:
    """What is wrong with an answer, whatever the request was."""
    operation = contract.find(exchange.method, exchange.path)
    assert operation is not None
    return operation.response_faults(
        exchange.status, exchange.response_headers, exchange.response_body
    )


def test_every_route_and_usage_plan_of_the_sandbox_is_published(
    sp_api_models: Path, contract: Contract
) -> None:
    described = {
        (operation.method, operation.path): operation.name for operation in contract.operations
    }
    routes = {route.operation: (route.method, route.path) for route in ROUTES}
    ours = {name: key for name, key in routes.items() if name not in NOT_IN_THE_MODELS}
    assert {name: described.get(key) for name, key in ours.items()} == {name: name for name in ours}

    texts = {
        (method.upper(), path): row["description"]
        for file in sp_api_models.glob("*.json")
        for path, entry in json.loads(file.read_text("utf-8")).get("paths", {}).items()
        for method, row in entry.items()
        if isinstance(row, dict) and "description" in row
    }
    for name, key in ours.items():
        plan = USAGE_PLAN.search(texts[key])
        assert plan is not None
        rate, burst = PLANS[name]
        # The rate-limit page of Listings Items states a lower burst than the model for two.
        assert (rate, burst <= float(plan[2])) == (float(plan[1]), True), name
