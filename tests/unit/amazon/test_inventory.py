"""FBA inventory: all of it page by page, and the stock of some SKUs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import respx

from amzsync.errors import ProtocolError
from tests.unit.amazon.sp_api_fakes import HOST, TURKEY, open_client

PATH = "/fba/inventory/v1/summaries"


@pytest.fixture
def api() -> Iterator[respx.Router]:
    with respx.mock(base_url=HOST) as router:
        yield router


def page(*rows: tuple[str, int | None], token: str = "") -> dict[str, Any]:
    found = [{"sellerSku": sku, "inventoryDetails": _details(count)} for sku, count in rows]
    body: dict[str, Any] = {"payload": {"granularity": {}, "inventorySummaries": found}}
    return {**body, "pagination": {"nextToken": token}} if token else body


def _details(count: int | None) -> dict[str, int] | None:
    return {} if count is None else {"fulfillableQuantity": count}


def test_every_page_is_asked_for_with_all_that_was_asked_before(api: respx.Router) -> None:
    route = api.get(PATH)
    route.side_effect = [
        respx.MockResponse(200, json=page(("A", 3), token="next-1")),
        respx.MockResponse(200, json=page(("B", None))),
    ]
    pages = list(open_client().inventory.summaries())
    assert [(row.seller_sku, row.sellable) for rows in pages for row in rows] == [
        ("A", 3),
        ("B", 0),
    ]
    first, second = (dict(call.request.url.params) for call in route.calls)
    assert first == {
        "details": "true",
        "granularityType": "Marketplace",
        "granularityId": TURKEY,
        "marketplaceIds": TURKEY,
    }
    assert second == {**first, "nextToken": "next-1"}


def test_a_page_that_never_ends_is_refused(api: respx.Router) -> None:
    api.get(PATH).respond(json=page(("A", 3), token="again"))
    with pytest.raises(ProtocolError, match="twice"):
        list(open_client().inventory.summaries())


def test_skus_are_asked_for_fifty_at_a_time_and_one_with_a_comma_alone(api: respx.Router) -> None:
    route = api.get(PATH).respond(json=page(("A", 3)))
    list(open_client().inventory.summaries(["A", "B,C", "D"]))
    asked = [dict(call.request.url.params) for call in route.calls]
    assert [row.get("sellerSku") or row["sellerSkus"] for row in asked] == ["B,C", "A,D"]
    with pytest.raises(ValueError, match="50"):
        list(open_client().inventory.summaries(["X"] * 51))
