"""What Amazon was last told of each SKU, attribute by attribute, what it confirmed, and which
Omnitron product a SKU is.

Values are texts ("7", "12.50"), so that none of them ever is a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amzsync.state.store import Store, to_text

QUANTITY: Final = "quantity"
PRICE: Final = "price"

_SELECT = """SELECT l.sku, l.product_pk, v.sent, v.version, v.sent_at, v.confirmed, v.check_at,
    coalesce(v.checks, 0) AS checks, coalesce(v.resend, 0) AS resend, f.holder, l.withdrawn_at
    FROM listings l
    LEFT JOIN listing_values v
        ON v.channel = l.channel AND v.sku = l.sku AND v.attribute = :attribute
    LEFT JOIN fences f ON f.channel = l.channel AND f.sku = l.sku
    WHERE l.channel = :channel"""
_FREE = "AND f.holder IS NULL AND (l.withdrawn_at IS NOT NULL) = :withdrawn"


@dataclass(frozen=True, slots=True)
class Listing:
    """One SKU of a channel, and what is known of one attribute of it.

    `sent` is what Amazon accepted last (None: unknown, or in doubt), observed in Omnitron at
    `version` (modified_date as read). `confirmed` is what a read-back last saw live. `check_at` is
    when to read back; `checks` how often that saw something else. `resend` asks the next run to
    send the present value again. `holder`: who has the SKU fenced. `withdrawn_at`: since when its
    product is out of the catalog and its stock is kept at zero.
    """

    sku: str
    product_pk: int
    sent: str | None = None
    version: str | None = None
    sent_at: str | None = None
    confirmed: str | None = None
    check_at: str | None = None
    checks: int = 0
    resend: bool = False
    holder: str | None = None
    withdrawn_at: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What of a listing is live once a change is applied: the attribute, its value as text, and the
    modified_date of the Omnitron object it was read from, exactly as read ("": from none).
    """

    attribute: str
    text: str
    version: str = ""


class Listings:
    """The tables `listings` and `listing_values`; rows are keyed by channel and SKU."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_products(
        self, channel: str, product_pks: Iterable[int], attribute: str = QUANTITY
    ) -> dict[int, Listing]:
        """The listings of these Omnitron products, by product."""
        found = self._in(channel, "product_pk", product_pks, attribute)
        return {listing.product_pk: listing for listing in found}

    def by_skus(
        self, channel: str, skus: Iterable[str], attribute: str = QUANTITY
    ) -> dict[str, Listing]:
        """The listings of these SKUs."""
        return {listing.sku: listing for listing in self._in(channel, "sku", skus, attribute)}

    def know(self, channel: str, products: Iterable[tuple[str, int]]) -> None:
        """Note which product a SKU is."""
        self._store.execute_many(
            """INSERT INTO listings (channel, sku, product_pk) VALUES (?, ?, ?)
            ON CONFLICT (channel, sku) DO UPDATE SET product_pk = excluded.product_pk""",
            [(channel, sku, product_pk) for sku, product_pk in products],
        )

    def accepted(
        self,
        channel: str,
        values: Iterable[tuple[str, Value]],
        now: datetime,
        check_at: datetime,
    ) -> None:
        """Amazon accepted these values of SKUs: to be read back at `check_at`."""
        at, check = to_text(now), to_text(check_at)
        self._store.execute_many(
            """INSERT INTO listing_values
            (channel, sku, attribute, sent, version, sent_at, check_at)
            VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?)
            ON CONFLICT (channel, sku, attribute) DO UPDATE SET sent = excluded.sent,
            version = excluded.version, sent_at = excluded.sent_at, check_at = excluded.check_at,
            resend = 0""",
            (
                (channel, sku, value.attribute, value.text, value.version, at, check)
                for sku, value in values
            ),
        )

    def doubt(self, skus: Iterable[str], attribute: str = QUANTITY) -> None:
        """Amazon's value of these SKUs may have moved by itself (an order): believe no last one."""
        self._store.execute_many(
            "UPDATE listing_values SET sent = NULL WHERE sku = ? AND attribute = ?",
            ((sku, attribute) for sku in skus),
        )

    def refused(self, channel: str, values: Iterable[tuple[str, str]]) -> None:
        """(SKU, attribute) that did not reach Amazon: what is live there is unknown."""
        self._store.execute_many(
            """UPDATE listing_values SET sent = NULL, check_at = NULL, resend = 0
            WHERE channel = ? AND sku = ? AND attribute = ?""",
            ((channel, sku, attribute) for sku, attribute in values),
        )

    def versions(self, channel: str, skus: Iterable[str]) -> dict[tuple[str, str], str]:
        """(SKU, attribute) → the version of what was sent last, where there is one."""
        rows = self._store.rows(
            """SELECT sku, attribute, version FROM listing_values WHERE channel = ?
            AND sku IN (SELECT value FROM json_each(?)) AND sent IS NOT NULL
            AND version IS NOT NULL""",
            [channel, json.dumps(list(skus))],
        )
        return {(row["sku"], row["attribute"]): row["version"] for row in rows}

    def due_checks(
        self,
        channel: str,
        now: datetime,
        limit: int,
        attribute: str = QUANTITY,
        *,
        withdrawn: bool = False,
    ) -> list[Listing]:
        """Listings whose read-back is due and that nobody holds, longest due first."""
        return self._free(
            "AND v.check_at <= :now", "v.check_at", channel, limit, attribute, withdrawn, now
        )

    def to_resend(
        self, channel: str, limit: int, attribute: str = QUANTITY, *, withdrawn: bool = False
    ) -> list[Listing]:
        """Listings whose present value is to be sent again."""
        return self._free("AND v.resend = 1", "l.sku", channel, limit, attribute, withdrawn)

    def confirmed(
        self, channel: str, values: Iterable[tuple[str, str]], attribute: str = QUANTITY
    ) -> None:
        """A read-back saw (SKU, value) live."""
        self._store.execute_many(
            """UPDATE listing_values SET confirmed = ?, check_at = NULL, checks = 0
            WHERE channel = ? AND sku = ? AND attribute = ?""",
            [(value, channel, sku, attribute) for sku, value in values],
        )

    def differs(
        self, channel: str, values: Iterable[tuple[str, str | None]], attribute: str = QUANTITY
    ) -> None:
        """A read-back saw (SKU, other value or nothing): the next run sends it again."""
        self._store.execute_many(
            """INSERT INTO listing_values (channel, sku, attribute, confirmed, checks, resend)
            VALUES (?, ?, ?, ?, 1, 1)
            ON CONFLICT (channel, sku, attribute) DO UPDATE SET confirmed = excluded.confirmed,
            check_at = NULL, checks = checks + 1, sent = NULL, resend = 1""",
            [(channel, sku, attribute, value) for sku, value in values],
        )

    def settle_difference(self, channel: str, sku: str, attribute: str = QUANTITY) -> None:
        """The difference has been reported: stop sending on its account."""
        self._store.execute(
            """UPDATE listing_values SET check_at = NULL, checks = 0, resend = 0, sent = NULL
            WHERE channel = ? AND sku = ? AND attribute = ?""",
            [channel, sku, attribute],
        )

    def live_count(self, channel: str) -> int:
        """How many SKUs of the channel are believed to have stock on Amazon."""
        rows = self._store.rows(
            """SELECT count(*) AS n FROM listings l LEFT JOIN listing_values v
            ON v.channel = l.channel AND v.sku = l.sku AND v.attribute = 'quantity'
            WHERE l.channel = ? AND coalesce(v.sent, v.confirmed, '1') <> '0'""",
            [channel],
        )
        return int(rows[0]["n"])

    def withdraw(self, channel: str, skus: Iterable[str], now: datetime) -> None:
        """The products of these SKUs are out of the catalog."""
        self._store.execute_many(
            "UPDATE listings SET withdrawn_at = ?, unlinked = 0 WHERE channel = ? AND sku = ?",
            ((to_text(now), channel, sku) for sku in skus),
        )

    def linked_still(self, channel: str) -> list[tuple[str, int]]:
        """(SKU, product) of what was withdrawn and whose links in Omnitron are not removed yet."""
        rows = self._store.rows(
            """SELECT sku, product_pk FROM listings
            WHERE channel = ? AND withdrawn_at IS NOT NULL AND unlinked = 0""",
            [channel],
        )
        return [(row["sku"], row["product_pk"]) for row in rows]

    def unlinked(self, channel: str, skus: Iterable[str]) -> None:
        """Omnitron has no links of these SKUs any more."""
        self._store.execute_many(
            "UPDATE listings SET unlinked = 1 WHERE channel = ? AND sku = ?",
            ((channel, sku) for sku in skus),
        )

    def withdrawals(self, channel: str, skus: Iterable[str]) -> dict[str, str]:
        """SKU → since when its product is out of the catalog; those in it are left out."""
        rows = self._store.rows(
            """SELECT sku, withdrawn_at FROM listings WHERE channel = ?
            AND sku IN (SELECT value FROM json_each(?)) AND withdrawn_at IS NOT NULL""",
            [channel, json.dumps(list(skus))],
        )
        return {row["sku"]: row["withdrawn_at"] for row in rows}

    def forget(self, channel: str, skus: Iterable[str]) -> None:
        """Amazon has no listing of these SKUs."""
        wanted = json.dumps(list(skus))
        with self._store.atomic():
            for table in ("listings", "listing_values"):
                self._store.execute(
                    f"""DELETE FROM {table} WHERE channel = ?
                    AND sku IN (SELECT value FROM json_each(?))""",  # noqa: S608 - constant names
                    [channel, wanted],
                )

    def back(self, channel: str, skus: Iterable[str]) -> None:
        """The products of these SKUs are in the catalog again."""
        self._store.execute_many(
            "UPDATE listings SET withdrawn_at = NULL, unlinked = 0 WHERE channel = ? AND sku = ?",
            ((channel, sku) for sku in skus),
        )

    def _free(
        self,
        condition: str,
        order: str,
        channel: str,
        limit: int,
        attribute: str,
        withdrawn: bool,
        now: datetime | None = None,
    ) -> list[Listing]:
        rows = self._store.rows(
            f"{_SELECT} {condition} {_FREE} ORDER BY {order} LIMIT :limit",
            {
                "channel": channel,
                "attribute": attribute,
                "withdrawn": withdrawn,
                "limit": limit,
                "now": now and to_text(now),
            },
        )
        return [_listing(row) for row in rows]

    def _in(
        self, channel: str, column: str, values: Iterable[object], attribute: str
    ) -> list[Listing]:
        rows = self._store.rows(
            f"{_SELECT} AND l.{column} IN (SELECT value FROM json_each(:values))",  # noqa: S608 - constant columns
            {"channel": channel, "attribute": attribute, "values": json.dumps(list(values))},
        )
        return [_listing(row) for row in rows]


def _listing(row: dict[str, Any]) -> Listing:
    return Listing(**{**row, "resend": bool(row["resend"])})
