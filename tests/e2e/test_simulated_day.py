"""One day of cron, minute by minute: quota, freshness, and every order and value in its place.

All flows of orders and stock are on. Two channels of one account share the state file: channel 1
ships itself, Amazon ships for channel 2. The clock is the test's, the quotas are Amazon's. Runs
follow each other, where cron would start them together: what a run waits for a token, the runs
after it wait too.
"""

from __future__ import annotations

import heapq
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from amzsync.flows import FLOWS
from amzsync.sandbox.journal import Exchange
from amzsync.sandbox.server import Sandbox
from tests.shop import FakeClock, Shop

SEED = 20261123
MINUTE = timedelta(minutes=1)
SKUS = 4_900
SHARED = 20  # the first products are sold by Amazon's own fulfilment too
ON = [flow for flow in FLOWS if flow.content_type in ("order", "productstock")]
PATCH_LIMIT = 300  # the default of stock.patch_limit

# Orders placed in each hour of the day, UTC; about 2,000. The twentieth hour has a flash sale.
ORDERS = (
    *(35, 20, 12, 8, 8, 12, 25, 45, 70, 90, 95, 100),
    *(110, 105, 100, 95, 95, 100, 110, 120, 420, 110, 80, 50),
)
FLASH_HOUR = 20
FLASH = timedelta(minutes=15)  # most of that hour's orders come within it
STOCKS_PER_HOUR = 110
BURSTS = ((3, 250), (8, 2_500), (13, 700), (18, 4_000))  # hour, changed SKUs at once
# What searchOrders gives in a day and the hour after it: its burst, and 0.0056 a second.
SEARCHES_A_DAY = 20 + 0.0056 * 25 * 60 * 60
SEARCHABLE = timedelta(minutes=2)  # Amazon lists no change that is younger

Event = Callable[[datetime], None]


def test_a_day_of_cron_keeps_the_quota_and_is_fresh(
    sandbox: Sandbox, clock: FakeClock, tmp_path: Path
) -> None:
    sandbox.reset(skus=SKUS)
    day = Day(sandbox, clock, tmp_path, SEED)

    day.pass_by()

    told = day.told()
    assert sum(day.placed.values()) > 1_900, told
    assert day.amazon_share(429) <= 0.001, told
    assert day.calls["amazon", "searchOrders"] <= SEARCHES_A_DAY, told
    assert day.calls["amazon", "getAccessToken"] <= 30, told
    assert percentile(day.order_ages, 99) <= timedelta(minutes=10), told
    assert percentile(day.stock_ages, 99) <= timedelta(minutes=2), told
    assert day.calls["amazon", "createFeed"] >= 3, told
    assert day.numbers_in_omnitron() == day.expected_numbers(), told
    assert day.wrong_quantities() == {}, told


@dataclass
class Day:
    """The shop, the people who buy in it, and what is seen of the runs from outside."""

    sandbox: Sandbox
    clock: FakeClock
    folder: Path
    seed: int
    placed: Counter[int] = field(default_factory=Counter)  # orders by channel
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)  # by side and operation
    statuses: Counter[int] = field(default_factory=Counter)  # of SP-API replies
    order_ages: list[timedelta] = field(default_factory=list)
    stock_ages: list[timedelta] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing has happened yet; all that will is drawn now."""
        self.random = random.Random(self.seed)  # noqa: S311 - a repeatable day, nothing secret
        self.shops = [Shop(self.sandbox, self.clock, self.folder, channel=n) for n in (1, 2)]
        for shop in self.shops:
            # Calls take no time on this clock: overlapping them would leave the day to chance.
            shop.configure(
                {flow.flag: True for flow in ON},
                category_ids="",
                http={"in_flight": 1},
            )
        self.goods = [row for row in self.sandbox.world.products if row.listed]
        self.channel_of: dict[str, int] = {}
        self.searchable: dict[str, datetime] = {}
        self.changes: dict[str, list[Change]] = {}
        self.on_amazon = {row.sku: row.stock for row in self.goods}
        self._agenda: list[tuple[datetime, int, Event]] = []
        self._turn = count()  # of two events at one moment the first noted comes first
        self._plan()

    # -- what people and the ERP do -----------------------------------------------------------

    def _plan(self) -> None:
        start = self.clock.now()
        for hour, orders in enumerate(ORDERS):
            for number in range(orders):
                flash = hour == FLASH_HOUR and number % 4
                within = self.random.random() * (FLASH if flash else 60 * MINUTE)
                self._at(start + hour * 60 * MINUTE + within, self._place_order)
            for _ in range(STOCKS_PER_HOUR):
                within = self.random.random() * 60 * MINUTE
                self._at(start + hour * 60 * MINUTE + within, self._change_stock)
        for hour, size in BURSTS:
            at = start + (hour * 60 + self.random.randrange(60)) * MINUTE
            self._at(at, self._import_stock(size))

    def _at(self, moment: datetime, event: Event) -> None:
        heapq.heappush(self._agenda, (moment, next(self._turn), event))

    def _catch_up(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.clock.now():
            moment, _, event = heapq.heappop(self._agenda)
            event(moment)

    def _place_order(self, at: datetime) -> None:
        """Three of ten are Amazon's to ship; one of eight waits for its payment first."""
        age = (self.clock.now() - at).total_seconds()
        (order_id,) = self.sandbox.world.add_orders(1, age=age)
        channel = 2 if self.random.random() < 0.3 else 1
        pending = self.random.random() < 0.125
        self.placed[channel] += 1
        self.channel_of[order_id] = channel

        def edit(order: dict[str, Any]) -> None:
            if channel == 2:
                order["fulfillment"]["fulfilledBy"] = "AMAZON"
                for item in order["orderItems"]:
                    item["product"]["sellerSku"] = self.random.choice(self.goods[:SHARED]).sku
            if pending:
                order["fulfillment"]["fulfillmentStatus"] = "PENDING"

        self.sandbox.world.amazon.orders.change(order_id, edit, touch=False)
        if pending:
            self._at(at + self._some(5, 30), self._decide_payment(order_id))
        else:
            self._importable(order_id, at + timedelta(seconds=1))

    def _decide_payment(self, order_id: str) -> Event:
        def decide(_at: datetime) -> None:
            authorised = self.random.random() < 0.8
            self._set_status(order_id, "UNSHIPPED" if authorised else "CANCELLED")
            if authorised:
                self._importable(order_id, self.clock.now())

        return decide

    def _importable(self, order_id: str, since: datetime) -> None:
        """From now on it has to come; it will be shipped later, which has it listed once more."""
        self.searchable[order_id] = since + SEARCHABLE
        self._at(since + self._some(60, 600), lambda _at: self._set_status(order_id, "SHIPPED"))

    def _set_status(self, order_id: str, status: str) -> None:
        def edit(order: dict[str, Any]) -> None:
            order["fulfillment"]["fulfillmentStatus"] = status

        self.sandbox.world.amazon.orders.change(order_id, edit)

    def _change_stock(self, at: datetime) -> None:
        self._set_stock(self.random.choice(self.goods).sku, at)

    def _import_stock(self, size: int) -> Event:
        def change(at: datetime) -> None:
            for product in self.random.sample(self.goods, size):
                self._set_stock(product.sku, at)

        return change

    def _set_stock(self, sku: str, at: datetime) -> None:
        """Another value than the last one and the one Amazon has: one that has to travel."""
        waiting = self.changes.setdefault(sku, [])
        taken = {self.on_amazon[sku], *(change.value for change in waiting)}
        value = next(v for v in iter(lambda: self.random.randrange(200), None) if v not in taken)
        waiting.append(Change(at, value))
        self.sandbox.world.omnitron.set_stock(sku, value)

    def _some(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self.random.uniform(least, most))

    # -- what cron does -----------------------------------------------------------------------

    def pass_by(self) -> None:
        """The day, and an hour without news for what is still under way."""
        start = self.clock.now()
        for minute in range(25 * 60):
            due = start + minute * MINUTE
            late = self.clock.now() - due
            self.clock.at = max(self.clock.now(), due)
            for name in _scheduled(due):
                if name == "stock push" and late > MINUTE:
                    continue  # the last run is not over: the lock would turn this one away
                for shop in self.shops:
                    self._catch_up()
                    ran = shop.run(*name.split())
                    assert (ran.code, ran.out, ran.err) == (0, "", ""), (name, minute, self.told())
                    self._watch()

    # -- what is seen from outside ------------------------------------------------------------

    def _watch(self) -> None:
        """Take note of every exchange since the last look."""
        for row in self._exchanges():
            self.calls[row.side, row.operation] += 1
            if row.side == "amazon" and row.operation not in _NO_API:
                self.statuses[row.status] += 1
            if not 200 <= row.status < 300:
                continue
            if row.operation == "create_orders.create":
                number = json.loads(row.request_body)["order"]["number"]
                self.order_ages.append(row.at - self.searchable[number])
            elif row.operation == "patchListingsItem":
                sku = unquote(row.path.rsplit("/", 1)[1])
                (patch,) = json.loads(row.request_body)["patches"]
                ages = self._settle(sku, patch["value"][0]["quantity"], row.at)
                self.stock_ages += ages
            elif row.operation == "uploadDocument":
                for message in json.loads(row.request_body)["messages"]:
                    quantity = message["patches"][0]["value"][0]["quantity"]
                    self._settle(message["sku"], quantity, row.at)

    def _exchanges(self) -> Iterator[Exchange]:
        with self.sandbox.lock:
            rows = list(self.sandbox.journal.exchanges)
            self.sandbox.journal.clear()
        return iter(rows)

    def _settle(self, sku: str, quantity: int, at: datetime) -> list[timedelta]:
        """Amazon was told: how long the changes up to this value have waited."""
        self.on_amazon[sku] = quantity
        waiting = self.changes.get(sku, [])
        values = [change.value for change in waiting]
        if quantity not in values:
            return []  # an older value, told once more
        told = values.index(quantity) + 1
        self.changes[sku] = waiting[told:]
        return [at - change.at for change in waiting[:told]]

    def amazon_share(self, status: int) -> float:
        """The part of SP-API's replies that had this status."""
        return self.statuses[status] / max(1, sum(self.statuses.values()))

    def numbers_in_omnitron(self) -> dict[str, list[int]]:
        """The channels each order number is in; more than one entry is a doubled order."""
        found: dict[str, list[int]] = {}
        for row in self.sandbox.world.omnitron.snapshot("orders"):
            found.setdefault(row["number"], []).append(row["channel"])
        return found

    def expected_numbers(self) -> dict[str, list[int]]:
        """Every order that became importable, once, in the channel it belongs to."""
        return {number: [self.channel_of[number]] for number in self.searchable}

    def wrong_quantities(self) -> dict[str, tuple[int, int | None]]:
        """SKUs whose live quantity on Amazon is not Omnitron's: both values."""
        world = self.sandbox.world
        world.amazon.settle()
        stocks = [row for row in world.omnitron.snapshot("stocks") if row["channel"] == 1]
        pairs = {row["sku"]: (row["stock"], self._live(row["sku"])) for row in stocks}
        listed = {row.sku for row in self.goods}
        return {sku: pair for sku, pair in pairs.items() if sku in listed and pair[0] != pair[1]}

    def _live(self, sku: str) -> int | None:
        listing = self.sandbox.world.amazon.listings.get(sku)
        return listing.quantity() if listing else None

    def told(self) -> str:
        """The figures of the day, for whoever reads of its failure."""
        lines = [
            f"seed {self.seed}, until {self.clock.now():%d %H:%M}, orders {dict(self.placed)}",
            f"replies of Amazon by status: {dict(self.statuses)}",
            f"orders: {_ages(self.order_ages)}; stocks: {_ages(self.stock_ages)}",
            *(f"{side} {name}: {calls}" for (side, name), calls in sorted(self.calls.items())),
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Change:
    """A stock as it became at a moment."""

    at: datetime
    value: int


_NO_API = ("getAccessToken", "uploadDocument", "downloadDocument")


def _scheduled(moment: datetime) -> Iterator[str]:
    """The commands whose default cron schedule has this minute."""
    for flow in ON:
        minute, hour = flow.cron.split()[:2]
        if _has(minute, moment.minute) and _has(hour, moment.hour):
            yield flow.command


def _has(field: str, value: int) -> bool:
    """Whether a field of a schedule has the value: any, every n-th, or that one."""
    if field.startswith("*"):
        return value % int(field[2:] or 1) == 0
    return value == int(field)


def percentile(ages: Sequence[timedelta], percent: int) -> timedelta:
    """The age that so many percent of the ages do not exceed."""
    return sorted(ages)[ceil(len(ages) * percent / 100) - 1]


def _ages(ages: Sequence[timedelta]) -> str:
    if not ages:
        return "none"
    return f"{len(ages)}, " + ", ".join(
        f"p{percent} {percentile(ages, percent).total_seconds():.0f} s" for percent in (50, 99, 100)
    )
