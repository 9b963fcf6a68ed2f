"""AMZSYNC_* variables laid over the file's values: AMZSYNC_OMNITRON__URL is [omnitron] url."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, get_origin

from pydantic.fields import FieldInfo

from amzsync.config.known import Path, kinds, nearest, settings
from amzsync.errors import Problem

PREFIX = "AMZSYNC_"

# Variables that stand for options of the command line, not for settings.
RESERVED = frozenset(
    {
        "CONFIG",
        "DRY_RUN",
        "FORCE",
        "JSON",
        "LIMIT",
        "LOCK_WAIT",
        "MAX_RUNTIME",
        "ONLY",
        "QUIET",
        "VERBOSE",
    }
)

_WORDS = {"true": True, "1": True, "false": False, "0": False}


def variable(path: Path) -> str:
    """The variable of a setting."""
    return PREFIX + "__".join(path).upper()


def overlay(
    values: dict[str, Any],
    environ: Mapping[str, str],
    extra: Mapping[str, type],
    referenced: Iterable[str],
) -> tuple[dict[Path, str], list[Problem]]:
    """Put the variables' values into `values`.

    `extra` are the brand's own keys with their types; `referenced` are variables that `env:` names,
    which are no settings whatever they are called. Gives the variable of every key that was set.
    """
    known = _variables() | {variable((key,)): ((key,), (kind,)) for key, kind in extra.items()}
    skipped = {PREFIX + name for name in RESERVED}.union(referenced)
    origins: dict[Path, str] = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in skipped:
            continue
        if name not in known:
            problems.append(_unknown(name, list(known)))
            continue
        path, types = known[name]
        if _place(values, path, typed(environ[name], types)):
            origins[path] = name
    return origins, problems


@cache
def _variables() -> dict[str, tuple[Path, tuple[Any, ...]]]:
    """The setting each variable stands for, and the types it may have."""
    return {variable(path): (path, _types(field)) for path, field in settings().items()}


def typed(text: str, types: tuple[Any, ...]) -> Any:
    """The text as the type its setting has; the text itself if it is not like that type."""
    word = text.strip()
    if bool in types:
        return _WORDS.get(word.lower(), text)
    if int in types and word.lstrip("-").isascii() and word.lstrip("-").isdigit():
        return int(word)
    if float in types:
        try:
            return float(word)
        except ValueError:
            return text
    if dict in types or list in types or tuple in types:
        try:
            value = tomllib.loads(f"value = {word}")["value"]
        except ValueError:
            return text
        return value if isinstance(value, dict | list) else text  # "132" is a list's short form
    return text


def _types(field: FieldInfo) -> tuple[Any, ...]:
    return tuple(get_origin(kind) or kind for kind in kinds(field))


def _place(values: dict[str, Any], path: Path, value: Any) -> bool:
    table: Any = values
    for part in path[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            return False  # the file has a value where a table should be; that is reported as such
    table[path[-1]] = value
    return True


def _unknown(name: str, known: list[str]) -> Problem:
    # Compared without the prefix, which would make any two of them look alike.
    near = nearest(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known])
    cure = f"did you mean {PREFIX}{near}?" if near else "remove it from the environment"
    return Problem(name, "this environment variable is no setting of amzsync", cure)
