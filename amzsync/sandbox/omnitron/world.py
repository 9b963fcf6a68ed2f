"""Omnitron's truth: three channels, their goods and orders, and what tests may do to them.

Handlers change it through the API; the methods here and of its bases are the brand's, the ERP's and
the operator's hands. The caller holds one lock around everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from amzsync.sandbox.omnitron import attribute_rows
from amzsync.sandbox.omnitron.actions import action_wire
from amzsync.sandbox.omnitron.cancellations import reason_table
from amzsync.sandbox.omnitron.catalogue import product_wire
from amzsync.sandbox.omnitron.channel import Channel, DictTable
from amzsync.sandbox.omnitron.invoices import described
from amzsync.sandbox.omnitron.mapper import mapped_wire
from amzsync.sandbox.omnitron.mapper_hands import MapperHands
from amzsync.sandbox.omnitron.order_hands import OrderHands
from amzsync.sandbox.omnitron.places import Places, cargo_table, retail_store_table
from amzsync.sandbox.omnitron.query import Memory
from amzsync.sandbox.omnitron.rows import shown
from amzsync.sandbox.omnitron.seeding import seeded_channels
from amzsync.sandbox.omnitron.stocks import image_wire, price_wire, stock_wire
from amzsync.sandbox.omnitron.timeline import Clock, Timeline
from amzsync.sandbox.omnitron.trees import Categories, node_wire, tree_wire
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
_GOODS: dict[str, tuple[Callable[[Any], dict[str, Any]], str]] = {
    "stocks": (stock_wire, "productstock"),
    "prices": (price_wire, "productprice"),
    "images": (image_wire, "productimage"),
}
_ATTRIBUTES = tuple(kind.path for kind in attribute_rows.KINDS)
KINDS = (
    *_TABLES,
    *_ATTRIBUTES,
    *("products", "mapped_products", "stocks", "prices", "images", "integration_actions"),
    *("category_trees", "category_nodes", "error_reports", "operational_events", "invoices"),
)


class OmnitronWorld(OrderHands, MapperHands):
    """Everything Omnitron knows; the same for the same products, clock and seed.

    `bare_lists`: resources answered as a bare array. `unmapped`: SKUs the mapper refuses.
    `no_bulk`, `no_events`: answer 404 where bulk attributes or operational events lie (A-26, A-27).
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
        self.numbered = len(products)
        self.categories = Categories(timeline)
        for place in self.channels.values():
            place.tables["categorytree"] = self.categories.trees
            place.tables["categorynode"] = self.categories.nodes
        self.error_reports: list[dict[str, Any]] = []
        self.operational_events: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.logins: deque[datetime] = deque()
        self.login_limit = 10
        self.bare_lists: set[str] = set()
        self.unmapped: set[str] = set()
        self.no_bulk = False
        self.no_events = False
        self.unique_numbers = False
        self.memory = Memory()

    def revoke_tokens(self) -> None:
        """Make every token given out so far invalid."""
        self.tokens.clear()

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
        if kind in ("error_reports", "operational_events"):
            return list(getattr(self, kind))
        if kind == "invoices":
            return [described(path, served) for path, served in self.invoices_served.items()]
        if kind == "category_trees":
            return [tree_wire(self.categories, row) for row in self.categories.trees]
        if kind == "category_nodes":
            return [node_wire(row) for row in self.categories.nodes]
        return [row for place in self.channels.values() for row in _rows(place, kind)]

    def summary(self) -> dict[str, Any]:
        """How many rows there are, and how many wait, by channel."""
        return {
            "error_reports": len(self.error_reports),
            "operational_events": len(self.operational_events),
            "category_nodes": len(self.categories.nodes),
            "tokens": len(self.tokens),
            "channels": {str(pk): _summary(place) for pk, place in self.channels.items()},
        }


def _rows(channel: Channel, kind: str) -> Iterable[dict[str, Any]]:
    """A channel's rows of a kind as the wire shows them, and the SKU of goods."""
    own = {"channel": channel.pk}
    if kind in _GOODS:
        show, table = _GOODS[kind]
        for row in channel.tables[table]:
            yield {**show(row), **own, "sku": channel.products.rows[row.product].sku}
    elif kind == "products":
        yield from ({**product_wire(channel, row), **own} for row in channel.products)
    elif kind == "mapped_products":
        for row in (channel.products.rows[pk] for pk in channel.mapped):
            yield {**mapped_wire(channel, row), **own, "sku": row.sku}
    elif kind == "integration_actions":
        yield from map(action_wire, channel.actions)
    else:
        yield from ({**own, **shown(row)} for row in _table(channel, kind))


def _table(channel: Channel, kind: str) -> DictTable:
    """A table of plain dictionaries. Errors: KeyError for an unknown kind."""
    if kind in channel.attribute_tables:
        return channel.attribute_tables[kind]
    table: DictTable = getattr(channel, _TABLES[kind])
    return table


def _summary(channel: Channel) -> dict[str, Any]:
    return {
        "products": len(channel.products),
        **{kind: len(_table(channel, kind)) for kind in (*_TABLES, *_ATTRIBUTES)},
        "integration_actions": len(channel.actions),
        "waiting": {
            model: {"inserts": len(dirty.inserts), "updates": len(dirty.updates)}
            for model, dirty in channel.dirty.items()
        },
    }
