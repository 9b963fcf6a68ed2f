"""The Amazon client of one channel: its sections on one session."""

from __future__ import annotations

import platform
import re

from amzsync.amazon.calls import Calls
from amzsync.amazon.feeds import Feeds
from amzsync.amazon.listings import Listings
from amzsync.amazon.orders import Orders
from amzsync.amazon.reports import Reports
from amzsync.amazon.sellers import Sellers
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers


class AmazonClient:
    """One seller account in one marketplace."""

    def __init__(
        self, session: Session, transfers: Transfers, *, seller_id: str, marketplace_id: str
    ) -> None:
        calls = Calls(session, seller_id, marketplace_id)
        self.session = session
        self.transfers = transfers
        self.seller_id = seller_id
        self.marketplace_id = marketplace_id
        self.orders = Orders(calls)
        self.listings = Listings(calls)
        self.feeds = Feeds(calls, transfers)
        self.reports = Reports(calls, transfers)
        self.sellers = Sellers(calls)

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
