"""What Amazon was last told of each SKU, what it confirmed, and which Omnitron product it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.state.store import Store, to_text

_COLUMNS = (
    "sku, product_pk, sent_quantity, sent_version, sent_at, confirmed_quantity, check_at, checks, "
    "resend, job_id"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One SKU of a channel.

    `sent_quantity` is what Amazon accepted last (None: unknown, or in doubt), observed in Omnitron
    at `sent_version` (modified_date as read). `confirmed_quantity` is what a read-back last saw
    live. `check_at` is when to read back; `checks` how often that saw something else. `resend` asks
    the next run to send the present value again. `job_id` is the fence: the feed the SKU is in.
    """

    sku: str
    product_pk: int
    sent_quantity: int | None = None
    sent_version: str | None = None
    sent_at: str | None = None
    confirmed_quantity: int | None = None
    check_at: str | None = None
    checks: int = 0
    resend: bool = False
    job_id: str | None = None


class Listings:
    """The table `listings`; rows are keyed by channel and SKU."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def by_products(self, channel: str, product_pks: Sequence[int]) -> dict[int, Listing]:
        """The listings of these Omnitron products, by product; at most 500 at once."""
        found = self._in(channel, "product_pk", product_pks)
        return {listing.product_pk: listing for listing in found}

    def by_skus(self, channel: str, skus: Sequence[str]) -> dict[str, Listing]:
        """The listings of these SKUs; at most 500 at once."""
        return {listing.sku: listing for listing in self._in(channel, "sku", skus)}

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
        values: Iterable[tuple[str, int, str]],
        now: datetime,
        check_at: datetime,
    ) -> None:
        """Amazon accepted (SKU, quantity, version): to be read back at `check_at`; fence lifted."""
        self._store.execute_many(
            """UPDATE listings SET sent_quantity = ?, sent_version = ?, sent_at = ?, check_at = ?,
            resend = 0, job_id = NULL WHERE channel = ? AND sku = ?""",
            [
                (quantity, version, to_text(now), to_text(check_at), channel, sku)
                for sku, quantity, version in values
            ],
        )

    def fence(self, channel: str, job_id: str) -> None:
        """The SKUs of this feed: nothing else is sent of them until it is answered."""
        # One statement: row by row inside a transaction SQLite would keep every page it touches.
        self._store.execute(
            """UPDATE listings SET job_id = :job WHERE channel = :channel
            AND sku IN (SELECT sku FROM feed_items WHERE job_id = :job)""",
            {"job": job_id, "channel": channel},
        )

    def unfence(self, job_id: str) -> None:
        """The feed is answered, or was let go."""
        self._store.execute("UPDATE listings SET job_id = NULL WHERE job_id = ?", [job_id])

    def doubt(self, skus: Iterable[str]) -> None:
        """Amazon's quantity of these SKUs moves by itself (an order): believe no last value."""
        self._store.execute_many(
            "UPDATE listings SET sent_quantity = NULL WHERE sku = ?", ((sku,) for sku in skus)
        )

    def refused(self, channel: str, sku: str) -> None:
        """The value did not reach Amazon: what is live there is unknown."""
        self._store.execute(
            """UPDATE listings SET sent_quantity = NULL, check_at = NULL, resend = 0
            WHERE channel = ? AND sku = ?""",
            [channel, sku],
        )

    def due_checks(self, channel: str, now: datetime, limit: int) -> list[Listing]:
        """Listings whose read-back is due and that no feed holds, longest due first."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS} FROM listings WHERE channel = ? AND check_at <= ?
            AND job_id IS NULL ORDER BY check_at LIMIT ?""",  # noqa: S608 - constant columns
            [channel, to_text(now), limit],
        )
        return [_listing(row) for row in rows]

    def confirmed(self, channel: str, values: Iterable[tuple[str, int]]) -> None:
        """A read-back saw (SKU, quantity) live."""
        self._store.execute_many(
            """UPDATE listings SET confirmed_quantity = ?, check_at = NULL, checks = 0
            WHERE channel = ? AND sku = ?""",
            [(quantity, channel, sku) for sku, quantity in values],
        )

    def differs(self, channel: str, values: Iterable[tuple[str, int | None]]) -> None:
        """A read-back saw (SKU, other quantity or nothing): the next run sends it again."""
        self._store.execute_many(
            """UPDATE listings SET confirmed_quantity = ?, check_at = NULL, checks = checks + 1,
            sent_quantity = NULL, resend = 1 WHERE channel = ? AND sku = ?""",
            [(quantity, channel, sku) for sku, quantity in values],
        )

    def settle_difference(self, channel: str, sku: str) -> None:
        """The difference has been reported: stop sending on its account."""
        self._store.execute(
            """UPDATE listings SET check_at = NULL, checks = 0, resend = 0, sent_quantity = NULL
            WHERE channel = ? AND sku = ?""",
            [channel, sku],
        )

    def to_resend(self, channel: str, limit: int) -> list[Listing]:
        """Listings whose present value is to be sent again."""
        rows = self._store.rows(
            f"""SELECT {_COLUMNS} FROM listings WHERE channel = ? AND resend = 1
            AND job_id IS NULL ORDER BY sku LIMIT ?""",  # noqa: S608 - constant columns
            [channel, limit],
        )
        return [_listing(row) for row in rows]

    def live_count(self, channel: str) -> int:
        """How many SKUs of the channel are believed to have stock on Amazon."""
        rows = self._store.rows(
            """SELECT count(*) AS n FROM listings
            WHERE channel = ? AND coalesce(sent_quantity, confirmed_quantity, 1) > 0""",
            [channel],
        )
        return int(rows[0]["n"])

    def _in(self, channel: str, column: str, values: Sequence[object]) -> list[Listing]:
        marks = ", ".join("?" * len(values))
        rows = self._store.rows(
            f"SELECT {_COLUMNS} FROM listings WHERE channel = ? AND {column} IN ({marks})",  # noqa: S608 - constant columns, marks only
            [channel, *values],
        )
        return [_listing(row) for row in rows]


def _listing(row: dict[str, Any]) -> Listing:
    return Listing(**{**row, "resend": bool(row["resend"])})
