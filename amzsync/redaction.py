"""The one place that keeps secrets and buyer data out of logs, errors, the journal and metrics.

Two nets: values we know to be private (`hide`), replaced wherever they turn up, and shapes that are
private whatever their value (tokens, e-mail addresses, phone numbers, signed URLs).
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from typing import Any

MASK = "***"
_SHORTEST = 2  # one letter is no secret, and masking it would garble every message

_SHAPES = (
    # Login with Amazon and restricted data tokens
    re.compile(r"At(?:za|zr|z\.sprdt|na)\|[^\s\"'&,}]+"),
    re.compile(r"(?i)(authorization:?\s*(?:token|bearer)\s+)[^\s\"',}]+"),
    re.compile(
        r"(?i)((?:client_secret|refresh_token|access_token|password|x-amz-access-token)"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,}]+"
    ),
    # the signature of a presigned document URL lets anybody read the document
    re.compile(r"(https?://[^\s\"'<>?]+\?)[^\s\"'<>]+"),
    re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"),
    # Phone numbers: written with a plus, or with the blanks and brackets people put in them. Plain
    # runs of digits are ids, and Amazon's order ids (3-7-7) have to stay readable.
    re.compile(r"\+\d[\d ().-]{7,}\d"),
    re.compile(r"(?<![\w-])\(?0\d{2,4}\)?[ .]\d{2,4}[ .]?\d{2}[ .]?\d{2,4}(?![\w-])"),
)

_lock = threading.Lock()
_known: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide(values: Iterable[str | None]) -> None:
    """Have these texts masked from now on, wherever they turn up."""
    global _pattern
    fresh = {value.strip() for value in values if value and len(value.strip()) >= _SHORTEST}
    with _lock:
        if not fresh <= _known:
            _known.update(fresh)
            _pattern = None


def forget() -> None:
    """Drop all known values; the start of another run in the same process."""
    global _pattern
    with _lock:
        _known.clear()
        _pattern = None


def mask(text: str) -> str:
    """The text without anything private."""
    known = _compiled()
    if known is not None:
        text = known.sub(MASK, text)
    for shape in _SHAPES:
        text = shape.sub(lambda match: (match[1] if match.lastindex else "") + MASK, text)
    return text


def _compiled() -> re.Pattern[str] | None:
    global _pattern
    with _lock:
        if _pattern is None and _known:
            longest_first = sorted(_known, key=len, reverse=True)
            # whole words only, so that a buyer called "Ay" does not blot out half of every message
            _pattern = re.compile(
                r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.IGNORECASE
            )
        return _pattern


class MaskingFormatter(logging.Formatter):
    """A log formatter whose every line, traceback included, has been masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The masked line."""
        return mask(super().format(record))


def validation_problems(error: Any) -> str:
    """A pydantic ValidationError in one line: where and what kind, never the offending value."""
    rows = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(map(str, row['loc'])) or 'body'}: {row['type']}" for row in rows[:5]]
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return "; ".join(shown) + more
