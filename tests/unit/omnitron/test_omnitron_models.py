"""What the models take, keep, cut and refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from amzsync.omnitron.models.channels import Channel
from amzsync.omnitron.models.orders import CreateOrder, NewOrder, NewOrderItem, Order, OrderItem
from amzsync.omnitron.models.people import Customer, NewAddress, NewCustomer
from amzsync.omnitron.models.products import MappedProduct, Product, ProductPrice, ProductStock
from amzsync.omnitron.models.sync import BatchObject, FailedIntegration, IntegrationAction

from .omnitron_fakes import MOMENT


def order_fields(**changes: Any) -> dict[str, Any]:
    return {
        "number": "AMZ-1",
        "customer": 1,
        "shipping_address": 2,
        "billing_address": 2,
        "currency": "try",
        "amount": Decimal("17"),
        "shipping_amount": Decimal("0"),
        "discount_amount": Decimal("0"),
        "net_shipping_amount": Decimal("0"),
        "extra_field": {"id": "111-2222222-3333333"},
        "cargo_company": 4,
        "date_placed": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    } | changes


@pytest.mark.parametrize("name", ["pk", "id"])
def test_a_key_is_called_pk_or_id(name: str) -> None:
    assert Customer.model_validate({name: 7}).pk == 7


@pytest.mark.parametrize("value", [5, "5", {"pk": 5, "name": "x"}, {"id": 5}])
def test_a_foreign_key_is_a_number_or_the_object(value: object) -> None:
    row = {"pk": 1, "product": value, "stock": 46, "modified_date": MOMENT}
    assert ProductStock.model_validate(row).product == 5


@pytest.mark.parametrize(
    "text",
    [
        "2023-12-19T08:38:48.476005Z",
        "2023-12-19T08:38:48.476000Z",
        "2023-12-19T08:38:48Z",
        "2023-12-19T11:38:48.476005+03:00",
    ],
)
def test_a_modified_date_goes_back_exactly_as_it_came(text: str) -> None:
    row = {"pk": 1, "product": 5, "stock": 46, "modified_date": text}
    read = ProductStock.model_validate(row)
    sent = BatchObject(pk=1, content_type="productstock", version_date=read.modified_date)
    assert sent.model_dump(mode="json")["version_date"] == text


def test_modified_dates_compare_as_moments() -> None:
    def read(text: str) -> datetime:
        row = {"pk": 1, "product": 5, "stock": 1, "modified_date": text}
        return ProductStock.model_validate(row).modified_at

    assert read("2023-12-19T11:38:48.476005+03:00") == read("2023-12-19T08:38:48.476005Z")
    assert read("2023-12-19T08:38:48").tzinfo is UTC


def test_prices_are_exact_decimals() -> None:
    row = {
        "pk": 1,
        "product": 5,
        "price": "62.44",
        "retail_price": None,
        "currency_type": "try",
        "modified_date": MOMENT,
    }
    price = ProductPrice.model_validate(row)
    assert (price.price, price.retail_price) == (Decimal("62.44"), None)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_amounts_are_sent_as_strings_with_two_digits_unchanged(amount: Decimal) -> None:
    sent = NewOrder(**order_fields(amount=amount)).model_dump(mode="json")["amount"]
    assert Decimal(sent) == amount
    assert len(sent.rpartition(".")[2]) == 2


def test_an_amount_never_takes_the_exponent_form() -> None:
    order = NewOrder(**order_fields(amount=Decimal("1E+3"), shipping_tax_rate=Decimal("18")))
    sent = order.model_dump(mode="json")
    assert (sent["amount"], sent["shipping_tax_rate"]) == ("1000.00", "18.00")


@pytest.mark.parametrize("status", ["450", 450, "preparing"])
def test_a_status_is_its_code_however_it_came(status: object) -> None:
    row = {"pk": 1, "number": "A", "status": status, "modified_date": MOMENT}
    assert Order.model_validate(row).status == "450"


def test_an_unknown_status_stays_what_it_is() -> None:
    row = {"pk": 1, "order": 1, "status": "425", "modified_date": MOMENT}
    assert OrderItem.model_validate(row).status == "425"


def test_the_remote_id_is_in_the_extra_field() -> None:
    row = {"pk": 1, "order": 1, "status": "400", "modified_date": MOMENT}
    assert OrderItem.model_validate(row | {"extra_field": {"id": 1001}}).remote_id == "1001"
    assert OrderItem.model_validate(row | {"extra_field": {}}).remote_id is None
    assert OrderItem.model_validate(row).remote_id is None


def test_null_stands_for_the_default() -> None:
    row = {"pk": 1, "sku": "S", "modified_date": MOMENT, "attributes": None, "is_active": None}
    product = Product.model_validate(row)
    assert (product.attributes, product.is_active) == ({}, True)


@pytest.mark.parametrize("value", [9, "product", {"id": 9, "app_label": "products"}])
def test_a_content_type_comes_as_number_name_or_object(value: object) -> None:
    action = IntegrationAction.model_validate({"content_type": value, "object_id": 1})
    read = (action.content_type.pk, action.content_type.model)
    assert read == ((None, "product") if value == "product" else (9, None))


def test_an_integration_action_may_lack_its_key_and_expand_its_channel() -> None:
    row = {"channel": {"pk": 3}, "content_type": 1, "object_id": 8, "state": {}}
    action = IntegrationAction.model_validate(row)
    assert (action.pk, action.channel, action.object_id) == (None, 3, 8)


def test_a_failed_integration_reads_its_expiry_as_utc() -> None:
    row = {"pk": 1, "content_type": 2, "object_id": 3}
    dated = FailedIntegration.model_validate(row | {"expiration_date": "2026-11-20T03:00:00+03:00"})
    assert dated.expiration_date == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_mapped_attribute_without_value_is_free_text() -> None:
    row = {
        "pk": 370,
        "mapped_attributes": {"size": "34"},
        "mapped_attribute_values": {"123": {"attribute_name": "size", "attribute_remote_id": 22}},
    }
    value = MappedProduct.model_validate(row).mapped_attribute_values["123"]
    assert (value.attribute_remote_id, value.value, value.label) == ("22", None, None)


def test_texts_are_cut_by_characters() -> None:
    order = NewOrder(
        **order_fields(
            notes="ş" * 400,
            gift_box_note="ğ" * 200,
            tracking_number="1" * 300,
            carrier_shipping_code="2" * 300,
            shipping_option_slug="s" * 200,
        )
    )
    assert [
        len(order.notes),
        len(order.gift_box_note),
        len(order.tracking_number or ""),
        len(order.carrier_shipping_code),
        len(order.shipping_option_slug),
    ] == [320, 160, 256, 256, 128]
    assert order.notes == "ş" * 320


def test_customer_and_address_are_cut_to_their_lengths() -> None:
    long = "ç" * 600
    names: dict[str, Any] = {
        "email": long,
        "phone_number": long,
        "first_name": long,
        "last_name": long,
    }
    customer = NewCustomer(**names, channel_code="buyer-1")
    address = NewAddress(
        customer=1,
        country=1,
        city=2,
        line=long,
        title=long,
        postcode=long,
        notes=long,
        company_name=long,
        tax_office=long,
        tax_no=long,
        identity_number=long,
        **names,
    )
    cut = {
        name: len(value)
        for name, value in (customer.model_dump() | address.model_dump()).items()
        if isinstance(value, str) and value.startswith("ç")
    }
    assert cut == {
        "email": 254,
        "phone_number": 128,
        "first_name": 255,
        "last_name": 255,
        "line": 255,
        "title": 128,
        "postcode": 64,
        "notes": 512,
        "company_name": 255,
        "tax_office": 64,
        "tax_no": 20,
        "identity_number": 64,
    }


def test_what_identifies_something_is_refused_rather_than_cut() -> None:
    names: dict[str, Any] = {"email": "e", "phone_number": "1", "first_name": "A", "last_name": "B"}
    for build in (
        lambda: NewOrder(**order_fields(number="9" * 129)),
        lambda: NewOrder(**order_fields(number="")),
        lambda: NewCustomer(**names, channel_code="c" * 65),
        lambda: BatchObject(pk=1, content_type="product", version_date=MOMENT, remote_id="r" * 256),
    ):
        with pytest.raises(ValidationError):
            build()


def test_an_order_needs_a_moment_with_a_zone_and_at_least_one_unit() -> None:
    with pytest.raises(ValidationError, match="date_placed"):
        NewOrder(**order_fields(date_placed=datetime(2026, 11, 20)))  # noqa: DTZ001 - the fault
    with pytest.raises(ValidationError, match="order_item"):
        CreateOrder(order=NewOrder(**order_fields()), order_item=())


def test_the_create_body_is_the_documented_one() -> None:
    item = NewOrderItem(
        product=9,
        price_currency="try",
        price=Decimal("17"),
        tax_rate=Decimal("18"),
        retail_price=Decimal("20"),
        discount_amount=Decimal("0"),
        extra_field={"id": "1001"},
        price_list=1,
        stock_list=4,
    )
    body = CreateOrder(order=NewOrder(**order_fields()), order_item=(item,)).model_dump(mode="json")
    assert body["order"] == {
        "number": "AMZ-1",
        "status": "400",
        "customer": 1,
        "shipping_address": 2,
        "billing_address": 2,
        "currency": "try",
        "amount": "17.00",
        "shipping_amount": "0.00",
        "shipping_tax_rate": None,
        "discount_amount": "0.00",
        "net_shipping_amount": "0.00",
        "extra_field": {"id": "111-2222222-3333333"},
        "delivery_type": None,
        "cargo_company": 4,
        "tracking_number": None,
        "carrier_shipping_code": "",
        "remote_addr": None,
        "has_gift_box": False,
        "gift_box_note": "",
        "client_type": "default",
        "language_code": "",
        "notes": "",
        "delivery_range": None,
        "shipping_option_slug": "",
        "date_placed": "2026-11-20T08:00:00Z",
    }
    assert body["order_item"] == [
        {
            "product": 9,
            "status": "400",
            "price_currency": "try",
            "price": "17.00",
            "tax_rate": "18.00",
            "retail_price": "20.00",
            "discount_amount": "0.00",
            "extra_field": {"id": "1001"},
            "price_list": 1,
            "stock_list": 4,
            "tracking_number": None,
            "carrier_shipping_code": "",
            "attributes": {},
            "attributes_kwargs": {},
            "parent": None,
            "delivered_date": None,
            "estimated_delivery_date": None,
        }
    ]


def test_buyers_and_settings_do_not_show_when_a_model_is_printed() -> None:
    customer = Customer.model_validate({"pk": 5, "email": "ayse.ornek@example.com"})
    channel = Channel.model_validate({"pk": 1, "is_active": True, "conf": {"client_secret": "s3"}})
    assert repr(customer) == "Customer(pk=5)"
    assert "s3" not in repr(channel) + str(channel)
    assert "AMZ-1" not in repr(NewOrder(**order_fields()))


def test_a_validation_error_does_not_show_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        NewAddress.model_validate({"customer": "Ayşe Örnek"})
    assert "Ayşe" not in str(caught.value)
