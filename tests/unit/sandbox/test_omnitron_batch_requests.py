"""Omnitron's side of the sandbox: the batch request's state machine and its commit lock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, committed

STEPS: dict[str, list[str]] = {
    "initialized": [],
    "commit": ["commit"],
    "sent_to_remote": ["commit", "sent_to_remote"],
    "ongoing": ["commit", "sent_to_remote", "ongoing"],
    "done": ["commit", "done"],
    "fail": ["commit", "fail"],
}
DRAWN = {
    *(("initialized", each) for each in ("commit", "done", "fail")),
    *(("commit", each) for each in ("commit", "sent_to_remote", "done", "fail")),
    *(("sent_to_remote", each) for each in ("ongoing", "done", "fail")),
    *(("ongoing", each) for each in ("done", "fail")),
}


@pytest.fixture
def far() -> Far:
    far = Far()
    for number in (1, 2):
        far.world.set_stock(f"SKU-{number}", number)
    return far


def dirty(far: Far) -> list[Any]:
    return far.rows("product_stocks/updates/")


def actions(far: Far, batch: dict[str, Any], status: str) -> list[Any]:
    return far.rows(
        f"integration_actions/?local_batch_id={batch['local_batch_id']}&status={status}&sort=id"
    )


@pytest.mark.parametrize("present", STEPS)
@pytest.mark.parametrize("wanted", [name for name in STEPS if name != "initialized"])
def test_only_the_drawn_transitions_are_taken(far: Far, present: str, wanted: str) -> None:
    batch = far.batch()
    for step in STEPS[present]:
        assert far.move(batch, step, content_type="productstock", objects=[])[0] == 200
    status, body = far.move(batch, wanted, content_type="productstock", objects=[])
    if (present, wanted) in DRAWN:
        assert (status, body["status"]) == (200, wanted)
    else:
        assert status == 406
        assert body["code"] == "batch_request_status_100_1"
        assert isinstance(body["non_field_errors"], str)


def test_a_commit_locks_its_objects_and_shows_them_processing(far: Far) -> None:
    rows = dirty(far)
    batch = far.commit(rows[:1])
    assert dirty(far) == rows[1:]
    (action,) = actions(far, batch, "processing")
    assert (action["object_id"], action["remote_id"]) == (rows[0]["pk"], "SKU-1")


def test_one_batch_of_a_content_type_commits_at_a_time(far: Far) -> None:
    first, second = far.commit(dirty(far)), far.batch()
    status, body = far.move(second, "commit", content_type="productstock", objects=[])
    assert status == 406
    assert body["non_field_errors"].startswith(f"The batch request with {first['local_batch_id']}")
    assert far.move(far.batch(), "commit", content_type="order", objects=[])[0] == 200
    far.move(first, "sent_to_remote", remote_batch_id="feed-1")
    assert far.move(second, "commit", content_type="productstock", objects=[])[0] == 200


def test_done_links_the_objects_with_their_remote_id_and_version(far: Far) -> None:
    (row, _) = far.rows("product_stocks/inserts/")
    batch = far.commit([row])
    done = [committed(row, remote_id="SKU-11")]
    far.move(batch, "sent_to_remote", remote_batch_id="feed-1")
    assert far.move(batch, "done", objects=done)[0] == 200
    (action,) = actions(far, batch, "success")
    assert (action["remote_id"], action["version_date"]) == ("SKU-11", row["modified_date"])
    assert row not in far.rows("product_stocks/inserts/")


def test_an_object_not_listed_in_done_stays_locked(far: Far) -> None:
    rows = dirty(far)
    batch = far.commit(rows)
    far.move(batch, "done", objects=[committed(rows[0])])
    assert [each["object_id"] for each in actions(far, batch, "processing")] == [rows[1]["pk"]]
    assert dirty(far) == []


def test_fail_puts_everything_back_and_penalises_nobody(far: Far) -> None:
    before = far.world.snapshot("integration_actions")
    rows, inserts = dirty(far), far.rows("product_stocks/inserts/")
    batch = far.commit([*rows, *inserts])
    assert far.move(batch, "fail", objects=None)[0] == 200
    assert sorted(dirty(far), key=lambda row: row["pk"]) == rows
    assert far.rows("product_stocks/inserts/") == inserts
    assert far.rows("failed_integrations/") == []
    stable = ("pk", "status", "remote_id", "version_date", "local_batch_id")

    def essence(actions: list[Any]) -> list[Any]:
        return [tuple(each[name] for name in stable) for each in actions]

    assert essence(far.world.snapshot("integration_actions")) == essence(before)


def test_fail_with_objects_keeps_their_failures(far: Far) -> None:
    rows = dirty(far)
    batch = far.commit(rows)
    far.move(batch, "fail", objects=[committed(rows[0], failed_reason_type="mapping")])
    assert dirty(far) == rows[1:]


def test_a_failure_told_at_commit_and_again_at_done_counts_once(far: Far) -> None:
    rows = dirty(far)
    batch = far.commit(rows)
    failed = [committed(rows[0], failed_reason_type="mapping")]
    far.move(batch, "commit", content_type="productstock", objects=failed)
    assert [each["object_id"] for each in actions(far, batch, "processing")] == [rows[1]["pk"]]
    far.move(batch, "done", objects=[*failed, committed(rows[1])])
    (penalty,) = far.rows("failed_integrations/")
    assert penalty["retry_count"] == 1


def test_a_batch_may_carry_other_models_than_its_own(far: Far) -> None:
    (product, *_), (stock, *_) = (
        far.rows("products/inserts/"),
        far.rows("product_stocks/inserts/"),
    )
    objects = [committed(product, "product"), committed(stock)]
    batch = far.batch()
    far.move(batch, "commit", content_type="product", objects=objects)
    models = [each["content_type"]["model"] for each in actions(far, batch, "processing")]
    assert models == ["product", "productstock"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pk": 1},
        {"content_type": "nonsense"},
        {"version_date": "yesterday"},
        {"failed_reason_type": "weather"},
        {"remote_id": "x" * 256},
    ],
)
def test_a_wrong_object_is_refused_and_nothing_is_locked(far: Far, wrong: dict[str, Any]) -> None:
    rows = dirty(far)
    batch = far.batch()
    objects = [committed(rows[0]) | wrong]
    status, body = far.move(batch, "commit", content_type="productstock", objects=objects)
    assert status == 400
    assert "objects" in body
    assert dirty(far) == rows


def test_batches_are_listed_by_repeated_status(far: Far) -> None:
    sent = far.commit(dirty(far))
    far.move(sent, "sent_to_remote", remote_batch_id="feed-1")
    far.batch()
    query = "status=sent_to_remote&status=ongoing&content_type=productstock&channel=1"
    (row,) = far.rows(f"batch_requests/?{query}")
    assert (row["pk"], row["remote_batch_id"]) == (sent["pk"], "feed-1")


def test_nothing_of_a_finished_batch_can_be_written(far: Far) -> None:
    batch = far.commit(dirty(far))
    far.move(batch, "fail", objects=None)
    status, body = far.send("PATCH", f"batch_requests/{batch['pk']}/", {"log_file": "a.log"})
    assert (status, body["code"]) == (406, "batch_request_status_100_1")


def test_a_link_being_deleted_is_locked_until_its_batch_ends(far: Far) -> None:
    far.world.remove_from_catalog("SKU-1")
    (action,) = far.rows("integration_actions/deleted/?model=product")
    batch = far.commit([action], "integrationaction")
    assert far.rows("integration_actions/deleted/?model=product") == []
    assert far.send("DELETE", f"integration_actions/{action['pk']}/")[0] == 204
    objects = [committed(action, "integrationaction")]
    assert far.move(batch, "done", objects=objects)[0] == 200
    assert far.rows("integration_actions/deleted/?model=product") == []
