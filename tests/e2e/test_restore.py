"""An older backup of the state file put back: what happened since is done again nowhere."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import line, order, place
from tests.e2e.refund_shop import give_back
from tests.e2e.stock_shop import live_now
from tests.shop import FLAGS, Shop

FLOWS = (
    *(("orders", "pull"), ("cancellations", "pull"), ("refunds", "pull"), ("orders", "push")),
    *(("stock", "push"), ("prices", "push"), ("products", "push"), ("products", "delete")),
)
SHIPPED, INVOICED, RETURNED, CANCELLED, NEW = (f"403-{n:07d}-1234567" for n in range(1, 6))
SKU = "SKU-000001"


def open_shop(shop: Shop) -> None:
    """Four orders in Omnitron, all flows on, everything quiet."""
    shop.sandbox.reset(skus=12)
    shop.configure(
        {flag: flag != "schema_update" for flag in FLAGS},
        invoices={"strategy": "vat_feed"},
        send_shipping_info=True,
        shipping_company_mapping={"mng": "MNG Kargo"},
    )
    for number in (1, 2, 3, 4):
        place(shop.sandbox, order(number, [line(item_id=str(number))]))
    cron(shop, rounds=2)
    shop.sandbox.world.omnitron.set_order_is_send(CANCELLED)


def cron(shop: Shop, rounds: int) -> None:
    """What cron starts now and then."""
    for _ in range(rounds):
        for words in FLOWS:
            ran = shop.run(*words)
            assert ran.code in (0, 1), (words, ran)
        shop.clock.advance(minutes=15)


def live_on(shop: Shop) -> None:
    """Everything that has an effect on the other side happens once."""
    omnitron, amazon = shop.sandbox.world.omnitron, shop.sandbox.world.amazon
    now = shop.clock.now()
    place(shop.sandbox, order(5, [line(item_id="5")], placed=now))
    omnitron.ship(SHIPPED, tracking_number="TR1", shipping_company="mng")
    omnitron.invoice(INVOICED, "ABC1")
    give_back(shop, {"orderId": RETURNED, "orderItems": [{"product": {"sellerSku": SKU}}]})
    with shop.sandbox.lock:
        amazon.orders.change(CANCELLED, lambda each: change_order(each, {"status": "CANCELLED"}))
    omnitron.set_stock(SKU, 77)


def effects(shop: Shop) -> dict[str, Any]:
    """What both sides have, as far as a run could make more of it."""
    omnitron, amazon = shop.sandbox.world.omnitron, shop.sandbox.world.amazon
    return {
        "orders": Counter(row["number"] for row in omnitron.snapshot("orders")),
        "customers": len(omnitron.snapshot("customers")),
        "addresses": len(omnitron.snapshot("addresses")),
        "units": Counter(str(row["status"]) for row in omnitron.snapshot("order_items")),
        "plans": len(omnitron.snapshot("cancellation_plans")),
        "returns": Counter(r["remote_id"] for r in omnitron.snapshot("cancellation_requests")),
        "invoices": Counter(
            row["options"]["metadata:invoicenumber"] for row in amazon.feeds.invoices
        ),
        "packages": (amazon.orders.get(SHIPPED) or {}).get("packages"),
        "stock": live_now(shop, [SKU]),
    }


def back_up(state: Path, to: Path) -> Path:
    """SQLite's own online backup, as the README has it."""
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def restore(shop: Shop, backup: Path) -> None:
    """Put a backup in the place of the state file, as the README has it."""
    for name in ("", "-wal", "-shm"):
        Path(f"{shop.state}{name}").unlink(missing_ok=True)
    shutil.copy(backup, shop.state)


def test_what_happened_since_the_backup_is_done_again_nowhere(shop: Shop, tmp_path: Path) -> None:
    open_shop(shop)
    quiet = back_up(shop.state, tmp_path / "quiet.db")
    live_on(shop)
    cron(shop, rounds=1)
    amid = back_up(shop.state, tmp_path / "amid.db")  # the returns report is under way
    assert shop.rows("SELECT 1 FROM jobs")
    cron(shop, rounds=4)
    before = effects(shop)
    assert before["orders"] == dict.fromkeys((SHIPPED, INVOICED, RETURNED, CANCELLED, NEW), 1)
    assert len(before["packages"]) == len(before["returns"]) == len(before["invoices"]) == 1
    assert before["units"]["50"] == 1
    assert before["stock"] == {SKU: 77}

    for backup in (amid, quiet):
        restore(shop, backup)
        cron(shop, rounds=5)
        assert effects(shop) == before


def test_a_value_that_went_back_since_the_backup_is_found_by_the_report(
    shop: Shop, tmp_path: Path
) -> None:
    open_shop(shop)
    shop.sandbox.world.omnitron.set_stock(SKU, 9)
    cron(shop, rounds=2)
    backup = back_up(shop.state, tmp_path / "backup.db")
    shop.sandbox.world.omnitron.set_stock(SKU, 77)
    cron(shop, rounds=2)
    restore(shop, backup)
    shop.sandbox.world.omnitron.set_stock(SKU, 9)  # as the restored state believes Amazon to be
    cron(shop, rounds=2)
    assert live_now(shop, [SKU]) == {SKU: 77}

    shop.clock.advance(hours=7)
    assert shop.run("report", "--wait", "--fix").code == 0
    shop.clock.advance(minutes=5)
    assert live_now(shop, [SKU]) == {SKU: 9}
