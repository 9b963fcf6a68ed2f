"""What Amazon was told of each SKU, the fence, and what is to be read back or sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.jobs import FeedItem, Jobs
from amzsync.state.listings import Listing, Listings
from amzsync.state.store import Store

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


def get(listings: Listings, sku: str, channel: str = "1") -> Listing:
    return listings.by_skus(channel, [sku])[sku]


def test_a_listing_is_found_by_sku_and_by_product_of_its_channel(listings: Listings) -> None:
    assert listings.by_products("1", [11, 13, 21]) == {
        11: Listing("A", 11),
        13: Listing("C", 13),
    }
    assert listings.by_skus("2", ["A", "B"]) == {"A": Listing("A", 21)}


def test_a_sku_that_became_another_product_keeps_what_was_sent(listings: Listings) -> None:
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK)
    listings.know("1", [("A", 99)])
    assert (get(listings, "A").product_pk, get(listings, "A").sent_quantity) == (99, 5)


def test_an_accepted_value_is_due_for_a_look_until_it_is_confirmed(listings: Listings) -> None:
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK)
    assert listings.due_checks("1", CHECK - timedelta(seconds=1), 10) == []
    (due,) = listings.due_checks("1", CHECK, 10)
    assert (due.sku, due.sent_quantity, due.sent_version) == ("A", 5, VERSION)
    listings.confirmed("1", [("A", 5)])
    assert listings.due_checks("1", CHECK, 10) == []
    assert get(listings, "A").confirmed_quantity == 5


def test_the_longest_due_is_looked_at_first(listings: Listings) -> None:
    listings.accepted("1", [("B", 5, VERSION)], NOW, CHECK)
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK + timedelta(seconds=1))
    assert [row.sku for row in listings.due_checks("1", CHECK + timedelta(hours=1), 1)] == ["B"]


def test_a_difference_asks_for_another_sending_and_is_counted(listings: Listings) -> None:
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK)
    listings.differs("1", [("A", 3)])
    (row,) = listings.to_resend("1", 10)
    assert (row.sku, row.sent_quantity, row.confirmed_quantity, row.checks) == ("A", None, 3, 1)
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK)
    assert listings.to_resend("1", 10) == []
    assert get(listings, "A").checks == 1
    listings.settle_difference("1", "A")
    assert get(listings, "A") == Listing(
        "A", 11, None, VERSION, get(listings, "A").sent_at, confirmed_quantity=3
    )


def test_a_fenced_sku_is_neither_looked_at_nor_sent_again(store: Store, listings: Listings) -> None:
    jobs = Jobs(store)
    job_id = jobs.open("1", "stock.push", "listings_feed", NOW)
    jobs.add_items([FeedItem(job_id, 1, "A", 1, 11, VERSION, 5, sent=True)])
    listings.accepted("1", [("A", 5, VERSION), ("B", 6, VERSION)], NOW, CHECK)
    listings.differs("1", [("C", 1)])

    listings.fence("1", job_id)

    assert (get(listings, "A").job_id, get(listings, "B").job_id) == (job_id, None)
    assert get(listings, "A", channel="2").job_id is None
    assert [row.sku for row in listings.due_checks("1", CHECK, 10)] == ["B"]
    assert [row.sku for row in listings.to_resend("1", 10)] == ["C"]
    listings.unfence(job_id)
    assert get(listings, "A").job_id is None


def test_an_order_makes_the_last_value_doubtful_in_every_channel(listings: Listings) -> None:
    listings.accepted("1", [("A", 5, VERSION), ("B", 5, VERSION)], NOW, CHECK)
    listings.accepted("2", [("A", 5, VERSION)], NOW, CHECK)
    listings.doubt(["A"])
    assert get(listings, "A").sent_quantity is None
    assert get(listings, "A", channel="2").sent_quantity is None
    assert get(listings, "B").sent_quantity == 5


def test_a_refused_value_is_unknown_and_not_looked_for(listings: Listings) -> None:
    listings.accepted("1", [("A", 5, VERSION)], NOW, CHECK)
    listings.refused("1", "A")
    assert get(listings, "A").sent_quantity is None
    assert listings.due_checks("1", CHECK, 10) == []


def test_what_is_not_known_to_be_zero_counts_as_live(listings: Listings) -> None:
    assert listings.live_count("1") == 3
    listings.accepted("1", [("A", 0, VERSION), ("B", 7, VERSION)], NOW, CHECK)
    assert listings.live_count("1") == 2
    listings.differs("1", [("B", 0)])
    assert listings.live_count("1") == 1
