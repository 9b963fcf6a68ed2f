"""Fixtures of all tests: a clock, the sandbox (one server, reset for each test), a shop."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock, Shop

# A law is looked at from elsewhere every time, but what decides whether a change lands must not
# depend on luck; and no test is a measurement of time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


# The longest tests by far: begun last, or all by one process, they would outlast the others.
LONGEST = (
    "test_thirty_days",
    "test_simulated_day",
    "test_catalogue",
    "test_twenty_thousand_changes",
    "test_random_kills",
    "test_order_convergence",
    "test_catalogue_convergence",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the longest tests over the first half: each process begins with a part of the list."""
    longest = [item for item in items if item.path.stem in LONGEST]
    items[:] = [item for item in items if item.path.stem not in LONGEST]
    step = len(items) // (2 * len(longest) + 1)
    for number, item in enumerate(longest):
        items.insert(number * (step + 1), item)


@pytest.fixture(autouse=True)
def _log_level() -> None:
    """What a run sets for as long as it lasts; two in threads may leave it to the next test."""
    logging.getLogger("amzsync").setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[Sandbox, FakeClock]]:
    clock = FakeClock()
    with Sandbox(now=clock.now) as sandbox:
        yield sandbox, clock


@pytest.fixture
def clock(_server: tuple[Sandbox, FakeClock]) -> FakeClock:
    """The clock of the test, of amzsync and of the sandbox."""
    _server[1].at = FakeClock().at
    return _server[1]


@pytest.fixture
def sandbox(_server: tuple[Sandbox, FakeClock], clock: FakeClock) -> Sandbox:
    """Both far sides, empty; `sandbox.reset(orders=…, skus=…)` seeds them."""
    _server[0].latency = 0.0
    _server[0].reset()
    return _server[0]


@pytest.fixture
def shop(sandbox: Sandbox, clock: FakeClock, tmp_path: Path) -> Shop:
    """A seller-fulfilled channel in Türkiye against the sandbox."""
    return Shop(sandbox, clock, tmp_path)
