"""Amazon's marketplaces: which region serves them, and what they sell in.

Source: sp-api "Marketplace IDs" and "SP-API endpoints" pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Region = Literal["na", "eu", "fe"]

HOSTS: dict[Region, str] = {
    "na": "sellingpartnerapi-na.amazon.com",
    "eu": "sellingpartnerapi-eu.amazon.com",
    "fe": "sellingpartnerapi-fe.amazon.com",
}


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One marketplace.

    `language` is its default language tag, None where more than one is in use: Amazon's
    getMarketplaceParticipations then has the last word.
    """

    id: str
    country_code: str
    country: str
    region: Region
    currency: str
    language: str | None


_ROWS = (
    Marketplace("ATVPDKIKX0DER", "US", "United States", "na", "USD", "en_US"),
    Marketplace("A2EUQ1WTGCTBG2", "CA", "Canada", "na", "CAD", "en_CA"),
    Marketplace("A1AM78C64UM0Y8", "MX", "Mexico", "na", "MXN", "es_MX"),
    Marketplace("A2Q3Y263D00KWC", "BR", "Brazil", "na", "BRL", "pt_BR"),
    Marketplace("A33AVAJ2PDY3EV", "TR", "Türkiye", "eu", "TRY", "tr_TR"),
    Marketplace("A1PA6795UKMFR9", "DE", "Germany", "eu", "EUR", "de_DE"),
    Marketplace("A1F83G8C2ARO7P", "GB", "United Kingdom", "eu", "GBP", "en_GB"),
    Marketplace("A13V1IB3VIYZZH", "FR", "France", "eu", "EUR", "fr_FR"),
    Marketplace("APJ6JRA9NG5V4", "IT", "Italy", "eu", "EUR", "it_IT"),
    Marketplace("A1RKKUPIHCS9HS", "ES", "Spain", "eu", "EUR", "es_ES"),
    Marketplace("A1805IZSGTT6HS", "NL", "Netherlands", "eu", "EUR", "nl_NL"),
    Marketplace("AMEN7PMS3EDWL", "BE", "Belgium", "eu", "EUR", None),
    Marketplace("A1C3SOZRARQ6R3", "PL", "Poland", "eu", "PLN", "pl_PL"),
    Marketplace("A2NODRKZP88ZB9", "SE", "Sweden", "eu", "SEK", "sv_SE"),
    Marketplace("A28R8C7NBKEWEA", "IE", "Ireland", "eu", "EUR", "en_IE"),
    Marketplace("A2VIGQ35RCS4UG", "AE", "United Arab Emirates", "eu", "AED", None),
    Marketplace("A17E79C6D8DWNP", "SA", "Saudi Arabia", "eu", "SAR", None),
    Marketplace("ARBP9OOSHTCHU", "EG", "Egypt", "eu", "EGP", None),
    Marketplace("A21TJRUUN4KGV", "IN", "India", "eu", "INR", "en_IN"),
    Marketplace("AE08WJ6YKNBMC", "ZA", "South Africa", "eu", "ZAR", "en_ZA"),
    Marketplace("A1VC38T7YXB528", "JP", "Japan", "fe", "JPY", "ja_JP"),
    Marketplace("A19VAU5U5O7RUS", "SG", "Singapore", "fe", "SGD", "en_SG"),
    Marketplace("A39IBJ37TRP1C6", "AU", "Australia", "fe", "AUD", "en_AU"),
)

MARKETPLACES: dict[str, Marketplace] = {row.id: row for row in _ROWS}
