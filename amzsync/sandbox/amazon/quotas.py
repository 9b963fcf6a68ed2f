"""Usage plans: the documented rate and burst of every operation served, and their buckets.

Source: the operation descriptions of the SP-API models of 2026-08-05; where the rate-limit page of
Listings Items states less than the model, the lower figure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from amzsync.sandbox.amazon.replies import ApiError

# operation -> (tokens per second, burst)
PLANS: dict[str, tuple[float, float]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2, 10),
    "getListingsItem": (5, 5),
    "putListingsItem": (5, 5),
    "patchListingsItem": (5, 5),
    "deleteListingsItem": (5, 5),
    "searchListingsItems": (5, 5),
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeed": (2, 15),
    "getFeeds": (0.0222, 10),
    "getFeedDocument": (0.0222, 10),
    "cancelFeed": (2, 15),
    "createReport": (0.0167, 15),
    "getReport": (2, 15),
    "getReports": (0.0222, 10),
    "getReportDocument": (0.0167, 15),
    "searchDefinitionsProductTypes": (5, 10),
    "getDefinitionsProductType": (5, 10),
    "getMarketplaceParticipations": (0.016, 15),
    "getInventorySummaries": (2, 2),
    # Not an operation: this feed type may be submitted five times in five minutes.
    "JSON_LISTINGS_FEED": (5 / 300, 5),
}


class Quotas:
    """A token bucket per operation: the account's, for there is one application and one seller."""

    def __init__(self, now: Callable[[], datetime], *, enforced: bool = True) -> None:
        self.enforced = enforced
        self._now = now
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def take(self, name: str) -> None:
        """Spend a token. Errors: 429 when there is none; a refused call costs nothing."""
        if not self.enforced or name not in PLANS:
            return
        tokens = self.tokens(name)
        if tokens < 1:
            raise ApiError(
                429, "QuotaExceeded", "You exceeded your quota for the requested resource."
            )
        self._buckets[name] = (tokens - 1, self._now())

    def tokens(self, name: str) -> float:
        """What the bucket holds now."""
        rate, burst = PLANS[name]
        held, since = self._buckets.get(name, (burst, self._now()))
        return min(burst, held + rate * (self._now() - since).total_seconds())

    @staticmethod
    def stated(operation: str) -> str | None:
        """The value of x-amzn-RateLimit-Limit."""
        plan = PLANS.get(operation)
        return None if plan is None else f"{plan[0]:g}"
