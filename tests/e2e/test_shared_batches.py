"""Flows of one content type wait for each other's batch requests, and end those of the dead."""

from __future__ import annotations

import httpx
import pytest

from amzsync.clock import Deadline
from amzsync.state.batches import Batches
from amzsync.state.lock import flow_lock, locked
from amzsync.state.store import Store
from tests.shop import Shop


def commit_of_another_flow(shop: Shop) -> int:
    """A batch of type `order` in commit that `orders push` noted as its own; its pk."""
    world = shop.sandbox.world.omnitron
    url = f"{shop.sandbox.omnitron_url}/api/v1/channel/1/batch_requests/"
    world.tokens.add("0" * 40)
    headers = {"authorization": f"Token {'0' * 40}"}
    pk: int = httpx.post(url, json={"channel": 1}, headers=headers).json()["pk"]
    body = {"channel": 1, "status": "commit", "content_type": "order", "objects": []}
    httpx.patch(f"{url}{pk}/", json=body, headers=headers).raise_for_status()
    with Store.open(shop.state, shop.clock) as store:
        batches = Batches(store)
        batch_id = batches.add("1", "orders.push", "order", None, shop.clock.now())
        batches.opened(batch_id, pk, "of-orders-push")
        batches.moved(batch_id, "commit")
    return pk


def status_of(shop: Shop, pk: int) -> str:
    (row,) = [row for row in shop.sandbox.world.omnitron.snapshot("batches") if row["pk"] == pk]
    status: str = row["status"]
    return status


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """A shop whose state exists, and one order to pull."""
    shop.sandbox.reset(orders=1, skus=3, plain=True)
    assert shop.run("stock", "push", "--dry-run").code == 0
    return shop


def test_the_batch_of_a_flow_that_runs_is_waited_for_and_left_alone(waiting: Shop) -> None:
    pk = commit_of_another_flow(waiting)
    with (
        Store.open(waiting.state, waiting.clock) as store,
        locked(flow_lock(store, "1", "orders.push"), wait=0, deadline=Deadline(waiting.clock)),
    ):
        before = waiting.clock.now()
        ran = waiting.run("orders", "pull", "--json")
    assert ran.code == 5
    assert (waiting.clock.now() - before).total_seconds() >= 30
    assert status_of(waiting, pk) == "commit"
    assert waiting.rows("SELECT state FROM inbox") == [{"state": "created"}]


def test_the_batch_of_a_flow_that_was_killed_is_ended(waiting: Shop) -> None:
    pk = commit_of_another_flow(waiting)
    assert waiting.run("orders", "pull").code == 0
    assert status_of(waiting, pk) == "fail"
    assert waiting.rows("SELECT state FROM inbox") == [{"state": "imported"}]


def test_an_order_whose_batch_somebody_else_failed_is_linked_by_the_next_run(
    waiting: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amzsync.omnitron.batch_requests import BatchRequests

    done = BatchRequests.done

    def failed_first(self: BatchRequests, pk: int, objects: object) -> object:
        self.fail(pk)
        return done(self, pk, objects)  # type: ignore[arg-type]  # handed through as it came

    with monkeypatch.context() as patched:
        patched.setattr(BatchRequests, "done", failed_first)
        ran = waiting.run("orders", "pull", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (5, "UnavailableError")
    waiting.clock.advance(minutes=5)
    assert waiting.run("orders", "pull").code == 0
    assert waiting.rows("SELECT state FROM inbox") == [{"state": "imported"}]
    orders = waiting.sandbox.world.omnitron.snapshot("orders")
    links = waiting.sandbox.world.omnitron.snapshot("integration_actions")
    ids = [row["remote_id"] for row in links if row["object_id"] == orders[0]["pk"]]
    assert orders[0]["number"] in ids
