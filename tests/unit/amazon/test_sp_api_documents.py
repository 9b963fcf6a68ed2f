"""Documents from the inside: charsets by Java's names, tables without quotes, exact numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.documents import charset, plain_numbers, read_json, table
from amzsync.errors import ProtocolError


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [
        ("text/plain; charset=Cp1252", "cp1252"),
        ("text/plain;charset=UTF-8", "utf-8"),
        ('text/plain; charset="Windows-31J"', "cp932"),
        ("text/plain; charset=Shift_JIS", "cp932"),
        ("text/plain; charset=ISO8859_1", "iso8859-1"),
        ("text/xml; charset=ISO-8859-9", "iso8859-9"),
        ("application/json", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_a_charset_is_read_by_javas_name(content_type: str, codec: str) -> None:
    assert charset(content_type) == codec


def test_an_unknown_charset_is_not_guessed_at() -> None:
    with pytest.raises(ProtocolError, match="x-klingon"):
        charset("text/plain; charset=x-klingon")


def write(path: Path, text: str, codec: str = "utf-8") -> Path:
    path.write_bytes(text.encode(codec))
    return path


def test_rows_come_by_column_name_with_quotes_left_alone(tmp_path: Path) -> None:
    text = 'item-name\tseller-sku\tprice\r\n15" "TV\tSKU-1\t9,90\r\nshort\tSKU-2\r\n\r\n'
    path = write(tmp_path / "report.txt", text, "cp1252")
    assert list(table(path, "cp1252", ["seller-sku"])) == [
        {"item-name": '15" "TV', "seller-sku": "SKU-1", "price": "9,90"},
        {"item-name": "short", "seller-sku": "SKU-2", "price": ""},
    ]


def test_a_byte_order_mark_is_no_part_of_a_column_name(tmp_path: Path) -> None:
    path = write(tmp_path / "report.txt", "\ufeffsku\tasin\nA\tB\n")
    assert list(table(path, "utf-8", ["sku"])) == [{"sku": "A", "asin": "B"}]


def test_a_byte_outside_the_charset_costs_one_character(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"sku\nA\x81B\n")
    assert list(table(path, "cp1252", ["sku"])) == [{"sku": "A\ufffdB"}]


def test_a_field_may_be_longer_than_128_kib(tmp_path: Path) -> None:
    path = write(tmp_path / "report.txt", "sku\ttext\nA\t" + "x" * 200_000 + "\n")
    assert [len(row["text"]) for row in table(path, "utf-8", ["sku"])] == [200_000]


@pytest.mark.parametrize("text", ["", "Verkäufer-SKU\tPreis\nA\t1\n"])
def test_a_table_without_the_needed_columns_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "report.txt", text)
    with pytest.raises(ProtocolError, match="seller-sku"):
        list(table(path, "utf-8", ["seller-sku"]))


def test_a_document_that_is_no_json_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        read_json(b"<html/>")


@given(st.decimals(min_value=0, max_value=Decimal("99999999999.99"), places=2))
def test_a_price_keeps_its_value_through_json(price: Decimal) -> None:
    text = json.dumps(plain_numbers({"price": [price]}))
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == {"price": [price]}


def test_a_decimal_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="more digits"):
        plain_numbers([Decimal("0.1234567890123456789")])


def test_everything_but_decimals_stays_as_it_is() -> None:
    value = {"a": [1, "2", None, True, {"b": 1.5}]}
    assert plain_numbers(value) == value
