"""Where the published contracts are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract import models
from tests.contract.swagger import Contract


@pytest.fixture
def sp_api_models() -> Path:
    """The folder of Amazon's official models; without it the tests skip, but fail in CI."""
    where = models.folder()
    if where is None:
        pytest.skip(models.ABSENT)
    return where


@pytest.fixture
def contract(sp_api_models: Path) -> Contract:
    """The official models, ready to judge requests and responses."""
    return models.contract(sp_api_models)
