"""`amzsync status`: on one screen, as JSON."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from amzsync.flows import FLOWS
from tests.e2e.report_shop import amazon_has, open_shop, wanted
from tests.shop import FLAGS, FakeClock, Shop

ROWS, COLUMNS = 40, 80


def unpadded(told: str) -> str:
    """The text with every run of white space as one blank."""
    return re.sub(r"\s+", " ", told)


def screen(shop: Shop) -> str:
    """What `status` shows, which is one screen."""
    ran = shop.run("status")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert len(lines) <= ROWS
    assert max(map(len, lines)) <= COLUMNS
    return unpadded(ran.out)


def test_before_the_first_run_there_is_nothing_and_nothing_is_created(shop: Shop) -> None:
    found = shop.run("status", "--json").json
    assert [row["flow"] for row in found["flows"]] == [entry.name for entry in FLOWS]
    assert all(row["last_run"] is None for row in found["flows"])
    assert (found["orders_until"], found["inbox"], found["backlog"]) == (None, {}, {})
    told = screen(shop)
    assert "orders pull never in" in told
    assert "orders not searched yet; inbox: empty" in told
    assert "quota no call has been made to Amazon yet" in told
    assert not shop.state.exists()
    assert not shop.calls()


def test_runs_penalties_waiting_records_and_the_backlog_are_told(
    shop: Shop, clock: FakeClock
) -> None:
    shop.sandbox.reset(orders=100, skus=60)
    shop.configure(failed_integration={"order": {"MAX_RETRY_COUNT": 0}})
    shop.run("orders", "pull")
    shop.run("stock", "push")
    clock.advance(minutes=4)
    shop.forget_calls()
    found = shop.run("status", "--json").json
    flows = {row["flow"]: row for row in found["flows"]}
    orders, stock = flows["orders.pull"], flows["stock.push"]
    assert (orders["last_run"]["exit_code"], orders["last_run"]["counts"]) == (
        1,
        {"sent": 92, "failed": 2},
    )
    assert (orders["in_penalty"], orders["stopped"]) == (0, 2)
    assert stock["waiting"] == {"not_listed": 1}
    assert found["orders_until"] == "2026-11-23T08:58:00+00:00"
    assert found["inbox"] == {"imported": 92, "new": 2, "pending": 2, "ignored": 1}
    assert found["backlog"]["orders to import"] == 2
    assert found["next_try_at"] is None

    told = screen(shop)
    assert "orders pull 4 min ago exit 1: 92 sent, 2 failed" in told
    assert "orders push never off" in told
    assert "orders known until 2026-11-23 08:58:00Z (6 min ago)" in told
    assert "inbox: 1 ignored, 92 imported, 2 new, 2 pending" in told
    assert "backlog 2 orders to import" in told
    assert "penalties orders pull: 2 stopped waiting stock push: 1 not_listed" in told
    assert not shop.calls()


def test_when_a_penalty_ends_is_told(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=60)
    shop.run("orders", "pull")
    assert "penalties orders pull: 2 held; next try in 8 h" in screen(shop)


def test_jobs_under_way_and_the_last_error_are_told(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(stock={"patch_limit": 2}, flags={"get_orders": False})
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        shop.sandbox.world.omnitron.set_stock(row["sku"], 77)
    shop.run("stock", "push")
    flows = {row["flow"]: row for row in shop.run("status", "--json").json["flows"]}
    (job,) = flows["stock.push"]["jobs"]
    assert (job["kind"], job["state"], job["changes"]) == ("listings_feed", "submitted", 12)
    told = screen(shop)
    assert "in flight stock push: listings_feed " in told
    assert "with 12 changes, submitted, 0 s ago" in told

    shop.sandbox.faults.add("server_error_before", "product_stocks.updates", "omnitron", times=9)
    assert shop.run("stock", "push").code == 5
    assert "stock push: A server error occurred." in screen(shop)


def test_dry_runs_are_left_out(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("orders", "pull")
    shop.run("orders", "pull", "--dry-run")
    assert shop.run("status", "--json").json["flows"][0]["last_run"]["run"] == 1


def test_what_cron_should_have_started_long_ago_is_late(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("orders", "pull")
    shop.run("stock", "push")
    for minutes, late in ((1, []), (4, ["stock.push"]), (10, ["orders.pull", "stock.push"])):
        clock.advance(minutes=minutes)
        flows = shop.run("status", "--json").json["flows"]
        assert [row["flow"] for row in flows if row["overdue"]] == late
    assert "LATE 1" in screen(shop)
    shop.run("stock", "push")
    clock.advance(seconds=30)
    assert re.search(r"stock push 30 s ago exit 0(: \d+ \w+)* in \d+ s", screen(shop))


def test_a_run_that_goes_on_is_not_late_and_one_that_was_killed_is(
    shop: Shop, clock: FakeClock
) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("stock", "push")
    with closing(sqlite3.connect(shop.state)) as connection:
        connection.execute("UPDATE runs SET ended_at = NULL, exit_code = NULL")
        connection.commit()
    clock.advance(minutes=10)
    assert "stock push 10 min ago goes on now" in screen(shop)
    clock.advance(minutes=10)
    assert "stock push 20 min ago was killed LATE 19 min" in screen(shop)


def test_an_inactive_channel_is_said_to_be_so_and_nothing_is_late(
    shop: Shop, clock: FakeClock
) -> None:
    shop.sandbox.reset(skus=12)
    shop.run("stock", "push")
    shop.sandbox.world.omnitron.channels[1].row["is_active"] = False
    clock.advance(minutes=30)
    shop.run("stock", "push")
    clock.advance(minutes=30)
    told = screen(shop)
    assert "INACTIVE in Omnitron" in told
    assert "LATE" not in told
    assert shop.run("status", "--json").json["inactive"]


def test_raised_alarms_and_the_report_are_told(shop: Shop, clock: FakeClock) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, quantity=wanted(shop, first) + 2)
    told = screen(shop)
    assert "alarms never looked at" in told
    assert "report none yet: amzsync report --wait makes one" in told
    shop.run("report", "--wait")
    with closing(sqlite3.connect(shop.state)) as connection:
        connection.execute("UPDATE runs SET exit_code = 5")
        connection.commit()
    for _ in range(3):
        shop.sandbox.faults.add("server_error_before", "channels.get", "omnitron", times=9)
        clock.advance(minutes=11)
        assert shop.run("stock", "push").code == 5
    shop.sandbox.faults.clear()
    shop.run("alarms")
    clock.advance(minutes=2)
    told = screen(shop)
    assert "alarms RAISED failures for 2 min; looked at 2 min ago" in told
    found = shop.run("status", "--json").json
    assert [alarm["name"] for alarm in found["alarms"]["raised"]] == ["failures"]
    assert found["report"]["differences"] == {"stock": 1}
    assert re.search(r"report \d+ of \d+ SKUs on sale; 1 stock; 35 min ago, on a snapshot", told)
    clock.advance(minutes=20)
    assert "LATE: looked at 22 min ago" in screen(shop)


def test_everything_at_once_is_still_one_screen(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=100, skus=60)
    shop.configure(dict.fromkeys(FLAGS, True), stock={"patch_limit": 2})
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        shop.sandbox.world.omnitron.set_stock(row["sku"], 77)
    for entry in FLOWS:
        shop.run(*entry.command.split())
    shop.run("report")
    shop.run("alarms")
    clock.advance(minutes=3)
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=200)
    for entry in FLOWS:
        shop.run(*entry.command.split())
    shop.sandbox.faults.clear()
    screen(shop)
