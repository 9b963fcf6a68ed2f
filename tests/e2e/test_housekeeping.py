"""Once a day a run drops what is past its time, and nothing that could happen twice for it."""

from __future__ import annotations

import json

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import order, place
from tests.e2e.test_orders_push import ID, ON, ship
from tests.shop import FakeClock, Shop

ANYTHING = {"set": {"programs": ["PRIME"]}}
FORGETFUL = {"retention_days": 5, "retention_order_days": 180}


def configure(shop: Shop, **settings: object) -> None:
    """A channel that remembers orders for half a year."""
    shop.configure(ON, state={"path": str(shop.state), **FORGETFUL}, **settings)


def test_a_run_drops_the_journal_of_days_ago_once_a_day(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(skus=12)
    configure(shop)
    for _ in range(8):
        assert shop.run("stock", "push").code == 0
        clock.advance(days=1)
    ids = [row["id"] for row in shop.rows("SELECT id FROM runs ORDER BY id")]
    assert ids == [3, 4, 5, 6, 7, 8]
    assert shop.run("logs", "--limit", "1", "--json").json["runs"][0]["run"] == 8


def test_a_channel_nobody_mends_does_not_fill_the_journal(shop: Shop, clock: FakeClock) -> None:
    configure(shop)
    for _ in range(9):
        shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=9)
        assert shop.run("stock", "push").code == 5
        shop.sandbox.reset()
        clock.advance(days=1)
    (kept,) = shop.rows("SELECT count(*) AS n FROM runs")
    assert kept["n"] in (5, 6, 7)  # the waits before a retry make days a little longer


def test_a_dry_run_tidies_nothing_up(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(skus=12)
    configure(shop)
    shop.run("stock", "push")
    clock.advance(days=30)
    shop.run("stock", "push", "--dry-run")
    assert shop.rows("SELECT count(*) AS n FROM runs") == [{"n": 2}]


def test_an_order_forgotten_here_that_changes_at_amazon_is_created_no_second_time(
    shop: Shop, clock: FakeClock
) -> None:
    shop.sandbox.reset(skus=12)
    configure(shop)
    place(shop.sandbox, order(1))
    shop.run("orders", "pull")
    clock.advance(days=181)
    shop.run("orders", "pull")
    assert shop.rows("SELECT * FROM inbox") == []
    shop.forget_calls()

    clock.advance(minutes=5)
    shop.sandbox.world.amazon.orders.change(ID, lambda o: change_order(o, ANYTHING))
    clock.advance(minutes=10)
    assert shop.run("orders", "pull").code == 0
    assert shop.calls()["searchOrders"] == 1
    assert shop.calls("omnitron")["create_orders"] == 0
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 1
    (row,) = shop.rows("SELECT state, omnitron_pk FROM inbox")
    assert row["state"] == "imported" and row["omnitron_pk"]


@pytest.mark.parametrize("forgotten", [True, False])
def test_nothing_of_a_forgotten_order_is_told_amazon_anew(
    shop: Shop, clock: FakeClock, forgotten: bool
) -> None:
    shop.sandbox.reset(skus=12)
    sends = {"send_shipping_info": True, "shipping_company_mapping": {"mng": "MNG Kargo"}}
    configure(shop, invoices={"strategy": "vat_feed"}, **sends)
    place(shop.sandbox, order(1))
    shop.run("orders", "pull")
    ship(shop)
    assert shop.run("orders", "push").code == 0
    clock.advance(minutes=5)
    shop.run("orders", "pull")  # Amazon shows the shipment
    clock.advance(days=181 if forgotten else 100)
    shop.run("orders", "pull")
    assert len(shop.rows("SELECT * FROM packages")) == (0 if forgotten else 1)
    shop.forget_calls()

    # Somebody tidies up in Omnitron: the order is dirty again, and with an invoice.
    shop.sandbox.world.omnitron.invoice(ID, "ABC1")
    assert shop.run("orders", "push").code == 0
    calls = shop.calls("amazon")
    assert calls["createFeed"] == (0 if forgotten else 1)
    assert calls["confirmShipment"] == 0
    assert [
        row["code"] for row in shop.rows("SELECT * FROM outcomes WHERE code = 'forgotten'")
    ] == (["forgotten"] if forgotten else [])
    shop.forget_calls()
    shop.run("orders", "push")
    assert shop.calls("amazon")["createFeed"] == 0


def test_a_disk_too_full_to_tidy_up_fails_no_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amzsync.errors import StateUnavailableError
    from amzsync.state.runs import Runs

    def full(*_: object) -> None:
        raise StateUnavailableError("state file x: the disk is full")

    shop.sandbox.reset(skus=12)
    monkeypatch.setattr(Runs, "prune", full)
    ran = shop.run("stock", "push", "--json")
    assert (ran.code, json.loads(ran.out)["exit_code"], ran.err) == (0, 0, "")
    shop.clock.advance(days=2)
    told = shop.run("stock", "push", "-v")
    assert told.code == 0
    assert "the state file was not tidied up: state file x: the disk is full" in told.err
