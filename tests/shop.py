"""A shop under test: one channel's config and state, the sandbox, and the command line.

Runs are in-process, with a clock the test owns and the sandbox shares: waiting costs no time.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections import Counter
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import typer

from amzsync.cli import flows
from amzsync.cli.app import run
from amzsync.clock import Clock
from amzsync.sandbox.server import Sandbox

FLAGS = (
    "get_orders",
    "schema_update",
    "send_products",
    "get_cancel_orders",
    "get_refund_orders",
    "get_updated_orders",
    "send_update_orders",
    "send_delete_products",
    "send_updated_product_price",
    "send_updated_product_stock",
)
# What a process of cron does once, for its one run; thousands of runs in one process need no more.
typer.main.get_command = lru_cache(64)(typer.main.get_command)
flows.command = cache(flows.command)
STARTED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeClock(Clock):
    """A clock that stands still until it is moved; sleeping moves it."""

    def __init__(self, at: datetime = STARTED) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it was moved to."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move on by that many seconds."""
        self.at += timedelta(seconds=seconds)

    def advance(self, **delta: float) -> None:
        """Move on, as timedelta spells it: `advance(minutes=5)`."""
        self.at += timedelta(**delta)


@dataclass(frozen=True)
class Ran:
    """What one command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as JSON."""
        value: dict[str, Any] = json.loads(self.out)
        return value


class Shop:
    """One channel against a sandbox."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock, folder: Path, channel: int = 1) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.folder = folder
        self.channel = channel
        self.config = folder / f"channel-{channel}.toml"
        self.state = folder / "state.db"
        self.configure()

    def configure(self, flags: dict[str, bool] | None = None, **settings: Any) -> None:
        """Write the config file: a working channel, with these settings on top.

        A dict is a TOML table; keys of a table are merged into the working one's.
        """
        known = self.sandbox.credentials
        on = {"get_orders": True, "send_updated_product_stock": True, **(flags or {})}
        values: dict[str, Any] = {
            "channel_name": f"Amazon:{self.channel}_Channel",
            "base_url": self.sandbox.amazon_url,
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "refresh_token": known.refresh_token,
            "seller_id": known.seller_id,
            "market_place_id": known.marketplace_id,
            "is_fba_channel": self.channel == 2,
            "cargo_company_id": 4,
            "order_start_date": "2026-01-01T00:00:00Z",
            "cancellation_reason_id": 10,
            "default_reason_id": 20,
            "category_ids": "21324944031",
            "feature_flags": {flag: on.get(flag, False) for flag in FLAGS},
            "omnitron": {
                "url": self.sandbox.omnitron_url,
                "username": known.omnitron_username,
                "password": known.omnitron_password,
                "channel_id": self.channel,
            },
            "amazon": {"lwa_url": self.sandbox.lwa_url},
            "state": {"path": str(self.state)},
        }
        for key, value in settings.items():
            values[key] = {**values.get(key, {}), **value} if isinstance(value, dict) else value
        self.config.touch(0o600)
        self.config.write_text(to_toml(values), encoding="utf-8")

    def run(self, *argv: str) -> Ran:
        """Run one command line on this channel, as cron would: no terminal."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*argv, "--config", str(self.config)], self.clock)
        return Ran(code, out.getvalue(), err.getvalue())

    def calls(self, side: str | None = None) -> Counter[str]:
        """Calls by operation since the last `forget_calls`."""
        exchanges = self.sandbox.exchanges
        return Counter(row.operation for row in exchanges if side in (None, row.side))

    def forget_calls(self) -> None:
        """Start counting anew."""
        with self.sandbox.lock:
            self.sandbox.journal.clear()

    def rows(self, sql: str, *params: object) -> list[dict[str, Any]]:
        """Rows of the state file, read by SQLite itself."""
        with closing(sqlite3.connect(self.state)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, params)]

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every table of the state file, for comparing before and after."""
        tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {row["name"]: self.rows(f"SELECT * FROM {row['name']}") for row in tables}  # noqa: S608 - our own table names


def to_toml(values: dict[str, Any]) -> str:
    """A TOML document of plain keys and one level of tables below them."""
    plain = [f"{key} = {_toml(value)}" for key, value in values.items() if not _is_table(value)]
    tables = [_table(key, value) for key, value in values.items() if _is_table(value)]
    return "\n".join([*plain, *tables]) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _table(name: str, values: dict[str, Any]) -> str:
    lines = [f"\n[{name}]"]
    lines += [f"{key} = {_toml(value)}" for key, value in values.items() if not _is_table(value)]
    lines += [_table(f"{name}.{key}", value) for key, value in values.items() if _is_table(value)]
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False)
