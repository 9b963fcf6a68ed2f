"""Durations as people write them on the command line."""

from __future__ import annotations

import re
from datetime import timedelta

from amzsync.errors import UsageError

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_PART = re.compile(r"(\d{1,6}) ?(s|min|m|h|d|w)")


def duration(text: str) -> timedelta:
    """The duration of `90s`, `30min`, `2h`, `3d`, `1w`, or several: `1d12h`. Errors: UsageError."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise UsageError(f"{text!r} is no duration; write 90s, 30min, 2h, 3d or 1d12h")
    return sum((int(count) * _UNITS[unit] for count, unit in parts), timedelta())
