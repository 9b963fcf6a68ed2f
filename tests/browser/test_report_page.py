"""The HTML report in a real browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from amzsync.ops.figures import Report
from tests.browser.axe import judged
from tests.browser.conftest import Show
from tests.browser.reports import (
    HOSTILE,
    UNUSUAL,
    before_the_first_snapshot,
    differences,
    report,
)

SCHEMES = ["light", "dark"]
WIDTHS = [390, 1440]
STATES = {
    "no snapshot": before_the_first_snapshot(),
    "no difference": report(),
    "no trend": report(differences(1), reports=0, journal=0, notes=0),
}


def everything() -> Report:
    return report((*differences(4), *HOSTILE, *UNUSUAL), reports=70, journal=70)


def rows(page: Page, kind: str) -> list[str]:
    """The SKUs a table shows, in its order."""
    return page.locator(f"#{kind} tbody th").all_inner_texts()


def search(page: Page, words: str) -> None:
    page.get_by_label("Search the tables").fill(words)


def sort(page: Page, kind: str, column: str) -> None:
    page.locator(f"#{kind} thead").get_by_role("button", name=column).click()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_breaks_no_accessibility_rule_and_fits(
    show: Show, width: int, scheme: str
) -> None:
    page = show(everything(), width=width, color_scheme=scheme).page
    for details in page.locator("summary").all():
        details.click()

    verdict = judged(page)
    assert verdict["violations"] == []
    assert {"color-contrast-enhanced", "target-size", "region"} <= set(verdict["passes"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", STATES)
def test_a_page_with_little_to_say_is_as_good(show: Show, state: str, width: int) -> None:
    page = show(STATES[state], width=width, color_scheme="dark").page
    assert judged(page)["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_judge_sees_what_is_wrong(show: Show) -> None:
    page = show(report()).page
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    broken = {violation.split(":")[0] for violation in judged(page)["violations"]}
    assert broken == {"color-contrast", "html-has-lang"}


def test_the_two_colour_schemes_are_light_and_dark(show: Show) -> None:
    def ground(scheme: str) -> str:
        page = show(report(), color_scheme=scheme).page
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground("light") == "rgb(246, 246, 243)"
    assert ground("dark") == "rgb(20, 23, 26)"


def test_the_page_makes_no_request_whatever_is_done_on_it(show: Show) -> None:
    shown = show(report((*differences(150), *HOSTILE)))
    page = shown.page
    search(page, "price")
    search(page, "")
    sort(page, "stock", "Amazon")
    page.locator("#price").get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Copy").first.click()
    page.locator("summary").first.click()
    page.get_by_role("link", name="Stock").first.click()

    assert shown.asked == ["/"]
    assert {url.partition("#")[0] for url in shown.requests} == {page.url.partition("#")[0]}
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert shown.console == []


def test_what_stands_in_the_data_is_shown_and_never_run(show: Show) -> None:
    shown = show(report(HOSTILE))
    page = shown.page
    for _ in range(2):  # as it was written, then as the script writes it
        assert rows(page, "price") == ["<script>alert('sku')</script>"]
        assert rows(page, "stock") == ['"onclick="alert(1)']
        assert rows(page, "not-on-sale") == ["<!--&lt;"]
        assert "</script ><script>alert(2)</script>" in page.locator("#stock").inner_text()
        assert page.locator("main img, main script, [onclick]").count() == 0
        sort(page, "price", "SKU")
        sort(page, "stock", "SKU")
        sort(page, "not-on-sale", "SKU")
    assert shown.console == []


def test_the_policy_lets_no_other_script_run(show: Show) -> None:
    shown = show(report())
    shown.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'taken over'";
            document.body.append(script);
            new Image().src = "https://example.com/";
        }"""
    )
    assert shown.page.title() == "Işıl & Oğulları · amzsync report"
    assert any("Content Security Policy" in message for message in shown.console)


def test_search_finds_beyond_the_first_page_without_case_and_accents(show: Show) -> None:
    page = show(report((*differences(300), *UNUSUAL))).page
    assert "PRICE-250" not in rows(page, "price")

    search(page, "price-250")
    assert rows(page, "price") == ["PRICE-250"]
    assert page.get_by_role("status").inner_text() == "1 of 903 differences match."
    assert page.get_by_text("Nothing here matches.").filter(visible=True).count() == 2

    search(page, "cigkofte ışık")
    assert rows(page, "not-on-sale") == ["ÇİĞKÖFTE-IŞIK-ŞÖĞÜ"]

    search(page, "trigger lost-7 brand")
    assert rows(page, "not-on-sale")[:2] == ["LOST-7", "LOST-70"]

    search(page, "")
    assert len(rows(page, "price")) == 100


def test_columns_sort_by_number_up_and_down(show: Show) -> None:
    page = show(report(differences(120))).page
    assert rows(page, "price")[0] == "PRICE-0"

    sort(page, "price", "Difference")
    assert rows(page, "price")[:2] == ["PRICE-119", "PRICE-118"]
    heads = page.locator("#price thead th")
    assert heads.nth(3).get_attribute("aria-sort") == "ascending"

    sort(page, "price", "Difference")
    assert rows(page, "price")[:2] == ["PRICE-0", "PRICE-1"]
    assert heads.nth(3).get_attribute("aria-sort") == "descending"

    sort(page, "price", "SKU")
    assert rows(page, "price")[:3] == ["PRICE-0", "PRICE-1", "PRICE-2"]
    assert heads.nth(3).get_attribute("aria-sort") is None


def test_what_was_sorted_and_turned_is_searched_from_its_beginning(show: Show) -> None:
    page = show(report(differences(250))).page
    page.locator("#price").get_by_role("button", name="Next").click()
    sort(page, "price", "Difference")
    assert rows(page, "price")[0] == "PRICE-249"
    page.locator("#price").get_by_role("button", name="Next").click()
    assert rows(page, "price")[0] == "PRICE-149"
    search(page, "price-12")
    assert rows(page, "price")[:2] == ["PRICE-129", "PRICE-128"]
    assert page.locator("#price .count").inner_text() == "11 of 250"


def test_ten_thousand_differences_come_in_pages(show: Show) -> None:
    page = show(report(differences(3334))).page
    pager = page.get_by_role("navigation", name="Pages of stock")
    following = pager.get_by_role("button", name="Next")
    assert page.locator("tbody tr").count() < 400
    assert rows(page, "stock")[0] == "STOCK-0"

    following.click()
    assert rows(page, "stock")[0] == "STOCK-100"
    assert "101–200 of 3,334" in pager.inner_text()
    assert page.get_by_role("status").inner_text() == "Stock: 101–200 of 3,334"
    assert following.evaluate("button => button === document.activeElement")

    for _ in range(2):  # the second time there is nothing before
        pager.get_by_role("button", name="Previous").press("Enter")
    assert rows(page, "stock")[0] == "STOCK-0"

    search(page, "stock-333")
    assert len(rows(page, "stock")) == 5  # STOCK-333 and STOCK-3330 to STOCK-3333
    assert following.is_hidden()


def test_a_command_is_copied(show: Show) -> None:
    page = show(report(differences(2)), permissions=["clipboard-read", "clipboard-write"]).page
    button = page.locator("#not-on-sale").get_by_role("button", name="Copy").nth(1)
    button.click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "amzsync products trigger LOST-1"


def test_a_command_is_selected_where_it_cannot_be_copied(show: Show) -> None:
    page = show(report(differences(1))).page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.locator("#price").get_by_role("button", name="Copy").click()
    page.get_by_text("Selected").wait_for()
    assert page.evaluate("getSelection().toString()") == "amzsync report --fix"


@pytest.mark.parametrize("width", WIDTHS)
def test_without_javascript_the_first_rows_are_there_and_a_sentence(show: Show, width: int) -> None:
    shown = show(report(differences(150)), width=width, java_script_enabled=False)
    page = shown.page
    assert rows(page, "price")[-1] == "PRICE-99"
    assert "shows the first 100 rows" in page.locator("noscript p").inner_text()
    assert page.get_by_role("button").count() == 0  # none that would do nothing
    assert page.get_by_role("searchbox").count() == 0
    assert page.locator("#price .range").inner_text() == "1–100 of 150"
    assert shown.asked == ["/"]


def test_the_keyboard_reaches_all_of_it_in_reading_order(show: Show) -> None:
    page = show(report(differences(1), notes=0)).page
    reached: list[str] = []
    while "BODY" not in reached:
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(({ tagName, id, innerText }) => tagName === 'BODY' ? tagName : id || innerText)"
                "(document.activeElement)"
            )
        )
    assert reached == [
        *("Skip to the differences", "Not on sale: 1", "Price (TRY): 1", "Stock: 1"),
        *("36", "12", "5"),  # the figures that are differences
        *("All figures report by report", "All figures day by day"),
        *("search", "Copy", "SKU", "Omnitron", "Amazon", "Why"),
        *("Copy", "SKU", "Omnitron", "Amazon", "Difference", "Why"),
        *("Copy", "SKU", "Omnitron", "Amazon", "Difference", "BODY"),
    ]


def test_the_skip_link_goes_to_the_differences(show: Show) -> None:
    page = show(report(differences(1))).page
    page.keyboard.press("Tab")
    assert page.get_by_role("link", name="Skip to the differences").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "differences"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"


def test_what_is_jumped_to_is_not_under_a_heading_that_stays(show: Show) -> None:
    page = show(report(differences(150)), width=390).page
    page.get_by_role("link", name="Stock: 150").click()
    title = page.locator("#stock-title").bounding_box()
    assert title is not None
    assert 0 <= title["y"] < 60
    hit = page.evaluate("document.elementFromPoint(60, 20).closest('section').id")
    assert hit == "stock"


def test_on_paper_there_are_no_controls(show: Show) -> None:
    page = show(report(differences(2)), color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.get_by_role("button", name="Copy").filter(visible=True).count() == 0
    assert page.locator("#price thead").inner_text().split() == [
        "SKU",
        "Omnitron",
        "Amazon",
        "Difference",
        "Why",
    ]
    assert page.get_by_label("Search the tables").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert rows(page, "price") == ["PRICE-0", "PRICE-1"]


def test_the_data_are_in_the_page_once(show: Show) -> None:
    page = show(report(differences(150))).page
    held = json.loads(page.locator("#data").inner_text() or page.locator("#data").inner_html())
    assert [len(held[kind]) for kind in ("not on sale", "price", "stock")] == [150, 150, 150]
    assert page.content().count('["PRICE-149"') == 1
