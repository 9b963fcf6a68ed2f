"""Twenty thousand random changes of stock and price, by calls and by feeds, while much goes wrong.

Two hours like any other, with bursts now and then, and hours in which single calls are so few that
feeds have to carry most of it. `SEED` of the environment asks for another history.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import Any

import httpx
import pytest

from amzsync.sandbox.amazon.listing import Listing
from tests.e2e.price_shop import price
from tests.e2e.stock_shop import channel, listed, set_lead_time
from tests.e2e.test_stock_kill import KilledError
from tests.shop import Shop

CHANGES = 20_000
SKUS = 2_100  # some of them are not listed
MINUTE = timedelta(minutes=1)
# The second half of the changes comes with so few single calls that feeds have to carry most.
QUIET_LIMIT, BUSY_LIMIT = 300, 20
KINDS = (
    *("server_error_before", "server_error_after", "cut_before", "cut_after", "throttle"),
    *("truncated", "html"),
)
# What befalls Amazon in a minute, and how often.
EVENTS = {
    "dropped call": 30,
    "dropped feed": 3,
    "half refused feed": 3,
    "failed feed": 14,
    "refusal": 10,
}
COUNTED = ("patchListingsItem", "createFeed")


class Trouble:
    """All that goes wrong, drawn from a seed."""

    def __init__(self, shop: Shop, draw: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shop = shop
        self.draw = draw
        self.skus = listed(shop)
        shop.sandbox.world.amazon.delays.feed_queue = 100  # so that some can still be ended there
        self.lead_times = {sku: draw.randrange(1, 10) for sku in self.skus}
        self.sales = {sku: draw.randrange(100, 500) / 100 for sku in draw.sample(self.skus, 700)}
        self.kept: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.left = 0  # requests until the process is killed; at 0 nobody kills it
        self.met: Counter[str] = Counter()
        send = httpx.HTTPTransport.handle_request

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            if self.left == 1:  # from now on nothing leaves: what is dead sends no farewell
                raise KilledError
            self.left = max(0, self.left - 1)
            return send(transport, request)

        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)

    def run(self, *words: str) -> None:
        """One run of a flow, killed at times."""
        self.left = self.draw.randrange(2, 50) if self.draw.random() < 0.1 else 0
        try:
            code = self.shop.run(*words).code
        except KilledError:
            self.met["kill"] += 1
        else:
            assert code in (0, 1, 5), (words, code)
        self.left = 0
        assert len(self.shop.rows("SELECT id FROM jobs")) <= 1

    def befall(self) -> None:
        """What Amazon does in a minute."""
        amazon, draw = self.shop.sandbox.world.amazon, self.draw
        amazon.delays.apply = draw.choice((0, 60, 300, 600))  # so a later change may be live first
        amazon.delays.feed_process = draw.choice((60, 240, 360))
        with self.shop.sandbox.lock:
            kind = draw.choices([*EVENTS, ""], [*EVENTS.values(), 40])[0]
            if kind and self._strike(kind):
                self.met[kind] += 1

    def _strike(self, kind: str) -> bool:
        faults = self.shop.sandbox.faults
        if kind == "dropped call":
            faults.add("ignored_sku", "patchListingsItem", times=3, after=self.draw.randrange(20))
        elif kind == "failed feed":
            return self._fail_feed()
        elif kind == "refusal":
            self._turn()
        elif any(fault["operation"] == "createFeed" for fault in faults.pending()):
            return False
        else:
            faults.add(
                "ignored_sku" if kind == "dropped feed" else "half_refused_feed", "createFeed"
            )
        return True

    def _fail_feed(self) -> bool:
        """Have the feed that waits end as a whole, without a result."""
        world = self.shop.sandbox.world.amazon
        world.settle()
        waiting = [feed for feed in world.feeds if feed.status == "IN_QUEUE"]
        for feed in waiting:
            feed.status, feed.ended = self.draw.choice(("FATAL", "CANCELLED")), world.now()
        return bool(waiting)

    def _turn(self) -> None:
        """Refuse some SKUs from now on, and take some again that were refused."""
        forgiven = self.draw.sample(sorted(self.refused), len(self.refused) // 3)
        for sku in forgiven:
            set_lead_time(self.shop, [sku], self.lead_times[sku])
        self.refused.difference_update(forgiven)
        more = self.draw.sample(self.skus, 4)
        set_lead_time(self.shop, more, -1)
        self.refused.update(more)

    def plant(self) -> None:
        """Lead times and running sales on the listings, which are nobody's business here."""
        for sku in self.skus:
            listing = self.shop.sandbox.world.amazon.listings.get(sku)
            assert listing is not None
            (stock,) = listing.submitted["fulfillment_availability"]
            offers = listing.submitted["purchasable_offer"]
            if sku in self.sales:
                sale = [{"schedule": [{"value_with_tax": self.sales[sku]}]}]
                offers = [{**row, "discounted_price": sale} for row in offers]
            listing.submitted = {
                **listing.submitted,
                "fulfillment_availability": [
                    {**stock, "lead_time_to_ship_max_days": self.lead_times[sku]}
                ],
                "purchasable_offer": offers,
            }
            listing.live = listing.submitted
            self.kept[sku] = kept(listing)


class Brand:
    """The ERP, which writes stocks and prices."""

    def __init__(self, shop: Shop, draw: random.Random, skus: Sequence[str]) -> None:
        self.shop = shop
        self.draw = draw
        self.skus = skus
        self.bases = {sku: price(shop, sku) for sku in skus}
        self.stocked: set[str] = set()
        self.priced: set[str] = set()
        self.made = 0

    def change(self, count: int) -> None:
        """So many changes. No price moves far enough to stop a run."""
        omnitron = self.shop.sandbox.world.omnitron
        with self.shop.sandbox.lock:
            for sku in self.draw.choices(self.skus, k=count):
                if self.draw.random() < 0.6:
                    omnitron.set_stock(sku, self.draw.choice((0, *range(1, 60))))
                    self.stocked.add(sku)
                else:
                    factor = Decimal(self.draw.randrange(90, 121)) / 100
                    omnitron.set_price(sku, (self.bases[sku] * factor).quantize(Decimal("0.01")))
                    self.priced.add(sku)
        self.made += count

    def waiting(self, model: str) -> int:
        """How many rows wait to be sent: no feed has them, and no penalty."""
        return len(channel(self.shop).waiting(model, "updates"))


class Watch:
    """When Amazon was called, and in which minutes more waited than single calls can carry."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.calls: dict[str, list[datetime]] = {name: [] for name in COUNTED}
        self.created: list[datetime] = []  # createFeed that was taken
        self.throttled = 0  # refusals that nobody planted
        self.backlogs: list[tuple[datetime, datetime]] = []
        self._since: datetime | None = None

    def look(self, *, backlog: bool) -> None:
        """Note what happened since the last look, and whether there is a backlog now."""
        for row in self.shop.sandbox.exchanges:
            self.throttled += row.status == 429 and not row.fault
            if row.operation in COUNTED:
                self.calls[row.operation].append(row.at)
            if row.operation == "createFeed" and row.status == 202:
                self.created.append(row.at)
        self.shop.forget_calls()
        now = self.shop.clock.at
        if backlog and self._since is None:
            self._since = now
        elif not backlog and self._since is not None:
            self.backlogs.append((self._since, now))
            self._since = None

    def most_within(self, operation: str, span: timedelta) -> int:
        """The most calls in any stretch of that length."""
        times = sorted(self.calls[operation])
        ends = (bisect_left(times, start + span) for start in times)
        return max((end - first for first, end in enumerate(ends)), default=0)

    def longest_wait_for_a_feed(self) -> timedelta:
        """The longest time with a backlog and without a feed."""
        waits = [timedelta()]
        for start, end in self.backlogs:
            inside = [at for at in self.created if start <= at <= end]
            marks = [start, *inside, end]
            waits += [later - earlier for earlier, later in pairwise(marks)]
        return max(waits)


@pytest.mark.parametrize("seed", [int(os.environ.get("SEED", "1"))])
def test_after_twenty_thousand_changes_amazon_shows_the_newest_values_within_its_limits(
    shop: Shop, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same history each time
    shop.sandbox.reset(skus=SKUS, seed=seed)
    trouble = Trouble(shop, draw, monkeypatch)
    brand, watch = Brand(shop, draw, trouble.skus), Watch(shop)
    trouble.plant()

    for changes, limit in ((CHANGES // 2, QUIET_LIMIT), (CHANGES, BUSY_LIMIT)):
        configure(shop, limit)
        for minute in minutes(shop):
            if brand.made >= changes:
                break
            shop.sandbox.faults.chance(0.01, KINDS, seed=seed * 100_000 + minute)
            brand.change(size(draw, minute, limit))
            trouble.befall()
            trouble.run("stock", "push")
            if minute % 5 == 0:
                trouble.run("prices", "push")
            rows = max(brand.waiting("productstock"), brand.waiting("productprice"))
            watch.look(backlog=rows > limit)
    struck = sum(shop.sandbox.faults.struck.values())
    settle(shop, watch)

    assert differences(shop, brand, trouble) == {}
    assert {row["key"] for row in shop.rows("SELECT key FROM penalties")} <= trouble.refused
    for table in ("jobs", "feed_items", "fences", "batches"):
        assert shop.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 - our own tables
    assert watch.most_within("patchListingsItem", MINUTE) <= 300
    assert watch.most_within("createFeed", 60 * MINUTE) <= 30
    feeds = list(shop.sandbox.world.amazon.feeds)
    assert all(one.ended and one.ended <= later.created for one, later in pairwise(feeds))
    assert sum((end - start for start, end in watch.backlogs), timedelta()) > 60 * MINUTE
    assert watch.longest_wait_for_a_feed() <= 20 * MINUTE
    assert watch.throttled == 0
    assert set(trouble.met) == {"kill", *EVENTS} and struck > 100 and len(trouble.refused) > 5


def configure(shop: Shop, limit: int) -> None:
    """So many single calls a run; penalties are over in half an hour and never end."""
    shop.configure(
        flags={"send_updated_product_price": True},
        stock={"patch_limit": limit},
        http={"in_flight": 1},
        failed_integration={
            "DEFAULT": {
                "RETRY_INTERVAL": 1_800,
                "MAX_RETRY_COUNT": 1_000,
                "EXPIRATION_DATE": 10_000_000,
            }
        },
    )


def minutes(shop: Shop) -> Iterator[int]:
    """Cron's minutes; those a long run slept through are left out."""
    started, minute = shop.clock.at, 0
    while True:
        yield minute
        minute = max(minute + 1, -((started - shop.clock.at) // MINUTE))
        shop.clock.at = started + minute * MINUTE


def size(draw: random.Random, minute: int, limit: int) -> int:
    """How many changes a minute brings."""
    if limit == BUSY_LIMIT:
        return draw.randrange(60, 140)
    return draw.randrange(600, 1_400) if minute % 15 == 10 else draw.randrange(0, 80)


def settle(shop: Shop, watch: Watch) -> None:
    """Faults are over, cron goes on for some hours."""
    shop.sandbox.faults.clear()
    shop.sandbox.world.amazon.delays.apply = 60
    shop.sandbox.world.amazon.delays.feed_process = 240
    configure(shop, QUIET_LIMIT)
    for _ in range(24):
        for words in (("stock", "push"), ("prices", "push")):
            assert shop.run(*words).code in (0, 1)
        watch.look(backlog=False)
        shop.clock.advance(minutes=8)


def differences(shop: Shop, brand: Brand, trouble: Trouble) -> dict[str, Any]:
    """SKU -> what is live beside what should be."""
    shop.sandbox.world.amazon.settle()
    found = {}
    for sku in trouble.skus:
        listing = shop.sandbox.world.amazon.listings.get(sku)
        assert listing is not None
        seen: dict[str, object] = {"kept": kept(listing)}
        wanted: dict[str, object] = {"kept": trouble.kept[sku]}
        if sku in brand.stocked - trouble.refused:
            (product,) = channel(shop).products.find("sku", sku)
            (stock,) = channel(shop).stocks.find("product", product.pk)
            seen["quantity"], wanted["quantity"] = listing.quantity(), stock.stock
        if sku in brand.priced - trouble.refused:
            seen["price"], wanted["price"] = listing.price(), price(shop, sku)
        if seen != wanted:
            found[sku] = (seen, wanted)
    return found


def kept(listing: Listing) -> list[dict[str, Any]]:
    """All of stock and offers that is neither quantity nor price: lead times, sales, other."""
    mine = ("quantity", "our_price")
    offers = sorted(listing.live["purchasable_offer"], key=itemgetter("marketplace_id"))
    rows = [*listing.live["fulfillment_availability"], *offers]
    return [{name: row[name] for name in row if name not in mine} for row in rows]
