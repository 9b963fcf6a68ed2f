"""Omnitron's side of the sandbox: login, pages, filters and sorting."""

from __future__ import annotations

import pytest

from amzsync.sandbox.omnitron import CREDENTIALS
from amzsync.sandbox.omnitron.query import upper
from tests.unit.sandbox.omnitron_calls import Far


@pytest.fixture
def far() -> Far:
    return Far()


def test_wrong_credentials_are_refused_with_400_not_401(far: Far) -> None:
    status, body = far.call("POST", "auth/login/", CREDENTIALS | {"password": "no"})
    assert status == 400
    assert "non_field_errors" in body


def test_too_many_logins_are_throttled_until_the_window_has_passed(far: Far) -> None:
    answers = [far.call("POST", "auth/login/", CREDENTIALS)[0] for _ in range(10)]
    assert answers == [200] * 9 + [429]  # the fixture's login was the first
    far.clock.pass_by(361)
    assert far.call("POST", "auth/login/", CREDENTIALS)[0] == 200


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_call_without_a_good_token_is_a_401(far: Far, token: str) -> None:
    far.token = token
    assert far.send("GET", "products/")[0] == 401


def test_revoked_tokens_are_refused(far: Far) -> None:
    assert far.call("GET", "active_user/")[0] == 200
    far.world.revoke_tokens()
    status, body = far.call("GET", "active_user/")
    assert (status, body["code"]) == (401, "authentication_failed")


def test_a_list_gives_ten_rows_and_the_addresses_of_its_neighbours(far: Far) -> None:
    first = far.get("products/?sort=id")
    assert (first["count"], len(first["results"]), first["previous"]) == (12, 10, None)
    assert first["next"] == "http://127.0.0.1:8002/api/v1/channel/1/products/?sort=id&page=2"
    second = far.get("products/?sort=id&page=2")
    assert [row["sku"] for row in second["results"]] == ["SKU-11", "SKU-12"]
    assert second["next"] is None


def test_a_page_past_the_end_is_not_found_but_an_empty_list_has_a_first_page(far: Far) -> None:
    assert far.send("GET", "products/?page=3")[0] == 404
    assert far.get("orders/")["results"] == []


def test_a_bare_list_gives_everything_as_an_array(far: Far) -> None:
    far.world.bare_lists = {"cities"}
    assert len(far.get("cities/?limit=2")) > 2
    assert far.get("townships/?limit=2")["count"] > 2


def test_an_unknown_filter_and_a_blank_one_give_everything_back(far: Far) -> None:
    assert far.get("products/?colour=red")["count"] == 12
    assert far.get("products/?sku=")["count"] == 12


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("sku__in=SKU-2,SKU-3", {"SKU-2", "SKU-3"}),
        ("sku=SKU-2&sku=SKU-3", {"SKU-2", "SKU-3"}),
        ("sku__exact=SKU-2&product_type=0&is_active=True", {"SKU-2"}),
        ("pk__gt=1010", {"SKU-11", "SKU-12"}),
        ("pk__in=1001,9999", {"SKU-1"}),
        ("modified_date__date__lt=2026-11-23", set()),
    ],
)
def test_filters_pick_rows(far: Far, query: str, skus: set[str]) -> None:
    assert {row["sku"] for row in far.rows(f"products/?{query}")} == skus


def test_attributes_can_be_asked_by_their_key(far: Far) -> None:
    colour = far.rows("products/?sku=SKU-1")[0]["attributes"]["renk"]
    found = far.rows(f"products/?attributes__renk={colour}")
    assert 0 < len(found) < 12
    assert {row["attributes"]["renk"] for row in found} == {colour}


def test_a_filter_of_the_wrong_type_names_its_field(far: Far) -> None:
    status, body = far.send("GET", "products/?pk=abc")
    assert status == 400
    assert "pk" in body


def test_a_minus_sorts_descending(far: Far) -> None:
    pks = [row["pk"] for row in far.rows("products/?sort=-id")]
    assert pks == sorted(pks, reverse=True)


def test_a_remembered_list_follows_a_change(far: Far) -> None:
    far.rows("products/?is_active=True")
    far.world.set_product("SKU-3", is_active=False)
    assert "SKU-3" not in {row["sku"] for row in far.rows("products/?is_active=True")}


def test_a_body_that_is_no_json_object_is_a_400(far: Far) -> None:
    assert far.send("POST", "customers/", ["no", "object"])[0] == 400


def test_content_types_are_keyed_by_id(far: Far) -> None:
    body = far.call("GET", "content_types/?model=product")[1]
    assert [row["model"] for row in body["results"]] == ["product"]
    assert isinstance(body["results"][0]["id"], int)


def test_the_same_seed_gives_the_same_world() -> None:
    one, other = Far(), Far()
    assert one.token == other.token
    for kind in ("stocks", "integration_actions"):
        assert one.world.snapshot(kind) == other.world.snapshot(kind)


def test_upper_casing_keeps_one_letter_for_one_letter() -> None:
    assert upper("straße") == "STRAßE"
    assert upper("ılıca") == upper("ilica")
    assert upper("İ") != upper("i")


def test_a_channel_or_object_that_is_not_there_is_a_404(far: Far) -> None:
    for path in ("channel/9/products/", "channel/1/products/1/", "channel/1/orders/x/"):
        assert far.call("GET", path)[0] == 404
