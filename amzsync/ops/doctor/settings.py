"""The config file: what is wrong with it, what is obsolete, and what each flag rests on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from amzsync.config import Config
from amzsync.config.listing import effective
from amzsync.config.toml_text import toml
from amzsync.errors import ConfigError
from amzsync.ops.doctor.finding import Finding, ok, problem, warning

# The manual's sentences "Before activating this flag, the settings … must be properly configured".
BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "get_orders": (
        "cargo_company_id",
        "use_neighborhood",
        "send_shipping_info",
        "order_number_format",
        "exclude_cargo_company_ids",
        "order_start_date",
        "use_channel_id_in_address_mapping",
    ),
    "get_cancel_orders": ("cancellation_reason_id",),
    "get_refund_orders": (
        "default_reason_id",
        "refund_reason_mapping",
        "refund_start_date",
        "order_refundable_days",
    ),
    "send_update_orders": ("send_shipping_info", "shipping_company_mapping"),
    "send_products": ("buffer_stock",),
    "get_updated_orders": ("send_shipping_info",),
    "send_updated_product_stock": ("buffer_stock",),
}

SECRET_LIFE: Final = timedelta(days=180)  # of Login with Amazon's client secrets
_NOTICE: Final = timedelta(days=30)  # rotating one takes people, who take days
_ROTATE: Final = (
    "rotate the secret in Developer Central, put the new one where client_secret says, and its day"
    " into [amazon] client_secret_created_on"
)


def of_error(error: ConfigError) -> Iterator[Finding]:
    """A config that cannot be used: each of its problems."""
    for row in error.problems:
        where = f", line {row.line}" if row.line is not None else ""
        cure = row.cure or "see its comment in config.example.toml"
        yield problem(row.key, f"{row.message} ({error.path}{where})", cure)


def of_config(config: Config, today: date) -> Iterator[Finding]:
    """A config that can be used, and is worth a word all the same."""
    yield ok("config", f"{config.path} is valid")
    yield from _notices(config)
    yield from _flags(config)
    yield _secret_age(config, today)


def _notices(config: Config) -> Iterator[Finding]:
    for notice in config.notices():
        key, _, rest = notice.partition(" ")
        if key == "shipping_company_mapping":
            cure = "name Amazon's carrier for each of your shipping companies there"
            yield problem(key, rest, cure)
        else:
            yield warning(key, rest, f"take {key} out of {config.path}")


def _flags(config: Config) -> Iterator[Finding]:
    values = effective(config)
    for flag, settings in BEFORE.items():
        if not config.flag(flag):
            continue
        shown = ", ".join(f"{name} {_shown(values, name)}" for name in settings)
        yield ok(flag, f"is on, with {shown}")


def _shown(values: dict[str, Any], name: str) -> str:
    value = values[name]
    return "blank" if value in (None, "", [], {}) else f"= {toml(value)}"


def _secret_age(config: Config, today: date) -> Finding:
    subject, made = "client secret's age", config.amazon.client_secret_created_on
    if made is None:
        return ok(subject, "unknown, as [amazon] client_secret_created_on is blank")
    ends = made + SECRET_LIFE
    if made > today:
        cure = "write the day Developer Central shows"
        return warning(subject, f"client_secret_created_on {made} is yet to come", cure)
    if ends <= today:
        return problem(subject, f"made on {made}, it ended on {ends}", _ROTATE)
    if ends - today <= _NOTICE:
        left = (ends - today).days
        return warning(subject, f"made on {made}, it ends in {left} days, on {ends}", _ROTATE)
    return ok(subject, f"made on {made}, it ends on {ends}")
