"""Walking lists: nothing lost, nothing doubled, no walk without an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.errors import ProtocolError, RefusedError
from amzsync.omnitron.paging import CHUNK, RawPage, filters, pages, raw_page

from .omnitron_fakes import MOMENT, Omnitron, client


def cargo(pk: int) -> dict[str, Any]:
    return {"pk": pk, "name": f"Carrier {pk}"}


def served(total: int, size: int, shape: str) -> Callable[[int], RawPage | None]:
    """A list of so many rows, as servers of different habits page it."""
    rows = [cargo(pk) for pk in range(total)]

    def fetch(number: int) -> RawPage | None:
        if shape == "array":
            return raw_page(rows, "list")
        part, rest = rows[(number - 1) * size : number * size], total > number * size
        if not part and number > 1 and shape == "missing past the end":
            return None
        body: dict[str, Any] = {"count": total, "results": part}
        if rest or shape in ("missing past the end", "empty past the end"):
            body["next"] = f"?page={number + 1}"
        elif shape == "null":
            body["next"] = None
        return raw_page(body, "list")

    return fetch


SHAPES = ("array", "null", "absent", "missing past the end", "empty past the end")


@given(st.integers(0, 60), st.integers(1, 25), st.sampled_from(SHAPES))
def test_a_walk_loses_and_doubles_nothing(total: int, size: int, shape: str) -> None:
    walked = list(pages(served(total, size, shape), "list"))
    assert [row["pk"] for page in walked for row in page.rows] == list(range(total))
    assert walked[0].count == total


@given(st.integers(2, 20), st.integers(1, 5))
def test_a_server_that_ignores_the_page_number_is_found_out(total: int, size: int) -> None:
    first = RawPage([cargo(pk) for pk in range(size)], total + size, "?page=2")
    with pytest.raises(ProtocolError, match="page 2 repeats"):
        list(pages(lambda _number: first, "list"))


def test_a_next_that_comes_again_is_found_out() -> None:
    with pytest.raises(ProtocolError, match="page 2 repeats"):
        list(pages(lambda number: RawPage([cargo(number)], 9, "?page=2"), "list"))


@pytest.mark.parametrize("data", [None, {}, "text", {"results": None}, {"detail": "no list"}])
def test_a_reply_that_is_no_list_breaks_the_contract(data: object) -> None:
    with pytest.raises(ProtocolError):
        raw_page(data, "list")


def test_a_walk_asks_by_number_sorted_and_in_pages_of_100(omnitron: Omnitron) -> None:
    omnitron.rows("cargos/", [cargo(pk) for pk in range(250)])
    assert [each.pk for each in client().cargos.all()] == list(range(250))
    asked = [dict(request.url.params) for request in omnitron.requests]
    assert asked == [{"sort": "id", "limit": "100", "page": str(page)} for page in (1, 2, 3)]


def test_the_address_in_next_is_never_followed(omnitron: Omnitron) -> None:
    first = {"count": 2, "next": "https://elsewhere.example.net/", "results": [cargo(1)]}
    last = {"count": 2, "next": None, "results": [cargo(2)]}
    omnitron.answer("GET", "cargos/", *(httpx.Response(200, json=body) for body in (first, last)))
    assert [each.pk for each in client().cargos.all()] == [1, 2]
    assert {request.url.host for request in omnitron.requests} == {"omnitron.example.com"}


def test_a_404_past_the_end_ends_the_walk(omnitron: Omnitron) -> None:
    rows = [cargo(pk) for pk in range(100)]
    first = {"count": 100, "next": "?page=2", "results": rows}
    missing = httpx.Response(404, json={"detail": "Invalid page."})
    omnitron.answer("GET", "cargos/", httpx.Response(200, json=first), missing)
    assert len(client().cargos.all()) == 100


def test_a_404_on_the_first_page_is_an_error(omnitron: Omnitron) -> None:
    omnitron.answer("GET", "cargos/", httpx.Response(404, json={"detail": "Not found."}))
    with pytest.raises(RefusedError):
        client().cargos.all()


def test_a_bare_array_is_everything(omnitron: Omnitron) -> None:
    omnitron.answer("GET", "cargos/", httpx.Response(200, json=[cargo(1), cargo(2)]))
    assert len(client().cargos.all()) == 2
    assert len(omnitron.requests) == 1


def test_a_look_up_stops_at_a_row_it_cannot_read_and_shows_no_value(omnitron: Omnitron) -> None:
    broken = {"pk": 5, "number": "AMZ-1", "status": "400", "modified_date": "Ayşe Örnek"}
    omnitron.rows("orders/", [broken])
    with pytest.raises(ProtocolError, match="modified_date") as caught:
        client().orders.by_number("AMZ-1")
    assert "Ayşe" not in str(caught.value)
    assert "Ayşe" not in str(caught.value.__cause__)


def test_a_page_lists_the_rows_it_cannot_read_beside_the_others(omnitron: Omnitron) -> None:
    good = {"pk": 1, "product": 2, "stock": 3, "modified_date": MOMENT}
    bad = {"pk": 7, "product": 2, "stock": "many", "modified_date": MOMENT}
    omnitron.rows("product_stocks/updates/", [good, bad])
    page = client().stocks.updates()
    assert [stock.pk for stock in page] == [1]
    assert (page.count, page.more, len(page)) == (2, False, 1)
    (malformed,) = page.malformed
    assert (malformed.pk, malformed.modified_date) == (7, MOMENT)
    assert malformed.problem == "stock: int_parsing"


def test_a_later_page_says_whether_more_follow(omnitron: Omnitron) -> None:
    rows = [{"pk": pk, "product": pk, "stock": 1, "modified_date": MOMENT} for pk in range(5)]
    omnitron.rows("product_stocks/inserts/", rows)
    stocks = client().stocks
    assert [(len(page), page.more) for page in (stocks.inserts(n, limit=2) for n in (1, 2, 3))] == [
        (2, True),
        (2, True),
        (1, False),
    ]


def test_a_page_past_the_end_is_empty(omnitron: Omnitron) -> None:
    omnitron.answer("GET", "product_stocks/updates/", httpx.Response(404, json={"detail": "-"}))
    page = client().stocks.updates(page=2)
    assert (page.rows, page.more) == ((), False)


VALUES = st.lists(st.text(alphabet="aZ9-_ ,üİ/%", max_size=12), max_size=180)


@given(VALUES)
def test_filters_ask_for_every_value_once_within_bounds(values: list[str]) -> None:
    asked: list[str] = []
    for query in filters("sku", values):
        ((name, text),) = query.items()
        if name == "sku__exact":
            asked.append(text)
        else:
            assert name == "sku__in"
            chunk = text.split(",")
            assert len(chunk) <= CHUNK
            assert len(quote(text, safe="")) <= 3000
            asked += chunk
    assert len(asked) == len(set(asked))
    assert set(asked) == {value for value in values if value}


def test_no_values_cost_no_call(omnitron: Omnitron) -> None:
    assert client().integration_actions.by_remote_ids("product", []) == []
    assert client().stocks.by_pks([]).rows == ()
    assert omnitron.requests == []


def test_long_values_make_smaller_chunks() -> None:
    chunks = list(filters("sku", ["İ" * 40 + str(number) for number in range(50)]))
    assert len(chunks) > 1
    assert all(len(quote(chunk["sku__in"], safe="")) <= 3000 for chunk in chunks)
