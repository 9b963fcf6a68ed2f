"""Orders in Omnitron to the last field: one golden order per corner.

What is expected is written out; only keys Omnitron gives out itself are looked up by name.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.amazon_orders import Json, address, line, order, package, place
from tests.shop import Shop

# What every order, item, customer and address has when Amazon says nothing else.
ORDER: Json = {
    "number": "403-0000001-1234567",
    "channel": 1,
    "status": "400",
    "date_placed": "2026-11-23T08:00:00.000000Z",
    "cargo_company": 4,
    "currency": "try",
    "amount": "100.00",
    "shipping_amount": "0.00",
    "discount_amount": "0.00",
    "net_shipping_amount": "0.00",
    "shipping_tax_rate": None,
    "extra_field": {"id": "403-0000001-1234567", "marketplace_id": "A33AVAJ2PDY3EV"},
    "has_gift_box": False,
    "delivery_type": None,
    "tracking_number": None,
    "carrier_shipping_code": "",
    "remote_addr": None,
    "gift_box_note": "",
    "client_type": "default",
    "language_code": "",
    "notes": "",
    "delivery_range": None,
    "shipping_option_slug": "",
    "payment_option": None,
    "installment": None,
    "installment_count": None,
    "bin_number": None,
    "invoice_number": None,
    "invoice_date": None,
    "e_archive_url": None,
    "segment": None,
    "external_status": None,
    "cancel_status": None,
    "refund_amount": "0.00",
    "discount_refund_amount": "0.00",
    "installment_interest_amount": "0.00",
    "is_send": False,
}
ITEM: Json = {
    "channel": 1,
    "sku": "SKU-000001",
    "status": "400",
    "price": "100.00",
    "price_currency": "try",
    "tax_rate": None,
    "retail_price": "100.00",
    "discount_amount": "0.00",
    "price_list": 31,
    "stock_list": 21,
    "extra_field": {"id": "1"},
    "attributes": {},
    "attributes_kwargs": {},
    "tracking_number": None,
    "carrier_shipping_code": "",
    "parent": None,
    "delivered_date": None,
    "estimated_delivery_date": None,
    "invoice_number": None,
    "invoice_date": None,
    "e_archive_url": None,
    "shipping_company": None,
    "shipment_code": None,
    "cancel_status": None,
    "datasource": None,
    "cancellation_reconciliation": None,
    "is_tradable": True,
    "installment_interest_amount": "0.00",
}
CUSTOMER: Json = {
    "channel": 1,
    "email": "b1@relay.example",
    "phone_number": "+905550000001",
    "first_name": "Deniz",
    "last_name": "Örnek",
    "channel_code": "b1@relay.example",
    "erp_code": None,
    "is_active": True,
    "extra_field": {},
    "email_allowed": False,
    "sms_allowed": False,
    "call_allowed": False,
    "gender": None,
    "user_type": "guest",
    "date_of_birth": None,
    "attributes": {},
    "attributes_kwargs": {},
    "localized_attributes": {},
    "localized_attributes_kwargs": {},
}
ADDRESS: Json = {
    "channel": 1,
    "email": "b1@relay.example",
    "phone_number": "+905550000001",
    "first_name": "Deniz",
    "last_name": "Örnek",
    "country": "Türkiye",
    "city": "Istanbul",
    "township": "Kadıköy",
    "district": None,
    "line": "Caferağa Mah. Örnek Sokak No: 1",
    "postcode": "34710",
    "company_name": "",
    "tax_office": "",
    "tax_no": "",
    "e_bill_taxpayer": False,
    "identity_number": None,
    "address_type": "customer",
    "retail_store": None,
    "title": "Amazon",
    "notes": None,
    "remote_id": None,
    "extra_field": {},
    "is_active": True,
}
# Keys and dates Omnitron makes up itself.
_OWN = {"pk", "created_date", "modified_date", "date_joined", "hash_data"}
_KEYS = {"customer", "shipping_address", "billing_address", "order", "product"}


class Golden:
    """What Omnitron has after a run, its keys resolved into what they point to."""

    def __init__(self, shop: Shop) -> None:
        self._far = shop.sandbox.world.omnitron

    def _all(self, kind: str) -> list[Json]:
        return self._far.snapshot(kind)

    @property
    def order(self) -> Json:
        """The only order."""
        (row,) = self._all("orders")
        return _without_keys(row)

    @property
    def items(self) -> list[Json]:
        """Its items, each with its SKU."""
        return [
            {"sku": self._far.channels[row["channel"]].products.rows[row["product"]].sku}
            | _without_keys(row)
            for row in self._all("order_items")
        ]

    @property
    def customer(self) -> Json:
        """The only customer, whose order it is."""
        (row,), (of,) = self._all("customers"), self._all("orders")
        assert of["customer"] == row["pk"]
        return _without_keys(row)

    def address(self, role: str = "shipping_address") -> Json:
        """The order's shipping or billing address, its places by name."""
        (of,) = self._all("orders")
        (row,) = [row for row in self._all("addresses") if row["pk"] == of[role]]
        assert row["customer"] == of["customer"]
        named = {
            level: row[level] and self._far.places[level].rows[row[level]]["name"]
            for level in ("country", "city", "township", "district")
        }
        return _without_keys({**row, **named})


def _without_keys(row: Json) -> Json:
    return {name: value for name, value in row.items() if name not in _OWN | _KEYS}


def imported(shop: Shop, *orders: Json, **settings: Any) -> Golden:
    """Pull these orders with these settings; all goes well and nothing is said."""
    shop.sandbox.reset(skus=12)
    shop.configure(**settings)
    place(shop.sandbox, *orders)
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    return Golden(shop)


def extra(**more: object) -> Json:
    """The order's extra_field with more in it."""
    return {**ORDER["extra_field"], **more}


def test_a_plain_order_arrives_as_it_is(shop: Shop) -> None:
    got = imported(shop, order())
    assert got.order == ORDER
    assert got.items == [ITEM]
    assert got.customer == CUSTOMER
    assert got.address() == ADDRESS
    assert got.address("billing_address") == ADDRESS
    assert len(shop.sandbox.world.omnitron.snapshot("addresses")) == 1


def test_cents_that_do_not_divide_add_up_over_the_units(shop: Shop) -> None:
    lines = [
        line("SKU-000001", 3, "100.00", item_id="11"),
        line("SKU-000002", 7, "9.99", item_id="22", discount={"ITEM": "0.10"}),
    ]
    got = imported(shop, order(lines=lines))
    first = [ITEM | {"extra_field": {"id": "11"}} | _priced(p) for p in ("33.34", "33.33", "33.33")]
    prices = ["1.43", "1.43", "1.43", "1.43", "1.43", "1.42", "1.42"]
    discounts = ["0.02", "0.02", "0.02", "0.01", "0.01", "0.01", "0.01"]
    second = [
        ITEM
        | {"sku": "SKU-000002", "extra_field": {"id": "22"}, "discount_amount": discount}
        | _priced(price)
        for price, discount in zip(prices, discounts, strict=True)
    ]
    assert got.items == [*first, *second]
    assert got.order == ORDER | {"amount": "109.89"}


def test_units_shipped_already_enter_as_shipped_with_their_tracking_number(shop: Shop) -> None:
    lines = [
        line("SKU-000001", 3, "300.00", item_id="11", shipped=1),
        line("SKU-000002", 2, "50.00", item_id="22"),
    ]
    packages = [package("1", "TR0000000001", {"11": 1}, carrier="ARAS KARGO")]
    got = imported(shop, order(lines=lines, status="PARTIALLY_SHIPPED", packages=packages))
    shipped = {"status": "500", "tracking_number": "TR0000000001"}
    assert got.items == [
        ITEM | {"extra_field": {"id": "11"}} | shipped,
        *[ITEM | {"extra_field": {"id": "11"}}] * 2,
        *[ITEM | {"sku": "SKU-000002", "extra_field": {"id": "22"}} | _priced("25.00")] * 2,
    ]
    # pk 2 is Aras Kargo in Omnitron; the order itself is shipped when all of it is
    company = {"cargo_company": 2, "tracking_number": "TR0000000001"}
    assert got.order == ORDER | company | {"amount": "350.00"}


def test_an_order_shipped_as_a_whole_is_shipped(shop: Shop) -> None:
    parts = [package("1", "TR1", {"1": 1}), package("2", "TR2", {"1": 1})]
    got = imported(
        shop, order(lines=[line(quantity=2, shipped=2)], status="SHIPPED", packages=parts)
    )
    # two numbers: none of them is the order's
    assert got.order == ORDER | {"status": "500", "tracking_number": None}
    half = ITEM | {"status": "500"} | _priced("50.00")
    assert got.items == [half | {"tracking_number": "TR1"}, half | {"tracking_number": "TR2"}]


def test_a_cancelled_package_ships_nothing(shop: Shop) -> None:
    gone = package("1", "TR-GONE", {"1": 1}) | {"packageStatus": {"status": "CANCELLED"}}
    packages = [gone, package("2", "TR2", {"1": 1}, carrier="MNG Kargo")]
    got = imported(shop, order(lines=[line(shipped=1)], status="SHIPPED", packages=packages))
    assert got.items == [ITEM | {"status": "500", "tracking_number": "TR2"}]
    assert got.order == ORDER | {"status": "500", "tracking_number": "TR2", "cargo_company": 1}


def test_a_buyer_amazon_tells_nothing_about_gets_placeholders(shop: Shop) -> None:
    got = imported(
        shop,
        order(buyer={}, ship_to=address(name="", phone="")),
        orders={"placeholder_email": "x+{order_id}@brand.invalid", "placeholder_phone": "000"},
    )
    contact = {"email": "x+403-0000001-1234567@brand.invalid", "phone_number": "000"}
    nameless = {"first_name": "Amazon", "last_name": "-"}
    assert got.customer == CUSTOMER | contact | nameless | {"channel_code": "403-0000001-1234567"}
    assert got.address() == ADDRESS | contact | nameless


def test_the_default_placeholders_keep_buyers_apart(shop: Shop) -> None:
    got = imported(shop, order(buyer={}, ship_to=address(phone="")))
    contact = {
        "email": "403-0000001-1234567@placeholder.invalid",
        "phone_number": "0000000000",
    }
    assert got.customer == CUSTOMER | contact | {"channel_code": "403-0000001-1234567"}
    assert got.address() == ADDRESS | contact


def test_a_business_order_has_a_billing_address_with_tax_office_and_number(shop: Shop) -> None:
    company = "Örnek Tekstil Sanayi ve Ticaret Ltd. Şti."
    registration = {
        "entityType": "BUYER",
        "taxRegistrationType": "BUSINESS",
        "taxRegistrationNumber": "1111111111",
        "legalName": company,
        "taxRegistrationAddress": {
            "name": "Örnek Muhasebe",
            "addressLine1": "Sanayi Cad. 7",
            "city": "Ankara",
            "districtOrCounty": "Çankaya",
            "postalCode": "06420",
            "countryCode": "TR",
        },
        "taxRegistrationAttributes": [{"key": "TAX_OFFICE", "value": "Örnek V.D."}],
    }
    seller = {"entityType": "SELLER", "taxRegistrationNumber": "2222222222", "legalName": "Satıcı"}
    buyer = {
        "buyerName": "Deniz Örnek",
        "buyerEmail": "b1@relay.example",
        "buyerCompanyName": company,
        "buyerPurchaseOrderNumber": "PO-77",
    }
    got = imported(
        shop,
        order(
            ship_to=address(companyName="Örnek Depo"),
            buyer=buyer,
            programs=["AMAZON_BUSINESS"],
            tax={"taxRegistrations": [seller, registration]},
        ),
    )
    assert got.address() == ADDRESS | {"company_name": "Örnek Depo"}
    assert got.address("billing_address") == ADDRESS | {
        "first_name": "Örnek",
        "last_name": "Muhasebe",
        "city": "Ankara",
        "township": "Çankaya",
        "line": "Sanayi Cad. 7",
        "postcode": "06420",
        "company_name": company,
        "tax_office": "Örnek V.D.",
        "tax_no": "1111111111",
    }
    assert got.order == ORDER | {
        "extra_field": extra(programs=["AMAZON_BUSINESS"], purchase_order_number="PO-77")
    }


def test_a_tax_registration_without_an_address_bills_the_parcels(shop: Shop) -> None:
    registration = {
        "entityType": "BUYER",
        "taxRegistrationNumber": "1111111111",
        "legalName": "Örnek A.Ş.",
    }
    got = imported(shop, order(tax={"taxRegistrations": [registration]}))
    business = {"company_name": "Örnek A.Ş.", "tax_no": "1111111111"}
    assert got.address("billing_address") == ADDRESS | business
    assert got.address() == ADDRESS


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ayşe Gül Çağlayan-Iğdır", "Ayşe Gül", "Çağlayan-Iğdır"),
        ("山田 太郎", "山田", "太郎"),
        ("Gökçe Misal 🌷", "Gökçe Misal", "🌷"),
        ("ニコ", "ニコ", "-"),
    ],
)
def test_text_of_any_script_arrives_unharmed(shop: Shop, name: str, first: str, last: str) -> None:
    ship_to = address(name=name, addressLine1="東京通り 1 🏠", addressLine2="İç kapı: ı/İ/ğ")
    got = imported(shop, order(ship_to=ship_to, buyer={"buyerName": name}))
    named = {"first_name": first, "last_name": last}
    assert {key: got.customer[key] for key in named} == named
    mail = {"email": "403-0000001-1234567@placeholder.invalid"}
    whole = "東京通り 1 🏠 İç kapı: ı/İ/ğ"
    assert got.address() == ADDRESS | named | mail | {"line": whole}


@pytest.mark.parametrize("sku", ["A/B+1 %", "ŞAPKA-Ü 1", "SKU#7?x=1&y", "UZUN-" + "X" * 35])
def test_odd_skus_find_their_product(shop: Shop, sku: str) -> None:
    assert imported(shop, order(lines=[line(sku)])).items == [ITEM | {"sku": sku}]


def test_every_amount_has_its_one_place(shop: Shop) -> None:
    gift = line(
        "SKU-000001",
        3,
        "100.00",
        SHIPPING="34.90",
        GIFT_WRAP="15.00",
        COD_FEE="12.50",
        discount={"ITEM": "10.01", "SHIPPING": "10.00"},
    )
    note = {"giftMessage": "Nice yıllara! 誕生日 🎉", "giftWrapLevel": "STANDARD"}
    gift["fulfillment"]["packing"] = {"giftOption": note}
    got = imported(shop, order(lines=[gift]))
    assert got.order == ORDER | {
        "amount": "142.39",
        "shipping_amount": "34.90",
        "net_shipping_amount": "24.90",
        "has_gift_box": True,
        "gift_box_note": "Nice yıllara! 誕生日 🎉",
        "extra_field": extra(gift_wrap_amount="15.00", cod_fee_amount="12.50"),
    }
    # the spare cents go to the first units, one each
    units = [("33.34", "3.34"), ("33.33", "3.34"), ("33.33", "3.33")]
    assert got.items == [ITEM | _priced(p) | {"discount_amount": d} for p, d in units]


def test_a_discount_no_line_carries_is_the_orders(shop: Shop) -> None:
    proceeds = {
        "grandTotal": {"amount": "92.50", "currencyCode": "TRY"},
        "breakdowns": [{"type": "DISCOUNT", "subtotal": {"amount": "7.50", "currencyCode": "TRY"}}],
    }
    got = imported(shop, order(proceeds=proceeds))
    assert got.order == ORDER | {"amount": "92.50", "discount_amount": "7.50"}
    assert got.items == [ITEM]


def test_tax_that_stands_apart_is_added_to_what_it_lies_on(shop: Shop) -> None:
    taxed = line(
        quantity=2, item="100.00", SHIPPING="10.00", tax={"ITEM": "20.00", "SHIPPING": "2.00"}
    )
    got = imported(shop, order(lines=[taxed]))
    assert got.order == ORDER | {
        "amount": "132.00",
        "shipping_amount": "12.00",
        "net_shipping_amount": "12.00",
    }
    assert got.items == [ITEM | _priced("60.00") | {"tax_rate": "20.00"}] * 2


def test_tax_the_prices_hold_is_told_as_a_rate_only(shop: Shop) -> None:
    taxed = line(quantity=2, item="120.00", tax={"ITEM": "20.00"})
    got = imported(shop, order(lines=[taxed], total="120.00"))
    assert got.order == ORDER | {"amount": "120.00"}
    assert got.items == [ITEM | _priced("60.00") | {"tax_rate": "20.00"}] * 2


def test_a_replacement_costs_nothing_and_names_what_it_replaces(shop: Shop) -> None:
    origin = {"orderId": "403-7654321-0000001", "associationType": "REPLACEMENT_ORIGINAL_ID"}
    got = imported(shop, order(lines=[line(item="0.00")], associatedOrders=[origin]))
    assert got.order == ORDER | {
        "amount": "0.00",
        "extra_field": extra(replaced_order_id="403-7654321-0000001"),
    }
    assert got.items == [ITEM | _priced("0.00")]


def test_an_address_too_long_for_its_line_is_whole_in_the_notes(shop: Shop) -> None:
    first, second, third = "Uzun Örnek Sitesi " * 8, "B Blok, kapı " * 10, "Zile basmayınız"
    ship_to = address(addressLine1=first, addressLine2=second, addressLine3=third)
    whole = f"{first.strip()} {second.strip()} {third}"
    assert 255 < len(whole) < 512
    got = imported(shop, order(ship_to=ship_to))
    assert got.address() == ADDRESS | {"line": whole[:255], "notes": whole}


def test_a_neighbourhood_in_the_address_line_is_found_when_it_is_wanted(shop: Shop) -> None:
    got = imported(shop, order(), use_neighborhood=True)
    assert got.address() == ADDRESS | {"district": "Caferağa Mah."}


@pytest.mark.parametrize("written", ["Caferağa Mahallesi, Moda", "CAFERAĞA MAH. Moda"])
def test_a_neighbourhood_spelled_otherwise_is_found_by_name_or_by_mapping(
    shop: Shop, written: str
) -> None:
    shop.sandbox.reset(skus=12)
    places = shop.sandbox.world.omnitron.places
    pk = places.pk_of("district", "Caferağa Mah.")
    shop.sandbox.world.omnitron.add_mapping("district", "CAFERAĞA MAH.", pk)
    shop.configure(use_neighborhood=True)
    place(shop.sandbox, order(ship_to=address(addressLine1=written)))
    assert shop.run("orders", "pull").code == 0
    assert Golden(shop).address() == ADDRESS | {"district": "Caferağa Mah.", "line": written}


def test_an_address_that_names_no_neighbourhood_goes_without(shop: Shop) -> None:
    got = imported(
        shop, order(ship_to=address(addressLine1="Örnek Sokak 1")), use_neighborhood=True
    )
    assert got.address() == ADDRESS | {"line": "Örnek Sokak 1"}


def test_amazons_own_neighbourhood_field_comes_first(shop: Shop) -> None:
    fields = {"extendedFields": {"neighborhood": "Osmanağa"}}
    got = imported(shop, order(ship_to=address() | fields), use_neighborhood=True)
    assert got.address() == ADDRESS | {"district": "Osmanağa Mah."}


@pytest.mark.parametrize(
    ("fields", "city", "township"),
    [
        # the province before the city, the district before the municipality before the city
        (
            {"stateOrRegion": "Ankara", "city": "x", "districtOrCounty": "Çankaya"},
            "Ankara",
            "Çankaya",
        ),
        (
            {"stateOrRegion": "", "city": "Ankara", "districtOrCounty": "Çankaya"},
            "Ankara",
            "Çankaya",
        ),
        (
            {"districtOrCounty": "", "municipality": "Beyoğlu", "city": "Kadıköy"},
            "Istanbul",
            "Beyoğlu",
        ),
        ({"districtOrCounty": "", "city": "Şişli"}, "Istanbul", "Şişli"),
        # an unknown name is passed over for the next one
        ({"districtOrCounty": "Bilinmez", "municipality": "Şişli"}, "Istanbul", "Şişli"),
    ],
)
def test_city_and_township_are_tried_in_their_order(
    shop: Shop, fields: dict[str, str], city: str, township: str
) -> None:
    got = imported(shop, order(ship_to=address(**fields)))
    assert got.address() == ADDRESS | {"city": city, "township": township}


@pytest.mark.parametrize(("use_channel_id", "code"), [(False, "Merkez"), (True, "1_Merkez")])
def test_places_are_found_by_the_mapping_the_setting_says(
    shop: Shop, use_channel_id: bool, code: str
) -> None:
    shop.sandbox.reset(skus=12)
    far = shop.sandbox.world.omnitron
    far.add_mapping("township", code, far.places.pk_of("township", "Beyoğlu"))
    shop.configure(use_channel_id_in_address_mapping=use_channel_id)
    place(shop.sandbox, order(ship_to=address(districtOrCounty="Merkez")))
    assert shop.run("orders", "pull").code == 0
    assert Golden(shop).address() == ADDRESS | {"township": "Beyoğlu"}


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("", "403-0000001-1234567"),
        ("AMZ-{n1}{n3}{n2}", "AMZ-40312345670000001"),
        ("{n1}-{n2}-{n3}/TR", "403-0000001-1234567/TR"),
    ],
)
def test_the_order_number_follows_its_format(shop: Shop, pattern: str, number: str) -> None:
    got = imported(shop, order(), order_number_format=pattern)
    assert got.order == ORDER | {"number": number}


def test_an_order_amazon_fulfils_goes_to_the_fba_channel(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    fba = Shop(shop.sandbox, shop.clock, shop.folder, channel=2)
    bare = {"city": "Istanbul", "districtOrCounty": "Kadıköy", "stateOrRegion": "Istanbul"}
    ship_to = bare | {"postalCode": "34710", "countryCode": "TR"}
    place(shop.sandbox, order(fulfilled_by="AMAZON", ship_to=ship_to, buyer={}, programs=["PRIME"]))
    assert fba.run("orders", "pull").code == 0
    got = Golden(fba)
    contact = {
        "email": "403-0000001-1234567@placeholder.invalid",
        "phone_number": "0000000000",
    }
    assert got.order == ORDER | {"channel": 2, "extra_field": extra(programs=["PRIME"])}
    assert got.items == [ITEM | {"channel": 2, "price_list": 32, "stock_list": 22}]
    nameless = {"channel": 2, "first_name": "Amazon", "last_name": "-"}
    assert got.customer == CUSTOMER | contact | nameless | {"channel_code": "403-0000001-1234567"}
    # Amazon keeps the street to itself, and Omnitron wants a line
    assert got.address() == ADDRESS | contact | nameless | {"line": "Amazon"}


def test_what_the_courier_is_told_and_the_brands_code_are_kept(shop: Shop) -> None:
    recipient = {
        "deliveryAddress": address(),
        "deliveryPreference": {"addressInstruction": "Kapıcıya bırakın"},
    }
    got = imported(shop, order(recipient=recipient), erp_code="AMZ-TR")
    assert got.order == ORDER | {
        "notes": "Kapıcıya bırakın",
        "extra_field": extra(erp_code="AMZ-TR"),
    }


@pytest.mark.parametrize(
    ("settings", "company", "tracking_number"),
    [
        ({}, 1, "TR1"),
        # the brand ships: its own company stands
        ({"send_shipping_info": True}, 4, "TR1"),
        # Amazon's company is excluded, or the order's is: Amazon's information is passed over
        ({"exclude_cargo_company_ids": [1]}, 4, None),
        ({"exclude_cargo_company_ids": [4]}, 4, None),
        ({"exclude_cargo_company_ids": [2, 3]}, 1, "TR1"),
    ],
)
def test_the_cargo_company_is_the_packages_unless_settings_say_otherwise(
    shop: Shop, settings: Json, company: int, tracking_number: str | None
) -> None:
    packages = [package("1", "TR1", {"1": 1}, carrier="mng kargo")]
    got = imported(
        shop, order(lines=[line(shipped=1)], status="SHIPPED", packages=packages), **settings
    )
    followed = {"status": "500", "tracking_number": tracking_number}
    assert got.order == ORDER | followed | {"cargo_company": company}
    assert got.items == [ITEM | followed]


def test_a_carrier_is_recognised_by_the_channels_own_mapping(shop: Shop) -> None:
    packages = [package("1", "TR1", {"1": 1}, carrier="UPS Türkiye")]
    got = imported(
        shop,
        order(lines=[line(shipped=1)], status="SHIPPED", packages=packages),
        shipping_company_mapping={"ups": "UPS Türkiye"},
    )
    assert got.order["cargo_company"] == 3


def test_a_sum_that_does_not_add_up_is_told_and_not_mended(shop: Shop) -> None:
    got = imported(shop, order(total="99.00"))
    assert got.order == ORDER | {"amount": "99.00"}
    assert got.items == [ITEM]
    (outcome,) = shop.rows("SELECT status, code, reason FROM outcomes")
    assert outcome == {
        "status": "sent",
        "code": "amounts",
        "reason": "created as 403-0000001-1234567; lines add up to 100.00, Amazon's total is 99.00",
    }


def test_what_amazon_lost_of_a_known_buyer_does_not_replace_what_omnitron_has(shop: Shop) -> None:
    imported(shop, order(1, buyer={"buyerName": "Deniz Örnek", "buyerEmail": "same@relay.example"}))
    bare = order(
        2,
        placed=shop.clock.now(),
        buyer={"buyerEmail": "same@relay.example"},
        ship_to=address(name="", phone=""),
    )
    place(shop.sandbox, bare)
    shop.clock.advance(minutes=10)
    assert shop.run("orders", "pull").code == 0
    (customer,) = shop.sandbox.world.omnitron.snapshot("customers")
    known = {"first_name": "Deniz", "last_name": "Örnek", "phone_number": "+905550000001"}
    assert {name: customer[name] for name in known} == known
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 2


def _priced(price: str) -> Json:
    return {"price": price, "retail_price": price}
