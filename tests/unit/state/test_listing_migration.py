"""A state file of before prices: what it knew of stock, and a feed in flight, are still there."""

from __future__ import annotations

import json
from pathlib import Path

import sqlite_utils

from amzsync.clock import Clock
from amzsync.state.fences import Fences
from amzsync.state.jobs import Jobs, ObjectRef
from amzsync.state.listings import Listing, Listings, Value
from amzsync.state.migrations import MIGRATIONS
from amzsync.state.store import Store

VERSION = "2026-03-01T07:00:00.000001Z"
SENT_AT = "2026-03-01T07:01:00.000000+00:00"
CHECK_AT = "2026-03-01T07:16:00.000000+00:00"


def old_state(path: Path) -> None:
    """A file as the version before wrote it, with rows in it."""
    db = sqlite_utils.Database(path)
    MIGRATIONS.apply(db, stop_before="m008_listing_values")
    row = {"channel": "1", "checks": 0, "resend": 0}
    db.table("listings").insert_all(
        [
            {
                **row,
                "sku": "A",
                "product_pk": 11,
                "sent_quantity": 7,
                "sent_version": VERSION,
                "sent_at": SENT_AT,
                "confirmed_quantity": 6,
                "check_at": CHECK_AT,
                "checks": 1,
                "resend": 1,
                "job_id": "job",
            },
            {**row, "sku": "B", "product_pk": 12},
        ]
    )
    db.table("jobs").insert(
        {
            "id": "job",
            "channel": "1",
            "flow": "stock.push",
            "kind": "listings_feed",
            "state": "submitted",
            "remote_id": "5001",
            "created_at": SENT_AT,
            "submitted_at": SENT_AT,
        }
    )
    item = {"job_id": "job", "version": VERSION, "state": "open", "batch_id": 3}
    db.table("feed_items").insert_all(
        [
            {
                **item,
                "message_id": 1,
                "sku": "A",
                "object_pk": 1011,
                "product_pk": 11,
                "value": 7,
                "sent": 1,
            },
            {
                **item,
                "message_id": 2,
                "sku": "B",
                "object_pk": 1012,
                "product_pk": 12,
                "value": 0,
                "sent": 0,
            },
        ]
    )
    db.close()


def test_what_was_known_of_stock_is_known_still(tmp_path: Path) -> None:
    old_state(tmp_path / "state.db")
    with Store.open(tmp_path / "state.db", Clock()) as store:
        known = Listings(store).by_skus("1", ["A", "B"])
        assert known["A"] == Listing(
            "A", 11, "7", VERSION, SENT_AT, "6", CHECK_AT, 1, resend=True, holder="job"
        )
        assert known["B"] == Listing("B", 12)
        assert Fences(store).holders("1") == {"job"}
        assert Listings(store).linked_still("1") == []


def test_a_feed_in_flight_goes_on_with_its_messages_and_values(tmp_path: Path) -> None:
    old_state(tmp_path / "state.db")
    with Store.open(tmp_path / "state.db", Clock()) as store:
        sent, unsent = Jobs(store).items("job", 3)
    assert json.loads(sent.message) == {
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [
            {
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
            }
        ],
    }
    assert (sent.sku, sent.sent, unsent.sent, unsent.message) == ("A", True, False, "")
    assert sent.objects == (ObjectRef(1011, "productstock", VERSION),)
    assert sent.values == (Value("quantity", "7", VERSION),)
    assert unsent.values == (Value("quantity", "0", VERSION),)
