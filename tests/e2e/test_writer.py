"""The listing writer under several flows: one at a time on a SKU, one feed, nothing overtaken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest

from amzsync.cli.wiring import open_context
from amzsync.clock import Deadline
from amzsync.config import load_config
from amzsync.flows import feed_turns, listing_writer, listings_feed
from amzsync.flows.flow import Context, Options, Outcome
from amzsync.flows.listing_changes import Change, ObjectRef, Update, Value, Writes
from amzsync.state.lock import flow_lock, locked
from tests.e2e import price_shop
from tests.e2e.stock_shop import (
    action,
    answered,
    batches,
    change,
    channel,
    dirty,
    listed,
    live,
    penalties,
    stock_pk,
)
from tests.e2e.stock_shop import push as push_stock
from tests.shop import Shop

ON = {"send_updated_product_price": True}
PRODUCTS = Writes("products.push", "product")


class KilledError(BaseException):
    """The process is gone: nothing in amzsync catches this."""


def prepare(shop: Shop, skus: int = 120, **settings: Any) -> list[str]:
    """So many products, and a channel that pushes stock and prices; SKUs that look alike."""
    price_shop.prepare(shop, skus, **settings)
    return [sku for sku in listed(shop) if sku.startswith("SKU-")]


def push_prices(shop: Shop, *argv: str) -> None:
    price_shop.push(shop, *argv)


@contextmanager
def opened(shop: Shop) -> Iterator[Context]:
    """What a flow of this channel works with."""
    deadline = Deadline(shop.clock)
    config = load_config(shop.config)
    with open_context(config, shop.clock, deadline, Options(), lambda _text: None) as ctx:
        yield ctx


@contextmanager
def at_patch(monkeypatch: pytest.MonkeyPatch, step: Any) -> Iterator[None]:
    """Call `step` once, when the first PATCH of a listing is about to leave."""
    send = httpx.HTTPTransport.handle_request
    waiting = [step]

    def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and "/listings/" in request.url.path and waiting:
            waiting.pop()()
        return send(transport, request)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", handle)
        yield


def die() -> None:
    raise KilledError


# One at a time on a SKU


def test_a_sku_another_flow_is_sending_waits_for_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku, other = prepare(shop)[:2]
    price_shop.change(shop, [sku])
    stocks = change(shop, [sku, other])
    meanwhile: list[tuple[int, bool]] = []

    def stock_run() -> None:
        push_stock(shop)
        meanwhile.append((answered(shop, "patchListingsItem"), dirty(shop) == 1))

    with at_patch(monkeypatch, stock_run):
        push_prices(shop)

    assert meanwhile == [(1, True)]  # the other SKU went out, this one did not
    push_stock(shop)
    assert live(shop, stocks) == stocks
    assert price_shop.dirty(shop) == set()
    assert not shop.rows("SELECT * FROM fences")


@pytest.mark.parametrize("first", ["stock", "prices"])
def test_what_a_killed_run_held_is_free_for_its_own_and_for_other_flows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    shop.configure(http={"in_flight": 1})
    (sku, *_) = prepare(shop, http={"in_flight": 1})
    stocks, prices = change(shop, [sku]), price_shop.change(shop, [sku])
    with at_patch(monkeypatch, die), pytest.raises(KilledError):
        shop.run(first, "push")
    assert shop.rows("SELECT sku, holder FROM fences") == [{"sku": sku, "holder": f"{first}.push"}]

    push_stock(shop)
    push_prices(shop)

    assert live(shop, stocks) == stocks
    assert price_shop.live(shop, prices) == prices
    assert not shop.rows("SELECT * FROM fences")


def test_what_a_living_run_holds_is_left_alone(shop: Shop) -> None:
    (sku, *_) = prepare(shop)
    stocks = change(shop, [sku])
    with opened(shop) as ctx:
        ctx.state.fences.claim("1", [sku], "prices.push")
        held = flow_lock(ctx.state.store, "1", "prices.push")
        with locked(held, wait=0, deadline=ctx.deadline):
            push_stock(shop)
            assert not answered(shop, "patchListingsItem")
            assert dirty(shop) == 1
    push_stock(shop)
    assert live(shop, stocks) == stocks


def test_stock_does_not_wait_for_ever_for_the_feed_of_a_flow_nobody_runs_any_more(
    shop: Shop,
) -> None:
    skus = prepare(shop, stock={"patch_limit": 5})[:12]
    price_shop.change(shop, skus)
    push_prices(shop)
    stocks = change(shop, skus[:3])
    for hours in (1, 5):
        shop.clock.advance(hours=hours)
        push_stock(shop)
        assert not answered(shop, "patchListingsItem")
    shop.clock.advance(hours=2)
    push_stock(shop)
    assert live(shop, stocks) == stocks


# Nothing is overtaken


def send(ctx: Context, writes: Writes, changes: Sequence[Change]) -> dict[str, list[str]]:
    """SKU → what became of it."""
    found: dict[str, list[str]] = {}
    outcomes: list[Outcome] = [
        row for group in listing_writer.send(ctx, writes, changes) for row in group
    ]
    for outcome in outcomes:
        found.setdefault(outcome.key, []).append(outcome.status)
    return found


def whole(shop: Shop, sku: str, quantity: int, price: str, **extra: Any) -> Change:
    """A product as a whole, as `products push` sends it."""
    place = channel(shop)
    (product,) = place.products.find("sku", sku)
    (stock,) = place.stocks.find("product", product.pk)
    (row,) = place.prices.find("product", product.pk)
    own = {"marketplace_id": "A33AVAJ2PDY3EV"}
    attributes = {
        "item_name": [{"value": "Örnek", "language_tag": "tr_TR", **own}],
        "condition_type": [{"value": "new_new", **own}],
        "supplier_declared_has_product_identifier_exemption": [{"value": True, **own}],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}],
        "purchasable_offer": [
            {
                **own,
                "currency": "TRY",
                "our_price": [{"schedule": [{"value_with_tax": Decimal(price)}]}],
            }
        ],
        **extra,
    }
    return Change(
        sku=sku,
        product_pk=product.pk,
        objects=(
            ObjectRef(product.pk, "product", product.modified_date),
            ObjectRef(stock.pk, "productstock", stock.modified_date),
            ObjectRef(row.pk, "productprice", row.modified_date),
        ),
        values=(
            Value("quantity", str(quantity), stock.modified_date),
            Value("price", price, row.modified_date),
        ),
        message=Update(attributes, "HOME"),
        seen_at=shop.clock.now(),
    )


def test_a_product_built_from_an_older_stock_does_not_overtake_a_newer_one(shop: Shop) -> None:
    (sku, *_) = prepare(shop)
    stale = whole(shop, sku, 5, "10.00")
    stocks = change(shop, [sku], first=70)
    push_stock(shop)

    with opened(shop) as ctx:
        assert send(ctx, PRODUCTS, [stale]) == {}

    assert not answered(shop, "putListingsItem")
    assert live(shop, stocks) == stocks
    with opened(shop) as ctx:
        assert send(ctx, PRODUCTS, [whole(shop, sku, 70, "10.00")]) == {sku: ["sent"]}
    assert answered(shop, "putListingsItem") == 1
    shop.forget_calls()
    shop.sandbox.world.omnitron.set_stock(sku, 70)
    push_stock(shop)  # what the product took along counts as sent
    assert not shop.calls("amazon")


@pytest.mark.parametrize("way", ["put", "feed"])
def test_a_product_finishes_its_stock_and_price_too(shop: Shop, way: str) -> None:
    skus = prepare(shop, stock={"patch_limit": 5 if way == "put" else 0})[:3]
    for sku in skus:
        shop.sandbox.world.omnitron.set_stock(sku, 33)
        shop.sandbox.world.omnitron.set_price(sku, "44.50")
    changes = [whole(shop, sku, 33, "44.50") for sku in skus]

    with opened(shop) as ctx:
        told = send(ctx, PRODUCTS, changes)
    if way == "feed":
        assert set(map(tuple, told.values())) == {("submitted",)}
        shop.clock.advance(minutes=6)
        with opened(shop) as ctx:
            assert len([*listing_writer.collect(ctx, PRODUCTS)]) == 1
    else:
        assert set(map(tuple, told.values())) == {("sent",)}

    assert live(shop, skus) == dict.fromkeys(skus, 33)
    assert price_shop.live(shop, skus) == dict.fromkeys(skus, Decimal("44.50"))
    assert (dirty(shop), price_shop.dirty(shop), set(batches(shop))) == (0, set(), {"done"})
    shop.forget_calls()
    push_stock(shop)
    push_prices(shop)
    assert not shop.calls("amazon")


@pytest.mark.parametrize("way", ["put", "feed"])
def test_a_refused_product_holds_back_neither_its_stock_nor_its_price(shop: Shop, way: str) -> None:
    (sku, *_) = prepare(shop, stock={"patch_limit": 5 if way == "put" else 0})
    shop.sandbox.world.omnitron.set_stock(sku, 33)
    bad = whole(shop, sku, 33, "44.50", condition_type=[], purchasable_offer=[{"currency": "?"}])

    with opened(shop) as ctx:
        told = send(ctx, PRODUCTS, [bad])
        if way == "feed":
            shop.clock.advance(minutes=6)
            (outcomes,) = listing_writer.collect(ctx, PRODUCTS)
            told = {row.key: [row.status] for row in outcomes}
    assert told == {sku: ["failed"]}

    shop.configure(flags=ON)
    failed = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    assert {row["object_id"] for row in failed} == {channel(shop).products.find("sku", sku)[0].pk}
    push_stock(shop)
    assert live(shop, [sku]) == {sku: 33}
    assert action(shop, sku).status == "success"


def test_stock_and_price_of_a_sku_are_one_message(shop: Shop) -> None:
    (sku, *_) = prepare(shop)
    both = whole(shop, sku, 21, "33.00")
    change_of_both = Change(sku, both.product_pk, both.objects, both.values)
    with opened(shop) as ctx:
        send(ctx, PRODUCTS, [change_of_both])
    (body,) = [
        json.loads(row.request_body)
        for row in shop.sandbox.exchanges
        if row.operation == "patchListingsItem"
    ]
    assert [patch["path"] for patch in body["patches"]] == [
        "/attributes/fulfillment_availability",
        "/attributes/purchasable_offer",
    ]
    assert live(shop, [sku]) == {sku: 21}


# Feeds


def feeds(shop: Shop) -> list[dict[str, Any]]:
    """The listings feeds there ever were."""
    rows: list[dict[str, Any]] = shop.sandbox.world.amazon.snapshot("feeds")
    return rows


def minute(shop: Shop, at: int) -> None:
    """What cron runs in that minute."""
    push_stock(shop)
    if at % 5 == 0:
        push_prices(shop)


@pytest.mark.parametrize("limit", ["bytes", "messages"])
def test_what_does_not_fit_into_a_feed_goes_into_the_next_and_nothing_is_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    skus = prepare(shop, stock={"patch_limit": 5})[:50]
    stocks = change(shop, skus)
    if limit == "bytes":
        monkeypatch.setattr(listings_feed, "LISTINGS_FEED_BYTES", 1_000 + 20 * 210)
    else:
        monkeypatch.setattr(listings_feed, "LISTINGS_FEED_MESSAGES", 20)
    for _ in range(12):
        push_stock(shop)
        shop.clock.advance(minutes=6)

    assert live(shop, stocks) == stocks
    assert dirty(shop) == 0
    assert 2 <= len(feeds(shop)) <= 4


def test_a_message_larger_than_a_feed_should_be_goes_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    skus = prepare(shop, stock={"patch_limit": 0})[:3]
    stocks = change(shop, skus)
    monkeypatch.setattr(listings_feed, "LISTINGS_FEED_BYTES", 10)
    for _ in range(8):
        push_stock(shop)
        shop.clock.advance(minutes=6)
    assert live(shop, stocks) == stocks
    assert len(feeds(shop)) == 3


def test_stock_and_prices_take_turns_at_the_one_feed(shop: Shop) -> None:
    skus = prepare(shop, 160, stock={"patch_limit": 5})
    made: list[str] = []
    for at in range(60):
        if at % 10 == 0:  # the backlogs never end
            change(shop, skus, first=100 + at)
            price_shop.change(shop, skus, "1.01")
        minute(shop, at)
        jobs = shop.rows("SELECT flow, id FROM jobs")
        assert len(jobs) <= 1
        if jobs and jobs[0]["id"] not in made:
            made += [jobs[0]["flow"], jobs[0]["id"]]
        shop.clock.advance(minutes=1)
    flows = made[::2]
    assert len(flows) >= 6
    assert all(one != other for one, other in pairwise(flows)), flows
    created = [row["createdTime"] for row in feeds(shop)]
    assert len(created) == len(flows)


def test_a_flow_whose_backlog_is_gone_is_not_waited_for(shop: Shop) -> None:
    skus = prepare(shop, stock={"patch_limit": 5})
    change(shop, skus[:20])
    push_stock(shop)
    price_shop.change(shop, skus[30:50])
    push_prices(shop)  # wants the feed, which stock has
    assert shop.rows("SELECT flow FROM feed_turns WHERE wanted_at NOT NULL") == [
        {"flow": "prices.push"}
    ]
    shop.clock.advance(minutes=6)
    change(shop, skus[:20], first=900)
    push_stock(shop)
    assert len(feeds(shop)) == 1  # its turn would be the other's
    shop.clock.advance(minutes=12)  # but nobody runs that one any more
    push_stock(shop)
    assert len(feeds(shop)) == 2


def test_listings_feeds_leave_invoices_their_half_of_create_feed(shop: Shop) -> None:
    skus = prepare(shop, stock={"patch_limit": 0})
    shop.sandbox.world.amazon.delays.feed_queue = 0
    shop.sandbox.world.amazon.delays.feed_process = 0
    made = []
    for at in range(90):
        change(shop, skus[:2], first=100 + at)
        push_stock(shop)
        made.append(len(feeds(shop)))
        shop.clock.advance(minutes=1)
    in_any_hour = [late - early for early, late in zip(made, made[60:], strict=False)]
    in_five_minutes = [late - early for early, late in zip(made, made[5:], strict=False)]
    assert max(in_any_hour) <= 16
    assert max(in_five_minutes) <= 5
    assert made[-1] >= 20  # and yet there is one every few minutes


def test_the_share_of_listings_feeds_keeps_to_amazons_own_limit() -> None:
    from amzsync.amazon.assumptions import LISTINGS_FEED_PERIOD, LISTINGS_FEED_SUBMISSIONS

    share = feed_turns.SHARE
    assert share.rate is not None
    refilled = share.rate * LISTINGS_FEED_PERIOD.total_seconds()
    assert share.burst + refilled <= LISTINGS_FEED_SUBMISSIONS
    assert share.burst + share.rate * timedelta(hours=1).total_seconds() + 14 <= 30


def test_a_price_is_never_a_float_in_the_state(shop: Shop) -> None:
    (sku, *_) = prepare(shop, stock={"patch_limit": 0})
    shop.sandbox.world.omnitron.set_price(sku, "12.50")
    push_prices(shop, "--override-guard")
    (row,) = shop.rows("SELECT told, typeof(told) AS kind FROM feed_items")
    assert row["kind"] == "text"
    ((attribute, value, _version),) = json.loads(row["told"])
    assert (attribute, value) == ("price", "12.50")
    shop.clock.advance(minutes=6)
    push_prices(shop)
    assert shop.rows("SELECT sent, typeof(sent) AS kind FROM listing_values") == [
        {"sent": "12.50", "kind": "text"}
    ]
    assert not penalties(shop)
    assert stock_pk(shop, sku)
