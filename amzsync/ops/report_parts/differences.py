"""The tables of differences: the first rows as HTML, all of them as data for the page's script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from amzsync.ops.figures import Difference, Kind, Report
from amzsync.ops.report_parts.words import cure, cure_parts, isolated, number, plain, text

PAGE = 100  # rows of a table at a time, with and without the script

# SKU, Omnitron's value, Amazon's, how far apart they are, the reason, the cure in one piece.
Row = tuple[str, str, str, str, str, str]
Rows = Mapping[Kind, Sequence[Row]]

_NOTHING = "\N{EN DASH}"
_VALUES = (0, 1, 2)
_CURE = 5


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of difference: its heading's id and words, and what to say when there is none."""

    kind: Kind
    anchor: str
    title: str
    none: str


TABLES = (
    Table("not on sale", "not-on-sale", "Not on sale", "No sellable SKU is missing from sale."),
    Table("price", "price", "Price", "No price differs."),
    Table("stock", "stock", "Stock", "No stock differs."),
)


def rows_of(report: Report) -> Rows:
    """The differences by kind, masked."""
    rows: dict[Kind, list[Row]] = {table.kind: [] for table in TABLES}
    for one in report.differences:
        rows[one.kind].append(_row_of(one))
    return rows


def data(rows: Rows) -> str:
    """All differences as JSON that can stand inside a script element.

    Shape: {kind: [[sku, omnitron, amazon, change, reason, [words, command, words, …]], …]}.
    """
    pieces = {
        kind: [[*row[:_CURE], cure_parts(row[_CURE])] for row in each]
        for kind, each in rows.items()
    }
    written = json.dumps(pieces, ensure_ascii=False, separators=(",", ":"))
    # Nothing in it may end the script element or begin a comment.
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def tables(report: Report, rows: Rows) -> str:
    """The three tables as HTML, each with its first rows."""
    return "".join(_section(table, title(report, table), rows[table.kind]) for table in TABLES)


def title(report: Report, table: Table) -> str:
    """The table's heading as HTML, with the currency where amounts are in it."""
    money = table.kind == "price" and report.currency
    return f"{table.title} ({text(report.currency)})" if money else table.title


def _section(table: Table, heading: str, rows: Sequence[Row]) -> str:
    body = _table(table, rows) if rows else f'<p class="none">{table.none}</p>'
    return (
        f'<section class="kind" id="{table.anchor}" data-kind="{table.kind}" '
        f'aria-labelledby="{table.anchor}-title"><div class="bar"><h3 id="{table.anchor}-title">'
        f'{heading} <span class="count">{number(len(rows))}</span></h3>'
        f"{_pager(table, len(rows))}</div>{body}</section>"
    )


def _pager(table: Table, count: int) -> str:
    if count <= PAGE:
        return ""
    of = table.title.lower()
    return (
        f'<nav class="pager" aria-label="Pages of {of}"><span class="range">1–{PAGE} of '
        f'{number(count)}</span><button type="button" class="previous" hidden>Previous</button>'
        '<button type="button" class="next" hidden>Next</button></nav>'
    )


def _table(table: Table, rows: Sequence[Row]) -> str:
    cures = {row[_CURE] for row in rows}
    shared = cure(cures.pop()) if len(cures) == 1 else ""
    columns = _columns(rows, with_cure=not shared)
    # The roles are the elements' own. On narrow screens the table is laid out as cards, and some
    # browsers no longer take for a table what is not laid out as one.
    head = "".join(
        f'<th scope="col" role="columnheader" class="c{index}" data-column="{index}">{label}</th>'
        for index, label in columns
    )
    body = "".join(_row(row, columns) for row in rows[:PAGE])
    empty = _row(("", "", "", "", "", ""), columns)
    return (
        (f'<p class="shared">What to do: {shared}</p>' if shared else "")
        + f'<table class="differences" role="table" aria-labelledby="{table.anchor}-title">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table><template>{empty}</template>'
        '<p class="none no-match" hidden>Nothing here matches.</p>'
    )


def _columns(rows: Sequence[Row], *, with_cure: bool) -> list[tuple[int, str]]:
    """The columns that say something, each with its place in a row."""
    labels = ("SKU", "Omnitron", "Amazon", "Difference", "Why", "What to do")
    filled = [
        (index, label)
        for index, label in enumerate(labels)
        if index in _VALUES or any(row[index] for row in rows)
    ]
    return filled if with_cure else [(index, label) for index, label in filled if index != _CURE]


def _row(row: Row, columns: Sequence[tuple[int, str]]) -> str:
    cells = []
    for index, label in columns:
        value = row[index] or (_NOTHING if index in _VALUES else "")
        shown = cure(value) if index == _CURE else isolated(value) if value else ""
        if index == 0:
            cells.append(f'<th scope="row" role="rowheader" class="c0">{shown}</th>')
        else:
            cells.append(f'<td role="cell" class="c{index}" data-label="{label}">{shown}</td>')
    return f'<tr role="row">{"".join(cells)}</tr>'


def _row_of(one: Difference) -> Row:
    step = "" if one.kind == "not on sale" else _change(one)
    return (
        plain(one.sku),
        plain(one.omnitron),
        plain(one.amazon),
        step,
        plain(one.reason),
        plain(one.cure),
    )


def _change(difference: Difference) -> str:
    """How far Amazon's value is from Omnitron's; "" where one of them is no number."""
    try:
        step = Decimal(difference.amazon) - Decimal(difference.omnitron)
    except InvalidOperation:
        return ""
    if not step.is_finite():
        return ""
    return f"{step:+f}".replace("-", "\N{MINUS SIGN}")
