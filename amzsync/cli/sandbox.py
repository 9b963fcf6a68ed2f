"""`amzsync sandbox`: both far sides on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli.options import Verbose
from amzsync.cli.printing import say, verbatim
from amzsync.config import FeatureFlags
from amzsync.config.toml_text import toml
from amzsync.errors import UsageError

if TYPE_CHECKING:
    from amzsync.sandbox.server import Sandbox

# As the sandbox's Omnitron has them, and a main category of its Amazon's.
CANCELLATION_REASON, REFUND_REASON = 10, 20
CATEGORY_IDS = "21324944031"

app = typer.Typer(rich_markup_mode=None, add_completion=False)

FLAGS_ON = (
    "get_orders",
    "get_cancel_orders",
    "get_refund_orders",
    "get_updated_orders",
    "send_products",
    "send_delete_products",
    "send_update_orders",
    "send_updated_product_price",
    "send_updated_product_stock",
)


def command(_name: str) -> Any:
    """The `sandbox` command."""
    return typer.main.get_command(app)


@app.command()
def sandbox(
    orders: Annotated[
        int, typer.Option("--orders", min=0, metavar="N", help="Orders on Amazon's side.")
    ] = 100,
    skus: Annotated[
        int, typer.Option("--skus", min=0, metavar="N", help="Products both sides know.")
    ] = 100,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Another seed, another world.")
    ] = 1,
    latency: Annotated[
        float,
        typer.Option("--latency", min=0, metavar="SECONDS", help="Added to every answer."),
    ] = 0,
    time_scale: Annotated[
        float,
        typer.Option(
            "--time-scale", min=0.001, metavar="FACTOR", help="How much faster time goes there."
        ),
    ] = 1,
    amazon_port: Annotated[
        int, typer.Option("--amazon-port", min=0, max=65535, metavar="PORT", help="0: a free one.")
    ] = 0,
    omnitron_port: Annotated[
        int,
        typer.Option("--omnitron-port", min=0, max=65535, metavar="PORT", help="0: a free one."),
    ] = 0,
    config_to: Annotated[
        Path | None,
        typer.Option("--config-to", metavar="PATH", help="Write a config that is ready to use."),
    ] = None,
    verbose: Verbose = 0,
) -> int:
    """Serve Amazon's and Omnitron's side on loopback until Ctrl-C, with orders and products."""
    from amzsync.sandbox.server import Sandbox

    try:
        served = Sandbox(
            orders,
            skus,
            seed,
            latency=latency,
            time_scale=time_scale,
            amazon_port=amazon_port,
            omnitron_port=omnitron_port,
        )
    except OSError as error:
        ports = f"{amazon_port} and {omnitron_port}"
        raise UsageError(f"ports {ports} cannot be served: {error.strerror}") from error
    if config_to is not None:
        write_config(config_to, config_text(served))
    with served:
        verbatim(_told(served, config_to))
        return 128 + _wait()


def config_text(served: Sandbox, **settings: Any) -> str:
    """The config of channel 1 of this sandbox, ready to use, with these top-level settings."""
    known = served.credentials
    plain = {
        "channel_name": "Amazon:1_Channel",  # as its Omnitron calls it
        "base_url": served.amazon_url,
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "refresh_token": known.refresh_token,
        "seller_id": known.seller_id,
        "market_place_id": known.marketplace_id,
        "cargo_company_id": 4,
        "order_start_date": "2020-01-01T00:00:00Z",
        "cancellation_reason_id": CANCELLATION_REASON,
        "default_reason_id": REFUND_REASON,
        "category_ids": CATEGORY_IDS,
        **settings,
    }
    tables: dict[str, dict[str, Any]] = {
        "feature_flags": {flag: flag in FLAGS_ON for flag in FeatureFlags.model_fields},
        "omnitron": {
            "url": served.omnitron_url,
            "username": known.omnitron_username,
            "password": known.omnitron_password,
            "channel_id": known.omnitron_channel_id,
        },
        "amazon": {"lwa_url": served.lwa_url},
        "state": {"path": "amzsync-sandbox.db"},
    }
    lines = ["# One channel of an amzsync sandbox; its secrets open nothing else."]
    lines += [f"{key} = {toml(value)}" for key, value in plain.items()]
    for name, values in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {toml(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def write_config(path: Path, text: str) -> None:
    """A new file that only its owner may read. Errors: UsageError, also if it is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; name another file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _told(served: Sandbox, config: Path | None) -> str:
    """Where it is and how a config gets there."""
    known = served.credentials
    lines = [
        f"Amazon    {served.amazon_url}",
        f"  lwa_url          {served.lwa_url}",
        f"  client_id        {known.client_id}",
        f"  client_secret    {known.client_secret}",
        f"  refresh_token    {known.refresh_token}",
        f"  seller_id        {known.seller_id}",
        f"  market_place_id  {known.marketplace_id}",
        f"Omnitron  {served.omnitron_url}",
        f"  username         {known.omnitron_username}",
        f"  password         {known.omnitron_password}",
        f"  channel_id       {known.omnitron_channel_id}",
        f"Control   {served.amazon_url}/_sandbox/state (see amzsync.sandbox.control)",
    ]
    if config is not None:
        lines.append(f"Try it:   amzsync orders pull --config {shlex.quote(str(config))}")
    else:
        lines.append("Config:   put these values into one, or let --config-to PATH write it")
    return "\n".join(lines)


def _wait() -> int:
    """The signal that ended the wait: SIGINT or SIGTERM."""
    came = threading.Event()
    caught: list[int] = []

    def stop(signum: int, _frame: object) -> None:
        caught.append(signum)
        came.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    say("serving until Ctrl-C")
    came.wait()
    return caught[0]
