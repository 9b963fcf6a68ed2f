"""Orders, items, cancellations and carriers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from amzsync.errors import OutcomeUnknownError, RefusedError
from amzsync.omnitron.models.orders import CreateOrder, NewOrder, NewOrderItem
from amzsync.omnitron.orders import OrderExistsError

from .omnitron_fakes import CHANNEL, MOMENT, Omnitron, client


def order(pk: int, number: str = "AMZ-1", **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "number": number, "status": "400", "channel": CHANNEL}
    return row | {"modified_date": MOMENT, "extra_field": {"id": "111-2222222-3333333"}} | fields


def item(pk: int, **fields: Any) -> dict[str, Any]:
    return {"pk": pk, "order": 1, "status": "400", "modified_date": MOMENT} | fields


def body() -> CreateOrder:
    zero = Decimal("0")
    return CreateOrder(
        order=NewOrder(
            number="AMZ-1",
            customer=1,
            shipping_address=2,
            billing_address=2,
            currency="try",
            amount=Decimal("17"),
            shipping_amount=zero,
            discount_amount=zero,
            net_shipping_amount=zero,
            extra_field={"id": "111-2222222-3333333"},
            cargo_company=4,
            date_placed=datetime(2026, 11, 20, tzinfo=UTC),
        ),
        order_item=(
            NewOrderItem(
                product=9,
                price_currency="try",
                price=Decimal("17"),
                retail_price=Decimal("20"),
                discount_amount=zero,
                extra_field={"id": "1001"},
            ),
        ),
    )


def test_an_order_is_found_by_exactly_its_number(omnitron: Omnitron) -> None:
    rows = [order(1), order(2, "AMZ-10"), order(3, "amz-1"), order(4, channel=999), order(5)]
    omnitron.rows("orders/", rows)
    assert [each.pk for each in client().orders.by_number("AMZ-1")] == [1, 5]
    assert omnitron.queries("orders/") == [{"number": "AMZ-1", "channel_id": "137"}]


def test_an_order_is_found_though_the_filter_was_ignored_and_it_is_on_the_last_page(
    omnitron: Omnitron,
) -> None:
    omnitron.rows("orders/", [order(pk, f"AMZ-{pk}") for pk in range(1, 251)])
    assert [each.pk for each in client().orders.by_number("AMZ-250")] == [250]


def test_a_created_order_carries_the_channel_and_comes_back_with_its_key(
    omnitron: Omnitron,
) -> None:
    omnitron.answer("POST", "create_orders/", httpx.Response(201, json=order(77)))
    created = client().orders.create_order(body())
    assert (created.pk, created.remote_id) == (77, "111-2222222-3333333")
    (sent,) = omnitron.bodies("POST", "create_orders/")
    assert sent["order"]["channel"] == CHANNEL
    assert [each["product"] for each in sent["order_item"]] == [9]


@pytest.mark.parametrize(
    "answer", [httpx.ReadError("cut"), httpx.Response(502, text="<html>"), httpx.Response(200)]
)
def test_an_order_of_unknown_outcome_is_not_sent_again(
    omnitron: Omnitron, answer: httpx.Response | Exception
) -> None:
    omnitron.answer("POST", "create_orders/", answer)
    with pytest.raises(OutcomeUnknownError):
        client().orders.create_order(body())
    assert len(omnitron.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"number": ["order with this number already exists."]}),
        httpx.Response(400, json={"order": {"number": ["already exists"]}}),
        httpx.Response(406, json={"non_field_errors": "An order of this number exists."}),
    ],
)
def test_a_refusal_that_names_the_number_says_the_order_may_exist(
    omnitron: Omnitron, answer: httpx.Response
) -> None:
    omnitron.answer("POST", "create_orders/", answer)
    with pytest.raises(OrderExistsError) as caught:
        client().orders.create_order(body())
    assert caught.value.status == answer.status_code


@pytest.mark.parametrize(
    "fault", [{"cargo_company": ["Invalid pk."]}, {"phone_number": ["?"]}, {"tracking_number": "?"}]
)
def test_any_other_refusal_stays_what_it_is(omnitron: Omnitron, fault: dict[str, Any]) -> None:
    omnitron.answer("POST", "create_orders/", httpx.Response(400, json=fault))
    with pytest.raises(RefusedError) as caught:
        client().orders.create_order(body())
    assert type(caught.value) is RefusedError


def test_orders_are_read_by_key_and_from_the_dirty_list(omnitron: Omnitron) -> None:
    omnitron.rows("orders/", [order(1), order(2)])
    omnitron.rows("orders/updates/", [order(3)])
    omnitron.answer("GET", "orders/4/", httpx.Response(200, json=order(4, is_send=True)))
    orders = client().orders
    assert [each.pk for each in orders.by_pks([2])] == [2]
    assert [each.pk for each in orders.updates()] == [3]
    assert orders.get(4).is_send is True


def test_items_of_an_order_are_checked_again(omnitron: Omnitron) -> None:
    omnitron.rows("order_items/", [item(1), item(2, order={"pk": 1}), item(3, order=2)])
    assert [each.pk for each in client().order_items.of_order(1)] == [1, 2]
    assert omnitron.queries("order_items/") == [{"order": "1"}]


def test_an_item_takes_only_the_fields_given(omnitron: Omnitron) -> None:
    shipped = item(5, status="500", tracking_number="TR1")
    omnitron.answer("PATCH", "order_items/5/", httpx.Response(200, json=shipped))
    changed = client().order_items.update(5, status="500", tracking_number="TR1")
    assert (changed.status, changed.tracking_number) == ("500", "TR1")
    assert omnitron.bodies("PATCH", "order_items/5/") == [
        {"status": "500", "tracking_number": "TR1"}
    ]


def test_an_item_changed_without_an_answer_is_read_again(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", "order_items/5/", httpx.Response(200, json={}))
    omnitron.answer("GET", "order_items/5/", httpx.Response(200, json=item(5, status="550")))
    assert client().order_items.update(5, status="550").status == "550"


def test_cancelled_items_go_in_one_call_with_a_reason_each(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "orders/1/cancel/", httpx.Response(200, json={}))
    client().orders.cancel(1, {11: 3, 12: 4})
    assert omnitron.bodies("POST", "orders/1/cancel/") == [
        {
            "order": 1,
            "cancel_items": [11, 12],
            "reasons": {"11": 3, "12": 4},
            "forced_refund_amount": None,
        }
    ]


def test_a_refused_cancellation_carries_omnitrons_sentence(omnitron: Omnitron) -> None:
    text = "Unreported order of ERP can not be canceled"
    refused = httpx.Response(406, json={"non_field_errors": text})
    omnitron.answer("POST", "orders/1/cancel/", refused)
    with pytest.raises(RefusedError) as caught:
        client().orders.cancel(1, {11: 3})
    assert caught.value.detail == text


def test_a_cancellation_of_unknown_outcome_is_not_sent_again(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "orders/1/cancel/", httpx.ReadTimeout("slow"))
    with pytest.raises(OutcomeUnknownError):
        client().orders.cancel(1, {11: 3})
    assert len(omnitron.requests) == 1


def test_shipping_infos_name_the_carrier_by_its_slug(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "order_shipping_infos/", httpx.Response(201))
    client().orders.shipping_info(1, "AMZ-1", "yurtici", is_send=False)
    assert omnitron.bodies("POST", "order_shipping_infos/") == [
        {"order": 1, "order_number": "AMZ-1", "shipping_company": "yurtici", "is_send": False}
    ]


def test_reasons_are_those_in_use_for_the_type(omnitron: Omnitron) -> None:
    rows = [
        {"pk": 1, "cancellation_type": "cancel", "subject": "a"},
        {"pk": 2, "cancellation_type": "refund", "subject": "b"},
        {"pk": 3, "cancellation_type": "cancel", "is_active": False},
    ]
    omnitron.rows("cancellation_reasons/", rows)
    assert [each.pk for each in client().orders.cancellation_reasons("cancel")] == [1]


def test_plans_are_those_of_the_order_where_the_server_lists_plans(omnitron: Omnitron) -> None:
    omnitron.rows("cancellation_plans/", [{"pk": 1, "order": {"pk": 7}}, {"pk": 2, "order": 8}])
    plans = client().orders.cancellation_plans(7)
    assert plans is not None
    assert [plan.pk for plan in plans] == [1]
    assert omnitron.queries("cancellation_plans/") == [{"order_id": "7"}]


def test_a_server_without_plans_is_told_from_an_order_without_any(omnitron: Omnitron) -> None:
    omnitron.answer(
        "GET",
        "cancellation_plans/",
        httpx.Response(404, json={"detail": "-"}),
        httpx.Response(200, json=[]),
    )
    assert client().orders.cancellation_plans(7) is None
    assert client().orders.cancellation_plans(7) == []


def test_other_trouble_with_plans_is_passed_on(omnitron: Omnitron) -> None:
    omnitron.answer("GET", "cancellation_plans/", httpx.Response(400, json={"detail": "-"}))
    with pytest.raises(RefusedError):
        client().orders.cancellation_plans(7)


def test_every_carrier_comes_with_its_slug(omnitron: Omnitron) -> None:
    row = {"pk": 4, "name": "Yurtiçi Kargo", "erp_code": "Y", "shipping_company": "yurtici"}
    omnitron.rows("cargos/", [row])
    assert [(each.pk, each.shipping_company) for each in client().cargos.all()] == [(4, "yurtici")]
