"""What is inside feed and report documents: charset, tables, JSON.

Amazon names charsets as Java does, in the Content-Type of the download (sp-api.md §6.5). Listing
reports of the European hosts come in cp1252, with ş, ğ, ı already replaced by `?` at Amazon's: use
them for SKU, ASIN, price, quantity and status, never for names.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO, Final

from amzsync.errors import ProtocolError
from amzsync.http.transfer import Downloaded, ExpiredUrlError, Transfers

# Where Python has no alias of its own for Java's name, or gives the name to a narrower table.
_JAVA_CHARSETS: Final = {"windows-31j": "cp932", "shift_jis": "cp932", "x-sjis": "cp932"}


def fetch(
    transfers: Transfers, url: Callable[[], str], into: Path | BinaryIO, max_bytes: int
) -> Downloaded:
    """Download from a presigned URL, with another one if the first has expired meanwhile."""
    try:
        return transfers.download(url(), into, max_bytes)
    except ExpiredUrlError:
        return transfers.download(url(), into, max_bytes)


def charset(content_type: str) -> str:
    """The Python codec of a document, by its Content-Type; UTF-8 where that names none.

    Errors: ProtocolError for a charset Python does not know.
    """
    header = Message()
    header["content-type"] = content_type
    named = header.get_content_charset("utf-8")
    try:
        return codecs.lookup(_JAVA_CHARSETS.get(named, named)).name
    except LookupError as error:
        raise ProtocolError(f"the document is in an unknown charset: {named[:40]}") from error


def table(path: Path, codec: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated report by column name.

    The needed `columns` are found whatever their case and are called as they are given here, the
    others as the report calls them. Nothing is quoted in these files: a quotation mark is a
    character like any other (csv's QUOTE_NONE, without csv's limit to 128 KiB a field). Bytes that
    are no character in the charset become U+FFFD; short rows are filled up with "". Errors:
    ProtocolError when a needed column is missing, as in a report whose header line came in another
    language.
    """
    with path.open(encoding=codec, errors="replace", newline=None) as lines:
        names = {name.casefold(): name for name in columns}
        header = [names.get(name.casefold(), name) for name in header_of(next(lines, ""))]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ProtocolError(f"the report has no column {', '.join(missing)}")
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if cells != [""]:
                cells += [""] * (len(header) - len(cells))
                yield dict(zip(header, cells, strict=False))


def header_of(line: str) -> list[str]:
    """The column names in the first line of a tab-separated report."""
    return [name.strip() for name in line.lstrip("\ufeff").rstrip("\n").split("\t")]


def read_json(content: bytes) -> Any:
    """A JSON document. Errors: ProtocolError if it is none."""
    try:
        return json.loads(content)
    except ValueError as error:
        raise ProtocolError("the document is not JSON") from error


def plain_numbers(value: Any) -> Any:
    """The same structure with its Decimals as numbers that JSON writes with the same digits.

    Errors: ValueError for a Decimal beyond a double's 15 digits, which no price is.
    """
    if isinstance(value, Mapping):
        return {key: plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_numbers(item) for item in value]
    if isinstance(value, Decimal):
        return _number(value)
    return value


def _number(value: Decimal) -> int | float:
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError("a decimal has more digits than a JSON number keeps")
    return number
