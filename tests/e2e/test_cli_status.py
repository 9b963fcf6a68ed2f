"""`amzsync status` and `amzsync quota`."""

from __future__ import annotations

import re

from amzsync.flows import FLOWS
from tests.shop import FakeClock, Ran, Shop


def unpadded(told: str) -> str:
    """The text with every run of blanks as one."""
    return re.sub(" +", " ", told)


def test_before_the_first_run_there_is_nothing_and_nothing_is_created(shop: Shop) -> None:
    found = shop.run("status", "--json").json
    assert [row["flow"] for row in found["flows"]] == [entry.name for entry in FLOWS]
    assert all(row["last_run"] is None for row in found["flows"])
    assert (found["orders_until"], found["inbox"]) == (None, {})
    ran = shop.run("status")
    assert (ran.code, ran.err) == (0, "")
    assert "never" in ran.out
    assert "Amazon's orders are known until: no search yet" in ran.out
    assert shop.run("quota") == Ran(0, "", "no call has been made to Amazon yet\n")
    assert not shop.state.exists()
    assert not shop.calls()


def test_status_tells_runs_penalties_waiting_records_and_the_inbox(
    shop: Shop, clock: FakeClock
) -> None:
    shop.sandbox.reset(orders=100, skus=60)
    shop.configure(failed_integration={"order": {"MAX_RETRY_COUNT": 0}})
    shop.run("orders", "pull")
    shop.run("stock", "push")
    clock.advance(minutes=7)
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

    told = unpadded(shop.run("status").out)
    assert "orders pull on 2026-11-23 09:00:00Z (7 min ago) exit 1: 2 failed, 92 sent" in told
    assert "Amazon's orders are known until: 2026-11-23 08:58:00Z (9 min ago)" in told
    assert "order inbox: 1 ignored, 92 imported, 2 new, 2 pending" in told
    assert not shop.calls()


def test_status_tells_jobs_under_way_and_the_last_error(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(stock={"patch_limit": 2}, flags={"get_orders": False})
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        shop.sandbox.world.omnitron.set_stock(row["sku"], 77)
    shop.run("stock", "push")
    flows = {row["flow"]: row for row in shop.run("status", "--json").json["flows"]}
    (job,) = flows["stock.push"]["jobs"]
    assert (job["kind"], job["state"], job["changes"]) == ("listings_feed", "submitted", 12)
    told = shop.run("status").out
    assert "stock push: listings_feed " in told
    assert "with 12 changes is submitted, begun 2026-11-23 09:00:00Z (0 s ago)" in told
    assert "orders pull off" in unpadded(told)

    shop.sandbox.faults.add("server_error_before", "product_stocks.updates", "omnitron", times=9)
    assert shop.run("stock", "push").code == 5
    assert "stock push: A server error occurred." in shop.run("status").out


def test_status_leaves_dry_runs_out(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("orders", "pull")
    shop.run("orders", "pull", "--dry-run")
    assert shop.run("status", "--json").json["flows"][0]["last_run"]["run"] == 1


def test_quota_shows_every_bucket_as_it_stands_now(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=210, skus=12, plain=True)
    shop.sandbox.world.omnitron.set_stock("SKU-000001", 77)
    shop.run("orders", "pull")
    shop.run("stock", "push")
    rows = {row["operation"]: row for row in shop.run("quota", "--json").json["operations"]}
    assert sorted(rows) == ["patchListingsItem", "searchOrders"]
    assert rows["searchOrders"] == {
        "operation": "searchOrders",
        "tokens": 17.0,
        "rate": 0.0056,
        "burst": 20,
        "per_hour": 20.2,
        "stated_by_amazon": False,
        "updated_at": rows["searchOrders"]["updated_at"],
    }
    clock.advance(minutes=5)
    again = shop.run("quota", "--json").json["operations"]
    assert again[1]["tokens"] == 17.0 + 300 * 0.0056
    told = shop.run("quota").out.splitlines()
    assert told[0] == "Quota"
    assert told[1].split()[:3] == ["operation", "tokens", "now"]
    assert "searchOrders" in told[3]
