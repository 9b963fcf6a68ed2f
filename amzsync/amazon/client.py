"""The Amazon client of one channel: its sections on one session.

A section is imported when it is first used: its models cost a minutely run more than its work.
"""

from __future__ import annotations

import platform
import re
from functools import cached_property
from typing import TYPE_CHECKING

from amzsync.http.session import Session
from amzsync.http.transfer import Transfers

if TYPE_CHECKING:
    from amzsync.amazon.calls import Calls
    from amzsync.amazon.feeds import Feeds
    from amzsync.amazon.inventory import Inventory
    from amzsync.amazon.listings import Listings
    from amzsync.amazon.orders import Orders
    from amzsync.amazon.product_types import ProductTypes
    from amzsync.amazon.reports import Reports
    from amzsync.amazon.sellers import Sellers


class AmazonClient:
    """One seller account in one marketplace."""

    def __init__(
        self, session: Session, transfers: Transfers, *, seller_id: str, marketplace_id: str
    ) -> None:
        self.session = session
        self.transfers = transfers
        self.seller_id = seller_id
        self.marketplace_id = marketplace_id

    @cached_property
    def orders(self) -> Orders:
        """Orders 2026-01-01, and v0's confirmShipment."""
        from amzsync.amazon.orders import Orders

        return Orders(self._calls)

    @cached_property
    def listings(self) -> Listings:
        """Listings Items 2021-08-01."""
        from amzsync.amazon.listings import Listings

        return Listings(self._calls)

    @cached_property
    def feeds(self) -> Feeds:
        """Feeds 2021-06-30."""
        from amzsync.amazon.feeds import Feeds

        return Feeds(self._calls, self.transfers)

    @cached_property
    def reports(self) -> Reports:
        """Reports 2021-06-30."""
        from amzsync.amazon.reports import Reports

        return Reports(self._calls, self.transfers)

    @cached_property
    def inventory(self) -> Inventory:
        """FBA Inventory v1."""
        from amzsync.amazon.inventory import Inventory

        return Inventory(self._calls)

    @cached_property
    def product_types(self) -> ProductTypes:
        """Product Type Definitions 2020-09-01."""
        from amzsync.amazon.product_types import ProductTypes

        return ProductTypes(self._calls, self.transfers)

    @cached_property
    def sellers(self) -> Sellers:
        """Sellers v1."""
        from amzsync.amazon.sellers import Sellers

        return Sellers(self._calls)

    @cached_property
    def _calls(self) -> Calls:
        from amzsync.amazon.calls import Calls

        return Calls(self.session, self.seller_id, self.marketplace_id)

    def calls(self) -> dict[str, int]:
        """How often each operation was sent in this run, repeats included."""
        return {**self.session.calls, **self.transfers.calls}

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
        self.transfers.close()


def user_agent(application: str, version: str) -> str:
    """The user-agent header SP-API asks for: `App/1.0 (Language=Python/3.11; Platform=Linux/6.1)`.

    What would end a part is escaped with a backslash; each part is cut, so that the whole stays
    below assumptions.USER_AGENT_LIMIT. Source: sp-api.md §1.4.
    """
    values = {
        "Language": f"Python/{platform.python_version()}",
        "Platform": f"{platform.system()}/{platform.release()}",
    }
    comment = "; ".join(
        f"{_escape(name, '=')}={_escape(value, ');')}" for name, value in values.items()
    )
    return f"{_escape(application, '/')}/{_escape(version, '(')} ({comment})"


def _escape(text: str, special: str) -> str:
    """The first 50 characters in printable ASCII, the special ones escaped."""
    printable = re.sub(r"[^ -~]", "?", text)[:50]
    return re.sub(f"([{re.escape(special)}])", r"\\\1", printable)
