"""The verdict of axe-core on a page, with every rule it has."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_SOURCE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# Also the rules that are off by default: AAA, experimental ones, the size of targets.
_RUN = """async () => {
    const rules = {};
    for (const { ruleId } of axe.getRules()) rules[ruleId] = { enabled: true };
    const { violations, passes } = await axe.run({ rules, resultTypes: ["violations"] });
    return {
        violations: violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`),
        passes: passes.map(({ id }) => id),
    };
}"""


def judged(page: Page) -> dict[str, list[str]]:
    """The rules the page breaks, each with an element that breaks it, and the rules it keeps."""
    page.evaluate(_SOURCE)
    verdict: dict[str, Any] = page.evaluate(_RUN)
    return verdict
