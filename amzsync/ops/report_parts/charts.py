"""Column charts as inline SVG: from zero, with labelled axes, and told in words as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from amzsync.ops.report_parts.words import number

COLUMNS = 60  # the latest that a chart shows: more would be thinner than a line

_WIDTH, _HEIGHT = 300, 148
_TOP, _BOTTOM = 10, 22
_LETTER = 6.6  # the width of a figure in the axis' type
_INTERVALS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """What a part of each column stands for. `name` is "" where there is but one."""

    name: str
    values: Sequence[int]
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns over time, oldest first, their series stacked in the order given."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    per: str


def figure(chart: Chart) -> str:
    """The chart as HTML; at least one column is there."""
    shown = [Series(series.name, series.values[-COLUMNS:], series.tone) for series in chart.series]
    labels = chart.labels[-COLUMNS:]
    totals = [sum(values) for values in zip(*(series.values for series in shown), strict=True)]
    return (
        f'<figure class="chart"><figcaption><span class="chart-title">{escape(chart.title)}</span>'
        f'<span class="latest">{number(totals[-1])}</span>{_legend(shown)}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(_spoken(chart, labels, totals))}">'
        f"{_drawing(labels, shown, totals)}</svg></figure>"
    )


def scale(highest: int) -> range:
    """Round marks of an axis, from zero to the first that is not below the highest value."""
    step = 1
    while step * _INTERVALS < highest:
        step = _next_round(step)
    return range(0, max(step, -(-highest // step) * step) + 1, step)


def _next_round(step: int) -> int:
    # 1, 2, 5, 10, 20, 50, …
    leading = int(str(step)[0])
    return step // leading * {1: 2, 2: 5, 5: 10}[leading]


def _legend(series: Sequence[Series]) -> str:
    keys = "".join(
        f'<span class="key {one.tone}">{escape(one.name)}</span>' for one in series if one.name
    )
    return f'<span class="legend">{keys}</span>' if keys else ""


def _spoken(chart: Chart, labels: Sequence[str], totals: Sequence[int]) -> str:
    return (
        f"{chart.title}: a column a {chart.per}, {labels[0]} to {labels[-1]}; lowest "
        f"{number(min(totals))}, highest {number(max(totals))}, latest {number(totals[-1])}. "
        "The table below the charts has every figure."
    )


def _drawing(labels: Sequence[str], series: Sequence[Series], totals: Sequence[int]) -> str:
    marks = scale(max(totals))
    left = 10 + _LETTER * max(len(number(mark)) for mark in marks)
    floor = _HEIGHT - _BOTTOM
    per_unit = (floor - _TOP) / marks[-1]
    pitch = min(40.0, (_WIDTH - left) / len(labels))
    parts = [_gridline(mark, floor - mark * per_unit, left) for mark in marks]
    for index, label in enumerate(labels):
        x, y = left + (index + 0.12) * pitch, float(floor)
        told = [label]
        bars = ""
        for one in series:
            height = one.values[index] * per_unit
            y -= height
            told.append(f"{number(one.values[index])} {one.name}".strip())
            bars += (
                f'<rect class="{one.tone}" x="{x:.1f}" y="{y:.1f}" width="{0.76 * pitch:.1f}" '
                f'height="{height:.1f}"/>'
            )
        parts.append(f"<g><title>{escape(': '.join((told[0], ', '.join(told[1:]))))}</title>")
        parts.append(f"{bars}</g>")
    parts += _time_axis(labels, left, pitch)
    return "".join(parts)


def _gridline(mark: int, y: float, left: float) -> str:
    kind = "grid" if mark else "axis"
    return (
        f'<line class="{kind}" x1="{left:.1f}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="mark" x="{left - 5:.1f}" y="{y + 4:.1f}">{number(mark)}</text>'
    )


def _time_axis(labels: Sequence[str], left: float, pitch: float) -> list[str]:
    """The first label, and the last where it does not run into the first."""
    y = _HEIGHT - 6
    end = left + pitch * len(labels)
    axis = [f'<text x="{left + 0.12 * pitch:.1f}" y="{y}">{escape(labels[0])}</text>']
    if pitch * len(labels) > _LETTER * (len(labels[0]) + len(labels[-1]) + 2):
        axis.append(
            f'<text class="mark" x="{end - 0.12 * pitch:.1f}" y="{y}">{escape(labels[-1])}</text>'
        )
    return axis
