"""Orders under way, and those Amazon has delivered: noted until they are marked in Omnitron."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from amzsync.flows.flow import Context


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An order that is on its way as far as Omnitron knows."""

    order_id: str
    pk: int
    placed: datetime | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """An order Amazon has delivered: its pk in Omnitron, and the units of each line that stand."""

    order_id: str
    pk: int
    lines: dict[str, int]


def remembered(ctx: Context) -> dict[str, Delivered]:
    """Delivered orders, by id, that earlier runs found and did not finish."""
    text = ctx.state.cursors.get(_cursor(ctx))
    rows = json.loads(text) if text else {}
    return {key: Delivered(key, pk, lines) for key, (pk, lines) in rows.items()}


def remember(ctx: Context, found: Iterable[Delivered]) -> None:
    """Note durably that these have been delivered and are still to be marked."""
    _keep(ctx, {**remembered(ctx), **{order.order_id: order for order in found}})


def forget(ctx: Context, order_ids: Iterable[str]) -> None:
    """These are marked in Omnitron."""
    left = remembered(ctx)
    for order_id in order_ids:
        left.pop(order_id, None)
    _keep(ctx, left)


def _keep(ctx: Context, found: Mapping[str, Delivered]) -> None:
    rows = {key: (order.pk, order.lines) for key, order in found.items()}
    ctx.state.cursors.put(_cursor(ctx), json.dumps(rows), ctx.clock.now())


def _cursor(ctx: Context) -> str:
    return f"deliveries.found:{ctx.channel}"
