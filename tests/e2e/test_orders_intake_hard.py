"""The order intake on bad days: outages, refused data, what searches miss, several channels."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from amzsync.amazon.orders import INCLUDED_DATA
from amzsync.cli.app import run
from amzsync.flows.flow import Context
from amzsync.flows.inbox_news import News, rows_of, store
from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import Json, order, place
from tests.contract.witness import Witness
from tests.shop import STARTED, FakeClock, Ran, Shop

GERMANY = "A1PA6795UKMFR9"
BROKEN = {"grandTotal": {"amount": "a lot", "currencyCode": "TRY"}}
FIRST, SECOND = "403-0000001-1234567", "403-0000002-1234567"


@pytest.fixture
def warm(shop: Shop) -> Shop:
    """A channel whose first search is done, without any order yet."""
    shop.sandbox.reset(skus=12)
    assert shop.run("orders", "pull").code == 0
    shop.forget_calls()
    return shop


def there(shop: Shop) -> Counter[str]:
    """How often each order number is in Omnitron."""
    rows = shop.sandbox.world.omnitron.orders_by_number()
    return Counter({number: len(orders) for number, orders in rows.items()})


def at_amazon(shop: Shop) -> Counter[str]:
    """Every order of Amazon's, once."""
    return Counter(each["orderId"] for each in shop.sandbox.world.amazon.orders)


def searches(shop: Shop) -> list[dict[str, str]]:
    """The parameters of every searchOrders since the last `forget_calls`."""
    return [
        {name: values[0] for name, values in row.query.items()}
        for row in shop.sandbox.exchanges
        if row.operation == "searchOrders"
    ]


def left_out(shop: Shop) -> list[list[str]]:
    """What each of those searches did not ask for."""
    asked = [each["includedData"].split(",") for each in searches(shop)]
    return [[name for name in INCLUDED_DATA if name not in names] for names in asked]


def inbox(shop: Shop, order_id: str = FIRST) -> Json:
    """An order's row."""
    (row,) = shop.rows("SELECT * FROM inbox WHERE order_id = ?", order_id)
    return row


def cursors(shop: Shop) -> Json:
    """Where the searches of all channels have come to."""
    rows = shop.rows("SELECT name, value FROM cursors WHERE name LIKE 'orders.until:%'")
    return {row["name"]: row["value"] for row in rows}


def spend(shop: Shop, left: int) -> None:
    """Leave so many searches, with Amazon and in our own book."""
    amazon = shop.sandbox.world.amazon
    with shop.sandbox.lock:
        amazon.quotas._buckets["searchOrders"] = (float(left), amazon.now())
    with closing(sqlite3.connect(shop.state)) as connection, connection:
        connection.execute(
            "INSERT OR REPLACE INTO quota (bucket, tokens, rate, burst, stated, updated_at)"
            " VALUES ('searchOrders', ?, 0.0056, 20, 1, ?)",
            (left, shop.clock.now().timestamp()),
        )


def refuse(shop: Shop, *data_sets: str, silent: bool = False) -> None:
    """Let Amazon refuse these data sets from now on."""
    shop.sandbox.world.amazon.refused_data = set(data_sets)
    shop.sandbox.world.amazon.silent_refusal = silent


def place_now(shop: Shop, number: int = 1, **more: Any) -> None:
    """An order placed three minutes ago, so that a search finds it."""
    place(shop.sandbox, order(number, placed=shop.clock.now() - timedelta(minutes=3), **more))


def change(shop: Shop, order_id: str, **wish: object) -> None:
    """Something happens to an order at Amazon."""
    shop.sandbox.world.amazon.orders.change(order_id, lambda each: change_order(each, dict(wish)))


def pull(shop: Shop, *words: str, minutes: float = 5) -> Ran:
    """Cron's next run."""
    shop.clock.advance(minutes=minutes)
    return shop.run("orders", "pull", "--json", *words)


# --- --sweep ---


def test_a_sweep_by_hand_looks_over_twelve_hours_now(warm: Shop) -> None:
    late = order(7, placed=warm.clock.now() - timedelta(hours=2))  # behind every overlap
    place(warm.sandbox, late)
    pull(warm)
    assert there(warm) == {}
    warm.forget_calls()
    ran = pull(warm, "--sweep", minutes=1)
    assert ran.code == 0
    assert "swept: orders looked at 1, new or changed 1" in ran.json["notes"]
    (swept,) = searches(warm)  # the search itself is not due
    assert datetime.fromisoformat(swept["lastUpdatedAfter"]) == warm.clock.now() - timedelta(
        hours=12
    )
    assert there(warm) == at_amazon(warm)


def test_a_sweep_by_hand_leaves_five_searches_says_so_and_is_finished_by_later_runs(
    warm: Shop,
) -> None:
    warm.sandbox.world.add_orders(110, age=7200)
    spend(warm, 5)
    ran = pull(warm, "--sweep", minutes=1)
    assert ran.code == 0
    (note,) = ran.json["notes"]
    assert note.startswith("the sweep leaves 5 searches in reserve and goes on later")
    assert searches(warm) == []
    spend(warm, 20)
    assert pull(warm).code == 0  # nobody has to ask again
    assert there(warm) == at_amazon(warm)


@pytest.mark.parametrize("flow", [("stock", "push"), ("orders", "refresh")])
def test_a_flow_that_takes_no_orders_in_has_no_sweep(shop: Shop, flow: tuple[str, str]) -> None:
    ran = shop.run(*flow, "--sweep")
    assert (ran.code, ran.out) == (2, "")
    assert "--sweep" in ran.err
    assert "--sweep" in shop.run("cancellations", "pull", "--help").out


def test_a_dry_run_shows_what_a_sweep_would_bring(warm: Shop) -> None:
    place(warm.sandbox, order(7, placed=warm.clock.now() - timedelta(hours=2)))
    before = warm.rows("SELECT * FROM cursors")
    ran = pull(warm, "--sweep", "--dry-run", minutes=1)
    assert [line.split(":")[0] for line in ran.json["planned"]] == ["403-0000007-1234567"]
    assert warm.rows("SELECT * FROM cursors") == before
    assert warm.rows("SELECT * FROM inbox") == []


# --- the daily audit ---


def hide(shop: Shop, number: int, hours: float = 20) -> str:
    """An order no search and no sweep finds any more: Amazon shows it too late."""
    placed = shop.clock.now() - timedelta(hours=hours)
    place(shop.sandbox, order(number, placed=placed))
    return f"403-{number:07d}-1234567"


def test_the_daily_audit_takes_in_and_tells_what_the_searches_missed(warm: Shop) -> None:
    pull(warm, minutes=23 * 60)
    lost = hide(warm, 9)
    pull(warm, minutes=30)
    assert there(warm) == {}
    place_now(warm, 1)  # brand-new: nobody missed it
    before = datetime.fromisoformat(cursors(warm)["orders.until:1"])
    warm.forget_calls()
    ran = pull(warm, minutes=45)
    assert ran.code == 0
    assert there(warm) == at_amazon(warm)
    found = [note for note in ran.json["notes"] if "audit" in note]
    assert found == [f"the daily audit found 1 order the searches had missed: {lost}"]
    created = [each["createdAfter"] for each in searches(warm) if "createdAfter" in each]
    assert [datetime.fromisoformat(each) for each in created] == [STARTED - timedelta(hours=2)]
    # the search moved its own cursor, the audit did not
    after = datetime.fromisoformat(cursors(warm)["orders.until:1"])
    assert after == warm.clock.now() - timedelta(minutes=2) == before + timedelta(minutes=45)
    why = warm.run("why", lost).out
    assert "taken in (audit): the searches had missed it, the daily audit found it" in why
    assert not [note for note in pull(warm).json["notes"] if "audit" in note]
    assert lost not in [row["key"] for row in warm.rows("SELECT key FROM penalties")]


def test_the_audit_runs_once_a_day(warm: Shop) -> None:
    for _ in range(50):
        pull(warm, minutes=60)
    created = [each["createdAfter"] for each in searches(warm) if "createdAfter" in each]
    starts = [STARTED + timedelta(hours=24 * day) for day in range(2)]
    assert [datetime.fromisoformat(each) for each in created] == [
        start - timedelta(hours=2) for start in starts
    ]


def test_an_audit_interrupted_by_quota_goes_on_with_its_token(warm: Shop) -> None:
    pull(warm, minutes=23 * 60)
    warm.sandbox.world.add_orders(130, age=20 * 3600)
    warm.clock.advance(minutes=60)
    spend(warm, 6)
    warm.forget_calls()
    ran = pull(warm)  # a search, and pages down to five in reserve
    assert ran.code == 0
    assert "and 95 more" in ran.json["notes"][-1]
    spend(warm, 6)
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)
    audit = [each for each in searches(warm) if "createdAfter" in each]
    tokens = [each.pop("paginationToken", None) for each in audit]
    assert tokens[0] is None
    assert len(set(tokens)) == len(tokens) == 2
    assert audit[0] == audit[1]
    missed = warm.rows("SELECT count(*) AS n FROM outcomes WHERE code = 'audit'")
    assert missed == [{"n": 130}]


def test_the_audit_does_not_look_before_the_order_start_date(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    start = STARTED - timedelta(hours=1)
    shop.configure(order_start_date=f"{start:%Y-%m-%dT%H:%M:%SZ}")
    assert shop.run("orders", "pull").code == 0
    place(shop.sandbox, order(1, placed=start - timedelta(seconds=1)))
    shop.forget_calls()
    pull(shop, minutes=24 * 60)
    (created,) = [each["createdAfter"] for each in searches(shop) if "createdAfter" in each]
    assert datetime.fromisoformat(created) == start
    assert there(shop) == {}


def test_the_audit_refreshes_a_copy_that_is_older_than_amazons(warm: Shop) -> None:
    place_now(warm)
    pull(warm)
    pull(warm, minutes=23 * 60)
    # it changed, and was not to be found while that was searched for
    shown = warm.sandbox.world.amazon.orders.get(FIRST)
    assert shown is not None
    shown["lastUpdatedTime"] = (warm.clock.now() - timedelta(hours=15)).isoformat()
    shown["fulfillment"]["fulfillmentStatus"] = "SHIPPED"
    place(warm.sandbox, shown)
    pull(warm, minutes=65)
    assert inbox(warm)["status"] == "SHIPPED"


# --- outages and interrupted searches ---


def test_an_outage_of_forty_hours_loses_nothing(warm: Shop) -> None:
    for number in range(6):
        warm.clock.advance(hours=6.5)
        warm.sandbox.world.add_orders(50, age=60 * number)
    warm.clock.advance(hours=1)
    assert warm.run("orders", "pull").code == 0
    first = datetime.fromisoformat(searches(warm)[0]["lastUpdatedAfter"])
    assert first == STARTED - timedelta(minutes=2, seconds=900)
    assert len(at_amazon(warm)) == 300
    assert there(warm) == at_amazon(warm)


def test_a_search_that_is_killed_between_pages_goes_on_with_its_token(
    warm: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm.sandbox.world.add_orders(250, age=0)
    warm.clock.advance(minutes=5)
    pages: list[News] = []

    class KilledError(BaseException):
        """What no handler catches."""

    def dying(ctx: Context, news: News) -> None:
        pages.append(news)
        if len(pages) == 2:
            raise KilledError
        store(ctx, news)

    with monkeypatch.context() as patched:
        patched.setattr("amzsync.flows.order_intake.store", dying)
        with pytest.raises(KilledError):
            warm.run("orders", "pull")
    assert len(warm.rows("SELECT order_id FROM inbox")) == 100
    assert warm.run("orders", "pull").code == 0
    asked = searches(warm)
    tokens = [each.pop("paginationToken", None) for each in asked]
    assert [token is None for token in tokens] == [True, False, False, False]
    assert tokens[1] == tokens[2]  # the page that was lost
    assert all(each == asked[0] for each in asked)
    assert there(warm) == at_amazon(warm)


# --- a data set Amazon refuses ---


def test_a_refused_data_set_stops_no_search_and_the_orders_are_completed_later(warm: Shop) -> None:
    refuse(warm, "TAX")
    place_now(warm)
    before = cursors(warm)
    ran = pull(warm)
    assert ran.code == 0
    assert left_out(warm) == [[], ["TAX"]]
    assert "Amazon does not give TAX at the moment" in " ".join(ran.json["notes"])
    assert there(warm) == {}  # it would be imported wrongly
    row = inbox(warm)
    assert (row["state"], row["code"], row["missing"]) == ("pending", "incomplete", "TAX")
    told = "Amazon does not give TAX at the moment; it is completed as soon as it does"
    assert told in warm.run("why", FIRST).out
    assert cursors(warm)["orders.until:1"] > before["orders.until:1"]
    assert warm.rows("SELECT * FROM order_payloads") == []

    warm.forget_calls()
    assert pull(warm).code == 0  # remembered: no search is wasted on it
    assert left_out(warm) == [["TAX"]]
    assert warm.calls("amazon")["getOrder"] == 1  # nor more than one call on completing

    refuse(warm)
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)
    assert inbox(warm)["missing"] == ""


def test_a_refused_data_set_is_asked_for_again_after_an_hour(warm: Shop) -> None:
    refuse(warm, "PACKAGES")
    pull(warm)
    warm.forget_calls()
    for _ in range(11):
        pull(warm)
    assert left_out(warm) == [["PACKAGES"]] * 11
    warm.forget_calls()
    pull(warm)
    assert left_out(warm) == [[], ["PACKAGES"]]
    refuse(warm)
    warm.forget_calls()
    pull(warm, minutes=61)
    pull(warm)
    assert left_out(warm) == [[], []]
    assert warm.rows("SELECT * FROM cursors WHERE name = 'orders.refused_data'") == []


def test_several_refused_data_sets_are_all_left_out(warm: Shop) -> None:
    refuse(warm, "TAX", "BUYER")
    assert pull(warm).code == 0
    assert left_out(warm) == [[], ["BUYER", "TAX"]]


def test_a_refusal_that_names_nothing_is_found_out_two_searches_a_run(warm: Shop) -> None:
    refuse(warm, "CANCELLATION", silent=True)  # the fifth of nine
    place_now(warm)
    before = cursors(warm)
    for tried in (["BUYER", "RECIPIENT"], ["PROCEEDS", "PROMOTION"]):
        warm.forget_calls()
        ran = pull(warm)
        assert ran.code == 5
        assert left_out(warm) == [[], *([name] for name in tried)]
        assert cursors(warm) == before
    warm.forget_calls()
    assert pull(warm).code == 0
    assert left_out(warm) == [[], ["CANCELLATION"]]
    assert inbox(warm)["missing"] == "CANCELLATION"
    # an hour later what was right the last time is tried first
    warm.forget_calls()
    assert pull(warm, minutes=61).code == 0
    assert left_out(warm) == [[], ["CANCELLATION"]]
    refuse(warm)
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)


def test_when_no_guess_is_right_the_searches_are_not_spent_on_guessing(warm: Shop) -> None:
    refuse(warm, "TAX", "BUYER", silent=True)  # no single one helps
    place_now(warm)
    spent = []
    for _ in range(8):
        warm.forget_calls()
        assert pull(warm).code == 5
        spent.append(warm.calls("amazon")["searchOrders"])
    assert spent == [3, 3, 3, 3, 2, 1, 1, 1]  # nine guesses, then one search a run as before
    refuse(warm)
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)


def test_a_refusal_is_not_guessed_about_before_any_search_went_well(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    refuse(shop, "TAX", silent=True)
    assert shop.run("orders", "pull").code == 5
    assert left_out(shop) == [[]]
    refuse(shop)
    assert shop.run("orders", "pull").code == 0
    assert there(shop) == at_amazon(shop)


def test_a_data_set_refused_amid_paging_costs_no_page(
    warm: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm.sandbox.world.add_orders(150, age=0)
    issue = warm.sandbox.world.amazon.pages.issue

    def then_refuse(meaning: object, hours: float = 24) -> str:
        refuse(warm, "TAX")
        return issue(meaning, hours)

    with monkeypatch.context() as refusing:
        refusing.setattr(warm.sandbox.world.amazon.pages, "issue", then_refuse)
        assert pull(warm).code == 0
    assert left_out(warm) == [[], [], ["TAX"]]
    assert len(there(warm)) == 100
    refuse(warm)
    for _ in range(2):  # twenty-five a run
        assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)


def test_without_fulfillment_nobody_knows_the_status_and_each_order_ends_with_its_channel(
    warm: Shop,
) -> None:
    fba = Shop(warm.sandbox, warm.clock, warm.folder, channel=2)
    assert fba.run("orders", "pull").code == 0
    refuse(warm, "FULFILLMENT")
    bare = {"city": "Istanbul", "districtOrCounty": "Kadıköy", "countryCode": "TR"}
    place_now(warm, 1)
    place_now(warm, 2, fulfilled_by="AMAZON", ship_to=bare)
    place_now(warm, 3, status="CANCELLED")
    assert pull(warm).code == 0
    assert {row["code"] for row in warm.rows("SELECT code FROM inbox")} == {"incomplete"}
    refuse(warm)
    assert (pull(warm).code, fba.run("orders", "pull").code) == (0, 0)
    orders = warm.sandbox.world.omnitron.snapshot("orders")
    assert {(row["number"], row["channel"]) for row in orders} == {(FIRST, 1), (SECOND, 2)}
    assert inbox(warm, "403-0000003-1234567")["code"] == "cancelled"


def test_an_incomplete_version_does_not_disturb_an_order_that_is_in_omnitron(warm: Shop) -> None:
    place_now(warm)
    pull(warm)
    known = inbox(warm)
    assert known["state"] == "imported"
    refuse(warm, "CANCELLATION", "PACKAGES")
    change(warm, FIRST, status="SHIPPED")
    pull(warm)
    now = inbox(warm)
    kept = ("state", "status", "facts", "lines", "lines_told", "parcels", "omnitron_pk", "number")
    assert {name: now[name] for name in kept} == {name: known[name] for name in kept}
    assert now["missing"] == "CANCELLATION,PACKAGES"
    assert "its newest version came without CANCELLATION, PACKAGES" in warm.run("why", FIRST).out
    refuse(warm)
    pull(warm)
    assert (inbox(warm)["status"], inbox(warm)["missing"]) == ("SHIPPED", "")
    assert there(warm) == at_amazon(warm)


def test_an_order_whose_creation_is_in_doubt_is_not_made_forgotten_by_an_incomplete_version(
    warm: Shop,
) -> None:
    place_now(warm)
    warm.sandbox.faults.add("cut_before", "create_orders.create", "omnitron", times=9)
    pull(warm)
    assert inbox(warm)["attempted_at"] is not None
    refuse(warm, "TAX")
    change(warm, FIRST)
    warm.sandbox.faults.clear()
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)


def test_completing_goes_on_past_an_order_that_is_refused_or_gone(
    warm: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(warm, "TAX")
    for number in (1, 2, 3):
        place_now(warm, number)
    pull(warm)
    refuse(warm)
    book = warm.sandbox.world.amazon.orders
    find = book.get
    with monkeypatch.context() as lost:
        lost.setattr(book, "get", lambda key: None if key == SECOND else find(key))
        # searched for over its overlap the pages would complete them: only completing is looked at
        lost.setattr(book, "window", lambda *_: iter(()))
        pull(warm)
    assert there(warm) == {FIRST: 1, "403-0000003-1234567": 1}
    assert (inbox(warm, SECOND)["state"], inbox(warm, SECOND)["code"]) == ("ignored", "gone")


def test_twenty_five_orders_a_run_are_completed(
    warm: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(warm, "TAX")
    warm.sandbox.world.add_orders(30, age=180)
    pull(warm)
    refuse(warm)
    monkeypatch.setattr(warm.sandbox.world.amazon.orders, "window", lambda *_: iter(()))
    for left in (5, 0):
        warm.forget_calls()
        pull(warm)
        assert len(warm.rows("SELECT order_id FROM inbox WHERE missing <> ''")) == left
    assert warm.calls("amazon")["getOrder"] == 5
    assert there(warm) == at_amazon(warm)


# --- values of tomorrow ---


def test_an_order_of_an_unknown_status_is_held_visibly_and_imported_once_it_is_known(
    warm: Shop, witness: Witness | None
) -> None:
    place_now(warm, status="ON_HOLD")
    assert pull(warm).code == 0
    assert there(warm) == {}
    assert "order is not imported: status ON_HOLD is not imported" in warm.run("why", FIRST).out
    change(warm, FIRST, status="UNSHIPPED")
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)
    if witness is not None:
        witness.excuse("ON_HOLD")


def test_unknown_values_of_open_lists_are_no_fault(warm: Shop, witness: Witness | None) -> None:
    place_now(warm)
    change(
        warm,
        FIRST,
        set={
            "programs": ["MOON_DELIVERY"],
            "newGroup": {"of": ["tomorrow"]},
            "packages": [
                {
                    "packageReferenceId": "1",
                    "packageStatus": {"status": "TELEPORTED", "detailedStatus": "TWICE"},
                    "packageItems": [{"orderItemId": "1", "quantity": 1}],
                }
            ],
        },
    )
    shown = warm.sandbox.world.amazon.orders.get(FIRST)
    assert shown is not None
    extra = {"type": "KARMA", "subtotal": {"amount": "0.00", "currencyCode": "TRY"}}
    shown["orderItems"][0]["proceeds"]["breakdowns"].append(extra)
    shown["orderItems"][0]["cancellation"] = {"cancellationRequest": {"requester": "ORACLE"}}
    place(warm.sandbox, shown)
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)
    if witness is not None:
        witness.faults.clear()  # what no model has is put there on purpose


def test_one_malformed_order_blocks_none_of_a_hundred_and_is_told(
    warm: Shop, witness: Witness | None
) -> None:
    warm.sandbox.world.add_orders(99, age=180)
    place_now(warm, proceeds=BROKEN)
    ran = pull(warm)
    assert ran.code == 1
    assert there(warm) == at_amazon(warm) - Counter([FIRST])
    (failure,) = ran.json["failures"]
    assert (failure["key"], failure["code"]) == (FIRST, "malformed")
    place_now(warm, 1)  # mended
    assert warm.run("penalties", "clear", "--order", FIRST).code == 0
    assert pull(warm).code == 0
    assert there(warm) == at_amazon(warm)
    if witness is not None:
        witness.faults.clear()


def test_an_unreadable_version_does_not_disturb_an_order_that_is_in_omnitron(
    warm: Shop, witness: Witness | None
) -> None:
    place_now(warm)
    pull(warm)
    known = inbox(warm)
    change(warm, FIRST, set={"proceeds": BROKEN})
    ran = pull(warm)
    assert ran.code == 0
    assert "its new version cannot be read" in " ".join(ran.json["notes"])
    now = inbox(warm)
    for name in ("state", "status", "facts", "lines", "parcels"):
        assert now[name] == known[name]
    assert "intake: held back (malformed): its new version" in warm.run("why", FIRST).out
    assert not pull(warm).json["notes"]  # told once
    if witness is not None:
        witness.faults.clear()


def test_orders_without_an_id_are_told(warm: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    place_now(warm)
    nameless: list[Json] = [{"orderId": None}, {}]
    monkeypatch.setattr(
        "amzsync.flows.order_intake.rows_of",
        lambda ctx, orders, missing: rows_of(ctx, [*orders, *nameless], missing),
    )
    ran = pull(warm)
    assert "2 of Amazon's orders without an id" in " ".join(ran.json["notes"])
    assert there(warm) == at_amazon(warm)


# --- several channels on one account ---


def two_marketplaces(shop: Shop) -> Shop:
    """A channel in Germany beside the one in Türkiye, with one state file."""
    german = Shop(shop.sandbox, shop.clock, shop.folder, channel=3)
    german.configure(market_place_id=GERMANY)
    return german


def german_order(number: int, placed: datetime) -> Json:
    """An order placed on Amazon.de."""
    made = order(number, placed=placed, currency="EUR")
    made["salesChannel"] |= {"marketplaceId": GERMANY, "marketplaceName": "Amazon.de"}
    made["recipient"]["deliveryAddress"] = {
        "name": "Kim Beispiel",
        "addressLine1": "Musterweg 1",
        "city": "Berlin",
        "districtOrCounty": "Mitte",
        "stateOrRegion": "Berlin",
        "postalCode": "10115",
        "countryCode": "DE",
        "phone": "+490000000000",
    }
    for item in made["orderItems"]:
        text = json.dumps(item).replace('"TRY"', '"EUR"')
        item.update(json.loads(text))
    return made


def by_channel(shop: Shop) -> dict[str, int]:
    """Which channel each order number of Omnitron is in; fails for one that is there twice."""
    rows = shop.sandbox.world.omnitron.snapshot("orders")
    assert len({row["number"] for row in rows}) == len(rows)
    return {row["number"]: row["channel"] for row in rows}


@pytest.mark.parametrize("first", ["german", "turkish"])
def test_each_marketplaces_orders_go_to_its_channel_whichever_runs_first(
    warm: Shop, first: str
) -> None:
    german = two_marketplaces(warm)
    assert german.run("orders", "pull").code == 0
    placed = warm.clock.now() + timedelta(minutes=2)
    place(warm.sandbox, order(1, placed=placed), german_order(2, placed))
    elsewhere = order(3, placed=placed)
    elsewhere["salesChannel"] |= {"channelName": "NON_AMAZON"}
    place(warm.sandbox, elsewhere)
    warm.clock.advance(minutes=6)
    warm.forget_calls()
    for each in (german, warm) if first == "german" else (warm, german):
        assert each.run("orders", "pull").code == 0
    assert by_channel(warm) == {FIRST: 1, SECOND: 3}
    (search,) = searches(warm)  # one for both
    assert set(search["marketplaceIds"].split(",")) == {GERMANY, "A33AVAJ2PDY3EV"}
    assert inbox(warm, "403-0000003-1234567")["code"] == "other_sales_channel"


@pytest.mark.parametrize("other", ["german", "fba"])
def test_two_channels_at_the_same_time_import_each_order_once(warm: Shop, other: str) -> None:
    second = two_marketplaces(warm)
    if other == "fba":
        second = Shop(warm.sandbox, warm.clock, warm.folder, channel=2)
    assert second.run("orders", "pull").code == 0
    placed = warm.clock.now() + timedelta(minutes=2)
    bare = {"city": "Istanbul", "districtOrCounty": "Kadıköy", "countryCode": "TR"}
    for number in range(1, 21, 2):
        theirs = german_order(number + 1, placed)
        if other == "fba":
            theirs = order(number + 1, placed=placed, fulfilled_by="AMAZON", ship_to=bare)
        place(warm.sandbox, order(number, placed=placed), theirs)
    warm.clock.advance(minutes=6)
    codes: list[int] = []

    def cron(config: str, clock: FakeClock) -> None:
        codes.extend(run(["orders", "pull", "--config", config], clock) for _ in range(2))

    threads = [
        threading.Thread(target=cron, args=(str(each.config), warm.clock))
        for each in (warm, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0, 0, 0]
    for each in (warm, second):  # what came in after its turn
        assert each.run("orders", "pull").code == 0
    wanted = {
        f"403-{number:07d}-1234567": 1 if number % 2 else second.channel for number in range(1, 21)
    }
    assert by_channel(warm) == wanted
