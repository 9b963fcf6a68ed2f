"""What may be wrong with a channel: how each fault is planted, and what the doctor says of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from amzsync.sandbox.amazon.gateway import ROUTES
from amzsync.state.category_nodes import Told
from amzsync.state.returns import Return
from tests.e2e.healthy_shop import Healthy, Spoil

DEAD = "http://127.0.0.1:1"
FAR_ROOT = "21324944031"
Usage = namedtuple("Usage", "total used free")


@dataclass(frozen=True)
class Fault:
    """A fault: how it is planted, and the finding it gives, with words of message and cure."""

    name: str
    plant: Spoil
    level: Literal["warning", "problem"]
    subject: str
    says: str
    cure: str


def settings(flags: dict[str, bool] | None = None, **values: Any) -> Spoil:
    """Configured so."""
    return lambda shop: shop.configure(flags, **values)


def role(operation: str) -> Spoil:
    """The application may not call this operation."""
    return lambda shop: shop.amazon.missing_roles.add(operation)


def typed(**conf: Any) -> Spoil:
    """The operator typed this into Omnitron's form."""
    return lambda shop: shop.channel.fill_in(**conf)


def _state_of_others(shop: Healthy) -> None:
    shop.shop.state.chmod(0o644)


def _no_database(shop: Healthy) -> None:
    shop.shop.state.write_bytes(b"no database at all, and longer than its header is" * 40)


def _damaged_page(shop: Healthy) -> None:
    """In the middle of the file, where opening it does not come by, a page is wrong."""
    with closing(sqlite3.connect(shop.shop.state)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'runs'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with shop.shop.state.open("r+b") as file:
        file.seek((page - 1) * size + 5)  # in the page's header: where its rows begin
        file.write(b"\x00\x10")


def _full_disk(free: int) -> Spoil:
    def plant(shop: Healthy) -> None:
        shop.patch.setattr(shutil, "disk_usage", lambda _path: Usage(10 << 30, 0, free))

    return plant


def _never(shop: Healthy) -> None:
    with shop.state() as state:
        state.store.execute("DELETE FROM runs WHERE flow = 'stock.push'")


def _stopped(shop: Healthy) -> None:
    _never(shop)
    shop.ran("stock.push", ago=7200)


def _killed(shop: Healthy) -> None:
    _never(shop)
    shop.ran("stock.push", None, ago=3610)


def _guarded(shop: Healthy) -> None:
    shop.ran("stock.push", 6, error="30 of 40 live SKUs would go to zero")


def _unfit(shop: Healthy) -> None:
    shop.ran("orders.pull", 1, counts={"failed": 3})


def _no_credentials(shop: Healthy) -> None:
    shop.ran("orders.pull", 4, error="Omnitron refuses the login")


def _line_missing(shop: Healthy) -> None:
    shop.schedule("stock.push")


def _slow_clock(shop: Healthy) -> None:
    shop.shop.sandbox.skew.update(amazon=300, omnitron=301)


def _omnitrons_clock(shop: Healthy) -> None:
    shop.shop.sandbox.skew["omnitron"] = -40


def _shut_out(shop: Healthy) -> None:
    shop.amazon.missing_roles.update(route.operation for route in ROUTES)


def _carrier_in_use(shop: Healthy) -> None:
    """An order that is shipped by Yurtiçi Kargo, where only MNG has a name at Amazon."""
    shop.configure()
    assert shop.shop.run("orders", "pull").code == 0
    (row,) = shop.omnitron.snapshot("orders")
    shop.omnitron.ship(row["number"], shipping_company="yurtici", tracking_number="TR-1")
    shop.configure(
        {"send_update_orders": True},
        send_shipping_info=True,
        shipping_company_mapping={"mng": "MNG Kargo"},
    )


def _unmapped_reason(shop: Healthy) -> None:
    shop.configure({"get_refund_orders": True}, refund_reason_mapping={"CR-DEFECTIVE": 20})
    now = shop.shop.clock.now()
    row = Return("403-1", "rma", "SKU-000001", 1, "CR-UNWANTED_ITEM", "Approved", now)
    with shop.state() as state:
        state.returns.take("1", [row], now)


def _fetched(shop: Healthy, *roots: str) -> None:
    with shop.state() as state:
        for root in roots:
            node = Told(root, "", 1, (root,), f"Category {root}", True, ("SHIRT",))
            state.category_nodes.arrive("1", [node])
            state.category_nodes.take("1", root)


def _unknown_category(shop: Healthy) -> None:
    shop.configure(category_ids=f"{FAR_ROOT} 999")
    _fetched(shop, FAR_ROOT)


def _no_tree(shop: Healthy) -> None:
    shop.channel.row["category_tree"] = None
    shop.configure(category_ids=FAR_ROOT)
    _fetched(shop, FAR_ROOT)


def _without_category(shop: Healthy) -> None:
    shop.configure({"send_products": True}, category_ids=FAR_ROOT)
    _fetched(shop, FAR_ROOT)
    with shop.state() as state:
        for sku, reason in (("A", "Category data not found"), ("B", "Stock data not found")):
            state.penalties.fail(
                "1",
                "products.push",
                sku,
                settings=shop.config().failed_integration.settings_for("product"),
                now=shop.shop.clock.now(),
                content_type="product",
                code="not_sellable",
                reason=reason,
            )


FAULTS = (
    # the file
    Fault("obsolete key", settings(region="eu-west-1"), "warning", "region", "obsolete", "take"),
    Fault(
        "no carrier names",
        settings({"send_update_orders": True}, send_shipping_info=True),
        "problem",
        "shipping_company_mapping",
        "no shipment can name its carrier",
        "name Amazon's carrier",
    ),
    Fault(
        "secret about to end",
        settings(amazon={"client_secret_created_on": "2026-06-10"}),
        "warning",
        "client secret's age",
        "ends in 14 days, on 2026-12-07",
        "rotate the secret",
    ),
    Fault(
        "secret ended",
        settings(amazon={"client_secret_created_on": "2026-05-01"}),
        "problem",
        "client secret's age",
        "it ended on 2026-10-28",
        "rotate the secret",
    ),
    Fault(
        "flag without cargo company",
        settings(cargo_company_id=""),
        "problem",
        "cargo_company_id",
        "is required, because feature_flags.get_orders is true",
        "fill in cargo_company_id",
    ),
    Fault(
        "flag without start date",
        settings(order_start_date=""),
        "problem",
        "order_start_date",
        "is required, because feature_flags.get_orders is true",
        "fill in order_start_date",
    ),
    Fault(
        "flag without cancellation reason",
        settings({"get_cancel_orders": True}, cancellation_reason_id=""),
        "problem",
        "cancellation_reason_id",
        "is required, because feature_flags.get_cancel_orders is true",
        "fill in cancellation_reason_id",
    ),
    Fault(
        "flag without refund reason",
        settings({"get_refund_orders": True}, default_reason_id=""),
        "problem",
        "default_reason_id",
        "is required, because feature_flags.get_refund_orders is true",
        "fill in default_reason_id",
    ),
    Fault(
        "flag without categories",
        settings({"send_products": True}, category_ids=""),
        "problem",
        "category_ids",
        "is required, because feature_flags.send_products is true",
        "fill in category_ids",
    ),
    Fault(
        "host of another region",
        settings(base_url="https://sellingpartnerapi-na.amazon.com"),
        "problem",
        "base_url",
        "does not serve market_place_id A33AVAJ2PDY3EV",
        "https://sellingpartnerapi-eu.amazon.com",
    ),
    # this machine
    Fault("readable state", _state_of_others, "problem", "state file's mode", "0644", "chmod 600"),
    Fault("no database", _no_database, "problem", "state file", "is corrupt", "restore a backup"),
    Fault("damaged page", _damaged_page, "problem", "state file", "damaged", "restore a backup"),
    Fault("full disk", _full_disk(5 << 20), "problem", "disk of", "5 MiB are free", "make room"),
    Fault("disk low", _full_disk(500 << 20), "warning", "disk of", "500 MiB are free", "make room"),
    Fault("never ran", _never, "warning", "first runs", "stock push never ran", "by hand"),
    Fault("stopped", _stopped, "warning", "last run of stock push", "though it is on", "cron"),
    Fault("killed", _killed, "warning", "last run of stock push", "was killed", "stock push"),
    Fault(
        "guard",
        _guarded,
        "problem",
        "last run of stock push",
        "exit 6 at 2026-11-23 08:59Z: 30 of 40",
        "--override-guard",
    ),
    Fault(
        "records failed",
        _unfit,
        "warning",
        "last run of orders pull",
        "3 records failed",
        "penalties list --flow 'orders pull'",
    ),
    Fault(
        "no credentials",
        _no_credentials,
        "problem",
        "last run of orders pull",
        "exit 4",
        "mend the credentials",
    ),
    Fault("no cron line", _line_missing, "warning", "cron", "for stock push", "cron print"),
    Fault("clock", _slow_clock, "problem", "clock", "300 s behind Amazon's and 301 s", "timedate"),
    Fault(
        "Omnitron's clock",
        _omnitrons_clock,
        "warning",
        "Omnitron's clock",
        "40 s ahead of Omnitron's, while it agrees with Amazon's",
        "set its clock",
    ),
    # Amazon
    Fault(
        "wrong secret",
        settings(client_secret="not-it"),
        "problem",
        "Login with Amazon",
        "(invalid_client)",
        "rotate it",
    ),
    Fault(
        "wrong refresh token",
        settings(refresh_token="Atzr|not-it"),
        "problem",
        "Login with Amazon",
        "(invalid_grant)",
        "authorise the application again",
    ),
    Fault(
        "no way to Login with Amazon",
        settings(amazon={"lwa_url": f"{DEAD}/t"}),
        "problem",
        "Login with Amazon",
        f"{DEAD}/t: not sent",
        "the network",
    ),
    Fault(
        "no way to Amazon",
        settings(base_url=DEAD),
        "problem",
        "marketplace",
        f"{DEAD}: not sent",
        "the network",
    ),
    Fault(
        "another marketplace",
        settings(market_place_id="A1F83G8C2ARO7P"),
        "problem",
        "marketplace",
        "does not sell in A1F83G8C2ARO7P",
        "set market_place_id",
    ),
    Fault(
        "marketplace not activated",
        settings(market_place_id="A1VC38T7YXB528"),
        "problem",
        "marketplace",
        "does not take part in A1VC38T7YXB528",
        "activate the marketplace",
    ),
    Fault(
        "everything refused",
        _shut_out,
        "problem",
        "authorisation",
        "refuses every operation",
        "in the region of base_url",
    ),
    Fault(
        "another seller",
        settings(seller_id="A3SOMEBODYELSE"),
        "problem",
        "seller_id",
        "of A3SOMEBODYELSE",
        "merchant token",
    ),
    *(
        Fault(f"role of {name}", role(name), "problem", name, "HTTP 403", f'"{needed}"')
        for name, needed in (
            ("searchOrders", "Inventory and Order Tracking"),
            ("getOrder", "Inventory and Order Tracking"),
            ("getListingsItem", "Product Listing"),
            ("searchListingsItems", "Product Listing"),
            ("patchListingsItem", "Product Listing"),
            ("searchDefinitionsProductTypes", "Product Listing"),
            ("getFeeds", "Product Listing"),
            ("getReports", "Product Listing"),
            ("getMarketplaceParticipations", "Finance and Accounting"),
        )
    ),
    # Omnitron
    Fault(
        "wrong password",
        settings(omnitron={"password": "not-it"}),
        "problem",
        "Omnitron login",
        "refuses the login",
        "username and password",
    ),
    Fault(
        "no way to Omnitron",
        settings(omnitron={"url": DEAD}),
        "problem",
        "Omnitron login",
        f"{DEAD}: not sent",
        "the network",
    ),
    Fault(
        "no such channel",
        settings(omnitron={"channel_id": 99}),
        "problem",
        "channel",
        "has no channel 99",
        "set [omnitron] channel_id",
    ),
    Fault(
        "inactive",
        lambda shop: shop.channel.row.update(is_active=False),
        "warning",
        "channel",
        "1 is inactive, so no flow runs",
        "activate it",
    ),
    Fault(
        "no catalog",
        lambda shop: shop.channel.row.update(catalog=None),
        "problem",
        "catalog",
        "the channel has no catalog",
        "give it one",
    ),
    Fault(
        "another catalog",
        settings(omnitron={"catalog_id": 999}),
        "problem",
        "catalog",
        "has no catalog 999",
        "leave it blank",
    ),
    Fault(
        "no price list",
        lambda shop: shop.channel.catalog.update(price_list=None),
        "problem",
        "catalog",
        "11 has no price list",
        "complete the catalog",
    ),
    Fault(
        "no such cargo company",
        settings(cargo_company_id=99),
        "problem",
        "cargo company",
        "Omnitron has: 1 MNG Kargo",
        "set cargo_company_id",
    ),
    Fault(
        "no such excluded company",
        settings(exclude_cargo_company_ids=[1, 132]),
        "warning",
        "excluded cargo companies",
        "exclude_cargo_company_ids has 132;",
        "take out",
    ),
    Fault(
        "no such slug",
        settings(shipping_company_mapping={"mgn": "MNG Kargo"}),
        "warning",
        "carrier names",
        "has mgn, which is no carrier",
        "did you mean mng?",
    ),
    Fault(
        "carrier in use without a name",
        _carrier_in_use,
        "problem",
        "carriers",
        "in use: yurtici (1 orders)",
        "add them to shipping_company_mapping",
    ),
    Fault(
        "no such cancellation reason",
        settings(cancellation_reason_id=77),
        "problem",
        "cancel reasons",
        "does not have cancellation_reason_id = 77; it has: 10",
        "set them to ids it has",
    ),
    Fault(
        "no such refund reason",
        settings(default_reason_id=10),
        "problem",
        "refund reasons",
        "default_reason_id = 10",
        "set them to ids it has",
    ),
    Fault(
        "no such mapped reason",
        settings(refund_reason_mapping={"CR-DEFECTIVE": 66}),
        "problem",
        "refund reasons",
        "refund_reason_mapping.CR-DEFECTIVE = 66",
        "set them to ids it has",
    ),
    Fault(
        "no such reason at Amazon",
        settings(refund_reason_mapping={"cr-defective": 20}),
        "warning",
        "refund reason names",
        "has cr-defective, which no return will ever come with",
        "in capital letters",
    ),
    Fault(
        "reason nobody mapped",
        _unmapped_reason,
        "warning",
        "refund reasons of Amazon",
        "CR-UNWANTED_ITEM (1)",
        "default_reason_id",
    ),
    Fault(
        "unknown category", _unknown_category, "problem", "categories", "has 999,", "from Amazon"
    ),
    Fault("no tree", _no_tree, "problem", "category tree", "no category tree", "categories fetch"),
    Fault(
        "products without category",
        _without_category,
        "warning",
        "category mapping",
        "1 products have no category",
        "the Mapper",
    ),
    # the file and Omnitron
    Fault(
        "setting differs",
        typed(buffer_stock="5"),
        "warning",
        "buffer_stock differs",
        "the file has 0, Omnitron 5",
        "Settings > Sales Channels",
    ),
    Fault(
        "flag differs",
        typed(feature_flags='{"get_orders": false, "send_products": "false"}'),
        "warning",
        "feature_flags.get_orders differs",
        "the file has true, Omnitron false",
        "Settings > Sales Channels",
    ),
    Fault(
        "penalty differs",
        typed(FAILED_INTEGRATION={"order": {"MAX_RETRY_COUNT": "5"}}),
        "warning",
        "failed_integration.order.MAX_RETRY_COUNT differs",
        "the file has 3, Omnitron 5",
        "Settings > Sales Channels",
    ),
    Fault(
        "blank over there",
        typed(cargo_company_id=""),
        "warning",
        "cargo_company_id differs",
        "the file has 4, Omnitron nothing",
        "Settings > Sales Channels",
    ),
    Fault(
        "secret differs",
        typed(client_secret="a-canary-of-omnitrons"),
        "warning",
        "client_secret differs",
        "neither is shown",
        "Settings > Sales Channels",
    ),
    Fault(
        "another channel's name",
        settings(channel_name="Amazon:7_Channel"),
        "warning",
        "channel_name differs",
        'the file has "Amazon:7_Channel", Omnitron "Amazon:1_Channel"',
        "Settings > Sales Channels",
    ),
    Fault(
        "unreadable over there",
        typed(order_start_date="29.08.2024"),
        "warning",
        "order_start_date in Omnitron",
        "must look like 2024-08-29T14:30:00Z",
        "mend it in Omnitron's form",
    ),
)
