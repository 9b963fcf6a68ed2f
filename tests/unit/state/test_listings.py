"""What Amazon was last told of each SKU, attribute by attribute, and who is at work on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.fences import Fences
from amzsync.state.listings import PRICE, Listing, Listings, Value
from amzsync.state.store import Store, to_text

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CHECK = NOW + timedelta(minutes=15)
VERSION = "2026-03-01T07:00:00.000001Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.db", Clock()) as opened:
        yield opened


@pytest.fixture
def listings(store: Store) -> Listings:
    known = Listings(store)
    known.know("1", [("A", 11), ("B", 12), ("C", 13)])
    known.know("2", [("A", 21)])
    return known


def get(listings: Listings, sku: str, channel: str = "1", attribute: str = "quantity") -> Listing:
    return listings.by_skus(channel, [sku], attribute)[sku]


def accept(listings: Listings, check_at: datetime = CHECK, **quantities: int) -> None:
    values = [(sku, Value("quantity", str(number), VERSION)) for sku, number in quantities.items()]
    listings.accepted("1", values, NOW, check_at)


def test_a_listing_is_found_by_sku_and_by_product_of_its_channel(listings: Listings) -> None:
    assert listings.by_products("1", [11, 13, 21]) == {
        11: Listing("A", 11),
        13: Listing("C", 13),
    }
    assert listings.by_skus("2", ["A", "B"]) == {"A": Listing("A", 21)}


def test_a_sku_that_became_another_product_keeps_what_was_sent(listings: Listings) -> None:
    accept(listings, A=5)
    listings.know("1", [("A", 99)])
    assert (get(listings, "A").product_pk, get(listings, "A").sent) == (99, "5")


def test_stock_and_price_of_a_sku_are_kept_apart_and_a_price_stays_a_text(
    listings: Listings,
) -> None:
    accept(listings, A=5)
    listings.accepted("1", [("A", Value(PRICE, "12.50", VERSION))], NOW, CHECK)
    listings.differs("1", [("A", "13.00")], PRICE)
    stock, price = get(listings, "A"), get(listings, "A", attribute=PRICE)
    assert (stock.sent, stock.resend) == ("5", False)
    assert (price.sent, price.confirmed, price.resend, price.checks) == (None, "13.00", True, 1)
    assert [row.sku for row in listings.to_resend("1", 10, PRICE)] == ["A"]
    assert listings.to_resend("1", 10) == []
    listings.accepted("1", [("A", Value(PRICE, "12.50", VERSION))], NOW, CHECK)
    assert get(listings, "A", attribute=PRICE).sent == "12.50"


def test_an_accepted_value_is_due_for_a_look_until_it_is_confirmed(listings: Listings) -> None:
    accept(listings, A=5)
    assert listings.due_checks("1", CHECK - timedelta(seconds=1), 10) == []
    (due,) = listings.due_checks("1", CHECK, 10)
    assert (due.sku, due.sent, due.version) == ("A", "5", VERSION)
    assert listings.due_checks("1", CHECK, 10, PRICE) == []
    listings.confirmed("1", [("A", "5")])
    assert listings.due_checks("1", CHECK, 10) == []
    assert get(listings, "A").confirmed == "5"


def test_the_longest_due_is_looked_at_first(listings: Listings) -> None:
    accept(listings, B=5)
    accept(listings, CHECK + timedelta(seconds=1), A=5)
    assert [row.sku for row in listings.due_checks("1", CHECK + timedelta(hours=1), 1)] == ["B"]


def test_a_difference_asks_for_another_sending_and_is_counted(listings: Listings) -> None:
    accept(listings, A=5)
    listings.differs("1", [("A", "3")])
    (row,) = listings.to_resend("1", 10)
    assert (row.sku, row.sent, row.confirmed, row.checks) == ("A", None, "3", 1)
    accept(listings, A=5)
    assert listings.to_resend("1", 10) == []
    assert get(listings, "A").checks == 1
    listings.settle_difference("1", "A")
    assert get(listings, "A") == Listing(
        "A", 11, None, VERSION, get(listings, "A").sent_at, confirmed="3"
    )


def test_a_held_sku_is_neither_looked_at_nor_sent_again(store: Store, listings: Listings) -> None:
    accept(listings, A=5, B=6)
    listings.differs("1", [("C", "1")])
    fences = Fences(store)
    fences.claim("1", ["A", "C"], "job")

    assert (get(listings, "A").holder, get(listings, "B").holder) == ("job", None)
    assert get(listings, "A", channel="2").holder is None
    assert [row.sku for row in listings.due_checks("1", CHECK, 10)] == ["B"]
    assert listings.to_resend("1", 10) == []
    fences.release("1", "job")
    assert [row.sku for row in listings.to_resend("1", 10)] == ["C"]


def test_a_sku_is_held_by_one_at_a_time_until_that_one_lets_go(store: Store) -> None:
    fences = Fences(store)
    assert fences.claim("1", ["A", "B"], "stock.push") == {"A", "B"}
    assert fences.claim("1", ["B", "C"], "job") == {"C"}
    assert fences.claim("2", ["B"], "prices.push") == {"B"}
    fences.free("1", "stock.push", ["B"])
    assert fences.claim("1", ["A", "B"], "job") == {"B"}
    assert fences.holders("1") == {"stock.push", "job"}
    fences.release("1", "job")
    assert fences.holders("1") == {"stock.push"}
    assert fences.holders("2") == {"prices.push"}


def test_an_order_makes_the_last_quantity_doubtful_in_every_channel(listings: Listings) -> None:
    accept(listings, A=5, B=5)
    listings.accepted("2", [("A", Value("quantity", "5", VERSION))], NOW, CHECK)
    listings.accepted("1", [("A", Value(PRICE, "9.90", VERSION))], NOW, CHECK)
    listings.doubt(["A"])
    assert get(listings, "A").sent is None
    assert get(listings, "A", channel="2").sent is None
    assert get(listings, "B").sent == "5"
    assert get(listings, "A", attribute=PRICE).sent == "9.90"


def test_a_refused_value_is_unknown_and_not_looked_for(listings: Listings) -> None:
    accept(listings, A=5)
    listings.refused("1", [("A", "quantity")])
    assert get(listings, "A").sent is None
    assert listings.due_checks("1", CHECK, 10) == []


def test_the_version_of_what_is_live_is_told_and_of_doubtful_values_none(
    listings: Listings,
) -> None:
    accept(listings, A=5, B=5, C=5)
    listings.doubt(["B"])
    listings.accepted("1", [("C", Value("quantity", "0"))], NOW, CHECK)  # a zero of no version
    listings.accepted("1", [("A", Value(PRICE, "9.90", "later"))], NOW, CHECK)
    assert listings.versions("1", ["A", "B", "C"]) == {
        ("A", "quantity"): VERSION,
        ("A", PRICE): "later",
    }


def test_what_is_not_known_to_be_zero_counts_as_live(listings: Listings) -> None:
    assert listings.live_count("1") == 3
    accept(listings, A=0, B=7)
    assert listings.live_count("1") == 2
    listings.differs("1", [("B", "0")])
    assert listings.live_count("1") == 1


def test_a_withdrawn_sku_is_looked_after_apart_until_it_is_back(listings: Listings) -> None:
    accept(listings, A=0, B=5)
    listings.withdraw("1", ["A"], NOW)
    assert listings.withdrawals("1", ["A", "B"]) == {"A": to_text(NOW)}
    assert listings.linked_still("1") == [("A", 11)]
    assert [row.sku for row in listings.due_checks("1", CHECK, 10)] == ["B"]
    assert [row.sku for row in listings.due_checks("1", CHECK, 10, withdrawn=True)] == ["A"]
    listings.unlinked("1", ["A"])
    assert listings.linked_still("1") == []
    listings.back("1", ["A"])
    assert listings.withdrawals("1", ["A"]) == {}
    assert {row.sku for row in listings.due_checks("1", CHECK, 10)} == {"A", "B"}


def test_a_listing_amazon_does_not_have_is_forgotten_with_its_values(listings: Listings) -> None:
    accept(listings, A=5)
    listings.forget("1", ["A"])
    assert listings.by_skus("1", ["A"]) == {}
    listings.know("1", [("A", 11)])
    assert get(listings, "A") == Listing("A", 11)


def test_a_run_with_nothing_due_reads_no_row(store: Store, listings: Listings) -> None:
    for withdrawn in (False, True):
        for query in (
            partial(listings.due_checks, "1", CHECK, 1, withdrawn=withdrawn),
            partial(listings.to_resend, "1", 1, withdrawn=withdrawn),
        ):
            seen: list[str] = []
            store.db.conn.set_trace_callback(seen.append)
            query()
            store.db.conn.set_trace_callback(None)
            plan = store.rows(f"EXPLAIN QUERY PLAN {seen[0]}")
            assert any("listing_values_" in row["detail"] for row in plan), plan
            assert not any(row["detail"].startswith("SCAN") for row in plan), plan
