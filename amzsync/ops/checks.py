"""What `doctor` looks at on both far sides: a list of findings, never an exception.

Everything here reads; nothing is changed on either side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from amzsync.config import Config
from amzsync.errors import AmzsyncError, RemoteError
from amzsync.flows.flow import Context
from amzsync.omnitron.models.channels import Catalog, Channel

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and the cure where it needs one."""

    subject: str
    level: Level
    message: str
    cure: str = ""


def of_config(config: Config) -> Iterator[Finding]:
    """What the config allows but is worth knowing. It could be read, so it is valid."""
    yield Finding("config", "ok", f"{config.path} is valid")
    for notice in config.notices():
        yield Finding("config", "warning", notice)


def of_far_sides(ctx: Context) -> Iterator[Finding]:
    """Amazon first, then Omnitron. A side that lets nobody in is asked no further questions."""
    login = list(_chain(ctx.config.amazon.lwa_url, ("Login with Amazon", lambda: _token(ctx))))
    yield from login
    if all(finding.level == "ok" for finding in login):
        yield from _chain(ctx.config.base_url, ("marketplace", lambda: _participation(ctx)))
    yield from _chain(
        ctx.config.omnitron.url,
        ("Omnitron login", lambda: _omnitron_login(ctx)),
        ("channel", lambda: _channel(ctx)),
        ("cargo company", lambda: _cargo_company(ctx)),
        ("cancellation reasons", lambda: _reasons(ctx)),
    )


def unusable(subject: str, error: AmzsyncError, address: str = "") -> Finding:
    """What an error says of the thing that was looked at, and of the address it was looked at."""
    if not isinstance(error, RemoteError):
        return Finding(subject, "problem", str(error))
    cure = "try again; if it lasts, check the address and the network"
    return Finding(subject, "problem", f"{address}: {error}", cure)


def _chain(address: str, *checks: tuple[str, Callable[[], Iterable[Finding]]]) -> Iterator[Finding]:
    """The findings of each check of one side; the first is the key to all others."""
    for number, (subject, check) in enumerate(checks):
        try:
            yield from check()
        except AmzsyncError as error:
            yield unusable(subject, error, address)
            if number == 0:
                return


def _token(ctx: Context) -> Iterator[Finding]:
    signer = ctx.amazon.session.signer
    if signer is not None:
        # A new one: the token at hand would hide that the credentials changed for the worse.
        signer.renew(signer.headers())
    yield Finding("Login with Amazon", "ok", "gives access tokens")


def _participation(ctx: Context) -> Iterator[Finding]:
    subject, wanted = "marketplace", ctx.config.marketplace
    rows = ctx.amazon.sellers.get_marketplace_participations()
    found = next((row for row in rows if row.marketplace.id == wanted.id), None)
    if found is None:
        others = ", ".join(sorted(row.marketplace.id for row in rows)) or "none"
        message = f"the seller does not sell in {wanted.id}; this account sells in: {others}"
        yield Finding(subject, "problem", message, "set market_place_id to one of them")
        return
    yield Finding(subject, "ok", f"{wanted.id} is a marketplace of the account")
    if not found.participation.is_participating:
        cure = "activate the marketplace in Seller Central"
        yield Finding(subject, "problem", "the seller does not take part in it", cure)
    if found.participation.has_suspended_listings:
        cure = "see Account Health in Seller Central"
        yield Finding(subject, "warning", "the seller has suspended listings", cure)
    for what, ours, theirs in (
        ("country", wanted.country_code, found.marketplace.country_code),
        ("currency", wanted.currency, found.marketplace.default_currency_code),
    ):
        if ours != theirs:
            message = f"its {what} is {theirs} at Amazon, but {ours} is expected"
            yield Finding(subject, "problem", message, "check market_place_id")


def _omnitron_login(ctx: Context) -> Iterator[Finding]:
    ctx.omnitron.active_user()
    yield Finding("Omnitron login", "ok", f"{ctx.config.omnitron.url} lets the user in")


def _channel(ctx: Context) -> Iterator[Finding]:
    channel = ctx.omnitron.channels.get()
    if channel.is_active:
        yield Finding("channel", "ok", f"{channel.pk} is active")
    else:
        message = f"{channel.pk} is inactive, so no flow runs"
        yield Finding("channel", "warning", message, "activate it in Omnitron's settings")
    yield from _catalog(ctx, channel)


def _catalog(ctx: Context, channel: Channel) -> Iterator[Finding]:
    pk = ctx.config.omnitron.catalog_id or channel.catalog
    if pk is None:
        cure = "give it one in Omnitron, or set omnitron.catalog_id"
        yield Finding("catalog", "problem", "the channel has no catalog", cure)
        return
    catalog: Catalog = ctx.omnitron.catalogs.get(pk)
    missing = [
        name
        for name, value in (("stock list", catalog.stock_list), ("price list", catalog.price_list))
        if value is None
    ]
    if missing:
        message = f"{pk} has no {' and no '.join(missing)}"
        yield Finding("catalog", "problem", message, "complete the catalog in Omnitron")
    else:
        yield Finding("catalog", "ok", f"{pk} has a stock list and a price list")


def _cargo_company(ctx: Context) -> Iterator[Finding]:
    wanted = ctx.config.cargo_company_id
    if wanted is None:
        return
    rows = ctx.omnitron.cargos.all()
    if any(row.pk == wanted for row in rows):
        yield Finding("cargo company", "ok", f"{wanted} exists")
        return
    known = ", ".join(f"{row.pk} {row.name}" for row in rows) or "none"
    message = f"cargo_company_id {wanted} does not exist; Omnitron has: {known}"
    yield Finding("cargo company", "problem", message, "set cargo_company_id to one of them")


def _reasons(ctx: Context) -> Iterator[Finding]:
    config = ctx.config
    refunds = {"default_reason_id": config.default_reason_id} | {
        f"refund_reason_mapping.{key}": pk for key, pk in config.refund_reason_mapping.items()
    }
    for kind, wanted in (
        ("cancel", {"cancellation_reason_id": config.cancellation_reason_id}),
        ("refund", refunds),
    ):
        asked = {key: pk for key, pk in wanted.items() if pk is not None}
        if not asked:
            continue
        known = {row.pk for row in ctx.omnitron.orders.cancellation_reasons(kind)}
        missing = [f"{key} = {pk}" for key, pk in asked.items() if pk not in known]
        subject = f"{kind} reasons"
        if missing:
            ids = ", ".join(map(str, sorted(known))) or "none"
            message = f"Omnitron does not have {', '.join(missing)}; it has: {ids}"
            yield Finding(subject, "problem", message, "set them to ids it has")
        else:
            yield Finding(subject, "ok", f"{len(asked)} configured, all exist")
