"""How the page writes texts, numbers and moments. Whatever comes from outside is escaped here."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from amzsync.redaction import mask

_MARKED = re.compile(r"`([^`]+)`")
# Up to the end of the clause; what is in quotes belongs to it.
_COMMAND = re.compile(r"""\b(amzsync (?:'[^']*'|"[^"]*"|(?!, |; )[^'"])+)""")
_CONTROLS = {code: " " for code in (*range(32), 127) if chr(code) not in "\t\n"}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def plain(value: str) -> str:
    """A text from outside, masked and without the control characters HTML has no place for."""
    return mask(value).translate(_CONTROLS).encode(errors="replace").decode()


def text(value: str) -> str:
    """A text from outside as HTML, fit for content and for attributes in double quotes."""
    return html.escape(plain(value))


def isolated(value: str) -> str:
    """A text as HTML whose writing direction does not disturb its neighbours'."""
    return f"<bdi>{text(value)}</bdi>"


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}".replace("-", "\N{MINUS SIGN}")


def change(value: int) -> str:
    """A number as a step up or down."""
    return f"+{number(value)}" if value > 0 else number(value)


def counted(count: int, one: str, many: str) -> str:
    """A number with its noun: `1 run`, `2 runs`."""
    return f"{number(count)} {one if count == 1 else many}"


def moment(at: datetime) -> str:
    """A moment as HTML, UTC."""
    utc = at.astimezone(UTC)
    return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%Y-%m-%d %H:%M} UTC</time>'


def short(at: datetime) -> str:
    """A moment as charts write it, UTC: `7 Nov 18:04`."""
    utc = at.astimezone(UTC)
    return f"{day(utc.date())} {utc:%H:%M}"


def day(value: date) -> str:
    """A day as the charts write it: `7 Nov`."""
    return f"{value.day} {value:%b}"


def age(lasting: timedelta) -> str:
    """How long something has lasted, in its two largest units: `3 d 4 h`, `12 min`."""
    left = max(0, int(lasting.total_seconds()))
    parts = []
    for size, unit in _UNITS:
        if left >= size:
            parts.append(f"{left // size} {unit}")
        left %= size
    return " ".join(parts[:2]) or "less than a minute"


def cure_parts(cure: str) -> Sequence[str]:
    """A cure, masked already, in pieces: words and commands by turns, words first.

    Where nothing stands in backticks, a command goes from `amzsync` to the end of its clause.
    """
    pieces = (_MARKED if "`" in cure else _COMMAND).split(cure)
    return pieces if pieces[-1] else pieces[:-1]


def cure(value: str) -> str:
    """A cure, masked already, as HTML: its commands can be told from its words, and copied."""
    return _html(cure_parts(value))


def note(value: str) -> str:
    """A note as HTML. Only backticks make a command here: a sentence may go on after its name."""
    return _html(_MARKED.split(plain(value)))


def _html(parts: Sequence[str]) -> str:
    pieces = []
    for index, part in enumerate(parts):
        escaped = html.escape(part)
        if index % 2:
            pieces.append(f'<code class="command">{escaped}</code>')
        elif escaped:
            pieces.append(f"<bdi>{escaped}</bdi>")
    return "".join(pieces)
