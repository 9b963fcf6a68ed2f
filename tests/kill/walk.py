"""The walk: one run after the other killed at every point, the next runs judged each time."""

from __future__ import annotations

from collections.abc import Callable

from tests.kill.kept import Kept
from tests.kill.processes import KILLED, passed, start
from tests.kill.wrapper import Kind, Point, When
from tests.shop import FakeClock, Shop

Prepare = Callable[[Shop], None]
Judge = Callable[[Shop], list[str]]


def walk(
    shop: Shop, argv: list[str], kind: Kind, when: When, prepare: Prepare, judge: Judge
) -> int:
    """Kill the command before or after each of its calls or commits; the number of points.

    `prepare` builds the world and all that came before the run, from which every point begins;
    `judge` has the next runs done and tells what is wrong after them. Errors: AssertionError that
    names every failing point.
    """
    begin(shop, prepare)
    kept = Kept(shop)
    points = [point for point in passed(shop, *argv) if point.startswith(kind)]
    faults = {}
    for number, label in enumerate(points, start=1):
        kept.restore()
        ran = start(shop, *argv, point=Point(kind, number, when)).end()
        found = [] if ran.code == KILLED else [f"it was not killed, it ended {ran.code}: {ran.err}"]
        if found := found + judge(shop):
            faults[f"{when} {label} ({kind} {number} of {len(points)})"] = found
    print(f"{' '.join(argv)}: killed {when} each of {len(points)} {kind}s")  # noqa: T201 - for the log
    assert not faults, "\n".join(f"{point}: {'; '.join(what)}" for point, what in faults.items())
    return len(points)


def begin(shop: Shop, prepare: Prepare) -> None:
    """A new day: the clock at its start, no state file, the world as prepared."""
    shop.clock.at = FakeClock().at
    for path in shop.folder.glob(f"{shop.state.name}*"):
        path.unlink()
    prepare(shop)
