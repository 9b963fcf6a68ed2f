"""Values written as TOML; the standard library only reads it."""

from __future__ import annotations

import json
import re
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml(value: Any) -> str:
    """The value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(entry) for entry in value) + "]"
    if isinstance(value, dict):
        rows = ", ".join(f"{toml_key(key)} = {toml(entry)}" for key, entry in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    # JSON's escapes are a part of TOML's, but TOML wants U+007F escaped as well.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """A key, in quotes where TOML needs them."""
    return key if _BARE.fullmatch(key) else toml(key)
