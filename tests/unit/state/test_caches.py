"""Cached tokens and remembered look-ups, and their lifetimes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from amzsync import redaction
from amzsync.clock import Clock
from amzsync.errors import StateUnavailableError
from amzsync.state.lookups import Hit, Lookups
from amzsync.state.store import Store
from amzsync.state.tokens import Tokens


class SetClock(Clock):
    """A clock the test sets."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment the test set."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(tmp_path: Path, clock: SetClock) -> Iterator[Store]:
    with Store.open(tmp_path / "state.sqlite3", clock) as opened:
        yield opened
    redaction.forget()


def test_a_token_is_good_until_a_minute_before_its_end(store: Store, clock: SetClock) -> None:
    tokens = Tokens(store, clock)
    tokens.put("lwa", "token-one", clock.now() + timedelta(hours=1))
    clock.sleep(3539)
    assert tokens.get("lwa") == "token-one"
    clock.sleep(1)
    assert tokens.get("lwa") is None


def test_a_token_without_an_end_is_good_until_it_is_dropped(store: Store, clock: SetClock) -> None:
    tokens = Tokens(store, clock)
    tokens.put("omnitron", "token-one", None)
    clock.sleep(10**8)
    assert tokens.get("omnitron") == "token-one"
    tokens.drop("omnitron", "token-one")
    assert tokens.get("omnitron") is None


def test_dropping_a_refused_token_spares_its_successor(store: Store, clock: SetClock) -> None:
    tokens = Tokens(store, clock)
    tokens.put("lwa", "token-one", None)
    tokens.put("lwa", "token-two", None)
    tokens.drop("lwa", "token-one")
    assert tokens.get("lwa") == "token-two"


def test_a_cached_token_is_masked_in_logs(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "other.sqlite3"
    with Store.open(path, clock) as store:
        Tokens(store, clock).put("omnitron", "canary-4711", None)
    redaction.forget()  # as in another process
    with Store.open(path, clock) as store:
        Tokens(store, clock).get("omnitron")
    assert redaction.mask("sent canary-4711") == "sent ***"


def test_one_holder_at_a_time_exchanges_a_token(store: Store, clock: SetClock) -> None:
    tokens = Tokens(store, Clock())
    entered, left = Event(), Event()

    def second() -> None:
        with tokens.exchange_lock("lwa"):
            assert left.is_set()
            entered.set()

    with tokens.exchange_lock("lwa"):
        other = Thread(target=second)
        other.start()
        assert not entered.wait(0.05)
        left.set()
    other.join(10)
    assert entered.is_set()


def test_an_exchange_elsewhere_that_never_ends_is_no_reason_to_hang(
    store: Store, clock: SetClock
) -> None:
    tokens = Tokens(store, clock)
    with (
        tokens.exchange_lock("lwa"),
        pytest.raises(StateUnavailableError, match="rerunning is safe"),
        tokens.exchange_lock("lwa"),
    ):
        pytest.fail("two holders")


def test_exchanges_of_different_tokens_do_not_wait_for_each_other(
    store: Store, clock: SetClock
) -> None:
    tokens = Tokens(store, clock)
    before = clock.now()
    with tokens.exchange_lock("lwa"), tokens.exchange_lock("omnitron:https://x/y"):
        assert clock.now() == before


def test_known_to_be_absent_differs_from_not_known(store: Store, clock: SetClock) -> None:
    lookups = Lookups(store, clock)
    assert lookups.get("tr", "city", "İzmir") is None
    lookups.put("tr", "city", "İzmir", None, timedelta(hours=1))
    assert lookups.get("tr", "city", "İzmir") == Hit(None)


@pytest.mark.parametrize("value", [34, "137_Merkez", [1, 2], {"pk": 7, "name": "Kadıköy"}, False])
def test_a_look_up_gives_back_the_value_that_was_put(
    store: Store, clock: SetClock, value: object
) -> None:
    lookups = Lookups(store, clock)
    lookups.put("tr", "township", "x", value, timedelta(hours=1))
    assert lookups.get("tr", "township", "x") == Hit(value)


def test_a_look_up_is_over_with_its_lifetime(store: Store, clock: SetClock) -> None:
    lookups = Lookups(store, clock)
    lookups.put("tr", "city", "a", 1, timedelta(seconds=60))
    clock.sleep(59.9)
    assert lookups.get("tr", "city", "a") == Hit(1)
    clock.sleep(0.1)
    assert lookups.get("tr", "city", "a") is None


def test_one_key_or_a_whole_kind_can_be_forgotten(store: Store, clock: SetClock) -> None:
    lookups = Lookups(store, clock)
    for channel, kind, key in [("tr", "city", "a"), ("tr", "city", "b"), ("tr", "town", "a")]:
        lookups.put(channel, kind, key, 1, timedelta(hours=1))
    lookups.drop("tr", "city", "a")
    assert lookups.get("tr", "city", "a") is None
    assert lookups.get("tr", "city", "b") == Hit(1)
    lookups.drop("tr", "city")
    assert lookups.get("tr", "city", "b") is None
    assert lookups.get("tr", "town", "a") == Hit(1)


def test_pruning_removes_only_what_is_over(store: Store, clock: SetClock) -> None:
    lookups = Lookups(store, clock)
    lookups.put("tr", "city", "old", 1, timedelta(seconds=10))
    lookups.put("tr", "city", "new", 1, timedelta(seconds=90))
    clock.sleep(30)
    lookups.prune()
    assert store.rows("SELECT key FROM lookups") == [{"key": "new"}]
