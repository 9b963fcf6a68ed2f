"""Omnitron's side of the sandbox: cancel calls, cancellation requests, the brand's decisions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, committed


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def order(far: Far) -> dict[str, Any]:
    """Two units, known to the ERP and linked."""
    row = far.order()
    far.world.set_order_is_send("111-1")
    far.link(far.get(f"orders/{row['pk']}/"))
    return row


def statuses(far: Far) -> list[tuple[str, str | None]]:
    return [(unit["status"], unit["cancel_status"]) for unit in far.world.units("111-1")]


def requested(far: Far, item: dict[str, Any], kind: str = "refund") -> dict[str, Any]:
    """A request about one unit, linked as a client links it."""
    body = {
        "order_item": item["pk"],
        "reason": 20 if kind == "refund" else 10,
        "remote_id": f"RMA-{item['pk']}",
        "description": None,
        "cancellation_type": kind,
    }
    row: dict[str, Any] = far.created("cancellation_requests/", body)
    finish(far, row, remote_id=body["remote_id"])
    return row


def finish(far: Far, request: dict[str, Any], **more: Any) -> None:
    """Send a request out in a batch of its own."""
    member = {"pk": request["id"], "modified_date": request["modified_date"]}
    batch = far.commit([member], "cancellationrequest")
    objects = [committed(member, "cancellationrequest", **more)]
    assert far.move(batch, "done", objects=objects)[0] == 200


def test_an_order_the_erp_does_not_know_is_not_cancelled(far: Far) -> None:
    order = far.order()
    status, body = far.cancel(order, far.items(order))
    assert status == 406
    assert body["non_field_errors"] == "Unreported order of ERP can not be canceled"
    assert far.rows("cancellation_plans/") == []


def test_a_cancel_call_makes_one_plan_and_its_items_wait(far: Far) -> None:
    order = far.order()
    far.world.set_order_is_send("111-1")
    items = far.items(order)
    assert far.cancel(order, items)[0] == 200
    (plan,) = far.rows(f"cancellation_plans/?order_id={order['pk']}")
    assert (plan["plan_type"], plan["status"]) == ("cancel", "waiting")
    assert {row["status"] for row in far.items(order)} == {"50"}
    far.world.complete_cancellations("111-1")
    assert {row["status"] for row in far.items(order)} == {"100"}
    assert far.get(f"orders/{order['pk']}/")["status"] == "100"
    assert far.rows("cancellation_plans/?cancellation_plan_status=waiting") == []


def test_a_second_cancel_waits_until_the_first_plan_is_closed(far: Far) -> None:
    order = far.order()
    far.world.set_order_is_send("111-1")
    first, second = far.items(order)
    assert far.cancel(order, [first])[0] == 200
    assert far.cancel(order, [second])[0] == 406
    far.world.complete_cancellations("111-1")
    assert far.cancel(order, [second])[0] == 200


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
    assert far.cancel(order, far.items(order), **more)[0] == expected
    assert {row["status"] for row in far.items(order)} == {"400"}


def test_reasons_are_listed_by_type(far: Far) -> None:
    rows = far.rows("cancellation_reasons/?cancellation_type=refund&is_active=true")
    assert {row["cancellation_type"] for row in rows} == {"refund"}


def test_a_rejected_cancel_puts_the_units_back_where_they_were(far: Far, order: Any) -> None:
    first, second = far.items(order)
    far.world.change_items("111-1", [second["pk"]], status="450")
    assert far.cancel(order, [first, second])[0] == 200
    assert statuses(far) == [("50", "waiting")] * 2
    far.world.reject_cancellations("111-1")
    assert statuses(far) == [("400", None), ("450", None)]
    assert far.get(f"orders/{order['pk']}/")["cancel_status"] is None
    assert [plan["status"] for plan in far.rows("cancellation_plans/")] == ["rejected"]


@pytest.mark.parametrize("wanted", ["400", "500", "550"])
def test_a_cancelled_unit_never_comes_back(far: Far, order: Any, wanted: str) -> None:
    first, _second = far.items(order)
    far.cancel(order, [first])
    assert far.send("PATCH", f"order_items/{first['pk']}/", {"status": wanted})[0] == 406
    far.world.complete_cancellations("111-1")
    assert far.send("PATCH", f"order_items/{first['pk']}/", {"status": wanted})[0] == 406
    with pytest.raises(ValueError, match="status 100"):
        far.world.change_items("111-1", [first["pk"]], status=wanted)
    far.world.change_order_items("111-1", status="450")
    assert [status for status, _ in statuses(far)] == ["100", "450"]


def test_a_request_shows_as_under_way_and_leaves_the_units_status(far: Far, order: Any) -> None:
    far.world.change_order_items("111-1", status="550")
    first, _second = far.items(order)
    request = requested(far, first)
    assert "pk" not in request
    assert request["status"] == "waiting_approval"
    assert statuses(far) == [("550", "waiting"), ("550", None)]
    assert far.get(f"orders/{order['pk']}/")["cancel_status"] == "waiting"
    (plan,) = far.rows("cancellation_plans/?plan_type=refund&order_number=111-1")
    assert (plan["status"], plan["order"]["pk"]) == ("waiting", order["pk"])
    path = f"cancellation_requests/?order_item={first['pk']}&cancellation_type=refund"
    assert [each["id"] for each in far.rows(path)] == [request["id"]]


def test_an_open_request_keeps_cancel_calls_away_but_no_other_request(far: Far, order: Any) -> None:
    first, second = far.items(order)
    one = requested(far, first, "cancel")
    status, body = far.cancel(order, [second])
    assert (status, body["code"]) == (406, "OrderUpdateCancelStatusException")
    other = requested(far, second)
    far.world.reject_request(one["id"])
    assert far.cancel(order, [first])[0] == 406
    far.world.reject_request(other["id"])
    assert far.cancel(order, [first])[0] == 200


def test_the_reason_of_a_request_is_of_its_kind(far: Far, order: Any) -> None:
    item = far.items(order)[0]
    body = {"order_item": item["pk"], "reason": 10, "cancellation_type": "refund"}
    status, answer = far.send("POST", "cancellation_requests/", body)
    assert (status, "reason" in answer) == (400, True)
    assert statuses(far) == [("400", None)] * 2


def test_a_linked_request_shows_as_updated_once_it_is_decided(far: Far, order: Any) -> None:
    first, second = far.items(order)
    completed, rejected = requested(far, first), requested(far, second)
    assert far.rows("cancellation_requests/updates/") == []
    far.world.complete_request(completed["id"])
    assert far.send("POST", f"cancellation_requests/{rejected['id']}/reject/")[0] == 200
    updated = far.rows("cancellation_requests/updates/?sort=id")
    assert [(row["id"], row["status"]) for row in updated] == [
        (completed["id"], "completed"),
        (rejected["id"], "rejected"),
    ]
    finish(far, updated[0])
    assert [row["id"] for row in far.rows("cancellation_requests/updates/")] == [rejected["id"]]
    (action,) = far.rows(
        f"integration_actions/?object_id={first['pk']}&content_type_name=orderitem"
    )
    assert action["remote_id"] == "line-1"
    wanted = f"object_id={completed['id']}&content_type_name=cancellationrequest"
    (action,) = far.rows(f"integration_actions/?{wanted}")
    assert (action["remote_id"], action["status"]) == (f"RMA-{first['pk']}", "success")


def test_a_request_nobody_linked_is_never_updated(far: Far, order: Any) -> None:
    body = {"order_item": far.items(order)[0]["pk"], "reason": 20, "cancellation_type": "refund"}
    request = far.created("cancellation_requests/", body)
    far.world.complete_request(request["id"])
    assert far.rows("cancellation_requests/updates/") == []


def test_a_completed_request_refunds_its_unit_and_a_rejected_one_does_not(
    far: Far, order: Any
) -> None:
    far.world.change_order_items("111-1", status="550")
    first, second = far.items(order)
    yes, no = requested(far, first), requested(far, second)
    far.world.complete_request(yes["id"])
    assert statuses(far) == [("600", None), ("550", "waiting")]
    assert far.get(f"orders/{order['pk']}/")["cancel_status"] == "waiting"
    far.world.reject_request(no["id"])
    assert statuses(far) == [("600", None), ("550", None)]
    plans = far.rows("cancellation_plans/?sort=pk")
    assert [plan["status"] for plan in plans] == ["completed", "rejected"]
    after = far.get(f"orders/{order['pk']}/")
    assert (after["status"], after["cancel_status"]) == ("550", None)


def test_a_unit_requested_twice_waits_until_both_are_decided(far: Far, order: Any) -> None:
    far.world.change_order_items("111-1", status="550")
    first, _second = far.items(order)
    one, two = requested(far, first), requested(far, first)
    far.world.complete_request(one["id"])
    assert statuses(far)[0] == ("600", "waiting")
    far.world.reject_request(two["id"])
    assert statuses(far)[0] == ("600", None)
    assert len(far.world.snapshot("cancellation_requests")) == 2


def test_a_request_is_decided_once(far: Far, order: Any) -> None:
    request = requested(far, far.items(order)[0])
    far.world.complete_request(request["id"])
    with pytest.raises(ValueError, match="completed"):
        far.world.reject_request(request["id"])
    assert far.send("POST", f"cancellation_requests/{request['id']}/reject/")[0] == 406
    assert far.send("POST", "cancellation_requests/999/reject/")[0] == 404
    with pytest.raises(KeyError):
        far.world.complete_request(999)
    assert far.get(f"cancellation_requests/{request['id']}/")["status"] == "completed"
