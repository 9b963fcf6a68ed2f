"""Sellers: where the account sells. One token a minute: for set-up and doctor, not for flows."""

from __future__ import annotations

from amzsync.amazon.calls import Calls, read
from amzsync.amazon.models.sellers import MarketplaceParticipation, MarketplaceParticipations
from amzsync.amazon.operations import GET_MARKETPLACE_PARTICIPATIONS


class Sellers:
    """The account itself."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get_marketplace_participations(self) -> list[MarketplaceParticipation]:
        """The marketplaces of the account's region, and the seller's standing in each."""
        reply = self._calls.call(GET_MARKETPLACE_PARTICIPATIONS)
        return list(read(MarketplaceParticipations, GET_MARKETPLACE_PARTICIPATIONS, reply).payload)
