"""What Amazon was told of products: wanted, taken, refused, looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.products import Products, SentProduct
from amzsync.state.store import Store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
ROW = SentProduct("SKU", 7, "SHIRT", {"brand": "a1"}, "2026-11-23T08:00:00.000001Z")


@pytest.fixture
def products(tmp_path: Path) -> Iterator[Products]:
    with Store.open(tmp_path / "state.sqlite3", Clock()) as opened:
        yield Products(opened)


def row(products: Products, sku: str = "SKU") -> SentProduct:
    return products.by_skus("1", [sku])[sku]


def test_what_is_wanted_is_not_sent_until_it_is_taken(products: Products) -> None:
    products.want("1", [ROW], NOW)
    assert (row(products).sent, row(products).version, row(products).state) == ({}, "", "sending")
    products.accepted("1", ["SKU"], LATER)
    taken = row(products)
    assert (taken.sent, taken.version) == ({"brand": "a1"}, ROW.wanted_version)
    assert (taken.state, taken.sent_at, taken.check_at) == ("accepted", NOW, LATER)


def test_what_was_sent_before_is_known_while_something_else_is_wanted(products: Products) -> None:
    products.want("1", [ROW], NOW)
    products.accepted("1", ["SKU"], LATER)
    products.want("1", [SentProduct("SKU", 7, "SHIRT", {"brand": "b2"}, "v2")], LATER)
    assert row(products).sent == {"brand": "a1"}
    assert row(products).version == ROW.wanted_version
    assert products.due_checks("1", LATER, 9) == []


def test_a_refused_one_is_to_be_sent_again_whole(products: Products) -> None:
    products.want("1", [ROW], NOW)
    products.accepted("1", ["SKU"], LATER)
    products.refused("1", ["SKU"])
    assert row(products).sent == {}
    assert products.to_send_again("1", [], 9) == ["SKU"]
    assert products.to_send_again("1", ["SKU"], 9) == []
    assert products.to_send_again("2", [], 9) == []


def test_looks_are_due_when_their_time_has_come_and_end_with_the_listing_live(
    products: Products,
) -> None:
    products.want("1", [ROW], NOW)
    products.accepted("1", ["SKU"], LATER)
    assert products.due_checks("1", NOW, 9) == []
    assert [each.sku for each in products.due_checks("1", LATER, 9)] == ["SKU"]
    products.look_later("1", [("SKU", LATER + timedelta(hours=1))])
    assert products.due_checks("1", LATER, 9) == []
    assert row(products).checks == 1
    products.live("1", ["SKU"])
    assert products.due_checks("1", LATER + timedelta(days=9), 9) == []
    assert (row(products).state, row(products).checks) == ("live", 0)


def test_a_version_without_anything_new_and_a_forgotten_product(products: Products) -> None:
    products.want("1", [ROW], NOW)
    products.accepted("1", ["SKU"], LATER)
    products.unchanged("1", [("SKU", "v9")])
    assert row(products).version == "v9"
    products.forget("1", ["SKU"])
    assert products.by_skus("1", ["SKU"]) == {}
