"""What Amazon is told of a stock: laws of the quantity, and which of two versions is older."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from amzsync.flows.listing_changes import is_older
from amzsync.mapping.stock import quantity_patches, quantity_to_send

STOCKS = st.decimals(min_value=-10_000, max_value=10_000_000, places=3)
BUFFERS = st.integers(min_value=0, max_value=20_000_000)
MOMENTS = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27))


@given(STOCKS, BUFFERS)
def test_never_more_than_the_stock_less_the_buffer_and_never_negative(
    stock: Decimal, buffer: int
) -> None:
    sent = quantity_to_send(stock, buffer)
    assert sent >= 0
    assert sent == 0 or stock - buffer - 1 < sent <= stock - buffer


@given(STOCKS, STOCKS, BUFFERS)
def test_more_stock_is_never_told_as_less(one: Decimal, other: Decimal, buffer: int) -> None:
    low, high = sorted((one, other))
    assert quantity_to_send(low, buffer) <= quantity_to_send(high, buffer)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_patch_names_the_channel_and_carries_an_absolute_quantity(quantity: int) -> None:
    (patch,) = quantity_patches(quantity)
    assert patch["path"] == "/attributes/fulfillment_availability"
    assert patch["value"] == [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]


@given(MOMENTS, MOMENTS)
def test_of_two_versions_one_is_older_unless_they_are_the_same(one: str, other: str) -> None:
    assert is_older(one, other) is (one < other)
    assert not (is_older(one, other) and is_older(other, one))


def test_microseconds_and_zones_count() -> None:
    assert is_older("2026-03-01T08:00:00.000001Z", "2026-03-01T08:00:00.000002Z")
    assert is_older("2026-03-01T08:00:00Z", "2026-03-01T08:00:00+00:00") is False
    assert is_older("2026-03-01T10:59:59+03:00", "2026-03-01T08:00:00Z")
