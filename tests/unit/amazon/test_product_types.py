"""Product types: what is asked for, what comes back, and schemas that are what Amazon says."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import respx

from amzsync.amazon import product_types
from amzsync.amazon.models.product_types import ProductTypeDefinition
from amzsync.amazon.product_types import read_schema
from amzsync.errors import ProtocolError, RefusedError
from tests.unit.amazon.sp_api_fakes import HOST, SELLER, TURKEY, open_client

TYPES = "/definitions/2020-09-01/productTypes"
STORE = "https://store.example.com/schema/BOOT?X-Amz-Signature=invented"
SCHEMA = json.dumps({"type": "object", "title": "Bot"}).encode()


def checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def definition(**fields: Any) -> dict[str, Any]:
    link = {"resource": STORE, "verb": "GET"}
    row = {
        "metaSchema": {"link": link, "checksum": "-"},
        "schema": {"link": link, "checksum": checksum(SCHEMA)},
        "requirements": "LISTING",
        "requirementsEnforced": "ENFORCED",
        "propertyGroups": {},
        "locale": "tr_TR",
        "marketplaceIds": [TURKEY],
        "productType": "BOOT",
        "displayName": "Bot",
        "productTypeVersion": {"version": "UHqS=", "latest": True},
    }
    return row | fields


def parsed(**fields: Any) -> ProductTypeDefinition:
    return ProductTypeDefinition.model_validate(definition(**fields))


@pytest.fixture
def api() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


@pytest.fixture
def store() -> Iterator[respx.Router]:
    with respx.mock as router:
        yield router


def test_all_product_types_come_with_the_version_of_the_list(api: respx.Router) -> None:
    types = [{"name": "BOOT", "displayName": "Bot", "marketplaceIds": [TURKEY]}]
    answer = {"productTypes": types, "productTypeVersion": "UHqS="}
    route = api.get(TYPES).respond(json=answer)
    found = open_client().product_types.search_definitions_product_types()
    assert [(each.name, each.display_name) for each in found.product_types] == [("BOOT", "Bot")]
    assert found.product_type_version == "UHqS="
    assert dict(route.calls.last.request.url.params) == {"marketplaceIds": TURKEY}


def test_types_are_searched_by_keywords_or_by_a_name(api: respx.Router) -> None:
    route = api.get(TYPES).respond(json={"productTypes": [], "productTypeVersion": "1"})
    search = open_client().product_types.search_definitions_product_types
    search(keywords=["bot", "çizme"], locale="tr_TR")
    search(item_name="Deri Bot")
    asked = [dict(call.request.url.params) for call in route.calls]
    assert [each.get("keywords") for each in asked] == ["bot,çizme", None]
    assert [each.get("itemName") for each in asked] == [None, "Deri Bot"]
    with pytest.raises(ValueError, match="not both"):
        search(keywords=["bot"], item_name="Deri Bot")


def test_a_definition_is_the_sellers_own(api: respx.Router) -> None:
    route = api.get(f"{TYPES}/BOOT").respond(json=definition())
    found = open_client().product_types.get_definitions_product_type(
        "BOOT", requirements="LISTING_OFFER_ONLY", enforced=False, parentage_level="CHILD"
    )
    assert (found.product_type, found.display_name) == ("BOOT", "Bot")
    assert (found.product_type_version.version, found.product_type_version.latest) == (
        "UHqS=",
        True,
    )
    assert dict(route.calls.last.request.url.params) == {
        "marketplaceIds": TURKEY,
        "sellerId": SELLER,
        "productTypeVersion": "LATEST",
        "requirements": "LISTING_OFFER_ONLY",
        "requirementsEnforced": "NOT_ENFORCED",
        "locale": "DEFAULT",
        "parentageLevel": "CHILD",
    }


def test_a_link_is_not_shown(api: respx.Router) -> None:
    api.get(f"{TYPES}/BOOT").respond(json=definition())
    found = open_client().product_types.get_definitions_product_type("BOOT")
    assert "X-Amz-Signature" not in repr(found)


def test_a_type_amazon_does_not_know_is_refused(api: respx.Router) -> None:
    errors = {"errors": [{"code": "NOT_FOUND", "message": "no such type"}]}
    api.get(f"{TYPES}/HOVERCRAFT").respond(404, json=errors)
    with pytest.raises(RefusedError, match="no such type") as caught:
        open_client().product_types.get_definitions_product_type("HOVERCRAFT")
    assert caught.value.status == 404


def test_a_definition_without_a_schema_breaks_the_contract(api: respx.Router) -> None:
    answer = {name: each for name, each in definition().items() if name != "schema"}
    api.get(f"{TYPES}/BOOT").respond(json=answer)
    with pytest.raises(ProtocolError, match="schema: missing"):
        open_client().product_types.get_definitions_product_type("BOOT")


@pytest.mark.parametrize(
    "told", [checksum(SCHEMA), hashlib.md5(SCHEMA, usedforsecurity=False).hexdigest()]
)
def test_a_schema_with_its_checksum_is_taken(store: respx.Router, told: str) -> None:
    route = store.get(STORE).respond(content=SCHEMA)
    link = {"resource": STORE, "verb": "GET"}
    content = open_client().product_types.download_schema(
        parsed(schema={"link": link, "checksum": told})
    )
    assert content == SCHEMA
    assert "x-amz-access-token" not in route.calls.last.request.headers


def test_another_schema_than_announced_is_refused(store: respx.Router) -> None:
    store.get(STORE).respond(content=SCHEMA + b" ")
    with pytest.raises(ProtocolError, match="the schema of BOOT has another checksum") as caught:
        open_client().product_types.download_schema(parsed())
    assert "X-Amz" not in str(caught.value)


def test_a_schema_beyond_the_limit_is_refused(
    store: respx.Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_types, "MAX_SCHEMA", 10)
    store.get(STORE).respond(content=SCHEMA)
    with pytest.raises(ProtocolError, match="longer than 10 bytes"):
        open_client().product_types.download_schema(parsed())


def test_a_schema_is_read_as_an_object() -> None:
    assert read_schema(SCHEMA) == {"type": "object", "title": "Bot"}


@pytest.mark.parametrize("content", [b"<html></html>", b"[]", b"", b'{"type": '])
def test_what_is_no_object_is_no_schema(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_schema(content)
