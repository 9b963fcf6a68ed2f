"""Customers and addresses. Source: omnitron-api §2.10."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.query import PK, Fields, dates, ints, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import shown
from amzsync.sandbox.omnitron.writing import check_lengths, related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_CUSTOMER_LENGTHS = {
    "email": 254,
    "phone_number": 128,
    "first_name": 255,
    "last_name": 255,
    "channel_code": 64,
    "erp_code": 64,
}
_ADDRESS_LENGTHS = {
    "email": 254,
    "phone_number": 128,
    "first_name": 255,
    "last_name": 255,
    "line": 255,
    "title": 128,
    "postcode": 64,
    "notes": 512,
    "company_name": 255,
    "tax_office": 64,
    "tax_no": 20,
    "identity_number": 64,
}
# What makes two addresses the same; the real recipe is not known (INF).
_HASHED = (
    *("customer", "email", "phone_number", "first_name", "last_name", "country", "city"),
    *("township", "district", "line", "postcode", "company_name", "tax_office", "tax_no"),
    *("e_bill_taxpayer", "identity_number", "address_type", "retail_store"),
)
_ADDRESS_FREE = ("title", "notes", "remote_id", "extra_field")

CUSTOMER_FIELDS: Fields = {
    **PK,
    **ints(channel="channel", channel_id="channel"),
    **texts("email", "phone_number", "channel_code", "first_name", "last_name"),
    **dates("modified_date", "created_date"),
}
ADDRESS_FIELDS: Fields = {
    **PK,
    **ints(customer="customer"),
    **texts("hash_data", "email", "phone_number"),
}


def customer_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's customers."""
    return listing(world, request, channel.customers, CUSTOMER_FIELDS, shown)


def customer_create(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A customer. Errors: 400 for a `channel_code` another customer has."""
    body = body_of(request)
    require(body, ("channel", "email", "channel_code"))
    _check_customer(channel, body)
    now = channel.timeline.tick()
    row = {
        "pk": channel.timeline.next_pk("customer", 501),
        "channel": channel.pk,
        **{name: body.get(name) for name in _CUSTOMER_LENGTHS},
        "is_active": bool(body.get("is_active", False)),
        "extra_field": body.get("extra_field") or {},
        "date_joined": now,
        "email_allowed": False,
        "sms_allowed": False,
        "call_allowed": False,
        "gender": None,
        "user_type": "guest",
        "date_of_birth": None,
        "attributes": body.get("attributes") or {},
        "attributes_kwargs": {},
        "localized_attributes": {},
        "localized_attributes_kwargs": {},
        "modified_date": now,
        "created_date": now,
    }
    return Reply(201, channel.customers.add(row))


def customer_patch(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Other contact data or names."""
    row, body = found(channel.customers, request), body_of(request)
    _check_customer(channel, body, row)
    names = (*_CUSTOMER_LENGTHS, "is_active", "extra_field", "attributes")
    values = {name: body[name] for name in names if name in body}
    channel.customers.change(row, **values, modified_date=channel.timeline.tick())
    return Reply(200, row)


def customer_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One customer."""
    return Reply(200, found(channel.customers, request))


def _check_customer(
    channel: Channel, body: dict[str, Any], row: dict[str, Any] | None = None
) -> None:
    if body.get("channel", channel.pk) != channel.pk:
        invalid("channel", "The customer belongs to another channel.")
    # A name may be blank: that it may not is stated nowhere.
    check_lengths(body, _CUSTOMER_LENGTHS)
    if "email" in body and "@" not in str(body["email"]):
        invalid("email", "Enter a valid email address.")
    code = body.get("channel_code")
    if code and any(each is not row for each in channel.customers.find("channel_code", code)):
        invalid("channel_code", "customer with this channel code already exists.", "unique")


def address_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's addresses; `hash_data` finds the one a duplicate was refused for."""
    return listing(world, request, channel.addresses, ADDRESS_FIELDS, shown)


def address_create(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """An address. Errors: 406 `hash_data:<md5> …` when the same one is there already."""
    body = body_of(request)
    require(body, ("customer", "email", "phone_number", "country", "city", "line"))
    check_lengths(body, _ADDRESS_LENGTHS)
    _check_places(world, channel, body)
    values = {name: body.get(name) for name in _HASHED}
    values["address_type"] = body.get("address_type") or "customer"
    values["e_bill_taxpayer"] = bool(body.get("e_bill_taxpayer"))
    digest = _hash_of(values)
    if channel.addresses.find("hash_data", digest):
        refused(f"hash_data:{digest} Address with this hash_data already exists.", "unique")
    now = channel.timeline.tick()
    row = {
        "pk": channel.timeline.next_pk("address", 701),
        **values,
        **{name: body.get(name) for name in _ADDRESS_FREE},
        "extra_field": body.get("extra_field") or {},
        "hash_data": digest,
        "is_active": True,
        "created_date": now,
        "modified_date": now,
    }
    return Reply(201, channel.addresses.add(row))


def address_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One address."""
    return Reply(200, found(channel.addresses, request))


def _check_places(world: OmnitronWorld, channel: Channel, body: dict[str, Any]) -> None:
    """Customer and places exist, and each place lies in the one above it."""
    related(channel.customers, "customer", body["customer"])
    country = related(world.places["country"], "country", body["country"])
    city = related(world.places["city"], "city", body["city"])
    if city["country"] != country["pk"]:
        invalid("city", "The city is not in the country.")
    for level, above in (("township", "city"), ("district", "township")):
        if body.get(level) is None:
            continue
        place = related(world.places[level], level, body[level])
        if place[above] != body.get(above):
            invalid(level, f"The {level} is not in the {above}.")
    if body.get("retail_store") is not None:
        related(world.retail_stores, "retail_store", body["retail_store"])


def _hash_of(values: dict[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


ROUTES = [
    channel_route("GET", "customers/", "customers.list", customer_list),
    channel_route("POST", "customers/", "customers.create", customer_create),
    channel_route("GET", "customers/{pk}/", "customers.get", customer_item),
    channel_route("PATCH", "customers/{pk}/", "customers.patch", customer_patch),
    channel_route("GET", "addresses/", "addresses.list", address_list),
    channel_route("POST", "addresses/", "addresses.create", address_create),
    channel_route("GET", "addresses/{pk}/", "addresses.get", address_item),
]
