"""Fifty processes killed at random points, over all order flows; then plain runs end it well."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

from amzsync.sandbox.server import Sandbox
from tests.kill.processes import KILLED, start
from tests.kill.wrapper import Point
from tests.shop import FakeClock
from tests.simulation import truth
from tests.simulation.month import MINUTE, ORDER_FLOWS, REFUNDABLE_DAYS, Month

SEED = int(os.environ.get("SIMULATION_SEED", "20261123"))
KILLS = 50
ATTEMPTS = 600  # runs at most; one with nothing to do has too few points to be killed at
# What has to happen meanwhile for a kill to disturb anything.
STEPS = ("cancel", "decide", "ship", "deliver", "bill")


def test_killed_fifty_times_at_random_points_omnitron_ends_as_amazon_says(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path
) -> None:
    print(f"seed {SEED}")  # noqa: T201 - to repeat a failure with
    sandbox.reset(skus=40)
    month = Month(sandbox, clock, tmp_path, SEED, orders=150, days=8, faults=0, in_flight=4)
    draw = random.Random(SEED)  # noqa: S311 - repeatable, guards nothing
    killed: Counter[str] = Counter()

    for turn in range(ATTEMPTS):
        if killed.total() == KILLS:
            break
        month.jump(clock.now() + draw.choice((0, 1, 5, 60, 360)) * MINUTE)
        if turn % 2:  # between two that are killed, runs that come to their end
            month.cron()
            continue
        flow = min(ORDER_FLOWS, key=lambda flow: (killed[flow.name], draw.random()))
        point = Point(
            draw.choice(("call", "commit")),
            draw.randint(1, draw.choice((4, 12, 40))),
            draw.choice(("before", "after")),
        )
        shop = draw.choice(month.shops)
        ran = start(shop, *flow.command.split(), point=point).end()
        assert ran.code in (KILLED, 0, 1, 5), (flow.name, ran)
        killed[flow.name] += ran.code == KILLED

    assert killed.total() == KILLS, killed
    assert min(month.happened[step] for step in STEPS) > 0, month.told()
    month.settle(days=3)
    print(dict(killed), month.told())  # noqa: T201 - what was going on meanwhile
    different = truth.differences(sandbox, timedelta(days=REFUNDABLE_DAYS))
    assert truth.unexplained(different, truth.causes(month.shops)) == {}
    assert truth.doubled(sandbox) == []
