"""The HTML report as text: what it says, that it escapes, and that it is installed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import zipfile
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from hypothesis import given
from hypothesis import strategies as st

from amzsync.ops.figures import Difference, Report
from amzsync.ops.report_page import page
from amzsync.ops.report_parts import words
from amzsync.ops.report_parts.charts import Chart, Series, figure, scale
from amzsync.ops.report_parts.trends import of_days, of_reports
from amzsync.redaction import forget, hide, mask
from amzsync.state.runs import Day
from tests.browser.reports import (
    AT,
    HOSTILE,
    before_the_first_snapshot,
    days,
    differences,
    figures,
    report,
)

ROOT = Path(__file__).parents[3]


class _Read(HTMLParser):
    """The tags of a page, the attributes, and the text of each element by its tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts[self.tags[-1]][-1] += data


def seen(html: str) -> str:
    """What a reader sees: no style, no script, no tags, blanks run together."""
    body = re.sub(r"<(style|script|template).*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def held(html: str) -> dict[str, list[list[object]]]:
    """The differences as the page's script gets them."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    rows: dict[str, list[list[object]]] = json.loads(found[1])
    return rows


def test_the_eight_figures_stand_in_the_manuals_words_and_order() -> None:
    names = _Read(page(report())).texts["dt"]
    assert names[4:] == [
        "Total SKU in catalog",
        "Number of SKUs on sale",
        "Total SKU difference",
        "Number of SKUs with price difference",
        "Total stock in catalog",
        "Total stock on sale",
        "Total stock difference",
        "Total number of SKUs with stock difference",
    ]
    assert "Total SKU in catalog 1,840 the same since 8 Mar 18:04" in seen(page(report()))
    assert "Number of SKUs on sale 1,788 −1 since 8 Mar 18:04" in seen(page(report()))
    assert "Total SKU difference 36 +1 since 8 Mar 18:04" in seen(page(report()))


def test_the_head_tells_channel_times_ages_and_version() -> None:
    text = seen(page(report()))
    assert "Işıl &amp; Oğulları" in text
    assert "Channel 12" in text
    assert "Written 2026-03-09 18:04 UTC" in text
    assert "Amazon as of 2026-03-09 14:52 UTC , 3 h 12 min earlier" in text
    assert f"amzsync {version('amzsync')}" in text


def test_a_page_written_later_tells_the_ages_at_that_time() -> None:
    text = seen(page(report(), AT + timedelta(days=1)))
    assert "Written 2026-03-10 18:04 UTC" in text
    assert "Compared 2026-03-09 18:04 UTC , 1 d earlier" in text
    assert "Amazon as of 2026-03-09 14:52 UTC , 1 d 3 h earlier" in text
    assert "<title>10 Mar: 0</title>" in page(report(), AT + timedelta(days=1))


def test_times_of_another_zone_are_told_in_utc() -> None:
    istanbul = datetime.fromisoformat("2026-03-10T00:30:00+03:00")
    assert words.moment(istanbul) == (
        '<time datetime="2026-03-09T21:30:00Z">2026-03-09 21:30 UTC</time>'
    )
    assert words.short(istanbul) == "9 Mar 21:30"


@pytest.mark.parametrize(
    ("lasting", "told"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2, hours=1, minutes=5), "2 d 1 h"),
    ],
)
def test_an_age_has_its_two_largest_units(lasting: timedelta, told: str) -> None:
    assert words.age(lasting) == told


def test_differences_are_counted_by_kind() -> None:
    text = seen(page(report(differences(2)[:5])))
    assert "5 differences between Omnitron and Amazon" in text
    assert "Not on sale: 2" in text
    assert "Price (TRY): 2" in text
    assert "Stock: 1" in text


def test_a_difference_tells_both_values_how_far_apart_why_and_what_to_do() -> None:
    found = (
        Difference("A", "price", "100.00", "90.5", "changed there", "amzsync report --fix"),
        Difference("B", "price", "1", "1.10", "", "ask Amazon"),
    )
    assert held(page(report(found)))["price"] == [
        ["A", "100.00", "90.5", "−9.50", "changed there", ["", "amzsync report --fix"]],
        ["B", "1", "1.10", "+0.10", "", ["ask Amazon"]],
    ]


@pytest.mark.parametrize("value", ["", "n/a", "NaN", "Infinity", "1,50"])
def test_no_step_is_made_up_where_a_side_has_no_number(value: str) -> None:
    (row,) = held(page(report([Difference("A", "stock", "3", value)])))["stock"]
    assert row[3] == ""


def test_a_cure_all_rows_share_is_told_once() -> None:
    html = page(report(differences(3)))
    assert html.count('<code class="command">amzsync report --fix</code>') == 2  # price, stock
    assert html.count('<code class="command">amzsync products trigger LOST-') == 3


def test_commands_in_a_cure_are_told_from_its_words() -> None:
    assert words.cure_parts("map it, then `amzsync a` or `amzsync b`") == [
        *("map it, then ", "amzsync a", " or ", "amzsync b")
    ]
    assert words.cure_parts("amzsync report --fix") == ["", "amzsync report --fix"]
    assert words.cure_parts("ask Amazon") == ["ask Amazon"]
    assert words.cure_parts("") == []
    assert words.cure_parts("set it to true, or amzsync stock push --force") == [
        *("set it to true, or ", "amzsync stock push --force")
    ]
    assert words.cure_parts("amzsync products touch, with a file of it") == [
        *("", "amzsync products touch", ", with a file of it")
    ]
    odd = shlex.quote("it's, or; not")
    assert words.cure_parts(f"amzsync why {odd}") == ["", f"amzsync why {odd}"]


def test_the_first_hundred_rows_are_html_and_all_are_data() -> None:
    html = page(report(differences(3334)))
    body = html.partition('<script type="application/json"')[0]
    assert body.count(">PRICE-") == 100
    assert "1–100 of 3,334" in seen(html)
    assert [len(rows) for rows in held(html).values()] == [3334, 3334, 3334]


def test_before_the_first_snapshot_nothing_is_claimed() -> None:
    text = seen(page(before_the_first_snapshot()))
    assert "There is no snapshot of Amazon’s listings yet" in text
    assert "amzsync report --wait stays until it is here" in text
    assert "Amazon as of not seen yet" in text
    assert "It takes two reports to show a trend." in text
    assert "The journal has no run yet." in text
    for claim in ("No difference stands", "No price differs", "Total SKU"):
        assert claim not in text


def test_that_both_sides_agree_is_said_only_when_the_figures_say_so() -> None:
    still = seen(page(report()))
    assert "No difference stands" in still
    assert "What the figures count all the same is on its way" in still
    none = Report(
        "12", "Işıl", "TRY", AT, AT, type(figures())(5, 5, 0, 0, 9, 9, 0, 0)
    )  # fmt: skip
    assert "What is sellable is on sale, with Omnitron’s prices and stock." in seen(page(none))


def test_notes_are_told_with_their_commands() -> None:
    assert '<bdi>2 SKUs are in flight; </bdi><code class="command">amzsync status</code>' in page(
        report()
    )


def test_a_report_told_again_is_not_compared_with_itself() -> None:
    told = report(reports=5)
    assert told.figures is not None
    again = Report(
        **{
            **{name: getattr(told, name) for name in Report.__slots__},
            "trend": (*told.trend, (AT - timedelta(hours=1), told.figures)),
        }
    )
    assert page(again) == page(told)


def test_nothing_from_outside_becomes_markup() -> None:
    plain, hostile = _Read(page(report(differences(1)))), _Read(page(report(HOSTILE)))
    assert set(hostile.tags) <= set(plain.tags)
    assert hostile.attributes <= plain.attributes
    assert hostile.texts["bdi"].count("<script>alert('sku')</script>") == 1
    assert hostile.tags.count("script") == 2


WILD = st.text(st.characters(codec="utf-8"), max_size=30)


@given(WILD, WILD, WILD, WILD, st.sampled_from(["not on sale", "price", "stock"]))
def test_any_text_is_shown_as_it_is(
    sku: str, value: str, reason: str, name: str, kind: str
) -> None:
    found = Difference(sku, kind, value, value, reason, reason)  # type: ignore[arg-type]  # sampled kinds
    html = page(Report(name, name, name, AT, AT, figures(), (found,), notes=(reason,)))
    reader = _Read(html)
    safe = _Read(page(Report("x", "x", "x", AT, AT, figures(), (found,), notes=("x",))))
    assert reader.tags.count("script") == 2
    assert reader.attributes == safe.attributes
    (row,) = held(html)[kind]
    assert row[:3] == [words.plain(sku), words.plain(value), words.plain(value)]


@given(WILD)
def test_a_text_reads_back_as_it_was(value: str) -> None:
    reader = _Read(f"<p>{words.text(value)}</p>")
    assert reader.tags == ["p"]
    assert reader.texts["p"] == [words.plain(value)]


def test_what_is_private_is_masked_in_every_place() -> None:
    hide(["sesame-seed-42"])
    try:
        secret = "the secret is sesame-seed-42"
        found = Difference("A", "price", secret, secret, secret, f"`{secret}`")
        html = page(Report("12", secret, "TRY", AT, AT, figures(), (found,), notes=(secret,)))
        assert "sesame" not in html
        assert html.count(mask(secret)) > 5
    finally:
        forget()


def test_control_characters_and_broken_text_do_no_harm() -> None:
    html = page(report([Difference("A\x00\x1b[31m\ud800", "price", "1", "2")]))
    assert html.encode()
    assert held(html)["price"][0][0] == "A  [31m?"


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else() -> None:
    html = page(report(HOSTILE))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert policy and style and script

    def digest(source: str) -> str:
        return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()

    assert policy[1].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest(style[1])}'",
        f"script-src 'sha256-{digest(script[1])}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_page_names_no_address_to_load_from() -> None:
    html = page(report(differences(2)))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bimport\(", html.replace("// ", ""))
    assert set(re.findall(r'(?:href|src)="([^"#]*)', html)) == {"", "data:,"}
    assert 'style="' not in html
    assert not re.search(r'\son[a-z]+="', html)


@given(st.integers(0, 10**9))
def test_an_axis_begins_at_zero_and_reaches_the_highest_value(highest: int) -> None:
    marks = scale(highest)
    assert marks[0] == 0
    assert marks[-1] >= max(highest, 1)
    assert 2 <= len(marks) <= 5
    assert str(marks.step).rstrip("0") in {"1", "2", "5"}


def test_columns_are_as_high_as_their_values() -> None:
    html = figure(
        Chart(
            "Records",
            ["1 Mar", "2 Mar"],
            [Series("sent", [10, 20]), Series("failed", [0, 20])],
            "day",
        )
    )
    bars = re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', html)
    heights = [float(height) for _, height in bars]
    floor = 126.0
    assert heights[0] * 2 == heights[2] == heights[3] > 0 == heights[1]
    assert float(bars[0][0]) + heights[0] == pytest.approx(floor)
    assert float(bars[3][0]) == pytest.approx(floor - heights[2] - heights[3])
    assert "Records: a column a day, 1 Mar to 2 Mar; lowest 10, highest 40, latest 40." in html
    assert "<title>2 Mar: 20 sent, 20 failed</title>" in html


def test_a_day_without_runs_is_a_gap_and_the_days_since_the_last_run_too() -> None:
    known = (Day(date(2026, 3, 1), 9, 0, 0, 0, 0), Day(date(2026, 3, 3), 8, 0, 0, 0, 0))
    html = of_days(known, date(2026, 3, 5))
    assert re.findall(r'<time datetime="[\d-]+">([\d-]+)</time></th><td>(\d+)', html) == [
        ("2026-03-05", "0"),
        ("2026-03-04", "0"),
        ("2026-03-03", "8"),
        ("2026-03-02", "0"),
        ("2026-03-01", "9"),
    ]
    assert "<title>2 Mar: 0</title>" in html


def test_long_trends_are_cut_in_charts_and_whole_in_tables() -> None:
    many = [(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n), figures(n)) for n in range(75)]
    html = of_reports(many)
    assert html.count("<rect") == 4 * 60
    assert html.count("<tr>") == 76
    assert "one column a report, the latest 60 of 75; UTC" in html
    assert of_days(days(75), AT.date()).count("<rect") == 5 * 60  # two series in one of four charts


def test_a_built_wheel_has_the_template_the_style_and_the_script(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    assert {f"amzsync/ops/report_parts/page.{kind}" for kind in ("html", "css", "js")} <= set(
        zipfile.ZipFile(wheel).namelist()
    )
