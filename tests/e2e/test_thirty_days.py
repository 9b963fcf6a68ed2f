"""Thirty days of a shop with everything that happens to orders, and a network that fails.

The month is drawn from a seed, printed and taken from SIMULATION_SEED. Orders are placed, paid,
cancelled in whole and in part, asked to be cancelled, reported to the ERP late, split into
packages, shipped, delivered, invoiced, sent back, replaced; two channels share one account.

Runs, in-process on the test's clock: every four hours one batch of what cron starts every five
minutes; all twelve batches of each day's busy hour, in which two fifths of its orders come; on one
day all batches of six hours in a row. Each run costs 12 ms and an order 25 ms, on one core: 1,000
orders are what CI can wait for. SIMULATION_ORDERS=5000 is the whole size, with all 288 batches of
that one day.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock
from tests.simulation import faults, truth
from tests.simulation.month import REFUNDABLE_DAYS, Month

SEED = int(os.environ.get("SIMULATION_SEED", "20261123"))
ORDERS = int(os.environ.get("SIMULATION_ORDERS", "1000"))
WHOLE = 5_000
FAULTS = 200
# What searchOrders gives in a day: its burst, and what comes in at 0.0056 a second.
SEARCHES_A_DAY = 20 + 0.0056 * 24 * 60 * 60

# What people have to mend: everything else has to come right by itself.
KNOWN_CAUSES = {
    "orders.pull township",
    "orders.pull unknown_sku",
    "orders.push carrier",
    "cancellations.pull cancellation_requested",
    "refunds.pull not_imported",  # the goods of an order of an unknown SKU come back
}


def test_thirty_days_end_with_omnitron_as_amazon_says(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path
) -> None:
    print(f"seed {SEED}, {ORDERS} orders")  # noqa: T201 - to repeat a failure with
    sandbox.reset(skus=60)
    dense_hours = 24 if ORDERS >= WHOLE else 6
    month = Month(
        sandbox, clock, tmp_path, SEED, ORDERS, faults=FAULTS + 20, dense_hours=dense_hours
    )

    month.pass_by()
    month.settle(days=3)

    told = month.told()
    print(told)  # noqa: T201 - the figures of the month
    assert month.struck.total() >= FAULTS, told
    assert set(+month.struck) == set(faults.USED), told
    assert min(month.happened[step] for step in STEPS) > 0, told
    different = truth.differences(sandbox, timedelta(days=REFUNDABLE_DAYS))
    held = truth.causes(month.shops)
    assert truth.unexplained(different, held) == {}, told
    assert {text.split(":")[0] for texts in held.values() for text in texts} <= KNOWN_CAUSES, held
    assert truth.doubled(sandbox) == [], told
    assert month.throttled == 0, told
    assert max(month.searches.values()) <= SEARCHES_A_DAY, told


# What has to happen in a month at least once for it to prove anything.
STEPS = (
    *("placed", "authorise", "cancel", "cancel_some", "ask_to_cancel", "decide", "report"),
    *("ship", "track", "ship_by_hand", "ship_by_amazon", "deliver", "bill"),
    *("send_back", "refund", "replace", "unknown place", "unknown SKU"),
)
