"""Whatever Amazon puts into one order, the rest of its page is taken in and the one is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amzsync.clock import Deadline
from amzsync.errors import RecordError
from amzsync.flows.flow import Context
from amzsync.flows.inbox_news import news_of, rows_of, store
from amzsync.flows.inbox_rows import id_of
from amzsync.flows.orders_pull import transform
from amzsync.sandbox.orders_seed import seed_orders
from amzsync.sandbox.seeds import catalogue
from amzsync.state.channels import Channel
from amzsync.state.state import State
from tests.shop import STARTED, FakeClock
from tests.unit.config.config_files import config_text, loaded

TURKEY = "A33AVAJ2PDY3EV"
PAGE = list(seed_orders(100, 1, STARTED, catalogue(12, 1), plain=True))

Path_ = tuple[str | int, ...]


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A context with a real state and nobody to talk to."""
    clock = FakeClock()
    folder = tmp_path_factory.mktemp("shop")
    state = State.open(folder / "state.db", clock)
    channel = Channel("1", "Amazon:1_Channel", TURKEY, "MERCHANT", None)
    state.channels.register(channel, clock.now())
    nobody = cast("Any", None)
    yield Context(
        channel="1",
        seller_channel=channel,
        config=loaded(folder, config_text()),
        clock=clock,
        deadline=Deadline(clock, None),
        state=state,
        amazon=nobody,
        omnitron=nobody,
        calls=dict,
    )
    state.close()


def places(value: object, path: Path_ = ()) -> Iterator[Path_]:
    """Every place of an order where something stands."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


PLACES = sorted({path for row in PAGE[:10] for path in places(row)}, key=str)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["ON_HOLD", "", "\ud83d", "0", "-1", "NaN", "1e999", "2026-02-30", "\x00"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "20261123T09Z"]),
)
NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.floats())
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
GONE = "gone"


def mutilated(path: Path_, value: object) -> dict[str, Any]:
    """An order of the page with another value in that place, or nothing."""
    made = deepcopy(next(row for row in PAGE if path in set(places(row))))
    target: Any = made
    for step in path[:-1]:
        target = target[step]
    if value is GONE:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return made


@given(path=st.sampled_from(PLACES), value=st.one_of(st.just(GONE), VALUES))
@example(path=("fulfillment", "fulfillmentStatus"), value="\ud800")
@example(path=("createdTime",), value="0001-01-01T00:00:00+14:00")
@example(path=("lastUpdatedTime",), value="9999-12-31T23:59:59-14:00")
@example(path=("orderId",), value="\udfff")
@example(path=("orderItems", 0, "quantityOrdered"), value=10**30)
@example(path=("salesChannel", "channelName"), value="SOMEWHERE")
def test_one_mutilated_order_of_a_hundred_costs_no_other(
    ctx: Context, path: Path_, value: object
) -> None:
    odd = json.loads(json.dumps(mutilated(path, value)))  # as it comes over the wire
    others = [row for row in PAGE if row["orderId"] != odd.get("orderId")][:99]
    ctx.state.store.execute("DELETE FROM inbox")
    ctx.notes.clear()

    with ctx.state.store.atomic():
        store(ctx, news_of(ctx, rows_of(ctx, [*others[:50], odd, *others[50:]])))

    rows = {row.order_id: row for row in ctx.state.inbox.open_orders("1", 200)}
    wanted = {row["orderId"] for row in others}
    assert wanted <= rows.keys()
    for order_id in wanted:
        assert rows[order_id].code == ""
    told = id_of(odd)
    if not told:
        assert ctx.notes == ["1 of Amazon's orders without an id: left out until they have one"]
    elif (row := ctx.state.inbox.get(told)) is None:
        # only an order of another channel is none of our business
        assert (odd["salesChannel"], odd["fulfillment"]) != (
            PAGE[0]["salesChannel"],
            PAGE[0]["fulfillment"],
        )
    elif row.state == "new":
        # it is imported, or penalised with a reason; nothing else may come of it
        try:
            transform(ctx, rows[told])
        except RecordError as error:
            assert str(error)
    else:
        assert row.reason


def test_an_order_is_the_same_whatever_moment_it_is_read(ctx: Context) -> None:
    (first,) = rows_of(ctx, [PAGE[0]])
    assert first.seen_at == STARTED
    assert first.created_time == datetime.fromisoformat(PAGE[0]["createdTime"]).astimezone(UTC)
