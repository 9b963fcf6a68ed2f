"""Listings made of products: what Amazon was told of each, and whether it can be bought by now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from amzsync.state.store import Store, to_moment, to_text

ProductState = Literal["sending", "accepted", "live", "refused"]

_COLUMNS = (
    "sku, product_pk, product_type, theme, wanted, wanted_version, sent, version, state, sent_at, "
    "check_at, checks"
)


@dataclass(frozen=True, slots=True)
class SentProduct:
    """One listing of a channel; the parent of a family has a theme and no product.

    `wanted` are the facts last asked of Amazon (attribute → digest), read from the product at
    `wanted_version` (its modified_date); `sent` and `version` the same of what Amazon took last,
    empty where it is unknown what it has. `sent_at` is when it was last asked. `state`: accepted is
    not yet seen to be buyable; refused is sent again as soon as it may. `check_at` is when to look,
    `checks` how often that was too early.
    """

    sku: str
    product_pk: int | None
    product_type: str
    wanted: Mapping[str, str]
    wanted_version: str
    theme: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    state: ProductState = "sending"
    sent_at: datetime | None = None
    check_at: datetime | None = None
    checks: int = 0


class Products:
    """The table `products`; rows are keyed by channel and SKU."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_skus(self, channel: str, skus: Iterable[str]) -> dict[str, SentProduct]:
        """What is known of these SKUs."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS} FROM products WHERE channel = ?
            AND sku IN (SELECT value FROM json_each(?))""",  # noqa: S608 - constant columns
            [channel, json.dumps(list(skus))],
        )
        return {row["sku"]: _product(row) for row in rows}

    def want(self, channel: str, products: Iterable[SentProduct], now: datetime) -> None:
        """Note durably what Amazon is about to be told of these."""
        self._store.execute_many(
            """INSERT INTO products
            (channel, sku, product_pk, product_type, theme, wanted, wanted_version, sent_at, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sending')
            ON CONFLICT (channel, sku) DO UPDATE SET
                product_pk = excluded.product_pk, product_type = excluded.product_type,
                theme = excluded.theme, wanted = excluded.wanted,
                wanted_version = excluded.wanted_version, sent_at = excluded.sent_at,
                state = 'sending', check_at = NULL, checks = 0""",
            [
                (
                    channel,
                    row.sku,
                    row.product_pk,
                    row.product_type,
                    row.theme,
                    json.dumps(dict(row.wanted)),
                    row.wanted_version,
                    to_text(now),
                )
                for row in products
            ],
        )

    def accepted(self, channel: str, skus: Iterable[str], check_at: datetime) -> None:
        """Amazon took these as they were wanted last: to be looked at from `check_at` on."""
        self._store.execute_many(
            """UPDATE products SET sent = wanted, version = wanted_version, state = 'accepted',
            check_at = ?, checks = 0 WHERE channel = ? AND sku = ?""",
            [(to_text(check_at), channel, sku) for sku in skus],
        )

    def refused(self, channel: str, skus: Iterable[str]) -> None:
        """Amazon refuses these: what it has of them is unknown."""
        self._store.execute_many(
            """UPDATE products SET sent = '{}', state = 'refused', check_at = NULL, checks = 0
            WHERE channel = ? AND sku = ?""",
            [(channel, sku) for sku in skus],
        )

    def live(self, channel: str, skus: Iterable[str]) -> None:
        """These are as they should be: nothing more to look for."""
        self._store.execute_many(
            """UPDATE products SET state = 'live', check_at = NULL, checks = 0
            WHERE channel = ? AND sku = ?""",
            [(channel, sku) for sku in skus],
        )

    def look_later(self, channel: str, checks: Iterable[tuple[str, datetime]]) -> None:
        """It was too early for (SKU, when to look again)."""
        self._store.execute_many(
            """UPDATE products SET check_at = ?, checks = checks + 1
            WHERE channel = ? AND sku = ?""",
            [(to_text(check_at), channel, sku) for sku, check_at in checks],
        )

    def due_checks(self, channel: str, now: datetime, limit: int) -> list[SentProduct]:
        """Accepted listings it is time to look at, the longest due first."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS} FROM products WHERE channel = ? AND check_at <= ?
            ORDER BY check_at, sku LIMIT ?""",  # noqa: S608 - constant columns
            [channel, to_text(now), limit],
        )
        return [_product(row) for row in rows]

    def unchanged(self, channel: str, versions: Iterable[tuple[str, str]]) -> None:
        """At (SKU, version) there is nothing Amazon has not got already."""
        self._store.execute_many(
            "UPDATE products SET version = ? WHERE channel = ? AND sku = ?",
            [(version, channel, sku) for sku, version in versions],
        )

    def forget(self, channel: str, skus: Iterable[str]) -> None:
        """Nothing is to be sent of these any more."""
        self._store.execute_many(
            "DELETE FROM products WHERE channel = ? AND sku = ?", ((channel, sku) for sku in skus)
        )

    def to_send_again(self, channel: str, besides: Sequence[str], limit: int) -> list[str]:
        """The SKUs Amazon refused, besides some."""
        rows = self._store.rows(
            """SELECT sku FROM products WHERE channel = ? AND state = 'refused'
            AND sku NOT IN (SELECT value FROM json_each(?)) ORDER BY sku LIMIT ?""",
            [channel, json.dumps(list(besides)), limit],
        )
        return [row["sku"] for row in rows]


def _product(row: dict[str, Any]) -> SentProduct:
    facts = {name: json.loads(row[name]) for name in ("wanted", "sent")}
    times = {name: to_moment(row[name]) if row[name] else None for name in ("sent_at", "check_at")}
    return SentProduct(**{**row, **facts, **times})
