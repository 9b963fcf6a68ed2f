"""Omnitron's side of the sandbox: customers, addresses, places and error reports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, customer_body


@pytest.fixture
def far() -> Far:
    return Far()


def test_a_customer_is_found_by_email_and_by_phone(far: Far) -> None:
    customer = far.created("customers/", customer_body())
    far.created("customers/", customer_body("C-2") | {"phone_number": "+905550000001"})
    assert far.rows("customers/?email=C-1@example.com&channel=1") == [customer]
    assert far.rows("customers/?phone_number=%2B905550000000") == [customer]


def test_a_channel_code_belongs_to_one_customer(far: Far) -> None:
    first = far.created("customers/", customer_body())
    status, body = far.send("POST", "customers/", customer_body())
    assert status == 400
    assert "channel_code" in body
    changed = {"channel": 1, "channel_code": "C-1", "first_name": "Yeni"}
    status, row = far.send("PATCH", f"customers/{first['pk']}/", changed)
    assert (status, row["first_name"]) == (200, "Yeni")


def test_the_same_address_again_is_refused_with_its_hash(far: Far) -> None:
    customer = far.created("customers/", customer_body())["pk"]
    address = far.created("addresses/", far.address_body(customer))
    status, body = far.send("POST", "addresses/", far.address_body(customer))
    assert status == 406
    assert body["non_field_errors"].startswith(f"hash_data:{address['hash_data']}")
    assert far.rows(f"addresses/?hash_data={address['hash_data']}") == [address]
    far.created("addresses/", far.address_body(customer) | {"line": "Örnek Sok. 2"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone_number": None},
        {"line": "x" * 256},
        {"customer": 1},
        {"city": 1},
        {"township": 1004},  # Çankaya is not in Istanbul
    ],
)
def test_a_wrong_address_names_its_field(far: Far, wrong: dict[str, Any]) -> None:
    customer = far.created("customers/", customer_body())["pk"]
    status, body = far.send("POST", "addresses/", far.address_body(customer) | wrong)
    assert status == 400
    assert set(wrong) <= set(body)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Istanbul", ["Istanbul"]),
        ("istanbul", ["Istanbul"]),
        ("ISTANBUL", ["Istanbul"]),
        ("İstanbul", []),
        ("İzmir", ["İzmir"]),
        ("Izmir", []),
        ("ANKARA", ["Ankara"]),
    ],
)
def test_city_names_match_as_an_upper_cased_comparison_would(
    far: Far, asked: str, found: list[str]
) -> None:
    rows = far.rows(f"cities/?name__iexact={asked}&country=1&is_active=True")
    assert [row["name"] for row in rows] == found


def test_places_are_found_within_the_place_above(far: Far) -> None:
    (country,) = far.rows("countries/?code__exact=TR&is_active=True")
    (city,) = far.rows(f"cities/?name__iexact=istanbul&country={country['pk']}")
    above = f"country={country['pk']}&city={city['pk']}&is_active=True"
    (township,) = far.rows(f"townships/?name__iexact=kadıköy&{above}")
    inside = f"{above}&township={township['pk']}"
    assert len(far.rows(f"districts/?name__exact=Caferağa Mah.&{inside}")) == 1
    assert far.rows(f"townships/?name__iexact=Merkez&{above}") == []


def test_an_operators_mapping_finds_what_the_name_does_not(far: Far) -> None:
    query = "mapping__code__exact=1_Merkez&mapping__integration_type=sales_channel&city=101"
    assert far.rows(f"townships/?{query}") == []
    pk = far.world.places.pk_of("township", "Kadıköy")
    far.world.add_mapping("township", "1_Merkez", pk)
    assert [row["pk"] for row in far.rows(f"townships/?{query}")] == [pk]
    assert far.rows("townships/?mapping__code__exact=Merkez") == []


def test_cargo_company_four_is_yurtici(far: Far) -> None:
    assert far.get("cargos/4/")["shipping_company"] == "yurtici"


def test_an_unmapped_township_is_recorded(far: Far) -> None:
    body = {
        "type": "township",
        "remote_code": "1_Merkez",
        "country_id": 1,
        "city_id": 101,
        "name": "Merkez",
        "integration_type": "sales_channel",
        "err_code": "integrations_200_10_1",
        "err_desc": "Address is not valid.",
    }
    assert far.created("error_reports/township/", body)["id"] == 1
    (report,) = far.world.snapshot("error_reports")
    assert (report["kind"], report["remote_code"]) == ("township", "1_Merkez")
    del body["err_code"]
    assert far.send("POST", "error_reports/township/", body)[0] == 400


def test_a_report_about_an_object_needs_real_content_types(far: Far) -> None:
    rows = far.call("GET", "content_types/?limit=100")[1]["results"]
    models = {row["model"]: row["id"] for row in rows}
    body = {
        "action_content_type": models["product"],
        "action_object_id": 1001,
        "target_content_type": models["channel"],
        "target_object_id": 1,
        "error_code": "x-push",
        "error_desc": "no",
        "is_ok": False,
    }
    far.created("error_reports/", body)
    assert far.world.summary()["error_reports"] == 1
    assert far.send("POST", "error_reports/", body | {"action_content_type": 1})[0] == 400


def test_every_snapshot_is_json_and_knows_its_channel(far: Far) -> None:
    far.order()
    for kind in ("orders", "order_items", "customers", "addresses", "stocks"):
        rows = far.world.snapshot(kind)
        assert rows
        assert {row["channel"] for row in rows} <= {1, 2, 3}
    with pytest.raises(KeyError):
        far.world.snapshot("nonsense")
