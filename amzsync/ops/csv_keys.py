"""Keys of records out of a CSV file, as spreadsheets write them: the manual's CSV upload.

Read are UTF-8 with and without a byte order mark (LibreOffice, Google Sheets, Numbers, Excel's "CSV
UTF-8"), Turkish Windows text (Excel's "CSV", cp1254) and UTF-16 (Excel's "Unicode Text"), with
commas, semicolons or tabs. Keys stay texts: a zero in front is part of one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amzsync.errors import UsageError

# How columns of SKUs and of orders are called; compared without case, accents, spaces and signs.
SKU_COLUMNS: Final = frozenset(
    {"sku", "sellersku", "merchantsku", "stokkodu", "stockcode", "urunkodu", "productcode"}
)
ORDER_COLUMNS: Final = frozenset(
    {
        "order",
        "orderid",
        "amazonorderid",
        "ordernumber",
        "orderno",
        "siparis",
        "siparisno",
        "siparisnumarasi",
    }
)

_BOMS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx, ods, numbers; xls
_SEPARATORS: Final = ",;\t"
_BLANK: Final = f'{_SEPARATORS} "'
_NONE: Final = "\x1f"  # stands in no file: every line is one cell
_SAYS_SEPARATOR: Final = re.compile(r'"?sep=(.)"?(?:\n|$)', re.IGNORECASE)
_TITLED: Final = 2  # Numbers may write a table's name above its header


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its number, what stands there, and the key, or what is wrong."""

    number: int
    text: str
    key: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: list[str]
    problem: str = ""

    @property
    def text(self) -> str:
        return " | ".join(cell for cell in self.cells if cell)


def read_lines(path: Path, columns: frozenset[str] = SKU_COLUMNS | ORDER_COLUMNS) -> list[Line]:
    """The lines of a CSV file that hold anything, in order; a header is none of them.

    Shape: one key a line, or any columns below a header that calls one of them a name of `columns`.
    What is wrong with one line stands with it. Errors: UsageError for the file as a whole.
    """
    text = _text(path)
    said = _SAYS_SEPARATOR.match(text)
    if said:
        text = "\n" + text[said.end() :]  # an empty line for the one that says it
    separator, column, header = _layout(path, text, said[1] if said else "", columns)
    rows = [row for row in _rows(text, separator) if row.number > header]
    if not rows:
        raise UsageError(
            f"{path} has a header and no keys below it" if header else f"{path} holds no keys"
        )
    return [_alone(row) if column is None else _in_column(row, column) for row in rows]


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if data.startswith(_WORKBOOKS):
        raise UsageError(f"{path} is a workbook, not CSV; save it as CSV")
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        # No text of another encoding is UTF-8 by chance.
        text = _turkish(path, data)
    if "\0" in text:
        raise UsageError(f"{path} is not a text file; save it as CSV UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _turkish(path: Path, data: bytes) -> str:
    try:
        return data.decode("cp1254")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{path} line {line}: is neither UTF-8 nor Turkish Windows text; save it as CSV UTF-8"
        ) from None


def _layout(
    path: Path, text: str, said: str, columns: frozenset[str]
) -> tuple[str, int | None, int]:
    """(separator, column of the keys, line of the header); (…, None, 0) without a header.

    Below a header of one column every line is a key, with whatever signs are in it.
    """
    lines = [each for each in enumerate(text.split("\n"), start=1) if each[1].strip(_BLANK)]
    for number, line in lines[:_TITLED]:
        if _plain(line.strip().strip('"')) in columns:
            return said or _NONE, 0, number
        for separator in said or _SEPARATORS:
            cells = next(csv.reader([line], delimiter=separator))
            found = [place for place, cell in enumerate(cells) if _plain(cell) in columns]
            if len(found) > 1:
                names = " and ".join(cells[place].strip() for place in found)
                raise UsageError(f"{path} has several columns of keys, {names}: leave one of them")
            if found:
                return separator, found[0], number
    return said or max(_SEPARATORS, key=text.count), None, 0


def _plain(name: str) -> str:
    """A column's name without case, accents, spaces and signs: `SİPARİŞ NO` is `siparisno`."""
    if any(separator in name for separator in _SEPARATORS):
        return ""  # several columns are no name
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return "".join(letter for letter in letters if letter.isalnum())


def _rows(text: str, separator: str) -> Iterator[_Row]:
    """The rows that hold anything, by the line they begin in; what is no CSV ends them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            begun = text.split("\n")[number - 1].strip()
            yield _Row(number, [begun], f"is not CSV from here on: {error}")
            return
        if any(cells):
            yield _Row(number, cells)


def _alone(row: _Row) -> Line:
    """The key of a file without a header; empty columns beside it are a spreadsheet's."""
    filled = [cell for cell in row.cells if cell]
    if row.problem or len(filled) == 1:
        return Line(row.number, row.text, "" if row.problem else filled[0], row.problem)
    problem = (
        f"{len(filled)} columns and no header; write one key a line, or a header with a column sku"
        " or order"
    )
    return Line(row.number, row.text, "", problem)


def _in_column(row: _Row, column: int) -> Line:
    key = row.cells[column] if column < len(row.cells) else ""
    if row.problem or not key:
        return Line(row.number, row.text, "", row.problem or f"has no key in column {column + 1}")
    return Line(row.number, row.text, key)
