"""What a report is made of: bytes with their Content-Type, and tables with tabs between columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a report, and the Content-Type its download has."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class StreamedContent:
    """A report too large for memory: `chunks` makes its bytes piece by piece.

    Where they were made before, `packed` is the file they are in, packed by gzip.
    """

    chunks: Callable[[], Iterator[bytes]]
    content_type: str
    packed: Path | None = None


def tab_delimited(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    """A header line and a line a row, nothing quoted; a cell that a row lacks is empty."""
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(name, "") for name in columns) for row in rows]
    return "\r\n".join(lines) + "\r\n"
