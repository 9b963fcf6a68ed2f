"""Amazon: the credentials, the marketplace, and what the application may call."""

from __future__ import annotations

from collections.abc import Iterator

from amzsync.amazon.models.sellers import MarketplaceParticipation
from amzsync.amazon.operations import GET_MARKETPLACE_PARTICIPATIONS
from amzsync.errors import AmzsyncError, AuthError
from amzsync.flows.flow import Context
from amzsync.ops.doctor.finding import Finding, ok, problem, unusable, warning
from amzsync.ops.doctor.roles import is_spare, of_roles

_LOGIN = "Login with Amazon"
_PARTICIPATIONS = GET_MARKETPLACE_PARTICIPATIONS.name


def of_amazon(ctx: Context) -> Iterator[Finding]:
    """The login is the key to everything else: without it nothing more is asked."""
    try:
        _new_token(ctx)
    except AuthError as error:
        message, _, cure = str(error).partition("): ")
        yield problem(_LOGIN, f"{message})", cure)
        return
    except AmzsyncError as error:
        yield unusable(_LOGIN, error, ctx.config.amazon.lwa_url)
        return
    yield ok(_LOGIN, "gives access tokens")
    if not is_spare(ctx, GET_MARKETPLACE_PARTICIPATIONS):
        yield ok("marketplace", f"unknown: {_PARTICIPATIONS} has no token to spare")
        yield from of_roles(ctx)
        return
    try:
        rows = ctx.amazon.sellers.get_marketplace_participations()
    except AuthError:
        yield from _without_sellers(ctx)
    except AmzsyncError as error:
        yield unusable("marketplace", error, ctx.config.base_url)
    else:
        yield from _participation(ctx, rows)
        yield from of_roles(ctx)


def _new_token(ctx: Context) -> None:
    signer = ctx.amazon.session.signer
    if signer is not None:
        # A new one: the token at hand would hide that the credentials changed for the worse.
        signer.renew(signer.headers())


def _without_sellers(ctx: Context) -> Iterator[Finding]:
    """One operation is refused; if all others are too, it is not for want of a role."""
    found = list(of_roles(ctx))
    if not any(finding.subject == "authorisation" for finding in found):
        cure = (
            "give the application a role with the Sellers API in Developer Central (Amazon's guide"
            ' names "Finance and Accounting"), then have the seller authorise it again'
        )
        yield problem(_PARTICIPATIONS, "Amazon refuses it (HTTP 403)", cure)
    yield from found


def _participation(ctx: Context, rows: list[MarketplaceParticipation]) -> Iterator[Finding]:
    subject, wanted = "marketplace", ctx.config.marketplace
    found = next((row for row in rows if row.marketplace.id == wanted.id), None)
    if found is None:
        others = ", ".join(sorted(row.marketplace.id for row in rows)) or "none"
        message = f"the seller does not sell in {wanted.id}; this account sells in: {others}"
        yield problem(subject, message, "set market_place_id to one of them")
        return
    yield ok(subject, f"{wanted.id} is a marketplace of the account")
    if not found.participation.is_participating:
        cure = "activate the marketplace in Seller Central"
        yield problem(subject, f"the seller does not take part in {wanted.id}", cure)
    if found.participation.has_suspended_listings:
        cure = "see Account Health in Seller Central"
        yield warning(subject, "the seller has suspended listings", cure)
    for what, ours, theirs in (
        ("country", wanted.country_code, found.marketplace.country_code),
        ("currency", wanted.currency, found.marketplace.default_currency_code),
    ):
        if ours != theirs:
            message = f"its {what} is {theirs} at Amazon, but {ours} is expected"
            yield problem(subject, message, "check market_place_id")
