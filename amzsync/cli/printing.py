"""What every command prints with: masked, data to stdout and talk to stderr, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TextIO

import typer

from amzsync.redaction import mask

Cell = str | int

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def out(text: str) -> None:
    """A line of data on stdout. Errors: OSError when the disk behind it is full."""
    _write(mask(text))


def verbatim(text: str) -> None:
    """Text for another program, with nothing private in it: unmasked. Errors: as `out`."""
    _write(text)


def print_json(value: Any) -> None:
    """A JSON document on stdout, on one line. Errors: as `out`."""
    _write(json.dumps(masked(value), ensure_ascii=False))


def stream(line: str | dict[str, Any]) -> bool:
    """A line of data at once, text or JSON; whether anybody still reads. Errors: as `out`."""
    text = mask(line) if isinstance(line, str) else json.dumps(masked(line), ensure_ascii=False)
    try:
        typer.echo(text)
    except BrokenPipeError:
        _discard(sys.stdout)
        return False
    return True


def is_read() -> bool:
    """Whether stdout has a reader: that of a pipe may have gone away (`amzsync … | head`)."""
    import select  # here, because only who waits for what comes asks it

    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return True
    waiting = select.poll()
    waiting.register(descriptor, 0)
    gone = select.POLLERR | select.POLLHUP | select.POLLNVAL
    return not any(event & gone for _, event in waiting.poll(0))


def say(text: str) -> None:
    """A line for people on stderr. Nobody there to hear it is no reason to fail."""
    try:
        typer.echo(mask(text), err=True)
    except OSError:
        _discard(sys.stderr)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Rows on stdout: a drawn table on a terminal, aligned plain text elsewhere.

    Errors: as `out`.
    """
    shown = [[mask(str(cell)) for cell in row] for row in rows]
    right = [
        bool(rows) and all(isinstance(row[n], int) for row in rows) for n in range(len(columns))
    ]
    if sys.stdout.isatty():
        _drawn(title, columns, shown, right)
    else:
        _write(_plain(title, columns, shown, right))


def moment(at: datetime) -> str:
    """A moment as people read it, UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def span(duration: timedelta) -> str:
    """How long something lasts, in the largest unit that fits: `40 s`, `12 min`, `8 h`, `3 d`."""
    seconds = abs(duration.total_seconds())
    for size, unit in _SPANS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def relative(at: datetime, now: datetime) -> str:
    """A moment with its distance from now: `… (8 h ago)`, `… (in 20 min)`."""
    return (
        f"{moment(at)} ({span(now - at)} ago)"
        if at <= now
        else f"{moment(at)} (in {span(at - now)})"
    )


def _write(text: str) -> None:
    try:
        typer.echo(text)
    except BrokenPipeError:
        # The reader went away (`amzsync … | head`). The run itself is what its exit code says.
        _discard(sys.stdout)
    except OSError:
        _discard(sys.stdout)
        raise


def _discard(stream: TextIO) -> None:
    """Let the interpreter's last flush succeed, or it would end with an exit code of its own."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def masked(value: Any) -> Any:
    """A JSON value with every text in it masked."""
    # Text by text, before it is JSON: a mask over the whole document could break it.
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: masked(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [masked(entry) for entry in value]
    return value


def _plain(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
) -> str:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([title, *(f"  {line(cells)}" for cells in (columns, *rows))])


def _drawn(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column, to_right in zip(columns, right, strict=True):
        drawn.add_column(column, justify="right" if to_right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))  # as Text: a SKU with [brackets] is no markup
    Console().print(drawn)
