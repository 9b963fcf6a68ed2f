"""Sellers v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import MARKETPLACES, Marketplace
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld


def get_marketplace_participations(_world: AmazonWorld, _request: Request) -> Reply:
    """Every marketplace of the account."""
    return Reply(200, {"payload": [_participation(market) for market in MARKETPLACES.values()]})


def _participation(market: Marketplace) -> dict[str, Any]:
    return {
        "marketplace": {
            "id": market.id,
            "name": market.name,
            "countryCode": market.country,
            "defaultCurrencyCode": market.currency,
            "defaultLanguageCode": market.language,
            "domainName": market.domain,
        },
        "storeName": "Sandbox Store",
        "participation": {
            "isParticipating": market.participating,
            "hasSuspendedListings": False,
        },
    }


ROUTES = [
    Route(
        "GET",
        "/sellers/v1/marketplaceParticipations",
        "getMarketplaceParticipations",
        get_marketplace_participations,
    )
]
