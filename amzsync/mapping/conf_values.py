"""Values people typed into Omnitron's form, as a config file writes them.

The form knows text, and people know words: booleans come as "Inactive" or "1", numbers as text,
tables as JSON in a text, with the curly quotes a word processor put there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from amzsync.config.known import kinds, table_of

_WORDS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on", "active", "evet", "aktif"), True),
    **dict.fromkeys(("false", "0", "no", "off", "inactive", "hayır", "pasif", "none"), False),
}
_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"'})


def is_blank(value: Any) -> bool:
    """Whether nothing was typed."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def as_setting(field: FieldInfo, value: Any) -> Any:
    """The value as the setting's type is written in a file.

    Errors: ValueError that says what it should be, and repeats nothing of it.
    """
    if (table := table_of(field)) is not None:
        return as_model(table, value)
    kind = kinds(field)[0]
    convert: Callable[[Any], Any] = _CONVERSIONS.get(get_origin(kind) or kind, _text)
    return convert(value)


def as_model(model: type[BaseModel], value: Any) -> dict[str, Any]:
    """A table with fixed keys; keys it does not have are left out, see `strangers`."""
    table, found = _table(value), {}
    for name, field in model.model_fields.items():
        key = _spelling(table, field.alias or name)
        if key is not None and not is_blank(table[key]):
            found[field.alias or name] = as_setting(field, table[key])
    return found


def strangers(model: type[BaseModel], value: Any) -> Iterator[str]:
    """The keys of a table that its model does not have, dotted. Errors: as `as_setting`."""
    known = {(each.alias or name).casefold(): each for name, each in model.model_fields.items()}
    for key, row in _table(value).items():
        field = known.get(key.casefold())
        if field is None:
            yield key
        elif (table := table_of(field)) is not None and not is_blank(row):
            yield from (f"{key}.{inner}" for inner in strangers(table, row))


def _spelling(table: dict[str, Any], wanted: str) -> str | None:
    return next((key for key in table if key.casefold() == wanted.casefold()), None)


def _bool(value: Any) -> bool:
    word = str(value).strip().casefold() if isinstance(value, str | bool | int) else ""
    if word not in _WORDS:
        raise ValueError("must be true or false")
    return _WORDS[word]


def _int(value: Any) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise ValueError("must be a whole number")
    return value


def _text(value: Any) -> str:
    if type(value) not in (str, int):
        raise ValueError("must be text")
    return str(value).strip()


def _moment(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueError("must look like 2024-08-29T14:30:00Z (UTC)") from None
    if moment.tzinfo is None:
        raise ValueError("lacks its time zone: it must look like 2024-08-29T14:30:00Z (UTC)")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _list(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith("["):
        value = _json(value)
    if isinstance(value, list):
        return [_text(part) for part in value if not is_blank(part)]
    return " ".join(_text(value).replace(";", ",").split())


def _users_table(value: Any) -> dict[str, Any]:
    """A table of the brand's own keys; numbers in text are numbers."""
    rows = {str(key).strip(): row for key, row in _table(value).items() if not is_blank(row)}
    return {
        key: int(row) if isinstance(row, str) and row.strip().isdecimal() else row
        for key, row in rows.items()
    }


def _table(value: Any) -> dict[str, Any]:
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("must be a table (JSON in braces)")
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text.translate(_QUOTES))
    except ValueError:
        raise ValueError("must be JSON, and this text is none") from None


def as_brands(data_type: str, value: Any) -> Any:
    """The value of a key the brand added. Errors: as `as_setting`."""
    return _BRANDS[data_type](value)


def _brands_list(value: Any) -> list[Any]:
    found = _list(value)
    return found if isinstance(found, list) else found.replace(",", " ").split()


_CONVERSIONS: Final[dict[Any, Callable[[Any], Any]]] = {
    bool: _bool,
    int: _int,
    str: _text,
    SecretStr: _text,
    datetime: _moment,
    tuple: _list,
    dict: _users_table,
}
_BRANDS: Final[dict[str, Callable[[Any], Any]]] = {
    "bool": _bool,
    "integer": _int,
    "json": _table,
    "list": _brands_list,
    "text": _text,
}
