"""Customers and addresses: found or created.

Source: omnitron-api.md §2.10.
"""

from __future__ import annotations

import re

from amzsync.errors import RefusedError
from amzsync.omnitron.api import Api
from amzsync.omnitron.models.people import (
    Address,
    Customer,
    CustomerChanges,
    NewAddress,
    NewCustomer,
)
from amzsync.omnitron.operations import (
    CREATE_ADDRESS,
    CREATE_CUSTOMER,
    GET_CUSTOMER,
    LIST_ADDRESSES,
    LIST_CUSTOMERS,
    UPDATE_CUSTOMER,
)

_HASH = re.compile(r"hash_data:\s*([0-9A-Za-z]+)")


class Customers:
    """The customers of the channel."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def find(self, *, email: str | None = None, phone_number: str | None = None) -> Customer | None:
        """The customer with this e-mail address (in any case) or, without one, phone number."""
        query: dict[str, str | int] = {"channel": self._api.channel_id}
        if email:
            query["email"] = email
        elif phone_number:
            query["phone_number"] = phone_number
        else:
            return None
        for customer in self._api.rows(LIST_CUSTOMERS, Customer, query):
            if customer.channel not in (None, self._api.channel_id):
                continue
            if email and (customer.email or "").casefold() == email.casefold():
                return customer
            if not email and customer.phone_number == phone_number:
                return customer
        return None

    def create(self, body: NewCustomer) -> Customer:
        """Create a customer. After an OutcomeUnknownError `find` before creating again."""
        sent = {**body.model_dump(mode="json"), "channel": self._api.channel_id}
        return self._api.one(CREATE_CUSTOMER, Customer, json=sent)

    def update(self, customer: Customer, changes: CustomerChanges) -> Customer:
        """The customer with the changes made; no call when nothing differs."""
        given = changes.model_dump(mode="json", exclude_none=True)
        fields = {name: value for name, value in given.items() if value != getattr(customer, name)}
        if not fields:
            return customer
        sent = {
            "channel": self._api.channel_id,
            "channel_code": customer.channel_code,
            **fields,
        }
        return self._api.update(UPDATE_CUSTOMER, GET_CUSTOMER, Customer, customer.pk, sent)


class Addresses:
    """The addresses of the channel's customers."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, body: NewAddress) -> Address:
        """The address, created or, if Omnitron knows it already, as it is there.

        Safe to repeat: Omnitron refuses a duplicate and names the hash of the one it has.
        """
        try:
            return self._api.one(CREATE_ADDRESS, Address, json=body.model_dump(mode="json"))
        except RefusedError as error:
            known = self._by_hash(_duplicate_of(error))
            if known is None:
                raise
            return known

    def _by_hash(self, hash_data: str | None) -> Address | None:
        if hash_data is None:
            return None
        rows = self._api.rows(LIST_ADDRESSES, Address, {"hash_data": hash_data})
        found = [address for address in rows if address.hash_data == hash_data]
        return found[0] if len(found) == 1 else None


def _duplicate_of(error: RefusedError) -> str | None:
    """The hash a refusal for a duplicate names; the text may stand alone or in a list (§1.6)."""
    text = error.body.get("non_field_errors") if isinstance(error.body, dict) else None
    if isinstance(text, list) and text:
        text = text[0]
    match = _HASH.match(text) if isinstance(text, str) else None
    return match[1] if match else None
