"""CSV files of keys, as Excel, LibreOffice, Google Sheets and Numbers write them: byte for byte."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.errors import UsageError
from amzsync.ops.csv_keys import SKU_COLUMNS, Line, read_lines

KEYS = ["00123", "ŞAPKA-ÇÖĞÜİı", "A/B+1 %"]

# What each program saves of a sheet with the columns Ürün adı, Stok Kodu, Adet and the keys above.
ROWS = ["Ürün adı;Stok Kodu;Adet", "Şapka, kırmızı;00123;1", "İğne;ŞAPKA-ÇÖĞÜİı;2", "Çay;A/B+1 %;3"]
COMMAS = [row.replace(", ", "@").replace(";", ",").replace("@", ", ") for row in ROWS]
QUOTED = [COMMAS[0], '"Şapka, kırmızı",00123,1', *COMMAS[2:]]
TABS = [row.replace(";", "\t") for row in ROWS]
PROGRAMS: dict[str, bytes] = {
    # Windows in Turkish: the list separator is a semicolon, the code page 1254.
    "Excel, CSV (Virgülle ayrılmış)": ("\r\n".join(ROWS) + "\r\n").encode("cp1254"),
    "Excel, CSV UTF-8, Turkish": ("\r\n".join(ROWS) + "\r\n").encode("utf-8-sig"),
    "Excel, CSV UTF-8, English": ("\r\n".join(QUOTED) + "\r\n").encode("utf-8-sig"),
    "Excel, Unicode Text": ("\r\n".join(TABS) + "\r\n").encode("utf-16"),
    "Excel, Unicode Text, big-endian": b"\xfe\xff" + "\r\n".join(TABS).encode("utf-16-be"),
    "Excel for Mac, carriage returns": ("\r".join(ROWS) + "\r").encode("utf-8-sig"),
    "LibreOffice": ("\n".join(QUOTED) + "\n").encode(),
    "LibreOffice, all text quoted": (
        '"Ürün adı","Stok Kodu","Adet"\n"Şapka, kırmızı","00123",1\n"İğne","ŞAPKA-ÇÖĞÜİı",2\n'
        '"Çay","A/B+1 %",3\n'
    ).encode(),
    "Google Sheets": "\r\n".join(QUOTED).encode(),
    "Numbers": ("\n".join(QUOTED) + "\n").encode(),
    "Numbers, semicolons": ("\r\n".join(ROWS)).encode(),
    "Numbers, with the table's name": ("\n".join(["Tablo 1;;", *ROWS]) + "\n").encode(),
    "Excel's own separator line": ("sep=;\r\n" + "\r\n".join(ROWS) + "\r\n").encode("utf-8-sig"),
    "a tab named": ("sep=\t\r\n" + "\r\n".join(TABS) + "\r\n").encode("cp1254"),
    "empty lines and columns": (
        "\r\n".join([*(f"{row};;" for row in ROWS), ";;;;", ";;;;", ""]).encode("cp1254")
    ),
}


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "keys.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def keys(folder: Path, content: str | bytes) -> list[str]:
    return [line.key for line in read_lines(file_of(folder, content))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_keys_are_read_as_that_program_writes_them(tmp_path: Path, program: str) -> None:
    assert keys(tmp_path, PROGRAMS[program]) == KEYS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1254", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_column_without_a_header_is_keys(tmp_path: Path, encoding: str, end: str) -> None:
    assert keys(tmp_path, end.join(["", *KEYS, "", ""]).encode(encoding)) == KEYS


@pytest.mark.parametrize(
    "name",
    [
        *("sku", "SKU", "Sku", '"SKU"', " sku ", "seller-sku", "seller_sku", "Stok Kodu"),
        *("STOK KODU", "stok_kodu", "Ürün Kodu", "ÜRÜN KODU", "order", "Order ID", "order number"),
        *("amazon-order-id", "Sipariş No", "SİPARİŞ NO", "SIPARIŞ NUMARASI", "sipariş numarası"),
    ],
)
def test_a_header_is_known_however_it_is_written(tmp_path: Path, name: str) -> None:
    assert keys(tmp_path, f"{name}\nA-1\n") == ["A-1"]
    assert keys(tmp_path, f"{name};Adet\nA-1;5\n") == ["A-1"]
    assert keys(tmp_path, f"Adet\t{name}\t\n5\tA-1\t\n") == ["A-1"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('"A,1"\nA/B+1 %\n', ["A,1", "A/B+1 %"]),
        # Below a header of one column a separator is part of the key, as Excel writes it.
        ("sku\nA,1\nB;2\n", ["A,1", "B;2"]),
        ('sku\n"A,1"\n"B ""2"""\n', ["A,1", 'B "2"']),
        ("sku;;\nA,1;;\n", ["A,1"]),
        ("A-1;;\nA-2;;\n", ["A-1", "A-2"]),
        ("\n  A-1  \n\n\nA-2\u00a0\n", ["A-1", "A-2"]),
        ("sep=,\nsku\nA-1\n", ["A-1"]),
        ('name,sku\n"Termos\nbüyük",A-1\nFincan,A-2\n', ["A-1", "A-2"]),
        ("403-0000001-0000001", ["403-0000001-0000001"]),
        ("000000\n0\n", ["000000", "0"]),
    ],
)
def test_what_stands_around_a_key_does_not_belong_to_it(
    tmp_path: Path, content: str, found: list[str]
) -> None:
    assert keys(tmp_path, content) == found


def test_every_line_is_told_by_its_own_number(tmp_path: Path) -> None:
    content = 'sep=;\nname;sku\n"zwei\nZeilen";A-1\n;\nFincan\nx;A-2;y\n"z'
    assert read_lines(file_of(tmp_path, content)) == [
        Line(3, "zwei\nZeilen | A-1", "A-1"),
        Line(6, "Fincan", "", "has no key in column 2"),
        Line(7, "x | A-2 | y", "A-2"),
        Line(8, '"z', "", "is not CSV from here on: unexpected end of data"),
    ]


def test_several_columns_without_a_header_are_told_line_by_line(tmp_path: Path) -> None:
    one, two, three = read_lines(file_of(tmp_path, "A-1\nA-2,3\nA-3,,\n"))
    assert (one.key, three.key) == ("A-1", "A-3")
    assert (two.number, two.text, two.key) == (2, "A-2 | 3", "")
    assert two.problem.startswith("2 columns and no header; write one key a line, or a header")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no keys"),
        ("\n \n;;\n", "holds no keys"),
        ("\ufeff", "holds no keys"),
        ("sku\n", "a header and no keys below it"),
        ("sep=;\nname;sku\n;\n", "a header and no keys below it"),
        ("sku,order\nA-1,403-1\n", "several columns of keys, sku and order: leave one of them"),
        (b"PK\x03\x04\x14\x00", "is a workbook, not CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook, not CSV"),
        (b"A-1\0\0", "is not a text file"),
        ("A-1\nA-2\n".encode("utf-16")[:-1], "is not a text file"),
        (b"A-1\nA-2\n\x81\n", "line 3: is neither UTF-8 nor Turkish Windows text"),
    ],
)
def test_a_file_that_is_no_list_of_keys_is_a_usage_error(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        read_lines(file_of(tmp_path, content))


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_lines(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="Is a directory"):
        read_lines(tmp_path)


def test_where_skus_are_asked_for_a_column_of_orders_is_none(tmp_path: Path) -> None:
    path = file_of(tmp_path, "order,sku\n403-1,A-1\n")
    assert [line.key for line in read_lines(path, SKU_COLUMNS)] == ["A-1"]


@given(
    found=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1),
        min_size=1,
    ),
    separator=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoted=st.booleans(),
    alone=st.booleans(),
)
def test_every_key_survives_every_spreadsheets_way_of_writing(
    tmp_path_factory: pytest.TempPathFactory,
    found: list[str],
    separator: str,
    end: str,
    encoding: str,
    quoted: bool,
    alone: bool,
) -> None:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=separator,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(
        [["sku"], *([key] for key in found)]
        if alone
        else [["name", "SKU"], *(["x", key] for key in found)]
    )
    path = tmp_path_factory.mktemp("csv") / "keys.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    assert [line.key for line in read_lines(path)] == found
