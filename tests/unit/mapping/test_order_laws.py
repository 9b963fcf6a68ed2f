"""Laws of the order mapping, for any order Amazon could send."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from amzsync.amazon.models.orders import Address, Order
from amzsync.config.types import OrderNumberFormat
from amzsync.mapping.addresses import LINE_LENGTH, line_and_notes, lines, names
from amzsync.mapping.amounts import amounts_of
from amzsync.mapping.money import smallest_unit, split
from amzsync.mapping.orders import order_number
from amzsync.mapping.shipments import Parcel, assign, of_text, per_unit, to_text

cents = st.integers(0, 10**7).map(lambda number: Decimal(number).scaleb(-2))
currencies = st.sampled_from(["TRY", "EUR", "usd", "JPY", "jpy"])


@given(st.decimals("-1e7", "1e7", places=4, allow_nan=False), st.integers(1, 300), currencies)
def test_a_split_adds_up_and_its_parts_differ_by_one_unit_at_most(
    amount: Decimal, parts: int, currency: str
) -> None:
    shares = split(amount, parts, currency)
    unit = smallest_unit(currency)
    assert len(shares) == parts
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 2 * unit  # one unit, and what is finer than one
    assert all(share == 0 or (share > 0) == (amount > 0) for share in shares)
    if amount % unit == 0:
        assert all(share % unit == 0 for share in shares)
        assert max(shares) - min(shares) <= unit
        assert sorted(shares, key=abs, reverse=True) == shares  # spare cents come first


def test_nothing_is_split_into_no_parts() -> None:
    with pytest.raises(ValueError, match="one part or more"):
        split(Decimal(1), 0, "TRY")


def _money(amount: Decimal, currency: str = "TRY") -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currencyCode": currency}


@st.composite
def amazon_lines(draw: st.DrawFn, *, taxed: bool = True) -> tuple[list[dict[str, Any]], Decimal]:
    """Lines as Amazon breaks them down, and the total its own sums come to."""
    tax_apart = draw(st.booleans())
    rows: list[dict[str, Any]] = []
    total = Decimal()
    for position in range(draw(st.integers(1, 4))):
        charges = {
            kind: draw(cents)
            for kind in ("ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER")
            if kind == "ITEM" or draw(st.booleans())
        }
        discounts = {kind: draw(cents) for kind in ("ITEM", "SHIPPING") if draw(st.booleans())}
        base = [kind for kind in charges if kind != "OTHER"] if taxed else []
        taxes = {kind: draw(cents) for kind in base if draw(st.booleans())}
        breakdowns: list[dict[str, Any]] = [
            {"type": kind, "subtotal": _money(value)} for kind, value in charges.items()
        ]
        sign = draw(st.sampled_from([1, -1]))  # Amazon does not say which sign a discount has
        for kind, parts, factor in (("TAX", taxes, 1), ("DISCOUNT", discounts, sign)):
            if parts:
                details = [
                    {"subtype": name, "value": _money(value * factor)}
                    for name, value in parts.items()
                ]
                subtotal = _money(sum(parts.values(), Decimal()) * factor)
                breakdowns.append(
                    {"type": kind, "subtotal": subtotal, "detailedBreakdowns": details}
                )
        total += sum(charges.values(), Decimal()) - sum(discounts.values(), Decimal())
        total += sum(taxes.values(), Decimal()) if tax_apart else 0
        rows.append(
            {
                "orderItemId": str(position),
                "quantityOrdered": draw(st.integers(1, 9)),
                "product": {"sellerSku": "X"},
                "proceeds": {"breakdowns": breakdowns},
            }
        )
    return rows, total


def _order(rows: list[dict[str, Any]], total: Decimal) -> Order:
    return Order.model_validate(
        {
            "orderId": "403-0000001-1234567",
            "createdTime": "2026-11-23T08:00:00Z",
            "lastUpdatedTime": "2026-11-23T08:00:00Z",
            "salesChannel": {"channelName": "AMAZON"},
            "proceeds": {"grandTotal": _money(total)},
            "orderItems": rows,
        }
    )


@given(amazon_lines())
def test_where_amazons_sums_agree_the_parts_make_up_the_grand_total(
    given_lines: tuple[list[dict[str, Any]], Decimal],
) -> None:
    rows, total = given_lines
    order = _order(rows, total)
    amounts = amounts_of(order)
    assert amounts.mismatch == ""
    assert amounts.grand_total == total
    units = Decimal()
    for item in order.order_items:
        line = amounts.lines[item.order_item_id]
        units += sum(split(line.goods, item.quantity_ordered, "TRY"))
        units -= sum(split(line.goods_discount, item.quantity_ordered, "TRY"))
    charges = amounts.shipping - amounts.shipping_discount + amounts.gift_wrap + amounts.cod_fee
    assert units + charges - amounts.order_discount == total


# With tax there are two readings, and the other may happen to add up.
@given(amazon_lines(taxed=False), st.decimals("0.01", "1e6", places=2))
def test_a_total_that_differs_is_kept_and_told(
    given_lines: tuple[list[dict[str, Any]], Decimal], off: Decimal
) -> None:
    rows, total = given_lines
    amounts = amounts_of(_order(rows, total + off))
    assert amounts.grand_total == total + off
    assert amounts.mismatch == f"lines add up to {total}, Amazon's total is {total + off}"


def test_a_line_without_units_carries_no_amounts_unnoticed() -> None:
    rows = [_row("1", 1, "10.00"), _row("2", 0, "5.00")]
    assert amounts_of(_order(rows, Decimal("10.00"))).mismatch == ""
    assert "15.00" in amounts_of(_order(rows, Decimal("15.00"))).mismatch


def _row(item_id: str, quantity: int, amount: str) -> dict[str, Any]:
    return {
        "orderItemId": item_id,
        "quantityOrdered": quantity,
        "product": {"sellerSku": "X"},
        "proceeds": {
            "breakdowns": [{"type": "ITEM", "subtotal": {"amount": amount, "currencyCode": "TRY"}}]
        },
    }


digits = st.integers
ids = st.builds(
    lambda one, two, three: f"{one:03d}-{two:07d}-{three:07d}",
    digits(0, 999),
    digits(0, 10**7 - 1),
    digits(0, 10**7 - 1),
)
filler = st.text("ABZ-_/#. 0", max_size=5)
formats = st.builds(
    lambda order, *texts: "".join(
        part for pair in zip(texts, [*order, ""], strict=True) for part in pair
    ),
    st.permutations(["{n1}", "{n2}", "{n3}"]),
    *[filler] * 4,
)


@given(st.one_of(st.just(""), formats), ids, ids)
def test_two_orders_never_share_a_number(pattern: str, one: str, other: str) -> None:
    same = order_number(one, pattern) == order_number(other, pattern)
    assert same == (one == other)


def test_a_format_that_could_let_two_orders_share_a_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="must hold all of"):
        TypeAdapter(OrderNumberFormat).validate_python("AMZ-{n1}{n3}")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120)


@given(texts, texts, texts)
def test_no_text_of_an_address_is_lost(one: str, two: str, three: str) -> None:
    address = Address(address_line1=one, address_line2=two, address_line3=three)
    line, notes = line_and_notes(address)
    whole = " ".join(lines(address))
    assert {part.strip() for part in (one, two, three)} - {""} == set(lines(address))
    assert len(line) <= LINE_LENGTH
    assert (notes or line) == whole
    assert whole.startswith(line)


@given(texts)
def test_no_part_of_a_name_is_lost_and_both_parts_are_filled(name: str) -> None:
    first, last = names(name)
    assert first
    assert last
    assert [word for word in f"{first} {last}".split() if word != "-"] == [
        word for word in name.split() if word != "-"
    ]


parcels = st.lists(
    st.builds(
        Parcel,
        st.sampled_from("12"),
        st.integers(1, 4),
        st.sampled_from(["", "MNG Kargo", "Yurtiçi"]),
        st.sampled_from(["", "TR1", "TR2", "TR3"]),
    ),
    max_size=5,
)


@given(parcels)
def test_parcels_survive_being_kept(rows: list[Parcel]) -> None:
    assert list(of_text(to_text(rows))) == rows
    assert (to_text(rows) == "") == (not rows)


@given(parcels, st.lists(st.sampled_from([None, "", "TR1", "TR2", "ERP-7"]), max_size=8))
def test_every_parcel_goes_to_as_many_units_as_it_holds_and_units_keep_their_own(
    rows: list[Parcel], present: list[str | None]
) -> None:
    wanted = per_unit(rows, "1")
    given_out = assign(wanted, present)
    assert len(given_out) == len(present)
    served = [parcel for parcel in given_out if parcel is not None]
    assert len(served) == min(len(wanted), len(present))
    left = list(wanted)
    for parcel in served:
        left.remove(parcel)  # each is given out once
    told = [parcel.tracking_number if parcel else None for parcel in given_out]
    # asked again with what was told, nothing moves
    again = assign(wanted, [new or old for new, old in zip(told, present, strict=True)])
    numbers = [parcel.tracking_number if parcel else None for parcel in again]
    assert json.dumps(numbers) == json.dumps(told)
