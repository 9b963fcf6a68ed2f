"""From a file and the environment to a Config, or to one error with every problem in it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from amzsync.config import known, rules
from amzsync.config.brand_keys import TYPES, declared, take
from amzsync.config.document import Document, read
from amzsync.config.environment import overlay
from amzsync.config.findings import Findings
from amzsync.config.secrets import (
    CURE,
    UnresolvableError,
    is_reference,
    resolve,
    variable_of,
)
from amzsync.config.settings import Config, Provenance
from amzsync.errors import ConfigError
from amzsync.redaction import hide

# References are welcome here too, but the values are no secrets and may stand in any file.
_OPEN = (("client_id",), ("omnitron", "username"))
# Never used, so what they refer to need not exist.
_OBSOLETE = (("access_key",), ("secret_key",))


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a channel's file; environment variables AMZSYNC_* go before what it says.

    All secrets are known to `amzsync.redaction` afterwards.
    Errors: ConfigError with all problems, each with its key and, if it stands there, its line.
    """
    document = read(path)
    values = document.values
    schema = declared(values)
    variables, problems = overlay(
        values,
        environ,
        {key: TYPES[entry.get("data_type", "text")] for key, entry in schema.items()},
        _named_variables(values, environ),
    )
    findings = Findings(document, variables)
    findings.problems += problems
    _drop_blanks(values)
    extra = take(values, schema, findings)
    _drop_unknown(values, (), findings)
    given = _given(values) | {(key,) for key in extra}
    _resolve_secrets(values, document, variables, environ, findings)
    for table in ("feature_flags", "omnitron"):
        values.setdefault(table, {})  # so that what is missing in them is told key by key
    rules.check(values, findings)
    home = _state_home(environ)
    if home is None and known.value_at(values, ("state", "path")) is None:
        findings.add(("state", "path"), "is required: this user has no home", "set it")
    provenance = Provenance(path, home or Path(), _origins(given, variables, document), extra)
    try:
        config = Config.model_validate(values, context=provenance)
    except ValidationError as error:
        findings.invalid(error)
    if findings.problems:
        by_line = sorted(findings.problems, key=lambda p: (p.line is None, p.line or 0))
        raise ConfigError(by_line, str(path))
    return config


def _named_variables(values: dict[str, Any], environ: Mapping[str, str]) -> set[str]:
    """The environment variables that `env:` references lead to, wherever those stand."""
    in_file = (known.value_at(values, path) for path in (*known.secrets(), *_OPEN))
    names = map(variable_of, (*in_file, *environ.values()))
    return {name for name in names if name}


def _drop_blanks(values: dict[str, Any]) -> None:
    """A blank value means the default, as an empty field of Omnitron's form does."""
    for path in known.settings():
        table = known.value_at(values, path[:-1])
        if isinstance(table, dict):
            value = table.get(path[-1])
            if isinstance(value, str) and not value.strip():
                del table[path[-1]]


def _drop_unknown(values: dict[str, Any], prefix: known.Path, findings: Findings) -> None:
    """Report every key that does not exist, and take it out."""
    siblings = [path[-1] for path in known.fields() if path[:-1] == prefix]
    for name in list(values):
        path = (*prefix, name)
        field = known.fields().get(path)
        if field is None:
            findings.unknown(path, siblings)
            del values[name]
        elif known.table_of(field) is not None and isinstance(values[name], dict):
            _drop_unknown(values[name], path, findings)


def _given(values: dict[str, Any]) -> set[known.Path]:
    return {path for path in known.settings() if known.value_at(values, path) is not None}


def _origins(
    given: set[known.Path], variables: Mapping[known.Path, str], document: Document
) -> dict[str, str]:
    """Where each key's value comes from."""
    origins = {known.dotted(path): "default" for path in known.settings()}
    for path in given:
        name = variables.get(path)
        origin = f"environment {name}" if name else f"file line {document.line(path)}"
        origins[known.dotted(path)] = origin
    return origins


def _resolve_secrets(
    values: dict[str, Any],
    document: Document,
    variables: Mapping[known.Path, str],
    environ: Mapping[str, str],
    findings: Findings,
) -> None:
    """Put the secrets in the place of their references, wrapped so that they do not show."""
    for path in (*known.secrets(), *_OPEN):
        table = known.value_at(values, path[:-1])
        value = known.value_at(table, path[-1:])
        if not isinstance(value, str):
            continue
        if is_reference(value) and path not in _OBSOLETE:
            try:
                value = resolve(value, document.path.parent, environ)
            except UnresolvableError as error:
                findings.add(path, str(error), "make it available, or name another place")
                del table[path[-1]]
                continue
        elif path in _OPEN:
            continue
        elif not is_reference(value) and not document.private and path not in variables:
            findings.add(
                path,
                "is written out, in a file that other users may read",
                f"{CURE}, or make the file private: chmod 600 {document.path}",
            )
        hide([value])
        table[path[-1]] = value if path in _OPEN else SecretStr(value)


def _state_home(environ: Mapping[str, str]) -> Path | None:
    """The folder programs keep their state in; None for a user without a home.

    Source: XDG Base Directory Specification, where a relative path counts as none.
    """
    xdg = Path(environ.get("XDG_STATE_HOME", ""))
    if xdg.is_absolute():
        return xdg
    try:
        home = environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None
    return Path(home) / ".local" / "state"
