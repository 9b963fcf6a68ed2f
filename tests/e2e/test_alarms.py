"""`amzsync alarms`: each rule raises its alarm once and ends it once, and says what it found."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from amzsync.ops.alarm_rules import KINDS
from amzsync.state.state import State
from tests.amazon_orders import address, order, place
from tests.e2e.alarm_receiver import TOKEN, Receiver, configure, create, look
from tests.e2e.report_shop import amazon_has
from tests.e2e.stock_shop import change, listed
from tests.shop import Shop

PATCH = "patchListingsItem"
ORDER = "403-0000001-1234567"


@dataclass(frozen=True)
class Story:
    """How an alarm of a kind comes about, what it says, and how it is mended.

    `begin` makes the world, `go_wrong` and `mend` change it.
    """

    options: tuple[str, ...]
    begin: Callable[[Shop, Receiver], None]
    go_wrong: Callable[[Shop, Receiver], None]
    finding: str
    mend: Callable[[Shop, Receiver], None]


def goods(shop: Shop, receiver: Receiver) -> None:
    """Goods to sell, and no orders."""
    shop.sandbox.reset(skus=12)
    configure(shop, receiver)


def run(shop: Shop, flow: str, times: int, code: int, minutes: int) -> None:
    """So many runs of a flow."""
    for _ in range(times):
        assert shop.run(*flow.split()).code == code
        shop.clock.advance(minutes=minutes)


def omnitron_is_down(shop: Shop, _: Receiver) -> None:
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=10**6)
    run(shop, "orders pull", 2, 5, 5)
    assert "down" not in look(shop), "two failures are not three"
    run(shop, "orders pull", 1, 5, 5)


def all_is_well(shop: Shop, _: Receiver) -> None:
    shop.sandbox.faults.clear()
    run(shop, "stock push", 1, 0, 0)
    run(shop, "orders pull", 1, 0, 0)


def one_success(shop: Shop, _: Receiver) -> None:
    goods(shop, _)
    run(shop, "stock push", 1, 0, 0)


def cron_never_runs(shop: Shop, _: Receiver) -> None:
    shop.clock.advance(minutes=29)
    assert "down" not in look(shop)
    shop.clock.advance(minutes=2)


def bad_orders(shop: Shop, receiver: Receiver) -> None:
    """Two orders to a township Omnitron does not know."""
    goods(shop, receiver)
    ship_to = address(districtOrCounty="Merkez", city="Merkez")
    place(shop.sandbox, order(1, ship_to=ship_to), order(2, ship_to=ship_to))


def bad_orders_without_retry(shop: Shop, receiver: Receiver) -> None:
    bad_orders(shop, receiver)
    configure(shop, receiver, failed_integration={"order": {"MAX_RETRY_COUNT": 0}})


def pulled(shop: Shop, _: Receiver) -> None:
    run(shop, "orders pull", 1, 1, 0)


def cleared(shop: Shop, _: Receiver) -> None:
    assert shop.run("penalties", "clear", "--order", ORDER).code == 0


def shipped_without_number(shop: Shop, receiver: Receiver) -> None:
    shop.sandbox.reset(skus=12)
    carriers = {"mng": "MNG Kargo"}
    on = {"send_update_orders": True}
    configure(shop, receiver, flags=on, send_shipping_info=True, shipping_company_mapping=carriers)
    place(shop.sandbox, order(1))
    run(shop, "orders pull", 1, 0, 1)
    shop.sandbox.world.omnitron.ship(ORDER, tracking_number=None, shipping_company="mng")
    shop.clock.advance(minutes=4)


def waits_for_an_hour(shop: Shop, _: Receiver) -> None:
    run(shop, "orders push", 1, 0, 59)
    assert "down" not in look(shop)
    shop.clock.advance(minutes=1)


def numbered(shop: Shop, _: Receiver) -> None:
    pks = [row["pk"] for row in shop.sandbox.world.omnitron.snapshot("order_items")]
    shop.sandbox.world.omnitron.change_items(ORDER, pks, tracking_number="TR1")
    run(shop, "orders push", 1, 0, 0)


def twenty_six_days_go_by(shop: Shop, receiver: Receiver) -> None:
    pulled(shop, receiver)
    shop.clock.advance(days=24)
    assert "down" not in look(shop)
    shop.clock.advance(days=2)


def mapped(shop: Shop, receiver: Receiver) -> None:
    world = shop.sandbox.world.omnitron
    world.add_mapping("township", "Merkez", world.places.pk_of("township", "Kadıköy"))
    assert shop.run("penalties", "clear", "--all", "--yes").code == 0
    run(shop, "orders pull", 1, 0, 0)


def amazon_shows_other_stock(shop: Shop, _: Receiver) -> None:
    for sku in listed(shop, 3):
        amazon_has(shop, sku, quantity=1_000)
    reported(shop)


def amazon_shows_the_same(shop: Shop, _: Receiver) -> None:
    stocks = shop.sandbox.world.omnitron.snapshot("stocks")
    quantities = {row["sku"]: row["stock"] for row in stocks if row["channel"] == 1}
    for sku in listed(shop, 3):
        amazon_has(shop, sku, quantity=quantities[sku])
    shop.clock.advance(days=1)
    run(shop, "stock push", 1, 0, 0)
    run(shop, "orders pull", 1, 0, 0)
    reported(shop)


def reported(shop: Shop) -> None:
    """A report, collected."""
    run(shop, "report", 2, 0, 20)


def throttle(shop: Shop) -> None:
    """Amazon wants no PATCH for now, and there is something to send."""
    change(shop, listed(shop, 10))
    shop.sandbox.faults.add("throttle", PATCH, times=10**6)


def throttled(shop: Shop, _: Receiver) -> None:
    throttle(shop)
    run(shop, "stock push", 1, 0, 0)


def an_hour_goes_by(shop: Shop, _: Receiver) -> None:
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=61)


def starved(shop: Shop, _: Receiver) -> None:
    throttle(shop)
    run(shop, "stock push", 2, 0, 10)
    assert "down" not in look(shop)
    run(shop, "stock push", 2, 0, 10)


def secret_made(days_ago: int) -> Callable[[Shop, Receiver], None]:
    def configured(shop: Shop, receiver: Receiver) -> None:
        made = (shop.clock.now() - timedelta(days=days_ago)).date().isoformat()
        configure(shop, receiver, amazon={"client_secret_created_on": made})

    return configured


STORIES: dict[str, Story] = {
    "failures": Story(
        ("--threshold", "3"),
        goods,
        omnitron_is_down,
        "orders pull: 3 runs in a row failed, the last with exit 5: A server error occurred."
        " (login, HTTP 503)",
        all_is_well,
    ),
    "no-success": Story(
        ("--flow", "stock push", "--minutes", "30"),
        one_success,
        cron_never_runs,
        "stock push: no run has succeeded for 31 min; the last ended 2026-11-23 09:00Z",
        all_is_well,
    ),
    "penalties": Story(
        ("--threshold", "1"),
        bad_orders,
        pulled,
        "2 records in penalty: 2 orders pull",
        cleared,
    ),
    "stopped": Story(
        ("--flow", "orders.pull", "--threshold", "1"),
        bad_orders_without_retry,
        pulled,
        "2 records stopped: 2 orders pull",
        cleared,
    ),
    "waiting": Story(
        ("--threshold", "0", "--minutes", "60"),
        shipped_without_number,
        waits_for_an_hour,
        "1 records have waited for over 1 h: 1 orders push (tracking_number)",
        numbered,
    ),
    "expiring-orders": Story(
        ("--threshold", "5"),
        bad_orders,
        twenty_six_days_go_by,
        "2 orders could not be imported and lose their buyer data within 5 days:"
        " 403-0000001-1234567, 403-0000002-1234567",
        mapped,
    ),
    "differences": Story(
        ("--threshold", "2"),
        goods,
        amazon_shows_other_stock,
        "3 differences by the report of 2026-11-23 09:20Z: 3 stock",
        amazon_shows_the_same,
    ),
    "throttled": Story(
        ("--threshold", "20", "--minutes", "60"),
        goods,
        throttled,
        "% of ",
        an_hour_goes_by,
    ),
    "credentials": Story(
        ("--threshold", "20"),
        secret_made(159),
        secret_made(160),
        "the client secret ends in 20 days (2026-12-13): rotate it in Amazon's developer console,",
        secret_made(0),
    ),
    "starvation": Story(
        ("--flow", "stock push", "--minutes", "35"),
        goods,
        starved,
        "stock push: Amazon's quota has let it do nothing for 40 min",
        all_is_well,
    ),
}


def test_there_is_a_story_of_every_rule() -> None:
    assert STORIES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", STORIES)
def test_an_alarm_starts_once_and_ends_once(shop: Shop, receiver: Receiver, kind: str) -> None:
    story = STORIES[kind]
    story.begin(shop, receiver)
    create(shop, "down", "--rule", kind, *story.options)
    assert "down" not in look(shop)

    story.go_wrong(shop, receiver)
    since = shop.clock.now()
    for _ in range(3):
        assert "down" in look(shop)
        shop.clock.advance(minutes=1)
    (hook,) = hooks(receiver, "down")
    (alarm,) = hook["amzsync"]["alarms"]
    assert (alarm["event"], alarm["since"]) == ("raised", since.isoformat())
    assert story.finding in alarm["findings"][0]
    assert alarm["findings"][0] in hook["text"]

    story.mend(shop, receiver)
    assert "down" in look(shop), "one quiet look is no end yet"
    for _ in range(3):
        shop.clock.advance(minutes=1)
        assert "down" not in look(shop)
    _, hook = hooks(receiver, "down")
    (alarm,) = hook["amzsync"]["alarms"]
    assert (alarm["event"], alarm["since"]) == ("ended", since.isoformat())
    assert "over: down (" in hook["text"]


def hooks(receiver: Receiver, name: str) -> list[dict[str, Any]]:
    """The messages about an alarm."""
    return [
        hook
        for hook in receiver.hooks
        if name in {alarm["name"] for alarm in hook["amzsync"]["alarms"]}
    ]


def test_of_amazons_answers_the_share_of_429_is_told(shop: Shop, receiver: Receiver) -> None:
    goods(shop, receiver)
    look(shop)
    change(shop, listed(shop, 10))
    shop.sandbox.faults.add("throttle", PATCH, times=4)
    run(shop, "stock push", 1, 0, 0)

    assert "throttled" in look(shop)

    answers = [row.status for row in shop.sandbox.exchanges if row.operation == PATCH]
    calls, refused = len(answers), answers.count(429)
    assert refused >= 4
    (row,) = shop.rows("SELECT calls FROM runs")
    told = json.loads(row["calls"])
    assert (told[PATCH], told[f"{PATCH}:429"]) == (calls, refused)
    share = 100 * refused / calls
    (hook,) = hooks(receiver, "throttled")
    assert hook["amzsync"]["alarms"][0]["findings"] == [
        f"{share:.1f} % of {calls} requests to Amazon were throttled: {refused} {PATCH}"
    ]


def test_a_few_429_are_no_share_of_anything(shop: Shop, receiver: Receiver) -> None:
    goods(shop, receiver)
    change(shop, listed(shop, 2))
    shop.sandbox.faults.add("throttle", PATCH, times=2)
    run(shop, "stock push", 1, 0, 0)
    (row,) = shop.rows("SELECT calls FROM runs")
    assert json.loads(row["calls"])[f"{PATCH}:429"] == 2
    assert look(shop) == []


def test_penalised_records_guards_and_time_that_is_up_are_no_failing_flow(
    shop: Shop, receiver: Receiver
) -> None:
    bad_orders(shop, receiver)
    create(shop, "down", "--rule", "failures", "--threshold", "1")
    pulled(shop, receiver)
    assert "down" not in look(shop)
    journal(shop, ("orders.pull", 10), ("orders.pull", 143))
    assert "down" not in look(shop), "--max-runtime, or somebody who stopped it"
    journal(shop, ("orders.pull", 5), ("orders.pull", 143))
    assert "down" in look(shop), "a run somebody stopped mends nothing"


@pytest.mark.parametrize("code", [4, 5, 6, 8, 70, None])
def test_these_ends_of_a_run_are_failures(shop: Shop, receiver: Receiver, code: int | None) -> None:
    goods(shop, receiver)
    create(shop, "down", "--rule", "failures", "--threshold", "2", "--flow", "orders pull")
    look(shop)
    journal(shop, ("orders.pull", 0), ("orders.pull", code), ("orders.pull", code))
    journal(shop, ("stock.push", 0))
    # A run without an end that is the last one goes on still, for all anybody knows.
    assert ("down" in look(shop)) is (code is not None)
    journal(shop, ("orders.pull", code))
    assert "down" in look(shop)


def journal(shop: Shop, *runs: tuple[str, int | None]) -> None:
    """Runs as the journal has them; None never ended, for it was killed."""
    with closing(State.open(shop.state, shop.clock)) as state:
        for flow, code in runs:
            number = state.runs.begin("1", flow, shop.clock.now(), dry_run=False)
            if code is not None:
                state.runs.end(
                    number, shop.clock.now(), code, {}, {}, "it failed" if code else None
                )


def test_a_flow_that_fails_before_it_begins_is_in_the_journal(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    shop.sandbox.faults.add("server_error_before", "channels.get", "omnitron", times=9)
    assert shop.run("stock", "push").code == 5
    (row,) = shop.rows("SELECT flow, exit_code, error FROM runs")
    assert (row["flow"], row["exit_code"]) == ("stock.push", 5)
    assert "HTTP 503" in row["error"]


def test_a_daily_flow_may_be_silent_for_a_day(shop: Shop, receiver: Receiver) -> None:
    goods(shop, receiver)
    on = {"get_orders": False, "send_updated_product_stock": False, "get_updated_orders": True}
    configure(shop, receiver, flags=on, category_ids="")
    look(shop)
    shop.clock.advance(hours=35)
    assert look(shop) == []
    shop.clock.advance(hours=1)
    assert look(shop) == ["no-success"]
    assert hooks(receiver, "no-success")[0]["amzsync"]["alarms"][0]["findings"] == [
        "orders refresh: no run has succeeded for 1 d 12 h; none is in the journal"
    ]


def test_a_flow_switched_on_today_is_not_missed_since_last_week(
    shop: Shop, receiver: Receiver
) -> None:
    goods(shop, receiver)
    run(shop, "stock push", 1, 0, 0)
    off = {"get_orders": False, "send_updated_product_stock": False}
    configure(shop, receiver, flags=off, category_ids="")
    for _ in range(2):
        assert look(shop) == [], "nothing is on, so nothing is missed"
        shop.clock.advance(days=7)
    configure(shop, receiver, flags={"get_orders": False}, category_ids="")
    assert look(shop) == []
    shop.clock.advance(minutes=119)
    assert look(shop) == []
    shop.clock.advance(minutes=1)
    assert look(shop) == ["no-success"]


def test_a_dry_run_is_neither_a_failure_nor_a_success(shop: Shop, receiver: Receiver) -> None:
    goods(shop, receiver)
    configure(shop, receiver, flags={"get_orders": False}, category_ids="")
    look(shop)
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=10**6)
    for _ in range(4):
        assert shop.run("stock", "push", "--dry-run").code == 5
    assert look(shop) == []
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=119)
    assert shop.run("stock", "push", "--dry-run").code == 0
    shop.clock.advance(minutes=1)
    assert look(shop) == ["no-success"]


def test_an_inactive_channel_is_not_missed(shop: Shop, receiver: Receiver) -> None:
    goods(shop, receiver)
    look(shop)
    shop.sandbox.world.omnitron.channels[1].row["is_active"] = False
    for _ in range(4):
        run(shop, "stock push", 1, 0, 60)
        assert look(shop) == []


def test_lost_buyer_data_does_not_read_as_recovery(shop: Shop, receiver: Receiver) -> None:
    bad_orders(shop, receiver)
    pulled(shop, receiver)
    shop.clock.advance(days=29)
    assert "expiring-orders" in look(shop)
    shop.clock.advance(days=1, minutes=5)
    run(shop, "orders pull", 1, 0, 0)
    for _ in range(3):
        assert "expiring-orders" in look(shop)
    found = shop.run("alarms", "list", "--json").json["alarms"]
    (findings,) = [row["findings"] for row in found if row["name"] == "expiring-orders"]
    assert findings == [
        f"2 orders were not imported and lost their buyer data: {ORDER}, 403-0000002-1234567"
    ]
    shop.clock.advance(days=1)
    look(shop)
    assert "expiring-orders" not in look(shop)
    assert [event for name, event in receiver.told() if name == "expiring-orders"] == [
        "raised",
        "ended",
    ]


def test_no_secret_and_no_buyer_leaves_with_an_alarm(shop: Shop, receiver: Receiver) -> None:
    bad_orders(shop, receiver)
    create(shop, "any", "--rule", "penalties", "--threshold", "0")
    pulled(shop, receiver)
    look(shop)
    known = shop.sandbox.credentials
    told = str(receiver.hooks)
    assert "403-" not in str(hooks(receiver, "any")) and hooks(receiver, "any")
    for private in (known.client_secret, known.refresh_token, known.omnitron_password, TOKEN):
        assert private not in told
    buyer = address()
    assert buyer["name"] not in told and buyer["addressLine1"] not in told
