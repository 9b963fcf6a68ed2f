"""Customers, addresses and places; all people here are invented."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from amzsync.errors import OutcomeUnknownError, RefusedError
from amzsync.omnitron.models.people import Customer, CustomerChanges, NewAddress, NewCustomer

from .omnitron_fakes import CHANNEL, Omnitron, client

HASH = "0cc175b9c0f1b6a831c399e269772661"


def customer(pk: int, **fields: Any) -> dict[str, Any]:
    row = {"pk": pk, "channel": CHANNEL, "email": "ayse@example.com", "phone_number": "111"}
    return row | {"first_name": "Ayşe", "last_name": "Örnek", "channel_code": "buyer-1"} | fields


def new_address() -> NewAddress:
    return NewAddress(
        customer=1,
        email="ayse@example.com",
        phone_number="111",
        first_name="Ayşe",
        last_name="Örnek",
        country=1,
        city=2,
        township=3,
        line="Örnek Sokak 1",
    )


def test_a_customer_is_found_by_address_in_any_case(omnitron: Omnitron) -> None:
    omnitron.rows("customers/", [customer(1, email="b@example.com"), customer(2)])
    found = client().customers.find(email="Ayse@Example.com", phone_number="999")
    assert found is not None
    assert found.pk == 2
    assert omnitron.queries("customers/") == [{"channel": "137", "email": "Ayse@Example.com"}]


def test_a_customer_without_address_is_found_by_phone(omnitron: Omnitron) -> None:
    omnitron.rows("customers/", [customer(1, phone_number="222"), customer(2)])
    found = client().customers.find(phone_number="111")
    assert found is not None
    assert found.pk == 2
    assert omnitron.queries("customers/") == [{"channel": "137", "phone_number": "111"}]


def test_customers_a_server_gives_unasked_are_nobody(omnitron: Omnitron) -> None:
    rows = [customer(1, email=None), customer(2, channel=999)]
    omnitron.rows("customers/", rows)
    assert client().customers.find(email="ayse@example.com") is None


def test_nobody_is_found_by_nothing(omnitron: Omnitron) -> None:
    assert client().customers.find() is None
    assert client().customers.find(email="", phone_number="") is None
    assert omnitron.requests == []


def test_a_customer_is_created_in_the_channel(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "customers/", httpx.Response(201, json=customer(5)))
    new = NewCustomer(
        email="ayse@example.com",
        phone_number="111",
        first_name="Ayşe",
        last_name="Örnek",
        channel_code="buyer-1",
    )
    assert client().customers.create(new).pk == 5
    assert omnitron.bodies("POST", "customers/") == [
        {
            "email": "ayse@example.com",
            "phone_number": "111",
            "first_name": "Ayşe",
            "last_name": "Örnek",
            "channel_code": "buyer-1",
            "extra_field": {},
            "is_active": True,
            "channel": CHANNEL,
        }
    ]


def test_a_customer_of_unknown_outcome_is_not_created_twice(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "customers/", httpx.ReadError("cut"))
    new = NewCustomer(email="a", phone_number="1", first_name="A", last_name="B", channel_code="c")
    with pytest.raises(OutcomeUnknownError):
        client().customers.create(new)
    assert len(omnitron.requests) == 1


def test_only_what_differs_of_a_customer_is_sent(omnitron: Omnitron) -> None:
    stored = Customer.model_validate(customer(5))
    omnitron.answer("PATCH", "customers/5/", httpx.Response(200, json=customer(5, email="n@b.co")))
    changes = CustomerChanges(email="n@b.co", phone_number="111")
    assert client().customers.update(stored, changes).email == "n@b.co"
    assert omnitron.bodies("PATCH", "customers/5/") == [
        {"channel": CHANNEL, "channel_code": "buyer-1", "email": "n@b.co"}
    ]


def test_an_unchanged_customer_costs_no_call(omnitron: Omnitron) -> None:
    stored = Customer.model_validate(customer(5))
    assert client().customers.update(stored, CustomerChanges(first_name="Ayşe")) is stored
    assert omnitron.requests == []


def test_an_address_is_created_with_its_documented_fields(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "addresses/", httpx.Response(201, json={"pk": 8, "hash_data": HASH}))
    assert client().addresses.create(new_address()).pk == 8
    (sent,) = omnitron.bodies("POST", "addresses/")
    assert sent == {
        "customer": 1,
        "email": "ayse@example.com",
        "phone_number": "111",
        "first_name": "Ayşe",
        "last_name": "Örnek",
        "country": 1,
        "city": 2,
        "township": 3,
        "district": None,
        "line": "Örnek Sokak 1",
        "title": None,
        "postcode": None,
        "notes": None,
        "company_name": "",
        "tax_office": "",
        "tax_no": "",
        "e_bill_taxpayer": False,
        "identity_number": None,
        "remote_id": None,
        "extra_field": {},
        "address_type": "customer",
        "retail_store": None,
    }


@pytest.mark.parametrize("status", [400, 406])
@pytest.mark.parametrize("listed", [False, True])
def test_a_duplicate_address_is_the_one_that_is_there(
    omnitron: Omnitron, status: int, listed: bool
) -> None:
    text = f"hash_data:{HASH} already exists."
    refused = httpx.Response(status, json={"non_field_errors": [text] if listed else text})
    omnitron.answer("POST", "addresses/", refused)
    omnitron.rows("addresses/", [{"pk": 7, "hash_data": "other"}, {"pk": 8, "hash_data": HASH}])
    assert client().addresses.create(new_address()).pk == 8
    assert omnitron.queries("addresses/") == [{"hash_data": HASH}]


@pytest.mark.parametrize("count", [0, 2])
def test_a_duplicate_that_is_not_exactly_one_row_stays_refused(
    omnitron: Omnitron, count: int
) -> None:
    refused = httpx.Response(406, json={"non_field_errors": f"hash_data:{HASH} exists."})
    omnitron.answer("POST", "addresses/", refused)
    omnitron.rows("addresses/", [{"pk": pk, "hash_data": HASH} for pk in range(count)])
    with pytest.raises(RefusedError):
        client().addresses.create(new_address())


@pytest.mark.parametrize(
    "fault", [{"city": ["Invalid pk."]}, {"non_field_errors": "No."}, {"non_field_errors": []}]
)
def test_an_address_refused_for_another_reason_is_not_looked_for(
    omnitron: Omnitron, fault: dict[str, Any]
) -> None:
    omnitron.answer("POST", "addresses/", httpx.Response(400, json=fault))
    with pytest.raises(RefusedError):
        client().addresses.create(new_address())
    assert len(omnitron.requests) == 1


def test_an_address_whose_answer_was_lost_is_found_by_asking_again(omnitron: Omnitron) -> None:
    refused = httpx.Response(406, json={"non_field_errors": f"hash_data:{HASH} exists."})
    omnitron.answer("POST", "addresses/", httpx.ReadError("cut"), refused)
    omnitron.rows("addresses/", [{"pk": 8, "hash_data": HASH}])
    assert client().addresses.create(new_address()).pk == 8
