"""The HTML report: one file that loads nothing and sends nothing, for any browser and for paper.

The parts are in `report_parts`. Every text from outside passes `words.text` or, as data of the
script, `differences.data`; the policy lets nothing run but the two texts it has the hashes of.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from string import Template

from amzsync.ops.figures import Figures, Report
from amzsync.ops.report_parts.differences import PAGE, TABLES, Rows, data, rows_of, tables, title
from amzsync.ops.report_parts.tiles import tiles
from amzsync.ops.report_parts.trends import Reports, of_days, of_reports
from amzsync.ops.report_parts.words import age, counted, isolated, moment, note, number, text


def page(report: Report, now: datetime | None = None) -> str:
    """The report as an HTML document in UTF-8, written `now` or when the report was made."""
    written = now or report.at
    style, script = _asset("page.css"), _asset("page.js")
    reports = _reports(report)
    rows = rows_of(report)
    mood, verdict, advice = _verdict(report)
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        channel=text(report.channel_name),
        heading=isolated(report.channel_name),
        facts=_facts(report, written),
        mood=mood,
        verdict=verdict,
        advice=advice + _notes(report),
        figures=_figures(report, reports),
        trends=of_reports(reports) + of_days(report.days, written.astimezone(UTC).date()),
        differences=_differences(report, rows),
        footer="One file: it loads nothing from anywhere and sends nothing anywhere.",
        data=data(rows),
    )


def _asset(name: str) -> str:
    return files("amzsync.ops.report_parts").joinpath(name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _reports(report: Report) -> Reports:
    """The figures of each report up to this one, oldest first.

    One that saw the same in the same snapshot may be this very report, told again: it is left out.
    """
    if report.figures is None or report.snapshot_at is None:
        return report.trend
    earlier = [
        (at, figures)
        for at, figures in report.trend
        if at < report.snapshot_at or (at < report.at and figures != report.figures)
    ]
    return [*earlier, (report.at, report.figures)]


def _facts(report: Report, written: datetime) -> str:
    facts = {"Channel": isolated(report.channel), "Written": moment(written)}
    if written != report.at:
        facts["Compared"] = f"{moment(report.at)}, {age(written - report.at)} earlier"
    if report.snapshot_at is None:
        facts["Amazon as of"] = "not seen yet"
    else:
        seen = report.snapshot_at
        facts["Amazon as of"] = f"{moment(seen)}, {age(written - seen)} earlier"
    facts["By"] = f"amzsync {text(version('amzsync'))}"
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())


def _verdict(report: Report) -> tuple[str, str, str]:
    """How the channel stands: the mood as a CSS class, a headline, and what to do about it."""
    if report.figures is None:
        waiting = note(
            "Amazon takes a while to make it. `amzsync report --wait` stays until it is here; "
            "otherwise one run asks for it and a later one collects it."
        )
        return "waiting", "There is no snapshot of Amazon’s listings yet", f"<p>{waiting}</p>"
    count = len(report.differences)
    if count == 0:
        return (
            "good",
            "No difference stands between Omnitron and Amazon",
            _agreement(report.figures),
        )
    headline = counted(count, "difference", "differences") + " between Omnitron and Amazon"
    return "alert", headline, f'<p class="jumps">{_jumps(report)}</p>'


def _agreement(figures: Figures) -> str:
    still = (
        figures.total_sku_difference
        + figures.skus_with_price_difference
        + figures.skus_with_stock_difference
    )
    if still:
        return (
            "<p>What the figures count all the same is on its way, or was in order at a second "
            "look.</p>"
        )
    return "<p>What is sellable is on sale, with Omnitron’s prices and stock.</p>"


def _jumps(report: Report) -> str:
    kinds = [difference.kind for difference in report.differences]
    return "".join(
        f'<a href="#{table.anchor}">{title(report, table)}: {number(kinds.count(table.kind))}</a>'
        for table in TABLES
        if table.kind in kinds
    )


def _notes(report: Report) -> str:
    notes = "".join(f"<li>{note(one)}</li>" for one in report.notes)
    return f"<ul>{notes}</ul>" if notes else ""


def _figures(report: Report, reports: Reports) -> str:
    if report.figures is None:
        return '<p class="none">They come with the first snapshot.</p>'
    return tiles(report.figures, reports[-2] if len(reports) > 1 else None)


def _differences(report: Report, rows: Rows) -> str:
    if report.figures is None:
        return '<p class="none">They are looked for when the first snapshot is here.</p>'
    if not report.differences:
        return tables(report, rows)
    return (
        '<form class="search" role="search" hidden><label for="search">Search the tables</label>'
        '<input type="search" id="search" autocomplete="off" spellcheck="false">'
        '<p class="found" role="status"></p></form>'
        "<noscript><p>Without JavaScript this page shows the first "
        f"{PAGE} rows of each table and cannot search them. "
        f"{note('`amzsync report --csv FILE` writes them all.')}</p></noscript>"
        + tables(report, rows)
    )
