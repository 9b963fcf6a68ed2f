"""A client of an invented seller, its clock and its token cache, for tests against respx."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from amzsync.amazon.client import AmazonClient
from amzsync.clock import Clock, Deadline
from amzsync.http.operation import Signer
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers

HOST = "https://sp-api.example.com"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SELLER = "ASELLER1EXAMPLE"
MARGIN = timedelta(seconds=60)  # what the state file keeps from a token's end
TURKEY = "A33AVAJ2PDY3EV"


class FakeClock(Clock):
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class MemoryCache:
    """A token cache as the state file has one, in memory."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tokens: dict[str, tuple[str, datetime]] = {}
        self.locked = 0
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        value, expires_at = self.tokens.get(name, ("", START))
        return value if expires_at - MARGIN > self.clock.now() else None

    def put(self, name: str, value: str, expires_at: datetime) -> None:
        self.tokens[name] = (value, expires_at)

    def drop(self, name: str, value: str) -> None:
        if self.tokens.get(name, ("", START))[0] == value:
            del self.tokens[name]

    @contextlib.contextmanager
    def exchange_lock(self, name: str) -> Iterator[None]:
        with self._lock:
            self.locked += 1
            yield


def open_client(
    clock: Clock | None = None, *, signer: Signer | None = None, dry_run: bool = False
) -> AmazonClient:
    """A client in Türkiye."""
    deadline = Deadline(clock or FakeClock())
    return AmazonClient(
        Session(HOST, deadline=deadline, signer=signer, dry_run=dry_run),
        Transfers(deadline, dry_run=dry_run),
        seller_id=SELLER,
        marketplace_id=TURKEY,
    )


def raw_order(**changes: Any) -> dict[str, Any]:
    """A seller-fulfilled order of an invented buyer, as searchOrders sends it."""
    return {
        "orderId": "403-1234567-8765432",
        "createdTime": "2026-11-23T07:00:00Z",
        "lastUpdatedTime": "2026-11-23T07:30:00.123Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": TURKEY},
        "buyer": {"buyerName": "Canary Kuşu", "buyerEmail": "canary@example.com"},
        "recipient": {
            "deliveryAddress": {
                "name": "Canary Kuşu",
                "addressLine1": "Kafes Sokak 1",
                "city": "Beyoğlu",
                "stateOrRegion": "İstanbul",
                "phone": None,
            }
        },
        "proceeds": {"grandTotal": {"amount": "125.00", "currencyCode": "TRY"}},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": "item-1",
                "quantityOrdered": 2,
                "product": {
                    "sellerSku": "SKU-1",
                    "price": {"unitPrice": {"amount": "62.50", "currencyCode": "TRY"}},
                },
                "proceeds": {
                    "breakdowns": [
                        {"type": "ITEM", "subtotal": {"amount": "125.00", "currencyCode": "TRY"}}
                    ]
                },
            }
        ],
        **changes,
    }
