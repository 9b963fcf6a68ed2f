"""The one seller account the sandbox knows, and its marketplaces."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT_ID = "amzn1.application-oa2-client.sandbox"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - opens nothing but the sandbox
REFRESH_TOKEN = "Atzr|sandbox-refresh-token"  # noqa: S105 - opens nothing but the sandbox
SELLER_ID = "A2SANDBOXSELLER"


@dataclass(frozen=True, slots=True)
class Marketplace:
    """What getMarketplaceParticipations tells of a marketplace.

    `decimals`: how many its currency has.
    """

    id: str
    country: str
    name: str
    currency: str
    language: str
    domain: str
    decimals: int = 2
    participating: bool = True


TURKIYE = Marketplace("A33AVAJ2PDY3EV", "TR", "Amazon.com.tr", "TRY", "tr_TR", "www.amazon.com.tr")
GERMANY = Marketplace("A1PA6795UKMFR9", "DE", "Amazon.de", "EUR", "de_DE", "www.amazon.de")
# Listings can be written there, so that a currency without decimals can be tried; in truth it is
# another region, and another account.
JAPAN = Marketplace(
    "A1VC38T7YXB528", "JP", "Amazon.co.jp", "JPY", "ja_JP", "www.amazon.co.jp", 0, False
)

MARKETPLACES = {market.id: market for market in (TURKIYE, GERMANY, JAPAN)}
