"""Stock and prices change, products come and go, runs are killed, everything fails at times: in the
end Amazon shows Omnitron's newest values, and nothing else of its listings has moved."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.e2e.price_shop import price
from tests.e2e.stock_shop import channel, listed
from tests.shop import Shop

KINDS = ("server_error_before", "server_error_after", "cut_before", "cut_after", "throttle")
FLOWS = (("stock", "push"), ("prices", "push"), ("products", "delete"))
ROUNDS = 30
CHANGES = 60  # a round
SALE = [{"schedule": [{"value_with_tax": 1.5}]}]


class KilledError(BaseException):
    """The process is gone: nothing in amzsync catches this."""


class Fate:
    """What befalls the shop, drawn from a seed."""

    def __init__(self, shop: Shop, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shop = shop
        self.draw = random.Random(seed)  # noqa: S311 - the same history each time
        self.skus = listed(shop)
        self.gone: set[str] = set()
        self.fatal = 0  # requests until the process is killed
        self.kills = 0
        send = httpx.HTTPTransport.handle_request

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            self.fatal -= 1
            if self.fatal == 0:
                raise KilledError
            return send(transport, request)

        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)

    def change(self) -> None:
        """The ERP writes new stock and prices, and takes products in and out."""
        omnitron = self.shop.sandbox.world.omnitron
        for sku in self.draw.choices(self.skus, k=CHANGES):
            if self.draw.random() < 0.6:
                omnitron.set_stock(sku, self.draw.randrange(0, 500))
            else:
                omnitron.set_price(sku, Decimal(self.draw.randrange(5_000, 9_000)) / 100)
        for sku in self.draw.sample(self.skus, 2):
            if sku in self.gone:
                omnitron.return_to_catalog(sku)
                self._relist(sku)
            else:
                omnitron.remove_from_catalog(sku)
            self.gone ^= {sku}

    def run(self) -> None:
        """Cron's runs of some minutes, one of them killed at times."""
        for words in self.draw.sample(FLOWS, k=len(FLOWS)):
            self.fatal = self.draw.choice([0, 0, self.draw.randrange(1, 60)])
            try:
                code = self.shop.run(*words).code
            except KilledError:
                code, self.kills = 0, self.kills + 1
            assert code in (0, 1, 5), (words, code)
            assert len(self.shop.rows("SELECT id FROM jobs")) <= 1

    def befall(self) -> None:
        """Amazon is slow by turns, ignores and refuses some SKUs."""
        amazon, faults = self.shop.sandbox.world.amazon, self.shop.sandbox.faults
        amazon.delays.apply = self.draw.choice([0, 60, 600])
        amazon.delays.feed_process = self.draw.choice([0, 240, 1_500])
        for sku in self.draw.sample(self.skus, 2):
            operation = self.draw.choice(["patchListingsItem", "createFeed"])
            faults.add("ignored_sku", operation, sku=sku)

    def _relist(self, sku: str) -> None:
        """Link a product that came back, as `products push` does."""
        place = channel(self.shop)
        (product,) = place.products.find("sku", sku)
        if place.action_of("product", product.pk) is None:
            values = {"remote_id": sku, "status": "success", "synced": product.modified_date}
            place.add_action("product", product.pk, product.modified_date, **values)
            place.refresh("product", product.pk)


def settle(shop: Shop) -> None:
    """Faults are over; what was stopped is set free, and cron goes on."""
    shop.sandbox.faults.clear()
    shop.sandbox.world.amazon.delays.apply = 60
    shop.sandbox.world.amazon.delays.feed_process = 240
    for _ in range(2):
        shop.clock.advance(hours=1)
        shop.run("penalties", "clear", "--all", "--yes")
        for _ in range(10):
            for words in FLOWS:
                shop.run(*words)
            shop.clock.advance(minutes=16)


@pytest.mark.parametrize("seed", range(3))
def test_in_the_end_amazon_shows_the_newest_values_and_nothing_else_has_moved(
    shop: Shop, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sandbox.reset(skus=80, seed=seed)
    shop.configure(
        flags={"send_updated_product_price": True, "send_delete_products": True},
        stock={"patch_limit": 25},
        http={"read_timeout": 0.3, "in_flight": 3},
        guards={"price_change_percent": 100_000, "zeroing_percent": 100},
        failed_integration={"DEFAULT": {"RETRY_INTERVAL": 1_800, "MAX_RETRY_COUNT": 50}},
    )
    fate = Fate(shop, seed, monkeypatch)
    give_sales(shop, fate.skus)

    for number in range(ROUNDS):
        shop.sandbox.faults.chance(0.02, KINDS, seed=seed * 1_000 + number)
        fate.change()
        fate.befall()
        fate.run()
        shop.clock.advance(minutes=fate.draw.choice([1, 2, 5, 8]))
    fate.fatal = 0
    settle(shop)

    assert fate.kills > 2 and len(shop.sandbox.world.amazon.feeds) > 3
    assert differences(shop, fate) == {}
    for table in ("jobs", "feed_items", "fences", "batches"):
        assert shop.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 - our own tables
    statuses = {row["status"] for row in shop.sandbox.world.omnitron.snapshot("batches")}
    assert statuses <= {"done", "fail"}


def give_sales(shop: Shop, skus: list[str]) -> None:
    """A running sale on every offer."""
    for sku in skus:
        listing = shop.sandbox.world.amazon.listings.get(sku)
        assert listing is not None
        offers = [
            {**row, "discounted_price": SALE} for row in listing.submitted["purchasable_offer"]
        ]
        listing.submitted = {**listing.submitted, "purchasable_offer": offers}
        listing.live = listing.submitted


def differences(shop: Shop, fate: Fate) -> dict[str, Any]:
    """SKU → what is live beside what should be."""
    shop.sandbox.world.amazon.settle()
    found = {}
    for sku in fate.skus:
        listing = shop.sandbox.world.amazon.listings.get(sku)
        assert listing is not None
        (product,) = channel(shop).products.find("sku", sku)
        (stock,) = channel(shop).stocks.find("product", product.pk)
        offer = listing.offer()
        assert offer is not None
        (row,) = listing.live["fulfillment_availability"]
        kept = (offer["discounted_price"] == SALE, row["lead_time_to_ship_max_days"] == 2)
        seen: tuple[object, ...] = (row["quantity"], listing.price(), kept)
        wanted: tuple[object, ...] = (stock.stock, price(shop, sku), (True, True))
        if sku in fate.gone:  # nobody cares for its price any more
            wanted = (0, listing.price(), (True, True))
        if seen != wanted:
            found[sku] = (seen, wanted)
    return found
