"""What is read of a listings report, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from amzsync.errors import ProtocolError
from amzsync.flows.listing_snapshot import read_listings
from amzsync.state.snapshot import Listed

HEADER = ("item-name", "seller-sku", "price", "quantity", "asin1", "fulfillment-channel", "status")


def written(path: Path, *rows: tuple[str, ...], codec: str = "utf-8") -> Path:
    lines = ["\t".join(row) for row in (HEADER, *rows)]
    path.write_bytes("\r\n".join(lines).encode(codec, "replace"))
    return path


def read(path: Path, charset: str = "UTF-8") -> list[Listed]:
    return list(read_listings(path, f"text/plain; charset={charset}", currency="TRY"))


def test_a_row_is_read_with_its_quotes_and_its_decimal_comma(tmp_path: Path) -> None:
    name = 'Tablet 10.1" "Gri'
    path = written(tmp_path / "r", (name, "A\"B 'C", "1.234,50", "7", "B01", "DEFAULT", "Active"))
    assert read(path) == [Listed("A\"B 'C", "B01", "1234.50", 7, "Active", by_amazon=False)]


def test_what_amazon_fulfils_has_no_quantity(tmp_path: Path) -> None:
    path = written(tmp_path / "r", ("", "A", "5", "", "B01", "AMAZON_EU", "Active"))
    assert read(path) == [Listed("A", "B01", "5.00", None, "Active", by_amazon=True)]


@pytest.mark.parametrize("charset", ["Cp1252", "ISO8859_1", "Windows-31J"])
def test_a_sku_with_lost_letters_is_left_to_be_searched_for(tmp_path: Path, charset: str) -> None:
    codec = {"Cp1252": "cp1252", "ISO8859_1": "latin-1", "Windows-31J": "cp932"}[charset]
    rows = [("", sku, "5", "1", "B01", "DEFAULT", "Active") for sku in ("ŞAL", "A?", "PLAIN")]
    path = written(tmp_path / "r", *rows, codec=codec)
    assert [row.sku for row in read(path, charset)] == ["PLAIN"]
    assert [row.sku for row in read(written(path, *rows))] == ["ŞAL", "A?", "PLAIN"]


def test_a_broken_row_costs_itself_and_a_broken_last_one_the_file(tmp_path: Path) -> None:
    good = ("", "A", "5", "1", "B01", "DEFAULT", "Active")
    path = written(tmp_path / "r", ("a name with", "no end"), good)
    assert [row.sku for row in read(path)] == ["A"]
    with pytest.raises(ProtocolError, match="ends within a row"):
        read(written(path, good, ("", "B", "5")))


def test_odd_numbers_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "r", ("", "A", "n/a", "many", "B01", "", "Incomplete"))
    assert read(path) == [Listed("A", "B01", None, None, "Incomplete", by_amazon=False)]


def test_a_header_alone_is_an_empty_shop(tmp_path: Path) -> None:
    assert read(written(tmp_path / "r")) == []
