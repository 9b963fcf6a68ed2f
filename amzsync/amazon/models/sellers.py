"""Sellers v1: where the account sells. Source: sp-api.md §1.2."""

from __future__ import annotations

from amzsync.amazon.models.payload import Payload, Rows, Text


class Marketplace(Payload):
    """An Amazon marketplace with its currency and language."""

    id: str
    country_code: str
    name: Text = ""
    default_currency_code: Text = ""
    default_language_code: Text = ""
    domain_name: Text = ""


class Participation(Payload):
    """Whether the seller sells there, and whether listings are suspended."""

    is_participating: bool
    has_suspended_listings: bool


class MarketplaceParticipation(Payload):
    """A marketplace and the seller's standing in it."""

    marketplace: Marketplace
    participation: Participation
    store_name: Text = ""


class MarketplaceParticipations(Payload):
    """The answer of getMarketplaceParticipations."""

    payload: Rows[MarketplaceParticipation] = ()
