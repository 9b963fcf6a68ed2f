"""`amzsync quota`: what is left, when the next call may leave, and what does not fit the cron."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from amzsync.amazon.operations import OPERATIONS
from amzsync.ops.quota_plan import needs
from amzsync.state.store import to_text
from tests.shop import FLAGS, FakeClock, Shop


def quota(shop: Shop) -> dict[str, Any]:
    """Everything it tells, operations by name."""
    found = shop.run("quota", "--json").json
    found["operations"] = {row["operation"]: row for row in found["operations"]}
    return found


def change(shop: Shop, sql: str, *values: object) -> None:
    """Change the state file behind amzsync's back."""
    with closing(sqlite3.connect(shop.state)) as connection:
        connection.execute(sql, values)
        connection.commit()


def test_operations_never_called_show_their_published_plan_and_nothing_is_created(
    shop: Shop,
) -> None:
    found = quota(shop)
    assert found["operations"].keys() == OPERATIONS.keys()
    assert found["findings"] == []
    row = found["operations"]["createFeed"]
    assert (row["tokens"], row["burst"], row["rate"]) == (15, 15, 0.0083)
    assert (row["stated_by_amazon"], row["updated_at"]) == (False, None)
    assert row["next_call_at"] == shop.clock.now().isoformat()
    told = shop.run("quota").out
    assert all(name in told for name in OPERATIONS)
    assert told.splitlines()[-1].startswith("everything cron starts fits")
    assert max(map(len, told.splitlines())) <= 82
    assert not shop.state.exists()


def test_every_bucket_is_shown_as_it_stands_now(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=210, skus=12, plain=True)
    shop.sandbox.world.omnitron.set_stock("SKU-000001", 77)
    shop.run("orders", "pull")
    shop.run("stock", "push")
    rows = quota(shop)["operations"]
    called = {name for name, row in rows.items() if row["updated_at"]}
    assert called == {"patchListingsItem", "searchOrders"}
    assert list(rows)[:2] == ["searchOrders", "patchListingsItem"], "called ones first"
    search = rows["searchOrders"]
    assert (search["tokens"], search["rate"], search["burst"]) == (17.0, 0.0056, 20)
    assert (search["per_hour"], search["called_last_hour"]) == (20.2, 3)
    assert search["stated_by_amazon"]
    clock.advance(minutes=5)
    assert quota(shop)["operations"]["searchOrders"]["tokens"] == 17.0 + 300 * 0.0056
    clock.advance(minutes=56)
    assert quota(shop)["operations"]["searchOrders"]["called_last_hour"] == 0


def test_a_bucket_used_up_tells_when_the_next_call_may_leave(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.run("orders", "pull")
    change(shop, "UPDATE quota SET tokens = -1")
    now = clock.now()
    row = quota(shop)["operations"]["searchOrders"]
    wait = timedelta(seconds=2 / 0.0056)
    assert row["next_call_at"] == (now + wait).isoformat()
    assert re.search(r"searchOrders +-1\.0/20 +in 6 min ", shop.run("quota").out)


def test_a_search_amazon_allows_less_often_than_cron_wants_is_a_finding(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.configure({"get_cancel_orders": True})
    shop.run("orders", "pull")
    assert quota(shop)["findings"] == []
    change(shop, "UPDATE quota SET rate = 0.004, stated = 1 WHERE bucket = 'searchOrders'")
    (finding,) = quota(shop)["findings"]
    cure = "set intake_interval under [orders] to 250 or more, on all channels"
    assert finding == {
        "operation": "searchOrders",
        "flow": "orders pull",
        "needed_per_hour": 15.0,
        "allowed_per_hour": 14.4,
        "burst_lasts_seconds": round(20 / 0.6 * 3600),
        "cure": cure,
    }
    told = shop.run("quota").out.splitlines()[-1]
    assert told.startswith("does not fit: searchOrders. orders pull and whatever else cron starts")
    assert "need 15.0 calls an hour, Amazon allows 14.4" in told
    assert told.endswith(f"-> {cure}")

    shop.configure({"get_cancel_orders": True}, orders={"intake_interval": 250})
    assert quota(shop)["findings"] == []


def test_the_channels_of_an_account_share_what_there_is(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    shop.configure({"get_refund_orders": True})
    shop.run("orders", "pull")
    at = to_text(shop.clock.now())
    for n in range(2, 32):
        change(
            shop,
            "INSERT INTO runs (channel, flow, started_at, dry_run) VALUES (?, ?, ?, 0)",
            *(str(n), "refunds.pull", at),
        )
    found = {row["operation"]: row for row in quota(shop)["findings"]}
    assert found.keys() == {"createReport", "getReportDocument"}
    assert found["createReport"]["flow"] == "refunds pull"
    assert found["createReport"]["needed_per_hour"] == pytest.approx(62, abs=0.2)
    assert "refunds pull every 31 minutes or more seldom" in found["createReport"]["cure"] or (
        "refunds pull every 32 minutes or more seldom" in found["createReport"]["cure"]
    )
    shop.clock.advance(hours=25)
    assert quota(shop)["findings"] == [], "who has not run for a day runs no more"


def test_a_channel_with_everything_on_fits(shop: Shop) -> None:
    shop.configure(dict.fromkeys(FLAGS, True))
    found = quota(shop)
    assert found["findings"] == []
    rows = found["operations"]
    assert rows["searchOrders"]["needed_by_flow"] == {"orders.pull": 15.0}
    assert rows["createReport"]["needed_by_flow"].keys() == {
        "refunds.pull",
        "categories.fetch",
        "report",
    }
    assert rows["patchListingsItem"]["needed_by_flow"]["stock.push"] == 60.0


def test_every_operation_a_flow_needs_is_one_there_is(shop: Shop) -> None:
    from amzsync.config import load_config
    from amzsync.ops.schedule import jobs

    shop.configure(dict.fromkeys(FLAGS, True))
    config = load_config(shop.config)
    assert needs(config, {"1": {job.name for job in jobs(config)}}).keys() <= OPERATIONS.keys()
