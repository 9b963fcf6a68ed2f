"""searchOrders, getOrder and confirmShipment over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.sandbox.amazon_api import EVERYTHING, TURKIYE, Api


def place(api: Api, count: int, **how: Any) -> list[str]:
    """Orders placed an hour ago."""
    return api.sandbox.world.add_orders(count, **{"age": 3600, **how})


def ids(answer: httpx.Response) -> list[str]:
    return [order["orderId"] for order in answer.json()["orders"]]


def test_all_pages_together_hold_every_order_once(api: Api) -> None:
    placed = place(api, 5)
    first = api.search(maxResultsPerPage=2)
    second = api.search(
        maxResultsPerPage=2, paginationToken=first.json()["pagination"]["nextToken"]
    )
    third = api.search(
        maxResultsPerPage=100,
        includedData="FULFILLMENT",
        paginationToken=second.json()["pagination"]["nextToken"],
    )
    assert sorted(ids(first) + ids(second) + ids(third)) == sorted(placed)
    assert "pagination" not in third.json()


def test_a_pagination_token_dies_after_a_day_and_with_other_parameters(api: Api) -> None:
    place(api, 3)
    token = api.search(maxResultsPerPage=1).json()["pagination"]["nextToken"]
    other = api.search(paginationToken=token, fulfillmentStatuses="UNSHIPPED")
    assert other.status_code == 400
    api.time.pass_by(86_399)
    api.log_in()
    assert len(ids(api.search(paginationToken=token))) == 2
    api.time.pass_by(1)
    assert api.search(paginationToken=token).status_code == 400


def test_an_order_changed_while_paging_moves_to_the_next_window(api: Api) -> None:
    placed = sorted(place(api, 3))
    first = api.search(maxResultsPerPage=1)
    edge = first.json()["lastUpdatedBefore"]
    api.control("PATCH", f"amazon/orders/{placed[2]}", {"status": "CANCELLED"})
    api.time.pass_by(121)
    rest = api.search(paginationToken=first.json()["pagination"]["nextToken"])
    assert ids(first) + ids(rest) == placed[:2]
    assert rest.json()["lastUpdatedBefore"] == edge
    assert ids(api.search(lastUpdatedAfter=edge)) == [placed[2]]


def test_an_order_is_searchable_two_minutes_after_it_was_placed(api: Api) -> None:
    api.sandbox.world.add_orders(1)
    assert ids(api.search()) == []
    api.time.pass_by(121)
    assert len(ids(api.search())) == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"lastUpdatedAfter": None},
        {"createdAfter": "2026-11-01T00:00:00Z"},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedBefore": "2026-11-23T11:59:00Z"},
        {"lastUpdatedBefore": "2026-10-01T00:00:00Z"},
        {"maxResultsPerPage": "101"},
        {"maxResultsPerPage": "0"},
        {"fulfillmentStatuses": "INVOICE_UNCONFIRMED"},
        {"includedData": "BUYER,EVERYTHING"},
        {"fulfilledBy": "NOBODY"},
        {"marketplaceIds": "ATVPDKIKX0DER"},
        {"paginationToken": "invented"},
    ],
)
def test_a_search_outside_the_rules_is_invalid_input(api: Api, parameters: Any) -> None:
    given = {"lastUpdatedAfter": "2026-11-01T00:00:00Z"} | parameters
    query = {name: value for name, value in given.items() if value is not None}
    refused = api.call("GET", "/orders/2026-01-01/orders", params=query)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "InvalidInput"


def test_filters_leave_out_what_was_not_asked_for(api: Api) -> None:
    placed = place(api, 2)
    api.control("PATCH", f"amazon/orders/{placed[0]}", {"status": "CANCELLED", "touch": False})
    by_status = api.search(fulfillmentStatuses="UNSHIPPED,SHIPPED")
    assert ids(by_status) == [placed[1]]
    assert ids(api.search(fulfilledBy="AMAZON")) == []
    assert ids(api.search(marketplaceIds="A1PA6795UKMFR9")) == []
    assert len(ids(api.search(marketplaceIds=f"A1PA6795UKMFR9,{TURKIYE}"))) == 2


def test_only_the_data_sets_asked_for_are_in_the_answer(api: Api) -> None:
    place(api, 1)
    bare = api.search(includedData="").json()["orders"][0]
    full = api.search().json()["orders"][0]
    assert not {"fulfillment", "buyer", "recipient", "proceeds"} & bare.keys()
    assert {"fulfillment", "buyer", "recipient", "proceeds"} <= full.keys()
    assert "fulfillment" not in bare["orderItems"][0]
    assert "product" in bare["orderItems"][0]


def test_personal_data_is_suppressed_where_amazon_suppresses_it(api: Api) -> None:
    order_id = place(api, 1)[0]
    address = api.order(order_id)["recipient"]["deliveryAddress"]
    assert address["phone"]
    assert api.order(order_id)["buyer"]["buyerEmail"]
    api.control("PATCH", f"amazon/orders/{order_id}", {"status": "SHIPPED"})
    api.time.pass_by(7 * 86_400)
    api.log_in()
    assert "phone" not in api.order(order_id)["recipient"]["deliveryAddress"]
    api.control("PATCH", f"amazon/orders/{order_id}", {"status": "CANCELLED"})
    assert "buyerEmail" not in api.order(order_id)["buyer"]


def test_an_order_nobody_placed_is_not_found(api: Api) -> None:
    path = f"/orders/2026-01-01/orders/403-0000000-0000000?includedData={EVERYTHING}"
    assert api.call("GET", path).status_code == 404


def confirmation(order: Any, quantity: int, **changed: Any) -> dict[str, Any]:
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "Other",
        "carrierName": "Örnek Kargo",
        "trackingNumber": "TR1",
        "shipDate": "2026-11-23T12:00:00Z",
        "orderItems": [
            {"orderItemId": order["orderItems"][0]["orderItemId"], "quantity": quantity}
        ],
    }
    return {"marketplaceId": TURKIYE, "packageDetail": detail | changed}


def confirm(api: Api, order: Any, body: Any) -> int:
    path = f"/orders/v0/orders/{order['orderId']}/shipmentConfirmation"
    return api.call("POST", path, json=body).status_code


def order_of(api: Api, units: int) -> Any:
    """An order of one line with so many units."""
    order = api.order(place(api, 1)[0])
    item = order["orderItems"][0] | {"quantityOrdered": units}
    api.control("PATCH", f"amazon/orders/{order['orderId']}", {"set": {"orderItems": [item]}})
    return api.order(order["orderId"])


def test_confirmed_packages_ship_the_order_and_the_same_reference_edits(api: Api) -> None:
    order = order_of(api, 3)
    assert confirm(api, order, confirmation(order, 1)) == 204
    after = api.order(order["orderId"])
    assert after["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
    assert after["orderItems"][0]["fulfillment"]["quantityUnfulfilled"] == 2
    assert confirm(api, order, confirmation(order, 3, trackingNumber="TR2")) == 204
    after = api.order(order["orderId"])
    assert after["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert [package["trackingNumber"] for package in after["packages"]] == ["TR2"]
    assert after["packages"][0]["carrier"] == "Örnek Kargo"


def test_repeating_a_confirmation_changes_nothing(api: Api) -> None:
    order = order_of(api, 1)
    confirm(api, order, confirmation(order, 1))
    before = api.order(order["orderId"])
    api.time.pass_by(60)
    assert confirm(api, order, confirmation(order, 1)) == 204
    assert api.order(order["orderId"]) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"packageReferenceId": "0"},
        {"packageReferenceId": "P1"},
        {"carrierName": ""},
        {"trackingNumber": ""},
        {"shipDate": "11/23/2026"},
        {"shipDate": "2026-11-23T13:00:00Z"},
        {"shipDate": "2026-11-20T00:00:00Z"},
        {"orderItems": [{"orderItemId": "1", "quantity": 1}]},
        {"orderItems": []},
    ],
)
def test_a_wrong_confirmation_is_refused_and_ships_nothing(api: Api, changed: Any) -> None:
    order = order_of(api, 1)
    assert confirm(api, order, confirmation(order, 1, **changed)) == 400
    assert api.order(order["orderId"]) == order


def test_more_units_than_ordered_cannot_be_shipped(api: Api) -> None:
    order = order_of(api, 2)
    assert confirm(api, order, confirmation(order, 1)) == 204
    assert confirm(api, order, confirmation(order, 2, packageReferenceId="2")) == 400
