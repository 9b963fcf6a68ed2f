"""One sandbox a test, its time moved by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from amazon_api import Api, HandTime

from amzsync.sandbox.server import Sandbox


@pytest.fixture
def api() -> Iterator[Api]:
    """Amazon's side with ten SKUs and no orders."""
    time = HandTime()
    with Sandbox(skus=10, now=time) as sandbox:
        client = Api(sandbox, time)
        yield client
        client.http.close()
