"""Returns reports: three forms, many charsets, and what is none of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.report_dates import report_date
from amzsync.amazon.returns import ReturnedItem, UnreadableReturn, read_returns
from amzsync.errors import ProtocolError

XML = "text/xml; charset=UTF-8"
FLAT = "text/plain; charset=Cp1252"
HEADER = (
    "Order ID\tReturn request date\tReturn request status\tAmazon RMA ID\tMerchant SKU\t"
    "Item Name\tReturn quantity\tReturn Reason"
)
FBA_HEADER = "return-date\torder-id\tsku\tquantity\treason\tstatus\tlicense-plate-number"


def item(sku: str = "SKU-1", quantity: object = 1, reason: str = "CR-DEFECTIVE") -> str:
    return (
        f"<item_details><item_name>Çelik Termos</item_name><merchant_sku>{sku}</merchant_sku>"
        f"<return_quantity>{quantity}</return_quantity>"
        f"<return_reason_code>{reason}</return_reason_code></item_details>"
    )


def details(*items: str, rma: str = "D1RRMA", at: str = "2026-11-20T08:00:00Z") -> str:
    return (
        f"<return_details>{''.join(items)}<order_id>403-1</order_id>"
        f"<amazon_rma_id>{rma}</amazon_rma_id><return_request_date>{at}</return_request_date>"
        "<return_request_status>Approved</return_request_status></return_details>"
    )


def envelope(*returns: str, kind: str = "Returns-Report") -> str:
    return (
        "<AmazonEnvelope><Header><DocumentVersion>1.00</DocumentVersion></Header>"
        f"<MessageType>{kind}</MessageType><Message>{''.join(returns)}</Message></AmazonEnvelope>"
    )


def read(folder: Path, data: bytes | str, content_type: str = XML) -> list[object]:
    path = folder / "report"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(read_returns(path, content_type))


def one(folder: Path, data: bytes | str, content_type: str = XML) -> ReturnedItem:
    (row,) = read(folder, data, content_type)
    assert isinstance(row, ReturnedItem)
    return row


def test_an_xml_report_gives_a_row_for_each_sku_of_an_rma(tmp_path: Path) -> None:
    rows = read(tmp_path, envelope(details(item("A"), item("B", 2)), details(item("A"), rma="D2")))

    assert [(row.rma_id, row.sku, row.quantity) for row in rows] == [  # type: ignore[attr-defined]  # all are readable
        ("D1RRMA", "A", 1),
        ("D1RRMA", "B", 2),
        ("D2", "A", 1),
    ]
    assert rows[0] == ReturnedItem.model_validate(
        {
            "order_id": "403-1",
            "rma_id": "D1RRMA",
            "sku": "A",
            "quantity": 1,
            "reason_code": "CR-DEFECTIVE",
            "status": "Approved",
            "requested_at": "2026-11-20T08:00:00Z",
        }
    )


def test_identical_details_are_units_of_their_own(tmp_path: Path) -> None:
    assert one(tmp_path, envelope(details(item("A"), item("A")))).quantity == 2


def test_a_report_without_returns_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, envelope()) == []


@pytest.mark.parametrize(
    ("declaration", "codec", "content_type"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8", "text/xml; charset=Cp1252"),
        ('<?xml version="1.0" encoding="windows-1254"?>', "cp1254", XML),
        ('<?xml version="1.0"?>', "cp1254", "text/xml; charset=Cp1254"),
        ("", "utf-8-sig", "text/xml; charset=Cp1252"),
        ("", "utf-8", "text/xml"),
        ('<?xml version="1.0"?>', "utf-16", "text/xml"),
    ],
)
def test_the_declaration_names_the_charset_else_the_header_does(
    tmp_path: Path, declaration: str, codec: str, content_type: str
) -> None:
    text = declaration + envelope(details(item("ŞAPKA-ığ", reason="Beğenmedim")))

    row = one(tmp_path, text.encode(codec), content_type)

    assert (row.sku, row.reason_code) == ("ŞAPKA-ığ", "Beğenmedim")


@pytest.mark.parametrize(
    ("codec", "content_type"), [("cp1252", FLAT), ("utf-8-sig", "text/plain;charset=UTF-8")]
)
def test_a_flat_file_is_read_by_its_header_whatever_case_and_order(
    tmp_path: Path, codec: str, content_type: str
) -> None:
    names = HEADER.upper().split("\t")
    cells = ["403-1", "29-Sep-2026", "Approved", "D1", "SKÜ-1", "Çelik", "2", "CR-DEFECTIVE"]
    text = "\r\n".join("\t".join(reversed(row)) for row in (names, cells)) + "\r\n"

    row = one(tmp_path, text.encode(codec), content_type)

    assert (row.order_id, row.rma_id, row.sku, row.quantity) == ("403-1", "D1", "SKÜ-1", 2)
    assert row.requested_at == datetime(2026, 9, 29, tzinfo=UTC)


def test_an_fba_report_is_keyed_by_the_license_plate(tmp_path: Path) -> None:
    text = f"{FBA_HEADER}\n2026-11-20T08:00:00+03:00\t403-1\tA\t1\tDEFECTIVE\tUnit returned\tLPN1\n"

    row = one(tmp_path, text, "text/plain; charset=UTF-8")

    assert (row.rma_id, row.reason_code, row.status) == ("LPN1", "DEFECTIVE", "")
    assert row.requested_at == datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (details(item("B", "many"), rma="D2"), "quantity: int_parsing"),
        (details(item("B", 0), rma="D2"), "quantity: greater_than_equal"),
        (details(item(""), rma="D2"), "sku: string_too_short"),
        (details(item("B"), rma=""), "rma_id: string_too_short"),
        (details(item("B"), rma="D2", at="03/04/2026"), "requested_at: value_error"),
        (details(item("B"), rma="D2", at="0001-01-01T00:00:00+05:00"), "requested_at: value_error"),
    ],
)
def test_a_row_that_cannot_be_read_costs_only_itself(
    tmp_path: Path, broken: str, problem: str
) -> None:
    good, bad = read(tmp_path, envelope(broken, details(item("A"))))

    assert isinstance(good, ReturnedItem) and good.sku == "A"
    assert isinstance(bad, UnreadableReturn)
    assert (bad.order_id, bad.problem) == ("403-1", problem)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    + envelope(details(item("&c;")))
)
EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    + envelope(details(item("&b;")))
)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("", "the document is empty"),
        (" \r\n", "the document is empty"),
        ("order-id,sku,quantity\n403-1,A,1\n", "CSV of 3 columns came"),
        ("<!DOCTYPE html><html><body>Sorry</body></html>", "an HTML page came"),
        ("\n<HTML>", "an HTML page came"),
        ('{"errors": []}', "JSON came"),
        ("no report", "plain text came"),
        ("sku\tasin\tprice\nA\tB\t1\n", "a table of 3 other columns came"),
        (b"\x00\x01\x02\x03", "a binary file came"),
        ("<rss><channel/></rss>", "XML of the kind <rss> came"),
        (envelope(kind="OrderReport"), "an envelope with other messages came"),
        (envelope(details(item("A")))[:-20], "broken or cut-off XML came"),
        ("<AmazonEnvelope><Message>&nbsp;", "broken or cut-off XML came"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "broken or cut-off XML came"),
        (BOMB, "XML with a document type or entities came"),
        (EXTERNAL, "XML with a document type or entities came"),
        ("Order ID\tMerchant SKU\n403-1\tA\n", "the report has no column Amazon RMA ID"),
    ],
)
def test_what_is_no_returns_report_is_refused_by_name(
    tmp_path: Path, data: bytes | str, what: str
) -> None:
    with pytest.raises(ProtocolError) as refusal:
        read(tmp_path, data, "text/plain")

    assert what in str(refusal.value)


@given(st.binary(max_size=300))
def test_whatever_arrives_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    try:
        read(tmp_path_factory.mktemp("any"), data, "text/plain")
    except ProtocolError as error:
        assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("29-Sep-2026", 9),
        ("1-Şub-2026", 2),
        ("1-?ub-2026", 2),
        ("29 A?ustos 2026", 8),
        ("29-EYL-2026", 9),
        ("7-KASIM-2026", 11),
        ("3. Dezember 2026", 12),
        ("3-Mär-2026", 3),
        ("12-août-2026", 8),
        ("3 de outubro de 2026", 10),
        ("2026-09-29T10:00:00+03:00", 9),
        ("2026-09-29", 9),
    ],
)
def test_a_date_is_read_in_the_sellers_language(text: str, month: int) -> None:
    found = report_date(text)

    assert (found.year, found.month, found.tzinfo) == (2026, month, UTC)


@pytest.mark.parametrize("text", ["", "5", "03/04/2026", "32-Sep-2026", "1-Foo-2026", "yesterday"])
def test_what_is_no_date_for_certain_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        report_date(text)


def test_a_refusal_repeats_nothing_of_the_document(tmp_path: Path) -> None:
    for text in ("Deniz Örnek\tIstanbul\t1\n", "Deniz Örnek,Istanbul,1\n", "Deniz Örnek\n"):
        with pytest.raises(ProtocolError) as refusal:
            read(tmp_path, text, "text/plain")
        assert "Deniz" not in str(refusal.value)
