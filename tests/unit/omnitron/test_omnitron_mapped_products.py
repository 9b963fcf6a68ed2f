"""Products in the marketplace's words: by the list, one by one, or with the Mapper's complaint."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from amzsync.errors import RecordError, RefusedError, UnmappedError
from amzsync.omnitron.models.products import MappedProduct

from .omnitron_fakes import Omnitron, client

LIST = "mapped_products/"
COMPLAINT = httpx.Response(406, json={"error": "size is not mapped"})


def row(pk: int, **fields: Any) -> dict[str, Any]:
    return {"pk": pk, "mapped_attributes": {"size": "34 - 34"}, "attribute_set_id": 1} | fields


def only(rows: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
    asked = request.url.params["pk__in"].split(",")
    return httpx.Response(200, json=[each for each in rows if str(each["pk"]) in asked])


def test_a_hundred_products_are_two_calls(omnitron: Omnitron) -> None:
    rows = [row(pk) for pk in range(1, 101)]
    omnitron.answer("GET", LIST, lambda request: only(rows, request))
    found = client().mapped_products.by_pks(range(1, 101))
    assert list(found) == list(range(1, 101))
    first = found[1]
    assert isinstance(first, MappedProduct)
    assert first.mapped_attributes == {"size": "34 - 34"}
    assert len(omnitron.requests) == 2


def test_a_product_the_list_leaves_out_is_asked_for_by_itself(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, lambda request: only([row(1)], request))
    omnitron.answer("GET", "mapped_products/2/", httpx.Response(200, json=row(2)))
    omnitron.answer("GET", "mapped_products/3/", COMPLAINT)
    found = client().mapped_products.by_pks([3, 2, 1])
    assert [type(each) for each in found.values()] == [MappedProduct, MappedProduct, UnmappedError]
    assert str(found[3]) == "size is not mapped"


def test_a_mapping_failure_is_the_products_own(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, httpx.Response(200, json=[]))
    omnitron.answer("GET", "mapped_products/370/", COMPLAINT)
    failure = client().mapped_products.by_pks([370])[370]
    assert isinstance(failure, UnmappedError)
    assert (failure.code, failure.reason_type) == ("mapper", "mapping")


def test_a_list_refused_for_one_products_sake_fails_no_other(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, COMPLAINT)
    omnitron.answer("GET", "mapped_products/1/", httpx.Response(200, json=row(1)))
    omnitron.answer("GET", "mapped_products/2/", COMPLAINT)
    found = client().mapped_products.by_pks([1, 2])
    assert [type(each) for each in found.values()] == [MappedProduct, UnmappedError]


def test_an_ignored_filter_is_noticed_once_and_for_all(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, httpx.Response(200, json=[row(pk) for pk in range(50, 99)]))
    for pk in (1, 2):
        omnitron.answer("GET", f"mapped_products/{pk}/", httpx.Response(200, json=row(pk)))
    mapper = client().mapped_products
    assert isinstance(mapper.by_pks([1])[1], MappedProduct)
    assert isinstance(mapper.by_pks([2])[2], MappedProduct)
    assert len(omnitron.queries(LIST)) == 1


def test_a_row_nobody_can_read_costs_only_its_product(omnitron: Omnitron) -> None:
    broken = row(2, mapped_attributes="none")
    omnitron.answer("GET", LIST, lambda request: only([row(1), broken], request))
    omnitron.answer("GET", "mapped_products/2/", httpx.Response(200, json=broken))
    found = client().mapped_products.by_pks([1, 2])
    assert isinstance(found[1], MappedProduct)
    failure = found[2]
    assert isinstance(failure, RecordError)
    assert failure.code == "malformed"
    assert "mapped_attributes" in str(failure)


def test_a_product_the_mapper_does_not_have_fails_by_itself(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, httpx.Response(200, json=[]))
    omnitron.answer("GET", "mapped_products/1/", httpx.Response(404, json={"detail": "Not found."}))
    assert isinstance(client().mapped_products.by_pks([1])[1], UnmappedError)


def test_another_refusal_is_no_products_fault(omnitron: Omnitron) -> None:
    omnitron.answer("GET", LIST, httpx.Response(200, json=[]))
    omnitron.answer("GET", "mapped_products/1/", httpx.Response(400, json={"detail": "No."}))
    with pytest.raises(RefusedError):
        client().mapped_products.by_pks([1])
