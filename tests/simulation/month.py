"""A month of a shop: what happens to each order and when, drawn from a seed, and cron's runs.

The clock jumps from one batch of cron runs to the next. Four quiet hours have one batch together;
the busy hour of every day, with two fifths of its orders, has the twelve cron would start, and one
day of the month has many such hours.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from amzsync.flows import FLOWS
from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock, Shop
from tests.simulation import faults
from tests.simulation.life import BY_AMAZON, CARRIERS, MERCHANT, UNMAPPED_CARRIER, Life

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BUSY = 0.4  # the part of a day's orders its busy hour has
QUIET = 4 * 60  # minutes between batches where not much happens
DENSE_DAY = 11  # the day that has many busy hours
REFUNDABLE_DAYS = 14
ORDER_FLOWS = [flow for flow in FLOWS if flow.content_type == "order"]
FLAGS = {flow.flag: True for flow in ORDER_FLOWS} | {"send_updated_product_stock": False}

Step = Callable[[], object]


def shops(sandbox: Sandbox, clock: FakeClock, folder: Path, **settings: Any) -> list[Shop]:
    """Two channels of one account that share the state: one ships itself, for one Amazon does."""
    found = [Shop(sandbox, clock, folder, channel=number) for number in (MERCHANT, BY_AMAZON)]
    for shop in found:
        ships = shop.channel == MERCHANT
        shop.configure(
            FLAGS,
            cancellation_reason_id=10,
            default_reason_id=20,
            refund_reason_mapping={"CR-DEFECTIVE": 21, "SWITCHEROO": 22},
            order_refundable_days=REFUNDABLE_DAYS,
            send_shipping_info=ships,
            shipping_company_mapping=CARRIERS if ships else {},
            invoices={"strategy": "vat_feed" if ships else "none"},
            **settings,
        )
    return found


class Agenda:
    """Steps to come, each at its moment."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Step]] = []
        self._turn = count()  # of two steps at one moment the first noted comes first

    def at(self, moment: datetime, step: Step) -> None:
        """Note a step."""
        heapq.heappush(self._heap, (moment, next(self._turn), step))

    def due(self, until: datetime) -> Iterator[tuple[datetime, Step]]:
        """The steps up to a moment, those among them that come up meanwhile."""
        while self._heap and self._heap[0][0] <= until:
            moment, _, step = heapq.heappop(self._heap)
            yield moment, step


@dataclass
class Month:
    """The shop, its people, and what is seen of the runs from outside."""

    sandbox: Sandbox
    clock: FakeClock
    folder: Path
    seed: int
    orders: int
    days: int = 30
    faults: int = 200
    dense_hours: int = 6
    in_flight: int = 1  # calls take no time on this clock: overlapping them leaves it to chance
    happened: Counter[str] = field(default_factory=Counter)  # steps that were done, by name
    exits: Counter[tuple[str, int]] = field(default_factory=Counter)
    searches: Counter[int] = field(default_factory=Counter)  # searchOrders by day
    throttled: int = 0  # searchOrders refused for want of quota, faults aside
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)  # faults met, by kind

    def __post_init__(self) -> None:
        """Nothing has happened yet; the orders and faults of the month are drawn now."""
        self.draw = random.Random(self.seed)  # noqa: S311 - a repeatable month, nothing secret
        random.seed(self.seed)  # the waits between tries
        self.life = Life(self.sandbox, self.draw)
        http = {"in_flight": self.in_flight, "read_timeout": faults.SILENCE / 2}
        self.shops = shops(self.sandbox, self.clock, self.folder, http=http)
        self.start = self.clock.now()
        self.busy_hours = [self.draw.randrange(24) for _ in range(self.days)]
        self._today = self.start.date()
        self._agenda = Agenda()
        for number in range(self.orders):
            self._agenda.at(self._placing(number % self.days), self._order)
        for planned in faults.plan(self.draw, self.faults):
            moment = self.start + self.draw.random() * (self.days - 1) * DAY
            self._agenda.at(moment, partial(planned.queue, self.sandbox))

        for day in range(2, self.days, 7):
            self._trouble(day)

    def _trouble(self, day: int) -> None:
        """Amazon's own bad days: data refused around the busy hour, reports that fail."""
        busy = self.start + day * DAY + self.busy_hours[day] * HOUR
        name, silent = self.draw.choice(("TAX", "PROMOTION", "PACKAGES")), self.draw.random() < 0.5
        self._agenda.at(busy - HOUR / 2, partial(self.life.refuse_data, [name], silent=silent))
        self._agenda.at(busy + HOUR / 2, partial(self.life.refuse_data, []))
        for by_amazon in (True, False):
            fate = self.draw.choice(("FATAL", "CANCELLED"))
            self._agenda.at(busy, partial(self.life.spoil_report, by_amazon, fate))

    def _placing(self, day: int) -> datetime:
        if self.draw.random() < BUSY:
            return self.start + day * DAY + (self.busy_hours[day] + self.draw.random()) * HOUR
        return self.start + (day + self.draw.random()) * DAY

    # -- what happens to an order -------------------------------------------------------------

    def _order(self) -> None:
        """One order is placed, and what will be done to it is noted."""
        chance = self.draw.random
        channel = BY_AMAZON if chance() < 0.25 else MERCHANT
        pending = chance() < 0.1
        order_id = self.life.place(channel, pending=pending)
        self.happened["placed"] += 1
        self._odd_order(order_id)
        if pending:
            paid = chance() < 0.8
            self._in("authorise" if paid else "cancel", order_id, 2 * MINUTE, 2 * HOUR)
        self._reporting(order_id)
        self._cancellations(order_id)
        self._ways(order_id, channel)
        if chance() < 0.06:
            self._in("send_back", order_id, 2 * DAY, 20 * DAY)
        if chance() < 0.02:
            self._in("send_back", order_id, 2 * DAY, 14 * DAY, status="Denied")

    def _odd_order(self, order_id: str) -> None:
        luck = self.draw.random()
        if luck < 0.004:
            self.life.spoil_place(order_id)
            self.happened["unknown place"] += 1
        elif luck < 0.007:
            self.life.spoil_sku(order_id)
            self.happened["unknown SKU"] += 1

    def _reporting(self, order_id: str) -> None:
        """The ERP learns of an order soon, hours or days after it is in Omnitron."""
        late = self.draw.choices((HOUR, 10 * HOUR, 3 * DAY), (85, 12, 3))[0]
        for again in (timedelta(), 5 * HOUR, 12 * HOUR):
            self._in("report", order_id, again + 10 * MINUTE, again + late)

    def _cancellations(self, order_id: str) -> None:
        chance = self.draw.random
        by = self.draw.choice(("BUYER", "MERCHANT", "AMAZON"))
        luck = chance()
        if luck < 0.02:
            self._in("cancel", order_id, timedelta(), 5 * MINUTE, by=by)  # before we import it
        elif luck < 0.08:
            self._in("cancel", order_id, 10 * MINUTE, 1.5 * DAY, by=by)
        elif luck < 0.14:
            for _ in range(self.draw.choice((1, 1, 2))):
                keep = chance() < 0.3
                self._in("cancel_some", order_id, 10 * MINUTE, DAY, keep_quantity=keep)
        elif luck < 0.18:
            self._in("ask_to_cancel", order_id, 10 * MINUTE, 12 * HOUR)
            if chance() < 0.5:
                self._in("cancel", order_id, 12 * HOUR, DAY, by="MERCHANT")

    def _ways(self, order_id: str, channel: int) -> None:
        """How its goods leave and arrive."""
        chance = self.draw.random
        if channel == BY_AMAZON:
            self._in("ship_by_amazon", order_id, 2 * HOUR, 2 * DAY)
            return
        luck = chance()
        if luck < 0.04:
            self._in("ship_by_hand", order_id, 2 * HOUR, 2 * DAY)
        elif luck < 0.15:  # in several packages, the first one or two units alone
            company = self.draw.choice(sorted(CARRIERS))
            self._in("ship", order_id, 2 * HOUR, DAY, count=self.draw.choice((1, 2)))
            self._in("ship", order_id, DAY, 3 * DAY, company=company)
        elif luck < 0.18:
            self._in("ship", order_id, 2 * HOUR, DAY, tracked=False)
            self._in("track", order_id, DAY, 2 * DAY)
        elif luck < 0.183:
            self._in("ship", order_id, 2 * HOUR, DAY, company=UNMAPPED_CARRIER)
        # What is left, or was not reported in time, leaves in the end.
        self._in("ship", order_id, 4 * HOUR if luck >= 0.183 else 3 * DAY, 4 * DAY)
        self._in("ship", order_id, 5 * DAY, 6 * DAY)
        if chance() < 0.2:
            self._in("bill", order_id, 4 * HOUR, 5 * DAY)
        if chance() < 0.15:
            self._in("deliver", order_id, 2 * DAY, 4 * DAY, part=True)
        self._in("deliver", order_id, 3 * DAY, 7 * DAY, touch=chance() < 0.5)
        self._in("deliver", order_id, 8 * DAY, 9 * DAY, touch=False)

    def _in(
        self, step: str, order_id: str, least: timedelta, most: timedelta, **values: Any
    ) -> None:
        """Have a step done between so long and so long from now."""
        moment = self.clock.now() + least + self.draw.random() * (most - least)
        self._agenda.at(moment, lambda: self._do(step, order_id, **values))

    def _do(self, step: str, order_id: str, **values: Any) -> None:
        done = getattr(self.life, step)(order_id, **values)
        if not done:
            return
        self.happened[step] += 1
        if step in ("cancel", "cancel_some"):
            for wait in (DAY, 2 * DAY, 5 * DAY):  # the brand looks at it now and then
                self._in("decide", order_id, HOUR, wait)
        elif step == "send_back":
            for wait in (3 * DAY, 6 * DAY):
                self._in("refund", order_id, DAY, wait)
            if self.draw.random() < 0.3:
                self._in("replace", order_id, HOUR, DAY)
        elif step == "replace":
            self._reporting(done)
            self._ways(done, self.life.channel(done))

    # -- what cron does -----------------------------------------------------------------------

    def pass_by(self) -> None:
        """The month."""
        for day in range(self.days):
            for minute in self._batches(day):
                self.jump(self.start + day * DAY + minute * MINUTE)
                self.cron()
        self.jump(self.start + self.days * DAY)
        self.cron()

    def settle(self, days: int) -> None:
        """Days after the month: nobody orders, nothing fails, the brand owes nobody an answer."""
        self.sandbox.faults.clear()
        self._agenda = Agenda()
        start = self.clock.now()
        for hour in range(3, 24 * days + 1, 3):
            self.jump(start + hour * HOUR)
            if hour % 24 == 3:
                for order in list(self.sandbox.world.amazon.orders):
                    self.life.finish(order["orderId"])
            self.cron()

    def _batches(self, day: int) -> Iterator[int]:
        """The minutes of the day at which cron's batches are run."""
        for minute in range(0, 24 * 60, 5):
            dense = day == DENSE_DAY and minute < self.dense_hours * 60
            if dense or minute // 60 == self.busy_hours[day] or minute % QUIET == 0:
                yield minute

    def jump(self, moment: datetime) -> None:
        """To that moment; what happens until then happens at its own."""
        for due, step in self._agenda.due(moment):
            self.clock.at = max(self.clock.at, due)
            step()
        self.clock.at = max(self.clock.at, moment)

    def cron(self) -> None:
        """One batch of runs: what is due every five minutes, and what is due once a day."""
        today = (self.clock.now() - 6 * HOUR).date()  # what is daily is due at six
        daily, self._today = today != self._today, today
        for flow in ORDER_FLOWS:
            if daily or flow.cron.startswith("*/"):
                for shop in self.shops:
                    ran = shop.run(*flow.command.split())
                    self.exits[flow.name, ran.code] += 1
                    assert ran.code in (0, 1, 5), (flow.command, ran, self.told())
                    self._watch()

    def _watch(self) -> None:
        """Take note of every exchange since the last look."""
        with self.sandbox.lock:
            rows = list(self.sandbox.journal.exchanges)
            self.sandbox.journal.clear()
        for row in rows:
            self.calls[row.side, row.operation] += 1
            self.struck[row.fault] += bool(row.fault)
            if row.operation == "searchOrders":
                self.searches[(row.at - self.start) // DAY] += 1
                self.throttled += row.status == 429 and not row.fault

    def told(self) -> str:
        """The figures of the month, for whoever reads of its failure."""
        return "\n".join(
            (
                f"seed {self.seed}, until {self.clock.now():%d.%m. %H:%M}",
                f"happened: {dict(self.happened)}",
                f"exit codes: { {f'{name} {code}': n for (name, code), n in self.exits.items()} }",
                f"faults: {dict(+self.struck)}",
                f"searchOrders by day: {dict(self.searches)}, throttled {self.throttled}",
                f"calls: { {' '.join(key): n for key, n in sorted(self.calls.items())} }",
            )
        )
