"""The eight figures of the manual's dashboard, each with what it counts and how it has moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amzsync.ops.figures import Figures
from amzsync.ops.report_parts.words import change, number, short


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure in the manual's words; `anchor` is the table that has the SKUs behind it."""

    field: str
    name: str
    counts: str
    anchor: str = ""


_TILES = (
    Tile("total_sku_in_catalog", "Total SKU in catalog", "simple and active, in the catalog"),
    Tile("skus_on_sale", "Number of SKUs on sale", "sent to Amazon and for sale there"),
    Tile(
        "total_sku_difference",
        "Total SKU difference",
        "with price, stock, category and image, not for sale on Amazon",
        "not-on-sale",
    ),
    Tile(
        "skus_with_price_difference",
        "Number of SKUs with price difference",
        "price on Amazon other than in Omnitron",
        "price",
    ),
    Tile("total_stock_in_catalog", "Total stock in catalog", "units of all products in it"),
    Tile("total_stock_on_sale", "Total stock on sale", "units of products for sale on Amazon"),
    Tile("total_stock_difference", "Total stock difference", "units in the catalog, not on sale"),
    Tile(
        "skus_with_stock_difference",
        "Total number of SKUs with stock difference",
        "stock on Amazon other than in Omnitron",
        "stock",
    ),
)
NAMES = {tile.field: tile.name for tile in _TILES}


def tiles(now: Figures, before: tuple[datetime, Figures] | None) -> str:
    """The figures as HTML, beside those of the report before where there is one."""
    return f'<dl class="tiles">{"".join(_tile(tile, now, before) for tile in _TILES)}</dl>'


def _tile(tile: Tile, now: Figures, before: tuple[datetime, Figures] | None) -> str:
    value: int = getattr(now, tile.field)
    shown = number(value)
    if tile.anchor and value:
        shown = f'<a href="#{tile.anchor}">{shown}</a>'
    return (
        f'<div class="tile"><dt>{tile.name}</dt><dd class="figure">{shown}</dd>'
        f'{_step(tile, value, before)}<dd class="counts">{tile.counts}</dd></div>'
    )


def _step(tile: Tile, value: int, before: tuple[datetime, Figures] | None) -> str:
    if before is None:
        return ""
    at, figures = before
    moved = value - getattr(figures, tile.field)
    return f'<dd class="step">{change(moved) if moved else "the same"} since {short(at)}</dd>'
