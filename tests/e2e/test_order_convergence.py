"""All order flows against buyers, ERP, carriers and faults in any order (a hypothesis machine).

Once the faults have stopped and everyone has done what is theirs, Omnitron is what Amazon says, and
nothing was done twice.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock
from tests.simulation import faults, truth
from tests.simulation.life import BY_AMAZON, CARRIERS, MERCHANT, Life, open_units
from tests.simulation.month import ORDER_FLOWS, REFUNDABLE_DAYS, shops

CHANNELS = st.sampled_from((MERCHANT, BY_AMAZON))
CANCELLERS = st.sampled_from(("BUYER", "MERCHANT", "AMAZON"))
# All that may hold an order back in the end: a buyer's wish is nobody's fault.
WISH = "cancellations.pull cancellation_requested"
HANG = "hang_after"  # costs real seconds; tests/kill has it
# Long enough for reports, second tries and penalties to be over.
QUIET = tuple(timedelta(minutes=minutes) for minutes in (5, 40, 490, 40, 490, 40))


class Shops(RuleBasedStateMachine):
    """Two channels of one account and everyone around them."""

    sandbox: ClassVar[Sandbox]
    clock: ClassVar[FakeClock]
    orders: Bundle[str] = Bundle("orders")

    def __init__(self) -> None:
        """A new world and a new state file."""
        super().__init__()
        self.clock.at = FakeClock().at
        self.sandbox.reset(skus=30)
        self.folder = tempfile.TemporaryDirectory()
        self.shops = shops(self.sandbox, self.clock, Path(self.folder.name), http={"in_flight": 2})

    @initialize(target=orders, seed=st.integers(0, 2**16), channels=st.lists(CHANNELS, min_size=1))
    def open(self, seed: int, channels: list[int]) -> MultipleResults[str]:
        """The first orders are there already."""
        self.life = Life(self.sandbox, random.Random(seed))  # noqa: S311 - repeatable
        self.planner = random.Random(seed)  # noqa: S311 - repeatable
        return multiple(*(self.life.place(channel, age=300) for channel in channels[:3]))

    # -- what people do -----------------------------------------------------------------------

    @rule(target=orders, channel=CHANNELS, age=st.sampled_from((0, 200)), pending=st.booleans())
    def place(self, channel: int, age: int, pending: bool) -> str:
        return self.life.place(channel, age=age, pending=pending)

    @rule(order=orders)
    def authorise(self, order: str) -> None:
        self.life.authorise(order)

    @rule(order=orders, by=CANCELLERS)
    def cancel(self, order: str, by: str) -> None:
        self.life.cancel(order, by)

    @rule(order=orders, keep_quantity=st.booleans())
    def cancel_some(self, order: str, keep_quantity: bool) -> None:
        self.life.cancel_some(order, keep_quantity=keep_quantity)

    @rule(order=orders)
    def ask_to_cancel(self, order: str) -> None:
        self.life.ask_to_cancel(order)

    @rule(order=orders)
    def report(self, order: str) -> None:
        self.life.report(order)

    @rule(order=orders)
    def decide(self, order: str) -> None:
        self.life.decide(order)

    @rule(
        order=orders,
        count=st.sampled_from((None, 1, 2)),
        company=st.sampled_from(sorted(CARRIERS)),
        tracked=st.booleans(),
    )
    def ship(self, order: str, count: int | None, company: str, tracked: bool) -> None:
        self.life.report(order)
        self.life.ship(order, count, company=company, tracked=tracked)

    @rule(order=orders)
    def track(self, order: str) -> None:
        self.life.track(order)

    @rule(order=orders)
    def ship_elsewhere(self, order: str) -> None:
        if not self.life.ship_by_amazon(order):
            self.life.ship_by_hand(order)

    @rule(order=orders, part=st.booleans(), touch=st.booleans())
    def deliver(self, order: str, part: bool, touch: bool) -> None:
        self.life.deliver(order, part=part, touch=touch)

    @rule(order=orders, status=st.sampled_from(("Approved", "Approved", "Denied")))
    def send_back(self, order: str, status: str) -> None:
        self.life.send_back(order, status=status)

    @rule(order=orders)
    def refund(self, order: str) -> None:
        self.life.refund(order)

    @rule(order=orders)
    def bill(self, order: str) -> None:
        self.life.bill(order)

    # -- what time, cron and the network do ---------------------------------------------------

    @rule(minutes=st.sampled_from((1, 5, 35, 300)))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule(flow=st.sampled_from([flow.command for flow in ORDER_FLOWS]), channel=CHANNELS)
    def run(self, flow: str, channel: int) -> None:
        ran = self.shops[channel - 1].run(*flow.split())
        assert ran.code in (0, 1, 5), ran

    @rule()
    def run_all(self) -> None:
        self.clock.advance(minutes=5)
        for flow in ORDER_FLOWS:
            for shop in self.shops:
                ran = shop.run(*flow.command.split())
                assert ran.code in (0, 1, 5), ran

    @rule()
    def strike(self) -> None:
        """One call to come will fail."""
        (fault,) = faults.plan(self.planner, 1, kinds=[k for k in faults.USED if k != HANG])
        fault.queue(self.sandbox)

    # -- what must be true in the end ---------------------------------------------------------

    def teardown(self) -> None:
        """Quiet days, in which everyone does what is theirs."""
        with self.folder:
            if hasattr(self, "life"):
                self.quieten()
                self.judge()

    def quieten(self) -> None:
        """No more faults, and everyone does what is theirs."""
        self.sandbox.faults.clear()
        for pause in QUIET:
            self.clock.at += pause
            for order in list(self.sandbox.world.amazon.orders):
                self.life.finish(order["orderId"])
            self.run_all()

    def judge(self) -> None:
        """Both sides agree, or it is told why not; nothing was done twice."""
        different = truth.differences(self.sandbox, timedelta(days=REFUNDABLE_DAYS))
        held = truth.causes(self.shops)
        unexplained, doubled = truth.unexplained(different, held), truth.doubled(self.sandbox)
        assert (unexplained, doubled) == ({}, []), (unexplained, doubled, held)
        faulty = {key: texts for key, texts in held.items() if _faults_of(texts)}
        assert faulty == {}, faulty


def _faults_of(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if not text.startswith(WISH)]


def test_whatever_happens_in_whatever_order_both_sides_agree_in_the_end(
    sandbox: Sandbox, clock: FakeClock
) -> None:
    Shops.sandbox, Shops.clock = sandbox, clock
    run_state_machine_as_test(
        Shops,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_what_the_erp_tells_before_an_order_is_linked_reaches_amazon_all_the_same(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path
) -> None:
    sandbox.reset(skus=30)
    shop, _ = shops(sandbox, clock, tmp_path)
    life = Life(sandbox, random.Random(1))  # noqa: S311 - repeatable
    order = life.place(age=300)
    sandbox.faults.add("server_error_before", "batch_requests.create", "omnitron")
    assert shop.run("orders", "pull").code == 5

    assert life.report(order)
    assert life.ship(order)
    for _ in range(2):
        clock.advance(minutes=5)
        assert {shop.run("orders", flow).code for flow in ("pull", "push")} == {0}

    (package,) = life.order(order)["packages"]
    assert package["trackingNumber"] == life.units(order)[0]["tracking_number"]


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_shipped_while_amazon_cancels_it_ends_as_amazon_says(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path, whole: bool
) -> None:
    sandbox.reset(skus=30)
    shop, _ = shops(sandbox, clock, tmp_path)
    life = Life(sandbox, random.Random(1))  # noqa: S311 - repeatable
    order = life.place(age=300)
    while sum(open_units(life.order(order)).values()) < 3:
        order = life.place(age=300)
    assert shop.run("orders", "pull").code == 0
    assert life.report(order)

    assert life.ship(order)
    assert life.cancel(order) if whole else life.cancel_some(order)
    assert shop.run("orders", "push").code == 1
    for minutes in (5, 5, 490, 5):
        clock.advance(minutes=minutes)
        life.decide(order)
        for flow in (("orders", "pull"), ("cancellations", "pull"), ("orders", "push")):
            assert shop.run(*flow).code == 0, flow

    assert order not in truth.differences(sandbox, timedelta(days=REFUNDABLE_DAYS))
    assert order not in truth.causes([shop])
    assert len(life.order(order).get("packages", [])) == (0 if whole else 1)
