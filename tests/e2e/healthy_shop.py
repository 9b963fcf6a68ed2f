"""A channel with nothing wrong: its flows have run, cron starts them, both sides know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.config import Config, load_config
from amzsync.errors import ConfigError
from amzsync.flows import FLOWS, Entry
from amzsync.ops.doctor import cron
from amzsync.state.state import State
from tests.shop import Shop

SETTINGS: dict[str, Any] = {
    "category_ids": "",
    "cancellation_reason_id": 10,
    "default_reason_id": 20,
    "amazon": {"client_secret_created_on": "2026-11-01"},
    "http": {"attempts": 1},
}


class Healthy:
    """The shop, and what of its surroundings a test may spoil."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shop = shop
        self.patch = monkeypatch
        self.omnitron = shop.sandbox.world.omnitron
        self.amazon = shop.sandbox.world.amazon
        self.channel = self.omnitron.channels[1]
        self.crontab = shop.folder / "crontab"
        monkeypatch.setattr(cron, "FOLDERS", ())
        monkeypatch.setattr(cron, "FILES", ())
        self._install_crontab(shop.folder / "bin")
        self.configure()

    def configure(self, flags: dict[str, bool] | None = None, **settings: Any) -> None:
        """Another config; every flow that is on has run since, and has its line in the crontab."""
        merged = {**SETTINGS, **settings}
        self.key = str(settings.get("omnitron", {}).get("channel_id", 1))
        for key in ("amazon", "http"):
            merged[key] = {**SETTINGS[key], **settings.get(key, {})}
        before = {"get_orders": True, "send_updated_product_stock": True}
        self.shop.configure({**before, **(flags or {})}, **merged)
        self.schedule()

    def schedule(self, *without: str) -> None:
        """Write the crontab anew, and journal a run of each flow in it."""
        entries = [entry for entry in self.on() if entry.name not in without]
        lines = (f"{e.cron} amzsync {e.command} --config {self.shop.config}" for e in entries)
        self.crontab.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for entry in self.on():
            self.ran(entry.name)

    def on(self) -> list[Entry]:
        """The flows that are on."""
        try:
            config = load_config(self.shop.config, {})
        except ConfigError:  # broken on purpose: it starts nothing
            return []
        return [entry for entry in FLOWS if entry.cron and not entry.why_off(config)]

    def ran(self, flow: str, code: int | None = 0, ago: float = 60, **ended: Any) -> None:
        """Journal a run of the flow, so many seconds ago; without a code it never ended."""
        began = self.shop.clock.now() - timedelta(seconds=ago)
        with self.state() as state:
            run = state.runs.begin(self.key, flow, began, dry_run=False)
            if code is not None:
                counts, error = ended.get("counts", {}), ended.get("error")
                state.runs.end(run, began, code, counts, {}, error)

    @contextmanager
    def state(self) -> Iterator[State]:
        """The state file, open."""
        state = State.open(self.shop.state, self.shop.clock)
        try:
            yield state
        finally:
            state.close()

    def config(self) -> Config:
        """The config as amzsync reads it."""
        return load_config(self.shop.config, {})

    def _install_crontab(self, folder: Path) -> None:
        folder.mkdir()
        program = folder / "crontab"
        program.write_text(f"#!/bin/sh\nexec cat '{self.crontab}'\n", encoding="utf-8")
        program.chmod(0o755)
        self.patch.setenv("PATH", str(folder), prepend=":")


Spoil = Callable[[Healthy], object]
