"""Omnitron's truth: three channels, their goods and orders, and what tests may do to them.

Handlers change it through the API; the methods here and in OrderHands are the brand's, the ERP's
and the operator's hands. The caller holds one lock around everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from amzsync.sandbox.omnitron.actions import action_wire
from amzsync.sandbox.omnitron.cancellations import reason_table
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.invoices import described
from amzsync.sandbox.omnitron.order_hands import OrderHands
from amzsync.sandbox.omnitron.places import Places, cargo_table, retail_store_table
from amzsync.sandbox.omnitron.query import Memory
from amzsync.sandbox.omnitron.rows import Product, shown
from amzsync.sandbox.omnitron.seeding import seeded_channels
from amzsync.sandbox.omnitron.stocks import stock_wire
from amzsync.sandbox.omnitron.timeline import Clock, Timeline
from amzsync.sandbox.seeds import ProductSeed

_TABLES = {
    "orders": "orders",
    "order_items": "order_items",
    "customers": "customers",
    "addresses": "addresses",
    "batches": "batches",
    "failed_integrations": "failed",
    "cancellation_requests": "cancellation_requests",
    "cancellation_plans": "cancellation_plans",
}
KINDS = (*_TABLES, "stocks", "integration_actions", "error_reports", "invoices")


class OmnitronWorld(OrderHands):
    """Everything Omnitron knows; the same for the same products, clock and seed.

    `bare_lists`: resources answered as a bare array. `unmapped`: SKUs the mapper refuses.
    `unique_numbers`: refuse a second order of the same number. `invoices_served`: what a path below
    /media/invoices/ gives, a content type and bytes or a whole Reply. `base_url`: its host.
    """

    def __init__(self, products: Sequence[ProductSeed], clock: Clock, seed: int = 1) -> None:
        timeline = Timeline(clock, seed)
        date = timeline.tick()
        super().__init__(seeded_channels(products, timeline, seed), timeline)
        self.places = Places(date)
        self.cargos = cargo_table(date)
        self.reasons = reason_table(date)
        self.retail_stores = retail_store_table(date)
        self.error_reports: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.logins: deque[datetime] = deque()
        self.login_limit = 10
        self.bare_lists: set[str] = set()
        self.unmapped: set[str] = set()
        self.unique_numbers = False
        self.memory = Memory()

    def revoke_tokens(self) -> None:
        """Make every token given out so far invalid."""
        self.tokens.clear()

    def set_stock(self, sku: str, quantity: int, channel: int = 1) -> None:
        """A new stock, as the ERP or a sale elsewhere makes it. Errors: KeyError."""
        place = self.channels[channel]
        for row in place.stocks.find("product", self._product(sku, channel).pk):
            place.touch("productstock", row, stock=quantity)

    def set_price(self, sku: str, price: Decimal | str, channel: int = 1) -> None:
        """A new price. Errors: KeyError."""
        place = self.channels[channel]
        for row in place.prices.find("product", self._product(sku, channel).pk):
            place.touch("productprice", row, price=f"{Decimal(price):.2f}")

    def set_product(self, sku: str, channel: int = 1, **values: Any) -> None:
        """Other fields of a product, as `name` or `is_active`. Errors: KeyError."""
        product = self._product(sku, channel)
        self.channels[channel].touch("product", product, **values)
        for place in self.channels.values():
            if place.products.get(product.pk) is not None:
                place.refresh("product", product.pk)

    def remove_from_catalog(self, sku: str, channel: int = 1) -> None:
        """Take a product out of the channel's catalog. Errors: KeyError."""
        place, pk = self.channels[channel], self._product(sku, channel).pk
        place.gone.add(pk)
        place.products.change(place.products.rows[pk])  # the remembered listings are stale now
        place.refresh("product", pk)
        for model in ("productstock", "productprice", "productimage"):
            for row in place.tables[model].find("product", pk):
                place.refresh(model, row["pk"])

    def add_mapping(self, level: str, code: str, pk: int) -> None:
        """Map a marketplace's spelling to a country, city, township or district."""
        self.places.add_mapping(level, code, pk)

    def orders_by_number(self) -> dict[str, list[dict[str, Any]]]:
        """Every channel's orders by number: more than one under a number is a doubled order."""
        grouped: dict[str, list[dict[str, Any]]] = {}
        for place in self.channels.values():
            for order in place.orders:
                grouped.setdefault(order["number"], []).append(shown(order))
        return grouped

    def snapshot(self, kind: str) -> list[dict[str, Any]]:
        """All rows of a kind, each with its channel. Errors: KeyError for an unknown kind."""
        if kind == "error_reports":
            return list(self.error_reports)
        if kind == "invoices":
            return [described(path, served) for path, served in self.invoices_served.items()]
        return [row for place in self.channels.values() for row in _rows(place, kind)]

    def summary(self) -> dict[str, Any]:
        """How many rows there are, and how many wait, by channel."""
        return {
            "error_reports": len(self.error_reports),
            "tokens": len(self.tokens),
            "channels": {str(pk): _summary(place) for pk, place in self.channels.items()},
        }

    def _product(self, sku: str, channel: int) -> Product:
        found = self.channels[channel].products.find("sku", sku)
        if not found:
            raise KeyError(sku)
        return found[0]


def _rows(channel: Channel, kind: str) -> Iterable[dict[str, Any]]:
    if kind == "stocks":
        skus = channel.products.rows
        for stock in channel.stocks:
            yield {**stock_wire(stock), "channel": channel.pk, "sku": skus[stock.product].sku}
    elif kind == "integration_actions":
        yield from map(action_wire, channel.actions)
    else:
        for row in getattr(channel, _TABLES[kind]):
            yield {"channel": channel.pk, **shown(row)}


def _summary(channel: Channel) -> dict[str, Any]:
    return {
        "products": len(channel.products),
        **{kind: len(getattr(channel, name)) for kind, name in _TABLES.items()},
        "integration_actions": len(channel.actions),
        "waiting": {
            model: {"inserts": len(dirty.inserts), "updates": len(dirty.updates)}
            for model, dirty in channel.dirty.items()
        },
    }
