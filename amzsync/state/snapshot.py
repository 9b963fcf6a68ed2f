"""Amazon's listings as its report told them, with Omnitron's goods beside them to be compared.

A hundred thousand of either: they are joined here, by SQLite, and never all in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amzsync.state.store import Store, to_moment, to_text

ACTIVE: Final = "Active"
"""The status of a listing buyers can buy (sp-api.md §2.10.1)."""

_JOIN = """FROM report_goods g LEFT JOIN snapshot_rows a ON a.channel = g.channel AND a.sku = g.sku
    WHERE g.channel = :channel"""
# Sellable, as the manual has it, but for the category: that is asked of few (the look tells).
_SELLABLE = "g.active AND g.pictured AND g.price IS NOT NULL AND g.stock > 0"
_DIFFERS = f"""(
    ({_SELLABLE} AND coalesce(a.status, '') <> 'Active')
    OR (g.linked AND a.sku IS NULL)
    OR (g.linked AND g.present AND coalesce(a.price, '') <> coalesce(g.price, ''))
    OR (g.linked AND g.present AND a.by_amazon = :by_amazon
        AND coalesce(a.quantity, -1) <> coalesce(g.quantity, -1))
    OR (NOT g.present AND NOT a.by_amazon AND a.quantity > 0))"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing on Amazon. `price` as `mapping.prices.price_text` spells it; None: none is told."""

    sku: str
    asin: str
    price: str | None
    quantity: int | None
    status: str
    by_amazon: bool


@dataclass(frozen=True, slots=True)
class Goods:
    """A product of Omnitron's. `sku` is Amazon's name of it, `own_sku` Omnitron's.

    `present`: it is in the catalog, `active` there too; `linked`: it has been sent to Amazon.
    """

    product_pk: int
    sku: str
    own_sku: str
    present: bool
    active: bool
    linked: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest snapshot of a channel. `taken_at`: when Amazon was asked for it.

    `compared_at`: when it was held against Omnitron, None while it was not.
    """

    taken_at: datetime
    listings: int
    compared_at: datetime | None


class Snapshots:
    """The tables `snapshots`, `snapshot_rows` and `report_goods`: the newest of each channel."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, channel: str) -> Snapshot | None:
        """The newest snapshot; None while there is none."""
        row = self._store.row("SELECT * FROM snapshots WHERE channel = ?", [channel])
        if row is None:
            return None
        compared = row["compared_at"]
        return Snapshot(
            to_moment(row["taken_at"]), row["listings"], compared and to_moment(compared)
        )

    def arrive(self, channel: str, listings: Iterable[Listed], taken_at: datetime) -> None:
        """A new snapshot in place of the last one."""
        with self._store.atomic() as connection:
            connection.execute("DELETE FROM snapshot_rows WHERE channel = ?", [channel])
            self.see(channel, listings)
            connection.execute(
                """INSERT OR REPLACE INTO snapshots (channel, taken_at, listings)
                SELECT ?, ?, count(*) FROM snapshot_rows WHERE channel = ?""",
                [channel, to_text(taken_at), channel],
            )

    def see(self, channel: str, listings: Iterable[Listed]) -> None:
        """These listings as they are now."""
        self._store.execute_many(
            """INSERT OR REPLACE INTO snapshot_rows
            (channel, sku, asin, price, quantity, status, by_amazon)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (
                (channel, row.sku, row.asin, row.price, row.quantity, row.status, row.by_amazon)
                for row in listings
            ),
        )

    def miss(self, channel: str, skus: Iterable[str]) -> None:
        """Amazon has no listing of these SKUs."""
        self._store.execute_many(
            "DELETE FROM snapshot_rows WHERE channel = ? AND sku = ?",
            ((channel, sku) for sku in skus),
        )

    def stock(self, channel: str, quantities: Iterable[tuple[str, int]]) -> None:
        """(SKU, quantity) of what Amazon fulfils: its report keeps the number back."""
        self._store.execute_many(
            """UPDATE snapshot_rows SET quantity = ?
            WHERE channel = ? AND sku = ? AND by_amazon""",
            ((quantity, channel, sku) for sku, quantity in quantities),
        )

    def begin_goods(self, channel: str) -> None:
        """Forget Omnitron's side of an earlier report."""
        self._store.execute("DELETE FROM report_goods WHERE channel = ?", [channel])

    def add_products(self, channel: str, rows: Iterable[tuple[int, str, bool, bool]]) -> None:
        """(product, SKU, active, has a picture) of products in the catalog."""
        self._store.execute_many(
            """INSERT OR REPLACE INTO report_goods
            (channel, product_pk, own_sku, sku, active, pictured, present)
            VALUES (?, ?, ?, ?, ?, ?, 1)""",
            ((channel, pk, sku, sku, active, pictured) for pk, sku, active, pictured in rows),
        )

    def add_links(self, channel: str, rows: Iterable[tuple[int, str]]) -> None:
        """(product, SKU on Amazon) of what was sent; also of what left the catalog since."""
        self._store.execute_many(
            """INSERT INTO report_goods (channel, product_pk, sku, linked) VALUES (?, ?, ?, 1)
            ON CONFLICT (channel, product_pk) DO UPDATE SET sku = excluded.sku, linked = 1""",
            ((channel, pk, sku) for pk, sku in rows),
        )

    def add_withdrawn(self, channel: str) -> None:
        """What was taken off sale and is linked no more."""
        self._store.execute(
            """INSERT INTO report_goods (channel, product_pk, sku, linked)
            SELECT channel, product_pk, sku, 1 FROM listings
            WHERE channel = ? AND withdrawn_at IS NOT NULL
            ON CONFLICT (channel, product_pk) DO NOTHING""",
            [channel],
        )

    def add_stocks(self, channel: str, rows: Iterable[tuple[int, int, int]]) -> None:
        """(product, stock, quantity Amazon should show)."""
        self._store.execute_many(
            "UPDATE report_goods SET stock = ?, quantity = ? WHERE channel = ? AND product_pk = ?",
            ((stock, quantity, channel, pk) for pk, stock, quantity in rows),
        )

    def add_prices(self, channel: str, rows: Iterable[tuple[int, str]]) -> None:
        """(product, price Amazon should show)."""
        self._store.execute_many(
            "UPDATE report_goods SET price = ? WHERE channel = ? AND product_pk = ?",
            ((price, channel, pk) for pk, price in rows),
        )

    def suspects(self, channel: str, limit: int, after: int, *, by_amazon: bool) -> list[Goods]:
        """Products whose two sides differ at first sight, by key, from there on.

        `by_amazon`: the channel's stock is Amazon's, and compared where Amazon fulfils.
        """
        rows = self._store.rows(
            f"""SELECT g.product_pk, g.sku, g.own_sku, g.present, g.active, g.linked {_JOIN}
            AND g.product_pk > :after AND {_DIFFERS} ORDER BY g.product_pk LIMIT :limit""",
            {"channel": channel, "after": after, "limit": limit, "by_amazon": by_amazon},
        )
        return [_goods(row) for row in rows]

    def totals(self, channel: str, *, by_amazon: bool) -> dict[str, int]:
        """Those of the manual's figures that are sums over all goods.

        `by_amazon`: the stock on sale is Amazon's own number.
        """
        stock = "a.quantity" if by_amazon else "g.stock"
        on_sale = "g.linked AND a.status = 'Active'"
        row = self._store.row(
            f"""SELECT count(*) FILTER (WHERE g.active) AS total_sku_in_catalog,
            count(*) FILTER (WHERE {on_sale}) AS skus_on_sale,
            coalesce(sum(g.stock) FILTER (WHERE g.active), 0) AS total_stock_in_catalog,
            coalesce(sum({stock}) FILTER (WHERE {on_sale}), 0) AS total_stock_on_sale {_JOIN}""",
            {"channel": channel},
        )
        return {name: int(value) for name, value in (row or {}).items()}

    def compared(self, channel: str, now: datetime) -> None:
        """The snapshot was held against Omnitron; Omnitron's side is not needed any more."""
        with self._store.atomic():
            self.begin_goods(channel)
            self._store.execute(
                "UPDATE snapshots SET compared_at = ? WHERE channel = ?", [to_text(now), channel]
            )

    def ordered(self, channel: str, skus: Iterable[str]) -> frozenset[str]:
        """Those of the SKUs in orders that Amazon has counted and Omnitron has not."""
        rows = self._store.rows(
            """SELECT DISTINCT each.value AS sku
            FROM inbox, json_each(inbox.facts, '$.skus') AS each
            WHERE inbox.channel = ? AND inbox.state IN ('new', 'created', 'pending')
            AND each.value IN (SELECT value FROM json_each(?))""",
            [channel, json.dumps(list(skus))],
        )
        return frozenset(row["sku"] for row in rows)


def _goods(row: dict[str, Any]) -> Goods:
    return Goods(
        product_pk=row["product_pk"],
        sku=row["sku"],
        own_sku=row["own_sku"] or row["sku"],
        present=bool(row["present"]),
        active=bool(row["active"]),
        linked=bool(row["linked"]),
    )
