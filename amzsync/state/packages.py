"""Packages of orders under the references Amazon knows them by; noted before it is told of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.state.store import Store, to_text


@dataclass(frozen=True, slots=True)
class Package:
    """One package. `carrier` is Omnitron's slug, `units` pk → line of the units in it.

    `wanted` is the confirmation last asked of Amazon and `confirmed` the one it last took (JSON):
    while they differ, the outcome is unknown and the same is asked again.
    """

    order_id: str
    reference: int
    tracking_number: str
    carrier: str
    units: Mapping[int, str]
    wanted: str
    confirmed: str = ""


class Packages:
    """The table `packages`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_orders(self, channel: str, order_ids: Iterable[str]) -> dict[str, list[Package]]:
        """The packages of these orders, by reference."""
        rows = self._store.rows(
            """SELECT order_id, reference, tracking_number, carrier, units, wanted, confirmed
            FROM packages WHERE channel = ? AND order_id IN (SELECT value FROM json_each(?))
            ORDER BY order_id, reference""",
            [channel, json.dumps(list(order_ids))],
        )
        found: dict[str, list[Package]] = {}
        for row in map(_package, rows):
            found.setdefault(row.order_id, []).append(row)
        return found

    def want(self, channel: str, package: Package) -> None:
        """Note durably what Amazon is about to be told of the package."""
        self._store.execute(
            """INSERT INTO packages
            (channel, order_id, reference, tracking_number, carrier, units, wanted)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, order_id, reference) DO UPDATE SET
                tracking_number = excluded.tracking_number, carrier = excluded.carrier,
                units = excluded.units, wanted = excluded.wanted""",
            [
                channel,
                package.order_id,
                package.reference,
                package.tracking_number,
                package.carrier,
                json.dumps({str(pk): line for pk, line in package.units.items()}),
                package.wanted,
            ],
        )

    def confirmed(self, channel: str, order_id: str, reference: int, now: datetime) -> None:
        """Amazon has it as it was wanted last."""
        self._store.execute(
            """UPDATE packages SET confirmed = wanted, confirmed_at = ?
            WHERE channel = ? AND order_id = ? AND reference = ?""",
            [to_text(now), channel, order_id, reference],
        )


def _package(row: dict[str, Any]) -> Package:
    units = {int(pk): line for pk, line in json.loads(row["units"]).items()}
    return Package(**{**row, "units": units})
