"""One sandbox for all these tests, grown anew for each; its time moves by hand only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from amzsync.sandbox.server import Sandbox
from tests.unit.sandbox.amazon_api import START, Api, HandTime


@pytest.fixture(scope="session")
def running() -> Iterator[Api]:
    """A server and its client that live as long as the tests do."""
    time = HandTime()
    with Sandbox(now=time) as sandbox, Api(sandbox, time) as client:
        yield client


@pytest.fixture
def api(running: Api) -> Api:
    """Amazon's side with ten SKUs and no orders, at noon, and a good token."""
    running.time.moment = START
    running.sandbox.reset(skus=10)
    running.log_in()
    return running
