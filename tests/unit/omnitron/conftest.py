"""The scripted Omnitron, in the place of the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import respx

from .omnitron_fakes import Omnitron


@pytest.fixture
def omnitron() -> Iterator[Omnitron]:
    """Every request of the test goes here."""
    server = Omnitron()
    with respx.mock as router:
        router.route().mock(side_effect=server.handle)
        yield server
