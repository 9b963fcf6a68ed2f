"""Omnitron's side of the sandbox: orders, their items, cancellations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, committed


@pytest.fixture
def far() -> Far:
    return Far()


def items_of(far: Far, order: dict[str, Any]) -> list[Any]:
    return far.rows(f"order_items/?order={order['pk']}&sort=id")


def link(far: Far, order: dict[str, Any]) -> None:
    """What a client does after creating an order: commit and finish it."""
    batch = far.commit([order], "order")
    done = [committed(order, "order", remote_id=order["extra_field"]["id"])]
    assert far.move(batch, "done", objects=done)[0] == 200


def cancel(far: Far, order: dict[str, Any], items: list[Any], **more: Any) -> tuple[int, Any]:
    pks = [row["pk"] for row in items]
    body = {
        "order": order["pk"],
        "cancel_items": pks,
        "reasons": {str(pk): 10 for pk in pks},
        "forced_refund_amount": None,
    }
    return far.send("POST", f"orders/{order['pk']}/cancel/", body | more)


def test_an_order_has_one_item_a_unit(far: Far) -> None:
    order = far.order(units=3)
    assert (order["status"], order["amount"], order["is_send"]) == ("400", "34.00", False)
    items = items_of(far, order)
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
    link(far, order)
    assert far.rows("orders/updates/") == []
    far.world.change_order_items("111-1", status="500", tracking_number="T1")
    (updated,) = far.rows("orders/updates/")
    assert (updated["status"], updated["tracking_number"]) == ("500", "T1")
    link(far, updated)
    assert far.rows("orders/updates/") == []


def test_an_order_is_as_far_as_its_last_item(far: Far) -> None:
    order = far.order()
    first, second = items_of(far, order)
    far.send("PATCH", f"order_items/{first['pk']}/", {"status": "500"})
    assert far.get(f"orders/{order['pk']}/")["status"] == "400"
    far.send("PATCH", f"order_items/{second['pk']}/", {"status": "450"})
    assert far.get(f"orders/{order['pk']}/")["status"] == "450"


def test_extra_field_is_merged_and_attributes_are_replaced(far: Far) -> None:
    row = items_of(far, far.order())[0]
    path = f"order_items/{row['pk']}/"
    far.send("PATCH", path, {"extra_field": {"a": 1}, "attributes": {"x": 1}})
    _, after = far.send("PATCH", path, {"extra_field": {"b": 2}, "attributes": {"y": 2}})
    assert after["extra_field"] == {"id": "line-1", "a": 1, "b": 2}
    assert after["attributes"] == {"y": 2}


def test_a_status_never_goes_back(far: Far) -> None:
    row = items_of(far, far.order())[0]
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
    assert {row["shipping_company"] for row in items_of(far, order)} == {"mng"}
    wrong = body | {"shipping_company": "nobody"}
    assert far.send("POST", "order_shipping_infos/", wrong)[0] == 400


def test_an_order_the_erp_does_not_know_is_not_cancelled(far: Far) -> None:
    order = far.order()
    status, body = cancel(far, order, items_of(far, order))
    assert status == 406
    assert body["non_field_errors"] == "Unreported order of ERP can not be canceled"
    assert far.rows("cancellation_plans/") == []


def test_a_cancel_call_makes_one_plan_and_its_items_wait(far: Far) -> None:
    order = far.order()
    far.world.set_order_is_send("111-1")
    items = items_of(far, order)
    assert cancel(far, order, items)[0] == 200
    (plan,) = far.rows(f"cancellation_plans/?order_id={order['pk']}")
    assert (plan["plan_type"], plan["status"]) == ("cancel", "waiting")
    assert {row["status"] for row in items_of(far, order)} == {"50"}
    far.world.complete_cancellations("111-1")
    assert {row["status"] for row in items_of(far, order)} == {"100"}
    assert far.get(f"orders/{order['pk']}/")["status"] == "100"
    assert far.rows("cancellation_plans/?cancellation_plan_status=waiting") == []


def test_a_second_cancel_waits_until_the_first_plan_is_closed(far: Far) -> None:
    order = far.order()
    far.world.set_order_is_send("111-1")
    first, second = items_of(far, order)
    assert cancel(far, order, [first])[0] == 200
    assert cancel(far, order, [second])[0] == 406
    far.world.complete_cancellations("111-1")
    assert cancel(far, order, [second])[0] == 200


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"reasons": {}}, 406),
        ({"is_all": True}, 406),
        ({"cancel_items": []}, 400),
        ({"cancel_items": [1]}, 400),
    ],
)
def test_a_cancel_call_needs_items_and_reasons(
    far: Far, more: dict[str, Any], expected: int
) -> None:
    order = far.order()
    far.world.set_order_is_send("111-1")
    assert cancel(far, order, items_of(far, order), **more)[0] == expected
    assert {row["status"] for row in items_of(far, order)} == {"400"}


def test_a_cancellation_request_is_about_one_item_and_keyed_by_id(far: Far) -> None:
    row = items_of(far, far.order())[0]
    body = {
        "order_item": row["pk"],
        "reason": 20,
        "remote_id": "RMA-1",
        "description": None,
        "cancellation_type": "refund",
    }
    request = far.created("cancellation_requests/", body)
    assert "pk" not in request
    path = f"cancellation_requests/?order_item={row['pk']}&cancellation_type=refund"
    assert [each["id"] for each in far.rows(path)] == [request["id"]]
    assert far.get("cancellation_plans/?plan_type=refund")["count"] == 1
    wrong = body | {"reason": 10}
    assert far.send("POST", "cancellation_requests/", wrong)[0] == 400
    batch = far.batch()
    linked = {"pk": request["id"], "modified_date": request["modified_date"]}
    objects = [committed(linked, "cancellationrequest", remote_id="RMA-1")]
    status, _ = far.move(batch, "commit", content_type="cancellationrequest", objects=objects)
    assert status == 200


def test_reasons_are_listed_by_type(far: Far) -> None:
    rows = far.rows("cancellation_reasons/?cancellation_type=refund&is_active=true")
    assert {row["cancellation_type"] for row in rows} == {"refund"}
