"""`report --fix`: differences put right by the flows they belong to, under their rules."""

from __future__ import annotations

from collections import Counter
from urllib.parse import unquote

import pytest

from amzsync.clock import Deadline
from amzsync.flows import listing_writer
from amzsync.state.lock import locked
from tests.e2e.report_shop import (
    ON,
    amazon_has,
    by_key,
    cli,
    cron,
    dearer,
    found,
    keys,
    open_shop,
    patches,
    price_of,
    report,
    wanted,
)
from tests.e2e.stock_shop import live, live_now, refuse, relent
from tests.kill.processes import KILLED, passed, start
from tests.kill.wrapper import Kind, Point
from tests.shop import FakeClock, Shop


def spoil(shop: Shop, skus: list[str], by: int = 2) -> None:
    """Give listings another stock than Omnitron's, and have a report find it."""
    for sku in skus:
        amazon_has(shop, sku, quantity=wanted(shop, sku) + by)
    assert found(shop, "--wait").keys() == keys("stock", skus)
    shop.forget_calls()


def test_many_differences_travel_as_one_feed(shop: Shop) -> None:
    skus = open_shop(shop, skus=40, stock={"patch_limit": 10})[:15]
    spoil(shop, skus)
    told = report(shop, "--fix")
    assert told["fixes"][0]["counts"] == {"submitted": 15}
    assert shop.calls()["createFeed"] == 1
    assert shop.calls()["patchListingsItem"] == 0
    assert report(shop, "--fix")["fixes"] == [], "what is in a feed is left to it"
    cron(shop, hours=1)
    assert live(shop, skus) == {sku: wanted(shop, sku) for sku in skus}
    assert shop.sandbox.count("createFeed") == 1


def test_what_is_right_by_now_is_not_sent(shop: Shop) -> None:
    first, second, *_ = open_shop(shop, skus=20)
    spoil(shop, [first, second])
    shop.clock.advance(hours=2)
    amazon_has(shop, first, quantity=wanted(shop, first))
    told = report(shop, "--fix")
    assert told["fixes"][0]["counts"] == {"sent": 1, "unchanged": 1}
    assert patches(shop) == [second]
    assert by_key(told) == {}


def test_the_present_value_is_sent_and_not_the_one_of_the_report(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    spoil(shop, [first])
    shop.sandbox.world.omnitron.set_stock(first, 44)
    report(shop, "--fix")
    assert live(shop, [first]) == {first: 41}


def test_each_difference_is_sent_once_however_often_it_runs(shop: Shop) -> None:
    skus = open_shop(shop, skus=20)[:3]
    spoil(shop, skus)
    for _ in range(5):
        assert cli(shop, "--fix").code == 0
        shop.clock.advance(minutes=10)
    assert Counter(patches(shop)) == Counter(skus)


def test_a_flow_whose_flag_is_false_sends_nothing_and_it_is_said(shop: Shop) -> None:
    first, second, *_ = open_shop(shop, skus=20)
    shop.configure(flags={**ON, "send_updated_product_stock": False}, buffer_stock=3)
    amazon_has(shop, first, quantity=1)
    amazon_has(shop, second, price=dearer(shop, second))
    rows = found(shop, "--wait")
    assert rows[first, "stock"]["reason"] == "send_updated_product_stock is false"
    shop.forget_calls()
    told = report(shop, "--fix")
    assert patches(shop) == [second]
    assert "send_updated_product_stock is false: 1 differences" in " ".join(told["notes"])
    assert by_key(told).keys() == {(first, "stock")}


def test_what_amazon_refuses_is_penalised_and_named_by_the_next_report(shop: Shop) -> None:
    first, second, *_ = open_shop(shop, skus=20)
    spoil(shop, [first, second])
    refuse(shop, first)
    told = report(shop, "--fix", code=1)
    (fix,) = told["fixes"]
    assert [row["key"] for row in fix["failures"]] == [first]
    assert by_key(told).keys() == {(first, "stock")}
    shop.clock.advance(hours=6)
    row = found(shop, "--wait")[first, "stock"]
    assert row["reason"].startswith("in penalty: ")
    shop.forget_calls()
    assert cli(shop, "--fix").code == 0
    assert shop.calls() == {}, "in penalty, so it is not tried"
    relent(shop, first)
    shop.clock.advance(hours=3)
    assert shop.run("stock", "push").code == 0
    assert live(shop, [first]) == {first: wanted(shop, first)}


def test_a_guard_stops_the_closing_of_the_shop_and_names_the_way_through(shop: Shop) -> None:
    plain = open_shop(shop, skus=49)
    dear, *others = plain[:31]
    for sku in others:
        shop.sandbox.world.omnitron.set_stock(sku, 0)
    amazon_has(shop, dear, price=dearer(shop, dear))
    shop.clock.advance(hours=7)
    assert found(shop, "--wait").keys() == keys("stock", others) | keys("price", [dear])
    shop.forget_calls()

    ran = cli(shop, "--fix")

    assert ran.code == 6
    assert f"amzsync report --fix --override-guard --config {shop.config}" in ran.err
    assert patches(shop) == [dear], "another flow's differences are none of the guard's business"
    assert not shop.rows("SELECT 1 FROM listing_values WHERE resend = 1")
    told = report(shop, "--fix", code=6)
    assert told["error"]["type"] == "GuardError"
    assert len(told["differences"]) == 30
    assert cli(shop, "--fix", "--override-guard").code == 0
    assert live(shop, others) == dict.fromkeys(others, 0)


def test_a_guard_stops_a_price_that_would_move_far(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    amazon_has(shop, first, price="0.50")
    found(shop, "--wait")
    shop.forget_calls()
    ran = cli(shop, "--fix")
    assert ran.code == 6
    assert "report --fix --override-guard" in ran.err
    assert patches(shop) == []
    report(shop, "--fix", "--override-guard")
    listing = shop.sandbox.world.amazon.listings.get(first)
    shop.clock.advance(minutes=2)
    shop.sandbox.world.amazon.settle()
    assert listing is not None
    assert listing.price() == price_of(shop, first)


def test_while_the_flow_itself_runs_its_differences_are_left_for_the_next_time(shop: Shop) -> None:
    first, *_ = open_shop(shop, skus=20)
    spoil(shop, [first])
    path = shop.state.with_name(f"{shop.state.name}.1.stock.push.lock")
    with locked(path, wait=0, deadline=Deadline(shop.clock)):
        told = report(shop, "--fix")
    assert by_key(told).keys() == {(first, "stock")}
    assert any("stock.push goes on" in note for note in told["notes"])
    assert report(shop, "--fix")["fixes"][0]["counts"] == {"sent": 1}


def test_a_stock_push_after_a_broken_fix_sends_what_it_left_and_nothing_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    skus = open_shop(shop, skus=20, http={"in_flight": 1})[:3]
    spoil(shop, skus)
    patch = listing_writer._call
    count = iter(range(3))

    def dies(*arguments: object) -> object:
        if next(count) == 1:
            raise MemoryError
        return patch(*arguments)  # type: ignore[arg-type] # whatever the writer gives it

    monkeypatch.setattr(listing_writer, "_call", dies)
    assert cli(shop, "--fix").code == 70
    monkeypatch.undo()
    assert len(patches(shop)) == 1
    for _ in range(3):
        shop.clock.advance(minutes=1)
        assert shop.run("stock", "push").code == 0
    assert set(patches(shop)) == set(skus)
    assert cli(shop, "--fix").code == 0
    assert Counter(patches(shop)) == Counter(skus)
    assert live(shop, skus) == {sku: wanted(shop, sku) for sku in skus}


@pytest.mark.parametrize("kind", ["call", "commit"])
def test_killed_anywhere_the_next_runs_end_with_one_report_and_the_right_stock(
    shop: Shop, kind: Kind
) -> None:
    """A sample of the points: from asking for the report to the last thing that is noted."""
    settings = {"http": {"in_flight": 1}}

    def begin() -> list[str]:
        shop.clock.at = FakeClock().at
        for path in shop.folder.glob(f"{shop.state.name}*"):
            path.unlink()
        skus = open_shop(shop, skus=4, hours=0, **settings)[:2]
        for sku in skus:
            amazon_has(shop, sku, quantity=1)
        shop.sandbox.world.amazon.delays.report_queue = 0
        shop.sandbox.world.amazon.delays.report_process = 0
        return skus

    argv = ["report", "--wait", "--fix"]
    begin()
    points = [point for point in passed(shop, *argv) if point.startswith(kind)]
    assert len(points) > 10
    for number in range(2, len(points) + 1, max(1, len(points) // 5)):
        skus = begin()
        ran = start(shop, *argv, point=Point(kind, number, "after")).end()
        assert ran.code == KILLED, (number, ran)
        for minutes in (1, 5, 10):
            shop.clock.advance(minutes=minutes)
            assert cli(shop, "--fix").code == 0, points[number - 1]
            assert shop.run("stock", "push").code == 0
        shop.clock.advance(minutes=5)
        assert live_now(shop, skus) == {sku: wanted(shop, sku) for sku in skus}, points[number - 1]
        assert shop.sandbox.count("createReport") == 1, points[number - 1]
        sent = Counter(map(unquote, patches(shop)))
        assert set(sent) == set(skus)
        assert sent.total() <= len(skus) + 1, "only the one whose answer was lost is sent again"
