"""Where the published contracts are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sp_api_models() -> Path:
    """The folder of Amazon's official Swagger models, which are not part of this project.

    It is named by AMZSYNC_SP_API_MODELS; without it the tests skip, but fail in CI.
    """
    folder = os.environ.get("AMZSYNC_SP_API_MODELS", "")
    if folder:
        return Path(folder)
    reason = "AMZSYNC_SP_API_MODELS does not name the folder of Amazon's official models"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
