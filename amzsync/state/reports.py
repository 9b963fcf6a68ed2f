"""The figures of each report, and the differences the newest one found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final

from amzsync.state.store import Store, to_moment, to_text

FIGURES: Final = (
    *("total_sku_in_catalog", "skus_on_sale", "total_sku_difference"),
    *("skus_with_price_difference", "total_stock_in_catalog", "total_stock_on_sale"),
    *("total_stock_difference", "skus_with_stock_difference"),
)
_DIFFERENCE = "sku, kind, omnitron, amazon, reason, cure, product_pk, stock, fixable"
# What Amazon was told since a difference was found, or is being told, has settled it for all that
# is known here. A listing that is not on sale may be so for want of price or stock.
_SINCE = """(EXISTS (SELECT 1 FROM fences f WHERE f.channel = d.channel AND f.sku = d.sku)
    OR EXISTS (SELECT 1 FROM listing_values v WHERE v.channel = d.channel AND v.sku = d.sku
        AND (d.kind = 'not on sale' OR v.attribute = d.attribute) AND v.sent_at >= d.found_at)
    OR (d.kind = 'not on sale' AND EXISTS (SELECT 1 FROM products p
        WHERE p.channel = d.channel AND p.sku = d.sku AND p.sent_at >= d.found_at
        AND p.state <> 'refused')))"""
_NEWEST = """FROM (SELECT *, CASE kind WHEN 'stock' THEN 'quantity' ELSE kind END AS attribute
    FROM differences WHERE channel = :channel
    AND found_at = (SELECT max(at) FROM reports WHERE channel = :channel)) AS d"""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference a report found; `stock` is Omnitron's of a product that is not on sale.

    `fixable`: sending Omnitron's value mends it.
    """

    sku: str
    kind: str
    omnitron: str
    amazon: str
    reason: str
    cure: str
    product_pk: int
    stock: int = 0
    fixable: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One report: its figures by name, and how many differences were still in flight."""

    at: datetime
    snapshot_at: datetime
    in_flight: int
    figures: Mapping[str, int]


class Reports:
    """The tables `reports` and `differences`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, channel: str, found: Iterable[Found], now: datetime) -> None:
        """Differences of the report that is being made at `now`; told with it."""
        at = to_text(now)
        self._store.execute_many(
            f"""INSERT OR REPLACE INTO differences (channel, {_DIFFERENCE}, found_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",  # noqa: S608 - constant columns
            ((channel, *astuple(row), at) for row in found),
        )

    def counted(self, channel: str, at: datetime) -> dict[str, int]:
        """Those of the manual's figures that count differences, of the report made then."""
        row = self._store.row(
            """SELECT count(*) FILTER (WHERE kind = 'not on sale') AS total_sku_difference,
            count(*) FILTER (WHERE kind = 'price') AS skus_with_price_difference,
            count(*) FILTER (WHERE kind = 'stock') AS skus_with_stock_difference,
            coalesce(sum(stock) FILTER (WHERE kind = 'not on sale'), 0) AS total_stock_difference
            FROM differences WHERE channel = ? AND found_at = ?""",
            [channel, to_text(at)],
        )
        return {name: int(value) for name, value in (row or {}).items()}

    def tell(self, channel: str, told: Told, before: datetime) -> None:
        """A report is made; those older than `before` go, and other reports' differences."""
        columns = ", ".join(FIGURES)
        marks = ", ".join("?" * len(FIGURES))
        with self._store.atomic():
            self._store.execute(
                f"""INSERT OR REPLACE INTO reports (channel, at, snapshot_at, in_flight, {columns})
                VALUES (?, ?, ?, ?, {marks})""",  # noqa: S608 - constant columns
                [
                    channel,
                    to_text(told.at),
                    to_text(told.snapshot_at),
                    told.in_flight,
                    *(told.figures[name] for name in FIGURES),
                ],
            )
            self._store.execute(
                "DELETE FROM reports WHERE channel = ? AND at < ?", [channel, to_text(before)]
            )
            self._store.execute(
                "DELETE FROM differences WHERE channel = ? AND found_at <> ?",
                [channel, to_text(told.at)],
            )

    def history(self, channel: str) -> list[Told]:
        """The reports kept, oldest first."""
        rows = self._store.rows("SELECT * FROM reports WHERE channel = ? ORDER BY at", [channel])
        return [_told(row) for row in rows]

    def standing(self, channel: str) -> list[Found]:
        """Differences of the newest report for which nothing has left since."""
        rows = self._store.rows(
            f"""SELECT {_DIFFERENCE} {_NEWEST} WHERE NOT {_SINCE}
            ORDER BY CASE kind WHEN 'not on sale' THEN 0 WHEN 'price' THEN 1 ELSE 2 END, sku""",
            {"channel": channel},
        )
        return [Found(**{**row, "fixable": bool(row["fixable"])}) for row in rows]

    def sent_since(self, channel: str) -> int:
        """How many differences of the newest report have been sent since, or are being sent."""
        rows = self._store.rows(
            f"SELECT count(*) AS n {_NEWEST} WHERE {_SINCE}",
            {"channel": channel},
        )
        return int(rows[0]["n"])


def _told(row: dict[str, Any]) -> Told:
    return Told(
        to_moment(row["at"]),
        to_moment(row["snapshot_at"]),
        row["in_flight"],
        {name: row[name] for name in FIGURES},
    )
