"""Listings Items over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.amazon_api import TURKIYE, Api, price, stock

ODD = "A/B+1 %"


def live(api: Api, sku: str) -> Any:
    rows = api.item(sku)["fulfillmentAvailability"]
    return {row["fulfillmentChannelCode"]: row.get("quantity") for row in rows}


def submitted(api: Api, sku: str, name: str) -> Any:
    return api.item(sku)["attributes"][name]


@pytest.mark.parametrize("sku", [ODD, "ŞAPKA-Ü 1", "SKU#7?x=1&y"])
def test_a_sku_with_odd_signs_is_reached_when_it_is_encoded(api: Api, sku: str) -> None:
    assert sku in {product.sku for product in api.sandbox.world.products}
    answer = api.patch(sku, stock(5))
    assert (answer.status_code, answer.json()["sku"]) == (200, sku)


def test_an_unencoded_slash_leads_nowhere(api: Api) -> None:
    seller = api.sandbox.credentials.seller_id
    path = f"/listings/2021-08-01/items/{seller}/A/B%2B1%20%25?marketplaceIds={TURKIYE}"
    assert api.call("GET", path).status_code == 404


def test_accepted_is_not_applied_until_the_delay_is_over(api: Api) -> None:
    before = live(api, ODD)
    assert api.patch(ODD, stock(777)).json()["status"] == "ACCEPTED"
    assert submitted(api, ODD, "fulfillment_availability")[0]["quantity"] == 777
    assert live(api, ODD) == before
    api.time.pass_by(61)
    assert live(api, ODD) == {"DEFAULT": 777}


def test_replace_overwrites_the_instance_and_merge_keeps_the_rest(api: Api) -> None:
    api.patch(ODD, stock(1, op="merge"))
    assert submitted(api, ODD, "fulfillment_availability")[0]["lead_time_to_ship_max_days"] == 2
    api.patch(ODD, stock(1))
    assert "lead_time_to_ship_max_days" not in submitted(api, ODD, "fulfillment_availability")[0]
    sale = [{"schedule": [{"value_with_tax": 5.0}]}]
    api.patch(ODD, price(10.5, discounted_price=sale))
    api.patch(ODD, price(11.5, op="merge"))
    offers = {row["currency"]: row for row in submitted(api, ODD, "purchasable_offer")}
    assert offers["TRY"]["discounted_price"] == sale
    assert offers["TRY"]["our_price"][0]["schedule"][0]["value_with_tax"] == 11.5
    api.patch(ODD, price(12))
    offers = {row["currency"]: row for row in submitted(api, ODD, "purchasable_offer")}
    assert "discounted_price" not in offers["TRY"]
    assert "EUR" in offers


def test_another_channel_code_adds_an_instance_and_delete_takes_it_away(api: Api) -> None:
    path = "/attributes/fulfillment_availability"
    by_amazon = [{"fulfillment_channel_code": "AMAZON_EU"}]
    api.patch(ODD, {"op": "replace", "path": path, "value": by_amazon})
    assert len(submitted(api, ODD, "fulfillment_availability")) == 2
    api.patch(ODD, {"op": "delete", "path": path, "value": by_amazon})
    assert len(submitted(api, ODD, "fulfillment_availability")) == 1


@pytest.mark.parametrize(
    "patch",
    [
        {
            "op": "replace",
            "path": "/attributes/fulfillment_availability",
            "value": [{"quantity": 1}],
        },
        {"op": "replace", "path": "/attributes/purchasable_offer/our_price", "value": [{}]},
        {"op": "move", "path": "/attributes/item_name", "value": [{}]},
        {"op": "delete", "path": "/attributes/fulfillment_availability"},
    ],
)
def test_a_patch_of_something_else_than_a_whole_instance_is_a_bad_request(
    api: Api, patch: Any
) -> None:
    refused = api.patch(ODD, patch)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "patch",
    [
        stock(-1),
        stock(1.5),
        stock("7"),
        price(0),
        price(-5),
        price("12.50"),
        price(1.005),
        price(9, currency="EUR"),
        price(9, our_price=[]),
    ],
)
def test_bad_values_are_invalid_with_issues_and_change_nothing(api: Api, patch: Any) -> None:
    before = api.item(ODD)
    answer = api.patch(ODD, patch)
    assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
    assert answer.json()["issues"][0]["severity"] == "ERROR"
    api.time.pass_by(61)
    assert api.item(ODD) == before


def test_a_preview_says_valid_and_changes_nothing(api: Api) -> None:
    before = api.item(ODD)
    assert api.patch(ODD, stock(3), mode="VALIDATION_PREVIEW").json()["status"] == "VALID"
    api.time.pass_by(61)
    assert api.item(ODD) == before


def test_a_write_to_an_unknown_sku_is_invalid_and_anothers_seller_id_denied(api: Api) -> None:
    for answer in (
        api.patch("NOBODY-SELLS-THIS", stock(1)),
        api.call("DELETE", api.item_path("NOBODY-SELLS-THIS"), params={"marketplaceIds": TURKIYE}),
    ):
        assert (answer.status_code, answer.json()["status"]) == (200, "INVALID")
        assert answer.json()["issues"][0]["message"] == "SKU 'NOBODY-SELLS-THIS' not found."
    other = "/listings/2021-08-01/items/A2OTHER/SKU-000001"
    assert api.call("GET", other, params={"marketplaceIds": TURKIYE}).status_code == 403


def test_a_new_sku_is_buyable_once_it_is_live_and_gone_once_deleted(api: Api) -> None:
    attributes = {
        "item_name": [{"value": "Yeni ürün", "language_tag": "tr_TR", "marketplace_id": TURKIYE}],
        "condition_type": [{"value": "new_new", "marketplace_id": TURKIYE}],
        "merchant_suggested_asin": [{"value": "B000000001", "marketplace_id": TURKIYE}],
        "fulfillment_availability": stock(4)["value"],
        "purchasable_offer": price(99.9)["value"],
    }
    body = {"productType": "HOME", "requirements": "LISTING", "attributes": attributes}
    query = {"marketplaceIds": TURKIYE}
    path = api.item_path("NEW 1")
    assert api.call("PUT", path, json=body, params=query).json()["status"] == "ACCEPTED"
    assert api.item("NEW 1")["summaries"] == []
    api.time.pass_by(61)
    assert api.item("NEW 1")["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert api.item("NEW 1")["offers"][0]["price"] == {"currencyCode": "TRY", "amount": "99.90"}
    assert api.call("DELETE", path, params=query).json()["status"] == "ACCEPTED"
    api.time.pass_by(61)
    assert api.call("GET", path, params=query).status_code == 404


def test_identifiers_are_told_in_a_preview_only(api: Api) -> None:
    wanted = {"includedData": "identifiers,issues"}
    preview = api.patch(ODD, stock(3), mode="VALIDATION_PREVIEW", **wanted)
    assert preview.json()["identifiers"][0]["marketplaceId"] == TURKIYE
    assert api.patch(ODD, stock(3), **wanted).status_code == 400


def test_a_put_without_what_is_required_names_it(api: Api) -> None:
    body = {"productType": "HOME", "attributes": {"color": [{"value": "mor"}]}}
    answer = api.call(
        "PUT", api.item_path("NEW 2"), json=body, params={"marketplaceIds": TURKIYE}
    ).json()
    missing = {issue["attributeNames"][0] for issue in answer["issues"]}
    assert answer["status"] == "INVALID"
    assert {"item_name", "purchasable_offer"} <= missing


def test_a_search_by_sku_gives_the_listings_there_are(api: Api) -> None:
    found = api.find(
        identifiers="SKU-000001,NOBODY-SELLS-THIS,SKU-000002",
        identifiersType="SKU",
        includedData="fulfillmentAvailability",
    ).json()
    assert found["numberOfResults"] == 2
    assert {row["sku"] for row in found["items"]} == {"SKU-000001", "SKU-000002"}
    many = ",".join(f"SKU-{number:06d}" for number in range(21))
    assert api.find(identifiers=many, identifiersType="SKU").status_code == 400
    assert api.find(identifiers="SKU-000001").status_code == 400


def test_a_search_is_paged_and_the_largest_page_holds_twenty(api: Api) -> None:
    first = api.find(pageSize=6, sortBy="sku", sortOrder="ASC").json()
    token = first["pagination"]["nextToken"]
    second = api.find(pageSize=6, sortBy="sku", sortOrder="ASC", pageToken=token).json()
    skus = [row["sku"] for row in first["items"] + second["items"]]
    assert skus == sorted(skus)
    assert (len(skus), first["numberOfResults"]) == (10, 10)
    assert "nextToken" not in second["pagination"]
    assert api.find(pageSize=21).status_code == 400


def test_what_amazon_fulfils_has_no_quantity_of_ours(api: Api) -> None:
    api.sandbox.world.amazon.listings.make_fba(ODD)
    assert live(api, ODD) == {"AMAZON_EU": None}
    assert api.item(ODD)["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    counted = {"fulfillment_channel_code": "AMAZON_EU", "quantity": 3}
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": [counted]}
    assert api.patch(ODD, patch).json()["status"] == "INVALID"


def test_an_ignored_sku_is_accepted_and_never_goes_live(api: Api) -> None:
    before = live(api, ODD)
    api.sandbox.faults.add("ignored_sku", "patchListingsItem", sku=ODD)
    assert api.patch(ODD, stock(55)).json()["status"] == "ACCEPTED"
    api.time.pass_by(3600)
    api.log_in()
    assert submitted(api, ODD, "fulfillment_availability")[0]["quantity"] == 55
    assert live(api, ODD) == before
