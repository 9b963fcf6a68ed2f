"""The catalogue flows against brand, buyers, Amazon and faults in any order (hypothesis machines).

Once the faults have stopped and what was refused is mended, Amazon shows the goods Omnitron holds,
Omnitron asks of goods what Amazon asks of them, and nothing is held back any more.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
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

from amzsync.sandbox.amazon.browsetree import BrowseNode
from amzsync.sandbox.seeds import catalogue
from amzsync.sandbox.server import Sandbox
from tests.e2e.catalogue_shop import REPORT, TOP, open_shop
from tests.e2e.category_truth import (
    KEPT,
    below,
    default_problems,
    links,
    node_problems,
    of_type,
    set_problems,
    shrink,
)
from tests.e2e.price_shop import price
from tests.e2e.product_shop import SHIRT, add_product, channel, map_attributes, open_catalogue
from tests.e2e.stock_shop import set_lead_time
from tests.e2e.test_stock_kill import KilledError, Killer
from tests.shop import FakeClock, Shop

FLOWS = ("products push", "stock push", "prices push", "products delete", "orders pull")
ASSORTMENT_FLOWS = (
    *("categories fetch", "attributes fetch", "attributes defaults", "attributes compare"),
)
TYPES = ("SHIRT", "DRESS")
SHELF = st.sampled_from((("SHIRT",), ("DRESS",), ("SHIRT", "DRESS"), ()))
COUNTRIES = {"TR": "Türkiye", "PT": "Portekiz", "JP": "Japonya"}
NAMES = st.sampled_from(("Elbise", "Çorap", "Yeni Sezon"))
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
        self.sold: dict[str, tuple[str, int]] = {}  # order -> SKU and units to take off stock

    @initialize(target=skus, stocks=st.lists(STOCKS, min_size=2, max_size=4))
    def open(self, stocks: list[int]) -> MultipleResults[str]:
        """The first products are on sale already."""
        skus = [self.make(stock) for stock in stocks]
        for _ in range(3):
            self.cron(16)
        return multiple(*skus)

    # -- what the brand and its ERP do ----------------------------------------------------------

    @rule(target=skus, stock=STOCKS, dropped=st.booleans())
    def add(self, stock: int, dropped: bool) -> str:
        """A new product, which Amazon may accept and make nothing of."""
        if dropped:
            self.drop(operation="putListingsItem", half=False)
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

    @rule(sku=skus, found=st.booleans())
    def sell(self, sku: str, found: bool) -> None:
        """An order takes units off Amazon's quantity; the ERP may have found as many more."""
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
        self.sold[number] = (sku, 0 if found else units)

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


class Assortment(RuleBasedStateMachine):
    """One channel before its first product, and an Amazon whose categories and types change."""

    sandbox: ClassVar[Sandbox]
    clock: ClassVar[FakeClock]
    nodes: Bundle[str] = Bundle("nodes")

    def __init__(self) -> None:
        """Two main categories with nothing below them, some product types, a new state file."""
        super().__init__()
        self.clock.at = FakeClock().at
        self.folder = tempfile.TemporaryDirectory()
        self.shop = Shop(self.sandbox, self.clock, Path(self.folder.name))
        open_shop(self.shop)
        self.browse = self.sandbox.world.amazon.browse
        self.types = self.sandbox.world.amazon.types
        self.seeded = {name: self.types.get(name) for name in TYPES}
        for name in TYPES:
            self.types.change(name, shrink)
        self.above: dict[str, set[str | None]] = {}  # all that a category has ever lain under
        self.known: dict[str, BrowseNode] = {}
        self.roots = [self.plant(TOP, name, ()) for name in ("Kadın", "Erkek")]
        self.above |= {root: {None} for root in self.roots}
        self.shop.configure(
            category_ids=" ".join(self.roots),
            http={"in_flight": 1},
            failed_integration={"DEFAULT": PENALTIES},
        )
        self.disturbed = False
        self.baseline: dict[str, dict[str, bool]] = {}  # type -> what was required, as told first

    @initialize(target=nodes, types=st.lists(SHELF, min_size=3, max_size=4), fetched=st.booleans())
    def open(self, types: list[tuple[str, ...]], fetched: bool) -> MultipleResults[str]:
        """Some categories are there, and may have been fetched already."""
        above = self.plant(self.roots[0], "Giyim", ())
        made = [self.plant(above, f"Raf {number}", each) for number, each in enumerate(types)]
        for _ in range(4 if fetched else 0):
            self.cron(10)
        return multiple(*self.roots, above, *made)

    # -- what Amazon does to its categories -----------------------------------------------------

    @rule(target=nodes, parent=nodes, name=NAMES, types=SHELF)
    def add(self, parent: str, name: str, types: tuple[str, ...]) -> str:
        return self.plant(self.there(parent), name, types)

    def plant(self, parent: str, name: str, types: tuple[str, ...]) -> str:
        """A new category; its id."""
        node_id = self.browse.add(parent, name, types)
        self.known[node_id] = next(node for node in self.browse if node.id == node_id)
        self.above[node_id] = {parent}
        return node_id

    @rule(node=nodes, name=NAMES)
    def rename(self, node: str, name: str) -> None:
        if node in self.browse:
            self.browse.rename(node, name)

    @rule(node=nodes, to=nodes, keep=st.booleans())
    def move(self, node: str, to: str, keep: bool) -> None:
        """It lies somewhere else, or there as well."""
        to = self.there(to)
        if node not in self.browse or node in self.roots or self.lies_below(node, to):
            return
        places = [each for each in self.browse if node in each.children]
        if any(place.id == to for place in places):
            return
        for place in places if not keep else ():
            place.children.remove(node)
        self.browse.plant(self.known[node], to)
        self.above[node].add(to)

    @rule(node=nodes, to=nodes)
    def go_or_come_back(self, node: str, to: str) -> None:
        """A category vanishes with what lies under no other, or is there again by itself."""
        if node in self.roots:
            return
        if node in self.browse:
            self.browse.remove(node)
            return
        to = self.there(to)
        self.known[node].children = []
        self.browse.plant(self.known[node], to)
        self.above[node].add(to)

    @rule(node=nodes, types=SHELF)
    def retype(self, node: str, types: tuple[str, ...]) -> None:
        self.known[node].product_types = types
        self.browse.version += 1

    def there(self, node: str) -> str:
        """The category, or a main one where it is gone."""
        return node if node in self.browse else self.roots[0]

    def lies_below(self, node: str, other: str) -> bool:
        """Whether the other is the category itself or lies under it."""
        return any(path[-1].id == other for path in self.browse.walk(node))

    # -- what Amazon does to its product types --------------------------------------------------

    @rule(name=st.sampled_from(TYPES), attribute=st.sampled_from(KEPT), gone=st.booleans())
    def ask(self, name: str, attribute: str, gone: bool) -> None:
        """A required attribute is required no longer, or gone; one that was gone is back."""
        one = self.types.get(name)
        if attribute not in one.attributes:
            schema = self.seeded[name].attributes[attribute]
            self.types.change(name, lambda new: new.attributes.update({attribute: schema}))
        elif attribute not in one.required:
            self.types.require(name, attribute)
        elif gone:
            self.types.drop(name, attribute)
        else:
            self.types.relax(name, attribute)

    @rule(
        name=st.sampled_from(TYPES),
        attribute=st.sampled_from(("department", "country_of_origin")),
        choices=st.sets(st.sampled_from(sorted(COUNTRIES)), min_size=1),
    )
    def offer(self, name: str, attribute: str, choices: set[str]) -> None:
        if attribute in self.types.get(name).attributes:
            self.types.set_choices(
                name, attribute, {key: COUNTRIES[key] for key in sorted(choices)}
            )

    # -- what time, cron and the network do -----------------------------------------------------

    @rule(minutes=st.sampled_from((10, 40, 400, 1_450)))
    def cron(self, minutes: int) -> None:
        """Later all flows run."""
        self.clock.advance(minutes=minutes)
        for flow in ASSORTMENT_FLOWS:
            self.run(flow)

    @rule(flow=st.sampled_from(ASSORTMENT_FLOWS))
    def run(self, flow: str) -> None:
        ran = self.shop.run(*flow.split())
        assert ran.code in (0, 1, 5), (flow, ran)
        self.note_baseline()

    @rule(flow=st.sampled_from(ASSORTMENT_FLOWS), at=st.integers(1, 25), after=st.booleans())
    def kill(self, flow: str, at: int, after: bool) -> None:
        """A run whose process dies at one of its requests."""
        self.disturbed = True
        self.clock.advance(minutes=10)
        with Killer(at, after).watching(pytest.MonkeyPatch()), suppress(KilledError):
            self.run(flow)

    @rule(
        kind=st.sampled_from(KINDS),
        side=st.sampled_from(("amazon", "omnitron")),
        after=st.integers(0, 12),
    )
    def strike(self, kind: str, side: str, after: int) -> None:
        """One call to come will fail."""
        self.disturbed = True
        self.sandbox.faults.add(kind, "*", side, after=after)

    @rule(status=st.sampled_from(("FATAL", "CANCELLED")))
    def fail_report(self, status: str) -> None:
        self.sandbox.world.amazon.reports.fate(REPORT, status)

    @rule(there=st.booleans())
    def upgrade(self, there: bool) -> None:
        """Omnitron has its bulk calls, or has not."""
        self.sandbox.world.omnitron.no_bulk = not there

    def note_baseline(self) -> None:
        """What each type asked for when comparing began."""
        rows = self.shop.rows("SELECT name, compared FROM product_types WHERE compared <> ''")
        now = {row["name"]: json.loads(row["compared"]) for row in rows}
        self.baseline = {
            name: self.baseline.get(name, {fact["name"]: fact["required"] for fact in facts})
            for name, facts in now.items()
        }

    # -- what must be true in the end -----------------------------------------------------------

    def teardown(self) -> None:
        """Quiet days: no more faults and nothing new, and cron."""
        with self.folder:
            if self.known:
                self.quieten()
                self.judge()

    def quieten(self) -> None:
        """Faults are over; every tree comes once more, though one report may yet fail."""
        self.sandbox.faults.clear()
        for minutes in (1_450, 10, 10, 400, 10, 10):
            self.cron(minutes)

    def judge(self) -> None:
        """Omnitron holds what Amazon's categories and types ask for; nothing more is sent."""
        problems = [
            *node_problems(self.shop, self.roots, self.above, orphans=self.disturbed),
            *set_problems(self.shop, self.roots),
            *default_problems(self.shop, self.roots),
            *self.untold(),
        ]
        assert not problems, problems
        for table in ("penalties", "waiting", "jobs", "arriving_nodes"):
            assert self.shop.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 - our own tables
        self.shop.forget_calls()
        for minutes in (1_450, 10, 10):
            self.cron(minutes)
        changing = (".create", ".patch", ".put", ".delete")
        assert [name for name in self.shop.calls("omnitron") if name.endswith(changing)] == []
        assert self.shop.calls("amazon")["createReport"] == len(self.roots)

    def untold(self) -> Iterator[str]:
        """What was told nobody: categories that are gone, attributes that are required by now."""
        rows = self.shop.rows("SELECT key, code, reason FROM outcomes")
        gone = {row["key"] for row in rows if row["code"] == "gone"}
        inside = below(self.browse, self.roots)
        for row in links(self.shop, "categorynode"):
            if row["remote_id"] not in inside and row["remote_id"] not in gone:
                yield f"{row['remote_id']} is gone and nobody was told"
        for name, required in self.baseline.items():
            told = " ".join(row["reason"] for row in rows if row["key"] == name)
            asked = of_type(self.types.get(name)).items()
            new = [each for each, one in asked if one.is_required and not required.get(each)]
            yield from (
                f"{name} requires {each}, and nobody was told"
                for each in new
                if f"{each} newly required" not in told
            )


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


def test_whatever_changes_in_whatever_order_omnitron_asks_for_what_amazon_asks_for_in_the_end(
    sandbox: Sandbox, clock: FakeClock
) -> None:
    Assortment.sandbox, Assortment.clock = sandbox, clock
    run_state_machine_as_test(
        Assortment,
        settings=settings(
            max_examples=24,
            stateful_step_count=12,
            suppress_health_check=list(HealthCheck),
        ),
    )
