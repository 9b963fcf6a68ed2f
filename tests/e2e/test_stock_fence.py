"""While a feed is in flight: no SKU goes two ways, and no older value overwrites a newer one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from amzsync.cli.app import run
from amzsync.clock import Clock
from amzsync.flows import listing_claims, listings_feed
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import Change
from tests.e2e.price_shop import price
from tests.e2e.stock_shop import (
    BATCH_PATCH,
    action,
    answered,
    change,
    channel,
    dirty,
    listed,
    live,
    locked,
    penalties,
    push,
    stock_pk,
)
from tests.shop import Shop


def patched(shop: Shop) -> set[str]:
    """SKUs a PATCH was answered for since the last `forget_calls`."""
    return {
        row.path.rpartition("/")[2]
        for row in shop.sandbox.exchanges
        if row.operation == "patchListingsItem" and row.status == 200
    }


def with_feed(shop: Shop, count: int = 30) -> dict[str, int]:
    """A feed of so many plain SKUs is in flight; what they are."""
    shop.sandbox.reset(skus=count * 2 + 50)
    shop.configure(stock={"patch_limit": 5})
    values = change(shop, plain(shop)[:count])
    push(shop)
    shop.forget_calls()
    return values


def plain(shop: Shop) -> list[str]:
    """Listed SKUs that look alike."""
    return [sku for sku in listed(shop) if sku.startswith("SKU-")]


def test_a_newer_change_of_a_sku_in_a_feed_waits_for_the_answer_and_then_goes_out(
    shop: Shop,
) -> None:
    values = with_feed(shop)
    sku = next(iter(values))
    shop.sandbox.world.omnitron.set_stock(sku, 9_999)

    for _ in range(4):
        shop.clock.advance(minutes=1)
        push(shop)
        push(shop, "--only", sku)
        assert not answered(shop, "patchListingsItem")
    shop.clock.advance(minutes=2)
    push(shop)

    assert patched(shop) == {sku}
    values[sku] = 9_999
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop)) == (0, [])


def test_a_second_big_batch_sends_what_patch_can_carry_and_leaves_the_rest(shop: Shop) -> None:
    with_feed(shop)
    others = change(shop, plain(shop)[40:60])

    ran = push(shop, "--json")

    assert answered(shop, "patchListingsItem") == 5
    assert ran.json["counts"]["sent"] == 5
    assert any("15 changes wait" in note for note in ran.json["notes"])
    assert dirty(shop) == 30 + 15
    push(shop)
    push(shop)
    assert answered(shop, "patchListingsItem") == 15
    shop.clock.advance(minutes=6)
    push(shop)
    assert shop.calls("amazon")["createFeed"] == 0
    assert live(shop, others) == others


def test_a_sku_another_flow_has_taken_up_since_it_was_read_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sandbox.reset(skus=60)
    shop.configure(flags={"send_updated_product_price": True}, stock={"patch_limit": 5})
    skus = plain(shop)[:10]
    for sku in skus:
        shop.sandbox.world.omnitron.set_price(sku, price(shop, sku) + 1)
    values = change(shop, skus[:1])
    claim = listing_claims.claim

    def late(*args: Any) -> Any:
        """Between its look at the stock and its sending, the SKU travels with a feed of prices."""
        monkeypatch.setattr(listing_claims, "claim", claim)
        assert shop.run("prices", "push").code == 0
        return claim(*args)

    monkeypatch.setattr(listing_claims, "claim", late)
    push(shop)

    assert answered(shop, "createFeed", 202) == 1
    assert not answered(shop, "patchListingsItem")
    shop.clock.advance(minutes=6)
    assert shop.run("prices", "push").code == 0
    push(shop)
    assert live(shop, values) == values


def test_two_channels_of_the_account_have_one_feed_in_flight(shop: Shop, tmp_path: Path) -> None:
    shop.sandbox.reset(skus=60)
    germany = Shop(shop.sandbox, shop.clock, tmp_path, channel=3)
    for one in (shop, germany):
        one.configure(stock={"patch_limit": 5})
    germany.configure(
        stock={"patch_limit": 5}, market_place_id="A1PA6795UKMFR9", is_fba_channel=False
    )
    mine = change(shop, plain(shop)[30:45])
    theirs = change(germany, plain(germany)[:12], first=801)

    push(shop)
    ran = push(germany, "--json")

    assert answered(shop, "createFeed", 202) == 1
    assert answered(shop, "patchListingsItem") == 5
    assert any("a feed is in flight" in note for note in ran.json["notes"])
    shop.clock.advance(minutes=6)
    push(shop)
    push(germany)
    shop.clock.advance(minutes=6)
    push(germany)
    assert live(shop, mine) == mine
    assert live(shop, theirs) == theirs


def _push_at_once(
    config: str, barrier: multiprocessing.synchronize.Barrier, codes: multiprocessing.Queue[int]
) -> None:
    """One process: run, and wait for the other between the last look and the claim of a feed."""
    fitting = listings_feed._fitting

    def together(ctx: Context, changes: Sequence[Change]) -> Sequence[Change]:
        barrier.wait(30)
        return fitting(ctx, changes)

    listings_feed._fitting = together
    codes.put(run(["stock", "push", "--config", config], Clock()))


def test_two_processes_that_claim_a_feed_at_once_make_one(shop: Shop, tmp_path: Path) -> None:
    shop.sandbox.reset(skus=60)
    shop.clock.at = Clock().now()
    germany = Shop(shop.sandbox, shop.clock, tmp_path, channel=3)
    shop.configure(stock={"patch_limit": 5})
    germany.configure(
        stock={"patch_limit": 5}, market_place_id="A1PA6795UKMFR9", is_fba_channel=False
    )
    change(shop, plain(shop)[30:45])
    change(germany, plain(germany)[:12], first=801)

    spawn = multiprocessing.get_context("spawn")
    barrier, codes = spawn.Barrier(2), spawn.Queue()
    processes = [
        spawn.Process(target=_push_at_once, args=(str(one.config), barrier, codes))
        for one in (shop, germany)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [codes.get(timeout=5), codes.get(timeout=5)] == [0, 0]
    assert shop.calls("amazon")["createFeed"] == 1
    assert len(shop.rows("SELECT * FROM jobs")) == 1


def test_an_older_observation_never_overwrites_a_newer_one(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1), first=50)
    stock = channel(shop).stocks.get(stock_pk(shop, sku))
    assert stock is not None
    older = stock.modified_date
    shop.sandbox.world.omnitron.set_stock(sku, 70)
    newer = stock.modified_date
    push(shop)
    assert live(shop, [sku]) == {sku: 70}
    shop.forget_calls()

    # A stale replica of Omnitron answers with the value of before, as if it were still due.
    stock.stock, stock.modified_date = 50, older
    mark = action(shop, sku)
    mark.synced = mark.version_date = channel(shop).row["modified_date"]
    channel(shop).refresh("productstock", stock.pk)
    push(shop)
    assert not shop.calls("amazon")
    stock.stock, stock.modified_date = 70, newer
    channel(shop).refresh("productstock", stock.pk)
    push(shop)

    assert live(shop, [sku]) == {sku: 70}
    assert (dirty(shop), penalties(shop)) == (0, {})


@pytest.mark.parametrize("path", ["patch", "feed"])
def test_a_change_made_while_its_predecessor_is_sent_is_not_lost(
    shop: Shop, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sandbox.reset(skus=60)
    shop.configure(stock={"patch_limit": 20 if path == "patch" else 5})
    values = change(shop, listed(shop, 12))
    sku = list(values)[3]
    pk = stock_pk(shop, sku)
    stock = channel(shop).stocks.get(pk)
    assert stock is not None
    read = stock.modified_date
    send = httpx.HTTPTransport.handle_request
    finished: list[str] = []

    def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if "batch_requests" in request.url.path and b'"commit"' in request.content and not finished:
            with shop.sandbox.lock:  # the ERP changes it between the payload and the commit
                shop.sandbox.world.omnitron.set_stock(sku, 7_777)
            finished.append(stock.modified_date)
        return send(transport, request)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", handle)
        push(shop)
    assert action(shop, sku).version_date == read != finished[0]
    shop.clock.advance(minutes=6)
    push(shop)
    done = [
        row
        for row in shop.sandbox.exchanges
        if row.operation == BATCH_PATCH and b'"status": "done"' in row.request_body
    ]
    assert read.encode() in done[0].request_body
    values[sku] = 7_777
    assert live(shop, values) == values
    assert action(shop, sku).version_date == finished[0]
    assert (dirty(shop), locked(shop)) == (0, [])
