"""Listings: SKUs in paths and lists, what a write sends, and what its answer means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import respx

from amzsync.amazon.listings import raise_if_invalid
from amzsync.amazon.models.listings import Issue, Submission
from amzsync.errors import DryRunError, RefusedError, RejectedError
from tests.unit.amazon.sp_api_fakes import HOST, SELLER, TURKEY, open_client

ITEMS = f"/listings/2021-08-01/items/{SELLER}"
ACCEPTED = {"sku": "SKU-1", "status": "ACCEPTED", "submissionId": "sub-1", "issues": []}
STOCK = {
    "op": "merge",
    "path": "/attributes/fulfillment_availability",
    "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 10}],
}


@pytest.fixture
def api() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


@pytest.mark.parametrize(
    ("sku", "raw"),
    [
        ("A/B C", "A%2FB%20C"),
        ("A+B%", "A%2BB%25"),
        ("ŞAPKA", "%C5%9EAPKA"),
        ("50%2F", "50%252F"),
        ("a#b?c&d=e", "a%23b%3Fc%26d%3De"),
    ],
)
def test_a_sku_is_one_path_segment(api: respx.Router, sku: str, raw: str) -> None:
    route = api.route(method="PATCH").respond(json={**ACCEPTED, "sku": sku})
    open_client().listings.patch_listings_item(sku, [STOCK], "PRODUCT")
    path, _, _query = route.calls.last.request.url.raw_path.decode().partition("?")
    assert path == f"{ITEMS}/{raw}"


def test_a_patch_sends_patches_and_returns_the_submission(api: respx.Router) -> None:
    route = api.patch(f"{ITEMS}/SKU-1").respond(json=ACCEPTED, headers={"x-amzn-requestid": "r-1"})
    submission = open_client().listings.patch_listings_item("SKU-1", [STOCK], "PRODUCT")
    assert (submission.status, submission.submission_id) == ("ACCEPTED", "sub-1")
    assert submission.request_id == "r-1"
    request = route.calls.last.request
    assert json.loads(request.content) == {"productType": "PRODUCT", "patches": [STOCK]}
    assert dict(request.url.params) == {
        "marketplaceIds": TURKEY,
        "issueLocale": "en_US",
        "includedData": "issues",
    }


def test_a_price_is_sent_with_its_own_digits(api: respx.Router) -> None:
    route = api.patch(f"{ITEMS}/SKU-1").respond(json=ACCEPTED)
    schedule = [{"value_with_tax": Decimal("1234.10")}, {"value_with_tax": Decimal("1200.00")}]
    patch = {
        "op": "merge",
        "path": "/attributes/purchasable_offer",
        "value": [{"our_price": [{"schedule": schedule}]}],
    }
    open_client().listings.patch_listings_item("SKU-1", [patch], "PRODUCT")
    assert b'"value_with_tax": 1234.1}, {"value_with_tax": 1200}' in (
        route.calls.last.request.content
    )


def test_a_preview_changes_nothing_and_so_may_run_dry(api: respx.Router) -> None:
    route = api.patch(f"{ITEMS}/SKU-1").respond(json={**ACCEPTED, "status": "VALID"})
    listings = open_client(dry_run=True).listings
    preview = listings.patch_listings_item("SKU-1", [STOCK], "PRODUCT", preview=True)
    assert preview.status == "VALID"
    params = dict(route.calls.last.request.url.params)
    assert (params["mode"], params["includedData"]) == ("VALIDATION_PREVIEW", "identifiers,issues")


def test_a_dry_run_writes_nothing(api: respx.Router) -> None:
    listings = open_client(dry_run=True).listings
    with pytest.raises(DryRunError):
        listings.patch_listings_item("SKU-1", [STOCK], "PRODUCT")
    with pytest.raises(DryRunError):
        listings.put_listings_item("SKU-1", {}, "LUGGAGE")
    with pytest.raises(DryRunError):
        listings.delete_listings_item("SKU-1")
    assert api.calls.call_count == 0


def test_a_put_sends_the_whole_item(api: respx.Router) -> None:
    route = api.put(f"{ITEMS}/SKU-1").respond(json=ACCEPTED)
    open_client().listings.put_listings_item(
        "SKU-1", {"item_name": [{"value": "Valiz"}]}, "LUGGAGE", requirements="LISTING_OFFER_ONLY"
    )
    assert json.loads(route.calls.last.request.content) == {
        "productType": "LUGGAGE",
        "requirements": "LISTING_OFFER_ONLY",
        "attributes": {"item_name": [{"value": "Valiz"}]},
    }


def test_a_delete_names_its_marketplace(api: respx.Router) -> None:
    route = api.delete(f"{ITEMS}/SKU-1").respond(json=ACCEPTED)
    assert open_client().listings.delete_listings_item("SKU-1").status == "ACCEPTED"
    assert route.calls.last.request.url.params["marketplaceIds"] == TURKEY


def test_invalid_is_an_answer_and_no_exception(api: respx.Router) -> None:
    api.patch(f"{ITEMS}/SKU-1").respond(json={**ACCEPTED, "status": "INVALID", "issues": None})
    submission = open_client().listings.patch_listings_item("SKU-1", [STOCK], "PRODUCT")
    assert submission.status == "INVALID"


def test_a_rejection_tells_attributes_and_amazons_words() -> None:
    issues = (
        Issue(code="1", message="Image is small.", severity="WARNING"),
        Issue(
            code="90220",
            message="'brand' is required but not supplied.",
            severity="ERROR",
            attribute_names=("brand",),
        ),
        Issue(code="2", message="Not allowed.", severity="ERROR"),
    )
    with pytest.raises(RejectedError) as caught:
        raise_if_invalid(Submission(sku="S", status="INVALID", issues=issues, request_id="r-1"))
    assert str(caught.value) == "brand: 'brand' is required but not supplied.; Not allowed."
    assert (caught.value.code, caught.value.request_id) == ("90220", "r-1")


def test_a_rejection_without_issues_still_says_something() -> None:
    with pytest.raises(RejectedError, match="no reason"):
        raise_if_invalid(Submission(sku="S", status="INVALID"))


@pytest.mark.parametrize("status", ["ACCEPTED", "VALID"])
def test_a_taken_write_is_no_rejection(status: str) -> None:
    warning = Issue(code="1", message="Image is small.", severity="WARNING")
    raise_if_invalid(Submission(sku="S", status=status, issues=(warning,)))


def item(sku: str) -> dict[str, Any]:
    return {
        "sku": sku,
        "summaries": [{"marketplaceId": TURKEY, "productType": "LUGGAGE", "status": ["BUYABLE"]}],
        "offers": [
            {
                "marketplaceId": TURKEY,
                "offerType": "B2C",
                "price": {"currencyCode": "TRY", "amount": "99.90"},
            }
        ],
        "fulfillmentAvailability": [
            {"fulfillmentChannelCode": "DEFAULT", "quantity": 3},
            {"fulfillmentChannelCode": "AMAZON_EU"},
        ],
    }


def test_twenty_skus_are_one_call(api: respx.Router) -> None:
    skus = [f"SKU {number}/ş" for number in range(20)]
    route = api.get(ITEMS).respond(json={"numberOfResults": 20, "items": [item(s) for s in skus]})
    found = open_client().listings.search_listings_items(skus)
    assert [listing.sku for listing in found] == skus
    assert route.call_count == 1
    params = route.calls.last.request.url.params
    assert params["identifiers"] == ",".join(skus)
    assert (params["identifiersType"], params["pageSize"]) == ("SKU", "20")
    assert found[0].offers[0].price.amount == Decimal("99.90")
    assert [row.quantity for row in found[0].fulfillment_availability] == [3, None]


def test_more_than_twenty_skus_are_refused_before_they_are_sent() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        open_client().listings.search_listings_items([str(number) for number in range(21)])


def test_a_sku_with_a_comma_is_read_by_itself(api: respx.Router) -> None:
    search = api.get(ITEMS).respond(json={"numberOfResults": 1, "items": [item("A")]})
    single = api.get(f"{ITEMS}/A%2CB").respond(json=item("A,B"))
    api.get(f"{ITEMS}/C%2CD").respond(404, json={"errors": [{"code": "NOT_FOUND"}]})
    found = open_client().listings.search_listings_items(["A", "A,B", "C,D"])
    assert [listing.sku for listing in found] == ["A", "A,B"]
    assert search.calls.last.request.url.params["identifiers"] == "A"
    assert single.call_count == 1


def test_a_refusal_of_a_single_sku_is_not_taken_for_a_missing_listing(api: respx.Router) -> None:
    api.get(f"{ITEMS}/A%2CB").respond(400, json={"errors": [{"code": "InvalidInput"}]})
    with pytest.raises(RefusedError):
        open_client().listings.search_listings_items(["A,B"])


def test_a_missing_listing_is_a_404(api: respx.Router) -> None:
    api.get(f"{ITEMS}/SKU-1").respond(404, json={"errors": [{"code": "NOT_FOUND"}]})
    with pytest.raises(RefusedError) as caught:
        open_client().listings.get_listings_item("SKU-1")
    assert caught.value.status == 404
