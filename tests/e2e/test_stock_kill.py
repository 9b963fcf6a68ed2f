"""`stock push` killed at every request of the feed path, before and after it took effect."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.e2e.stock_shop import (
    answered,
    batches,
    change,
    dirty,
    listed,
    live,
    locked,
    penalties,
    push,
    refuse,
    stock_pk,
)
from tests.shop import Shop

SKUS = 112
CHANGED = 104  # two batch requests


class KilledError(BaseException):
    """The process is gone: nothing in amzsync catches this."""


@dataclass
class Killer:
    """Ends the run at its n-th request, before it leaves or after it was answered.

    Once it struck, nothing leaves any more: what a `finally` would still send, a dead process would
    not. `seen` counts the requests.
    """

    at: int
    after: bool
    seen: int = 0
    struck: bool = False
    requests: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Sit on httpx's way out while a run goes on."""
        send = httpx.HTTPTransport.handle_request

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            self.seen += 1
            self.requests.append(f"{request.method} {request.url.path}")
            if self.struck or (self.seen == self.at and not self.after):
                self.struck = True
                raise KilledError
            response = send(transport, request)
            if self.seen == self.at:
                response.read()
                self.struck = True
                raise KilledError
            return response

        with monkeypatch.context() as patch:
            patch.setattr(httpx.HTTPTransport, "handle_request", handle)
            yield


@pytest.fixture
def prepared(shop: Shop) -> Shop:
    """A shop with a patch limit of five."""
    shop.configure(stock={"patch_limit": 5}, http={"in_flight": 1})
    return shop


def reset(shop: Shop, count: int = CHANGED) -> dict[str, int]:
    """A fresh world and state, and so many changed stocks."""
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    shop.sandbox.reset(skus=SKUS)
    return change(shop, listed(shop, count))


def killed(shop: Shop, killer: Killer, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run and be killed; False when the run had fewer requests than that."""
    with killer.watching(monkeypatch):
        try:
            shop.run("stock", "push")
        except KilledError:
            return True
    return False


def settle(shop: Shop) -> None:
    """Cron runs of the next twenty minutes."""
    for _ in range(5):
        shop.clock.advance(minutes=4)
        push(shop)


def assert_converged(shop: Shop, values: dict[str, int], at: str) -> None:
    assert live(shop, values) == values, at
    assert answered(shop, "createFeed", 202) == 1, at
    assert answered(shop, "patchListingsItem") == 0, at
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {}), at
    assert not [status for status in batches(shop) if status not in ("done", "fail")], at
    assert not shop.rows("SELECT * FROM jobs") and not shop.rows("SELECT * FROM batches"), at
    assert not shop.rows("SELECT * FROM fences"), at


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_of_the_submitting_run_one_feed_is_applied(
    prepared: Shop, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    shop, n = prepared, 0
    while True:
        n += 1
        values = reset(shop)
        killer = Killer(n, after)
        if not killed(shop, killer, monkeypatch):
            break
        settle(shop)
        assert_converged(shop, values, f"request {n}: {killer.requests[n - 1]}")
    assert killer.seen >= 2 + 2 * 3 + 3  # lists, two batches, the feed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_of_the_collecting_run_one_feed_is_applied(
    prepared: Shop, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    shop, n = prepared, 0
    while True:
        n += 1
        values = reset(shop)
        push(shop)
        shop.clock.advance(minutes=6)
        killer = Killer(n, after)
        if not killed(shop, killer, monkeypatch):
            break
        settle(shop)
        assert_converged(shop, values, f"request {n}: {killer.requests[n - 1]}")
    assert killer.seen >= 3 + 2 + 1  # feed, document, download; two batches; the list


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_of_a_patching_run_the_values_arrive(
    prepared: Shop, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    shop, n = prepared, 0
    while True:
        n += 1
        values = reset(shop, 3)
        killer = Killer(n, after)
        if not killed(shop, killer, monkeypatch):
            break
        shop.clock.advance(minutes=1)
        push(shop)
        shop.clock.advance(minutes=1)
        push(shop)
        where = f"request {n}: {killer.requests[n - 1]}"
        assert live(shop, values) == values, where
        assert answered(shop, "patchListingsItem") <= 3 + after, where
        assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {}), where
    assert killer.seen >= 2 + 2 + 3 + 1  # lists, create and commit, three patches, done


def test_a_refusal_is_charged_once_although_the_run_was_killed_right_after_it(
    prepared: Shop,
) -> None:
    shop = prepared
    bad = list(reset(shop))[7]
    refuse(shop, bad)
    push(shop)
    tables = ("jobs", "batches", "feed_items")
    before = {table: shop.rows(f"SELECT * FROM {table}") for table in tables}  # noqa: S608 - ours
    shop.clock.advance(minutes=6)
    push(shop, code=1)
    once = penalties(shop)

    # As a kill leaves it that comes between the penalty and the end of the feed.
    with closing(sqlite3.connect(shop.state)) as connection, connection:
        for table, rows in before.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", [*row.values()])  # noqa: S608 - ours
        connection.execute("UPDATE jobs SET state = 'settling'")
        connection.execute("UPDATE feed_items SET state = 'accepted'")
        connection.execute("UPDATE feed_items SET state = 'refused' WHERE sku = ?", [bad])
    shop.clock.advance(minutes=1)
    push(shop)

    assert set(once) == {bad}
    assert penalties(shop) == once
    assert not shop.rows("SELECT * FROM jobs")


def test_a_stage_cut_short_long_ago_is_read_anew(
    prepared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = prepared
    reset(shop)
    assert killed(shop, Killer(12, after=True), monkeypatch)
    assert len(locked(shop)) == 100
    newer = change(shop, listed(shop, CHANGED), first=7_001)
    shop.clock.advance(hours=2)

    settle(shop)

    assert_converged(shop, newer, "stale stage")


def test_a_feed_created_without_an_answer_is_found_not_repeated(
    prepared: Shop,
) -> None:
    shop = prepared
    values = reset(shop)
    shop.sandbox.faults.add("cut_after", "createFeed")

    push(shop, code=5)
    shop.clock.advance(minutes=1)
    push(shop)

    assert shop.calls("amazon")["getFeeds"] == 1
    settle(shop)
    assert len(list(shop.sandbox.world.amazon.feeds)) == 1
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop), penalties(shop)) == (0, [], {})


def test_a_batch_another_machine_left_in_commit_is_ended_first(prepared: Shop) -> None:
    shop = prepared
    reset(shop)
    bystander = listed(shop)[-1]
    with_commit_left(shop, bystander)
    values = change(shop, listed(shop, 3), first=8_001)

    push(shop, "--only", next(iter(values)))
    push(shop, "--limit", "3")

    assert live(shop, [next(iter(values))]) == {next(iter(values)): 8_001}
    assert locked(shop) == []
    assert "fail" in batches(shop) and "commit" not in batches(shop)


def with_commit_left(shop: Shop, sku: str) -> None:
    """A batch request in commit that no state file knows of."""
    url = f"{shop.sandbox.omnitron_url}/api/v1/channel/1/batch_requests/"
    shop.sandbox.world.omnitron.tokens.add("0" * 40)
    headers = {"authorization": f"Token {'0' * 40}"}
    pk = httpx.post(url, json={"channel": 1}, headers=headers).json()["pk"]
    item = {
        "pk": stock_pk(shop, sku),
        "content_type": "productstock",
        "version_date": "2026-01-01T00:00:00Z",
    }
    body = {"channel": 1, "status": "commit", "content_type": "productstock", "objects": [item]}
    httpx.patch(f"{url}{pk}/", json=body, headers=headers).raise_for_status()
    assert locked(shop) == [stock_pk(shop, sku)]
