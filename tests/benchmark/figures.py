"""What is measured. Each function yields rows of (figure, seen, target); targets: design §6."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmark.processes import AMZSYNC, PYTHON, Site, Took, site, take

Row = tuple[str, str, str]

CARD = "import typer, httpx, pydantic, sqlite_utils, rich, dateutil"


def start_up(rounds: int) -> Iterator[Row]:
    """Ratios to importing the card's packages; medians of interleaved runs.

    The processor's ratio is the one to trust on a machine that is busy with other things.
    """
    with site(40) as place, TemporaryDirectory() as name:
        place.run("stock", "push")
        commands: dict[str, Sequence[str]] = {
            "card": [PYTHON, "-c", CARD],
            "amzsync --help": [*AMZSYNC, "--help"],
            "idle stock push": place.command("stock", "push"),
        }
        took: dict[str, list[Took]] = {label: [] for label in commands}
        for _ in range(rounds):
            for label, command in commands.items():
                took[label].append(take(command, Path(name)))
        place.forget_calls()
        place.run("stock", "push")
        amazon, omnitron = place.calls()
    base = took.pop("card")
    yield "importing the card's packages", f"{_clock(base) * 1000:.0f} ms", ""
    for label, runs in took.items():
        clock, processor = _clock(runs) / _clock(base), _processor(runs) / _processor(base)
        target = "1.25" if label.startswith("idle") else ""
        yield f"{label}, ratio to that", f"{clock:.2f} (processor {processor:.2f})", target
    yield "idle stock push, calls to Amazon + Omnitron", f"{amazon} + {omnitron}", "0 + 3"


def orders(count: int, latency: float) -> Iterator[Row]:
    """New orders from Amazon into Omnitron."""
    with site(200, latency=latency) as place:
        place.control("POST", "amazon/orders", {"count": count, "plain": True, "age": 600})
        took = place.run("orders", "pull")
        amazon, omnitron = place.calls()
    label = f"{count:,} new orders, {latency * 1000:.0f} ms latency"
    target = f"{count * 0.12:.0f} s" if latency else ""
    yield f"{label}: time", f"{took.seconds:.0f} s, {count / took.seconds:.0f} a second", target
    if not latency:
        yield f"{label}: calls to Amazon", str(amazon), f"{-(-count // 100)}"
        yield f"{label}: calls to Omnitron", str(omnitron), f"{7 * count}"
        yield f"{label}: peak memory", f"{took.memory:.0f} MiB", "80 MiB"


def feed(count: int, latency: float) -> Iterator[Row]:
    """Many changed stocks as one feed, and the later run that collects its result."""
    with site(count * 50 // 49 + 50, latency=latency) as place:
        place.change_stocks(count)
        took = place.run("stock", "push")
        if not latency:
            _collect(place)
            place.change_stocks(count)
            place.forget_calls()
            place.run("stock", "push")
            handing, _ = place.calls()
            _collect(place)
            amazon, omnitron = place.calls()
    label = f"{count:,} changed stocks, {latency * 1000:.0f} ms latency"
    target = f"{count * 0.006:.0f} s" if latency else ""
    yield (
        f"{label}: handed over",
        f"{took.seconds:.0f} s, {count / took.seconds:.0f} a second",
        target,
    )
    if not latency:
        yield f"{label}: calls to Amazon, and to collect", f"{handing} + {amazon - handing}", "3"
        yield f"{label}: calls to Omnitron, collected", str(omnitron), f"{count * 6 // 100}"


def _collect(place: Site) -> None:
    """Let Amazon finish the feed, and bring its result in."""
    place.control("POST", "advance", {"seconds": 600})
    place.run("stock", "push")


def patches(count: int, latency: float) -> Iterator[Row]:
    """Few changed stocks, each by a call; Amazon's quota allows five a second."""
    with site(count + 50, latency=latency) as place:
        place.change_stocks(count)
        place.forget_calls()
        took = place.run("stock", "push")
        amazon, _ = place.calls()
    label = f"{count:,} changed stocks by PATCH, {latency * 1000:.0f} ms latency"
    yield (
        label,
        f"{count / took.seconds:.1f} a second, {amazon} calls",
        f"5 a second, {count} calls",
    )


def memory(skus: int) -> Iterator[Row]:
    """Peak memory of a run that sends all it may send at once, and of an idle one."""
    with site(skus) as place:
        changed = place.change_stocks(skus)
        busy = place.run("stock", "push")
        idle = place.run("stock", "push")
    yield f"{skus:,} SKUs, {changed:,} changed: peak memory", f"{busy.memory:.0f} MiB", "80 MiB"
    yield f"{skus:,} SKUs, the run after that: peak memory", f"{idle.memory:.0f} MiB", "80 MiB"


def report(skus: int) -> Iterator[Row]:
    """A snapshot of all listings taken in and held against Omnitron's goods."""
    with site(skus) as place:
        place.control("POST", "delays", {"report_queue": 0, "report_process": 0})
        place.run("report")
        place.forget_calls()
        took = place.run("report")
        amazon, omnitron = place.calls()
    label = f"report over {skus:,} SKUs"
    yield f"{label}: peak memory", f"{took.memory:.0f} MiB", "80 MiB"
    yield f"{label}: time, calls", f"{took.seconds:.0f} s, {amazon} + {omnitron}", ""


def _clock(runs: Sequence[Took]) -> float:
    return statistics.median(run.seconds for run in runs)


def _processor(runs: Sequence[Took]) -> float:
    return statistics.median(run.processor for run in runs)
