"""Customers, addresses and the places addresses refer to.

Source: omnitron-api.md §2.10; texts are cut to the lengths given there, in characters.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from amzsync.omnitron.models.fields import (
    Key,
    OptionalRef,
    PrivateRow,
    Row,
    Text20,
    Text64,
    Text128,
    Text254,
    Text255,
    Text512,
)

# Unique at Omnitron, so it is refused rather than cut: shortened, two could become one.
ChannelCode = Annotated[str, Field(max_length=64)]


class Customer(PrivateRow):
    """A buyer as Omnitron knows them."""

    pk: Key
    channel: OptionalRef = None
    email: str | None = None
    phone_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    channel_code: str | None = None


class NewCustomer(PrivateRow):
    """A customer to be created; `channel_code` is the marketplace's own id of the buyer."""

    email: Text254
    phone_number: Text128
    first_name: Text255
    last_name: Text255
    channel_code: ChannelCode
    extra_field: dict[str, Any] = Field(default_factory=dict)
    is_active: bool = True


class CustomerChanges(PrivateRow):
    """What is to be changed of a customer; None leaves it."""

    email: Text254 | None = None
    phone_number: Text128 | None = None
    first_name: Text255 | None = None
    last_name: Text255 | None = None


class Address(PrivateRow):
    """An address of a customer; `hash_data` is Omnitron's fingerprint of it."""

    pk: Key
    customer: OptionalRef = None
    country: OptionalRef = None
    city: OptionalRef = None
    township: OptionalRef = None
    district: OptionalRef = None
    hash_data: str | None = None
    is_active: bool = True


class NewAddress(PrivateRow):
    """An address to be created; places by their pk."""

    customer: int
    email: Text254
    phone_number: Text128
    first_name: Text255
    last_name: Text255
    country: int
    city: int
    township: int | None = None
    district: int | None = None
    line: Text255
    title: Text128 | None = None
    postcode: Text64 | None = None
    notes: Text512 | None = None
    company_name: Text255 = ""
    tax_office: Text64 = ""
    tax_no: Text20 = ""
    e_bill_taxpayer: bool = False
    identity_number: Text64 | None = None
    remote_id: str | None = None
    extra_field: dict[str, Any] = Field(default_factory=dict)
    address_type: str = "customer"
    retail_store: int | None = None


class Place(Row):
    """A country, city, township or district."""

    pk: Key
    name: str = ""
    code: str | None = None
