"""Orders: the search's parameters, its page, and what a malformed order tells."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import respx

from amzsync.amazon.models.orders import ConfirmedItem, PackageDetail
from amzsync.amazon.orders import parse_order
from amzsync.errors import DryRunError, ProtocolError, RecordError
from tests.unit.amazon.sp_api_fakes import HOST, START, TURKEY, open_client, raw_order

SEARCH = "/orders/2026-01-01/orders"
SINCE = START - timedelta(hours=12)


@pytest.fixture
def api() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


def test_a_search_asks_for_everything_in_utc(api: respx.Router) -> None:
    route = api.get(SEARCH).respond(json={"orders": []})
    istanbul = SINCE.astimezone(timezone(timedelta(hours=3)))
    open_client().orders.search_orders(
        marketplace_ids=[TURKEY, "A1PA6795UKMFR9"],
        last_updated_after=istanbul,
        fulfilled_by=["MERCHANT"],
    )
    assert dict(route.calls.last.request.url.params) == {
        "lastUpdatedAfter": "2026-11-22T20:00:00Z",
        "marketplaceIds": f"{TURKEY},A1PA6795UKMFR9",
        "fulfilledBy": "MERCHANT",
        "maxResultsPerPage": "100",
        "includedData": (
            "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
        ),
    }


def test_a_further_page_repeats_the_parameters_with_the_token(api: respx.Router) -> None:
    route = api.get(SEARCH)
    route.respond(json={"orders": [], "pagination": {"nextToken": "a+b/c=="}})
    orders = open_client().orders
    page = orders.search_orders(marketplace_ids=[TURKEY], created_after=SINCE)
    assert page.next_token == "a+b/c=="
    orders.search_orders(
        marketplace_ids=[TURKEY], created_after=SINCE, pagination_token=page.next_token
    )
    first, second = (dict(call.request.url.params) for call in route.calls)
    assert second == {**first, "paginationToken": "a+b/c=="}
    assert b"paginationToken=a%2Bb%2Fc%3D%3D" in route.calls.last.request.url.raw_path


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ({"lastUpdatedBefore": "2026-11-23T07:57:00.5Z"}, START - timedelta(seconds=179.5)),
        ({"createdBefore": "2026-11-23T10:57:00+03:00"}, START - timedelta(minutes=3)),
        ({}, START - timedelta(minutes=2)),
    ],
    ids=["by update", "by creation", "unsaid"],
)
def test_the_upper_edge_is_amazons_or_two_minutes_back(
    api: respx.Router, edge: dict[str, str], expected: datetime
) -> None:
    api.get(SEARCH).respond(json={"orders": [], **edge})
    page = open_client().orders.search_orders(marketplace_ids=[TURKEY], last_updated_after=SINCE)
    assert (page.upper_edge, page.next_token) == (expected, None)
    assert page.upper_edge.tzinfo is UTC


def test_one_malformed_order_does_not_cost_the_page(api: respx.Router) -> None:
    api.get(SEARCH).respond(json={"orders": [raw_order(), {"orderId": "broken"}, "no order"]})
    page = open_client().orders.search_orders(marketplace_ids=[TURKEY], last_updated_after=SINCE)
    assert parse_order(page.orders[0]).order_id == "403-1234567-8765432"
    with pytest.raises(RecordError):
        parse_order(page.orders[1])


@pytest.mark.parametrize("body", [{}, {"payload": {"orders": []}}, {"orders": None}, [], None])
def test_a_page_of_another_shape_is_a_protocol_error(api: respx.Router, body: Any) -> None:
    api.get(SEARCH).respond(json=body)
    with pytest.raises(ProtocolError):
        open_client().orders.search_orders(marketplace_ids=[TURKEY], last_updated_after=SINCE)


@pytest.mark.parametrize("both", [True, False])
def test_a_search_takes_exactly_one_moment(both: bool) -> None:
    moment = SINCE if both else None
    with pytest.raises(ValueError, match="exactly one"):
        open_client().orders.search_orders(
            marketplace_ids=[TURKEY], last_updated_after=moment, created_after=moment
        )


def test_an_order_is_parsed_once_at_the_edge() -> None:
    order = parse_order(raw_order())
    assert order.proceeds.grand_total is not None
    assert order.proceeds.grand_total.amount == Decimal("125.00")
    assert order.last_updated_time == datetime(2026, 11, 23, 7, 30, 0, 123000, tzinfo=UTC)
    assert order.order_items[0].quantity_ordered == 2
    assert order.recipient.delivery_address.phone == ""
    assert (order.status, order.fulfilled_by) == ("UNSHIPPED", "MERCHANT")


def test_what_was_not_asked_for_is_empty() -> None:
    raw = raw_order()
    for group in ("buyer", "recipient", "proceeds", "fulfillment"):
        del raw[group]
    order = parse_order({**raw, "packages": None, "tax": {}})
    assert order.buyer.buyer_email == ""
    assert order.recipient.delivery_address.city == ""
    assert (order.packages, order.tax.tax_registrations, order.status) == ((), (), "")


@pytest.mark.parametrize(
    ("sent", "read"),
    [("INVOICE_UNCONFIRMED", "SHIPPED"), ("CANCELLED", "CANCELLED"), ("BRAND_NEW", "BRAND_NEW")],
)
def test_an_unknown_status_is_kept_and_invoice_unconfirmed_is_shipped(sent: str, read: str) -> None:
    assert parse_order(raw_order(fulfillment={"fulfillmentStatus": sent})).status == read


@pytest.mark.parametrize(("name", "ours"), [("AMAZON", True), ("NON_AMAZON", False)])
def test_orders_of_other_shops_are_told_apart(name: str, ours: bool) -> None:
    assert parse_order(raw_order(salesChannel={"channelName": name})).is_marketplace_order is ours


def test_a_malformed_order_names_fields_and_never_values() -> None:
    raw = raw_order(createdTime="canary time")
    raw["orderItems"][0]["quantityOrdered"] = "canary quantity"
    raw["proceeds"]["grandTotal"]["amount"] = "NaN"
    with pytest.raises(RecordError) as caught:
        parse_order(raw)
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.code == "malformed"
    for field in ("createdTime", "orderItems.0.quantityOrdered", "grandTotal.amount"):
        assert field in str(caught.value)
    assert "canary" not in told.lower()


def test_a_naive_time_is_not_guessed_at() -> None:
    with pytest.raises(RecordError, match="createdTime"):
        parse_order(raw_order(createdTime="2026-11-23T07:00:00"))


def test_an_order_shows_no_buyer_when_printed() -> None:
    order = parse_order(raw_order())
    assert "canary" not in repr(order).lower()
    assert "Kafes" not in f"{order}"


def test_one_order_is_read_by_its_id(api: respx.Router) -> None:
    api.get(f"{SEARCH}/403-1234567-8765432").respond(json={"order": raw_order()})
    assert open_client().orders.get_order("403-1234567-8765432").buyer.buyer_name == "Canary Kuşu"


def test_a_reply_without_an_order_is_a_protocol_error(api: respx.Router) -> None:
    api.get(f"{SEARCH}/1").respond(json={"payload": raw_order()})
    with pytest.raises(ProtocolError):
        open_client().orders.get_order("1")


def package(**changes: Any) -> PackageDetail:
    values: dict[str, Any] = {
        "package_reference_id": "1",
        "carrier_code": "Other",
        "carrier_name": "MNG Kargo",
        "tracking_number": "123",
        "ship_date": START,
        "order_items": (ConfirmedItem(order_item_id="item-1", quantity=2),),
        **changes,
    }
    return PackageDetail(**values)


def test_a_shipment_is_confirmed_in_amazons_words(api: respx.Router) -> None:
    route = api.post("/orders/v0/orders/403-1/shipmentConfirmation").respond(204)
    open_client().orders.confirm_shipment("403-1", TURKEY, package())
    assert json.loads(route.calls.last.request.content) == {
        "marketplaceId": TURKEY,
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "Other",
            "carrierName": "MNG Kargo",
            "trackingNumber": "123",
            "shipDate": "2026-11-23T08:00:00Z",
            "orderItems": [{"orderItemId": "item-1", "quantity": 2}],
        },
    }


def test_a_dry_run_confirms_nothing(api: respx.Router) -> None:
    with pytest.raises(DryRunError):
        open_client(dry_run=True).orders.confirm_shipment("403-1", TURKEY, package())
    assert api.calls.call_count == 0
