"""What `report` tells: the manual's eight dashboard figures, and the differences behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from amzsync.state.runs import Day

Kind = Literal["not on sale", "price", "stock"]


@dataclass(frozen=True, slots=True)
class Figures:
    """The eight figures of the manual's dashboard, in its order and by its definitions."""

    total_sku_in_catalog: int
    skus_on_sale: int
    total_sku_difference: int
    skus_with_price_difference: int
    total_stock_in_catalog: int
    total_stock_on_sale: int
    total_stock_difference: int
    skus_with_stock_difference: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One SKU the two sides disagree on.

    `omnitron` and `amazon` are the values as text, "" where a side has none. `reason` is why, as
    far as it is known; `cure` the command or the step that mends it.
    """

    sku: str
    kind: Kind
    omnitron: str
    amazon: str
    reason: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of one report.

    `snapshot_at`: how old Amazon's side may be; None while there has been no snapshot. `trend` are
    the figures of earlier reports, oldest first; `days` the journal, oldest first.
    """

    channel: str
    channel_name: str
    currency: str
    at: datetime
    snapshot_at: datetime | None
    figures: Figures | None
    differences: tuple[Difference, ...] = ()
    trend: tuple[tuple[datetime, Figures], ...] = ()
    days: tuple[Day, ...] = ()
    notes: tuple[str, ...] = ()
