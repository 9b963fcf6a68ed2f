"""What Amazon is told of a price, and which price a listing is believed to show."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.amazon.models.listings import ListingsItem
from amzsync.config.marketplaces import MARKETPLACES, Marketplace
from amzsync.flows.listing_changes import Patch, Update, feed_message
from amzsync.mapping.prices import (
    live_price,
    price_fault,
    price_patches,
    price_text,
    report_price,
)
from amzsync.mapping.values import value_patches

TURKIYE = MARKETPLACES["A33AVAJ2PDY3EV"]
JAPAN = MARKETPLACES["A1VC38T7YXB528"]
PRICES = st.decimals(min_value="0.01", max_value="99999999", places=2)


@given(PRICES, st.sampled_from(sorted(MARKETPLACES.values(), key=lambda row: row.id)))
def test_a_price_goes_out_with_the_digits_of_its_currency(
    price: Decimal, marketplace: Marketplace
) -> None:
    text = price_text(price, marketplace.currency)
    message = feed_message(Patch(value_patches({"price": text}, marketplace), "PRODUCT"))
    (patch,) = json.loads(message, parse_float=Decimal)["patches"]
    (offer,) = patch["value"]
    sent = Decimal(offer["our_price"][0]["schedule"][0]["value_with_tax"])
    assert sent == Decimal(text)
    assert abs(sent - price) <= (Decimal("0.5") if marketplace.currency == "JPY" else 0)
    assert (offer["marketplace_id"], offer["currency"]) == (marketplace.id, marketplace.currency)


def test_yen_have_no_decimals_and_half_a_unit_is_rounded_up() -> None:
    assert price_text(Decimal("1249.50"), "JPY") == "1250"
    assert price_text(Decimal("12.345"), "TRY") == "12.35"
    assert price_text(Decimal("12.5"), "TRY") == "12.50"


@pytest.mark.parametrize(
    ("price", "currency", "marketplace", "fault"),
    [
        ("10.00", "try", TURKIYE, ""),
        ("10.00", "TRY", TURKIYE, ""),
        ("0.00", "try", TURKIYE, "is 0.00 TRY, not above 0"),
        ("0.004", "try", TURKIYE, "is 0.004 TRY, not above 0"),
        ("0.40", "jpy", JAPAN, "is 0.40 JPY, not above 0"),
        ("10.00", "usd", TURKIYE, "is in USD, the marketplace sells in TRY"),
    ],
)
def test_a_price_is_above_0_in_the_currency_of_the_marketplace(
    price: str, currency: str, marketplace: Marketplace, fault: str
) -> None:
    assert price_fault(Decimal(price), currency, marketplace) == fault


def test_only_the_price_consumers_pay_is_named() -> None:
    (patch,) = price_patches(Decimal("12.50"), TURKIYE)
    assert (patch["op"], patch["path"]) == ("merge", "/attributes/purchasable_offer")
    assert set(patch["value"][0]) == {"marketplace_id", "currency", "our_price"}


def test_stock_and_price_are_two_patches_of_one_message() -> None:
    patches = value_patches({"quantity": "7", "price": "12.50"}, TURKIYE)
    assert [row["path"].rpartition("/")[2] for row in patches] == [
        "fulfillment_availability",
        "purchasable_offer",
    ]
    assert patches[0]["value"] == [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}]


def test_a_whole_listing_is_an_update_with_its_requirements() -> None:
    message = json.loads(feed_message(Update({"item_name": [{"value": "Ağaç"}]}, "HOME")))
    assert message == {
        "operationType": "UPDATE",
        "productType": "HOME",
        "requirements": "LISTING",
        "attributes": {"item_name": [{"value": "Ağaç"}]},
    }


def item(
    live: str | None, submitted: str | None = None, sale: str | None = None, **offer: Any
) -> ListingsItem:
    """A listing with these prices."""

    def schedule(amount: str) -> list[dict[str, Any]]:
        return [{"schedule": [{"value_with_tax": float(amount)}]}]

    own = {"marketplace_id": TURKIYE.id, "currency": "TRY", "audience": "ALL"}
    rows = []
    if submitted is not None:
        rows = [{**own, "audience": "B2B", "our_price": schedule("1.00")}]
        rows += [{**own, "our_price": schedule(submitted)}]
        rows[-1] |= {"discounted_price": schedule(sale)} if sale else {}
    shown = {
        "marketplaceId": TURKIYE.id,
        "offerType": "B2C",
        "price": {"currencyCode": "TRY", "amount": live},
        **offer,
    }
    return ListingsItem.model_validate(
        {
            "sku": "A",
            "attributes": {"purchasable_offer": rows},
            "offers": [shown] if live is not None else [],
        }
    )


@pytest.mark.parametrize(
    ("listing", "price"),
    [
        (item("12.5"), "12.50"),
        (item("12.50", "13.00"), "12.50"),  # live, not submitted: it has not arrived yet
        (item("9.99", "13.00", "9.99"), "13.00"),  # a sale runs
        (item("12.50", "13.00", "9.99"), "12.50"),
        (item(None, "13.00"), "13.00"),
        (item(None), None),
        (item("12.50", "13.00", offerType="B2B"), "13.00"),
        (item("12.50", "13.00", marketplaceId=JAPAN.id), "13.00"),
    ],
)
def test_the_live_price_is_the_regular_one(listing: ListingsItem, price: str | None) -> None:
    assert live_price(listing, TURKIYE) == price


@pytest.mark.parametrize("odd", [None, "12.50", [None], [{"our_price": "x"}], [{"our_price": [1]}]])
def test_an_offer_of_no_known_shape_is_no_price(odd: object) -> None:
    listing = ListingsItem.model_validate({"sku": "A", "attributes": {"purchasable_offer": odd}})
    assert live_price(listing, TURKIYE) is None


@given(PRICES, st.sampled_from([",.", ".,", ".", ","]))
def test_a_reports_price_is_read_whatever_separators_its_marketplace_uses(
    price: Decimal, separators: str
) -> None:
    thousands = separators[0] if len(separators) == 2 else ""
    spelt = f"{price:,.2f}".replace(",", "T").replace(".", separators[-1])
    assert report_price(spelt.replace("T", thousands), "TRY") == f"{price:.2f}"


@given(st.integers(min_value=1, max_value=99_999_999), st.sampled_from(["", ".", ","]))
def test_a_price_without_decimals_may_have_its_thousands_apart(yen: int, thousands: str) -> None:
    assert report_price(f"{yen:,}".replace(",", thousands), "JPY") == str(yen)


@pytest.mark.parametrize("text", ["", " ", "-", "free", "1,2,", "TRY 5", "1e5"])
def test_what_is_no_price_is_none(text: str) -> None:
    assert report_price(text, "TRY") is None
