"""Keys of records as people hand them in: on the command line, or as the manual's CSV upload."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator
from pathlib import Path

from amzsync.config import Config
from amzsync.errors import UsageError
from amzsync.flows import FLOWS, Entry
from amzsync.state.penalties import Penalty

_HEADERS = ("sku", "order")


def entry_of(flow: str) -> Entry:
    """The flow of that name, written `stock.push` or `stock push`. Errors: UsageError."""
    for entry in FLOWS:
        if flow in (entry.name, entry.command):
            return entry
    known = ", ".join(entry.command for entry in FLOWS)
    raise UsageError(f"there is no flow {flow!r}; the flows are: {known}")


def clearing_command(config: Config, penalty: Penalty) -> str:
    """The command line that sets a penalised record free."""
    kind = next((entry.key for entry in FLOWS if entry.name == penalty.flow), "SKU")
    words = ["amzsync", "penalties", "clear", "--sku" if kind == "SKU" else "--order", penalty.key]
    return shlex.join([*words, "--config", str(config.path)])


def keys_in(path: Path) -> list[str]:
    """The keys of a CSV file, each once, in its order. See numbered_keys_in."""
    return list(dict.fromkeys(key for _, key in numbered_keys_in(path)))


def numbered_keys_in(path: Path) -> list[tuple[int, str]]:
    """(line, key) of a CSV file, in its order.

    Shape: one key a line, or any columns below a header with a column `sku` or `order`; separated
    by commas or semicolons, UTF-8, with or without a byte order mark.
    Errors: UsageError naming the line.
    """
    rows = list(_rows(path, _text(path)))
    if not rows:
        raise UsageError(f"{path} holds no keys")
    names = [cell.casefold() for cell in rows[0][1]]
    column = next((names.index(name) for name in _HEADERS if name in names), None)
    if column is None:
        return [(number, _only_cell(path, number, row)) for number, row in rows]
    if not rows[1:]:
        raise UsageError(f"{path} has a header and no keys below it")
    return [(number, _cell(path, number, row, column)) for number, row in rows[1:]]


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path} line {line}: is not UTF-8 text; save it as UTF-8") from None


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of the lines that hold anything."""
    first = text.split("\n", 1)[0]
    # Spreadsheets of Turkish and German settings write semicolons.
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: is not CSV: {error}") from None


def _only_cell(path: Path, number: int, row: list[str]) -> str:
    if len(row) != 1:
        raise UsageError(
            f"{path} line {number}: {len(row)} columns and no header; write one key a line, or a "
            "header with a column sku or order"
        )
    return row[0]


def _cell(path: Path, number: int, row: list[str], column: int) -> str:
    if column >= len(row) or not row[column]:
        raise UsageError(f"{path} line {number}: has no key in column {column + 1}")
    return row[column]
