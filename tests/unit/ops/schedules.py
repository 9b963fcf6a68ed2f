"""A channel with everything on, as the examples in the project's top folder have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amzsync.config import Config, load_config
from tests.unit.config.config_files import ENVIRON, FLAGS, config_text, write

NEEDED = """\
category_ids = "12466497031"
cargo_company_id = 1
order_start_date = "2026-01-01T00:00:00Z"
cancellation_reason_id = 1
default_reason_id = 2
"""


def all_on(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = "channel.toml") -> Path:
    """A config with every flag on; the variables it names are set."""
    for variable, value in ENVIRON.items():
        monkeypatch.setenv(variable, value)
    path = write(folder, config_text(NEEDED, on=FLAGS))
    return path.rename(folder / name)


def loaded(path: Path, channel_id: int = 42) -> Config:
    """The config, for that channel."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("channel_id = 42", f"channel_id = {channel_id}"))
    try:
        return load_config(path)
    finally:
        path.write_text(text)
