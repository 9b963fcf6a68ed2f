"""The catalogue flows against brand, buyers, Amazon and faults in any order (a hypothesis machine).

Once the faults have stopped and what was refused is mended, Amazon shows what Omnitron holds, and
nothing is held back any more.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

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

from amzsync.sandbox.seeds import catalogue
from amzsync.sandbox.server import Sandbox
from tests.e2e.price_shop import price
from tests.e2e.product_shop import SHIRT, add_product, channel, map_attributes, open_catalogue
from tests.e2e.stock_shop import set_lead_time
from tests.e2e.test_stock_kill import KilledError, Killer
from tests.shop import FakeClock, Shop

FLOWS = ("products push", "stock push", "prices push", "products delete", "orders pull")
FLAGS = dict.fromkeys(("send_products", "send_delete_products", "send_updated_product_price"), True)
# Half an hour and as often as need be: in the end a penalty stands for something wrong by then.
PENALTIES = {"RETRY_INTERVAL": 1_800, "MAX_RETRY_COUNT": 1_000, "EXPIRATION_DATE": 10_000_000}
KINDS = (
    *("server_error_before", "server_error_after", "cut_before", "cut_after", "truncated"),
    *("throttle", "html", "expired_token"),
)
WRITES = ("patchListingsItem", "putListingsItem", "createFeed")
STOCKS, PRICES = st.integers(0, 12), st.integers(80, 120)  # no price moves by more than half
# Long enough for read-backs, penalties, and Amazon's six hours for an answer.
QUIET = (5, 20, 20, 370, 40, 20, 370, 40, 20, 20)  # minutes


class Catalogue(RuleBasedStateMachine):
    """One channel with a handful of products and everyone around it."""

    sandbox: ClassVar[Sandbox]
    clock: ClassVar[FakeClock]
    skus: Bundle[str] = Bundle("skus")

    def __init__(self) -> None:
        """A brand whose Mapper is ready, and a new state file."""
        super().__init__()
        self.clock.at = FakeClock().at
        self.folder = tempfile.TemporaryDirectory()
        self.shop = Shop(self.sandbox, self.clock, Path(self.folder.name))
        self.node = open_catalogue(self.shop)["SHIRT"]
        self.shop.configure(
            flags=FLAGS,
            stock={"patch_limit": 2},
            http={"in_flight": 1},
            failed_integration={"DEFAULT": PENALTIES},
        )
        self.sandbox.world.products = catalogue(12)  # what orders are seeded with
        self.omnitron = self.sandbox.world.omnitron
        self.listings = self.sandbox.world.amazon.listings
        self.made: list[str] = []
        self.sold: dict[str, tuple[str, int]] = {}  # order -> SKU and units the ERP has yet to book

    @initialize(target=skus, stocks=st.lists(STOCKS, min_size=2, max_size=4))
    def open(self, stocks: list[int]) -> MultipleResults[str]:
        """The first products are on sale already."""
        skus = [self.make(stock) for stock in stocks]
        for _ in range(3):
            self.cron(16)
        return multiple(*skus)

    # -- what the brand and its ERP do ----------------------------------------------------------

    @rule(target=skus, stock=STOCKS)
    def add(self, stock: int) -> str:
        return self.make(stock)

    def make(self, stock: int) -> str:
        """A new product that fits its category; its SKU."""
        sku = f"URUN-{len(self.made) + 1}"
        self.made.append(sku)
        add_product(self.shop, sku, self.node, stock=stock)
        return sku

    @rule(sku=skus, stock=STOCKS)
    def restock(self, sku: str, stock: int) -> None:
        self.omnitron.set_stock(sku, stock)

    @rule(sku=skus, value=PRICES, renamed=st.booleans())
    def change(self, sku: str, value: int, renamed: bool) -> None:
        if renamed:
            self.omnitron.set_product(sku, name=f"Ad {value}")
        else:
            self.omnitron.set_price(sku, str(value))

    @rule(sku=skus)
    def come_or_go(self, sku: str) -> None:
        if self.is_gone(sku):
            self.omnitron.return_to_catalog(sku)
        else:
            self.omnitron.remove_from_catalog(sku)

    def book(self) -> None:
        """The ERP takes what was sold off its stock, once it has the order."""
        for number in sorted(self.sold.keys() & self.omnitron.orders_by_number().keys()):
            sku, units = self.sold.pop(number)
            self.omnitron.set_stock(sku, max(0, self.stock(sku) - units))

    # -- what Amazon and its buyers do ----------------------------------------------------------

    @rule(sku=skus)
    def sell(self, sku: str) -> None:
        """An order takes units off Amazon's quantity."""
        self.sandbox.world.amazon.settle()
        listing = self.listings.get(sku)
        if listing is None or not listing.quantity():
            return
        (number,) = self.sandbox.world.add_orders(1, age=180)
        order = self.sandbox.world.amazon.orders.change(number, partial(_order, sku), touch=False)
        units = sum(line["quantityOrdered"] for line in order["orderItems"])
        (row,) = listing.live["fulfillment_availability"]
        left = {**row, "quantity": max(0, row["quantity"] - units)}
        listing.live = {**listing.live, "fulfillment_availability": [left]}
        self.sold[number] = (sku, units)

    @rule(sku=skus, how=st.sampled_from(("mapper", "processing", "offer", "")))
    def refuse_or_mend(self, sku: str, how: str) -> None:
        """Its brand is mapped no more, or not the seller's, or Amazon takes no stock of it."""
        if how == "mapper":
            map_attributes(self.shop, sku, {"brand": None})
            self.omnitron.set_product(sku, name="Ad")
        elif how == "processing":
            self.listings.refuse_later(sku, "18027", "The brand is not yours.", "brand")
        elif how == "offer" and self.is_submitted(sku):
            set_lead_time(self.shop, [sku], -1)
        else:
            self.mend(sku)

    def mend(self, sku: str) -> None:
        """Nothing is wrong with it any more."""
        map_attributes(self.shop, sku, {"brand": SHIRT["brand"]})
        self.listings.forgive(sku)
        if self.is_submitted(sku):
            set_lead_time(self.shop, [sku], 2)

    @rule(operation=st.sampled_from(WRITES), half=st.booleans())
    def drop(self, operation: str, half: bool) -> None:
        """Amazon accepts what comes next and applies nothing of it, or refuses half of a feed."""
        if half:
            self.sandbox.faults.add("half_refused_feed", "createFeed")
        else:
            self.sandbox.faults.add("ignored_sku", operation)

    @rule(apply=st.sampled_from((0, 60, 600)), process=st.sampled_from((60, 240, 1_500)))
    def take_time(self, apply: int, process: int) -> None:
        delays = self.sandbox.world.amazon.delays
        delays.apply, delays.feed_process = apply, process

    # -- what time, cron and the network do -----------------------------------------------------

    @rule(minutes=st.sampled_from((1, 5, 16, 35, 400)))
    def cron(self, minutes: int) -> None:
        """Later all flows run, and the ERP looks at its orders."""
        self.clock.advance(minutes=minutes)
        for flow in FLOWS:
            self.run(flow)
        self.book()

    @rule(flow=st.sampled_from(FLOWS))
    def run(self, flow: str) -> None:
        ran = self.shop.run(*flow.split())
        assert ran.code in (0, 1, 5), (flow, ran)

    @rule(flow=st.sampled_from(FLOWS[:-1]), at=st.integers(1, 15), after=st.booleans())
    def kill(self, flow: str, at: int, after: bool) -> None:
        """A run whose process dies at one of its requests."""
        self.clock.advance(minutes=1)
        with Killer(at, after).watching(pytest.MonkeyPatch()), suppress(KilledError):
            self.run(flow)

    @rule(
        kind=st.sampled_from(KINDS),
        side=st.sampled_from(("amazon", "omnitron")),
        after=st.integers(0, 12),
    )
    def strike(self, kind: str, side: str, after: int) -> None:
        """One call to come will fail."""
        self.sandbox.faults.add(kind, "*", side, after=after)

    # -- what must be true in the end -----------------------------------------------------------

    def teardown(self) -> None:
        """Quiet days: no more faults, nothing refused, and cron."""
        with self.folder:
            if self.made:
                self.quieten()
                self.judge()

    def quieten(self) -> None:
        """Faults are over and everything is mended."""
        self.sandbox.faults.clear()
        self.take_time(apply=60, process=240)
        for sku in self.made:
            self.mend(sku)
        for minutes in QUIET:
            self.cron(minutes)

    def judge(self) -> None:
        """Amazon shows what Omnitron holds, and nothing is held back or left over."""
        self.sandbox.world.amazon.settle()
        shown = {sku: self.shown(sku) for sku in self.made}
        wanted = {sku: self.wanted(sku) for sku in self.made}
        held = self.shop.rows("SELECT flow, key, code, reason FROM penalties")
        assert shown == wanted, (
            {k: (shown[k], wanted[k]) for k in shown if shown[k] != wanted[k]},
            held,
        )
        assert held == []
        for table in ("jobs", "feed_items", "fences", "batches"):
            assert self.shop.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 - our own tables
        statuses = {row["status"] for row in self.omnitron.snapshot("batches")}
        assert statuses <= {"done", "fail"}
        place = channel(self.shop)
        for model in ("product", "productstock", "productprice"):
            assert place.waiting(model, "inserts_or_updates") == [], model

    def shown(self, sku: str) -> dict[str, Any]:
        """What Amazon shows of a product: name, quantity, price, and whether it can be bought."""
        listing = self.listings.get(sku)
        if self.is_gone(sku):
            return {"quantity": (listing.quantity() if listing else 0) or 0}
        if listing is None:
            return {}
        return {
            "name": listing.submitted["item_name"][0]["value"],
            "quantity": listing.quantity(),
            "price": listing.price(),
            "buyable": listing.buyable(),
        }

    def wanted(self, sku: str) -> dict[str, Any]:
        """What it should show: a product out of the catalog is at zero."""
        if self.is_gone(sku):
            return {"quantity": 0}
        (product,) = channel(self.shop).products.find("sku", sku)
        stock = self.stock(sku)
        return {
            "name": product.name,
            "quantity": stock,
            "price": price(self.shop, sku),
            "buyable": stock > 0,
        }

    def stock(self, sku: str) -> int:
        """What Omnitron has of a product."""
        place = channel(self.shop)
        (product,) = place.products.find("sku", sku)
        (row,) = place.stocks.find("product", product.pk)
        return int(row.stock)

    def is_gone(self, sku: str) -> bool:
        """Whether the product is out of the catalog."""
        (product,) = channel(self.shop).products.find("sku", sku)
        return product.pk in channel(self.shop).gone

    def is_submitted(self, sku: str) -> bool:
        """Whether Amazon holds stock of it that we may change."""
        listing = self.listings.get(sku)
        return listing is not None and "fulfillment_availability" in listing.submitted


def _order(sku: str, order: dict[str, Any]) -> None:
    """Have an order be for that SKU."""
    for line in order["orderItems"]:
        line["product"]["sellerSku"] = sku


def test_whatever_happens_in_whatever_order_amazon_shows_what_omnitron_holds_in_the_end(
    sandbox: Sandbox, clock: FakeClock
) -> None:
    Catalogue.sandbox, Catalogue.clock = sandbox, clock
    run_state_machine_as_test(
        Catalogue,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
