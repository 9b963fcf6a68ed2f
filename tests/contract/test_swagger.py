"""The judge itself: it passes what Amazon publishes, and refuses what is a little wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amzsync.amazon.operations import OPERATIONS
from tests.contract import models
from tests.contract.swagger import FEED_DOCUMENT, FEED_MESSAGE, PROCESSING_REPORT, Contract

JSON = {"content-type": "application/json"}
SEARCH = "/orders/2026-01-01/orders"
ITEM = "/listings/2021-08-01/items/SELLER/{sku}"
FEEDS = "/feeds/2021-06-30/feeds"
TURKIYE = "A33AVAJ2PDY3EV"

# A 204 has no body, and an example of sellers.json is named after the member it shows.
PUBLISHED_WRONG = ("confirmShipment 204", "getMarketplaceParticipations 200")


def test_what_amazon_publishes_passes(sp_api_models: Path, contract: Contract) -> None:
    faults, passed = [], 0
    for path in sorted(sp_api_models.glob("*.json")):
        for template, entry in json.loads(path.read_text("utf-8")).get("paths", {}).items():
            for method, row in entry.items():
                if not isinstance(row, dict) or row.get("operationId") not in OPERATIONS:
                    continue
                operation = contract.find(method.upper(), template)
                assert operation is not None
                for status, answer in row["responses"].items():
                    cases = answer.get("x-amzn-api-sandbox", {}).get("static", [])
                    bodies = [*answer.get("examples", {}).values()]
                    bodies += [case["response"] for case in cases if "response" in case]
                    for body in bodies:
                        passed += 1
                        text = json.dumps(body).encode()
                        faults += [
                            f"{operation.name} {status}: {fault}"
                            for fault in operation.response_faults(int(status), JSON, text)
                        ]
    assert [fault for fault in faults if not fault.startswith(PUBLISHED_WRONG)] == []
    assert len(faults) <= len(PUBLISHED_WRONG)
    assert passed > 40


@pytest.mark.parametrize("schema", [FEED_DOCUMENT, PROCESSING_REPORT])
def test_the_published_feed_documents_pass(
    sp_api_models: Path, contract: Contract, schema: str
) -> None:
    example = sp_api_models / schema.replace(".json", ".example.json")
    assert contract.document_faults(schema, example.read_bytes()) == []


def request_faults(
    contract: Contract, method: str, path: str, body: Any = None, **query: list[str]
) -> list[str]:
    operation = contract.find(method, path)
    assert operation is not None
    text = b"" if body is None else json.dumps(body).encode()
    return operation.request_faults(path, query, JSON, text)


GOOD_SEARCH = {"createdAfter": ["2026-11-23T09:00:00Z"], "includedData": ["BUYER,TAX"]}


def test_a_right_search_passes(contract: Contract) -> None:
    assert request_faults(contract, "GET", SEARCH, **GOOD_SEARCH) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"createdAftr": ["2026-11-23T09:00:00Z"]}, "unknown query parameter createdAftr"),
        ({"createdAfter": ["2026-11-23 09:00:00"]}, "is not a 'date-time'"),
        ({"createdAfter": ["2026-13-23T09:00:00Z"]}, "is not a 'date-time'"),
        ({"createdAfter": ["a", "b"]}, "createdAfter is given 2 times"),
        ({"includedData": ["BUYER", "TAX"]}, "includedData is repeated"),
        ({"includedData": ["BUYER,"]}, "includedData has an empty entry"),
        ({"includedData": ["BUYERS"]}, "'BUYERS' is not one of"),
        ({"maxResultsPerPage": ["many"]}, "'many' is not of type 'integer'"),
        ({"marketplaceIds": [",".join(map(str, range(51)))]}, "is too long"),
    ],
)
def test_a_wrong_query_is_refused(
    contract: Contract, change: dict[str, list[str]], fault: str
) -> None:
    (found,) = request_faults(contract, "GET", SEARCH, **{**GOOD_SEARCH, **change})
    assert fault in found


def test_a_missing_parameter_is_refused(contract: Contract) -> None:
    found = request_faults(contract, "GET", ITEM.format(sku="S"))
    assert found == ["marketplaceIds is required"]


def test_a_value_beyond_its_bounds_is_refused(contract: Contract) -> None:
    (found,) = request_faults(contract, "GET", FEEDS, feedTypes=["A"], pageSize=["101"])
    assert "101 is greater than the maximum of 100" in found


def test_a_sku_has_to_be_encoded(contract: Contract) -> None:
    place = {"marketplaceIds": [TURKIYE]}
    assert request_faults(contract, "GET", ITEM.format(sku="A%2FB%2B1%20%25"), **place) == []
    found = request_faults(contract, "GET", ITEM.format(sku="100%"), **place)
    assert found == ["sku is not percent-encoded in the path"]
    assert contract.find("GET", ITEM.format(sku="A/B")) is None


PATCH = {"op": "merge", "path": "/attributes/a", "value": [{}]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (None, "the body is required"),
        ({"productType": "HOME"}, "'patches' is a required property"),
        ({"productType": "HOME", "patches": []}, "should be non-empty"),
        ({"productType": "HOME", "patches": [{**PATCH, "op": "set"}]}, "'set' is not one of"),
        ({"productType": None, "patches": [PATCH]}, "None is not of type 'string'"),
        ({"productType": "HOME", "patches": [PATCH], "x": 1}, "('x' was unexpected)"),
    ],
)
def test_a_wrong_body_is_refused(contract: Contract, body: Any, fault: str) -> None:
    path, place = ITEM.format(sku="S"), [TURKIYE]
    (found,) = request_faults(contract, "PATCH", path, body, marketplaceIds=place)
    assert fault in found


FEED = {
    "feedId": "1",
    "feedType": "JSON_LISTINGS_FEED",
    "createdTime": "2026-11-23T09:00:00.000Z",
    "processingStatus": "DONE",
}


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, {**FEED, "createdTime": "2026-11-23T09:00:00"}, "is not a 'date-time'"),
        (200, {**FEED, "processingStatus": "READY"}, "'READY' is not one of"),
        (200, {**FEED, "resultFeedDocumentId": None}, "None is not of type 'string'"),
        (200, {**FEED, "progress": 3}, "('progress' was unexpected)"),
        (200, {"feedId": "1"}, "'feedType' is a required property"),
        (404, {"message": "no"}, "'errors' is a required property"),
        (418, {}, "status 418 is not one of"),
    ],
)
def test_a_wrong_answer_is_refused(
    contract: Contract, status: int, body: dict[str, Any], fault: str
) -> None:
    operation = contract.find("GET", f"{FEEDS}/1")
    assert operation is not None
    assert operation.response_faults(200, JSON, json.dumps(FEED).encode()) == []
    found = operation.response_faults(status, JSON, json.dumps(body).encode())
    assert any(fault in each for each in found)


def test_an_answer_that_is_no_json_is_refused(contract: Contract) -> None:
    operation = contract.find("GET", f"{FEEDS}/1")
    assert operation is not None
    html = {"content-type": "text/html"}
    assert operation.response_faults(500, html, b"<p>") == ["status 500 is not answered in JSON"]
    assert operation.response_faults(200, JSON, b'{"fee') == ["response 200 is not JSON"]


def test_a_feed_message_with_foreign_members_is_refused(contract: Contract) -> None:
    message = {"messageId": 1, "sku": "S", "operationType": "PATCH", "productType": "HOME"}
    good = {**message, "patches": [PATCH]}
    header = {"sellerId": "A", "version": "2.0"}
    for schema, wrap in (
        (FEED_MESSAGE, lambda row: row),
        (FEED_DOCUMENT, lambda row: {"header": header, "messages": [row]}),
    ):
        assert contract.document_faults(schema, json.dumps(wrap(good)).encode()) == []
        bad = json.dumps(wrap({**good, "attributes": {"a": []}})).encode()
        assert contract.document_faults(schema, bad) != []


def test_without_models_the_tests_skip_but_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(models.VARIABLE, raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert models.folder() is None
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="these tests did not run"):
        models.folder()
    monkeypatch.setenv(models.VARIABLE, "no/such/folder")
    with pytest.raises(pytest.fail.Exception, match="amzn/selling-partner-api-models"):
        models.folder()
