"""How the figures went from report to report, and the runs from day to day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from amzsync.ops.figures import Figures
from amzsync.ops.report_parts.charts import COLUMNS, Chart, Series, figure
from amzsync.ops.report_parts.tiles import NAMES
from amzsync.ops.report_parts.words import day, moment, number, short
from amzsync.state.runs import Day

Reports = Sequence[tuple[datetime, Figures]]
Rows = Sequence[tuple[str, Sequence[int]]]

_CHARTED = (
    ("skus_on_sale", "SKUs on sale", "calm"),
    ("total_sku_difference", "SKU difference", "alert"),
    ("skus_with_price_difference", "SKUs with price difference", "alert"),
    ("skus_with_stock_difference", "SKUs with stock difference", "alert"),
)


def of_reports(reports: Reports) -> str:
    """The trend of the figures as HTML, oldest report first."""
    if len(reports) < 2:
        return _none("From report to report", "It takes two reports to show a trend.")
    labels = [short(at) for at, _ in reports]
    charts = [
        Chart(title, labels, [Series("", [getattr(f, name) for _, f in reports], tone)], "report")
        for name, title, tone in _CHARTED
    ]
    rows = [(moment(at), list(asdict(figures).values())) for at, figures in reversed(reports)]
    table = _table("report by report", ["Report", *NAMES.values()], rows)
    return _charts("From report to report", "report", len(reports), charts) + table


def of_days(days: Sequence[Day], until: date) -> str:
    """The trend of the journal as HTML, up to that day."""
    if not days:
        return _none("Day by day", "The journal has no run yet.")
    every = _every_day(days, until)
    labels = [day(one.day) for one in every]
    sent, failed = [one.sent for one in every], [one.failed for one in every]
    series = {
        "Runs": [Series("", [one.runs for one in every])],
        "Failed runs": [Series("", [one.failed_runs for one in every], "alert")],
        "Records": [Series("sent", sent), Series("failed", failed, "alert")],
        "Throttled": [Series("", [one.throttled for one in every], "alert")],
    }
    charts = [Chart(title, labels, parts, "day") for title, parts in series.items()]
    columns = ["Day", "Runs", "Failed runs", "Records sent", "Records failed", "Throttled"]
    rows = [
        (
            f'<time datetime="{one.day}">{one.day}</time>',
            (one.runs, one.failed_runs, one.sent, one.failed, one.throttled),
        )
        for one in reversed(every)
    ]
    return _charts("Day by day", "day", len(every), charts) + _table("day by day", columns, rows)


def _every_day(days: Sequence[Day], until: date) -> list[Day]:
    """The days without a gap: on one that the journal does not know, nothing ran."""
    known = {one.day: one for one in days}
    first = min(known)
    spread = (first + timedelta(days=n) for n in range((max(*known, until) - first).days + 1))
    return [known.get(each, Day(each, 0, 0, 0, 0, 0)) for each in spread]


def _none(title: str, why: str) -> str:
    return f'<h3>{title}</h3><p class="none">{why}</p>'


def _charts(title: str, per: str, count: int, charts: Sequence[Chart]) -> str:
    cut = f", the latest {COLUMNS} of {number(count)}" if count > COLUMNS else ""
    return (
        f'<h3>{title} <span class="about">one column a {per}{cut}; UTC</span></h3>'
        f'<div class="charts">{"".join(map(figure, charts))}</div>'
    )


def _table(name: str, columns: Sequence[str], rows: Rows) -> str:
    """The numbers behind charts, newest first. `rows`: the head as HTML, and the numbers."""
    title = f"All figures {name}"
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{label}</th>'
        + "".join(f"<td>{number(value)}</td>" for value in values)
        + "</tr>"
        for label, values in rows
    )
    return (
        f"<details><summary>{title}</summary>"
        f'<div class="scroll" role="region" tabindex="0" aria-label="{title}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
