"""Where Amazon's official models are; they are not part of this project."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from tests.contract.swagger import Contract

VARIABLE = "SP_API_MODELS"
ABSENT = (
    f"these tests did not run: {VARIABLE} does not name a folder with Amazon's official models, "
    "which anyone gets from the GitHub repository amzn/selling-partner-api-models "
    "(the files of models/ and of schemas/feeds/ together in one folder)"
)


def folder() -> Path | None:
    """The folder named by the environment; None where there is none. In CI that is a failure."""
    named = Path(os.environ.get(VARIABLE, ""))
    if (named / "orders_2026-01-01.json").is_file():
        return named.resolve()
    if os.environ.get("CI") == "true":
        pytest.fail(ABSENT)
    return None


@cache
def contract(where: Path) -> Contract:
    """The models of a folder, read once."""
    return Contract(where)
