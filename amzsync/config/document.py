"""The TOML file as it lies on the disk: its values, and on which line each key stands."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amzsync.errors import ConfigError, Problem

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A config file that could be read.

    `private` says that nobody but its owner may read it, so that secrets may stand in it.
    """

    path: Path
    values: dict[str, Any]
    lines: dict[tuple[str, ...], int]
    private: bool

    def line(self, path: tuple[str, ...]) -> int | None:
        """The line of a key, else of the table around it; None if neither is in the file."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read(path: Path) -> Document:
    """Read and parse a config file.

    Errors: ConfigError if it is not there, cannot be read or is not TOML.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read().decode("utf-8-sig")
    except FileNotFoundError:
        cure = "name it with --config or AMZSYNC_CONFIG, or make one with `amzsync config init`"
        raise ConfigError([Problem("file", "is not there", cure)], str(path)) from None
    except OSError as error:
        problem = Problem("file", f"cannot be read: {error.strerror}", "mend its path or its mode")
        raise ConfigError([problem], str(path)) from None
    except UnicodeDecodeError:
        problem = Problem("file", "is not UTF-8 text", "save it as UTF-8")
        raise ConfigError([problem], str(path)) from None
    return Document(path, _parse(text, path), key_lines(text), private=not mode & 0o077)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is no TOMLDecodeError
        message = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "unusable value"
        found = _AT_LINE.search(message)
        what = _AT_LINE.sub("", message) if found else message.replace(" (at end of document)", "")
        problem = Problem(
            "file",
            f"is not TOML: {what}",
            "text stands in quotes, true and false in small letters, each key once",
            int(found[1]) if found else None,
        )
        raise ConfigError([problem], str(path)) from None


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The line each key or table header first stands on, counted from 1.

    A plain scan: keys inside inline tables are not found, their table is.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    in_text = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not in_text:
            if header := _HEADER.match(line):
                table = _parts(header[1])
                lines.setdefault(table, number)
            elif key := _KEY.match(line):
                lines.setdefault((*table, *_parts(key[1])), number)
        if (line.count('"""') + line.count("'''")) % 2:
            in_text = not in_text
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
