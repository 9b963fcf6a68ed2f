"""The tables of packages and invoices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amzsync.clock import Clock
from amzsync.state.invoices import Claim, InvoiceRow, Invoices
from amzsync.state.packages import Package, Packages
from amzsync.state.store import Store

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = InvoiceRow("tr", "403-1", "A1", 7, "submitting", None, NOW, "", "", 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.sqlite3", Clock()) as opened:
        yield opened


def claim(invoices: Invoices, row: InvoiceRow, limit: int = 2) -> Claim:
    return invoices.claim(row, period=HOUR, limit=limit)


def test_a_package_is_wanted_before_it_is_confirmed(store: Store) -> None:
    packages = Packages(store)
    wanted = Package("403-1", 1, "TR1", "mng", {5: "line"}, '{"a": 1}')
    packages.want("tr", wanted)
    assert packages.of_orders("tr", ["403-1"]) == {"403-1": [wanted]}
    packages.confirmed("tr", "403-1", 1, NOW)
    edited = replace(wanted, tracking_number="TR2", wanted='{"a": 2}')
    packages.want("tr", edited)
    (row,) = packages.of_orders("tr", ["403-1"])["403-1"]
    assert (row.tracking_number, row.wanted, row.confirmed) == ("TR2", '{"a": 2}', '{"a": 1}')
    assert packages.of_orders("other", ["403-1"]) == {}


def test_one_invoice_at_a_time_is_in_doubt(store: Store) -> None:
    invoices = Invoices(store)
    assert claim(invoices, ROW) == "claimed"
    assert claim(invoices, replace(ROW, number="A2")) == "busy"
    assert claim(invoices, replace(ROW, channel="other", number="A2")) == "busy"
    invoices.submitted(ROW, "F1")
    assert claim(invoices, replace(ROW, number="A2")) == "claimed"
    assert invoices.feed_ids() == {"F1"}


def test_a_channel_that_is_gone_does_not_hold_the_others_up_for_ever(store: Store) -> None:
    invoices = Invoices(store)
    claim(invoices, replace(ROW, channel="gone"))
    later = replace(ROW, submitted_at=NOW + HOUR)
    assert claim(invoices, later) == "claimed"


def test_the_budget_is_the_accounts_and_comes_back_with_time(store: Store) -> None:
    invoices = Invoices(store)
    for number, channel in (("A1", "tr"), ("A2", "fba")):
        row = replace(ROW, number=number, channel=channel)
        assert claim(invoices, row) == "claimed"
        invoices.submitted(row, f"F-{number}")
    assert invoices.recent(NOW - HOUR) == 2
    assert claim(invoices, replace(ROW, number="A3")) == "full"
    assert claim(invoices, replace(ROW, number="A3", submitted_at=NOW + HOUR)) == "claimed"


def test_an_answer_is_kept_until_it_is_told(store: Store) -> None:
    invoices = Invoices(store)
    claim(invoices, ROW)
    invoices.submitted(ROW, "F1")
    assert [row.feed_id for row in invoices.under_way("tr")] == ["F1"]
    invoices.answered(ROW, "refused", NOW, "79525", "no")
    assert [row.reason for row in invoices.untold("tr")] == ["no"]
    invoices.told([ROW])
    assert invoices.untold("tr") == invoices.under_way("tr") == []
    assert [row.code for row in invoices.refused("tr")] == ["79525"]
    invoices.at_rest([ROW])
    assert invoices.refused("tr") == []


def test_an_invoice_tried_again_begins_anew(store: Store) -> None:
    invoices = Invoices(store)
    claim(invoices, ROW)
    invoices.submitted(ROW, "F1")
    invoices.answered(ROW, "refused", NOW, "79525", "no")
    again = replace(ROW, submitted_at=NOW + 2 * HOUR)
    assert claim(invoices, again) == "claimed"
    assert invoices.of_orders("tr", ["403-1"]) == {"403-1": [again]}
    invoices.unclaim(again)
    assert invoices.of_orders("tr", ["403-1"]) == {}
