"""`orders recover`: one order by id, past every window and penalty."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from amzsync.clock import Deadline
from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.state.lock import locked
from tests.amazon_orders import address, line, order, place
from tests.shop import STARTED, FakeClock, Shop

ID = "403-0000001-1234567"
NOWHERE = address(districtOrCounty="Yokköy", city="Yokköy")
LONG_AGO = STARTED - timedelta(days=400)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A shop with goods; its first search is behind it, so later ones look back 12 hours only."""
    shop.sandbox.reset(skus=12)
    shop.configure()
    assert shop.run("orders", "pull").code == 0
    shop.forget_calls()
    return shop


def numbers(shop: Shop) -> list[str]:
    """Of the orders in Omnitron."""
    return sorted(row["number"] for row in shop.sandbox.world.omnitron.snapshot("orders"))


def searched(shop: Shop, **more: Any) -> None:
    """An order is placed now, so that the next search finds it."""
    place(shop.sandbox, order(1, placed=shop.clock.now(), **more))
    shop.clock.advance(minutes=5)


def held(shop: Shop) -> None:
    """The order fails: its township is unknown. It is in penalty then."""
    searched(shop, ship_to=NOWHERE)
    assert shop.run("orders", "pull").code == 1
    shop.forget_calls()


def mended(shop: Shop) -> None:
    """Amazon's order names a known township now, and its lastUpdatedTime did not move."""
    good = order(1)["recipient"]
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(
            ID, lambda each: change_order(each, {"set": {"recipient": good}}), touch=False
        )


def test_an_order_of_before_the_start_date_is_created_without_any_search(shop: Shop) -> None:
    place(shop.sandbox, order(1, placed=LONG_AGO))
    ran = shop.run("orders", "recover", ID)
    assert (ran.code, ran.out, ran.err) == (0, f"{ID}: created as {ID}\n", "")
    assert numbers(shop) == [ID]
    assert shop.calls("amazon") == Counter({"getOrder": 1})
    (row,) = shop.rows("SELECT flow, status FROM outcomes WHERE key = ?", ID)
    assert row == {"flow": "orders.pull", "status": "sent"}


def test_an_order_the_inbox_ignored_for_its_date_is_taken(shop: Shop) -> None:
    place(shop.sandbox, order(1, placed=LONG_AGO, lastUpdatedTime=STARTED.isoformat()))
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    assert shop.rows("SELECT state, code FROM inbox") == [
        {"state": "ignored", "code": "before_order_start_date"}
    ]
    assert shop.run("orders", "recover", ID).code == 0
    assert numbers(shop) == [ID]
    # and stays what it is: the next search finds nothing new
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 0
    assert shop.rows("SELECT state FROM inbox") == [{"state": "imported"}]


def test_a_stopped_order_goes_again_and_a_new_failure_is_its_first(shop: Shop) -> None:
    held(shop)
    for _ in range(3):
        shop.clock.advance(hours=9)
        shop.run("orders", "pull")
    (row,) = shop.rows("SELECT stopped FROM penalties")
    assert row["stopped"] == 1

    ran = shop.run("orders", "recover", ID)
    assert ran.code == 1
    assert "Address is not valid." in ran.err
    (row,) = shop.rows("SELECT stopped, failures FROM penalties")
    assert row == {"stopped": 0, "failures": 1}

    mended(shop)
    ran = shop.run("orders", "recover", ID)
    assert (ran.code, ran.out) == (0, f"{ID}: created as {ID}\n")
    assert shop.rows("SELECT * FROM penalties") == []


def test_an_order_whose_buyer_data_expired_is_taken_and_kept_anew(shop: Shop) -> None:
    held(shop)
    shop.clock.advance(days=31)
    shop.run("orders", "pull")
    assert shop.rows("SELECT code FROM inbox") == [{"code": "buyer_data_expired"}]
    assert shop.run("orders", "recover", ID).code == 1
    shop.clock.advance(hours=9)
    shop.run("orders", "pull")
    # still there to be tried again, and not dropped at the next look for its age
    assert shop.rows("SELECT state FROM inbox") == [{"state": "new"}]
    mended(shop)
    assert shop.run("orders", "recover", ID).code == 0
    assert numbers(shop) == [ID]


def test_an_order_that_is_there_already_is_found_and_not_doubled(shop: Shop) -> None:
    searched(shop)
    assert shop.run("orders", "pull").code == 0
    ran = shop.run("orders", "recover", ID)
    assert (ran.code, ran.out) == (0, f"{ID}: is in Omnitron as {ID}\n")
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    assert shop.run("orders", "recover", ID).code == 0
    assert numbers(shop) == [ID]


def test_the_number_in_omnitron_names_an_order_too(shop: Shop) -> None:
    shop.configure(order_number_format="AMZ-{n3}{n2}{n1}")
    searched(shop)
    assert shop.run("orders", "pull").code == 0
    number = "AMZ-12345670000001403"
    assert shop.run("orders", "recover", number).out == f"{ID}: is in Omnitron as {number}\n"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("PENDING", "not imported: Amazon has not authorised the payment yet"),
        ("UNFULFILLABLE", "not imported: status UNFULFILLABLE is not imported"),
        (
            "CANCELLED",
            "not imported: cancelled before it was imported; it is cancelled on Amazon: "
            "cancellations pull does the rest",
        ),
    ],
)
def test_an_order_that_is_not_to_be_imported_is_said_so(shop: Shop, status: str, told: str) -> None:
    place(shop.sandbox, order(1, status=status))
    ran = shop.run("orders", "recover", ID)
    assert (ran.code, ran.out) == (0, f"{ID}: {told}\n")
    assert numbers(shop) == []


def test_an_order_cancelled_since_it_was_imported_is_left_to_cancellations_pull(
    shop: Shop,
) -> None:
    place(shop.sandbox, order(1))
    assert shop.run("orders", "recover", ID).code == 0
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(
            ID, lambda each: change_order(each, {"cancelled_by": "BUYER"})
        )
    ran = shop.run("orders", "recover", ID)
    assert ran.code == 0
    assert ran.out == (
        f"{ID}: is in Omnitron as {ID}; it is cancelled on Amazon: cancellations pull does the "
        "rest\n"
    )
    (row,) = shop.rows("SELECT status, lines FROM inbox")
    assert (row["status"], row["lines"]) == ("CANCELLED", '{"1":0}')


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (ID, "Amazon knows no such order"),
        ("4711", "is no order id of Amazon's"),
        ("403-0000002-1234567", "belongs to channel 2"),
        ("403-0000003-1234567", "another marketplace"),
    ],
)
def test_what_is_not_this_channels_is_refused_penalises_nobody_and_blocks_no_other(
    shop: Shop, clock: FakeClock, name: str, told: str
) -> None:
    fba = Shop(shop.sandbox, clock, shop.folder, channel=2)
    assert fba.run("orders", "pull").code == 0
    elsewhere: dict[str, Any] = {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"}
    place(
        shop.sandbox,
        order(2, fulfilled_by="AMAZON"),
        order(3, salesChannel=elsewhere),
        order(4),
    )
    ran = shop.run("orders", "recover", name, "403-0000004-1234567")
    assert ran.code == 1
    assert ran.out == "403-0000004-1234567: created as 403-0000004-1234567\n"
    assert f"{name}: " in ran.err
    assert told in ran.err
    assert shop.rows("SELECT * FROM penalties") == []
    assert numbers(shop) == ["403-0000004-1234567"]


def test_the_json_tells_what_came_of_each(shop: Shop) -> None:
    place(shop.sandbox, order(1), order(2, status="PENDING"))
    second, unknown = "403-0000002-1234567", "403-0000009-1234567"
    ran = shop.run("orders", "recover", ID, second, unknown, "--json")
    assert (ran.code, ran.json["exit_code"]) == (1, 1)
    assert ran.json["orders"] == [
        {"key": ID, "told": f"created as {ID}"},
        {"key": second, "told": "not imported: Amazon has not authorised the payment yet"},
        {"key": unknown, "told": "Amazon knows no such order"},
    ]
    assert [row["key"] for row in ran.json["failures"]] == [unknown]
    assert ran.json["counts"]["failed"] == 1


def test_a_dry_run_shows_a_penalised_order_and_changes_nothing(shop: Shop) -> None:
    held(shop)
    mended(shop)
    place(shop.sandbox, order(2, status="PENDING"))
    kept = ("inbox", "order_payloads", "penalties", "waiting", "outcomes")
    before = {name: rows for name, rows in shop.dump().items() if name in kept}
    ran = shop.run("orders", "recover", ID, "403-0000002-1234567", "--dry-run")
    assert ran.code == 0
    assert f"{ID}: create as {ID}, 1 units" in ran.out
    assert "403-0000002-1234567: not imported: " in ran.out
    assert numbers(shop) == []
    assert {name: rows for name, rows in shop.dump().items() if name in kept} == before


def test_no_other_order_is_touched(shop: Shop) -> None:
    searched(shop)
    place(shop.sandbox, order(2, placed=shop.clock.now()), order(3))
    shop.sandbox.faults.add("server_error_before", "create_orders.create", "omnitron", times=99)
    shop.run("orders", "pull")
    shop.sandbox.faults.clear()
    assert shop.run("orders", "recover", "403-0000003-1234567").code == 0
    assert numbers(shop) == ["403-0000003-1234567"]


def test_an_unanswered_creation_is_looked_for_before_it_is_asked_for_again(shop: Shop) -> None:
    place(shop.sandbox, order(1))
    shop.sandbox.faults.add("cut_before", "create_orders.create", "omnitron", times=9)
    ran = shop.run("orders", "recover", ID)
    assert "looked for again" in ran.out
    shop.sandbox.faults.clear()
    assert "looked for again" in shop.run("orders", "recover", ID).out
    shop.clock.advance(minutes=4)
    assert shop.run("orders", "recover", ID).out == f"{ID}: created as {ID}\n"
    assert numbers(shop) == [ID]


def test_amazon_being_down_is_temporary(shop: Shop) -> None:
    shop.sandbox.faults.add("server_error_before", "getOrder", times=99)
    assert shop.run("orders", "recover", ID).code == 5
    assert shop.run("orders", "recover", "--json", ID).json["exit_code"] == 5


def test_it_waits_for_a_run_of_orders_pull_that_goes_on(shop: Shop) -> None:
    place(shop.sandbox, order(1))
    lock = shop.folder / "state.db.1.orders.pull.lock"
    assert lock.exists()
    with locked(lock, wait=0, deadline=Deadline(shop.clock)):
        before = shop.clock.now()
        assert shop.run("orders", "recover", ID).code == 7
        assert shop.clock.now() - before >= timedelta(seconds=60)
        assert shop.run("orders", "recover", ID, "--lock-wait", "0").code == 7
    assert numbers(shop) == []


def test_it_runs_although_the_flag_is_false(shop: Shop) -> None:
    shop.configure({"get_orders": False})
    place(shop.sandbox, order(1, [line(quantity=2)]))
    assert shop.run("orders", "recover", ID).code == 0
    assert numbers(shop) == [ID]


def test_a_channel_that_is_inactive_in_omnitron_takes_nothing(shop: Shop) -> None:
    shop.clock.advance(minutes=11)
    shop.sandbox.world.omnitron.channels[1].row["is_active"] = False
    place(shop.sandbox, order(1))
    ran = shop.run("orders", "recover", ID, "-v")
    assert (ran.code, ran.out, numbers(shop)) == (0, "", [])
    assert "inactive" in ran.err


def test_no_id_is_wrong_usage(shop: Shop) -> None:
    assert shop.run("orders", "recover").code == 2
