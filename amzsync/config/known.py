"""The settings there are: a walk over the models, for whoever has to name them all."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from amzsync.config.settings import Config

Path = tuple[str, ...]


def kinds(field: FieldInfo) -> tuple[Any, ...]:
    """The types a field may have; None's own left out."""
    annotation = field.annotation
    union = get_origin(annotation) in (Union, types.UnionType)
    found = get_args(annotation) if union else (annotation,)
    return tuple(
        get_args(kind)[0] if get_origin(kind) is Annotated else kind
        for kind in found
        if kind is not type(None)
    )


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table with fixed keys, else None."""
    kind = kinds(field)[0]
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def walk(model: type[BaseModel], prefix: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Every key below a model as the file spells it, tables before what is in them."""
    for name, field in model.model_fields.items():
        path = (*prefix, field.alias or name)
        yield path, field
        if (table := table_of(field)) is not None:
            yield from walk(table, path)


@cache
def fields() -> dict[Path, FieldInfo]:
    """All keys of the file, tables included."""
    return dict(walk(Config))


@cache
def settings() -> dict[Path, FieldInfo]:
    """All keys that hold a value; a table with keys of the user's own counts as one value."""
    return {path: field for path, field in fields().items() if table_of(field) is None}


@cache
def secrets() -> tuple[Path, ...]:
    """The settings whose value nobody may see."""
    return tuple(path for path, field in settings().items() if SecretStr in kinds(field))


def dotted(path: Path) -> str:
    """A key as messages show it."""
    return ".".join(path)


def value_at(values: object, path: Path) -> Any:
    """The value below nested tables, None where there is none."""
    for part in path:
        if not isinstance(values, dict):
            return None
        values = values.get(part)
    return values


def nearest(name: str, candidates: list[str]) -> str | None:
    """The candidate most like the name, None if none is like it."""
    import difflib  # here, because only a mistake needs it and every run would pay

    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return by_lower[found[0]] if found else None
