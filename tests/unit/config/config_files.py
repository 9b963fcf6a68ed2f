"""Config files for the tests: a small one that is in order, and ways to break it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from amzsync.config import Config, load_config
from amzsync.errors import ConfigError, Problem

SECRETS = ("canary-client-secret", "Atzr|canary-refresh-token", "canary-password")

ENVIRON = {
    "AMAZON_CLIENT_SECRET": SECRETS[0],
    "AMAZON_REFRESH_TOKEN": SECRETS[1],
    "OMNITRON_PASSWORD": SECRETS[2],
    "HOME": "/home/nobody",
}

TOP = """\
channel_name = "Amazon:1_Channel"
base_url = "https://sellingpartnerapi-eu.amazon.com"
client_id = "amzn1.application-oa2-client.0123"
client_secret = "env:AMAZON_CLIENT_SECRET"
market_place_id = "A33AVAJ2PDY3EV"
refresh_token = "env:AMAZON_REFRESH_TOKEN"
seller_id = "A2EXAMPLESELLER"
"""

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

OMNITRON = """\
[omnitron]
url = "https://brand.omnitron.example"
username = "amzsync"
password = "env:OMNITRON_PASSWORD"
channel_id = 42
"""


def config_text(top: str = "", tables: str = "", on: tuple[str, ...] = ()) -> str:
    """A file that is in order, with more settings at its top and more tables at its end."""
    flags = "".join(f"{flag} = {'true' if flag in on else 'false'}\n" for flag in FLAGS)
    return f"{TOP}{top}\n[feature_flags]\n{flags}\n{OMNITRON}\n{tables}\n"


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """The text as a file."""
    path = folder / "amzsync.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def loaded(
    folder: Path, text: str, environ: Mapping[str, str] | None = None, mode: int = 0o600
) -> Config:
    """What the text comes to."""
    return load_config(write(folder, text, mode), {**ENVIRON, **(environ or {})})


def problems(
    folder: Path, text: str, environ: Mapping[str, str] | None = None, mode: int = 0o600
) -> dict[str, Problem]:
    """What is wrong with the text, by key."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ, mode)
    found = {problem.key: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems), "a key was reported twice"
    return found
