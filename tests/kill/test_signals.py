"""`python -m amzsync` interrupted in the middle of things: it ends after the step at hand."""

from __future__ import annotations

import fcntl
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.sandbox.server import Sandbox
from tests.kill import stock_world
from tests.shop import FakeClock, Shop

SLOW = 1.0  # seconds a call takes in which the signal comes
STUCK = 60.0  # seconds nobody waits for
NOTHING_LOST = "nothing is lost, the next run goes on"
SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]

both_signals = pytest.mark.parametrize(("number", "code"), SIGNALS, ids=["SIGTERM", "SIGINT"])


class RunningClock(FakeClock):
    """The machine's clock: real processes read it too."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for that long, really."""
        threading.Event().wait(seconds)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in real time."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox, tmp_path: Path) -> Shop:
    """A channel in real time."""
    shop = Shop(sandbox, RunningClock(), tmp_path)
    # Real time may lie before the date the other tests' config begins at.
    yesterday = datetime.now(UTC) - timedelta(days=1)
    shop.configure(order_start_date=yesterday.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return shop


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(shop: Shop) -> Iterator[Start]:
    """Starts the command as cron does; what still runs when the test ends is killed."""
    with ExitStack() as stack:

        def started(*argv: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "amzsync", *argv, "--config", str(shop.config)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)  # closes the pipes, and waits
            stack.callback(process.kill)
            return process

        yield started


@both_signals
def test_a_signal_in_the_search_ends_the_run_and_the_next_one_begins_anew(
    shop: Shop, start: Start, number: signal.Signals, code: int
) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    shop.sandbox.faults.add("slow", "searchOrders", seconds=SLOW)
    process = start("orders", "pull")
    wait_until(lambda: shop.sandbox.count("searchOrders") == 1)

    process.send_signal(number)

    assert ended(process) == (code, f"amzsync: stopped by signal {int(number)}; {NOTHING_LOST}\n")
    assert shop.run("orders", "pull").code == 0
    assert_each_order_once(shop)


@both_signals
def test_a_signal_amid_eight_creations_lets_them_end_and_the_next_run_makes_the_rest(
    shop: Shop, start: Start, number: signal.Signals, code: int
) -> None:
    shop.sandbox.reset(orders=20, skus=12, plain=True)
    shop.sandbox.faults.add("slow", "create_orders.create", "omnitron", times=8, seconds=SLOW)
    process = start("orders", "pull")
    wait_until(lambda: shop.sandbox.count("create_orders.create") == 8)

    process.send_signal(number)

    assert ended(process) == (code, f"amzsync: stopped by signal {int(number)}; {NOTHING_LOST}\n")
    assert shop.sandbox.count("create_orders.create") == 8
    assert shop.run("orders", "pull").code == 0
    assert_each_order_once(shop)
    assert shop.sandbox.count("create_orders.create") == 20


@pytest.mark.parametrize(
    ("operation", "side", "under_way"),
    [("searchOrders", "amazon", 1), ("create_orders.create", "omnitron", 5)],
)
def test_a_second_sigint_ends_the_run_at_once(
    shop: Shop, start: Start, operation: str, side: str, under_way: int
) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    shop.sandbox.faults.add("slow", operation, side, times=5, seconds=STUCK)
    process = start("orders", "pull")
    wait_until(lambda: shop.sandbox.count(operation) == under_way)

    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)  # the first one lets the step at hand end
    process.send_signal(signal.SIGINT)

    code, _ = ended(process)
    assert code == 130
    shop.sandbox.faults.clear()
    assert shop.run("orders", "pull").code == 0
    assert_each_order_once(shop)


def test_sigterm_while_waiting_for_a_token_ends_the_run(shop: Shop, start: Start) -> None:
    stock_world.change_stocks(shop, 1)
    assert shop.run("stock", "push").code == 0
    (sku,) = stock_world.changed(shop, 1)
    shop.sandbox.world.omnitron.set_stock(sku, 50)
    set_bucket(shop, "patchListingsItem", tokens=0.55, rate=0.05)  # the next one in nine seconds
    process = start("stock", "push")
    wait_until(lambda: tokens(shop, "patchListingsItem") < 0)  # it is booked

    process.send_signal(signal.SIGTERM)

    assert ended(process) == (143, f"amzsync: stopped by signal 15; {NOTHING_LOST}\n")
    assert shop.sandbox.count("patchListingsItem") == 1
    set_bucket(shop, "patchListingsItem", tokens=5, rate=5)
    assert shop.run("stock", "push").code == 0
    shop.sandbox.clock.advance(600)
    shop.sandbox.world.amazon.settle()
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None and listing.quantity() == 50


def test_sigterm_while_waiting_for_the_lock_ends_the_run(shop: Shop, start: Start) -> None:
    shop.sandbox.reset(orders=5, skus=12, plain=True)
    with (shop.folder / "state.db.1.orders.pull.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = start("orders", "pull", "--lock-wait", "60")
        wait_until(lambda: shop.state.exists() and bool(known_channels(shop)))

        process.send_signal(signal.SIGTERM)

        assert ended(process) == (
            143,
            f"amzsync: stopped by signal 15; {NOTHING_LOST}\n",
        )
    assert not shop.sandbox.exchanges
    assert shop.run("orders", "pull").code == 0
    assert_each_order_once(shop)


def test_sigterm_between_two_batches_keeps_the_first_and_leaves_the_second(
    shop: Shop, start: Start
) -> None:
    shop.sandbox.reset(orders=110, skus=12, plain=True)
    # the second change of the first batch request is its end
    shop.sandbox.faults.add("slow", "batch_requests.patch", "omnitron", after=1, seconds=SLOW)
    process = start("orders", "pull")
    wait_until(lambda: shop.sandbox.count("batch_requests.patch") == 2)

    process.send_signal(signal.SIGTERM)

    assert ended(process) == (143, f"amzsync: stopped by signal 15; {NOTHING_LOST}\n")
    states = shop.rows("SELECT state, count(*) AS n FROM inbox GROUP BY state ORDER BY state")
    assert states == [{"state": "imported", "n": 100}, {"state": "new", "n": 10}]
    assert shop.run("orders", "pull").code == 0
    assert_each_order_once(shop)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and stderr, well before the longest wait is over; stdout is empty."""
    out, err = process.communicate(timeout=STUCK / 2)
    assert out == ""
    return process.returncode, err


def wait_until(happened: Callable[[], bool]) -> None:
    """Look again and again, at most for half a minute."""
    pause = threading.Event()
    for _ in range(1_500):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen")


def set_bucket(shop: Shop, bucket: str, *, tokens: float, rate: float) -> None:
    """Let a token bucket hold that much from now on, refilled at that rate."""
    now = datetime.now(UTC).timestamp()
    with closing(sqlite3.connect(shop.state)) as state, state:
        changed = state.execute(
            "UPDATE quota SET tokens = ?, rate = ?, stated = 1, updated_at = ? WHERE bucket = ?",
            (tokens, rate, now, bucket),
        )
        assert changed.rowcount == 1


def tokens(shop: Shop, bucket: str) -> float:
    """What the bucket held when it was last touched."""
    (row,) = shop.rows("SELECT tokens FROM quota WHERE bucket = ?", bucket)
    return float(row["tokens"])


def known_channels(shop: Shop) -> list[dict[str, object]]:
    """The channels in the state file, once it has its tables."""
    try:
        return shop.rows("SELECT key FROM channels")
    except sqlite3.OperationalError:
        return []


def assert_each_order_once(shop: Shop) -> None:
    """All orders are in Omnitron, none twice, and no batch holds anything."""
    omnitron = shop.sandbox.world.omnitron
    there = Counter(row["number"] for row in omnitron.snapshot("orders"))
    assert there == {order["orderId"]: 1 for order in shop.sandbox.world.amazon.orders}
    assert {row["status"] for row in omnitron.snapshot("batches")} <= {"done", "fail"}
    assert {row["state"] for row in shop.rows("SELECT state FROM inbox")} == {"imported"}
