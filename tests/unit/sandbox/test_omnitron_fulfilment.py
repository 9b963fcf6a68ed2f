"""Omnitron's side of the sandbox: what the ERP tells of orders, and the invoices it publishes."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from amzsync.sandbox.http import Reply
from amzsync.sandbox.omnitron.invoices import pdf
from amzsync.sandbox.server import Sandbox
from tests.unit.sandbox.amazon_api import Api
from tests.unit.sandbox.omnitron_calls import Far


@pytest.fixture
def far() -> Far:
    return Far()


def with_lines(far: Far, number: str = "111-1", **lines: int) -> dict[str, Any]:
    """An order with so many units of each line."""
    body = far.order_body(number, units=1)
    (item,) = body["order_item"]
    body["order_item"] = [
        {**item, "extra_field": {"id": line}} for line, units in lines.items() for _ in range(units)
    ]
    row: dict[str, Any] = far.created("create_orders/", body)
    return row


def ship(far: Far, units: dict[str, int] | None = None, tracking: str | None = "T1") -> list[int]:
    return far.world.ship("111-1", units, tracking_number=tracking, shipping_company="mng")


def test_the_next_units_of_a_line_are_shipped(far: Far) -> None:
    order = with_lines(far, a=2, b=1)
    first = ship(far, {"a": 1})
    second = ship(far, {"a": 1, "b": 1}, "T2")
    assert first + second == [unit["pk"] for unit in far.world.units("111-1")]
    assert [unit["tracking_number"] for unit in far.world.units("111-1")] == ["T1", "T2", "T2"]
    assert {row["shipping_company"] for row in far.items(order)} == {"mng"}
    assert far.get(f"orders/{order['pk']}/")["status"] == "500"


def test_a_partly_shipped_order_is_as_far_as_what_is_left(far: Far) -> None:
    order = with_lines(far, a=2)
    ship(far, {"a": 1})
    shown = far.get(f"orders/{order['pk']}/")
    assert (shown["status"], shown["tracking_number"]) == ("400", "T1")
    ship(far, tracking=None)
    assert [unit["tracking_number"] for unit in far.world.units("111-1")] == ["T1", None]
    shown = far.get(f"orders/{order['pk']}/")
    assert (shown["status"], shown["tracking_number"]) == ("500", "T1")


@pytest.mark.parametrize("units", [{"a": 3}, {"b": 1}])
def test_units_that_are_not_there_cannot_be_shipped(far: Far, units: dict[str, int]) -> None:
    with_lines(far, a=2)
    with pytest.raises(ValueError, match="can be shipped"):
        ship(far, units)
    assert {unit["status"] for unit in far.world.units("111-1")} == {"400"}
    with pytest.raises(KeyError):
        far.world.ship("999", tracking_number="T", shipping_company="mng")


def test_cancelled_units_do_not_ship(far: Far) -> None:
    order = with_lines(far, a=3)
    far.world.set_order_is_send("111-1")
    first, second, third = far.items(order)
    far.cancel(order, [first])
    far.world.complete_cancellations("111-1")
    far.cancel(order, [second])
    assert ship(far) == [third["pk"]]
    assert [unit["status"] for unit in far.world.units("111-1")] == ["100", "50", "500"]
    assert far.get(f"orders/{order['pk']}/")["status"] == "500"


def test_single_items_are_changed_by_key(far: Far) -> None:
    order = far.order()
    first, second = far.items(order)
    far.world.change_items("111-1", [second["pk"]], status="450", shipping_company="mng")
    assert [row["status"] for row in far.items(order)] == ["400", "450"]
    with pytest.raises(KeyError):
        far.world.change_items("111-1", [first["pk"], 1], status="450")
    with pytest.raises(KeyError):
        far.world.change_items("111-1", [first["pk"]], statsu="450")


def test_units_tell_an_order_in_short(far: Far) -> None:
    order = with_lines(far, a=1)
    (row,) = far.items(order)
    assert far.world.units("111-1") == [
        {
            "pk": row["pk"],
            "remote_id": "a",
            "status": "400",
            "tracking_number": None,
            "cancel_status": None,
        }
    ]


def test_orders_are_found_by_status(far: Far) -> None:
    for number in ("1", "2", "3"):
        far.created("create_orders/", far.order_body(number))
    far.world.change_order_items("2", status="450")
    far.world.change_order_items("3", status="500")
    for query, numbers in {
        "status=450": ["2"],
        "status=500": ["3"],
        "status__in=450,500&sort=-pk": ["3", "2"],
        "status=450&status=400&sort=pk": ["1", "2"],
        "status=545": [],
    }.items():
        assert [row["number"] for row in far.rows(f"orders/?{query}")] == numbers


def test_an_invoice_is_on_every_item_and_on_the_order(far: Far) -> None:
    order = far.order()
    far.link(order)
    url = far.world.invoice("111-1", "FTR2026/1")
    shown = [far.get(f"orders/{order['pk']}/"), *far.items(order)]
    assert {row["invoice_number"] for row in shown} == {"FTR2026/1"}
    assert {row["e_archive_url"] for row in shown} == {url}
    assert {row["invoice_date"] for row in shown} == {"2026-11-23T12:00:00.000000Z"}
    assert [row["pk"] for row in far.rows("orders/updates/")] == [order["pk"]]
    elsewhere = "https://invoices.example.com/1.pdf"
    assert far.world.invoice("111-1", "FTR2026/2", url=elsewhere) == elsewhere
    assert far.get(f"orders/{order['pk']}/")["e_archive_url"] == elsewhere


def test_a_pdf_is_one_a_reader_can_open() -> None:
    content = pdf("Fatura (1) ğ\\")
    assert content.startswith(b"%PDF-1.")
    assert content.endswith(b"%%EOF\n")
    assert rb"(Fatura \(1\) ?\\) Tj" in content
    start = int(re.findall(rb"startxref\n(\d+)\n", content)[0])
    assert content[start:].startswith(b"xref\n")
    offsets = [int(each) for each in re.findall(rb"(\d{10}) 00000 n ", content)]
    for number, offset in enumerate(offsets, start=1):
        assert content[offset:].startswith(b"%d 0 obj\n" % number)
    length = int(re.findall(rb"/Length (\d+)", content)[0])
    assert content.index(b"\nendstream") - content.index(b"stream\n") - len(b"stream\n") == length


def invoiced(sandbox: Sandbox, invoice_number: str = "FTR1") -> str:
    """The address of an order's invoice, the order made without the API."""
    far = Far()
    far.world.base_url = sandbox.omnitron_url
    far.order()
    sandbox.world.omnitron = far.world
    return far.world.invoice("111-1", invoice_number)


@pytest.mark.parametrize("invoice_number", ["FTR1", "FTR 2026/ğ%1"])
def test_an_invoice_is_served_to_anybody(api: Api, invoice_number: str) -> None:
    url = invoiced(api.sandbox, invoice_number)
    answer = api.http.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content == pdf(f"Fatura {invoice_number}")
    assert api.sandbox.count("invoices.get") == 1
    assert api.http.get(url.replace(".pdf", ".xml")).status_code == 404


def test_something_else_may_be_behind_an_invoices_address(api: Api) -> None:
    url = httpx.URL(invoiced(api.sandbox))
    served = api.sandbox.world.omnitron.invoices_served
    served[url.path] = ("text/html", b"<html>")
    assert api.http.get(url).text == "<html>"
    served[url.path] = ("application/pdf", b"%PDF-" + b"0" * 11 * 2**20)
    assert len(api.http.get(url).content) == 11 * 2**20 + 5
    served[url.path] = Reply(302, None, {"location": "https://invoices.example.com/"})
    answer = api.http.get(url)
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        "https://invoices.example.com/",
    )
    kinds = [each["status"] for each in api.sandbox.world.omnitron.snapshot("invoices")]
    assert kinds == [302]


def test_the_control_endpoint_ships_invoices_and_decides(api: Api) -> None:
    invoiced(api.sandbox)
    base = f"{api.sandbox.omnitron_url}/_sandbox/omnitron"

    def hand(path: str, **given: Any) -> tuple[int, Any]:
        answer = api.http.post(f"{base}/{path}", json=given)
        return answer.status_code, answer.json()

    sent = {"tracking_number": "T1", "shipping_company": "mng"}
    status, shipped = hand("orders/111-1/ship", units={"line-1": 1}, **sent)
    assert (status, [unit["status"] for unit in shipped["units"]]) == (200, ["500", "400"])
    assert shipped["result"] == [shipped["units"][0]["pk"]]
    assert hand("orders/111-1/ship", units={"line-1": 2}, **sent)[0] == 400
    assert hand("orders/111-1/invoice", invoice_number="FTR2")[1]["result"].endswith("FTR2.pdf")
    assert hand("orders/999/complete_cancellations")[0] == 404
    assert hand("orders/111-1/revoke_tokens")[0] == 404
    assert hand("cancellation_requests/1/complete")[0] == 404
