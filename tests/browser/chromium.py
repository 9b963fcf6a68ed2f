"""A real Chromium, where one is installed."""

from __future__ import annotations

import os
import shutil

import pytest

ABSENT = (
    "these tests did not run: no Chromium is installed "
    "(on Debian: apt-get install chromium; or set CHROMIUM to a browser's path)"
)


def program() -> str:
    """The browser's path. Without one the test is skipped; in CI that is a failure."""
    named = os.environ.get("CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("CI") == "true":
        pytest.fail(ABSENT)
    pytest.skip(ABSENT)
