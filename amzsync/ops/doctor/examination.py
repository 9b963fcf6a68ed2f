"""The whole examination, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from amzsync.flows.flow import Context
from amzsync.ops.doctor.amazon import of_amazon
from amzsync.ops.doctor.clocks import of_clocks
from amzsync.ops.doctor.cron import of_cron
from amzsync.ops.doctor.finding import Finding
from amzsync.ops.doctor.omnitron import of_omnitron
from amzsync.ops.doctor.runs import lately, of_runs, scheduled


def of_far_sides(ctx: Context) -> list[Finding]:
    """Both far sides at once, and then the clocks, which their answers tell of."""
    with ThreadPoolExecutor(2, thread_name_prefix="doctor") as pool:
        sides: list[Callable[[Context], Iterator[Finding]]] = [of_amazon, of_omnitron]
        found = list(pool.map(lambda look: list(look(ctx)), sides))
    return [*(finding for side in found for finding in side), *of_clocks(ctx)]


def of_schedule(ctx: Context) -> Iterator[Finding]:
    """How the flows have run, and what starts them."""
    now, entries = ctx.clock.now(), scheduled(ctx.config)
    yield from of_runs(ctx.config, ctx.state, ctx.channel, now)
    running = all(lately(ctx.state, ctx.channel, entry, now) for entry in entries)
    yield from of_cron(ctx.config, entries, running)
