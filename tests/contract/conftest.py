"""Where the published contracts are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import models
from tests.contract.swagger import Contract
from tests.contract.witness import Witness, watching


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


@pytest.fixture
def witness(contract: Contract) -> Iterator[Witness]:
    """The judge of the test's exchanges with the sandbox, which the test asks for its verdict."""
    with watching(contract) as judge:
        yield judge
