"""A simulated day of cron with an outage in it: one message when it starts, one when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from amzsync.flows import FLOWS
from tests.e2e.alarm_receiver import Receiver, configure
from tests.shop import STARTED, Shop

ON = [flow for flow in FLOWS if flow.content_type in ("order", "productstock")]
STEP = timedelta(minutes=15)  # every flow at each step but the daily one, and then the alarms
STEPS = 24 * 4
ORDER_EVERY = 8  # steps
OUTAGE = (STARTED + timedelta(hours=8), STARTED + timedelta(hours=9, minutes=30))
WEBHOOK_DOWN = (OUTAGE[0], OUTAGE[0] + timedelta(hours=1))


def test_an_outage_in_a_day_is_told_once_and_its_end_once(shop: Shop, receiver: Receiver) -> None:
    begin(shop, receiver)

    told, exits = pass_by(shop, receiver, range(STEPS))

    assert [row[1:] for row in told] == [("failures", "raised"), ("failures", "ended")]
    (started, *_), (ended, *_) = told
    # Three failures in a row raise it; two looks that find nothing end it.
    assert OUTAGE[0] + 2 * STEP <= started <= OUTAGE[0] + 3 * STEP
    assert OUTAGE[1] + STEP <= ended <= OUTAGE[1] + 2 * STEP
    assert exits == {0, 1}
    down = f"/ping/{receiver.ping_url.rsplit('/', 1)[1].replace('?', '/fail?')}"
    assert receiver.pings.count(down) == round((ended - started) / STEP)
    assert len(receiver.pings) == STEPS
    assert all_orders_arrived(shop)


def test_a_webhook_that_is_down_during_the_outage_still_gets_one_and_one(
    shop: Shop, receiver: Receiver
) -> None:
    begin(shop, receiver)

    told, _ = pass_by(shop, receiver, range(7 * 4, 11 * 4), webhook_down=WEBHOOK_DOWN)

    assert [row[1:] for row in told] == [("failures", "raised"), ("failures", "ended")]
    (started, *_), (ended, *_) = told
    assert WEBHOOK_DOWN[1] <= started <= OUTAGE[1]
    assert OUTAGE[1] + STEP <= ended <= OUTAGE[1] + 2 * STEP
    since = datetime.fromisoformat(receiver.hooks[0]["amzsync"]["alarms"][0]["since"])
    assert OUTAGE[0] + 2 * STEP <= since <= OUTAGE[0] + 3 * STEP


def begin(shop: Shop, receiver: Receiver) -> None:
    """All flows of orders and stock are on."""
    shop.sandbox.reset(skus=12)
    configure(
        shop,
        receiver,
        flags={flow.flag: True for flow in ON},
        category_ids="",
        http={"in_flight": 1},
        monitoring={"ping_url": receiver.ping_url},
    )


def pass_by(
    shop: Shop,
    receiver: Receiver,
    steps: range,
    webhook_down: tuple[datetime, datetime] | None = None,
) -> tuple[list[tuple[datetime, str, str]], set[int]]:
    """Cron for these steps of the day: when each message arrived, and how the looks ended."""
    told: list[tuple[datetime, str, str]] = []
    exits = set()
    for step in steps:
        due = STARTED + step * STEP
        shop.clock.at = max(shop.clock.now(), due)
        outage(shop, within(due, OUTAGE))
        if step % ORDER_EVERY == 0:
            shop.sandbox.world.add_orders(1)
        for flow in ON:
            if flow.cron.startswith("*") or (due.hour == 6 and due.minute == 0):
                shop.run(*flow.command.split())
        receiver.status = 503 if webhook_down and within(due, webhook_down) else 200
        exits.add(shop.run("alarms").code)
        told += [(shop.clock.now(), *row) for row in receiver.told()[len(told) :]]
    return told, exits


def outage(shop: Shop, down: bool) -> None:
    """Both far sides answer nothing but errors, or are well."""
    shop.sandbox.faults.clear()
    if down:
        for side in ("amazon", "omnitron"):
            shop.sandbox.faults.add("server_error_before", "*", side, times=10**6)


def within(moment: datetime, span: tuple[datetime, datetime]) -> bool:
    """Whether it falls into the span."""
    return span[0] <= moment < span[1]


def all_orders_arrived(shop: Shop) -> bool:
    """Whether every order is in Omnitron, once: the day was a working one."""
    numbers = [row["number"] for row in shop.sandbox.world.omnitron.snapshot("orders")]
    return len(numbers) == len(set(numbers)) == STEPS // ORDER_EVERY
