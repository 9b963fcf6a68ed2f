"""What happens to orders at Amazon: cancelled units, deliveries, data sets refused for a while."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.amazon_api import TURKIYE, Api


def sold(api: Api, *units: int) -> Any:
    """An order with a line for each number of units."""
    order_id = api.sandbox.world.add_orders(1, age=3600)[0]
    template = api.order(order_id)["orderItems"][0]
    items = [
        template
        | {
            "orderItemId": f"line-{position}",
            "quantityOrdered": count,
            "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": count},
        }
        for position, count in enumerate(units, start=1)
    ]
    change(api, order_id, set={"orderItems": items})
    return api.order(order_id)


def change(api: Api, order_id: str, **wish: Any) -> Any:
    return api.control("PATCH", f"amazon/orders/{order_id}", wish)


def confirm(api: Api, order: Any, reference: str, **units: int) -> int:
    """The status code of confirmShipment with so many units of each line."""
    rows = [
        {"orderItemId": name.replace("_", "-"), "quantity": count} for name, count in units.items()
    ]
    body = {
        "marketplaceId": TURKIYE,
        "packageDetail": {
            "packageReferenceId": reference,
            "carrierCode": "Other",
            "carrierName": "Örnek Kargo",
            "trackingNumber": f"TR{reference}",
            "shipDate": "2026-11-23T12:00:00Z",
            "orderItems": rows,
        },
    }
    path = f"/orders/v0/orders/{order['orderId']}/shipmentConfirmation"
    return api.call("POST", path, json=body).status_code


def quantities(order: Any) -> list[tuple[int, int, int]]:
    """(ordered, fulfilled, unfulfilled) of each line."""
    return [
        (
            item["quantityOrdered"],
            item["fulfillment"]["quantityFulfilled"],
            item["fulfillment"]["quantityUnfulfilled"],
        )
        for item in order["orderItems"]
    ]


def status(order: Any) -> str:
    told: str = order["fulfillment"]["fulfillmentStatus"]
    return told


@pytest.mark.parametrize(("keep", "ordered"), [(False, 1), (True, 3)])
def test_cancelled_units_leave_the_line_and_can_no_longer_be_shipped(
    api: Api, keep: bool, ordered: int
) -> None:
    order = sold(api, 3, 1)
    change(
        api,
        order["orderId"],
        cancel_items={"line-1": 2},
        cancelled_by="BUYER",
        cancel_reason="BUYER_CANCELLED",
        keep_quantity=keep,
    )
    after = api.order(order["orderId"])
    assert quantities(after) == [(ordered, 0, 1), (1, 0, 1)]
    assert status(after) == "UNSHIPPED"
    assert after["orderItems"][0]["cancellation"]["cancellationExecution"] == {
        "cancelledBy": "BUYER",
        "cancelReason": "BUYER_CANCELLED",
    }
    assert "cancellation" not in after["orderItems"][1]
    assert confirm(api, order, "1", line_1=2) == 400
    assert confirm(api, order, "1", line_1=1) == 204
    assert quantities(api.order(order["orderId"])) == [(ordered, 1, 0), (1, 0, 1)]
    assert confirm(api, order, "2", line_1=1, line_2=1) == 400
    assert confirm(api, order, "2", line_2=1) == 204
    assert status(api.order(order["orderId"])) == "SHIPPED"


def test_units_can_be_cancelled_in_several_steps(api: Api) -> None:
    order_id = sold(api, 3)["orderId"]
    change(api, order_id, cancel_items={"line-1": 1}, keep_quantity=True)
    change(api, order_id, cancel_items={"line-1": 1}, keep_quantity=True)
    assert quantities(api.order(order_id)) == [(3, 0, 1)]
    change(api, order_id, cancel_items={"line-1": 1}, keep_quantity=True)
    assert status(api.order(order_id)) == "CANCELLED"


def test_an_order_whose_every_unit_is_cancelled_is_cancelled(api: Api) -> None:
    order = sold(api, 2, 1)
    change(api, order["orderId"], cancel_items={"line-1": 2, "line-2": 1}, cancelled_by="AMAZON")
    after = api.order(order["orderId"])
    assert (status(after), quantities(after)) == ("CANCELLED", [(0, 0, 0), (0, 0, 0)])
    assert confirm(api, order, "1", line_1=1) == 400


def test_cancelling_what_was_left_makes_a_partly_shipped_order_shipped(api: Api) -> None:
    order = sold(api, 2, 1)
    assert confirm(api, order, "1", line_1=1) == 204
    assert status(api.order(order["orderId"])) == "PARTIALLY_SHIPPED"
    change(api, order["orderId"], cancel_items={"line-1": 1, "line-2": 1})
    after = api.order(order["orderId"])
    assert (status(after), quantities(after)) == ("SHIPPED", [(1, 1, 0), (0, 0, 0)])


@pytest.mark.parametrize("units", [{"line-1": 3}, {"line-1": 0}, {"line-9": 1}])
def test_units_that_are_not_there_cannot_be_cancelled(api: Api, units: Any) -> None:
    order = sold(api, 3)
    confirm(api, order, "1", line_1=1)
    before = api.order(order["orderId"])
    assert "error" in change(api, order["orderId"], cancel_items=units)
    assert api.order(order["orderId"]) == before


def test_a_cancelled_order_keeps_what_was_ordered_and_has_nothing_to_fulfil(api: Api) -> None:
    order_id = sold(api, 2, 1)["orderId"]
    change(api, order_id, cancelled_by="BUYER", cancel_reason="BUYER_CANCELLED")
    after = api.order(order_id)
    assert (status(after), quantities(after)) == ("CANCELLED", [(2, 0, 0), (1, 0, 0)])
    assert {
        item["cancellation"]["cancellationExecution"]["cancelledBy"] for item in after["orderItems"]
    } == {"BUYER"}


def test_packages_arrive_one_by_one_and_need_not_touch_the_order(api: Api) -> None:
    order = sold(api, 1, 1)
    confirm(api, order, "1", line_1=1)
    confirm(api, order, "2", line_2=1)
    updated = api.order(order["orderId"])["lastUpdatedTime"]
    api.time.pass_by(60)
    change(api, order["orderId"], deliver=["2"], touch=False)
    after = api.order(order["orderId"])
    assert [one["packageStatus"]["status"] for one in after["packages"]] == ["SHIPPED", "DELIVERED"]
    assert (after["lastUpdatedTime"], status(after)) == (updated, "SHIPPED")
    change(api, order["orderId"], deliver=["1"])
    after = api.order(order["orderId"])
    assert {one["packageStatus"]["status"] for one in after["packages"]} == {"DELIVERED"}
    assert after["lastUpdatedTime"] > updated
    assert "error" in change(api, order["orderId"], deliver=["3"])


def test_a_cancelled_package_never_arrives(api: Api) -> None:
    order = sold(api, 1)
    confirm(api, order, "1", line_1=1)
    (package,) = api.order(order["orderId"])["packages"]
    lost = package | {"packageReferenceId": "2", "packageStatus": {"status": "CANCELLED"}}
    change(api, order["orderId"], packages=[package, lost])
    change(api, order["orderId"], delivered=True)
    shown = api.order(order["orderId"])["packages"]
    assert [one["packageStatus"]["status"] for one in shown] == ["DELIVERED", "CANCELLED"]


@pytest.mark.parametrize(("silent", "named"), [(False, True), (True, False)])
def test_a_data_set_can_be_refused_for_a_while(api: Api, silent: bool, named: bool) -> None:
    order_id = sold(api, 1)["orderId"]
    path = f"/orders/2026-01-01/orders/{order_id}"
    api.control("POST", "amazon/refused_data", {"values": ["PACKAGES"], "silent": silent})
    both = (api.search(), api.call("GET", path, params={"includedData": "TAX,PACKAGES"}))
    for refused in both:
        assert refused.status_code == 400
        (error,) = refused.json()["errors"]
        assert error["code"] == "InvalidInput"
        assert ("PACKAGES" in error["message"] + error["details"]) is named
    assert api.search(includedData="FULFILLMENT,TAX").status_code == 200
    assert api.call("GET", path, params={"includedData": "TAX"}).status_code == 200
    api.control("POST", "amazon/refused_data", {"values": []})
    assert api.search().status_code == 200
