"""Omnitron's side of the sandbox: orders, their items, cancellations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far


@pytest.fixture
def far() -> Far:
    return Far()


def test_an_order_has_one_item_a_unit(far: Far) -> None:
    order = far.order(units=3)
    assert (order["status"], order["amount"], order["is_send"]) == ("400", "34.00", False)
    items = far.items(order)
    assert [row["extra_field"] for row in items] == [{"id": "line-1"}] * 3
    assert [row["price"] for row in items] == ["17.00"] * 3
    (found,) = far.rows("orders/?number=111-1&channel_id=1")
    assert found == order


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("order", "customer", 1),
        ("order", "shipping_address", 1),
        ("order", "cargo_company", 99),
        ("order", "number", ""),
        ("order", "number", "9" * 129),
        ("order", "amount", "much"),
        ("order", "date_placed", "yesterday"),
        ("order_item", "product", 1),
        ("order_item", "price", None),
        ("order_item", "status", "401"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    far: Far, part: str, field: str, value: Any
) -> None:
    body = far.order_body()
    target = body[part] if part == "order" else body[part][0]
    target[field] = value
    status, answer = far.send("POST", "create_orders/", body)
    assert status == 400
    assert field in answer
    assert far.world.snapshot("orders") == far.world.snapshot("order_items") == []


def test_the_same_number_makes_a_second_order_unless_numbers_are_unique(far: Far) -> None:
    body = far.order_body()
    assert [far.send("POST", "create_orders/", body)[0] for _ in range(2)] == [201, 201]
    assert len(far.world.orders_by_number()["111-1"]) == 2
    far.world.unique_numbers = True
    status, answer = far.send("POST", "create_orders/", body)
    assert status == 406
    assert "number" in answer["non_field_errors"]


def test_a_linked_order_shows_as_updated_once_the_erp_changed_it(far: Far) -> None:
    order = far.order()
    assert far.rows("orders/updates/") == []
    far.link(order)
    assert far.rows("orders/updates/") == []
    far.world.change_order_items("111-1", status="500", tracking_number="T1")
    (updated,) = far.rows("orders/updates/")
    assert (updated["status"], updated["tracking_number"]) == ("500", "T1")
    far.link(updated)
    assert far.rows("orders/updates/") == []


def test_an_order_is_as_far_as_its_last_item(far: Far) -> None:
    order = far.order()
    first, second = far.items(order)
    far.send("PATCH", f"order_items/{first['pk']}/", {"status": "500"})
    assert far.get(f"orders/{order['pk']}/")["status"] == "400"
    far.send("PATCH", f"order_items/{second['pk']}/", {"status": "450"})
    assert far.get(f"orders/{order['pk']}/")["status"] == "450"


def test_extra_field_is_merged_and_attributes_are_replaced(far: Far) -> None:
    row = far.items(far.order())[0]
    path = f"order_items/{row['pk']}/"
    far.send("PATCH", path, {"extra_field": {"a": 1}, "attributes": {"x": 1}})
    _, after = far.send("PATCH", path, {"extra_field": {"b": 2}, "attributes": {"y": 2}})
    assert after["extra_field"] == {"id": "line-1", "a": 1, "b": 2}
    assert after["attributes"] == {"y": 2}


def test_a_status_never_goes_back(far: Far) -> None:
    row = far.items(far.order())[0]
    far.send("PATCH", f"order_items/{row['pk']}/", {"status": "550"})
    status, body = far.send("PATCH", f"order_items/{row['pk']}/", {"status": "500"})
    assert status == 406
    assert body["non_field_errors"] == "The order status cannot be updated retroactively"


def test_an_order_takes_is_send_and_nothing_else(far: Far) -> None:
    path = f"orders/{far.order()['pk']}/"
    assert far.send("PATCH", path, {"is_send": True})[1]["is_send"] is True
    assert far.send("PATCH", path, {"status": "500"})[0] == 400


def test_shipping_info_replaces_the_cargo_company(far: Far) -> None:
    order = far.order()
    body = {
        "order": order["pk"],
        "order_number": order["number"],
        "shipping_company": "mng",
        "is_send": False,
    }
    far.created("order_shipping_infos/", body)
    mng = far.rows("cargos/?shipping_company=mng")[0]["pk"]
    assert far.get(f"orders/{order['pk']}/")["cargo_company"] == mng
    assert {row["shipping_company"] for row in far.items(order)} == {"mng"}
    wrong = body | {"shipping_company": "nobody"}
    assert far.send("POST", "order_shipping_infos/", wrong)[0] == 400
