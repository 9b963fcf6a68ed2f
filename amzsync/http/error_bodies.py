"""What a far side says when it refuses: code and message out of the error bodies of both."""

from __future__ import annotations

from amzsync.redaction import mask

_SHOWN = 300  # characters of a far side's message that errors repeat
_UNNAMED = ("detail", "non_field_errors", "error", "error_description")


def error_text(data: object) -> tuple[str, str]:
    """(code, message) of an error body of either side, masked and cut; empty where it has none.

    Shapes: SP-API `{"errors":[{code, message, details}]}`, LWA `{error, error_description}`,
    Omnitron `{detail}`, `{non_field_errors: text | [text]}`, `{error}`, `{field: [text]}`, `code`.
    """
    if not isinstance(data, dict):
        return "", ""
    errors = data.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        first = errors[0]
        text = " ".join(str(first[key]) for key in ("message", "details") if first.get(key))
        return mask(str(first.get("code", "")))[:_SHOWN], mask(text)[:_SHOWN]
    code = str(data.get("code") or data.get("error") or "")
    rows = [
        _flat(value) if key in _UNNAMED else f"{key}: {_flat(value)}"
        for key, value in data.items()
        if key != "code" and value
    ]
    return mask(code)[:_SHOWN], mask("; ".join(rows))[:_SHOWN]


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
