"""The effective settings, flat and without secrets, for people and programs to read."""

from __future__ import annotations

import re
from typing import Any

from amzsync.config.known import dotted, secrets, settings, value_at
from amzsync.config.settings import Config
from amzsync.config.toml_text import toml
from amzsync.redaction import MASK

# A brand may keep a credential of its ERP among its own keys; the name is all there is to go by.
_SECRET_NAME = re.compile(r"secret|password|token|key", re.IGNORECASE)


def effective(config: Config) -> dict[str, Any]:
    """Dotted key -> value, fit for JSON. Secrets are masked; None is a blank setting."""
    values = config.model_dump(mode="json", by_alias=True)
    found: dict[str, Any] = {}
    for path in settings():
        if isinstance(value_at(values, path[:-1]), dict):  # content types without a table have none
            found[dotted(path)] = value_at(values, path)
    for path in secrets():
        if found[dotted(path)] is not None:
            found[dotted(path)] = MASK
    for key, value in config.extra.items():
        found[key] = MASK if _SECRET_NAME.search(key) else value
    return found


def as_toml(config: Config, origins: bool) -> str:
    """The same as lines of TOML; with `origins`, each says where its value comes from."""
    lines = [f"# file {config.path}", f"# account {config.account}"]
    lines.append(f"# state file {config.state_path()}")
    for key, value in effective(config).items():
        origin = f"  # {config.origins[key]}" if origins else ""
        lines.append(f"{key} = {toml('' if value is None else value)}{origin}")
    return "\n".join(lines)
