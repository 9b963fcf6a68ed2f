"""Content types, integration actions, failed integrations, error reports."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from amzsync.errors import ProtocolError, RefusedError

from .omnitron_fakes import CHANNEL, MOMENT, Omnitron, client

ACTIONS = "integration_actions/"
PENALTIES = "failed_integrations/"
GONE = httpx.Response(404, json={"detail": "Not found."})
FORBIDDEN_STATE = httpx.Response(406, json={"non_field_errors": "No."})


def action(pk: int, **fields: Any) -> dict[str, Any]:
    product = {"id": 1, "app_label": "products", "model": "product"}
    row = {"pk": pk, "channel": CHANNEL, "content_type": product, "object_id": pk}
    return row | {"remote_id": f"SKU-{pk}", "status": "success", "version_date": MOMENT} | fields


def content_types(omnitron: Omnitron) -> None:
    rows = [
        {"id": number, "app_label": "products", "model": model}
        for number, model in enumerate(("product", "productstock", "channel"), 1)
    ]
    omnitron.rows("/content_types/", rows)


def test_a_content_type_is_asked_for_once_and_checked(omnitron: Omnitron) -> None:
    content_types(omnitron)
    types = client().content_types
    assert [types.id_of("productstock"), types.id_of("productstock")] == [2, 2]
    assert len(omnitron.requests) == 1


def test_an_unknown_content_type_breaks_the_contract(omnitron: Omnitron) -> None:
    content_types(omnitron)
    with pytest.raises(ProtocolError, match="0 content types are called order"):
        client().content_types.id_of("order")


def test_actions_are_asked_for_in_chunks_of_50(omnitron: Omnitron) -> None:
    omnitron.rows(ACTIONS, [])
    client().integration_actions.by_remote_ids("product", [f"SKU-{n}" for n in range(120)])
    asked = [query["remote_id__in"].split(",") for query in omnitron.queries(ACTIONS)]
    assert sorted(map(len, asked)) == [20, 50, 50]
    assert {sku for chunk in asked for sku in chunk} == {f"SKU-{n}" for n in range(120)}


def test_actions_a_server_gives_unasked_are_left_out(omnitron: Omnitron) -> None:
    rows = [
        action(1),
        action(2),
        action(3, remote_id="SKU-1"),
        action(4, remote_id="SKU-1", content_type={"id": 2, "model": "productstock"}),
        action(5, remote_id="SKU-1", channel={"pk": 999}),
        action(6, remote_id="SKU-1", status="error"),
    ]
    omnitron.rows(ACTIONS, rows)
    found = client().integration_actions.by_remote_ids("product", ["SKU-1"], status="success")
    assert [each.pk for each in found] == [1, 3]
    assert omnitron.queries(ACTIONS) == [
        {
            "channel_id": "137",
            "content_type_name": "product",
            "status": "success",
            "remote_id__in": "SKU-1",
        }
    ]


def test_actions_whose_content_type_is_a_number_are_compared_by_number(omnitron: Omnitron) -> None:
    content_types(omnitron)
    omnitron.rows(ACTIONS, [action(1, content_type=1), action(2, content_type=2)])
    found = client().integration_actions.by_object_ids("product", [1, 2])
    assert [each.pk for each in found] == [1]


def test_actions_of_objects_come_from_every_page(omnitron: Omnitron) -> None:
    rows = [action(pk, object_id=pk % 3) for pk in range(250)]
    omnitron.rows(ACTIONS, rows)
    found = client().integration_actions.by_object_ids("product", [1])
    assert [each.pk for each in found] == [pk for pk in range(250) if pk % 3 == 1]


def test_a_remote_id_with_a_comma_is_asked_for_alone(omnitron: Omnitron) -> None:
    omnitron.rows(ACTIONS, [action(1, remote_id="A,B")])
    found = client().integration_actions.by_remote_ids("product", ["A,B"])
    assert [each.pk for each in found] == [1]
    assert omnitron.queries(ACTIONS)[0]["remote_id__exact"] == "A,B"


def test_actions_of_a_batch_are_of_any_content_type(omnitron: Omnitron) -> None:
    rows = [
        action(1, local_batch_id="b-1"),
        action(2, local_batch_id="b-2"),
        action(3, local_batch_id="b-1", content_type={"id": 2, "model": "productstock"}),
        action(4, local_batch_id="b-1", status="processing"),
    ]
    omnitron.rows(ACTIONS, rows)
    actions = client().integration_actions
    assert [each.pk for each in actions.by_batch("b-1")] == [1, 3, 4]
    assert [each.pk for each in actions.by_batch("b-1", status="processing")] == [4]


def test_an_action_is_created_with_the_number_of_its_content_type(omnitron: Omnitron) -> None:
    content_types(omnitron)
    omnitron.answer("POST", ACTIONS, httpx.Response(201, json=action(9)))
    actions = client().integration_actions
    assert actions.create("product", 9, "SKU-9", MOMENT).pk == 9
    actions.create("product", 9, "SKU-9", MOMENT, {"step": 1})
    assert omnitron.bodies("POST", ACTIONS) == [
        {
            "channel_id": CHANNEL,
            "content_type_id": 1,
            "object_id": 9,
            "remote_id": "SKU-9",
            "version_date": MOMENT,
            **state,
        }
        for state in ({}, {"state": {"step": 1}})
    ]


def test_a_version_date_is_set_or_set_back_to_1970(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", f"{ACTIONS}9/", httpx.Response(200))
    client().integration_actions.set_version_date(9, MOMENT)
    client().integration_actions.touch(9)
    assert omnitron.bodies("PATCH", f"{ACTIONS}9/") == [
        {"channel_id": CHANNEL, "version_date": MOMENT},
        {"channel_id": CHANNEL, "version_date": "1970-01-01T00:00:00Z"},
    ]


def test_actions_of_deleted_products_have_a_list_of_their_own(omnitron: Omnitron) -> None:
    omnitron.rows(f"{ACTIONS}deleted/", [action(1)])
    assert [each.remote_id for each in client().integration_actions.deleted()] == ["SKU-1"]
    assert omnitron.queries(f"{ACTIONS}deleted/") == [{"model": "product", "channel_id": "137"}]


def test_only_active_penalties_of_the_object_are_listed(omnitron: Omnitron) -> None:
    def penalty(pk: int, **fields: Any) -> dict[str, Any]:
        return {"pk": pk, "channel": CHANNEL, "content_type": 2, "object_id": 7} | fields

    rows = [
        penalty(1),
        penalty(2, object_id=8),
        penalty(3, content_type=1),
        penalty(4, is_active=False),
        penalty(5, channel=999),
        penalty(6, content_type={"id": 2, "model": "productstock"}),
    ]
    omnitron.rows(PENALTIES, rows)
    assert [each.pk for each in client().failed_integrations.of(2, 7)] == [1, 6]
    assert omnitron.queries(PENALTIES) == [
        {"content_type": "2", "object_id": "7", "is_active": "True"}
    ]


def test_what_is_gone_already_counts_as_removed(omnitron: Omnitron) -> None:
    omnitron.answer("DELETE", f"{PENALTIES}5/", httpx.Response(204), GONE)
    omnitron.answer("DELETE", f"{ACTIONS}5/", httpx.Response(204), GONE)
    for _ in range(2):
        client().failed_integrations.lift(5)
        client().integration_actions.delete(5)
    assert len(omnitron.requests) == 4


def test_a_removal_that_is_refused_says_so(omnitron: Omnitron) -> None:
    omnitron.answer("DELETE", f"{PENALTIES}5/", FORBIDDEN_STATE)
    omnitron.answer("DELETE", f"{ACTIONS}5/", FORBIDDEN_STATE)
    with pytest.raises(RefusedError):
        client().failed_integrations.lift(5)
    with pytest.raises(RefusedError):
        client().integration_actions.delete(5)


def test_an_error_report_carries_numbers_and_masked_texts(omnitron: Omnitron) -> None:
    content_types(omnitron)
    omnitron.answer("POST", "error_reports/", httpx.Response(201, json={"id": 1}))
    client().error_reports.create(
        "productstock",
        9,
        modified_date=MOMENT,
        error_code="b-1-send-1",
        error_desc="refused for ayse.ornek@example.com",
        raw_request='{"password": "invented"}',
    )
    assert omnitron.bodies("POST", "error_reports/") == [
        {
            "action_content_type": 2,
            "action_object_id": 9,
            "target_content_type": 3,
            "target_object_id": CHANNEL,
            "obj_modified_date": MOMENT,
            "error_code": "b-1-send-1",
            "error_desc": "refused for ***",
            "raw_request": '{"password": "***"}',
            "raw_response": "",
            "is_ok": False,
        }
    ]
