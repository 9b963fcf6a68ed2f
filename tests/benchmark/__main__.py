"""`python -m tests.benchmark [--quick]`: a Markdown table of figures; nothing is asserted."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator

from tests.benchmark import figures
from tests.benchmark.figures import Row


def main() -> None:
    """Measure and print, row by row."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, rougher figures")
    quick: bool = parser.parse_args().quick
    _say(f"{_machine()}{', --quick' if quick else ''}\n")
    _say("| figure | seen | target |\n| --- | --- | --- |")
    for figure, seen, target in _rows(10 if quick else 1):
        _say(f"| {figure} | {seen} | {target} |")


def _rows(part: int) -> Iterator[Row]:
    yield from figures.start_up(20 if part == 1 else 7)
    for latency in (0, 0.05):
        yield from figures.orders(1_000 // part, latency)
    for latency in (0, 0.05):
        yield from figures.feed(10_000 // part, latency)
    for latency in (0, 0.05):
        yield from figures.patches(300 // part, latency)
    for skus in (1_000, 100_000 // part):
        yield from figures.memory(skus)
        yield from figures.report(skus)


def _machine() -> str:
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    return (
        f"{os.cpu_count()} cores, {page * pages / 2**30:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
