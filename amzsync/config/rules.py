"""Rules between settings. They look at the file's own values, so that they speak even while other
settings are wrong: every problem is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amzsync.config.findings import Findings
from amzsync.config.known import dotted, nearest, value_at
from amzsync.config.marketplaces import HOSTS, MARKETPLACES, Marketplace
from amzsync.config.types import LOOPBACK, split_url

# Settings the manual calls required and yet leaves blank, and the flag whose flow uses them.
# Products go to the nodes of the tree that category_ids names, hence the last line.
NEEDS: dict[str, tuple[str, ...]] = {
    "get_orders": ("cargo_company_id", "order_start_date"),
    "get_cancel_orders": ("cancellation_reason_id",),
    "get_refund_orders": ("default_reason_id",),
    "send_products": ("category_ids",),
}


def check(values: dict[str, Any], findings: Findings) -> None:
    """Report every rule the values break."""
    _needed_by_flags(values, findings)
    _base_url(values, _marketplace(values, findings), findings)
    _omnitron_url(values, findings)


def needed_by_flags(values: Mapping[str, Any]) -> dict[str, str]:
    """Settings that are blank although a flag needs them: setting -> that flag."""
    return {
        name: flag
        for flag, needed in NEEDS.items()
        if value_at(values, ("feature_flags", flag)) is True
        for name in needed
        if values.get(name) in (None, [])
    }


def _needed_by_flags(values: dict[str, Any], findings: Findings) -> None:
    for name, flag in needed_by_flags(values).items():
        findings.add(
            (name,),
            f"is required, because feature_flags.{flag} is true",
            f"fill in {name}, or set {dotted(('feature_flags', flag))} to false",
        )


def _marketplace(values: dict[str, Any], findings: Findings) -> Marketplace | None:
    given = values.get("market_place_id")
    if not isinstance(given, str) or given in MARKETPLACES:
        return MARKETPLACES.get(str(given))
    near = MARKETPLACES.get(nearest(given, list(MARKETPLACES)) or "") or _by_country(given)
    cure = (
        f"did you mean {near.id} ({near.country})?"
        if near
        else "take it from the list in config.example.toml"
    )
    findings.add(("market_place_id",), "is no marketplace of Amazon's", cure)
    return None


def _by_country(text: str) -> Marketplace | None:
    rows = MARKETPLACES.values()
    wanted = text.strip().lower()
    return next((m for m in rows if wanted in (m.country_code.lower(), m.country.lower())), None)


def _base_url(values: dict[str, Any], marketplace: Marketplace | None, findings: Findings) -> None:
    given = values.get("base_url")
    if not isinstance(given, str):
        return
    try:
        parts = split_url(given)
    except ValueError:
        return  # the model says so
    host = parts.hostname or ""
    if host in LOOPBACK:
        return
    right = HOSTS[marketplace.region] if marketplace else nearest(host, list(HOSTS.values()))
    cure = f'write base_url = "https://{right}"' if right else "see config.example.toml"
    if host.removeprefix("sandbox.") not in HOSTS.values():
        findings.add(("base_url",), "is no host of Amazon's Selling Partner API", cure)
    elif marketplace and host.removeprefix("sandbox.") != right:
        sandbox = "sandbox." if host.startswith("sandbox.") else ""
        findings.add(
            ("base_url",),
            f"does not serve market_place_id {marketplace.id} ({marketplace.country})",
            f'write base_url = "https://{sandbox}{right}"',
        )
    elif parts.path.strip("/") or parts.port not in (None, 443):
        findings.add(("base_url",), "must be the host alone", f'write base_url = "https://{host}"')


def _omnitron_url(values: dict[str, Any], findings: Findings) -> None:
    given = value_at(values, ("omnitron", "url"))
    if isinstance(given, str) and "/api/" in f"{given}/":
        findings.add(("omnitron", "url"), "must not hold /api/v1", "leave it out; amzsync adds it")
